"""Reads some columns of tables (CSV, Parquet, JSON lines) as text, numbers included, in bounded memory."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from haipkit.kernel.errors import BadInput, UsageError

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>"})
"""Cells that hold no value, in any case."""
MOST_VALUES = 200
"""More different values than this are no groups."""
_BLOCK = 4 << 20
Row = tuple[str | None, ...]


def count_rows(file: "CorpusFile", columns: Sequence[str]) -> Iterator[Counter[Row]]:
    """How often each combination of values stands in the columns, batch by batch; None where a cell holds no value.

    Raises BadInput when the file cannot be read as a table or a column is not there.
    """
    import pyarrow as pa

    try:
        batches = _OPENED[file.format](file, columns)
    except KeyError:
        raise BadInput("this is no table", where=file.name, advice="Name CSV, Parquet or JSON lines.") from None
    try:
        for batch in batches:
            yield _counted(batch, columns)
    except (pa.ArrowException, OSError, ValueError) as fault:
        said = str(fault).split("\n")[0][:200]
        raise BadInput(f"it cannot be read as a table: {said}", where=file.name) from fault


def _counted(batch: Any, columns: Sequence[str]) -> Counter[Row]:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = []
    for name in columns:
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_floating(column.type):
            whole = pc.all(pc.equal(column, pc.round(column)), skip_nulls=True).as_py()
            column = column.cast(pa.int64(), safe=False) if whole and not pc.any(pc.is_nan(column)).as_py() else column
        texts.append(column.cast(pa.string()))
    names = [str(place) for place in range(len(columns))]
    table = pa.Table.from_arrays(texts, names).group_by(names).aggregate([([], "count_all")])
    keys = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    found: Counter[Row] = Counter()
    for key, many in zip(keys, table.column("count_all").to_pylist(), strict=True):
        found[tuple(_value(cell) for cell in key)] += many
    return found


def _value(cell: str | None) -> str | None:
    text = (cell or "").strip()
    return None if text.lower() in MISSING else text[:200]


def _check(known: Sequence[str], columns: Sequence[str], file: "CorpusFile") -> None:
    missing = [name for name in columns if name not in known]
    if missing:
        listed = ", ".join(known[:30]) + (", …" if len(known) > 30 else "")
        raise UsageError(f"there is no column {missing[0]!r}", where=file.name, advice=f"There are: {listed}.")
    for name in columns:
        if list(known).count(name) > 1:
            raise BadInput(f"several columns are called {name!r}", where=file.name)


def _csv(file: "CorpusFile", columns: Sequence[str]) -> Iterator[Any]:
    import csv
    import io

    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    from haipkit.adapters.corpus_files import open_file
    from haipkit.adapters.unpack import Unpacked

    with open_file(file.path) as stream:
        head = Unpacked(stream, file.packing).read(1 << 20).removeprefix(b"\xef\xbb\xbf")
    first = head[: head.find(b"\n") + 1 or len(head)]
    if not first.strip():
        raise BadInput("it is empty", where=file.name)
    delimiter = max(",\t;|", key=lambda mark: first.count(mark.encode()))
    names = next(csv.reader(io.StringIO(head.decode("utf-8", "replace")), delimiter=delimiter))
    _check(names, columns, file)
    with open_file(file.path) as stream:
        yield from arrow_csv.open_csv(
            pa.PythonFile(_Stream(Unpacked(stream, file.packing)), mode="r"),
            arrow_csv.ReadOptions(block_size=_BLOCK),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=list(columns),
                strings_can_be_null=True,
            ),
        )


class _Stream:
    """What unpacks, as a file that Arrow can read."""

    closed = False

    def __init__(self, source: Any) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(size if size > 0 else 1 << 20)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def _parquet(file: "CorpusFile", columns: Sequence[str]) -> Iterator[Any]:
    import pyarrow.parquet as pq

    from haipkit.adapters.corpus_files import open_file

    with open_file(file.path) as stream, pq.ParquetFile(stream) as table:
        _check(table.schema_arrow.names, columns, file)
        yield from table.iter_batches(columns=list(columns))


def _json_lines(file: "CorpusFile", columns: Sequence[str]) -> Iterator[Any]:
    import pyarrow as pa

    from haipkit.adapters.corpus_files import open_file
    from haipkit.adapters.unpack import Unpacked

    seen: dict[str, None] = {}
    with open_file(file.path) as stream:
        unpacked = Unpacked(stream, file.packing)
        waiting = b""
        while True:
            data = unpacked.read(_BLOCK)
            *lines, waiting = (waiting + data).split(b"\n")
            lines += [waiting] if not data else []
            values = [json.loads(line) for line in lines if line.strip()]
            for value in values:
                seen.update(dict.fromkeys(value))
            if values:
                yield pa.record_batch({n: pa.array([_text(v.get(n)) for v in values], pa.string()) for n in columns})
            if not data:
                break
    _check(list(seen), columns, file)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


_OPENED: dict[str, Any] = {"csv": _csv, "parquet": _parquet, "jsonl": _json_lines}
