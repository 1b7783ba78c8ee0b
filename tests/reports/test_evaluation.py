"""The report on evaluations: the rule, the rate with its label, what it cost, and what nobody tested."""

import re
from typing import Any

import pytest

from haipkit.conduct.checkpoints import load_checkpoints
from haipkit.conduct.load import load_conduct
from haipkit.kernel.errors import UsageError
from haipkit.kernel.words import Strength
from haipkit.records.kinds import KINDS
from haipkit.reports.document import Document, Figure, Heading, Paragraph, Table
from haipkit.reports.registry import find_report
from helpers.told import FAILED, PLANNED, RATE, Ledger, told

from .conftest import claims_of, words_of


def _report(book: Ledger | None = None, **options: str) -> Document:
    return find_report("evaluation")(told(book=book, options=options))


def _lead(document: Document) -> str:
    return next(block.text for block in document.blocks if isinstance(block, Paragraph) and block.lead)


def _figures(document: Document) -> list[Figure]:
    return [block for block in document.blocks if isinstance(block, Figure)]


def test_answers_in_one_sentence() -> None:
    assert _lead(_report(system="helpdesk/2.1")) == (
        "Helpdesk, release 2.1: of 1 suite with a rule that was registered first, 1 failed; 3 of the seven risk "
        "domains were not tested."
    )


def test_the_rate_stands_with_its_interval_its_label_and_both_numbers() -> None:
    rates = _figures(_report(system="helpdesk/2.1"))[0]
    assert [cell.text for cell in rates.table.rows[0]] == [
        *(
            "prompt-leak 1",
            "Self-replication and training other models",
            "FAIL",
            "41.7 %",
            "5.0 % to 86.7 %",
            "uncorrected",
        ),
        *("at most 5 %", "10 % or more"),
    ]
    assert rates.table.rows[0][0].proofs
    assert "41.7 %, uncorrected" in rates.description


def test_the_scale_starts_at_zero_and_holds_every_end() -> None:
    svg = _figures(_report(system="helpdesk/2.1"))[0].svg
    numbers = [float(x) for path in re.findall(r' d="M([^"]+)"', svg) for x in re.findall(r"(?:^|L)([\d.]+) ", path)]
    assert max(numbers) <= 420
    assert ">0</text>" in svg


def test_the_rule_was_registered_before_the_run_and_says_what_it_saves() -> None:
    words = words_of(_report(system="helpdesk/2.1"))
    assert "registered on 8 September 2026, before its first run (ledger entry" in words
    assert "at most 5 % failures are fine, 10 % or more must not be" in words
    assert "It used 12 calls, where a design that looks once needs 298." in words
    assert "1 call without an answer, 0 that could not be scored." in words
    assert "The mistakes of the grading are still in this rate" in words


def test_the_course_of_a_run_has_its_numbers_in_a_table() -> None:
    course = _figures(_report(system="helpdesk/2.1"))[1]
    assert course.title == "The course of prompt-leak 1"
    rows = [[cell.text for cell in row] for row in course.table.rows]
    assert rows == [
        ["3", "3 passed", "0", "–", "2"],
        ["5", "2 failed", "2", "–", "3"],
        ["6", "1 no answer", "2", "–", "3"],
        ["9", "3 passed", "2", "–", "5"],
        ["12", "3 failed", "5", "–", "5"],
    ]


def test_what_nobody_tested_is_named() -> None:
    document = _report(system="helpdesk/2.1")
    said = {claim.text for claim in claims_of(document.blocks) if claim.strength is None}
    assert "Chemical, biological, radiological, nuclear." in said
    assert "Self-replication and training other models." not in said


def test_results_of_other_tools_stand_apart_as_evidenced() -> None:
    claim = next(c for c in claims_of(_report(system="helpdesk/2.1").blocks) if "Taken over from" in c.text)
    assert claim.strength is Strength.EVIDENCED
    assert "inspect 0.3.285; not repeated by us" in claim.text


def test_decisions_are_told_with_their_end() -> None:
    words = words_of(_report(system="helpdesk/2.1"))
    assert "May release 2.1 go out?" in words
    assert "It holds until 31 December 2026." in words


def test_every_start_counts() -> None:
    book = _book()
    book.add(**_run(1, "FAIL"))
    book.add(**_run(2, "PASS"))
    document = _report(book)
    words = words_of(document)
    assert "was started 2 times: run 1 FAIL (13 calls sent) and run 2 PASS (13 calls sent)." in words
    assert "1 failed" in _lead(document)  # asking again undoes nothing


def test_a_plan_that_came_after_its_run_is_said_to() -> None:
    book = _shop()
    book.add(**_run(1, "FAIL"))
    _plan(book)
    assert "after its first run" in words_of(_report(book))


def test_a_run_of_before_courses_were_kept_has_no_picture() -> None:
    book = _book()
    said = {name: value for name, value in FAILED.items() if name not in ("path", "fail_limit", "fixed_calls")}
    book.add(**{**_run(1, "FAIL"), "suites": (said,)})
    assert len(_figures(_report(book))) == 1


def test_a_review_by_people_is_told_with_the_office() -> None:
    book = _book()
    seen = {"reviewed_by": "safety office", "looked_at": 7, "confirmed": 4, "missed": 0, "rate_is": "verified"}
    book.add(**{**_run(1, "FAIL"), "suites": ({**FAILED, **seen},)})
    words = words_of(_report(book))
    assert "The office “safety office” had people look at 7 answers: 4 failures confirmed, 0 found" in words


def test_checkpoints_say_what_is_on_record_and_whose_reading_they_are() -> None:
    document = _report(system="helpdesk/2.1")
    heading = next(b for b in document.blocks if isinstance(b, Heading) and "due over its life" in b.text)
    assert heading.tag == "our reading"
    table = next(b for b in document.blocks if isinstance(b, Table) and b.caption == "Checkpoints")
    rows = {row[1].text: row[2].text for row in table.rows}
    assert rows["A plan with its rule, registered before the test"].startswith("of ")
    assert rows["A test of the model between two stages of training"] == "nothing on record"


def test_checkpoints_name_clauses_and_kinds_that_exist() -> None:
    known = load_checkpoints()
    assert set(known.clauses) <= set(load_conduct().clauses)
    assert {need.kind for point in known.every for need in point.due} <= set(KINDS)
    assert [point.id for point in known.every] == [
        *("design", "training", "pre-deployment", "deployment", "change", "periodic")
    ]


def test_a_system_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no system 'bakery'"):
        _report(system="bakery")


def test_a_system_without_tests_lacks_all_seven() -> None:
    assert "7 of the seven risk domains were not tested" in _lead(_report(system="ovens"))


def test_erased_fields_do_not_stop_it() -> None:
    book = _book()
    made = _run(1, "FAIL")
    book.add(**{name: made[name] for name in ("kind", "key", "system")})
    assert words_of(_report(book))


def _shop() -> Ledger:
    book = Ledger()
    book.add("organisation", "shop", name="Shop", roles=("deployer",), size="micro", countries=("CA",))
    return book


def _book() -> Ledger:
    book = _shop()
    _plan(book)
    return book


def _plan(book: Ledger) -> None:
    book.add(
        "evaluation-plan",
        "first",
        system="helpdesk/1.0",
        registered_on="2026-09-08",
        suites=(PLANNED,),
        judge="none",
        target_sha256="55" * 32,
    )


def _run(ordinal: int, verdict: str) -> dict[str, Any]:
    return {
        **{"kind": "evaluation-run", "key": f"first.{ordinal}", "system": "helpdesk/1.0", "plan": "first"},
        **{"ordinal": ordinal, "ran_on": "2026-09-09", "target_sha256": "55" * 32, "state": "finished"},
        **{"outcome": verdict, "calls_sent": 13, "suites": ({**FAILED, **RATE, "verdict": verdict},)},
    }
