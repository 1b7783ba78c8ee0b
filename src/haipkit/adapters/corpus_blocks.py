"""Blocks of a corpus: some megabytes of text values as one Arrow record batch, and the way back into the file's format.

A block's batch has the columns `document` (int64: the place where the document begins) and `text` (large_utf8), one row
a value. An *edit* is (start, end, replacement): bytes of a row's value, in order and apart from one another.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from haipkit.kernel.errors import InternalFault

Edit = tuple[int, int, bytes]
Edits = Mapping[int, Sequence[Edit]]
_PLAIN_NAME = re.compile(r"[^\W\d][\w .:/-]{0,39}")
_DIGITS = re.compile(r"\d{5}")
KEY = "(key)"


@lru_cache(maxsize=4096)
def safe_name(name: str) -> str:
    """A field's name as it may be shown: names can be personal data themselves, such as an address used as a key."""
    return name if _PLAIN_NAME.fullmatch(name) and not _DIGITS.search(name) else KEY


def splice(value: bytes, edits: Sequence[Edit]) -> bytes:
    """`value` with every edit done."""
    pieces, done = [], 0
    for start, end, replacement in edits:
        pieces += [value[done:start], replacement]
        done = end
    return b"".join((*pieces, value[done:]))


class EditColumns(Mapping[int, Sequence[Edit]]):
    """Edits of a block in columns: int64 arrays of rows, starts and ends, in order, and what takes each one's place."""

    def __init__(self, rows: Any, starts: Any, ends: Any, marks: Sequence[bytes]) -> None:
        self.rows, self.starts, self.ends, self.marks = rows, starts, ends, marks
        self._by_row: dict[int, list[Edit]] | None = None

    @classmethod
    def of(cls, edits: Edits) -> "EditColumns":
        import numpy as np

        if isinstance(edits, cls):
            return edits
        flat = [(row, *edit) for row in sorted(edits) for edit in edits[row]]
        numbers = np.array([one[:3] for one in flat], dtype=np.int64).reshape(-1, 3)
        return cls(numbers[:, 0], numbers[:, 1], numbers[:, 2], [one[3] for one in flat])

    def _grouped(self) -> dict[int, list[Edit]]:
        if self._by_row is None:
            self._by_row = {}
            places = zip(self.rows.tolist(), self.starts.tolist(), self.ends.tolist(), self.marks, strict=True)
            for row, start, end, mark in places:
                self._by_row.setdefault(row, []).append((start, end, mark))
        return self._by_row

    def __getitem__(self, row: int) -> list[Edit]:
        return self._grouped()[row]

    def __iter__(self) -> Iterator[int]:
        return iter(self._grouped())

    def __len__(self) -> int:
        return len(self._grouped())

    def __bool__(self) -> bool:
        return len(self.rows) > 0


def splice_column(column: Any, edits: Edits) -> tuple[Any, Any]:
    """A large_utf8 array without nulls, with every edit done, and where each replacement now begins in its bytes.

    One copy of the bytes, however many edits there are; the places are int64, in the order of rows and edits.
    """
    import numpy as np
    import pyarrow as pa

    offsets, text = text_buffers(column)
    columns = EditColumns.of(edits)
    begins, ends = offsets[columns.rows] + columns.starts, offsets[columns.rows] + columns.ends
    grown = np.array([len(mark) for mark in columns.marks], dtype=np.int64) - (ends - begins)
    pieces: list[Any] = [b""] * (2 * len(begins) + 1)
    edges = zip([int(offsets[0]), *ends.tolist()], [*begins.tolist(), int(offsets[-1])], strict=True)
    pieces[0::2] = [text[done:begin] for done, begin in edges]
    pieces[1::2] = columns.marks
    growth = np.zeros(len(offsets), dtype=np.int64)
    np.add.at(growth, columns.rows + 1, grown)
    buffers = [None, pa.py_buffer(offsets - offsets[0] + np.cumsum(growth)), pa.py_buffer(b"".join(pieces))]
    places = begins - offsets[0] + np.cumsum(grown) - grown
    return pa.Array.from_buffers(pa.large_string(), len(column), buffers), places


def batch_of(texts: Sequence[str], places: Sequence[int]) -> Any:
    """Values and the places of their documents as a record batch. Lone surrogates become `?`: UTF-8 cannot say them."""
    import pyarrow as pa

    try:
        column = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        column = pa.array([encoded(text).decode() for text in texts], pa.large_string())
    return pa.record_batch({"document": pa.array(places, pa.int64()), "text": column})


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


class Block:
    """Row-major: the rows of one document follow one another. `starts` holds the first row of each document.

    `goes_on`: the first document began in an earlier block. `ends_open`: the last one goes on in the next.
    """

    goes_on = False
    ends_open = False

    def __init__(self, batch: Any, starts: Sequence[int], names: Sequence[str], codes: Sequence[int] | None) -> None:
        self.batch = batch
        self.starts = starts
        self._names = names
        self._codes = codes
        self._text = text_buffers(batch.column("text"))
        self._last: tuple[Edits, tuple[Any, Any]] | None = None

    @property
    def documents(self) -> int:
        """How many documents begin in this block."""
        return len(self.starts) - self.goes_on

    def name(self, row: int) -> str:
        """The field that the row's value stands in."""
        return self._names[0 if self._codes is None else self._codes[row]]

    def owner(self, row: int) -> int:
        """The number of the row's document in this block."""
        return bisect_right(self.starts, row) - 1

    def span(self, row: int, start: int, end: int) -> tuple[int, int]:
        """Where bytes of a value stand, for a person who wants to find them."""
        return start, end

    def value(self, row: int) -> bytes:
        offsets, text = self._text
        return bytes(text[offsets[row] : offsets[row + 1]])

    def owners(self) -> Any:
        """The number of every row's document in this block, as an int64 array."""
        import numpy as np

        starts = np.asarray(self.starts, dtype=np.int64)
        return np.searchsorted(starts, np.arange(self.batch.num_rows), side="right") - 1

    def in_order(self) -> Any:
        """Rows by document, then by the name of their field, then as they stand: the same however they were read."""
        import numpy as np

        owners = self.owners()
        if self._codes is None or len(self._names) < 2:
            return np.argsort(owners, kind="stable")
        _, same = np.unique(np.array(self._names), return_inverse=True)
        return np.lexsort((same[np.asarray(self._codes)], owners))

    def fingerprints(self) -> Any:
        """A number (uint64) for each whole document that is not empty: equal for equal contents."""
        import numpy as np

        from haipkit.adapters.corpus_prints import fingerprints

        owners = self.owners()
        order = self.in_order() if (owners[1:] <= owners[:-1]).any() else np.arange(len(owners))
        owners = owners[order]
        if (self.goes_on or self.ends_open) and len(owners):
            whole = np.ones(len(owners), dtype=bool)
            if self.goes_on:
                whole &= owners != owners[0]
            if self.ends_open:
                whole &= owners != owners[-1]
            order, owners = order[whole], owners[whole]
        return fingerprints(*self._text, order, owners)

    def spliced(self, edits: Edits) -> tuple[Any, Any]:
        """The column of text with edits done, and where each mark begins in it (see `splice_column`)."""
        if self._last is None or self._last[0] is not edits:
            self._last = edits, splice_column(self.batch.column("text"), edits)
        return self._last[1]

    def written(self, edits: Edits, without: Collection[int]) -> Any:
        """The block in its file's own format, with edits done and without some documents (by number)."""
        raise InternalFault("this block cannot be written")

    def as_table(self, edits: Edits, without: Collection[int], schema: Any = None) -> Any:
        """The same as a record batch, None when there is nothing to keep. ValueError where it does not fit `schema`."""
        raise InternalFault("this block is no table")


def text_buffers(column: Any) -> tuple[Any, memoryview]:
    """Offsets (int64, one more than rows) and bytes of a large_utf8 array, sliced or not."""
    import numpy as np

    _, offsets, data = column.buffers()
    view = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    return view, memoryview(data if data is not None else b"")


class TextBlock(Block):
    """A piece of plain text: one row."""

    def written(self, edits: Edits, without: Collection[int]) -> bytes:
        return b"" if without else splice(self.value(0), edits.get(0, ()))


class RawBlock(TextBlock):
    """Text that could not be read in its format: looked at, but left out of every copy."""

    def written(self, edits: Edits, without: Collection[int]) -> bytes:
        return b""

    def as_table(self, edits: Edits, without: Collection[int], schema: Any = None) -> None:
        return None


class CsvBlock(Block):
    """Rows of a CSV file. `head`: the first row names the columns and is never left out."""

    def __init__(
        self,
        batch: Any,
        starts: Sequence[int],
        names: Sequence[str],
        codes: Sequence[int],
        cells: Sequence[int],
        rows: Sequence[list[str]],
        *,
        delimiter: str,
        ending: str,
        head: bool,
    ) -> None:
        super().__init__(batch, starts, names, codes)
        self._cells = cells
        self._rows = rows
        self._form = {"delimiter": delimiter, "lineterminator": ending}
        self._head = head

    @property
    def documents(self) -> int:
        return len(self.starts) - self._head

    def written(self, edits: Edits, without: Collection[int]) -> bytes:
        import csv
        import io

        changed: dict[int, list[str]] = {}
        for row, change in edits.items():
            number = self.owner(row)
            cells = changed.setdefault(number, list(self._rows[number]))
            cells[self._cells[row]] = splice(self.value(row), change).decode("utf-8", "replace")
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self._form["delimiter"], lineterminator=self._form["lineterminator"])
        for number, cells in enumerate(self._rows):
            if number not in without or (self._head and not number):
                writer.writerow(changed.get(number, cells))
        return encoded(out.getvalue())
