"""The table of a search for benchmark items, and one unit of that search as a worker does it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.contamination import EXACT_LETTERS, EXACT_WORDS, is_code, shared_limit
from haipkit.actions.a11_data.units import Unit
from haipkit.workspace.reading import Reading

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile

SORTS = ("words", "letters", "exact")
"""Runs of words, runs of letters, and whole questions or answers."""


@dataclass(frozen=True)
class ContaminationPlan:
    """What all units share; the table lies in the folder `state`."""

    files: "tuple[CorpusFile, ...]"
    state: str
    fields: tuple[str, ...] = ()
    engine: str = "auto"


@dataclass
class Looked(Reading):
    """What a unit found: numbers of keys by sort, and for items the document that holds most of them.

    `best`: item → (keys, file number, place of the document).
    """

    documents: int = 0
    keys: dict[str, set[int]] = field(default_factory=lambda: {sort: set() for sort in SORTS})
    best: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            **super().to_json(),
            "documents": self.documents,
            "keys": {sort: sorted(keys) for sort, keys in self.keys.items()},
            "best": [(item, *where) for item, where in sorted(self.best.items())],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Looked":
        keys = {sort: set(keys) for sort, keys in data["keys"].items()}
        best = {item: (count, file, place) for item, count, file, place in data["best"]}
        return replace(super().from_json(data), documents=data["documents"], keys=keys, best=best)

    def add(self, other: "Looked") -> None:
        super().add(other)
        self.documents += other.documents
        for sort in SORTS:
            self.keys[sort] |= other.keys[sort]
        for item, where in other.best.items():
            self.better(item, where)

    def better(self, item: int, where: tuple[int, int, int]) -> None:
        """Keep the document that holds more of an item; of equals the first."""
        known = self.best.get(item)
        if known is None or (-where[0], *where[1:]) < (-known[0], *known[1:]):
            self.best[item] = where


def tables_of(benchmarks: Sequence[Sequence[Sequence[str]]], engine: str) -> dict[str, tuple[Any, Any]]:
    """For each sort (keys, items): int64 `items` of shape (pairs, 2) pairs a key's place with an item, sorted.

    `benchmarks` holds benchmarks of items of texts; items are numbered through all. Runs that many items of one
    benchmark share, or that say one thing over and over, are left out.
    """
    import numpy as np

    found: dict[str, list[tuple[Any, Any]]] = {sort: [] for sort in SORTS}
    first = 0
    for items in benchmarks:
        here = _pairs_of(items, engine)
        for sort, (keys, owners) in here.items():
            pairs = np.unique(np.stack([keys, owners.astype(np.uint64)], axis=1), axis=0)
            _, place, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
            pairs = pairs[counts[place.ravel()] <= shared_limit(len(items))]
            found[sort].append((pairs[:, 0], pairs[:, 1].astype(np.int64) + first))
        first += len(items)
    tables = {}
    for sort, parts in found.items():
        keys = np.concatenate([np.empty(0, dtype=np.uint64), *(keys for keys, _ in parts)])
        owners = np.concatenate([np.empty(0, dtype=np.int64), *(owners for _, owners in parts)])
        unique, place = np.unique(keys, return_inverse=True)
        order = np.lexsort((owners, place.ravel()))
        tables[sort] = (unique, np.column_stack([place.ravel()[order], owners[order]]))
    return tables


def _pairs_of(items: Sequence[Sequence[str]], engine: str) -> dict[str, tuple[Any, Any]]:
    """For each sort the keys of one benchmark's items and the item of each."""
    import numpy as np

    from haipkit.detectors import ngrams, shingles

    texts = [text.encode("utf-8", "replace") for item in items for text in item]
    owner = np.array([number for number, item in enumerate(items) for _ in item], dtype=np.int64)
    stops = np.cumsum([len(text) for text in texts])
    begins = stops - np.array([len(text) for text in texts], dtype=np.int64)
    data = np.frombuffer(b"".join(texts) or b"\0", dtype=np.uint8)
    made = shingles.tokens(data, begins, stops, engine=engine)
    single = shingles.tokens(data, begins, stops, single=True, engine=engine)
    wide = np.array([_mostly_letters(item) for item in items], dtype=bool)
    by_letters = wide | np.array([is_code("\n".join(item)) for item in items], dtype=bool)
    result = {}
    for sort, tokens, size, mask in (
        ("words", made, ngrams.WORDS, ~by_letters),
        ("letters", single, ngrams.LETTERS, by_letters),
    ):
        keys, text = ngrams.runs(tokens, size)
        some = mask[owner[text]] & ngrams.varied(tokens, size)
        result[sort] = (keys[some], owner[text][some])
    long = np.diff(made.documents, prepend=0) >= np.where(wide[owner], EXACT_LETTERS, EXACT_WORDS)
    result["exact"] = (shingles.document_hashes(made, engine=engine)[long], owner[long])
    return result


def _mostly_letters(item: Sequence[str]) -> bool:
    """Is the item for the most part in a script without blanks?"""
    import numpy as np

    from haipkit.detectors.shingles import codes
    from haipkit.detectors.shingles_numbers import NEWLINE, WIDE

    points = np.frombuffer("".join(item).encode("utf-32-le", "replace"), dtype=np.uint32)
    code = codes()[points]
    return bool(2 * (code >= WIDE).sum() > (code > NEWLINE).sum())


@lru_cache(maxsize=2)
def load_tables(state: str) -> dict[str, tuple[Any, Any]]:
    """What `tables_of` made, from the state folder."""
    import numpy as np

    return {
        sort: (
            np.fromfile(Path(state) / f"{sort}.keys", dtype=np.uint64),
            np.fromfile(Path(state) / f"{sort}.items", dtype=np.int64).reshape(-1, 2),
        )
        for sort in SORTS
    }


def look_unit(plan: ContaminationPlan, unit: Unit) -> dict[str, Any]:
    """Look for the keys in one unit; returns what was found, as `Looked.to_json` does."""
    from haipkit.adapters.read_corpus import PartReport
    from haipkit.detectors import ngrams, shingles
    from haipkit.workspace.documents import read_texts

    tables = load_tables(plan.state)
    sizes = {"words": ngrams.WORDS, "letters": ngrams.LETTERS}
    ready = {sort: ngrams.table_of(size, tables[sort][0]) for sort, size in sizes.items()}
    engine = shingles.engine_in_use(plan.engine)
    done = Looked()
    for part in unit.parts:
        report = PartReport()
        for texts in read_texts(plan.files[part.file], part, report, plan.fields):
            done.documents += len(texts.places)
            made = shingles.tokens(texts.data, texts.begins, texts.stops, engine=engine)
            hits = {"words": ngrams.lookups(made, ready["words"], engine=engine)}
            if len(ready["letters"].keys):
                single = shingles.tokens(texts.data, texts.begins, texts.stops, single=True, engine=engine)
                hits["letters"] = ngrams.lookups(single, ready["letters"], engine=engine)
            hits["exact"] = _exact_hits(made, tables["exact"][0], engine)
            _note(done, hits, tables, part.file, texts.places)
        done.note(plan.files[part.file], part, report)
    return done.to_json()


def _exact_hits(made: Any, keys: Any, engine: str) -> Any:
    """(document, place of the key) where a line or a whole document is one of the keys."""
    import numpy as np

    from haipkit.detectors import shingles

    lines = shingles.line_hashes(made, engine=engine)
    whole = shingles.document_hashes(made, engine=engine)
    owner = np.searchsorted(made.documents, made.lines, side="left")
    values = np.concatenate([lines, whole])
    documents = np.concatenate([owner, np.arange(len(whole))])
    if not len(keys):
        return np.empty((0, 2), dtype=np.int64)
    places = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    some = keys[places] == values
    return np.column_stack([documents[some], places[some]])


def _note(done: Looked, hits: dict[str, Any], tables: dict[str, tuple[Any, Any]], file: int, places: Any) -> None:
    """Add the hits of a block: which keys, and which document holds most of each item."""
    import numpy as np

    held: dict[tuple[int, int], int] = {}
    for sort, found in hits.items():
        if not len(found):
            continue
        found = np.unique(found, axis=0)
        done.keys[sort].update(np.unique(found[:, 1]).tolist())
        pairs = tables[sort][1]
        first, last = (np.searchsorted(pairs[:, 0], found[:, 1], side=side) for side in ("left", "right"))
        for (document, _), low, high in zip(found.tolist(), first.tolist(), last.tolist(), strict=True):
            for item in pairs[low:high, 1].tolist():
                held[item, document] = held.get((item, document), 0) + 1
    for (item, document), count in held.items():
        done.better(item, (count, file, int(places[document])))
