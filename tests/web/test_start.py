"""The short path: one question a page, kept after each, records at the end of each part, back always possible."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from haipkit.kernel.words import RISK_DOMAINS
from haipkit.records.record import Record
from haipkit.web.app import create_app
from haipkit.web.start.path import catalogue, first_part, second_part, suggested
from haipkit.workspace.bodies import body_model

from .browsing import Answer, Browser

FIRST: dict[str, str | list[str]] = {
    "name": "Recipe writer",
    "purpose": "Writes recipes for our window",
    "maker": "Example Words",
    "used": "deployed",
    "people": ["customers", "staff"],
    "talks": "no",
    "makes": ["text", "image"],
    "personal": "no",
    "free": "low",
    "harm": "no",
    "ruled-out": "no",
    "more": "no",
}
SECOND: dict[str, str | list[str]] = {
    "which": ["wrong-answers", "content-taken-for-real"],
    "likely": "possible",
    "bad": "moderate",
    "done": "in-place",
    "measures": "We read each text\nWe mark pictures",
    "r-owner": "owner",
}


def place(answer: Answer) -> str:
    assert answer.status == 303, answer.words
    return answer.headers["location"]


def walk(browser: Browser, here: str, said: dict[str, str | list[str]], until: str) -> list[str]:
    """Answer page after page until the address `until`; returns the pages seen."""
    seen = []
    while here != until:
        seen.append(here)
        assert len(seen) < 60
        assert browser.get(here).status == 200
        question = here.rpartition("/")[2]
        here = place(browser.post(here, {"answer": said.get(question) or said[question.rpartition(".")[2]]}))
    return seen


def records(browser: Browser, kind: str) -> list[Record]:
    return list(browser.app.state.desk.view().of_kind(kind))


def test_the_whole_path_ends_in_records_and_a_list_to_print(owner: Browser) -> None:
    walk(owner, "/start/s0.name", FIRST, "/start/check-1")
    summary = owner.get("/start/check-1").words
    for words in ("Recipe writer", "Customers; People who work here", "It prepares things"):
        assert words in summary
    assert len(records(owner, "system/1")) == 1, "nothing is recorded before it is said"
    assert place(owner.post("/start/check-1")) == "/start"
    made = records(owner, "system/1")[0].body
    assert made["makes_content"] is True
    assert made["supplier"] == "example-words"
    assert made["prohibited_uses_checked_on"]
    walk(owner, "/start/r.recipe-writer.which", SECOND, "/start/check-2")
    assert place(owner.post("/start/check-2")) == "/plan"
    risks = {record.header.key: record for record in records(owner, "risk/1")}
    assert set(risks) == {"wrong-answers", "content-taken-for-real"}
    one = risks["wrong-answers"]
    assert one.header.system == "recipe-writer"
    assert one.body["measures"] == ["We read each text", "We mark pictures"]
    assert "draft" in one.body["source"]
    plan = owner.get("/plan").words
    assert "Recipe writer" in plan
    assert "It says something wrong, and somebody relies on it" in plan


def test_every_answer_outlives_the_process(owner: Browser, folder: Path) -> None:
    owner.post("/start/s0.name", {"answer": "Recipe writer"})
    owner.app.state.desk.close()
    again = Browser(create_app(folder))
    again.enter()
    assert "Every answer was kept" in again.get("/start").words
    assert 'href="/start/s0.purpose"' in again.get("/start").text
    assert 'value="Recipe writer"' in again.get("/start/s0.name").text
    again.app.state.desk.close()


def test_back_leads_to_the_question_before(owner: Browser) -> None:
    pages = walk(owner, "/start/s0.name", FIRST, "/start/check-1")
    for before, page in pairwise(pages):
        back = re.search(r'class="back"><a href="([^"]+)"', owner.get(page).text)
        assert back
        assert back[1] == before


def test_a_ruled_out_use_stops_and_nothing_is_recorded(owner: Browser) -> None:
    before = owner.app.state.desk.workspace.log.size()
    pages = walk(owner, "/start/s0.name", FIRST | {"ruled-out": "yes"}, "/start/s0.stop")
    assert pages[-1] == "/start/s0.ruled-out"
    assert "The Code rules such uses out" in owner.get("/start/s0.stop").words
    assert place(owner.post("/start/s0.stop")) == "/start"
    assert owner.get("/start/check-1").status == 404
    assert place(owner.post("/start/check-1")) == "/start"
    assert owner.app.state.desk.workspace.log.size() == before
    assert place(owner.post("/start/s0.ruled-out", {"answer": "no"})) == "/start/s0.more"


def test_who_is_not_sure_is_not_written_down_as_checked(owner: Browser) -> None:
    walk(owner, "/start/s0.name", FIRST | {"ruled-out": "unsure"}, "/start/check-1")
    owner.post("/start/check-1")
    assert "prohibited_uses_checked_on" not in records(owner, "system/1")[0].body


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("s0.name", "", "Please answer"),
        ("s0.name", "x" * 121, "At most 120 characters; this has 121"),
        ("s0.name", "Helpdesk", "one of this name already"),
        ("s0.used", "", "Please answer"),
        ("s0.used", "perhaps", "one of the answers"),
        ("s0.people", "martians", "among the answers"),
        ("s0.free", "<script>", "one of the answers"),
    ],
)
def test_a_wrong_answer_is_said_and_not_kept(owner: Browser, question: str, answer: str, words: str) -> None:
    shown = owner.post(f"/start/{question}", {"answer": answer})
    assert shown.status == 422
    assert words in shown.words
    assert "<script" not in shown.text
    assert "You have begun" not in owner.get("/start").words
    if question == "s0.name" and answer:
        assert f'value="{answer}"' in shown.text


def test_two_systems_are_two_records(owner: Browser) -> None:
    said = FIRST | {"s0.more": "yes", "s1.name": "Scheduler", "s1.talks": "yes"}
    walk(owner, "/start/s0.name", said, "/start/check-1")
    owner.post("/start/check-1")
    assert {record.header.key for record in records(owner, "system/1")} == {"helpdesk", "recipe-writer", "scheduler"}
    assert owner.get("/start/r.scheduler.which").status == 200


def test_what_is_recorded_already_can_be_asked_about(owner: Browser) -> None:
    assert place(owner.post("/start/skip")) == "/start"
    assert owner.get("/start/r.helpdesk.which").status == 200


def test_a_damaged_draft_is_said_and_no_record_is_touched(owner: Browser, folder: Path) -> None:
    owner.post("/start/s0.name", {"answer": "Recipe writer"})
    (folder / ".haip/drafts/start.json").write_text("{", "utf-8")
    answer = owner.get("/start")
    assert answer.status == 500
    assert "kept answers cannot be read" in answer.words
    assert owner.get("/").status == 200


def test_the_list_of_risks_can_be_recorded_and_shows_its_marks(owner: Browser) -> None:
    head, rows = catalogue()
    assert head["status"] == "draft"
    traits = set(body_model("system").model_fields)
    for one in rows:
        assert one.domain in {*RISK_DOMAINS, "other"}
        assert set(one.when) <= traits
        assert re.fullmatch(r"[1-7]\.[1-6]", one.mit)
        assert one.measures
    owner.post("/start/skip")
    shown = owner.get("/start/r.helpdesk.which").words
    assert "draft" in shown
    assert "no list is complete" in shown


def test_what_is_suggested_follows_the_answers() -> None:
    quiet = {one.id for one in suggested({})}
    talks = {one.id for one in suggested({"talks_to_people": True})}
    assert "people-think-it-is-a-person" in talks - quiet
    assert "acts-without-anybody-looking" in {one.id for one in suggested({"autonomy": "high"})} - quiet


def test_no_question_names_another_twice() -> None:
    answers = json.loads(json.dumps({"s0.name": "a", "s0.more": "yes", "s1.name": "b"}))
    for part in (list(first_part(answers)), list(second_part({"r.a.which": ["wrong-answers"]}, {"a": {}}))):
        assert len({one.id for one in part}) == len(part)
