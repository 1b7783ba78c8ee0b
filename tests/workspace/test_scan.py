"""Scanning a data set: what is found, what a copy no longer holds, what resumes, and what the record is worth."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.actions.a11_data.units import Unit
from haipkit.adapters import write_corpus
from haipkit.detectors import scan as looking
from haipkit.kernel.errors import BadInput, CannotWrite, InternalFault, NotFound, UsageError
from haipkit.workspace import scan as scanning
from haipkit.workspace import scan_engines
from haipkit.workspace.scan import Outcome, Wishes, plan_units, scan
from haipkit.workspace.scan_unit import Plan

MAIL, IBAN = "jo@example.org", "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    lines = [{"id": n, "text": f"Write to {MAIL}, IBAN {IBAN}." if n % 10 == 0 else f"Line {n}."} for n in range(100)]
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "sub/b.txt").write_text("Nobody is named here.\n")
    (folder / "sub/c.txt").write_text("Nobody is named here.\n")
    (folder / "d.html").write_text(f"<a href='mailto:{MAIL}'>jo&#64;example.org</a>")
    (folder / "e.csv").write_text(f"name,mail\nx,{MAIL}\ny,\n")
    pq_table(folder / "f.parquet", [f"Write to {MAIL}", "nothing"])
    return folder


def pq_table(path: Path, texts: list[str]) -> None:
    pq.write_table(pa.table({"text": texts}), path)


def counts(outcome: Outcome) -> dict[str, int]:
    return dict(outcome.tally.by_kind)


def test_values_are_found_in_every_format_and_copies_are_counted(corpus: Path, tmp_path: Path) -> None:
    outcome = scan(Wishes((str(corpus),), findings=tmp_path / "f.parquet"))
    assert counts(outcome) == {"email": 10 + 2 + 1 + 1, "iban": 10}
    assert outcome.outcome == "findings"
    assert (outcome.files, outcome.tally.documents, outcome.tally.with_findings) == (6, 100 + 1 + 1 + 1 + 2 + 2, 13)
    assert outcome.copies == 1 + 9, "the two texts, and the ten equal lines"
    rows = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert len(rows) == 24
    (place,) = [row for row in rows if row["file"] == "d.html" and row["field"] == "text"]
    assert (corpus / "d.html").read_text()[place["start"] : place["end"]] == "jo&#64;example.org"


def test_findings_hold_no_values_unless_asked(corpus: Path, tmp_path: Path) -> None:
    scan(Wishes((str(corpus),), findings=tmp_path / "f.parquet"))
    data = pq.read_table(tmp_path / "f.parquet")
    assert MAIL not in str(data.to_pylist())
    assert len({row["value_id"] for row in data.to_pylist() if row["kind"] == "email"}) == 1
    scan(Wishes((str(corpus),), findings=tmp_path / "g.parquet", values=True))
    assert {row["value"] for row in pq.read_table(tmp_path / "g.parquet").to_pylist()} == {MAIL, IBAN}
    assert stat.S_IMODE((tmp_path / "g.parquet").stat().st_mode) == 0o600


@pytest.mark.parametrize("way", ["redact", "drop"])
def test_a_copy_holds_nothing_more_to_find(way: str, corpus: Path, tmp_path: Path) -> None:
    outcome = scan(Wishes((str(corpus),), **{way: tmp_path / "out"}))
    assert outcome.outcome == "treated"
    again = scan(Wishes((str(tmp_path / "out"),)))
    assert again.outcome == "clean"
    lines = (tmp_path / "out/a.jsonl").read_text().splitlines()
    assert lines[1] == json.dumps({"id": 1, "text": "Line 1."}) if way == "redact" else len(lines) == 90
    if way == "redact":
        assert json.loads(lines[0]) == {"id": 0, "text": "Write to <EMAIL>, IBAN <IBAN>."}
        assert (tmp_path / "out/d.html").read_text() == "<a href='mailto:<EMAIL>'><EMAIL></a>"
    else:
        assert not (tmp_path / "out/d.html").exists()
        assert (tmp_path / "out/e.csv").read_text() == "name,mail\ny,\n"


def test_the_same_with_worker_processes(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "plan_units", lambda plan, said: plan_units(plan, said, unit=1500))
    alone = scan(
        Wishes((str(corpus),), redact=tmp_path / "one", findings=tmp_path / "1.parquet", jobs=1), private=tmp_path
    )
    pooled = scan(
        Wishes((str(corpus),), redact=tmp_path / "two", findings=tmp_path / "2.parquet", jobs=2), private=tmp_path
    )
    assert alone.units >= 3
    assert pooled.tally == alone.tally
    assert pooled.inputs == alone.inputs
    assert pq.read_table(tmp_path / "1.parquet").equals(pq.read_table(tmp_path / "2.parquet"))
    shards = {path.name: path.read_bytes() for path in (tmp_path / "one").rglob("*") if path.is_file()}
    assert shards == {path.name: path.read_bytes() for path in (tmp_path / "two").rglob("*") if path.is_file()}
    assert any("-00001-of-0000" in name for name in shards)


def test_a_stopped_run_goes_on_from_the_last_finished_unit(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "plan_units", lambda plan, said: plan_units(plan, said, unit=1500))
    wishes = Wishes((str(corpus),), redact=tmp_path / "out", jobs=1)
    whole = scan(Wishes((str(corpus),), jobs=1))
    do = scan_engines.do_unit
    left = [2]

    def stopped(plan: Plan, unit: Unit) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        do(plan, unit)

    monkeypatch.setattr(scan_engines, "do_unit", stopped)
    with pytest.raises(KeyboardInterrupt):
        scan(wishes, private=tmp_path)
    monkeypatch.setattr(scan_engines, "do_unit", do)
    resumed = scan(wishes, private=tmp_path)
    assert resumed.resumed == 2
    assert resumed.tally.found == whole.tally.found
    assert not list((tmp_path / "scans").iterdir())
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.endswith(".part")]


def test_a_full_disk_leaves_nothing_half_written(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "scan.key").write_bytes(bytes(32))
    monkeypatch.setattr(write_corpus.os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left"):
        scan(Wishes((str(corpus),), redact=tmp_path / "out"), private=tmp_path)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    (tmp_path / "out/a.jsonl").write_text("of the run that was stopped")
    assert scan(Wishes((str(corpus),), redact=tmp_path / "out"), private=tmp_path).outcome == "treated"
    assert "stopped" not in (tmp_path / "out/a.jsonl").read_text()


def test_input_digests_can_be_had_with_other_tools(corpus: Path) -> None:
    import hashlib

    digests = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in corpus.rglob("*") if path.is_file())
    expected = hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()
    assert scan(Wishes((str(corpus),))).inputs == expected


def test_a_missed_control_stops_the_run(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blank = pa.RecordBatch.from_pylist([], schema=looking.SCHEMA)
    monkeypatch.setattr(looking, "scan_batch", lambda batch, rules, **options: blank)
    with pytest.raises(InternalFault, match="planted"):
        scan(Wishes((str(corpus),)))


WRONG: dict[str, tuple[Callable[[Path, Path], Wishes], type[Exception]]] = {
    "a path that leads nowhere": (lambda c, t: Wishes((str(t / "gone"),)), NotFound),
    "an empty folder": (lambda c, t: Wishes((str(t / "empty"),)), NotFound),
    "a copy into the data set": (lambda c, t: Wishes((str(c),), redact=c / "out"), UsageError),
    "a copy into a full folder": (lambda c, t: Wishes((str(c),), redact=t / "full"), UsageError),
    "an unknown kind": (lambda c, t: Wishes((str(c),), kinds=("shoe-size",)), BadInput),
    "an unknown kind to fail on": (lambda c, t: Wishes((str(c),), fail_on=("shoe-size",)), BadInput),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_said_before_anything_is_written(name: str, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept.txt").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    make, error = WRONG[name]
    with pytest.raises(error):
        scan(make(corpus, tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


def test_bad_files_do_not_stop_the_rest(corpus: Path) -> None:
    (corpus / "cut.parquet").write_bytes((corpus / "f.parquet").read_bytes()[:-30])
    (corpus / "bad.txt").write_bytes(f"caf\xe9 {MAIL}".encode("latin-1"))
    (corpus / "loop").symlink_to(corpus)
    (corpus / "gone").symlink_to("nowhere")
    outcome = scan(Wishes((str(corpus),)))
    assert outcome.outcome == "incomplete"
    assert counts(outcome)["email"] == 15
    assert {fault.file for fault in outcome.faults} == {"cut.parquet", "bad.txt", "loop", "gone"}
    assert (outcome.failed_files, outcome.damaged_files) == (2, 2)


def test_a_copy_keeps_the_packing(tmp_path: Path) -> None:
    import bz2
    import gzip

    import zstandard

    folder = tmp_path / "packed"
    folder.mkdir()
    data = json.dumps({"t": MAIL}).encode() + b"\n"
    unpack: dict[str, Any] = {"gz": gzip.decompress, "bz2": bz2.decompress, "zst": None}
    for ending, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("zst", zstandard.compress)):
        (folder / f"a.jsonl.{ending}").write_bytes(pack(data))
    scan(Wishes((str(folder),), redact=tmp_path / "out"))
    unpack["zst"] = lambda packed: zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    for ending, open_it in unpack.items():
        assert open_it((tmp_path / f"out/a.jsonl.{ending}").read_bytes()) == b'{"t": "<EMAIL>"}\n'
