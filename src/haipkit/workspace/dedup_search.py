"""One search for duplicates under way: what the readings of units leave behind, put together in slices.

Memory is bounded by `room`, not by the data set: counts of lines, digests and band keys are gone through in slices of
their values, and what belongs to single documents lies in files. Only the pairs that look alike are held.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from haipkit.actions.a11_data.dedup import COMMON, MARGIN, DedupTally, check_threshold
from haipkit.actions.a11_data.units import Unit
from haipkit.kernel.errors import CannotWrite
from haipkit.workspace.dedup_units import STEPS, DedupPlan, Read, added_lines, leave
from haipkit.workspace.pool import Progress, finish

ROOM = 512 << 20
"""Bytes of one slice of lines, digests or band keys, about."""

_STRETCH = 1 << 20
"""Documents that are looked at together where all are gone through."""


@dataclass(frozen=True)
class DedupWishes:
    """What a person asked for. `fields`: the fields that are a document's text; empty: see `documents.TEXT_FIELDS`."""

    paths: tuple[str, ...]
    keep: str = "first"
    threshold: str = "0.8"
    fields: tuple[str, ...] = ()
    out: Path | None = None
    table: Path | None = None
    jobs: int = 0
    room: int = ROOM
    engine: str = "auto"


class Search:
    """One search under way: the steps in order, and what they leave in the state folder."""

    def __init__(self, wishes: DedupWishes, plan: DedupPlan, units: Sequence[Unit], progress: Progress | None) -> None:
        self.wishes, self.plan, self.units = wishes, plan, units
        self.state = Path(plan.state)
        self.tally = DedupTally()
        self.slices = 1
        self.resumed = 0
        self._progress = progress
        self._steps = 4 if wishes.out is not None else 3
        self._at = 0
        self._counts: list[int] = []

    def run(self) -> list[Read]:
        self._step("read", self.units)
        read = [Read.from_json(json.loads(self.plan.path(unit, "read.json").read_bytes())) for unit in self.units]
        self._number(read)
        self._common_lines()
        self._exact()
        self._step("sign", self.units)
        pairs, shares = self._verified(self._alike())
        self._decide(pairs, shares)
        self._count()
        if self.wishes.table is not None:
            self._write_table(self.wishes.table)
        if self.wishes.out is not None:
            self._step("copy", self.units)
        return read

    def _step(self, name: str, units: Sequence[Unit]) -> None:
        """Do a reading of these units; what an earlier run finished is not done again."""
        work, last = STEPS[name]
        self.resumed += finish(
            partial(work, self.plan),
            units,
            lambda unit: self.plan.path(unit, last).exists(),
            self.wishes.jobs,
            self._told,
        )
        self._at += 1

    def _told(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(self._at * total + done, self._steps * total)

    def _number(self, read: list[Read]) -> None:
        self._counts = [one.documents for one in read]
        self.tally.documents, self.tally.bytes = sum(self._counts), sum(one.bytes for one in read)
        at = 0
        for unit, count in zip(self.units, self._counts, strict=True):
            self.plan.bases[unit.identity] = at
            at += count

    def _passes(self, size: int) -> int:
        """Into how many slices `size` bytes are cut so that one of them, with room to sort it, fits."""
        number = max(1, -(-3 * size // self.wishes.room))
        self.slices = max(self.slices, number)
        return number

    def _common_lines(self) -> None:
        """Lines that stand in many documents, through the whole data set."""
        import numpy as np

        from haipkit.workspace.dedup_units import LINES

        paths = [self.plan.path(unit, "lines") for unit in self.units]
        found = [np.empty(0, dtype=np.uint64)]
        for low, high in _ranges(self._passes(sum(path.stat().st_size for path in paths))):
            parts = [np.empty(0, dtype=LINES)]
            for path in paths:
                table = np.memmap(path, LINES, "r") if path.stat().st_size else np.empty(0, dtype=LINES)
                first, last = np.searchsorted(table["line"], np.array([low, high], dtype=np.uint64))
                last = len(table) if high == _LAST else last
                parts.append(np.array(table[first:last]))
            counted = added_lines(parts)
            found.append(counted["line"][counted["documents"] >= COMMON])
        common = np.concatenate(found)
        self.tally.common_lines = len(common)
        leave(self.state / "common", common)

    def _exact(self) -> None:
        """For each document the first one with the same digest, in the file `partners`; -1 for the first ones."""
        import numpy as np

        partners = self._fresh("partners", np.int64, -1)
        for low, high in _ranges(self._passes(24 * self.tally.documents)):
            digests, numbers = [np.empty((0, 2), dtype=np.uint64)], [np.empty(0, dtype=np.int64)]
            for unit in self.units:
                here = np.fromfile(self.plan.path(unit, "exact"), dtype=np.uint64).reshape(-1, 2)
                some = np.flatnonzero((here[:, 0] >= low) & ((here[:, 0] < high) | (high == _LAST)) & here.any(axis=1))
                digests.append(here[some])
                numbers.append(some + self.plan.bases[unit.identity])
            both, number = np.concatenate(digests), np.concatenate(numbers)
            order = np.lexsort((number, both[:, 1], both[:, 0]))
            both, number = both[order], number[order]
            fresh = np.ones(len(both), dtype=bool)
            fresh[1:] = (both[1:] != both[:-1]).any(axis=1)
            first = number[fresh][np.cumsum(fresh) - 1]
            partners[number[~fresh]] = first[~fresh]
        self._fresh("shares", np.float64, 0.0)

    def _fresh(self, name: str, kind: Any, value: Any) -> Any:
        """A file with one number for each document, as an array; readings only begin once it is whole."""
        import numpy as np

        count = self.tally.documents
        if not count:
            return np.empty(0, dtype=kind)
        try:
            # Written before it is mapped: a full disk is then an error, and not the end of the process.
            with (self.state / name).open("wb") as file:
                for at in range(0, count, _STRETCH):
                    file.write(np.full(min(_STRETCH, count - at), value, dtype=kind).tobytes())
        except OSError as fault:
            raise CannotWrite(f"cannot be written: {fault.strerror}", where=str(self.state / name)) from fault
        return self._open(name, kind, "r+")

    def _open(self, name: str, kind: Any, mode: Any = "r") -> Any:
        import numpy as np

        return np.memmap(self.state / name, kind, mode) if self.tally.documents else np.empty(0, dtype=kind)

    def _alike(self) -> Any:
        """Pairs of documents that share a band and whose signatures are close; int64 of shape (pairs, 2)."""
        import numpy as np

        from haipkit.detectors import minhash
        from haipkit.detectors.shingles_numbers import BANDS

        least = check_threshold(self.wishes.threshold) - MARGIN
        found = [np.empty((0, 2), dtype=np.int64)]
        for band in range(BANDS):
            for low, high in _ranges(self._passes(20 * self.tally.documents)):
                keys, numbers, rows = self._band(band, low, high)
                pairs = minhash.candidates(keys, np.arange(len(keys)))
                for at in range(0, len(pairs), 1 << 14):
                    some = pairs[at : at + (1 << 14)]
                    left, right = (self._signatures(numbers[some[:, side]], rows[some[:, side]]) for side in (0, 1))
                    some = some[minhash.estimates(left, right) >= least]
                    found.append(numbers[some])
        return np.unique(np.concatenate(found), axis=0)

    def _band(self, band: int, low: int, high: int) -> tuple[Any, Any, Any]:
        """(keys, numbers, rows) of the documents of which the key of this band lies in [low, high)."""
        import numpy as np
        import pyarrow.parquet as pq

        parts: list[list[Any]] = [[np.empty(0, dtype=kind)] for kind in (np.uint64, np.int64, np.int32)]
        for unit in self.units:
            group = pq.ParquetFile(self.plan.path(unit, "bands.parquet")).read_row_group(band)
            columns = [column.to_numpy() for column in group.columns]
            some = (columns[0] >= low) & ((columns[0] < high) | (high == _LAST))
            for part, column in zip(parts, columns, strict=True):
                part.append(column[some])
        keys, numbers, rows = (np.concatenate(part) for part in parts)
        return keys, numbers, rows

    def _signatures(self, numbers: Any, rows: Any) -> Any:
        import numpy as np

        from haipkit.detectors.shingles_numbers import LANES

        made = np.empty((len(numbers), LANES), dtype=np.uint32)
        for unit, some in self._by_unit(numbers):
            kept = np.memmap(self.plan.path(unit, "signatures"), np.uint32, "r").reshape(-1, LANES)
            made[some] = kept[rows[some]]
        return made

    def _by_unit(self, numbers: Any) -> Iterator[tuple[Unit, Any]]:
        """Units with the places of those of `numbers` that lie in them."""
        import numpy as np

        ends = np.cumsum(self._counts)
        owner = np.searchsorted(ends, numbers, side="right")
        for place in np.unique(owner).tolist():
            yield self.units[place], np.flatnonzero(owner == place)

    def _verified(self, pairs: Any) -> tuple[Any, Any]:
        """The pairs that are alike when their shingles are compared, and how much."""
        import numpy as np

        from haipkit.detectors import minhash, shingles

        self.tally.compared = len(pairs)
        wanted = np.unique(pairs)
        chosen = []
        for unit, some in self._by_unit(wanted):
            leave(self.plan.path(unit, "wanted"), wanted[some])
            chosen.append(unit)
        self._step("compare", chosen)
        engine = shingles.engine_in_use(self.wishes.engine)
        shares = [np.empty(0)]
        sizes = self._set_sizes(wanted)
        for first, last in _portions(sizes[np.searchsorted(wanted, pairs)].sum(axis=1), self.wishes.room // 64):
            here = np.unique(pairs[first:last])
            values, ends = self._sets(here, wanted)
            left, right = np.searchsorted(here, pairs[first:last]).T.copy()
            shares.append(minhash.similarities(values, ends, left, right, engine=engine))
        all_shares = np.concatenate(shares)
        alike = all_shares >= check_threshold(self.wishes.threshold)
        return pairs[alike], all_shares[alike]

    def _set_sizes(self, wanted: Any) -> Any:
        import numpy as np

        sizes = np.zeros(len(wanted), dtype=np.int64)
        for unit, some in self._by_unit(wanted):
            sizes[some] = np.diff(np.fromfile(self.plan.path(unit, "ends"), dtype=np.int64))
        return sizes

    def _sets(self, here: Any, wanted: Any) -> tuple[Any, Any]:
        """Shingles of these documents, and where each document's end."""
        import numpy as np

        parts: list[Any] = [np.empty(0, dtype=np.uint64)] * len(here)
        for unit, some in self._by_unit(here):
            kept = np.fromfile(self.plan.path(unit, "wanted"), dtype=np.int64)
            ends = np.fromfile(self.plan.path(unit, "ends"), dtype=np.int64)
            with self.plan.path(unit, "sets").open("rb") as file:
                for place, at in zip(some.tolist(), np.searchsorted(kept, here[some]).tolist(), strict=True):
                    file.seek(8 * int(ends[at]))
                    parts[place] = np.fromfile(file, dtype=np.uint64, count=int(ends[at + 1] - ends[at]))
        return np.concatenate(parts), np.cumsum([len(part) for part in parts])

    def _decide(self, pairs: Any, shares: Any) -> None:
        """Enter near duplicates beside the exact ones. A copy of what goes has the partner of what goes."""
        import numpy as np

        from haipkit.detectors import minhash

        members = np.unique(pairs)
        rank = members
        if self.wishes.keep == "longest":
            lengths = np.zeros(len(members), dtype=np.int64)
            for unit, some in self._by_unit(members):
                kept = np.memmap(self.plan.path(unit, "lengths"), np.int64, "r")
                lengths[some] = kept[members[some] - self.plan.bases[unit.identity]]
            rank = np.argsort(np.lexsort((members, -lengths)))
        partners, found = self._open("partners", np.int64, "r+"), self._open("shares", np.float64, "r+")
        dropped = minhash.keepers(pairs, shares, rank)
        for number, stays, share in dropped:
            partners[number], found[number] = stays, share
        gone = np.array([number for number, *_ in dropped], dtype=np.int64)
        for at in range(0, len(partners), _STRETCH) if len(gone) else ():
            here = np.array(partners[at : at + _STRETCH])
            moved = np.flatnonzero((here >= 0) & np.isin(here, gone))
            found[at + moved] = found[here[moved]]
            partners[at + moved] = partners[here[moved]]

    def _count(self) -> None:
        import numpy as np

        partners, shares = self._open("partners", np.int64), self._open("shares", np.float64)
        kept = self._fresh("kept", np.uint8, 0)
        for at in range(0, len(partners), _STRETCH):
            here = np.array(partners[at : at + _STRETCH])
            near = np.array(shares[at : at + _STRETCH]) > 0
            self.tally.exact += int(((here >= 0) & ~near).sum())
            self.tally.near += int(((here >= 0) & near).sum())
            kept[here[here >= 0]] = 1
        self.tally.clusters = int(kept.sum(dtype=np.int64))
        for unit in self.units:
            exact = np.fromfile(self.plan.path(unit, "exact"), dtype=np.uint64).reshape(-1, 2)
            self.tally.empty += int((~exact.any(axis=1)).sum())

    def _write_table(self, target: Path) -> None:
        """One row for each document that is dropped or that stays in place of others."""
        import numpy as np
        import pyarrow as pa

        from haipkit.adapters.write_corpus import Shard

        text, number = pa.string(), pa.int64()
        types = (text, number, text, text, text, number, pa.float64())
        names = ("file", "document", "decision", "kind", "partner_file", "partner_document", "similarity")
        schema = pa.schema(list(zip(names, types, strict=True)))
        partners, shares = self._open("partners", np.int64), self._open("shares", np.float64)
        kept = self._open("kept", np.uint8)
        with Shard(target, "parquet", "") as shard:
            shard.write(pa.RecordBatch.from_pylist([], schema=schema))
            for at in range(0, len(partners), 1 << 16):
                stretch = slice(at, at + (1 << 16))
                some = at + np.flatnonzero((partners[stretch] >= 0) | (kept[stretch] > 0))
                other = np.array(partners[some])
                near, gone = np.array(shares[some]), other >= 0
                whose = self._place(some)
                partner = self._place(np.where(gone, other, some))
                columns = [
                    *whose,
                    np.where(gone, "dropped", "kept").tolist(),
                    [None if not g else "near" if s > 0 else "exact" for g, s in zip(gone, near, strict=True)],
                    *([one if g else None for one, g in zip(column, gone, strict=True)] for column in partner),
                    [None if not g else float(s) if s > 0 else 1.0 for g, s in zip(gone, near, strict=True)],
                ]
                arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
                shard.write(pa.record_batch(arrays, schema=schema))

    def _place(self, numbers: Any) -> tuple[list[str], list[int]]:
        """Names of files and places in them."""
        import numpy as np

        files, places = np.zeros(len(numbers), dtype=np.int64), np.zeros(len(numbers), dtype=np.int64)
        for unit, some in self._by_unit(numbers):
            inside = numbers[some] - self.plan.bases[unit.identity]
            files[some] = np.memmap(self.plan.path(unit, "owners"), np.int64, "r")[inside]
            places[some] = np.memmap(self.plan.path(unit, "places"), np.int64, "r")[inside]
        return [self.plan.files[file].name for file in files.tolist()], places.tolist()


_LAST = (1 << 64) - 1


def _ranges(number: int) -> Iterator[tuple[int, int]]:
    """[low, high) of `number` slices of 64-bit values; the last one holds the highest value too."""
    return pairwise([*((place << 64) // number for place in range(number)), _LAST])


def _portions(sizes: Any, room: int) -> Iterator[tuple[int, int]]:
    """Stretches [first, last) whose sizes add up to about `room`, at least one long."""
    import numpy as np

    reach = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        before = int(reach[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(reach, before + room, side="right")))
        yield first, last
        first = last
