"""What is due at each checkpoint of a system's life, as data. Our reading of the Code, which names no list of them.

Holds no answers: whether something is on record is for reports to tell.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from haipkit.conduct.model import Need
from haipkit.conduct.table import Table


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One moment. `due`: what has to be on record then; its `missing` says what that is, in a few words."""

    id: str
    title: str
    when: str
    due: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """`mark` has to be shown: whose reading this is. `clauses` are where it comes from."""

    as_of: str
    mark: str
    clauses: tuple[str, ...]
    every: tuple[Checkpoint, ...]


@cache
def load_checkpoints(path: Path | None = None) -> Checkpoints:
    """The checkpoints, checked. Raises BadInput that names entry and field."""
    import tomllib

    path = path or Path(__file__).parent / "lifecycle" / "checkpoints.toml"
    file = Table(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    made = Checkpoints(
        as_of=file.day("as_of"),
        mark=file.text("mark"),
        clauses=file.texts("clauses", needed=True),
        every=tuple(map(_checkpoint, file.tables("checkpoint"))),
    )
    file.done()
    return made


def _checkpoint(table: Table) -> Checkpoint:
    made = Checkpoint(table.text("id"), table.text("title"), table.text("when"), tuple(map(_due, table.tables("due"))))
    table.done()
    return made


def _due(table: Table) -> Need:
    made = Need(
        kind=table.text("kind"),
        missing=table.text("what"),
        where=table.conditions("where") if table.has("where") else {},
        max_age_days=table.count_or_none("max_age_days"),
    )
    table.done()
    return made
