"""The names of all commands with one line of help. Imports nothing else, so that `haip --help` is instant."""

import gc
import os
import sys

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("haipkit.cli.init", "Start a workspace: a folder with settings, keys and a ledger"),
    "demo": ("haipkit.cli.demo", "Walk the whole way on a worked example and show the report"),
    "serve": ("haipkit.cli.serve", "Open the workbench in your browser, on this machine alone"),
    "add": ("haipkit.cli.add", "Record a fact: a system, a risk, a policy, a decision …"),
    "evidence": ("haipkit.cli.evidence", "Keep files that back a statement, with the period they are valid for"),
    "import": ("haipkit.cli.imports", "Take over results of other tools: JUnit, SARIF, Inspect, CycloneDX"),
    "scan": ("haipkit.cli.scan", "Look into a data set for personal data, secrets and copies"),
    "data": ("haipkit.cli.data", "Know what is in a data set, and what a model gives away of it"),
    "evaluate": ("haipkit.cli.evaluate", "Test how a system behaves, by a rule that was registered first"),
    "gate": ("haipkit.cli.gate", "May this release go out? For CI: 0 pass, 1 fail, 2 undecided, 3 invalid"),
    "risk": ("haipkit.cli.risk", "The risk register, with the tests behind each risk and whether they still hold"),
    "trace": ("haipkit.cli.trace", "Which data, code and steps a release came from"),
    "status": ("haipkit.cli.status", "Where you stand with each of the twelve actions"),
    "next": ("haipkit.cli.next", "What to do first, and why"),
    "report": ("haipkit.cli.report", "Write a report: gaps, conformity, transparency, haip, evaluation, data …"),
    "bundle": ("haipkit.cli.bundle", "Pack a report with its proof into one file for others"),
    "verify": ("haipkit.cli.verify", "Check a bundle, an exported ledger or this workspace"),
    "records": ("haipkit.cli.records", "List, show and redact what is in the ledger"),
    "conduct": ("haipkit.cli.conduct", "Read what the Code asks, clause by clause"),
    "programme": ("haipkit.cli.programme", "Optional sets of duties with dates"),
    "instrument": ("haipkit.cli.instrument", "Questionnaires: list them, load official wording"),
    "attestation": ("haipkit.cli.attestation", "Statements by independent assessors: sign, accept"),
    "schema": ("haipkit.cli.schema", "The fields of a kind of record, as text or JSON Schema"),
    "ledger": ("haipkit.cli.ledger", "The log itself: head, export, rebuild"),
    "witness": ("haipkit.cli.witness", "Watch another organisation's ledger, and be watched"),
    "keys": ("haipkit.cli.keys", "List, add and show public keys"),
    "doctor": ("haipkit.cli.doctor", "Find out what is wrong here and how to mend it"),
    "completion": ("haipkit.cli.completion", "Print the completion script for your shell"),
}

_GROUPS = (
    ("Start", ("init", "demo", "serve", "doctor")),
    ("Record", ("add", "evidence", "import", "scan", "data", "evaluate", "gate", "trace", "attestation", "programme")),
    ("See", ("status", "next", "risk", "records", "conduct", "schema", "instrument")),
    ("Show others", ("report", "bundle", "verify")),
    ("Ledger", ("ledger", "witness", "keys", "completion")),
)


def help_text() -> str:
    """The text of `haip --help`."""
    lines = [
        "haip: the G7 Hiroshima AI Process Code of Conduct, done, proved and reported.",
        "",
        "Usage: haip [--workspace FOLDER] COMMAND …",
    ]
    for title, names in _GROUPS:
        lines += ["", title, *(f"  {name:<12} {COMMANDS[name][1]}" for name in names)]
    lines += ["", "`haip COMMAND --help` says more. Exit codes: docs/look-up/exit-codes.md."]
    return "\n".join(lines)


def main() -> None:
    """Entry point of the `haip` command."""
    words = sys.argv[1:]
    if (not words and "_HAIP_COMPLETE" not in os.environ) or words in (["-h"], ["--help"], ["help"]):
        print(help_text())
        return
    # Commands build much and drop little: collecting after every 700 objects costs a tenth of their time.
    gc.set_threshold(50_000, 20, 20)
    from haipkit.cli.run import run

    code = run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed and written: taking ten thousand objects apart one by one would only cost time.
    os._exit(code)


if __name__ == "__main__":
    main()
