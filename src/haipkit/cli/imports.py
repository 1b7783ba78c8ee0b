"""`haip import`: take over results of other tools."""

from pathlib import Path
from typing import Any

import click

from haipkit.cli.output import bullets, echo_json, line


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system they are about.")
@click.option(
    "--supports", "requirements", multiple=True, metavar="REQ", help="A requirement they speak to (repeatable)."
)
@click.option("--domain", "domains", multiple=True, help="Risk domain of an evaluation (repeatable): cyber, society …")
@click.option("--method", help="How an evaluation was made: benchmark, red-team, functional …")
@click.option("--stage", help="When: design, training, pre-deployment, deployment, post-deployment.")
@click.option("--performed-by", help="By whom: internal or independent.")
@click.option("--secure-environment", is_flag=True, help="It ran where it could do no harm.")
@click.option("--result", help="What it came to: pass, fail, mixed or informational.")
@click.option("--threshold", help="What “pass” was set to mean before the run.")
@click.option("--key", help="Short name of a result, so that a later import takes its place.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[Path, ...],
    system: str | None,
    requirements: tuple[str, ...],
    domains: tuple[str, ...],
    key: str | None,
    office: str | None,
    as_json: bool,
    **about: str | bool | None,
) -> None:
    """Take over results: JUnit XML, SARIF, CycloneDX, the pytest plugin's file, and logs of evaluations.

    Evaluations are read from Inspect (.eval, .json), garak, promptfoo, lm-eval, deepteam, PyRIT, Moonshot and AI
    Verify, and counted anew from their samples, with an interval of our own.

    The format is recognised by content. The original bytes are kept and hashed, the tool and its version are named, and
    the record counts as *evidenced*: another tool measured it, haipkit did not. What no log says about an evaluation
    (its domains, stage, method, result) comes from you, and the record says that it does.
    """
    from haipkit.records.kinds import find_kind
    from haipkit.workspace.do import import_results
    from haipkit.workspace.open import open_workspace

    said: dict[str, Any] = {name: value for name, value in about.items() if value}
    said |= {"domains": list(domains)} if domains else {}
    results = []
    with open_workspace(ctx.obj) as workspace:
        for path in files:
            written, notes = import_results(
                workspace, path, system=system, requirements=requirements, said=said, key=key, office=office
            )
            results += written
            if not as_json:
                for entry in written:
                    word = "Unchanged" if entry.unchanged else "Imported"
                    result = f": {entry.result}" if entry.result else ""
                    line(f"{word}: {find_kind(entry.kind).title} “{entry.title}” as #{entry.index}{result}.")
                bullets(notes)
    if as_json:
        echo_json([{name: getattr(entry, name) for name in entry.__slots__} for entry in results])
