"""Whatever is wrong with a corpus or a disk is named with its place; the rest goes on, nothing half-written is left."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.adapters.corpus_files import survey
from haipkit.workspace import scan as scanning
from haipkit.workspace.scan import Wishes, plan_units, scan
from helpers.commands import haip

MAIL = "jo@example.org"


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 100 kB: what a full disk looks like, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_full_while_redacting_ends_that_copy_alone(
    tmp_path: Path, small_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "plan_units", lambda plan, said: plan_units(plan, said, unit=1000))
    corpus, private = tmp_path / "corpus", tmp_path / "private"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (corpus / "x").mkdir(parents=True)
    (corpus / "a.txt").write_text(MAIL)
    (corpus / "b.txt").write_text(f"{MAIL} and more\n" * 20_000)
    (corpus / "c.txt").write_text(MAIL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    wishes = Wishes((str(corpus),), redact=tmp_path / "out", jobs=1)
    outcome = scan(wishes, private=private)
    assert outcome.unwritten
    assert outcome.outcome == "incomplete"
    (fault,) = outcome.faults
    assert str(fault).startswith("b.txt: its copy cannot be written: File too large at byte 480,000")
    assert outcome.tally.by_kind["email"] == 20_002, "the scan itself went on"
    assert left(tmp_path / "out") == {"a.txt", "c.txt"}
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = scan(wishes, private=private)
    assert (again.resumed, again.outcome, again.faults) == (2, "treated", [])
    assert left(tmp_path / "out") == {"a.txt", "b.txt", "c.txt"}
    assert not list((private / "scans").iterdir())


def test_exit_code_and_words_say_that_the_copy_is_not_whole(tmp_path: Path, small_files: None) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (tmp_path / "big.txt").write_text(f"{MAIL} and more\n" * 20_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    told = haip("scan", tmp_path / "big.txt", "--redact", tmp_path / "out")
    assert told.code == 2
    assert "The copy is not whole" in told.words
    assert left(tmp_path / "out") == set()


def test_a_file_that_vanishes_after_the_survey_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(tmp_path / "c/a.jsonl", {"t": MAIL})
    gone = lines(tmp_path / "c/b.jsonl", {"t": MAIL})

    def later(plan: object, said: str) -> object:
        gone.unlink()
        return plan_units(plan, said)  # type: ignore[arg-type]

    monkeypatch.setattr(scanning, "plan_units", later)
    outcome = scan(Wishes((str(tmp_path / "c"),), redact=tmp_path / "out"))
    assert "b.jsonl: it is gone" in "\n".join(map(str, outcome.faults))
    assert outcome.outcome == "incomplete"
    assert outcome.tally.by_kind["email"] == 1
    assert left(tmp_path / "out") == {"a.jsonl"}


def test_a_file_without_permission_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for each, mode in (("a.txt", 0o644), ("b.txt", 0)):
            (folder / each).write_text(MAIL)
            (folder / each).chmod(mode)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)
        try:
            found = survey([name])
        finally:
            os.seteuid(before)
    assert [file.name for file in found.files] == ["a.txt"]
    assert [str(fault) for fault in found.faults] == ["b.txt: no permission to read it"]


def test_lines_of_many_shapes_are_all_looked_at_and_copied_as_lines(tmp_path: Path) -> None:
    rows = [{"t": MAIL}, {"t": 1}, {"t": [MAIL]}, {"u": {"v": MAIL}}, {"t": None, MAIL: "key"}]
    lines(tmp_path / "c/a.jsonl", *rows)
    pq.write_table(pa.table({"x": [MAIL]}), tmp_path / "c/one.parquet")
    pq.write_table(pa.table({"x": [1], "y": [[MAIL]]}), tmp_path / "c/two.parquet")
    outcome = scan(Wishes((str(tmp_path / "c"),), redact=tmp_path / "out", to="parquet"))
    assert outcome.tally.by_kind["email"] == 6
    assert [str(fault) for fault in outcome.faults] == ["a.jsonl: its lines are no table; copied as lines"]
    assert (tmp_path / "out/a.jsonl").read_text() == json.dumps(rows)[1:-1].replace(MAIL, "<EMAIL>").replace(
        "}, {", "}\n{"
    ) + "\n"
    assert left(tmp_path / "out") == {"a.jsonl", "one.parquet", "two.parquet"}


def test_a_late_line_that_does_not_fit_the_table_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("haipkit.adapters.corpus_lines.HEAD", 1000)
    monkeypatch.setattr("haipkit.adapters.read_corpus.PIECE", 2000)
    lines(tmp_path / "c/a.jsonl", *[{"t": f"{MAIL} {n}"} for n in range(200)], {"t": 1})
    outcome = scan(
        Wishes((str(tmp_path / "c"),), redact=tmp_path / "out", findings=tmp_path / "f.parquet", to="parquet")
    )
    assert outcome.tally.by_kind["email"] == 200
    assert outcome.tally.documents == 201
    assert pq.read_table(tmp_path / "f.parquet").num_rows == 200
    assert "copied as lines at byte" in str(outcome.faults[0])
    assert left(tmp_path / "out") == {"a.jsonl"}


@pytest.mark.parametrize("way", ["redact", "drop"])
def test_a_table_holds_what_the_lines_would(way: str, tmp_path: Path) -> None:
    rows = [{"id": n, "day": "2026-01-01", "m": [{"c": MAIL if n % 3 == 0 else "x"}], "o": None} for n in range(30)]
    lines(tmp_path / "c/data/train-00000-of-00002.jsonl", *rows)
    scan(Wishes((str(tmp_path / "c"),), **{way: tmp_path / "lines"}))
    outcome = scan(Wishes((str(tmp_path / "c"),), **{way: tmp_path / "table"}, to="parquet"))
    assert (outcome.outcome, outcome.faults) == ("treated", [])
    (path,) = (tmp_path / "table").rglob("*.parquet")
    assert path.name == "train-00000-of-00002.parquet"
    (copy,) = (tmp_path / "lines").rglob("*.jsonl")
    assert pq.read_table(path).to_pylist() == [json.loads(line) for line in copy.read_text().splitlines()]


def test_a_huge_line_needs_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as out:
        out.write(b'{"t": "')
        for _ in range(15):
            out.write(b"word " * 800_000)
        out.write(f'{MAIL}"}}\n'.encode())
    script = (
        "import re, sys\nfrom pathlib import Path\nfrom haipkit.workspace.scan import Wishes, scan\n"
        "outcome = scan(Wishes((sys.argv[1],), jobs=1))\n"
        # Not ru_maxrss: a child starts with the one of its parent.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(outcome.tally.by_kind['email'], peak)\n"
        "print(*outcome.faults)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    found, kilobytes = done.stdout.split("\n")[0].split()
    assert found == "1"
    assert int(kilobytes) < 600_000
    assert "a line longer than 32 MB, looked at as plain text at byte 0" in done.stdout


def test_files_in_memory_are_read_through_fsspec_when_they_are_named(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    for number in range(2):
        with system.open(f"/set/data/train-0000{number}-of-00002.jsonl", "wb") as out:
            out.write(json.dumps({"t": MAIL}).encode() + b"\n")
    try:
        whole = scan(Wishes(("memory://set",), redact=tmp_path / "out", to="parquet", jobs=1))
        some = scan(Wishes(("memory://set/data/*-00001-*.jsonl",), jobs=1))
    finally:
        system.rm("/set", recursive=True)
    assert (whole.files, whole.outcome, some.files) == (2, "treated", 1)
    assert left(tmp_path / "out") == {f"data/train-0000{number}-of-00002.parquet" for number in range(2)}


def test_a_folder_of_links_to_a_store_is_read_once(tmp_path: Path) -> None:
    """The layout of a download cache: names in one folder, contents under their digests in another."""
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshots/1/data").mkdir(parents=True)
    lines(tmp_path / "blobs/abc", {"t": MAIL})
    (tmp_path / "snapshots/1/data/train-00000-of-00001.jsonl").symlink_to("../../../blobs/abc")
    outcome = scan(Wishes((str(tmp_path),), jobs=1))
    assert (outcome.files, outcome.faults) == (1, [])
    assert outcome.tally.by_kind["email"] == 1
