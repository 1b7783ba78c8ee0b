"""`haip data warm`: compile the fast scanner ahead of time."""

import click

from haipkit.cli.output import line


@click.command(name="warm")
def command() -> int:
    """Compile the fast scanner now and keep it for this user and this Python.

    Needs the extra `fast`. Without it, scans take the plain path and nothing has to be compiled.
    """
    from haipkit.detectors.fast import warm
    from haipkit.detectors.shingles_fast import warm as warm_search

    line(f"Ready. The compiled scanner is kept in {warm()}.")
    line(f"The compiled search for duplicates and benchmarks is kept in {warm_search()}.")
    return 0
