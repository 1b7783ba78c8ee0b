"""The Arrow edge: types, slices, nulls, order, long values."""

import itertools

import pyarrow as pa
import pytest

from haipkit.detectors import scan
from haipkit.detectors.scan import SCHEMA, engine_in_use, pieces, scan_batch, without_overlaps
from haipkit.detectors.table import load_rules, only
from haipkit.kernel.errors import UsageError
from helpers.detecting import ENGINES, batch_of, found_in, values_in

MAIL = "taro@example.jp"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.large_binary(),
        pa.string_view(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_every_text_type_is_read_through_slices_and_nulls(kind: pa.DataType, engine: str) -> None:
    values = ["no", None, f"メールは{MAIL}です", "", MAIL, None]
    plain = pa.array([None if one is None else one.encode() for one in values], pa.binary())
    column = plain.cast(kind) if not pa.types.is_dictionary(kind) else pa.array(values).dictionary_encode()
    batch = pa.record_batch([pa.array(range(6)), column], names=["n", "text"])
    found = scan_batch(batch, load_rules(), engine=engine)
    assert found.schema == SCHEMA
    assert [(one["document"], one["start"], one["end"]) for one in found.to_pylist()] == [(2, 12, 27), (4, 0, 15)]
    sliced = scan_batch(batch.slice(2, 3), load_rules(), engine=engine)
    assert [(one["document"], one["start"]) for one in sliced.to_pylist()] == [(0, 12), (2, 0)]


def test_findings_are_sorted_by_document_field_and_place_and_the_document_column_is_only_a_name() -> None:
    batch = pa.record_batch(
        [pa.array([MAIL, MAIL]), pa.array([f"{MAIL} {MAIL}", MAIL]), pa.array(["", MAIL])], names=["document", "b", "a"]
    )
    rows = scan_batch(batch, load_rules()).to_pylist()
    assert [(one["document"], one["field"], one["start"]) for one in rows] == [
        (0, "b", 0),
        (0, "b", 16),
        (1, "a", 0),
        (1, "b", 0),
    ]


def test_an_empty_batch_and_a_batch_without_text_have_no_findings() -> None:
    assert scan_batch(batch_of([]), load_rules()).num_rows == 0
    assert scan_batch(pa.record_batch([pa.array([1, 2])], names=["n"]), load_rules()).num_rows == 0


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(UsageError, match="no engine 'quick'"):
        engine_in_use("quick")


@pytest.mark.parametrize("engine", ENGINES)
def test_values_do_not_run_from_one_document_into_the_next(engine: str) -> None:
    assert found_in(["4539 1488 0343", " 6467", "taro@", "example.jp", "SSN", "123 45 6780"], engine) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_value_is_read_in_pieces_with_the_same_findings(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "PIECE", 100_000)
    text = ("x" * 997 + f" {MAIL} ") * 400
    rows = found_in([text, MAIL], engine)
    assert [one["start"] for one in rows] == [998 + 1014 * n for n in range(400)] + [0]


@pytest.mark.parametrize("size", [1, 99, 100, 101, 250, 1000])
def test_pieces_cover_a_value_and_overlap(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "OVERLAP", 20)
    cut = pieces(5, 5 + size, 100)
    assert cut[0][0] == 5
    assert cut[-1][1] == 5 + size
    assert all(stop - start <= 100 for start, stop in cut)
    assert all(before[1] - after[0] >= 20 for before, after in itertools.pairwise(cut))


@pytest.mark.parametrize("engine", ENGINES)
def test_broken_utf8_and_nul_bytes_are_read(engine: str) -> None:
    data = b"\xff\xfe\x00 taro@example.jp\x00\xe3\x81 0\xef\xbc SSN 123-45-6780\xc2"
    assert [one["kind"] for one in found_in([data], engine)] == ["email", "us-ssn"]


def test_of_overlapping_findings_the_rule_with_priority_stays() -> None:
    assert without_overlaps({(0, 10, 5), (4, 12, 2), (12, 20, 9), (30, 31, 1)}) == [
        (4, 12, 2),
        (12, 20, 9),
        (30, 31, 1),
    ]
    chain = {(n, n + 2, n % 3) for n in range(1000)}
    kept = without_overlaps(chain)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(kept))


def test_a_secret_in_an_address_covers_the_mail_address_in_it() -> None:
    ((kind, value),) = values_in(["postgres://bob:pass@db.example.org/x"], "base")[0]
    assert (kind, value) == ("secret", "postgres://bob:pass@db.example.org")


def test_a_table_can_be_cut_down_to_some_kinds() -> None:
    rules = only(load_rules(), ["email"])
    assert rules.kinds == ("email",)
    assert rules.version != load_rules().version
    assert values_in([f"{MAIL} SSN 123-45-6780"], "base", rules) == [[("email", MAIL)]]
    from haipkit.kernel.errors import BadInput

    with pytest.raises(BadInput, match="no rule finds shoe-size"):
        only(load_rules(), ["shoe-size"])
