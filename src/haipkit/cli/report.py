"""`haip report`: write a report."""

import sys
from pathlib import Path

import click

from haipkit.cli.output import line
from haipkit.kernel.errors import UsageError


@click.command(name="report")
@click.argument("name", required=False)
@click.option(
    "--to", "formats", multiple=True, help="html, pdf, md or json (repeatable, or separated by commas). Default: html."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The folder to write into (default: reports/), or - for standard output.",
)
@click.option("--at", "day", metavar="DAY", help="As of a day in the past.")
@click.option(
    "--option",
    "-o",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="For the report, e.g. system=helpdesk, version=1.",
)
@click.pass_context
def command(
    ctx: click.Context,
    name: str | None,
    formats: tuple[str, ...],
    out: Path | None,
    day: str | None,
    options: tuple[str, ...],
) -> None:
    """Write the report NAME: gaps, conformity, transparency, haip, evaluation, data or training-summary.

    The ledger is verified first; from one that does not verify no report is written.
    """
    from haipkit.kernel.clock import parse_day
    from haipkit.reports.registry import report_names
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.tell import render_report, tell, write_report

    if name is None:
        raise UsageError("which report?", advice="One of: " + ", ".join(report_names()) + ".")
    chosen = split_formats(formats) or ["html"]
    as_of = parse_day(day, where="--at") if day else None
    with open_workspace(ctx.obj) as workspace:
        if str(out) == "-":
            if len(chosen) != 1:
                raise UsageError("standard output takes one format", advice="Name one with --to.")
            data = render_report(tell(workspace, name, as_of=as_of, options=parse_options(options)), chosen)
            sys.stdout.buffer.write(next(iter(data.values())))
            return
        for path in write_report(workspace, name, chosen, out, as_of=as_of, options=parse_options(options)):
            line(f"Written: {path}")


def split_formats(given: tuple[str, ...]) -> list[str]:
    return [part.strip() for entry in given for part in entry.split(",") if part.strip()]


def parse_options(given: tuple[str, ...]) -> dict[str, str]:
    """`name=value` pairs. Raises UsageError."""
    found = {}
    for entry in given:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise UsageError(f"{entry!r} is not NAME=VALUE", advice="For example: --option system=helpdesk.")
        found[name.strip()] = value.strip()
    return found
