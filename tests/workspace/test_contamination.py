"""Looking for benchmarks in a data set: what counts as found, what does not, and which files can be read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.actions.a11_data.contamination import BenchmarkFound, ItemFound, outcome_of, read_limit
from haipkit.detectors import ngrams
from haipkit.kernel.errors import BadInput, InternalFault, NotFound, UsageError
from haipkit.workspace import contamination_units, scan
from haipkit.workspace.contamination import ContaminationWishes, contamination, read_benchmark, shipped_probes

RIVER = (
    "Which river that rises in the Black Forest crosses or touches ten countries before it reaches the sea in the east?"
)
BAKER = (
    "A baker who sells forty loaves in the morning and thirty in the afternoon earns two coins for each; "
    "how many in all?"
)
SHORT = "Name the capital."
EIGHT = "Who wrote the first book about northern whales?"
JAPANESE = (
    "次の文章を読み、筆者がもっとも強く述べていることを一つ選びなさい。"
    "ただし、例として挙げられた店の名前や値段は考えないものとします。"
)
CODE = (
    "def total(values):\n    found = 0\n    for value in values:\n        found += value\n    return found\n"
    "\nassert total([1, 2]) == 3\n"
)


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    questions = (RIVER, BAKER, SHORT, EIGHT, JAPANESE, CODE)
    return lines(tmp_path / "exam.jsonl", [{"id": f"q{n}", "question": text} for n, text in enumerate(questions)])


def corpus(tmp_path: Path, *texts: str) -> str:
    return str(lines(tmp_path / "corpus/a.jsonl", [{"text": text} for text in texts]))


def look(exam: Path, path: str, **more: Any) -> list[ItemFound]:
    return contamination(ContaminationWishes((path,), (str(exam),), jobs=1, **more)).items


def test_items_are_found_in_other_case_and_punctuation(exam: Path, tmp_path: Path) -> None:
    river, baker, short, eight, japanese, code = look(
        exam,
        corpus(
            tmp_path,
            f"From a quiz: {RIVER.upper().replace('?', ' …')} (answer below)",
            f"first line\n  {EIGHT.lower()}\nlast line",
            "前書き。" + JAPANESE.replace("、", " ") + "後書き。",
            "# copied\n" + CODE.replace("    ", "\t"),
            "Name the capital.",
        ),
    )
    assert river.contaminated
    assert river.share == 1
    assert not river.exact, "it stands within a line"
    assert eight.exact
    assert (japanese.share, code.share) == (1, 1)
    assert not baker.overlapping
    assert baker.judged
    assert not short.judged, "three words prove nothing"


def test_a_part_is_told_from_the_whole(exam: Path, tmp_path: Path) -> None:
    words = BAKER.split()
    (_, few, *_) = look(exam, corpus(tmp_path, " ".join(words[:14]) + " and so on"))
    assert (few.found, few.overlapping, few.contaminated) == (2, True, False)
    (_, most, *_) = look(exam, corpus(tmp_path, " ".join(words[:19]), " ".join(words[10:])))
    assert most.contaminated


def test_twelve_words_in_common_are_nothing(exam: Path, tmp_path: Path) -> None:
    found = look(exam, corpus(tmp_path, " ".join(RIVER.split()[:12]), JAPANESE[:40]))
    assert not any(item.overlapping for item in found)


def test_the_form_of_a_benchmark_does_not_count(tmp_path: Path) -> None:
    form = "Read the following question with care and then choose the one best answer out of these four letters."
    rows = [
        {"question": f"{form} Is number {n} larger than the {n + 3} apples in the blue box of aunt {n}?"}
        for n in range(30)
    ]
    path = lines(tmp_path / "e.jsonl", [*rows, {"question": "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"}])
    found = look(path, corpus(tmp_path, f"As in every exam: {form} Good luck.", "0 " * 50))
    assert not any(item.overlapping for item in found)
    assert found[0].judged


def test_questions_and_answers_are_looked_for_and_passages_are_not(tmp_path: Path) -> None:
    passage = " ".join(f"word{n}" for n in range(40))
    row = {"id": "x", "context": passage, "question": RIVER, "choices": {"text": [BAKER, "no"], "label": ["A", "B"]}}
    path = lines(tmp_path / "e.jsonl", [row])
    (item,) = look(path, corpus(tmp_path, passage))
    assert not item.overlapping
    (item,) = look(path, corpus(tmp_path, BAKER))
    assert item.overlapping
    (item,) = look(path, corpus(tmp_path, passage), benchmark_fields=("context",))
    assert item.share == 1


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet", "txt"])
def test_benchmarks_are_read_in_every_format(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"exam.{form}"
    if form == "jsonl":
        lines(path, [{"question": RIVER}, {"question": BAKER}])
    elif form == "json":
        path.write_text(json.dumps({"version": "1", "data": [{"question": RIVER}, {"question": BAKER}]}))
    elif form == "csv":
        path.write_text(f'question,answer\n"{RIVER}",Danube\n"{BAKER}",140\n')
    elif form == "parquet":
        pq.write_table(pa.table({"question": [RIVER, BAKER], "n": [1, 2]}), path)
    else:
        path.write_text(RIVER)
    (benchmark,) = read_benchmark(str(path))
    assert len(benchmark.sha256) == 64
    assert len(benchmark.items) == (1 if form == "txt" else 2)
    assert any(item.contaminated for item in look(path, corpus(tmp_path, f"Quiz: {RIVER}")))


def test_which_document_holds_most_of_an_item(exam: Path, tmp_path: Path) -> None:
    words = RIVER.split()
    path = corpus(tmp_path, "nothing", " ".join(words[:15]), f"so: {RIVER}", f"again: {RIVER}")
    contamination(ContaminationWishes((path,), (str(exam),), table=tmp_path / "t.parquet"))
    rows = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert len(rows) == 6
    sizes = [len(line) for line in Path(path).read_bytes().splitlines(keepends=True)]
    assert (rows[0]["file"], rows[0]["document"]) == ("a.jsonl", sum(sizes[:2]))
    assert rows[1]["document"] is None
    assert RIVER not in str(rows)


def test_jobs_and_paths_change_nothing(exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = scan.plan_units
    monkeypatch.setattr(scan, "plan_units", lambda plan, said: made(plan, said, unit=300))
    path = corpus(tmp_path, *(f"{n} {text} {n}" for n in range(3) for text in (RIVER, "none", JAPANESE, CODE)))
    wishes = ContaminationWishes((path,), (str(exam),), jobs=1)
    results = [contamination(wishes), contamination(replace(wishes, jobs=2, engine="base"))]
    assert results[0].units > 2
    assert results[0].items == results[1].items
    assert results[0].body("x", "2026-01-01")["benchmarks"] == results[1].body("x", "2026-01-01")["benchmarks"]


def test_a_stopped_run_goes_on(exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from haipkit.workspace import contamination as searching

    made = scan.plan_units
    monkeypatch.setattr(scan, "plan_units", lambda plan, said: made(plan, said, unit=300))
    monkeypatch.setattr(searching, "check_contamination_controls", lambda engine: 4)
    wishes = ContaminationWishes((corpus(tmp_path, *[f"{n} {RIVER}" for n in range(12)]),), (str(exam),), jobs=1)
    do, left = contamination_units.look_unit, [2]

    def stopped(plan: Any, unit: Any) -> dict[str, Any]:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return do(plan, unit)

    monkeypatch.setattr(searching, "look_unit", stopped)
    with pytest.raises(KeyboardInterrupt):
        contamination(wishes, private=tmp_path / "private")
    monkeypatch.setattr(searching, "look_unit", do)
    again = contamination(wishes, private=tmp_path / "private")
    assert again.resumed == 2
    assert again.items == contamination(wishes).items


def test_a_missed_control_stops_the_run(exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "WORDS", 12_000)
    with pytest.raises(InternalFault, match="planted: item 1 was missed"):
        look(exam, corpus(tmp_path, "x"))


def test_verdicts() -> None:
    found = [BenchmarkFound("a", "", 100, 50, 3, 1, 0)]
    assert outcome_of(found, lost=False, limit="2%") == "findings"
    assert outcome_of(found, lost=False, limit="1.9 %") == "fail"
    assert outcome_of(found, lost=True, limit="0.0199") == "fail"
    assert outcome_of(found, lost=True, limit=None) == "incomplete"
    assert outcome_of([BenchmarkFound("a", "", 3, 0, 0, 0, 0)], lost=False, limit="0") == "clean"
    for wrong in ("much", "101%", "-1", "NaN%", ""):
        with pytest.raises(UsageError):
            read_limit(wrong)


def test_the_probes_that_are_shipped_can_be_read() -> None:
    for path in shipped_probes():
        (benchmark,) = read_benchmark(str(path))
        assert benchmark.items


WRONG: dict[str, tuple[Callable[[Path], str], type[Exception]]] = {
    "a benchmark that is not there": (lambda t: str(t / "gone.jsonl"), NotFound),
    "an empty folder": (lambda t: str(t / "empty"), NotFound),
    "a file without text": (lambda t: str(lines(t / "n.jsonl", [{"n": 1}])), BadInput),
    "a file that is cut": (lambda t: str(t / "cut.parquet"), BadInput),
    "lines that are not JSON": (lambda t: str(t / "bad.jsonl"), BadInput),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_benchmark_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "bad.jsonl").write_text('{"question": "one"}\n{"question": \n')
    make, error = WRONG[name]
    with pytest.raises(error):
        contamination(ContaminationWishes((corpus(tmp_path, "x"),), (make(tmp_path),)))


def test_something_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no benchmark"):
        contamination(ContaminationWishes((corpus(tmp_path, "x"),), ()))
