"""Looks at the quality of a data set: reads its documents, measures them block by block, adds up."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
from haipkit.actions.a11_data.scan_summary import inputs_digest
from haipkit.actions.a11_data.units import Part
from haipkit.kernel.errors import BadInput, InternalFault, NotFound, UsageError

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile, Fault
    from haipkit.workspace.do import Written

Progress = Callable[[int, int], None]
LONGEST = 16 << 20
"""Bytes of a document that are measured, from its beginning: memory stays bounded whatever a file holds."""


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


@dataclass
class Outcome:
    outcome: str
    tally: QualityTally
    represented: list[dict[str, Any]]
    files: int
    faults: "list[Fault]"
    inputs: str
    lists: str
    controls: int
    fail_on: tuple[str, ...]
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
        from haipkit.detectors.quality_words import Lookup

        named = {HINT: by_script(lists.rude)} | {name: by_script(words) for name, words in lists.groups.items()}
        self._lookup = Lookup({name: apart for name, (apart, _) in named.items()})
        self._whole = {name: [word.encode() for word in whole] for name, (_, whole) in named.items()}
        self._limits = lists.limits

    def take(self, data: Any, begins: Any, stops: Any, tally: QualityTally) -> Mapping[str, Any]:
        """Measure the documents; returns fault → which of those that are not empty have it."""
        import numpy as np

        from haipkit.detectors.language import languages
        from haipkit.detectors.quality import measure

        begins = np.asarray(begins)
        stops = np.minimum(np.asarray(stops), begins + LONGEST)
        full = stops > begins
        tally.note_empty(int((~full).sum()))
        if not full.any():
            return {}
        measures = measure(data, begins[full], stops[full])
        mentions = self._lookup.counts(measures.words, measures.documents)
        for name, counts in _whole_words(measures, self._whole).items():
            mentions[name] = mentions[name] + counts
        found: Mapping[str, Any] = tally.note(measures, languages(measures), mentions, self._limits)
        return found


def _whole_words(measures: Any, lists: Mapping[str, Sequence[bytes]]) -> dict[str, Any]:
    """For each list, how often its words stand in each document, wherever they stand in its bytes.

    Only documents with letters of Chinese, Japanese or Korean are searched.
    """
    import numpy as np

    chosen = np.flatnonzero(measures.scripts[1:4].any(axis=0))
    if not len(chosen):
        return {}
    sizes = measures.bytes[chosen] + 1
    pieces = zip(measures.begins[chosen].tolist(), sizes.tolist(), strict=True)
    text = b"".join(measures.buffer[begin : begin + size].tobytes() for begin, size in pieces)
    begins = np.cumsum(sizes) - sizes
    found = {}
    for name, words in lists.items():
        places: list[int] = []
        for word in words:
            at = text.find(word)
            while at >= 0:
                places.append(at)
                at = text.find(word, at + len(word))
        owners = chosen[np.searchsorted(begins, np.array(places, dtype=np.int64), "right") - 1]
        found[name] = np.bincount(owners, minlength=measures.documents)
    return found


def look(wishes: Wishes, *, progress: Progress | None = None) -> Outcome:
    """Measure every document. Writes no record.

    Raises InternalFault when a planted fault was missed, BadInput, NotFound, UsageError.
    """
    from haipkit.adapters.corpus_files import gather, survey
    from haipkit.adapters.read_corpus import PartReport
    from haipkit.workspace.documents import read_texts

    unknown = sorted(set(wishes.fail_on) - set(FAULTS))
    if unknown:
        raise UsageError(f"there is no fault {unknown[0]!r}", advice=f"There are: {', '.join(FAULTS)}.")
    lists = read_lists(wishes.limits, wishes.words)
    reference = _reference(wishes)
    meter = Meter(lists)
    controls = check_controls()
    found = survey(wishes.paths)
    if not found.files and not found.faults:
        raise NotFound("there is no text in it", where=", ".join(wishes.paths))
    tally, represented = QualityTally(), Representation(wishes.columns)
    faults, digests, done = list(found.faults), [], 0
    total = sum(file.size for file in found.files)
    for number, file in enumerate(found.files):
        report = PartReport()
        for texts in read_texts(file, Part(number, weight=file.size), report, wishes.fields or _field_of(file)):
            meter.take(texts.data, texts.begins, texts.stops, tally)
            if texts.block is not None:
                tally.note_empty(max(texts.block.documents - len(texts.begins), 0))
        if wishes.columns:
            _represent(file, represented)
        faults += report.faults
        digests += [report.sha256] if report.sha256 else []
        done += file.size
        if progress is not None:
            progress(done, total)
    _outliers(tally, lists.limits["spread"])
    faults = gather(faults)
    outcome = outcome_of(tally, lost=any(fault.lost for fault in faults), fail_on=wishes.fail_on)
    rows = represented.rows(reference)
    inputs = inputs_digest(digests)
    return Outcome(outcome, tally, rows, len(found.files), faults, inputs, lists.sha256, controls, wishes.fail_on)


def _field_of(file: "CorpusFile") -> tuple[str, ...]:
    """The field that holds the text, where the beginning of the file has one of the usual names: without it, a document
    whose text is empty would be judged by its other fields."""
    from haipkit.adapters.read_corpus import PartReport, read_part
    from haipkit.workspace.documents import TEXT_FIELDS

    block = next(iter(read_part(file, 0, None, PartReport())), None)
    rows = len(block.batch.column("text")) if block is not None else 0
    names = {block.name(row) for row in range(rows)} if block is not None else set()
    return next(((name,) for name in TEXT_FIELDS if name in names), ())


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
    from haipkit.workspace.columns import MOST_VALUES, count_rows

    for place, column in enumerate(represented.columns):
        for batch in count_rows(file, [column]):
            for row, many in batch.items():
                represented.note(column, row[0], many)
            if len(represented.counts.get(column, ())) > MOST_VALUES:
                raise UsageError(
                    f"the column {represented.columns[place]!r} has more than {MOST_VALUES} different values",
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
