"""The cache of a loaded Conduct: one JSON file, keyed by the state of the data files and the version of haipkit.

A cache can only save time. What cannot be read is read anew from the data, and what cannot be written is left.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import haipkit
from haipkit.conduct.model import (
    Applies,
    Clause,
    Conduct,
    Duty,
    LegalDate,
    Need,
    OfficialDocument,
    Profile,
    Programme,
    Requirement,
    Resource,
)

_NAME = "conduct.json"


def state_of(root: Path, files: Iterable[Path]) -> str:
    """A digest over path, size and time of change of every file, and over the version of haipkit."""
    lines = [haipkit.__version__, str(root.resolve())]
    for path in files:
        facts = path.stat()
        lines.append(f"{path.relative_to(root).as_posix()} {facts.st_size} {facts.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def read(cache: Path, state: str) -> Conduct | None:
    """The Conduct in `cache`, or None when it is not there, of another state, or damaged."""
    try:
        values = kept(cache / _NAME, state)
        return None if values is None else _build(values)
    except (KeyError, TypeError, AttributeError):
        return None


def write(cache: Path, state: str, conduct: Conduct) -> None:
    """Replace the Conduct in `cache`."""
    keep(cache / _NAME, state, _plain(conduct))


def kept(file: Path, state: str) -> Any:
    """The JSON value in `file`, or None when it is not there, of another state, or damaged."""
    try:
        with file.open(encoding="utf-8") as lines:
            return json.load(lines) if lines.readline().rstrip("\n") == state else None
    except (OSError, ValueError, RecursionError):
        return None


def keep(file: Path, state: str, value: Any) -> None:
    """Replace `file` in one step; a reader sees the old one or the new one. A failure is no error: it is a cache."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(f"{state}\n{json.dumps(value, ensure_ascii=False)}\n", encoding="utf-8")
        scratch.replace(file)
    except OSError:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Values of the model as JSON knows them, fields by name."""
    if isinstance(value, Conduct):
        return {name: _plain(getattr(value, name)) for name in Conduct.__slots__}
    if hasattr(value, "_asdict"):
        return {name: _plain(inner) for name, inner in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple | list) else value


def _build(values: dict[str, Any]) -> Conduct:
    return Conduct(
        digest=values["digest"],
        clauses={at: Clause(**one) for at, one in values["clauses"].items()},
        requirements={key: _requirement(one) for key, one in values["requirements"].items()},
        profiles={key: _profile(one) for key, one in values["profiles"].items()},
        programmes={key: _programme(one) for key, one in values["programmes"].items()},
        dates=tuple(
            LegalDate(**{**one, "countries": tuple(one["countries"]), "requirements": tuple(one["requirements"])})
            for one in values["dates"]
        ),
        resources=tuple(Resource(**{**one, "helps": tuple(one["helps"])}) for one in values["resources"]),
        documents={key: OfficialDocument(**one) for key, one in values["documents"].items()},
    )


def _need(values: dict[str, Any]) -> Need:
    return Need(**{**values, "origins": tuple(values["origins"]), "also": tuple(values["also"])})


def _requirement(values: dict[str, Any]) -> Requirement:
    needs = tuple(_need(one) for one in values["needs"])
    return Requirement(**{**values, "clauses": tuple(values["clauses"]), "needs": needs})


def _profile(values: dict[str, Any]) -> Profile:
    items = {key: Applies(**one) for key, one in values["items"].items()}
    return Profile(**{**values, "items": items, "first": tuple(values["first"])})


def _programme(values: dict[str, Any]) -> Programme:
    duties = tuple(
        Duty(**{**one, "need": _need(one["need"]), "requirements": tuple(one["requirements"])})
        for one in values["duties"]
    )
    return Programme(**{**values, "duties": duties})
