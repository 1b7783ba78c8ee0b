"""`haip trace`: which data, code and steps a release came from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.output import echo_json, line, table
from haipkit.kernel.errors import NotFound, UsageError

if TYPE_CHECKING:
    from haipkit.records.record import Record
    from haipkit.workspace.open import Workspace

_STEP = click.Choice(["data", "training", "evaluation", "packaging", "other"])


@click.group(name="trace")
def command() -> None:
    """Keep which data, code and steps a release came from, by digest, and show the way back."""


@command.command(name="run", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND …")
@click.option("--title", metavar="TEXT", help="What the step is. Default: the command.")
@click.option("--step", type=_STEP, default="other", show_default=True)
@click.option("--in", "inputs", multiple=True, type=click.Path(path_type=Path), help="What goes in (repeatable).")
@click.option("--out", "outputs", multiple=True, type=click.Path(path_type=Path), help="What comes out (repeatable).")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A setting of the step (repeatable).")
@click.option("--system", metavar="SYSTEM[/RELEASE]")
@click.option("--by", "office", metavar="OFFICE")
@click.pass_context
def run(
    ctx: click.Context,
    words: tuple[str, ...],
    title: str | None,
    step: str,
    inputs: tuple[Path, ...],
    outputs: tuple[Path, ...],
    parameters: tuple[str, ...],
    system: str | None,
    office: str | None,
) -> int:
    """Run COMMAND and keep what went in, what came out, the commit, the settings and the environment.

    Ends as COMMAND ends. Without --out, every file under this folder that changed counts as made by it.
    """
    from haipkit.cli.report import parse_options
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.tracing import Step, keep_trace, run_traced

    made = Step(title or " ".join(words)[:200], step, list(inputs), list(outputs), parse_options(parameters))
    with open_workspace(ctx.obj) as workspace:
        code, body = run_traced(words, made, Path.cwd())
        written = keep_trace(workspace, body, system=system, office=office)
    made_words = f"{len(body['inputs'])} in, {len(body['outputs'])} out"
    line(f"Recorded: #{written.index} (trace, {written.key}; {made_words}).")
    return code


@command.command(name="show")
@click.option("--system", metavar="SYSTEM[/RELEASE]")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def show(ctx: click.Context, system: str | None, as_json: bool) -> None:
    """The traced steps in order: what each was made from and what it made."""
    from haipkit.reports.lineage import lineage
    from haipkit.workspace.ask import state
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        traces = _traces(workspace, system)
        steps = lineage(traces, state(workspace, kinds=["dataset/1", "release/1"]))
    titles = [one.record.title for one in steps]
    rows = [
        (
            one.record.title,
            str(one.record.body["performed_on"]),
            [*(titles[place] for place in one.after), *one.sources],
            list(one.made),
            f"#{one.record.index}",
        )
        for one in steps
    ]
    if as_json:
        names = ("step", "day", "made_from", "made", "record")
        echo_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    if not rows:
        line("No step is traced yet: haip trace run --in DATA --out RESULT -- COMMAND")
        return
    table(
        [(row[0], row[1], ", ".join(row[2]) or "–", ", ".join(row[3]) or "–", row[4]) for row in rows],
        ("Step", "Day", "Made from", "Made", "Record"),
    )


@command.command(name="export")
@click.argument("key", required=False)
@click.option("--to", "form", type=click.Choice(["prov", "openlineage", "in-toto"]), required=True)
@click.option("--system", metavar="SYSTEM[/RELEASE]")
@click.option("--out", type=click.Path(path_type=Path), help="Write it to a file instead.")
@click.pass_context
def export(ctx: click.Context, key: str | None, form: str, system: str | None, out: Path | None) -> None:
    """The traces (or the one with KEY) as W3C PROV, OpenLineage events, or an in-toto statement (one KEY)."""
    from haipkit.exports.lineage import to_in_toto, to_openlineage, to_prov
    from haipkit.workspace.config import save
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        traces, origin = _traces(workspace, system, key), workspace.config.origin
    if form == "in-toto":
        if len(traces) != 1:
            raise UsageError("an in-toto statement is about one step", advice="Name its KEY: haip trace show.")
        value: object = to_in_toto(traces[0], origin)
    else:
        value = to_prov(traces, origin) if form == "prov" else to_openlineage(traces, origin)
    if out is None:
        echo_json(value)
        return
    save(out, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())
    line(f"Written: {out}")


@command.command(name="import")
@click.argument("tool", type=click.Choice(["mlflow"]))
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--system", metavar="SYSTEM[/RELEASE]")
@click.option("--by", "office", metavar="OFFICE")
@click.pass_context
def take_over(ctx: click.Context, tool: str, path: Path, system: str | None, office: str | None) -> None:
    """Take over a run that MLflow kept: its folder, or the JSON that `mlflow runs describe` prints."""
    from haipkit.adapters.read_mlflow import read_mlflow
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.tracing import keep_imported

    body = read_mlflow(path)
    with open_workspace(ctx.obj) as workspace:
        written = keep_imported(workspace, body, path, system=system, office=office)
    line(f"Recorded: #{written.index} (trace, {written.key}), as imported.")


def _traces(workspace: "Workspace", system: str | None, key: str | None = None) -> "list[Record]":
    from haipkit.workspace.ask import state

    found = [
        record
        for record in state(workspace, kinds=["trace/1"])
        if (system is None or (record.header.system or "").partition("/")[0] == system.partition("/")[0])
        and key in (None, record.header.key)
    ]
    if key is not None and not found:
        raise NotFound(f"there is no trace {key!r}", advice="haip trace show lists them.")
    return found
