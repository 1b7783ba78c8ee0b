"""What is due at each checkpoint of a system's life, and what of it is on record."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from haipkit.assessment.need import Index, in_force, matches
from haipkit.conduct.checkpoints import Checkpoints
from haipkit.conduct.model import Need
from haipkit.records.record import Record
from haipkit.reports.document import Block, Cell, Heading, Paragraph, Table
from haipkit.reports.registry import Told
from haipkit.reports.shared import Shelf
from haipkit.reports.text import count, day, join, join_phrases

CHECKPOINTS = "checkpoints"
"""Under this name `Told.instruments` holds them."""
_OF_EVERYBODY = ("channel/1", "monitoring/1")
"""Kinds that count for a system also where they name none."""


def checkpoint_blocks(told: Told, shelf: Shelf, index: Index, place: str, anchor: str) -> Iterator[Block]:
    """A table: checkpoint, what is due, what is on record about `place` (`helpdesk/1.0`). Nothing without the data."""
    known = told.instruments.get(CHECKPOINTS)
    system, _, version = place.partition("/")
    if not isinstance(known, Checkpoints) or not system:
        return
    ground = index.of_release(system, version) if version else index.of_system(system)
    as_of = date.fromisoformat(told.assessment.as_of)
    rows = tuple(
        (Cell(point.title if not place_ else ""), Cell(need.missing), _on_record(shelf, ground, need, as_of))
        for point in known.every
        for place_, need in enumerate(point.due)
    )
    yield Heading(3, "What is due over its life", anchor, known.mark)
    when = join_phrases(f"{point.title.lower()}, {point.when}" for point in known.every)
    yield Paragraph(
        f"The Code asks for tests at several checkpoints ({join(known.clauses)}) and does not list them. Ours, of "
        f"{day(known.as_of)}: {when}."
    )
    yield Table("Checkpoints", ("Checkpoint", "What is due", "On record"), rows)


def _on_record(shelf: Shelf, ground: Mapping[str, Sequence[Record]], need: Need, as_of: date) -> Cell:
    found = [
        record
        for record in ground.get(need.kind, ())
        if (record.header.system or need.kind in _OF_EVERYBODY)
        and matches(record.body, need.where)
        and in_force(record, as_of, need.max_age_days)
    ]
    if not found:
        return Cell("nothing on record")
    newest = max(found, key=lambda record: record.index)
    several = f"{count(len(found), 'record')}, the newest " if len(found) > 1 else ""
    return Cell(
        f"{several}of {day(newest.header.occurred_at)}",
        strength=shelf.weigh(newest)[0],
        proofs=shelf.proofs(newest),
    )
