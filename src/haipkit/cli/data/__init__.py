"""`haip data`: what a data set holds, whom it belongs to, and what a model gives away of it. One subcommand a file."""

import click

from haipkit.cli.lazy import lazy

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "warm": ("haipkit.cli.data.warm", "Compile the fast scanner now, so that the next scan uses it"),
}


@click.group(name="data", cls=lazy(SUBCOMMANDS))
def command() -> None:
    """Know what is in the data, protect people and rights, and prove it (action 11)."""
