"""`haip data summary`: the draft of the EU's public summary of training content."""

from pathlib import Path

import click

from haipkit.cli.output import line


@click.command(name="summary")
@click.option("--system", metavar="SYSTEM", help="The model it is about, where there are several.")
@click.option("--to", "formats", multiple=True, help="html, pdf, md or json (repeatable). Default: html.")
@click.option("--out", type=click.Path(path_type=Path), help="The folder to write into (default: reports/).")
@click.option("--at", "day", metavar="DAY", help="As of a day in the past.")
@click.pass_context
def command(
    ctx: click.Context, system: str | None, formats: tuple[str, ...], out: Path | None, day: str | None
) -> None:
    """Draft the public summary of training content (EU AI Act, Article 53(1)(d)) from what is on record.

    The same as `haip report training-summary`. The points are in our words: copy the answers into the official form.
    """
    from haipkit.cli.report import split_formats
    from haipkit.kernel.clock import parse_day
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.tell import write_report

    options = {"system": system} if system else {}
    as_of = parse_day(day, where="--at") if day else None
    with open_workspace(ctx.obj) as workspace:
        chosen = split_formats(formats) or ["html"]
        for path in write_report(workspace, "training-summary", chosen, out, as_of=as_of, options=options):
            line(f"Written: {path}")
