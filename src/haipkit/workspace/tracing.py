"""Traces of steps: a command or a block of Python, with what went in, what came out and what ran, by digest.

Files that are named are hashed; of files that are not named, those under the working folder that changed during the
step count as outputs. The contents stay where they are.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.scan_summary import inputs_digest
from haipkit.kernel.canonical import sha256_hex
from haipkit.kernel.errors import BadInput, NotFound

if TYPE_CHECKING:
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

MOST_FILES = 2000
STEPS = ("data", "training", "evaluation", "packaging", "other")
_LEFT_OUT = frozenset({".git", ".haip", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", "node_modules"})


@dataclass
class Step:
    """What a step is known by. `inputs` and `outputs` are paths; folders stand for the files in them."""

    title: str
    step: str = "other"
    inputs: list[Path] = field(default_factory=list)
    outputs: list[Path] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)
    command: str = ""
    exit_code: int | None = None
    seconds: float = 0.0


def run_traced(words: Sequence[str], step: Step, root: Path) -> tuple[int, dict[str, Any]]:
    """Run a command to its end: (its exit code, the body of the trace). Raises NotFound when it cannot start."""
    inputs = artefacts(step.inputs, root)
    before = _stamps(root) if not step.outputs else {}
    started = time.monotonic()
    try:
        done = subprocess.run(list(words), cwd=root, check=False)
    except OSError as fault:
        raise NotFound(f"the command cannot be started: {fault.strerror}", where=words[0]) from fault
    step.seconds = time.monotonic() - started
    step.command, step.exit_code = shlex.join(words)[:300], done.returncode
    return done.returncode, _body(step, inputs, before, root)


@contextmanager
def trace(
    workspace: "Workspace", title: str, *, step: str = "other", system: str | None = None, **parameters: object
) -> Iterator[Step]:
    """Trace a block of Python: add paths to `inputs` before they change and to `outputs`; the record follows the block.

    A block that raises is recorded too, with exit code 1, and the exception goes on.
    """
    made = Step(title, step, parameters={name: str(value)[:300] for name, value in parameters.items()})
    root, started = Path.cwd(), time.monotonic()
    before = _stamps(root)
    try:
        yield made
        made.exit_code = 0
    except BaseException:
        made.exit_code = 1
        raise
    finally:
        made.seconds = time.monotonic() - started
        keep_trace(workspace, _body(made, artefacts(made.inputs, root), before, root), system=system)


def keep_trace(
    workspace: "Workspace", body: dict[str, Any], *, system: str | None, key: str = "", office: str | None = None
) -> "Written":
    """Write the record of a trace; a title that was used before makes it the new state of that step."""
    from haipkit.workspace.forms import slug
    from haipkit.workspace.measured import keep_measured

    return keep_measured(
        workspace,
        "trace",
        lambda day: {"performed_on": day, **body},
        key=key or slug(body["title"]),
        system=system,
        office=office,
    )


def _body(
    step: Step, inputs: list[dict[str, Any]], before: Mapping[Path, tuple[int, int]], root: Path
) -> dict[str, Any]:
    if step.step not in STEPS:
        raise BadInput(f"{step.step!r} is no kind of step", advice=f"One of: {', '.join(STEPS)}.")
    named = step.outputs or _changed(before, root)
    known = {one["sha256"] for one in inputs}
    outputs = [one for one in artefacts(named, root) if one["sha256"] not in known or step.outputs]
    commit, changed = code_state(root)
    body: dict[str, Any] = {
        "title": step.title,
        "step": step.step,
        "command": step.command or None,
        "exit_code": step.exit_code,
        "requirements": ["1.1k"] if step.step in ("data", "training") and inputs else None,
        "inputs": inputs,
        "inputs_sha256": inputs_digest(one["sha256"] for one in inputs) if inputs else None,
        "outputs": outputs,
        "code_commit": commit,
        "code_changed": changed,
        "parameters": [{"name": name[:300], "value": value[:300] or "–"} for name, value in step.parameters.items()],
        "environment": f"Python {sys.version.split()[0]} on {sys.platform}",
        "packages_sha256": packages_digest(),
        "seconds": f"{step.seconds:.3f}",
    }
    return {name: value for name, value in body.items() if value is not None}


def artefacts(paths: Sequence[Path], root: Path, note: Callable[[int], None] | None = None) -> list[dict[str, Any]]:
    """Every file of `paths` by its name under `root`, with SHA-256 and size. Raises NotFound and BadInput."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotFound("there is no such file or folder", where=str(path))
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            files += [one for one in inside if not _LEFT_OUT & set(one.relative_to(path).parts)]
        else:
            files.append(path)
    if len(files) > MOST_FILES:
        raise BadInput(f"{len(files):,} files are too many for one trace", advice="Name the archive, or fewer folders.")
    found = []
    for path in files:
        digest = sha256()
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        found.append({"name": _name(path, root), "sha256": digest.hexdigest(), "size": path.stat().st_size})
        if note is not None:
            note(len(found))
    return found


def _name(path: Path, root: Path) -> str:
    full = path.resolve()
    return (full.relative_to(root.resolve()).as_posix() if full.is_relative_to(root.resolve()) else path.name)[:300]


def _stamps(root: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of change of the files under the working folder, as far as they are few."""
    found: dict[Path, tuple[int, int]] = {}
    waiting = [root]
    while waiting and len(found) <= 50_000:
        for entry in waiting.pop().iterdir():
            if entry.name in _LEFT_OUT or entry.is_symlink():
                continue
            if entry.is_dir():
                waiting.append(entry)
            elif entry.is_file():
                known = entry.stat()
                found[entry] = known.st_size, known.st_mtime_ns
    return found


def _changed(before: Mapping[Path, tuple[int, int]], root: Path) -> list[Path]:
    return sorted(path for path, stamp in _stamps(root).items() if before.get(path) != stamp)


def code_state(root: Path) -> tuple[str | None, bool | None]:
    """(commit of the working tree, whether files differ from it); (None, None) outside of git."""

    def asked(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = asked("rev-parse", "HEAD")
    if not commit:
        return None, None
    return commit, bool(asked("status", "--porcelain", "--untracked-files=no"))


def packages_digest() -> str:
    """SHA-256 of the sorted lines `name==version` of what is installed."""
    from importlib.metadata import distributions

    lines = {f"{one.metadata['Name']}=={one.version}".lower() for one in distributions() if one.metadata["Name"]}
    return sha256_hex("".join(f"{line}\n" for line in sorted(lines)).encode())


def keep_imported(
    workspace: "Workspace", body: dict[str, Any], path: Path, *, system: str | None, office: str | None = None
) -> "Written":
    """Keep a trace that another tool made: it counts as imported."""
    from haipkit.kernel.clock import today
    from haipkit.kernel.words import Origin
    from haipkit.records.kinds import find_kind
    from haipkit.records.record import Tool
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form, slug

    body = {"performed_on": today().isoformat(), **body}
    envelope = {"key": slug(body["title"]), "system": system}
    form = Form(find_kind("trace"), body, envelope, where=str(path))
    tool = Tool(str(body["source"]), "unknown")
    return add(workspace, [form], origin=Origin.IMPORTED, tool=tool, office=office)[0]
