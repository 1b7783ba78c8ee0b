"""Runs a task of Inspect with an interpreter that has inspect_ai, as a process of its own, and finds its log."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from haipkit.kernel.errors import BadInput, Unavailable

_MOST_WORDS = 300


def interpreter(given: Path | None) -> str:
    """The Python to run Inspect with: the one given, or ours where the extra `inspect` is installed.

    Raises BadInput for a file that is not there, Unavailable where neither has it.
    """
    if given is not None:
        if not given.is_file():
            raise BadInput("there is no Python here", where=str(given))
        return str(given.absolute())
    if find_spec("inspect_ai") is None:
        raise Unavailable(
            "Inspect is not installed here",
            advice="Install the extra `inspect`, or name a Python that has inspect_ai: --python …/bin/python.",
        )
    return sys.executable


def run_task(python: str, task: str, model: str, folder: Path, options: Sequence[str] = ()) -> tuple[Path, int]:
    """(log, exit code) of one task; the log stays in `folder`. A run that failed leaves a log as well.

    Raises Unavailable where there is none.
    """
    before = set(folder.rglob("*.eval"))
    command = [python, "-m", "inspect_ai", "eval", task, "--model", model, "--log-dir", str(folder)]
    command += ["--log-format", "eval", "--display", "none", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as fault:
        raise Unavailable(f"Inspect cannot be started: {fault.strerror}", where=python) from fault
    logs = sorted(set(folder.rglob("*.eval")) - before)
    if not logs:
        said = " ".join((done.stderr or done.stdout).split())[-_MOST_WORDS:]
        raise Unavailable(
            f"Inspect wrote no log (exit code {done.returncode}): {said or 'it said nothing'}", where=task
        )
    return logs[-1], done.returncode
