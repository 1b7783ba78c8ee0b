"""`haip evaluate inspect`: run a task of Inspect and take over its log."""

from pathlib import Path
from typing import Any

import click

from haipkit.cli.output import bullets, echo_json, line
from haipkit.kernel.errors import HaipError


@click.command(name="inspect")
@click.argument("task")
@click.option("--model", required=True, metavar="PROVIDER/NAME", help="As Inspect names it: openai/…, vllm/… .")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system it is about.")
@click.option("--python", type=click.Path(path_type=Path), help="A Python that has inspect_ai, if ours has not.")
@click.option("--log-dir", default="logs", show_default=True, type=click.Path(path_type=Path), help="Where logs stay.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many samples.")
@click.option("--domain", "domains", multiple=True, help="Risk domain (repeatable): cyber, society …")
@click.option("--stage", help="When: design, training, pre-deployment, deployment, post-deployment.")
@click.option("--key", help="Short name of the result, so that a later one takes its place.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    task: str,
    model: str,
    system: str | None,
    python: Path | None,
    log_dir: Path,
    limit: int | None,
    domains: tuple[str, ...],
    stage: str | None,
    key: str | None,
    office: str | None,
    as_json: bool,
) -> int:
    """Run TASK (a file, or a name such as inspect_evals/…) with Inspect, and keep its log as an imported evaluation.

    Inspect runs in a process of its own, with the extra `inspect` or the Python you name, and calls the model itself.
    Nothing is decided by it: no threshold was registered. Ends as Inspect did: 0, or 1 where it failed.
    """
    from haipkit.adapters.run_inspect import interpreter, run_task
    from haipkit.workspace.do import import_results
    from haipkit.workspace.open import open_workspace

    program = interpreter(python)
    said: dict[str, Any] = {"stage": stage} if stage else {}
    said |= {"domains": list(domains)} if domains else {}
    options = ["--limit", str(limit)] if limit else []
    with open_workspace(ctx.obj) as workspace:
        log, code = run_task(program, task, model, log_dir, options)
        try:
            written, notes = import_results(workspace, log, system=system, said=said, key=key, office=office)
        except HaipError:
            click.echo(f"Inspect ran; its log is {log}. Import it with: haip import {log}", err=True)
            raise
    if as_json:
        echo_json([{name: getattr(entry, name) for name in entry.__slots__} for entry in written])
    else:
        for entry in written:
            line(f"Imported: Evaluation “{entry.title}” as #{entry.index}.")
        bullets(notes)
    return 1 if code else 0
