"""`haip evaluate export`: a run as another tool's log."""

from pathlib import Path

import click

from haipkit.cli.output import echo_json, line


@click.command(name="export")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", "form", type=click.Choice(["inspect"]), default="inspect", show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, run: str, file: Path, form: str, as_json: bool) -> None:
    """Write RUN (PLAN or PLAN.NUMBER) as FILE, a log of Inspect: .eval or .json. Its viewer and its loader open it.

    Each probe is a sample with its messages and its grade or error; the verdict stands among the metrics, and the plan
    and the journal are named by digest. What was asked and answered is in it, planted words included.
    """
    from haipkit.workspace.evaluation_export import export_inspect
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        made = export_inspect(workspace, run, file)
    if as_json:
        verdicts = {suite.suite: suite.verdict for suite in made.suites}
        echo_json({"file": str(file), "format": form, "samples": len(made.probes), "verdicts": verdicts})
        return
    line(f"Wrote {file}: {len(made.probes):,} samples, {', '.join(f'{s.suite} {s.verdict}' for s in made.suites)}.")
    line("It holds every question and answer, planted words included: share it as you would the suite itself.")
    if file.suffix == ".eval":
        line(f"See it with: inspect view --log-dir {file.parent}")
