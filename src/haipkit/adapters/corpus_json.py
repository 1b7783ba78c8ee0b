"""Blocks of JSON lines, read one line at a time: whatever Python's JSON takes, with every string where it stands."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from haipkit.adapters.corpus_blocks import KEY, Block, Edit, Edits, encoded, safe_name, splice
from haipkit.kernel.errors import InternalFault

_LITERAL = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class JsonBlock(Block):
    """Lines of JSON. `lines` holds each document's bytes; `literals` says which string of its line a row is."""

    def __init__(
        self,
        batch: Any,
        starts: Sequence[int],
        names: Sequence[str],
        codes: Sequence[int],
        lines: Sequence[bytes],
        literals: Sequence[int],
    ) -> None:
        super().__init__(batch, starts, names, codes)
        self._lines = lines
        self._literals = literals

    def written(self, edits: Edits, without: Collection[int]) -> bytes:
        if not edits and not without:
            return b"".join(line + b"\n" for line in self._lines)
        by_line: dict[int, dict[int, int]] = {}
        for row in edits:
            by_line.setdefault(self.owner(row), {})[self._literals[row]] = row
        pieces = []
        for number, line in enumerate(self._lines):
            if number in without:
                continue
            wanted = by_line.get(number)
            if wanted:
                changes = {literal: (self.value(row), edits[row]) for literal, row in wanted.items()}
                line = edited_line(line, changes)
            pieces.append(line + b"\n")
        return b"".join(pieces)

    def as_table(self, edits: Edits, without: Collection[int], schema: Any = None) -> Any:
        """The lines as one record batch. Raises ValueError where they do not fit the schema."""
        return parse_lines(self.written(edits, without), schema)


def edited_line(line: bytes, changes: Mapping[int, tuple[bytes, Sequence[Edit]]]) -> bytes:
    """A line of JSON in which some string literals (by number) got new content; each with its present value."""
    done: list[Edit] = []
    for number, found in enumerate(_LITERAL.finditer(line)):
        if number not in changes:
            continue
        old, edits = changes[number]
        if encoded(json.loads(found.group(), strict=False)) != old:
            raise InternalFault("a value was not found again where it was read", where="JSON line")
        new = splice(old, edits).decode("utf-8", "replace")
        done.append((*found.span(), json.dumps(new, ensure_ascii=found.group().isascii()).encode()))
    return splice(line, done)


def parse_lines(data: bytes, schema: Any) -> Any:
    """JSON lines as one record batch of exactly these columns; ValueError (of pyarrow) where they do not fit."""
    import pyarrow as pa
    import pyarrow.json as reader

    if not data:
        return pa.RecordBatch.from_pylist([], schema=schema)
    table = reader.read_json(
        pa.BufferReader(data),
        read_options=reader.ReadOptions(use_threads=False, block_size=min(len(data) + 1, (1 << 31) - 1)),
        parse_options=reader.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    ).combine_chunks()
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=schema)


def json_strings(value: Any, texts: list[str], names: list[str], literals: list[int]) -> None:
    """All strings in a value read with `Pairs`, in the order of the text, with their field and their number."""
    counted = 0

    def walk(value: Any, name: str) -> None:
        nonlocal counted
        kind = value.__class__
        if kind is str:
            texts.append(value)
            names.append(name)
            literals.append(counted)
            counted += 1
        elif kind is Pairs:
            for key, inner in value:
                shown = safe_name(key)
                if shown is KEY:
                    texts.append(key)
                    names.append(KEY)
                    literals.append(counted)
                counted += 1
                if inner.__class__ in (str, Pairs, list):
                    walk(inner, f"{name}.{shown}" if name else shown)
        elif kind is list:
            for inner in value:
                if inner.__class__ in (str, Pairs, list):
                    walk(inner, name + "[]")

    walk(value, "")


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs: a repeated key hides nothing."""


DECODER = json.JSONDecoder(object_pairs_hook=Pairs, strict=False)
