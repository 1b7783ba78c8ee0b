"""Searching for duplicates: what is found, what a copy no longer holds, memory, stopping and going on, faults."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.similar import Planted, planted

from haipkit.actions.a11_data.units import Unit
from haipkit.detectors import minhash, shingles
from haipkit.kernel.errors import CannotWrite, InternalFault, NotFound, UsageError
from haipkit.workspace import dedup as searching
from haipkit.workspace import dedup_units, scan
from haipkit.workspace.dedup import dedup
from haipkit.workspace.dedup_search import DedupWishes
from haipkit.workspace.dedup_units import DedupPlan

FOX = "The quick brown fox jumps over the lazy dog and then it runs away into the dark wood behind the old mill."
OTHER = "A report about prices in the second quarter was sent to all the members of the board last Monday morning."
JAPANESE = "この報告書は、第二四半期の価格について取締役会の全員に月曜日の朝に送られたものであり、来月また更新される。"


def lines(path: Path, texts: list[str], name: str = "text") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"id": n, name: text}) + "\n" for n, text in enumerate(texts)), "utf-8")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    lines(folder / "a.jsonl", [FOX, OTHER, FOX + " again", JAPANESE, "short"])
    (folder / "b.txt").write_text("  " + FOX.replace(" ", "\n", 3))
    (folder / "c.csv").write_text(f'n,body\n1,"{OTHER}"\n2,"{OTHER.lower()}"\n')
    pq.write_table(pa.table({"text": [JAPANESE + "以上", "nothing alike in this one"]}), folder / "d.parquet")
    (folder / "e.html").write_text(f"<html><p>{FOX}</p><script>alone()</script></html>")
    (folder / "f.txt").write_text(" \n")
    return folder


def rows(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def small_units(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    made = scan.plan_units
    monkeypatch.setattr(scan, "plan_units", lambda plan, said: made(plan, said, unit=size))


def test_copies_are_found_across_files_and_formats(corpus: Path, tmp_path: Path) -> None:
    found = dedup(DedupWishes((str(corpus),), table=tmp_path / "t.parquet"))
    told = {(row["file"], row["document"]): row for row in rows(tmp_path / "t.parquet")}
    dropped = {place: (row["kind"], row["partner_file"]) for place, row in told.items() if row["decision"] == "dropped"}
    kept = [row for row in told.values() if row["decision"] == "kept"]
    assert {file: kind for (file, _), kind in dropped.items()} == {
        "a.jsonl": ("near", "a.jsonl"),
        "b.txt": ("exact", "a.jsonl"),
        "c.csv": ("near", "a.jsonl"),
        "d.parquet": ("near", "a.jsonl"),
        "e.html": ("exact", "a.jsonl"),
    }
    assert (found.tally.documents, found.tally.exact, found.tally.near, found.tally.clusters) == (12, 3, 3, 3)
    assert found.tally.empty == 1
    assert found.outcome == "findings"
    assert [(row["file"], row["partner_file"], row["similarity"]) for row in kept] == [("a.jsonl", None, None)] * 3
    assert all(row["similarity"] == 1 for row in told.values() if row["kind"] == "exact")
    assert {row["similarity"] for row in told.values() if row["file"] == "c.csv"} == {1.0}


def test_the_copy_is_without_them_and_has_none_left(corpus: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    found = dedup(DedupWishes((str(corpus),), out=tmp_path / "out"))
    assert found.outcome == "treated"
    assert {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()} == before
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["a.jsonl", "c.csv", "d.parquet", "f.txt"]
    kept = [json.loads(line)["text"] for line in (out / "a.jsonl").read_text().splitlines()]
    assert kept == [FOX, OTHER, JAPANESE, "short"]
    assert (out / "c.csv").read_text() == "n,body\n"
    assert pq.read_table(out / "d.parquet").column("text").to_pylist() == ["nothing alike in this one"]
    again = dedup(DedupWishes((str(out),)))
    assert (again.outcome, again.tally.documents) == ("clean", found.tally.documents - found.tally.dropped)


def test_the_longest_stays_when_asked(tmp_path: Path) -> None:
    lines(tmp_path / "c/a.jsonl", [FOX, FOX + " Nobody saw it.", FOX + " Nobody"])
    dedup(DedupWishes((str(tmp_path / "c"),), keep="longest", threshold="0.7", table=tmp_path / "t.parquet"))
    told = rows(tmp_path / "t.parquet")
    assert [row["decision"] for row in told] == ["dropped", "kept", "dropped"]
    assert {row["partner_document"] for row in told if row["decision"] == "dropped"} == {told[1]["document"]}


def test_a_copy_of_what_goes_names_the_one_that_stays(tmp_path: Path) -> None:
    lines(tmp_path / "c/a.jsonl", [FOX, FOX + " Nobody", FOX])
    dedup(DedupWishes((str(tmp_path / "c"),), keep="longest", threshold="0.5", table=tmp_path / "t.parquet"))
    told = rows(tmp_path / "t.parquet")
    assert [row["decision"] for row in told] == ["dropped", "kept", "dropped"]
    assert told[0]["similarity"] == told[2]["similarity"] < 1
    assert {told[0]["partner_document"], told[2]["partner_document"]} == {told[1]["document"]}


def test_lines_that_many_documents_share_do_not_make_them_alike(tmp_path: Path) -> None:
    menu = "\n".join(f"Menu entry number {n} leads to another part of these pages" for n in range(6))
    texts = [f"{menu}\n" + " ".join(f"w{n}x{word}" for word in range(80)) for n in range(60)]
    lines(tmp_path / "c/a.jsonl", texts)
    found = dedup(DedupWishes((str(tmp_path / "c"),), threshold="0.5"))
    assert (found.tally.common_lines, found.tally.dropped) == (6, 0)
    lines(tmp_path / "d/a.jsonl", texts[:40])
    assert dedup(DedupWishes((str(tmp_path / "d"),), threshold="0.5")).tally.common_lines == 0


def test_fields_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"title": f"Page {n}", "story": FOX, "n": str(n)}) + "\n" for n in range(3)))
    assert dedup(DedupWishes((str(path),))).tally.exact == 0
    assert dedup(DedupWishes((str(path),), fields=("story",))).tally.exact == 2


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Planted, Path]:
    made = planted(900, seed=3)
    path = tmp_path_factory.mktemp("many") / "a.jsonl"
    lines(path, made.texts)
    return made, path


def test_planted_pairs_are_found_and_nothing_less_alike_is_dropped(many: tuple[Planted, Path], tmp_path: Path) -> None:
    made, path = many
    dedup(DedupWishes((str(path),), table=tmp_path / "t.parquet"))
    told = rows(tmp_path / "t.parquet")
    number = {row: n for n, row in enumerate(_places(path))}
    pairs = {
        tuple(sorted((number[row["document"]], number[row["partner_document"]]))): row
        for row in told
        if row["decision"] == "dropped"
    }
    for one, other, share, exact, _ in made.pairs:
        if exact:
            assert pairs[one, other]["kind"] == "exact"
        elif share < 0.79:
            assert (one, other) not in pairs
    likely = [(one, other) for one, other, share, exact, _ in made.pairs if share >= 0.85 and not exact]
    assert len(likely) > 30
    assert sum(pair in pairs for pair in likely) >= 0.98 * len(likely)
    for pair in set(likely) & set(pairs):
        (share,) = (share for one, other, share, *_ in made.pairs if (one, other) == pair)
        assert pairs[pair]["similarity"] == pytest.approx(share, abs=0.02)


def _places(path: Path) -> list[int]:
    places, at = [], 0
    for line in path.read_bytes().splitlines(keepends=True):
        places.append(at)
        at += len(line)
    return places


def test_jobs_slices_and_paths_change_nothing(
    many: tuple[Planted, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_units(monkeypatch, 800_000)
    plain = DedupWishes((str(many[1]),), jobs=1)
    ways = [plain, replace(plain, room=1 << 14), replace(plain, jobs=2, engine="base")]
    tables, results = [], []
    for number, wishes in enumerate(ways):
        out = tmp_path / f"out{number}" if number < 2 else None
        results.append(dedup(replace(wishes, table=tmp_path / f"{number}.parquet", out=out)))
        tables.append(pq.read_table(tmp_path / f"{number}.parquet"))
    assert results[0].units >= 3
    assert (results[0].slices, results[1].slices > 8) == (1, True)
    assert all(table.equals(tables[0]) for table in tables)
    assert len({json.dumps(vars(result.tally)) for result in results}) == 1
    one, other = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / f"out{number}").iterdir())} for number in (0, 1)
    )
    assert one == other


def test_one_slice_is_all_that_is_held(many: tuple[Planted, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """With little room a band is never seen whole: the largest slice stays a small part of all documents."""
    sizes: list[int] = []
    look = minhash.candidates

    def watched(keys: Any, numbers: Any) -> Any:
        sizes.append(len(keys))
        return look(keys, numbers)

    monkeypatch.setattr(minhash, "candidates", watched)
    found = dedup(DedupWishes((str(many[1]),), jobs=1, room=12_000))
    assert sum(sizes) >= 16 * (found.tally.documents - found.tally.exact - found.tally.empty)
    assert max(sizes) * 20 <= 2 * 12_000


def test_a_stopped_run_goes_on_from_the_last_finished_unit(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_units(monkeypatch, 400)
    wishes = DedupWishes((str(corpus),), out=tmp_path / "out", table=tmp_path / "t.parquet", jobs=1)
    whole = dedup(replace(wishes, out=tmp_path / "whole", table=tmp_path / "whole.parquet"))
    left = [whole.units + 2]

    def stopped(work: Callable[[DedupPlan, Unit], None], plan: DedupPlan, unit: Unit) -> None:
        if not str(plan.files[0].path).startswith(str(tmp_path)):
            return work(plan, unit)
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return work(plan, unit)

    steps = dict(dedup_units.STEPS)
    for name, (work, last) in steps.items():
        monkeypatch.setitem(dedup_units.STEPS, name, (partial(stopped, work), last))
    with pytest.raises(KeyboardInterrupt):
        dedup(wishes, private=tmp_path / "private")
    for name, step in steps.items():
        monkeypatch.setitem(dedup_units.STEPS, name, step)
    again = dedup(wishes, private=tmp_path / "private")
    assert again.resumed == whole.units + 2
    assert again.tally == whole.tally
    assert pq.read_table(tmp_path / "t.parquet").equals(pq.read_table(tmp_path / "whole.parquet"))
    assert not list((tmp_path / "private/scans").iterdir())


def test_a_long_text_is_one_document(tmp_path: Path) -> None:
    long = " ".join(f"word{n * n % 7919}" for n in range(600_000))
    (tmp_path / "a.txt").write_text(long)
    with gzip.open(tmp_path / "b.txt.gz", "wt") as file:
        file.write(long.replace("word5 ", "word6 "))
    found = dedup(DedupWishes((str(tmp_path),), out=tmp_path.parent / f"{tmp_path.name}-out"))
    assert (found.tally.documents, found.tally.near) == (2, 1)
    assert [path.name for path in (tmp_path.parent / f"{tmp_path.name}-out").iterdir()] == ["a.txt"]


def test_a_missed_control_stops_the_run(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minhash, "estimates", lambda left, right: (left[:, 0] != left[:, 0]).astype(float))
    with pytest.raises(InternalFault, match="planted: text 3 was kept, not near"):
        dedup(DedupWishes((str(corpus),)))
    monkeypatch.undo()
    monkeypatch.setattr(shingles, "digests", lambda data, begins, stops, **more: _numbered(len(begins)))
    with pytest.raises(InternalFault, match="text 2 was near, not exact"):
        dedup(DedupWishes((str(corpus),)))


def _numbered(count: int) -> Any:
    import numpy as np

    return (np.arange(16 * count).reshape(count, 16) + 1).astype(np.uint8)


def test_bad_files_do_not_stop_the_rest(corpus: Path, tmp_path: Path) -> None:
    (corpus / "cut.parquet").write_bytes((corpus / "d.parquet").read_bytes()[:-30])
    (corpus / "bad.txt").write_bytes(b"caf\xe9 au lait")
    (corpus / "bad.jsonl").write_text('{"text": "one"}\n{"text": \n{"text": "two"}\n')
    (corpus / "gone").symlink_to("nowhere")
    found = dedup(DedupWishes((str(corpus),), out=tmp_path / "out"))
    assert found.outcome == "incomplete"
    assert {fault.file for fault in found.faults} == {"cut.parquet", "bad.txt", "bad.jsonl", "gone"}
    assert found.tally.exact == 3


def test_a_full_disk_leaves_nothing_half_written(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from haipkit.adapters import write_corpus

    wishes = DedupWishes((str(corpus),), out=tmp_path / "out")
    monkeypatch.setattr(searching, "check_dedup_controls", lambda wishes: 0)
    sync, left = write_corpus.os.fsync, [13]

    def full(descriptor: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(write_corpus.os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left"):
        dedup(wishes, private=tmp_path / "private")
    assert list(tmp_path.rglob("*.part")) == []
    left[0] = 10**6
    assert dedup(wishes, private=tmp_path / "private").outcome == "treated"


WRONG: dict[str, tuple[Callable[[Path, Path], DedupWishes], type[Exception]]] = {
    "a path that leads nowhere": (lambda c, t: DedupWishes((str(t / "gone"),)), NotFound),
    "an empty folder": (lambda c, t: DedupWishes((str(t / "empty"),)), NotFound),
    "a copy into the data set": (lambda c, t: DedupWishes((str(c),), out=c / "out"), UsageError),
    "a copy into a full folder": (lambda c, t: DedupWishes((str(c),), out=t / "full"), UsageError),
    "a threshold in words": (lambda c, t: DedupWishes((str(c),), threshold="much"), UsageError),
    "a threshold above one": (lambda c, t: DedupWishes((str(c),), threshold="1.1"), UsageError),
    "a threshold that bands cannot hold": (lambda c, t: DedupWishes((str(c),), threshold="0.3"), UsageError),
    "a threshold that is no number": (lambda c, t: DedupWishes((str(c),), threshold="NaN"), UsageError),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_said_before_anything_is_written(name: str, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept.txt").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    make, error = WRONG[name]
    with pytest.raises(error):
        dedup(make(corpus, tmp_path))
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_but_empty_documents(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    for name in "ab":
        (tmp_path / "c" / f"{name}.txt").write_text("")
    (tmp_path / "c/p.txt").write_text("!!!")
    (tmp_path / "c/q.txt").write_text("???")
    found = dedup(DedupWishes((str(tmp_path / "c"),), table=tmp_path / "t.parquet", out=tmp_path / "out"))
    assert (found.outcome, found.tally.dropped) == ("clean", 0)
    assert rows(tmp_path / "t.parquet") == []
    shutil.rmtree(tmp_path / "out")
