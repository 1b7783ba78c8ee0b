"""Crosswalks: rows that relate our requirements to another framework's references. One file a framework.

A draft row never carries evidence over, and whoever shows it says so.
"""

import tomllib
from pathlib import Path

from haipkit.conduct.model import Crosswalk, CrosswalkRow
from haipkit.conduct.table import Table
from haipkit.kernel.errors import BadInput

FOLDER = Path(__file__).parent / "crosswalks"
RELATIONS = ("concept crosswalk", "subset of", "intersects with", "equal", "superset of", "no relationship")
"""Of NIST IR 8477: a bare link between two concepts, and the terms of set theory."""
STATUSES = ("published", "reviewed", "draft")
_REFERENCE = r"(1[0-2]|[1-9])(\.\d{1,2}[a-z]?)?"
_HEAD = ("title", "framework", "publisher", "edition", "licence", "vocabulary", "mapped_by")


def load_crosswalks(folder: Path = FOLDER) -> dict[str, Crosswalk]:
    """Every crosswalk in `folder` by its id. Raises BadInput that names the file and the field."""
    found = [_read(path) for path in sorted(folder.glob("*.toml"))]
    return {crosswalk.id: crosswalk for crosswalk in found}


def _read(path: Path) -> Crosswalk:
    try:
        table = Table(tomllib.loads(path.read_text("utf-8")), path.name)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadInput(f"cannot be read: {fault}", where=path.name) from fault
    identifier = table.pattern("id", r"[a-z0-9-]+", "a short name in lower-case letters, digits and dashes")
    head = {name: table.text(name) for name in _HEAD}
    days = {name: table.day(name) for name in ("mapped_on", "as_of")}
    note, rows = table.text("note"), tuple(map(_row, table.tables("row")))
    table.done()
    return Crosswalk(id=identifier, **head, **days, note=note, rows=rows)


def _row(entry: Table) -> CrosswalkRow:
    row = CrosswalkRow(
        requirement=entry.pattern(
            "requirement", r"(1[0-2]|[1-9])(\.\d{1,2}[a-z]?)?", "an action, paragraph or requirement"
        ),
        reference=entry.text("reference"),
        relation=entry.one_of("relation", RELATIONS),
        reason=entry.text("reason", sentence=True),
        status=entry.one_of("status", STATUSES),
    )
    entry.done()
    return row
