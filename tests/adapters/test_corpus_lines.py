"""JSON lines as a table and line by line: two readers, one answer."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from haipkit.adapters import corpus_lines, read_corpus
from haipkit.adapters.corpus_blocks import Block, Edits
from haipkit.adapters.corpus_json import JsonBlock
from haipkit.adapters.corpus_lines import Guess, LinesBlock, head_schema, schema_of
from haipkit.adapters.read_corpus import Part, PartReport
from helpers.corpora import one_file, told

MARK = "jo@b"


def fast_and_slow(data: bytes, offset: int = 0) -> tuple[list[Block], list[Block], str]:
    reports = PartReport(), PartReport()
    part = Part(None, reports[0])  # type: ignore[arg-type]
    block = part.guess.block(data, offset)
    if block is None:
        return [], [], ""
    part = Part(None, reports[1])  # type: ignore[arg-type]
    return [block], list(read_corpus._json_blocks(part, data, offset)), told(reports[1])


def seen(blocks: list[Block]) -> list[tuple[int, str, bytes]]:
    """(document, field, value) of all values that hold something, in an order of their own."""
    return sorted(
        (block.batch.column("document")[row].as_py(), block.name(row), block.value(row))
        for block in blocks
        for row in range(block.batch.num_rows)
        if block.value(row)
    )


def marks(block: Block) -> Edits:
    found = {}
    for row in range(block.batch.num_rows):
        at = block.value(row).find(MARK.encode())
        if at >= 0:
            found[row] = [(at, at + len(MARK), b"<EMAIL>")]
    return found


def same(data: bytes, offset: int = 0) -> bool:
    fast, slow, faults = fast_and_slow(data, offset)
    if not fast:
        return False
    assert not faults
    assert seen(fast) == seen(slow)
    (one,), (other,) = fast, slow
    assert one.documents == other.documents
    assert one.fingerprints().tolist() == other.fingerprints().tolist()
    assert one.written({}, ()) == other.written({}, ())
    assert one.written(marks(one), ()) == other.written(marks(other), ())
    assert one.written(marks(one), {0}) == other.written(marks(other), {0})
    assert isinstance(one, LinesBlock)
    assert isinstance(other, JsonBlock)
    tables = one.as_table(marks(one), ()), other.as_table(marks(other), (), one.schema)
    assert str(tables[0].to_pylist()) == str(tables[1].to_pylist()), "as words: NaN differs from itself"
    return True


SAME = {
    "one field": b'{"a": "x"}\n{"a": "jo@b y"}\n',
    "no line break at the end": b'{"a": "x"}\n{"a": "jo@b"}',
    "a carriage return": b'{"a": "x"}\r\n{"a": "jo@b"}\r\n',
    "empty lines": b'\n{"a": "x"}\n\n\n{"a": "jo@b"}\n\n',
    "dates are text": b'{"a": "2020-01-01", "b": "2020-01-01T00:00:00Z"}\n{"a": "jo@b", "b": ""}\n',
    "escapes": b'{"a": "\\u00e9\\n jo@b \\"q\\"", "b": "jo@b"}\n',
    "letters that are not ASCII": '{"a": "é jo@b 電話", "b": "jo@b"}\n'.encode(),
    "a value twice": b'{"a": "jo@b", "b": "jo@b"}\n',
    "a value like its key": b'{"jo": "jo@b", "c": "jo"}\n',
    "fields in another order": b'{"a": "jo@b", "b": "y"}\n{"b": "jo@b", "a": "y"}\n',
    "fields that are missing or null": b'{"a": "x", "b": null}\n{}\n{"b": "jo@b"}\n',
    "objects in lists": b'{"m": [{"r": "u", "c": "jo@b"}, {"r": "b", "c": "y jo@b"}], "n": 1.5}\n{"m": []}\n',
    "lists in lists": b'{"m": [["a", "jo@b"], [], null, ["c", null]], "t": true}\n',
    "an escaped key": b'{"\\u0061": "jo@b"}\n{"a": "x"}\n',
    "a NUL that is escaped": b'{"a": "x\\u0000 jo@b"}\n',
}
LEFT = {
    "a key twice": b'{"a": "x", "a": "y"}\n',
    "a key that is personal": b'{"jo@b.example": "x"}\n',
    "a control character": b'{"a": "x\x01"}\n',
    "a NUL byte": b'{"a": "x\0"}\n',
    "not UTF-8": b'{"a": "\xff"}\n',
    "a surrogate as UTF-8": b'{"a": "\xed\xa0\x80"}\n',
    "half a surrogate pair": b'{"a": "\\ud800"}\n',
    "no object": b'["a"]\n',
    "two objects in a line": b'{"a": "x"} {"a": "y"}\n',
    "an object over two lines": b'{"a":\n"x"}\n',
    "two objects in a line and one over two": b'{"a": "x"} {"a": "y"}\n{"a":\n"x"}\n',
    "text and numbers in one field": b'{"a": "x"}\n{"a": 1}\n',
    "a number too large": b'{"a": 123456789012345678901234567890}\n',
    "two ways to one name": b'{"a.b": "x", "a": {"b": "y"}}\n',
    "deep": b'{"a": ' + b'{"a": ' * 50 + b'"x"' + b"}" * 51 + b"\n",
    "too deep to be counted": b'{"a": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}\n",
    "a byte order mark": b'\xef\xbb\xbf{"a": "x"}\n',
    "nothing": b"\n\n",
}


@pytest.mark.parametrize("name", SAME)
def test_a_table_of_lines_answers_as_its_lines_do(name: str) -> None:
    assert same(SAME[name])


@pytest.mark.parametrize("name", LEFT)
def test_what_arrow_reads_otherwise_is_left_to_the_exact_reader(name: str) -> None:
    assert Guess().block(LEFT[name], 0) is None
    assert Guess(pa.schema({"a": pa.string()})).block(LEFT[name], 0) is None


TEXT = st.text(max_size=8) | st.sampled_from([MARK, f"x {MARK} y", "2020-01-01", "", '"', "\\", "é", "\ud800", "\0"])
VALUE = st.recursive(
    TEXT | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "c", "a.b", "é"]), VALUE, max_size=3), min_size=1, max_size=5),
    st.booleans(),
    st.binary(max_size=3),
    st.integers(0, 200),
)
@example([{"a": MARK}], False, b"", 0)
@settings(max_examples=150, deadline=None)
def test_any_lines_are_read_alike_or_left(lines: list[Any], ascii_only: bool, noise: bytes, where: int) -> None:
    text = "".join(json.dumps(line, ensure_ascii=ascii_only) + "\n" for line in lines)
    data = text.encode("utf-8", "surrogatepass")
    same(data[:where] + noise + data[where:])
    same(data, where)


def test_a_block_that_does_not_fit_is_guessed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    guess = Guess()
    first, second = b'{"a": "x"}\n', b'{"b": [{"c": "x"}]}\n'
    assert guess.block(first, 0) is not None
    assert guess.block(second, 0) is not None
    mixed = b'{"a": 1}\n' * (corpus_lines.SAMPLE // 8) + b'{"a": "x"}\n'
    assert [guess.block(mixed, 0) for _ in range(5)] == [None] * 5
    assert guess.block(first, 0) is None, "it has given up"


def test_a_schema_needs_few_fields_and_knows_what_fits(tmp_path: Path) -> None:
    def schema(data: bytes) -> Any:
        return schema_of([data])

    assert schema(b'{"a": 1, "b": null}\n{"a": 1.5, "b": [{"c": true}]}\n') == pa.schema(
        {"a": pa.float64(), "b": pa.list_(pa.struct({"c": pa.bool_()}))}
    )
    assert schema(json.dumps({f"k{n}": "" for n in range(300)}).encode()) is None
    assert schema(b"[1]") is None
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"a": "x"}\n')
    assert head_schema(one_file(tmp_path / "a.jsonl")) == pa.schema({"a": pa.string()})
