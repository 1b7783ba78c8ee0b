"""Makes canaries, registers their digests in the ledger, and only then writes the documents that are to be planted.

The key stays in the workspace, readable by its owner alone; a set with the same name is made from it again, never anew.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.leak_canaries import Canary, CanarySet, canaries_of, registered
from haipkit.kernel.errors import BadConfig, BadInput, NotFound, UsageError

if TYPE_CHECKING:
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace


@dataclass(frozen=True)
class Made:
    """What was registered and written. `documents` counts copies."""

    canaries: int
    documents: int
    out: Path
    written: "Written"


@dataclass(frozen=True)
class Known:
    """A set that this workspace can measure. `registered_on`: the day its digests were recorded."""

    name: str
    given: CanarySet
    key: bytes
    canaries: list[Canary]
    registered_on: str


def make(
    workspace: "Workspace", given: CanarySet, out: Path, *, ending: str, system: str | None, office: str | None
) -> Made:
    """Register the set and write its documents: JSON lines when `out` ends so, else a folder with one file a copy.

    Raises BadInput, UsageError when the name is taken by another set or the place is, CannotWrite.
    """
    from haipkit.workspace.forms import slug
    from haipkit.workspace.measured import keep_measured
    from haipkit.workspace.people import load_signers

    given.check()
    _check_place(out)
    load_signers(workspace.config)
    path = _place(workspace, given.name)
    if path.exists():
        known, key = _read(path)
        if known != given:
            raise UsageError(
                f"there is another set called {given.name!r}", where=str(path), advice="Choose another --name."
            )
    else:
        key = os.urandom(32)
        _save(path, given, key)
    canaries = canaries_of(given, key)

    def body(day: str) -> dict[str, Any]:
        return {
            "name": given.name,
            "made_on": day,
            "canaries": len(canaries),
            "repeats": list(given.repeats),
            "code_digits": given.digits,
            "digests": [canary.digest for canary in canaries],
        }

    standing = _registration(workspace, given.name)
    # Registered before: the day of the first registration stands.
    day = str(standing.body["made_on"]) if standing is not None else ""
    place = standing.header.system if standing is not None else system
    written = keep_measured(
        workspace, "canaries", lambda today: body(day or today), key=slug(given.name), system=place, office=office
    )
    return Made(len(canaries), _plant(canaries, key, out, ending), out, written)


def _check_place(out: Path) -> None:
    if out.suffix == ".jsonl":
        if out.exists():
            raise UsageError("this file is there already", where=str(out), advice="Name a new file.")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError("this place is not empty", where=str(out), advice="Name an empty or a new folder.")


def _plant(canaries: list[Canary], key: bytes, out: Path, ending: str) -> int:
    """Copies in an order, and under names, that say nothing about which belong together."""
    from haipkit.actions.a11_data.redact import value_id
    from haipkit.adapters.write_corpus import Shard

    copies = sorted(
        (value_id(f"{canary.number}/{copy}".encode(), key), canary.document)
        for canary in canaries
        for copy in range(canary.repeats)
    )
    if out.suffix == ".jsonl":
        with Shard(out, "text", "") as shard:
            for _, document in copies:
                shard.write((json.dumps({"text": document}, ensure_ascii=False) + "\n").encode())
        return len(copies)
    for name, document in copies:
        with Shard(out / f"{name}{ending}", "text", "") as shard:
            shard.write(document.encode())
    return len(copies)


def find(workspace: "Workspace", name: str) -> Known:
    """A set by its name: remade from its key, and held against its registration. Raises NotFound and BadInput."""
    path = _place(workspace, name)
    if not path.exists():
        raise NotFound(
            f"there are no canaries called {name!r}",
            where=str(path.parent),
            advice="haip data canaries make plants some; do it before training.",
        )
    given, key = _read(path)
    canaries = canaries_of(given, key)
    record = _registration(workspace, given.name)
    if record is None:
        raise NotFound(f"the canaries {name!r} are not registered", advice="Run haip data canaries make again.")
    if not registered(canaries, record.body["digests"]):
        raise BadInput("these are not the canaries that were registered", where=f"#{record.index} and {path}")
    return Known(given.name, given, key, canaries, str(record.body["made_on"]))


def _registration(workspace: "Workspace", name: str) -> Any:
    from haipkit.workspace.ask import state
    from haipkit.workspace.forms import slug

    found = [record for record in state(workspace, kinds=["canaries/1"]) if record.header.key == slug(name)]
    return found[-1] if found else None


def _place(workspace: "Workspace", name: str) -> Path:
    from haipkit.workspace.forms import slug

    return workspace.config.private / "canaries" / f"{slug(name)}.json"


def _save(path: Path, given: CanarySet, key: bytes) -> None:
    from haipkit.workspace.config import save

    # The folder is closed before the key lies in it.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    save(path, json.dumps({**given.facts(), "key": key.hex()}, indent=1).encode())
    path.chmod(0o600)


def _read(path: Path) -> tuple[CanarySet, bytes]:
    try:
        data = json.loads(path.read_bytes())
        return CanarySet.from_facts(data), bytes.fromhex(data["key"])
    except (OSError, ValueError, KeyError, TypeError, BadInput) as fault:
        raise BadConfig(
            f"this holds no canaries: {fault}",
            where=str(path),
            advice="Restore it; without it they cannot be measured.",
        ) from None
