"""`haip data dedup` and `contamination` as a person meets them: exit codes, records, and what they are worth."""

import json
from pathlib import Path

import pytest

from haipkit.kernel.words import Origin
from haipkit.workspace.ask import read_shelf
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip

FOX = "The quick brown fox jumps over the lazy dog and then it runs away into the dark wood behind the old mill."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    texts = [FOX, FOX + " Nobody", FOX, "Something else."]
    (folder / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return folder


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    path = tmp_path / "exam.jsonl"
    path.write_text(json.dumps({"question": FOX}) + "\n" + json.dumps({"question": "What else is there?"}) + "\n")
    return path


def status(requirement: str) -> str:
    return done("status", "11").words.split(requirement + " ")[1].split(" 11.")[0]


def safeguard() -> None:
    words = ("--title", "Care", "--topic", "data-quality", "--description", "d", "--owner", "owner")
    done("add", "safeguard", "care", *words, "--status", "in-place")


def test_duplicates_are_told_and_nothing_is_deleted(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = (corpus / "a.jsonl").read_bytes()
    told = done("data", "dedup", corpus, "--table", "t.parquet").words
    assert "equal to one that stays 1" in told
    assert "Nothing was deleted" in told
    assert "Nothing was recorded" in told
    assert (tmp_path / "t.parquet").is_file()
    done("data", "dedup", corpus, "--out", "copy")
    assert len((tmp_path / "copy/a.jsonl").read_text().splitlines()) == 2
    assert (corpus / "a.jsonl").read_bytes() == before
    assert haip("data", "dedup", corpus, "--out", "copy").code == 64
    assert haip("data", "dedup", corpus, "--threshold", "half").code == 64
    assert haip("data", "dedup", tmp_path / "gone").code == 66
    (corpus / "b.txt").write_bytes(b"caf\xe9")
    assert haip("data", "dedup", corpus).code == 2


def test_the_longest_can_stay_and_json_says_it_all(corpus: Path, tmp_path: Path) -> None:
    told = json.loads(done("data", "dedup", corpus, "--keep", "longest", "--json").out)
    assert (told["exact_duplicates"], told["near_duplicates"], told["clusters"]) == (0, 2, 1)
    assert (told["kept"], told["outcome"], told["record"]) == ("longest", "findings", None)


def test_both_are_kept_as_measured_records_without_text(corpus: Path, exam: Path, bakery: Path) -> None:
    for _ in range(2):
        done("data", "dedup", corpus, "--dataset", "FAQ 2026")
        done("data", "contamination", corpus, "--benchmark", exam, "--dataset", "FAQ 2026")
    with open_workspace(bakery) as workspace:
        kinds = ("dataset-duplicates/1", "dataset-contamination/1")
        records = {r.header.kind: r for r in read_shelf(workspace).records if r.header.kind in kinds}
    assert set(records) == set(kinds)
    for record in records.values():
        assert (record.header.origin, record.header.key, record.header.system) == (
            Origin.MEASURED,
            "faq-2026",
            "helpdesk",
        )
        text = json.dumps([record.header.to_json(), dict(record.body)])
        assert "brown" not in text
        assert "a.jsonl" not in text
        assert str(corpus) not in text
    (one,) = records[kinds[1]].body["benchmarks"]
    assert (one["name"], one["items"], one["judged"], one["contaminated"]) == ("exam.jsonl", 2, 1, 1)


@pytest.mark.parametrize("word", ["dedup", "contamination"])
def test_either_lifts_a_safeguard_of_quality(word: str, corpus: Path, exam: Path, bakery: Path) -> None:
    safeguard()
    assert "claimed" in status("11.1b")
    more = ("--benchmark", exam) if word == "contamination" else ()
    done("data", word, corpus, "--dataset", "faq", *more)
    assert "met ▅ tested" in status("11.1b")


def test_too_much_of_a_benchmark_fails_and_makes_it_partly_met(corpus: Path, exam: Path, bakery: Path) -> None:
    safeguard()
    assert haip("data", "contamination", corpus, "--benchmark", exam, "--fail-over", "100%").code == 0
    ended = haip("data", "contamination", corpus, "--benchmark", exam, "--fail-over", "1%", "--dataset", "faq")
    assert ended.code == 1
    assert "100.0 %" in ended.words
    assert "partly met" in status("11.1b")
    assert "more of a benchmark than the limit" in status("11.1b")


def test_what_cannot_be_asked(corpus: Path, exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haipkit.workspace.contamination.shipped_probes", lambda: [])
    assert haip("data", "contamination", corpus).code == 64
    assert haip("data", "contamination", corpus, "--probes").code == 66
    assert haip("data", "contamination", corpus, "--benchmark", tmp_path / "gone").code == 66
    assert haip("data", "contamination", corpus, "--benchmark", exam, "--fail-over", "few").code == 64
    monkeypatch.setattr("haipkit.workspace.contamination.shipped_probes", lambda: [exam])
    told = json.loads(done("data", "contamination", corpus, "--probes", "--json").out)
    assert [one["name"] for one in told["benchmarks"]] == ["exam.jsonl"]
