"""Rows of a table of test prompts: CSV, JSON lines, a JSON list, or Parquet. Values are text, numbers or lists."""

import ast
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from haipkit.adapters._limits import check_size, read_json
from haipkit.kernel.errors import BadInput

MOST_BYTES = 256 << 20
_LONGEST_FIELD = 8 << 20


@dataclass(frozen=True)
class Row:
    """One row by the names of its columns. `where` says which one it is."""

    values: Mapping[str, Any]
    where: str

    def renamed(self, columns: Mapping[str, str]) -> "Row":
        """With the columns under the names wanted. A value for `score` is the word itself, not a column."""
        missing = [column for name, column in columns.items() if column not in self.values and name != "score"]
        if missing:
            raise self.fault(f"there is no column {missing[0]!r}", f"There are: {', '.join(self.values)}.")
        return Row({name: self.values.get(column, column) for name, column in columns.items()}, self.where)

    def fault(self, what: str, advice: str = "") -> BadInput:
        return BadInput(what, where=self.where, advice=advice)

    def get(self, name: str) -> str:
        """As text; empty where there is none."""
        value = self.values.get(name)
        return "" if value is None else value.strip() if isinstance(value, str) else str(value)

    def need(self, name: str) -> str:
        if name not in self.values:
            raise self.fault(f"there is no column {name!r}", f"There are: {', '.join(map(str, self.values))}.")
        text = self.get(name)
        if not text:
            raise self.fault(f"{name} is empty")
        return text

    def texts(self, name: str) -> list[str]:
        """A list of texts; also where the file holds it as written by JSON or Python."""
        value = self.values.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, str):
            value = self._literal(name, value)
        if not isinstance(value, list | tuple):
            raise self.fault(f"{name} is not a list")
        return [str(one) for one in value]

    def _literal(self, name: str, text: str) -> Any:
        for read in (json.loads, ast.literal_eval):
            try:
                return read(text)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
        raise self.fault(f"{name} is not a list", 'Write it as ["one", "two"].')

    def whole(self, name: str, below: int) -> int:
        """A whole number from 0, less than `below`."""
        try:
            number = int(self.get(name))
        except ValueError:
            number = -1
        if not 0 <= number < below:
            raise self.fault(f"{name} is {self.get(name)[:40]!r}, not a number from 0 to {below - 1}")
        return number


def rows_of(data: bytes, name: str) -> Iterator[Row]:
    """The rows of a file, told by its name: .csv, .tsv, .jsonl, .json or .parquet. Raises BadInput."""
    check_size(data, name, MOST_BYTES)
    ending = name.lower().rpartition(".")[2]
    if ending in ("csv", "tsv"):
        yield from _csv(_text(data, name), name, "\t" if ending == "tsv" else ",")
    elif ending in ("jsonl", "ndjson"):
        yield from _lines(_text(data, name), name)
    elif ending == "json":
        yield from _json(read_json(data, name, MOST_BYTES), name)
    elif ending == "parquet":
        yield from _parquet(data, name)
    else:
        raise BadInput("what kind of file is this?", where=name, advice="Name it .csv, .jsonl, .json or .parquet.")


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise BadInput("this is not UTF-8 text", where=name) from fault


def _csv(text: str, name: str, mark: str) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        for row in reader:
            where = f"{name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise BadInput("this row has another number of fields than the first", where=where)
            yield Row(row, where)
    except csv.Error as fault:
        raise BadInput(f"this is not CSV: {fault}", where=f"{name}, line {reader.line_num}") from fault


def _lines(text: str, name: str) -> Iterator[Row]:
    # Only line feeds end a line: other separators may stand inside a JSON text.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as fault:
            raise BadInput("this line is not JSON", where=where) from fault
        yield _object(value, where)


def _json(value: Any, name: str) -> Iterator[Row]:
    """A list of objects, or an object that holds one list (as AgentHarm's `behaviors`)."""
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list)]
        if len(lists) != 1:
            raise BadInput("this holds no list of prompts, or several", where=name)
        value = lists[0]
    if not isinstance(value, list):
        raise BadInput("this is not a list of prompts", where=name)
    for number, one in enumerate(value, 1):
        yield _object(one, f"{name}, entry {number}")


def _object(value: Any, where: str) -> Row:
    if not isinstance(value, dict):
        raise BadInput("this is not a JSON object", where=where)
    return Row(value, where)


def _parquet(data: bytes, name: str) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    except (OSError, ValueError, NotImplementedError) as fault:
        raise BadInput("this is not Parquet, or it is damaged", where=name) from fault
    for number, row in enumerate(rows, 1):
        yield Row(row, f"{name}, row {number}")
