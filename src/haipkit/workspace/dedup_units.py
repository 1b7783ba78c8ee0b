"""The units of a search for duplicates, as a worker does them: three readings of the same parts of files.

Each reading leaves files under their final names, the last one when all is done, and doing it twice gives the same
bytes. Documents are numbered through the whole data set, in the order of files and places.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.units import Part, Unit, shard_name
from haipkit.kernel.errors import HaipError
from haipkit.workspace.reading import Reading

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile
    from haipkit.adapters.read_corpus import PartReport
    from haipkit.workspace.documents import Texts

LINES = [("line", "<u8"), ("documents", "<u8")]
BANDS_SCHEMA = ("key", "document", "row")


@dataclass(frozen=True)
class DedupPlan:
    """What all units share. `bases`: the number of the first document of each unit, by identity."""

    files: "tuple[CorpusFile, ...]"
    state: str
    fields: tuple[str, ...] = ()
    engine: str = "auto"
    out: str | None = None
    bases: dict[str, int] = field(default_factory=dict)

    def path(self, unit: Unit, ending: str) -> Path:
        return Path(self.state) / f"{unit.identity}.{ending}"


@dataclass
class Read(Reading):
    """What the first reading of a unit says of it."""

    documents: int = 0

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "documents": self.documents}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Read":
        return replace(super().from_json(data), documents=data["documents"])


def leave(path: Path, data: Any) -> None:
    """Write an array or bytes under its final name, whole or not at all. Raises CannotWrite."""
    from haipkit.adapters.write_corpus import Shard

    with Shard(path, "text", "") as shard:
        shard.write(data if isinstance(data, bytes) else memoryview(data).cast("B") if data.size else b"")


def texts_of_part(plan: DedupPlan, part: Part, report: "PartReport") -> "Iterator[Texts]":
    from haipkit.workspace.documents import read_texts

    return read_texts(plan.files[part.file], part, report, plan.fields)


def read_unit(plan: DedupPlan, unit: Unit) -> None:
    """First reading: digests, lengths and places of documents, and in how many documents each line stands."""
    import numpy as np

    from haipkit.adapters.read_corpus import PartReport
    from haipkit.detectors import shingles

    done = Read()
    engine = shingles.engine_in_use(plan.engine)
    found: dict[str, list[Any]] = {"exact": [], "lengths": [], "places": [], "owners": []}
    lines: Any = np.empty(0, dtype=LINES)
    waiting: list[Any] = []
    for part in unit.parts:
        report = PartReport()
        for texts in texts_of_part(plan, part, report):
            found["exact"].append(shingles.digests(texts.data, texts.begins, texts.stops, engine=engine))
            found["lengths"].append(np.asarray(texts.stops - texts.begins, dtype=np.int64))
            found["places"].append(np.asarray(texts.places, dtype=np.int64))
            found["owners"].append(np.full(len(texts.places), part.file, dtype=np.int64))
            done.documents += len(texts.places)
            made = shingles.tokens(texts.data, texts.begins, texts.stops, engine=engine)
            waiting.append(_lines_of(made, shingles.line_hashes(made, engine=engine)))
            if sum(map(len, waiting)) > 1 << 20:
                lines, waiting = added_lines([lines, *waiting]), []
        done.note(plan.files[part.file], part, report)
    for name, pieces in found.items():
        empty = np.empty((0, 16), dtype=np.uint8) if name == "exact" else np.empty(0, dtype=np.int64)
        leave(plan.path(unit, name), np.concatenate([empty, *pieces]))
    leave(plan.path(unit, "lines"), added_lines([lines, *waiting]))
    leave(plan.path(unit, "read.json"), json.dumps(done.to_json()).encode("utf-8", "surrogateescape"))


def _lines_of(made: Any, hashes: Any) -> Any:
    """Lines of a block with the number of documents that they stand in."""
    import numpy as np

    owner = np.searchsorted(made.documents, made.lines, side="left")
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    fresh = np.ones(len(hashes), dtype=bool)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    table = np.empty(int(fresh.sum()), dtype=LINES)
    table["line"], table["documents"] = hashes[fresh], 1
    return added_lines([table])


def added_lines(tables: list[Any]) -> Any:
    """Tables of lines as one, sorted, each line once."""
    import numpy as np

    whole = np.concatenate(tables)
    whole = whole[np.argsort(whole["line"], kind="stable")]
    if not len(whole):
        return whole
    first = np.flatnonzero(np.append(True, whole["line"][1:] != whole["line"][:-1]))
    counted = whole[first]
    counted["documents"] = np.add.reduceat(whole["documents"], first)
    return counted


@lru_cache(maxsize=2)
def _common(state: str) -> Any:
    import numpy as np

    return np.fromfile(Path(state) / "common", dtype=np.uint64)


def _in(values: Any, wanted: Any) -> Any:
    import numpy as np

    if not len(wanted):
        return np.zeros(len(values), dtype=bool)
    return wanted[np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)] == values


def _compared(plan: DedupPlan, unit: Unit, chosen: Any) -> Iterator[tuple[Any, Any]]:
    """(numbers, tokens) of the documents for which `chosen` (one flag a document of the unit) says so.

    Tokens are without common lines; block after block.
    """
    import numpy as np

    from haipkit.adapters.read_corpus import PartReport
    from haipkit.detectors import shingles

    engine = shingles.engine_in_use(plan.engine)
    at = 0
    for part in unit.parts:
        for texts in texts_of_part(plan, part, PartReport()):
            here = np.flatnonzero(chosen[at : at + len(texts.places)])
            numbers = here + at + plan.bases[unit.identity]
            at += len(texts.places)
            if not len(here):
                continue
            begins, stops = np.asarray(texts.begins)[here], np.asarray(texts.stops)[here]
            made = shingles.tokens(texts.data, begins, stops, engine=engine)
            common = _in(shingles.line_hashes(made, engine=engine), _common(plan.state))
            yield numbers, shingles.without_lines(made, common, engine=engine)


def partners(plan: DedupPlan, unit: Unit, mode: str = "r") -> Any:
    """For each document of a unit the number of the document it is a copy of, or -1."""
    import numpy as np

    count = plan.path(unit, "lengths").stat().st_size // 8
    if not count:
        return np.empty(0, dtype=np.int64)
    place = 8 * plan.bases[unit.identity]
    return np.memmap(Path(plan.state) / "partners", np.int64, mode, place, (count,))  # type: ignore[call-overload]


def sign_unit(plan: DedupPlan, unit: Unit) -> None:
    """Second reading: signatures of the documents that are no exact copies, and their band keys.

    The keys are a Parquet file with one row group a band: a band of the data set is that row group of every unit.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from haipkit.detectors import minhash, shingles
    from haipkit.detectors.shingles_numbers import LANES

    engine = shingles.engine_in_use(plan.engine)
    numbers: Any = [np.empty(0, dtype=np.int64)]
    made: Any = [np.empty((0, LANES), dtype=np.uint32)]
    for chosen, tokens in _compared(plan, unit, partners(plan, unit) < 0):
        some = np.diff(tokens.documents, prepend=0) > 0
        numbers.append(chosen[some])
        made.append(minhash.signatures(tokens, engine=engine)[some])
    numbers, made = np.concatenate(numbers), np.concatenate(made)
    leave(plan.path(unit, "signatures"), made)
    rows = np.arange(len(numbers), dtype=np.int32)
    schema = pa.schema(list(zip(BANDS_SCHEMA, (pa.uint64(), pa.int64(), pa.int32()), strict=True)))
    packed = pa.BufferOutputStream()
    with pq.ParquetWriter(packed, schema) as writer:
        for keys in minhash.band_keys(made):
            arrays = [pa.array(column) for column in (keys, numbers, rows)]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=max(len(rows), 1))
    leave(plan.path(unit, "bands.parquet"), packed.getvalue().to_pybytes())


def shingle_unit(plan: DedupPlan, unit: Unit) -> None:
    """Third reading: the shingles of the documents that are to be compared, in the order of their numbers."""
    import numpy as np

    from haipkit.adapters.write_corpus import Shard
    from haipkit.detectors import shingles

    engine = shingles.engine_in_use(plan.engine)
    wanted = np.fromfile(plan.path(unit, "wanted"), dtype=np.int64)
    chosen = np.zeros(plan.path(unit, "lengths").stat().st_size // 8, dtype=bool)
    chosen[wanted - plan.bases[unit.identity]] = True
    ends: Any = [np.zeros(1, dtype=np.int64)]
    with Shard(plan.path(unit, "sets"), "text", "") as shard:
        for _, tokens in _compared(plan, unit, chosen):
            values, stops = shingles.shingles(tokens, engine=engine)
            shard.write(values.tobytes())
            ends.append(stops + ends[-1][-1])
    leave(plan.path(unit, "ends"), np.concatenate(ends))


def copy_unit(plan: DedupPlan, unit: Unit) -> None:
    """Write the unit's files without the documents that are dropped."""
    import numpy as np

    from haipkit.adapters.read_corpus import PartReport, read_part
    from haipkit.adapters.write_corpus import Shard

    gone = np.asarray(partners(plan, unit)) >= 0
    places = np.fromfile(plan.path(unit, "places"), dtype=np.int64)[gone].tolist()
    owners = np.fromfile(plan.path(unit, "owners"), dtype=np.int64)[gone].tolist()
    dropped: dict[int, set[int]] = {}
    for owner, place in zip(owners, places, strict=True):
        dropped.setdefault(owner, set()).add(place)
    for part in unit.parts:
        file, without = plan.files[part.file], dropped.get(part.file, set())
        target = Path(str(plan.out)) / shard_name(file.name, part.shard)
        with Shard(target, file.format, file.packing) as shard:
            filled = False
            for block in _guarded(read_part(file, part.start, part.stop, PartReport())):
                rows = np.isin(block.batch.column("document").to_numpy(), list(without))
                piece = block.written({}, set(block.owners()[rows].tolist()))
                filled = filled or len(piece) > 0
                shard.write(piece)
            if without and (not filled or file.format in ("text", "html")):
                shard.discard()
    leave(plan.path(unit, "copied"), b"")


def _guarded(blocks: Any) -> Iterator[Any]:
    """The blocks up to where a file breaks off; the first reading has named what is wrong with it."""
    try:
        yield from blocks
    except HaipError:
        raise
    except Exception:
        return


STEPS: dict[str, tuple[Callable[[DedupPlan, Unit], None], str]] = {
    "read": (read_unit, "read.json"),
    "sign": (sign_unit, "bands.parquet"),
    "compare": (shingle_unit, "ends"),
    "copy": (copy_unit, "copied"),
}
"""The readings, and the file that a unit leaves last."""
