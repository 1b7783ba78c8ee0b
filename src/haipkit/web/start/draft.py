"""The answers on the short path, kept in the workspace's private folder after each page until they become records."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadConfig
from haipkit.workspace.config import save
from haipkit.workspace.open import Workspace


@dataclass
class Draft:
    """`part` is the part under way: 1, 2, or 3 when all is recorded. `systems` are the keys part 2 asks about."""

    part: int = 1
    answers: dict[str, Any] = field(default_factory=dict)
    systems: list[str] = field(default_factory=list)


def _file(workspace: Workspace) -> Path:
    return workspace.config.private / "drafts" / "start.json"


def read_draft(workspace: Workspace) -> Draft:
    """The draft, or an empty one. Raises BadConfig when the file cannot be read as one."""
    path = _file(workspace)
    try:
        data = json.loads(path.read_text("utf-8"))
        return Draft(int(data["part"]), dict(data["answers"]), [str(key) for key in data["systems"]])
    except FileNotFoundError:
        return Draft()
    except (OSError, ValueError, KeyError, TypeError) as fault:
        advice = "Move it away to start the short path anew; records are not touched."
        raise BadConfig("the kept answers cannot be read", where=str(path), advice=advice) from fault


def keep_draft(workspace: Workspace, draft: Draft) -> None:
    """Write it whole or not at all. Raises CannotWrite."""
    text = json.dumps({"part": draft.part, "answers": draft.answers, "systems": draft.systems}, ensure_ascii=False)
    path = _file(workspace)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save(path, text.encode())
