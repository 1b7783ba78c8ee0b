"""Reading a corpus: every value is seen once, whatever the format, and what is wrong is named with its place."""

import bz2
import gzip
import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.adapters import read_corpus
from haipkit.adapters.corpus_blocks import splice
from haipkit.adapters.corpus_files import gather, survey
from haipkit.adapters.corpus_parquet import row_group_sizes
from haipkit.adapters.read_corpus import PartReport, read_part
from haipkit.kernel.errors import NotFound
from helpers.corpora import blocks_of, copy_of, one_file, told, values_of

CHAT: dict[str, Any] = {
    "messages": [{"role": "user", "content": 'Où ?\n"Ici" 電話'}, {"role": "bot", "content": ""}],
    "n": 1.10,
    "a@b.example": "key",
}


def test_nested_json_lines_give_every_string_with_its_field(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(CHAT) + "\n\n" + json.dumps({"text": "two"}))
    blocks, report = blocks_of(tmp_path / "a.jsonl")
    assert values_of(blocks) == [
        ("messages[].role", "user"),
        ("messages[].content", 'Où ?\n"Ici" 電話'),
        ("messages[].role", "bot"),
        ("messages[].content", ""),
        ("(key)", "a@b.example"),
        ("(key)", "key"),
        ("text", "two"),
    ]
    assert sum(block.documents for block in blocks) == 2
    assert report.faults == []


def test_an_edited_json_line_changes_nothing_else(tmp_path: Path) -> None:
    line = '{"id": 1.10,  "a":"x \\u00e9 jo@b.example" , "a": "x", "b":["\\"", "jo@b.example"]}'
    (tmp_path / "a.jsonl").write_text(line + "\n")
    (block,), _ = blocks_of(tmp_path / "a.jsonl")
    rows = [row for row in range(4) if b"@" in block.value(row)]
    edits = {row: [(block.value(row).index(b"jo@"), len(block.value(row)), b"<E_MAIL>")] for row in rows}
    assert block.written(edits, ()).decode() == line.replace("jo@b.example", "<E_MAIL>") + "\n"


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.lists(st.text(max_size=5)) | st.integers()),
        max_size=6,
    ),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_parts_of_a_file_share_its_lines_without_rest(tmp_path_factory: Any, lines: list[Any], unit: int) -> None:
    path = tmp_path_factory.mktemp("parts") / "a.jsonl"
    path.write_bytes(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines))
    whole, _ = blocks_of(path)
    edges = [*range(0, max(path.stat().st_size, 1), unit), None]
    parts = [block for start, stop in itertools.pairwise(edges) for block in blocks_of(path, start or 0, stop)[0]]
    # A field that is missing stands as an empty value where lines form a table.
    assert [one for one in values_of(parts) if one[1]] == [one for one in values_of(whole) if one[1]]
    assert copy_of(parts) == path.read_bytes()


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("zst", zstandard.compress), ("bz2", bz2.compress)]
)
def test_packed_files_are_read_and_cut_ones_are_named(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    data = b"".join(b'{"text": "line %d %s"}\n' % (n, os.urandom(20).hex().encode()) for n in range(20_000))
    path = tmp_path / f"a.jsonl.{ending}"
    path.write_bytes(pack(data))
    blocks, report = blocks_of(path)
    assert sum(block.documents for block in blocks) == 20_000
    assert report.faults == []
    path.write_bytes(pack(data)[:-40])
    blocks, report = blocks_of(path)
    assert "the packed file is cut off at byte" in told(report)
    assert report.faults[-1].lost


def test_a_bomb_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haipkit.adapters.unpack._BOMB_FLOOR", 1 << 20)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b" " * (64 << 20)))
    _, report = blocks_of(tmp_path / "a.txt.gz")
    assert "unfolds to more than 250 times its size" in told(report)
    assert report.content < 32 << 20


BAD: dict[str, tuple[str, bytes, str, bool]] = {
    "not UTF-8": ("a.txt", b"caf\xe9 jo@b.example", "not UTF-8 at byte 3", False),
    "NUL bytes": (
        "a.txt",
        b"a long enough text\0 with\0 them" + b"x" * 50,
        "a NUL byte in text (2 times, the first at byte 18",
        False,
    ),
    "not JSON": (
        "a.jsonl",
        b'{"a": "1"}\n{"a": \n',
        "a line that is not JSON, looked at as plain text at byte 11",
        False,
    ),
    "JSON too deep": ("a.jsonl", b"[" * 100_000 + b"\n", "a line that is not JSON", False),
    "a number without end": ("a.jsonl", b'{"a": ' + b"9" * 5000 + b"}\n", "a line that is not JSON", False),
    "JSON lines not UTF-8": ("a.jsonl", b'{"a": "b"}\n{"a": "\xff"}\n', "not UTF-8 at byte 18", False),
    "not Parquet": ("a.parquet", b"PAR1 and then nothing", "not Parquet, cut off or damaged", True),
    "an empty Parquet": ("a.parquet", b"", "not Parquet, cut off or damaged", True),
    "not gzip": ("a.jsonl.gz", b"plain", "damaged", True),
    "an empty gzip": ("a.jsonl.gz", b"", "cut off", True),
    "a quote never closed": ("a.csv", b'a,b\n1,"2\n' + b"x\n" * 3000, "not CSV", True),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_with_its_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_corpus, "MAX_LINE", 2000 if "quote" in name else 1 << 20)
    file, data, words, lost = BAD[name]
    (tmp_path / file).write_bytes(data)
    _, report = blocks_of(tmp_path / file)
    gathered = gather(report.faults)
    assert any(words in str(fault) and str(fault).startswith(file) for fault in gathered), gathered
    assert any(fault.lost for fault in gathered) is lost


def test_a_cut_parquet_gives_what_it_can(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"t": [f"value {n}" for n in range(50_000)]}), path, row_group_size=10_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = os.urandom(4000)
    path.write_bytes(data)
    _, report = blocks_of(path)
    assert "at row" in told(report)


def test_parquet_reads_nested_columns_and_writes_them_back(tmp_path: Path) -> None:
    rows = [
        {"s": "one", "l": [{"c": "x", "n": 1}, {"c": None, "n": 2}], "d": "k", "f": ["p", "q"]},
        {"s": None, "l": None, "d": "k", "f": None},
        {"s": "three", "l": [], "d": None, "f": ["r", None]},
    ]
    schema = pa.schema(
        {
            "s": pa.string(),
            "l": pa.list_(pa.struct({"c": pa.string(), "n": pa.int64()})),
            "d": pa.dictionary(pa.int32(), pa.string()),
            "f": pa.list_(pa.string(), 2),
        }
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, tmp_path / "a.parquet")
    (block,), report = blocks_of(tmp_path / "a.parquet")
    assert not report.faults
    assert ("l[].c", "x") in values_of([block])
    target = [row for row in range(block.batch.num_rows) if block.value(row) == b"x"]
    new = block.written({target[0]: [(0, 1, b"<NEW>")]}, ())
    expected = json.loads(json.dumps(table.to_pylist()).replace('"x"', '"<NEW>"'))
    assert new.to_pylist() == expected
    assert new.schema.equals(schema)
    assert block.written({}, {1}).num_rows == 2
    assert row_group_sizes(one_file(tmp_path / "a.parquet"))


def test_csv_with_other_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    data = 'Name;Notiz\r\n"Müller; GmbH";"zwei\r\nZeilen"\r\nx;y;z\r\n'
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + data.encode())
    (block,), _ = blocks_of(tmp_path / "a.csv")
    assert ("Notiz", "zwei\r\nZeilen") in values_of([block])
    assert ("(beyond the named columns)", "z") in values_of([block])
    assert block.written({}, ()).decode() == data
    assert block.written({}, {0, 1}).decode() == "Name;Notiz\r\nx;y;z\r\n"


def test_html_keeps_text_apart_from_markup_and_finds_both_again(tmp_path: Path) -> None:
    data = "<p>jo&#64;b.example &amp; <b>0</b>6</p><!-- c@d --><a href='mailto:e@f'>g</a> 1 < 2 <script>h@i</script>"
    (tmp_path / "a.html").write_text(data)
    (block,), _ = blocks_of(tmp_path / "a.html")
    text, markup = block.value(0).decode(), block.value(1).decode()
    assert "jo@b.example & 06" in text
    assert "1 < 2" in text
    assert all(word in markup and word not in text for word in ("c@d", "e@f", "h@i"))
    start = text.index("jo@b.example")
    assert data[slice(*block.span(0, start, start + 12))] == "jo&#64;b.example"
    at = markup.index("e@f")
    edited = block.written({0: [(start, start + 12, b"<E>")], 1: [(at, at + 3, b"<E>")]}, ()).decode()
    assert edited == data.replace("jo&#64;b.example", "<E>").replace("e@f", "<E>")


@given(st.binary(max_size=300) | st.text(alphabet="<>!-/ascript&#64;'\" ", max_size=300).map(str.encode))
@settings(max_examples=150, deadline=None)
def test_any_html_is_read_and_written_back_unchanged(tmp_path_factory: Any, data: bytes) -> None:
    path = tmp_path_factory.mktemp("html") / "a.html"
    path.write_bytes(data)
    blocks, _ = blocks_of(path)
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert copy_of(blocks) == data.decode("utf-8", "replace").encode()


def test_hostile_html_is_linear(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<!--<script<a" * 200_000)
    blocks, _ = blocks_of(tmp_path / "a.html")
    assert copy_of(blocks) == b"<!--<script<a" * 200_000


@pytest.mark.parametrize("filling", [b"a.a.", b"jo@b.example,", "電話".encode(), b"\xf0\x9f\x99\x82"])
def test_a_line_without_end_is_read_in_pieces(filling: bytes, tmp_path: Path) -> None:
    data = filling * ((40 << 20) // len(filling))
    for name in ("a.txt", "a.jsonl", "a.json"):
        (tmp_path / name).write_bytes(data)
        blocks, report = blocks_of(tmp_path / name)
        assert b"".join(block.value(0) for block in blocks) == data
        assert max(block.batch.nbytes for block in blocks) < 40 << 20
        cut_apart = sum(bool(block.value(0).replace(filling, b"")) for block in blocks)
        assert not cut_apart or "cut within a run" in told(report) or name != "a.txt" or not filling.isascii()
        assert sum(block.documents for block in blocks) == 1 or name != "a.txt"


def test_a_file_of_lines_that_are_not_json_costs_little(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"ab cd\n" * 300_000)
    blocks, report = blocks_of(tmp_path / "a.jsonl")
    assert len(blocks) < 5
    assert [fault.count for fault in report.faults] == [300_000]


def test_utf_16_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Grüße, 電話".encode("utf-16"))
    blocks, report = blocks_of(tmp_path / "a.txt")
    assert values_of(blocks) == [("text", "Grüße, 電話")]
    assert report.faults == []


def test_equal_documents_have_equal_fingerprints_in_every_row_format(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"t": "same"}\n{"t": "other"}\n{"t":  "same "}\n{"t": ""}\n')
    pq.write_table(pa.table({"t": ["same", "other", "same", ""]}), tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        (block,), _ = blocks_of(tmp_path / name)
        prints = block.fingerprints().tolist()
        assert len(prints) == 3
        assert len(set(prints)) == 2


def test_folders_globs_links_and_what_is_no_text(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "sub/.git").mkdir(parents=True)
    (corpus / "sub/.git/config").write_text("no")
    (corpus / "sub/a.txt").write_text("a")
    (corpus / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (corpus / "loop").symlink_to(corpus)
    (corpus / "self").symlink_to("self")
    (corpus / "nowhere").symlink_to("gone")
    os.mkfifo(corpus / "pipe")
    found = survey([str(corpus)])
    assert [file.name for file in found.files] == ["sub/a.txt"]
    assert found.skipped == {".png": 1}
    words = "\n".join(map(str, found.faults))
    assert "loop: a link that leads back to a folder above it" in words
    assert "nowhere: a link that leads nowhere" in words
    assert "pipe: not a regular file" in words
    assert "self: " in words
    assert [file.name.endswith("sub/a.txt") for file in survey([str(corpus / "**/*.txt")]).files] == [True]
    with pytest.raises(NotFound):
        survey([str(corpus / "missing")])


def test_a_file_that_vanishes_or_is_forbidden_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("a")
    file = one_file(tmp_path / "a.txt")
    (tmp_path / "a.txt").unlink()
    report = PartReport()
    assert list(read_part(file, 0, None, report)) == []
    assert told(report) == "a.txt: it is gone"
    monkeypatch.setattr(read_corpus, "open_file", lambda path: (_ for _ in ()).throw(PermissionError(13, "no")))
    report = PartReport()
    assert list(read_part(file, 0, None, report)) == []
    assert told(report) == "a.txt: no permission to read it"


def test_a_named_url_is_read_through_fsspec(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"t": "far"}\n')
    (file,) = survey([f"file://{tmp_path}"]).files
    assert file.name == "a.jsonl"
    blocks = list(read_part(file, 0, None, PartReport()))
    assert values_of(blocks) == [("t", "far")]


def test_splice_does_edits_in_order() -> None:
    assert splice(b"abcdef", [(0, 1, b"X"), (3, 6, b"")]) == b"Xbc"


def test_a_line_that_is_too_long_is_one_document_and_one_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_corpus, "MAX_LINE", 1000)
    monkeypatch.setattr(read_corpus, "PIECE", 500)
    (tmp_path / "a.jsonl").write_bytes(b'{"t": "' + b"word " * 2000 + b'"}\n{"t": "last"}\n')
    blocks, report = blocks_of(tmp_path / "a.jsonl")
    assert len(blocks) > 5
    assert sum(block.documents for block in blocks) == 2
    assert [fault.count for fault in report.faults] == [1]
    assert copy_of(blocks) == b'{"t": "last"}\n'
