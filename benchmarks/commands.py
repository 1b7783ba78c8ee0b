"""CPU of `haip --help` and `haip status` with 10 000 records, beside a Python that does nothing.

The commands run from compiled modules, as an installation leaves them, in a folder of this benchmark; the run that
fills it is not counted. Where Python is told to keep none (PYTHONDONTWRITEBYTECODE), each run would compile everything.

Run: python -m benchmarks.commands
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RECORDS = 10_000
RUNS = 9


def build(folder: Path, records: int) -> None:
    """A workspace of a middle-sized organisation: twenty systems, and records of many kinds spread over them."""
    from haipkit.cli.run import run
    from haipkit.kernel.words import Origin
    from haipkit.ledger.projection import make_entry
    from haipkit.records.record import Header
    from haipkit.workspace.do import writing
    from haipkit.workspace.open import open_workspace

    run(
        [
            "init",
            str(folder),
            "--role",
            "deployer",
            "--role",
            "application-developer",
            "--country",
            "FR",
            "--unprotected-keys",
        ]
    )
    moment = "2026-11-01T00:00:00Z"
    with open_workspace(folder) as workspace, writing(workspace) as (log, key):
        origin, entries = workspace.config.origin, []

        def put(number: int, kind: str, body: dict[str, object], name: str, system: str | None = None) -> None:
            header = Header(f"0190{number:08d}", kind, "owner", Origin.DECLARED, moment, moment, system, name)
            entries.append(make_entry(header.to_json(), body, issuer=origin, signer=key))

        for n in range(20):
            body = {"name": f"System {n}", "purpose": "p", "roles": ["deployer"], "lifecycle": "deployed"}
            put(n, "system/1", body | {"talks_to_people": True, "makes_content": n % 2 == 0}, f"s{n}")
        kinds = (
            ("risk/1", {"title": "Risk", "description": "d" * 80, "domain": "society", "treatment": "in-place"}),
            (
                "control/1",
                {"title": "Control", "topic": "access-control", "status": "in-place", "description": "d" * 60},
            ),
            ("evaluation/1", {"title": "Evaluation", "method": "functional", "domains": ["society"], "result": "pass"}),
            ("document/1", {"title": "Document", "purpose": "technical-documentation", "version": "1"}),
            ("training/1", {"title": "Training", "audience": ["staff"], "topics": ["limits"], "took_part": 9}),
        )
        for n in range(20, records):
            kind, body = kinds[n % len(kinds)]
            put(n, kind, body, f"k{n}", None if kind == "training/1" else f"s{n % 20}")
        log.append(entries)


def cpu_ms(words: list[str], cwd: Path) -> float:
    """Median CPU (user and system) of a whole process, in milliseconds."""
    settings = {"NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(cwd.parent / "compiled")}
    environment = os.environ | settings
    spent = []
    for _ in range(RUNS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.DEVNULL, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(spent[1:]) * 1000


def main() -> None:
    haip = str(Path(sys.executable).with_name("haip"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "workspace"
        build(folder, RECORDS)
        bare = cpu_ms([sys.executable, "-c", "pass"], folder)
        print(f"commands: median CPU of {RUNS} whole processes; a Python that does nothing takes {bare:.0f} ms")
        for words, goal in ((["--help"], 60), (["status"], 300), (["next"], None)):
            spent = cpu_ms([haip, *words], folder)
            wanted = f", goal {goal} ms" if goal else ""
            print(f"  haip {' '.join(words):<8} {spent:6.0f} ms  ({spent / bare:4.1f} × bare Python{wanted})")
        print(f"  ({RECORDS:,} records in the ledger)")


if __name__ == "__main__":
    main()
