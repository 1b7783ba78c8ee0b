"""`haip gate`: may this release go out?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.output import bullets, echo_json, line, table

if TYPE_CHECKING:
    from haipkit.workspace.evaluation_gate import GateResult


@click.command(name="gate")
@click.option("--release", required=True, metavar="RELEASE", help="The release, such as 2.1 or helpdesk/2.1.")
@click.option("--system", metavar="SYSTEM", help="Its system, where there are several.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the checks as JUnit XML.")
@click.option("--sarif", type=click.Path(path_type=Path), metavar="FILE", help="Write what did not pass as SARIF.")
@click.option(
    "--accept-decisions",
    is_flag=True,
    help="Let a standing decision to accept this release open the gate. Never where something was tampered with.",
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    release: str,
    system: str | None,
    junit: Path | None,
    sarif: Path | None,
    accept_decisions: bool,
    as_json: bool,
) -> int:
    """Say whether every registered suite of a release was measured as registered, and passed.

    Ends with 0 PASS, 1 FAIL, 2 UNDECIDED, 3 INVALID (nothing ran, too many errors, a threshold changed after a run, or
    answers that are not those recorded). Asks nobody: it reads the ledger, and counts the kept answers again.
    """
    from haipkit.workspace.evaluation_gate import gate
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        result = gate(workspace, release, system, accept_decisions=accept_decisions)
    _write(result, junit, sarif)
    if as_json:
        echo_json(_as_json(result))
        return result.exit_code
    rows = [
        (one.suite, one.verdict, one.rate or "–", f"{one.plan}.{one.run}" if one.run else one.plan)
        for one in result.checks
    ]
    table(rows, ("Suite", "Verdict", "Failure rate (95 % interval)", "Run"))
    line()
    bullets(f"{one.suite}: {one.reason}." for one in result.checks)
    for record in result.decisions:
        until = f", until {record.header.valid_until}" if record.header.valid_until else ""
        line(f"Decision of the {record.body['decided_by']}: {record.body['outcome']}{until} (#{record.index}).")
    line(f"{result.system}: {result.verdict}")
    if result.accepted_by is not None:
        by = result.accepted_by
        line(f"Measured: {result.verdict}. The decision #{by.index} of the {by.body['decided_by']} overrides it.")
    elif accept_decisions and result.exit_code:
        why = "what was tampered with cannot be accepted" if result.tampered else "no standing decision accepts it"
        line(f"The gate stays shut: {why}.")
    return result.exit_code


def _write(result: "GateResult", junit: Path | None, sarif: Path | None) -> None:
    from haipkit.workspace.config import save

    if junit is not None:
        from haipkit.exports.junit import junit_xml

        save(junit, junit_xml(f"haip gate {result.system}", _cases(result)))
    if sarif is not None:
        from haipkit.exports.sarif import sarif_json

        save(sarif, sarif_json(_cases(result)))


def _cases(result: "GateResult") -> list[tuple[str, str, str, str]]:
    """(suite, title, verdict, reason)."""
    return [(one.suite, one.title, one.verdict, one.reason) for one in result.checks]


def _as_json(result: "GateResult") -> dict[str, Any]:
    return {
        "system": result.system,
        "verdict": result.verdict,
        "accepted_by": result.accepted_by.index if result.accepted_by is not None else None,
        "checks": [{name: getattr(one, name) for name in one.__slots__} for one in result.checks],
        "decisions": [
            {"record": record.index, "outcome": record.body["outcome"], "by": record.body["decided_by"]}
            for record in result.decisions
        ],
    }
