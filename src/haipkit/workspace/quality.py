"""Looks at the quality of a data set: reads its documents, measures them some megabytes at a time, adds up."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.quality import (
    BIAS,
    DATA_QUALITY,
    FAULTS,
    HINT,
    Lists,
    QualityTally,
    body_of,
    by_script,
    outcome_of,
    read_lists,
)
from haipkit.actions.a11_data.representation import Representation, read_reference
from haipkit.actions.a11_data.units import Unit
from haipkit.kernel.errors import BadInput, InternalFault, UsageError
from haipkit.workspace.pool import Progress, answers
from haipkit.workspace.reading import Reading, planned, surveyed

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile, Fault
    from haipkit.workspace.do import Written

LONGEST = 16 << 20
"""Bytes of a document that are measured, from its beginning: memory stays bounded whatever a file holds."""
_TURN = 1 << 19
"""Bytes that are measured at a time: what is made of them should stay near the processor."""
_ROOM = 1 << 20
"""Bytes of documents that are measured together, about: small files cost as little as lines of a large one."""


@dataclass(frozen=True)
class Wishes:
    """What a person asked for."""

    paths: tuple[str, ...]
    fields: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    reference: Path | None = None
    limits: Path | None = None
    words: Path | None = None
    fail_on: tuple[str, ...] = ()
    jobs: int = 0


@dataclass
class Outcome:
    """What was measured. `resumed`: units that an earlier run had finished."""

    outcome: str
    tally: QualityTally
    represented: list[dict[str, Any]]
    files: int
    faults: "list[Fault]"
    inputs: str
    lists: str
    controls: int
    fail_on: tuple[str, ...]
    units: int = 0
    resumed: int = 0
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]:
        """The body of the `dataset-quality/1` record: counts and shares, nothing personal."""
        return {
            "name": name,
            "checked_on": day,
            "requirements": list(requirements) or [DATA_QUALITY, *([BIAS] if self.represented else [])],
            "outcome": self.outcome,
            "files": self.files,
            "files_failed": len({fault.file for fault in self.faults if fault.lost}),
            **body_of(self.tally),
            "columns": self.represented,
            "must_not_hold": list(self.fail_on),
            "controls": self.controls,
            "lists_sha256": self.lists,
            "inputs_sha256": self.inputs,
        }


class Meter:
    """Measures documents and looks their words up: the one path that planted faults and real documents go."""

    def __init__(self, lists: Lists) -> None:
        from haipkit.detectors.language import short_words
        from haipkit.detectors.quality_words import Lookup

        named = {HINT: by_script(lists.rude)} | {name: by_script(words) for name, words in lists.groups.items()}
        self._languages = short_words()
        self._names = tuple(named)
        self._whole = {name: [word.encode() for word in whole] for name, (_, whole) in named.items()}
        letters = {word[:1] for _, whole in named.values() for word in whole}
        self._lookup = Lookup({name: apart for name, (apart, _) in named.items()} | self._languages, letters)
        self._limits = lists.limits

    def take(self, data: Any, begins: Any, stops: Any, tally: QualityTally) -> Mapping[str, Any]:
        """Measure the documents; returns fault → which of those that are not empty have it."""
        import numpy as np

        begins = np.asarray(begins)
        stops = np.minimum(np.asarray(stops), begins + LONGEST)
        full = np.flatnonzero(stops > begins)
        tally.note_empty(len(begins) - len(full))
        begins, stops = begins[full], stops[full]
        turns = np.cumsum(stops - begins) // _TURN
        edges = np.flatnonzero(np.diff(turns, prepend=-1))
        found = [
            self._take(data, begins[first:last], stops[first:last], tally)
            for first, last in zip(edges.tolist(), [*edges[1:].tolist(), len(begins)], strict=True)
        ]
        return {name: np.concatenate([one[name] for one in found]) for name in found[0]} if found else {}

    def _take(self, data: Any, begins: Any, stops: Any, tally: QualityTally) -> Mapping[str, Any]:
        from haipkit.detectors.language import languages
        from haipkit.detectors.quality import measure

        measures = measure(data, begins, stops)
        counts, letters = self._lookup.counts(measures.words, measures.documents)
        mentions = {name: counts[name] for name in self._names}
        if len(letters):
            for name, words in self._whole.items():
                mentions[name] = mentions[name] + measures.counts_of(words, letters)
        spoken = languages(measures, {name: counts[name] for name in self._languages})
        found: Mapping[str, Any] = tally.note(measures, spoken, mentions, self._limits)
        return found


@dataclass(frozen=True)
class _Plan:
    """What all units share."""

    files: "tuple[CorpusFile, ...]"
    lists: Lists
    fields: tuple[str, ...]
    columns: tuple[str, ...]


def look(wishes: Wishes, *, private: Path | None = None, progress: Progress | None = None) -> Outcome:
    """Measure every document. Writes no record.

    `private` is a folder that keeps finished units; without it a stopped run starts anew. Raises InternalFault when a
    planted fault was missed, BadInput, NotFound, UsageError.
    """
    from haipkit.adapters.corpus_files import gather

    unknown = sorted(set(wishes.fail_on) - set(FAULTS))
    if unknown:
        raise UsageError(f"there is no fault {unknown[0]!r}", advice=f"There are: {', '.join(FAULTS)}.")
    lists = read_lists(wishes.limits, wishes.words)
    reference = _reference(wishes)
    controls = check_controls()
    found = surveyed(wishes.paths)
    plan = _Plan(tuple(found.files), lists, wishes.fields, wishes.columns)
    said = ["quality", wishes.fields, wishes.columns, lists.sha256]
    with planned(found.files, said, private) as (state, units):
        given, resumed = answers(partial(_look_unit, plan), units, state, wishes.jobs, progress)
    tally, represented, reading = QualityTally(), Representation(wishes.columns), Reading()
    for one in given:
        tally.add(QualityTally.from_json(one["tally"]))
        reading.add(Reading.from_json(one["reading"]))
        for column, counts in one["columns"].items():
            for value, many in counts:
                represented.note(column, value, many)
    _check_values(represented)
    _outliers(tally, lists.limits["spread"])
    faults = gather([*found.faults, *reading.faults])
    outcome = outcome_of(tally, lost=any(fault.lost for fault in faults), fail_on=wishes.fail_on)
    rows = represented.rows(reference)
    told = (lists.sha256, controls, wishes.fail_on, len(units), resumed)
    return Outcome(outcome, tally, rows, len(found.files), faults, reading.inputs, *told)


def _look_unit(plan: _Plan, unit: Unit) -> dict[str, Any]:
    """Measure the documents of a unit, those of small files together."""
    from haipkit.adapters.read_corpus import PartReport
    from haipkit.workspace.documents import read_texts

    meter, tally, reading = Meter(plan.lists), QualityTally(), Reading()
    represented = Representation(plan.columns)
    held: list[tuple[Any, Any, Any]] = []
    size = 0
    for part in unit.parts:
        file, report = plan.files[part.file], PartReport()
        for texts in read_texts(file, part, report, plan.fields):
            held.append((texts.data, texts.begins, texts.stops))
            size += len(texts.data)
            if size >= _ROOM:
                meter.take(*_together(held), tally)
                held, size = [], 0
        if plan.columns and not part.start:
            _represent(file, represented)
        reading.note(file, part, report)
    if held:
        meter.take(*_together(held), tally)
    columns = {name: list(counts.items()) for name, counts in represented.counts.items()}
    return {"tally": tally.to_json(), "reading": reading.to_json(), "columns": columns}


def _together(held: Sequence[tuple[Any, Any, Any]]) -> tuple[Any, Any, Any]:
    """(data, begins, stops) of several blocks as those of one."""
    import numpy as np

    if len(held) == 1:
        return held[0]
    sizes = np.array([len(data) for data, *_ in held])
    shifts = np.cumsum(sizes) - sizes
    begins, stops = (
        np.concatenate([block[side] + shift for block, shift in zip(held, shifts.tolist(), strict=True)])
        for side in (1, 2)
    )
    return np.concatenate([data for data, *_ in held]), begins, stops


def _outliers(tally: QualityTally, spread: float) -> None:
    for name, many in zip(("unusually short", "unusually long"), tally.length_outliers(spread), strict=True):
        if many:
            tally.faults[name] = tally.occurrences[name] = many


def _reference(wishes: Wishes) -> dict[str, dict[str, float]]:
    if wishes.reference is None:
        return {}
    try:
        table = tomllib.loads(wishes.reference.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise BadInput(f"expected shares cannot be read: {fault}", where=str(wishes.reference)) from fault
    reference = read_reference(table, str(wishes.reference))
    missing = sorted(set(reference) - set(wishes.columns))
    if missing:
        raise UsageError(f"expected shares name the column {missing[0]!r}", advice="Name it in --columns too.")
    return reference


def _represent(file: "CorpusFile", represented: Representation) -> None:
    from haipkit.workspace.columns import count_rows

    for column in represented.columns:
        for batch in count_rows(file, [column]):
            for row, many in batch.items():
                represented.note(column, row[0], many)
            _check_values(represented)


def _check_values(represented: Representation) -> None:
    from haipkit.workspace.columns import MOST_VALUES

    for column, counts in represented.counts.items():
        if len(counts) > MOST_VALUES:
            raise UsageError(
                f"the column {column!r} has more than {MOST_VALUES} different values",
                advice="Columns that tell who is represented have few, such as an age group.",
            )


def check_controls() -> int:
    """Planted documents with one fault each go the same way first, with our limits; returns how many.

    Raises InternalFault when one is missed.
    """
    import numpy as np

    prose = "The bread is baked in the night, and it is sold in the morning when the town wakes up. "
    planted = {
        "very short": "Hm.",
        "repeated lines": "one and the same line\n" * 10,
        "repeated phrases": prose * 8,
        "many symbols": "#*#*#*#*#*#*#*#* a b c",
        "many digits": "1234 5678 9012 3456 x y z words",
        "replacement characters": prose + "caf\N{REPLACEMENT CHARACTER}",
        "NUL bytes": prose + "\0",
        "control characters": prose + "\x07",
        "encoded twice": prose + "cafÃ© Ã la crÃ¨me",
    }
    texts = [text.encode() for text in planted.values()]
    stops = np.cumsum([len(text) for text in texts])
    begins = stops - np.array([len(text) for text in texts])
    tally = QualityTally()
    found = Meter(read_lists()).take(np.frombuffer(b"".join(texts), dtype=np.uint8), begins, stops, tally)
    missed = [name for place, name in enumerate(planted) if not found[name][place]]
    if missed or not tally.languages["en"]:
        what = ", ".join(missed) or "a text in English"
        raise InternalFault(f"a planted fault was missed: {what}", advice="Do not rely on this run.")
    return len(planted) + 1
