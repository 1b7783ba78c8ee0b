"""Forms made from the kinds' own models: what is wrong stands beside the field, and nothing that was typed is lost."""

import json
import re
from html import escape, unescape
from pathlib import Path

import pytest

from haipkit.records.kinds import KINDS
from haipkit.web.parts.form import MADE_ELSEWHERE, draw_form, read_form
from haipkit.workspace.bodies import body_model

from .browsing import Answer, Browser

ADDABLE = [kind.short for kind in KINDS.values() if kind.short not in MADE_ELSEWHERE]
RISK = {
    "system": "helpdesk",
    "title": "A wrong price <b>&\"'",
    "description": "Line one\nLine two",
    "domain": "society",
    "source": "Saturday meeting",
    "likelihood": "possible",
    "severity": "minor",
    "treatment": "none",
    "owner": "owner",
    "measures": "Look at prices\n\nAsk Monday ",
}


def size(browser: Browser) -> int:
    found: int = browser.app.state.desk.workspace.log.size()
    return found


def errors(answer: Answer) -> dict[str, str]:
    """Field → the words beside it."""
    found = re.findall(r'id="([\w.]+)-wrong">([^<]+)<', answer.text)
    return {name: unescape(words) for name, words in found}


@pytest.mark.parametrize("kind", ADDABLE)
def test_an_empty_form_is_refused_field_by_field(owner: Browser, kind: str) -> None:
    before = size(owner)
    answer = owner.post(f"/add/{kind}")
    needed = {name for name, info in body_model(kind).model_fields.items() if info.is_required()}
    if answer.status == 303:
        assert not needed
        return
    assert answer.status == 422
    assert needed <= set(errors(answer)) | ({"files"} if kind == "evidence" else set())
    assert "Nothing was recorded yet" in answer.words
    assert size(owner) == before


@pytest.mark.parametrize("kind", ADDABLE)
def test_every_field_of_a_kind_stands_in_its_form(owner: Browser, kind: str) -> None:
    text = owner.get(f"/add/{kind}").text
    for name, info in body_model(kind).model_fields.items():
        assert re.search(rf'name="{name}(\.0\.\w+)?"', text), name
        if info.description:
            assert escape(" ".join(info.description.split())[:30], quote=False) in text.replace("&#39;", "'")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "", "fill this in"),
        ("title", "x" * 301, "at most 300 characters; this has 301"),
        ("domain", "magic", "one of the answers"),
        ("likelihood", "0.3", "one of the answers"),
        ("accepted_on", "tomorrow", "not a date"),
        ("accepted_on", "2026-02-30", "2026-02-30"),
        ("tested_by", "Not A Slug", "lower-case"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_all_else_stays(
    owner: Browser, field: str, value: str, words: str
) -> None:
    before = size(owner)
    answer = owner.post("/add/risk", RISK | {field: value})
    assert answer.status == 422
    assert set(errors(answer)) == {field}
    assert words in errors(answer)[field].lower() + errors(answer)[field]
    assert size(owner) == before
    for name, kept in RISK.items():
        if name != field and name not in ("domain", "likelihood", "severity", "treatment", "system", "measures"):
            assert escape(kept) in answer.text.replace("&#34;", "&quot;").replace("&#39;", "&#x27;"), name
    assert "Look at prices\nAsk Monday</textarea>" in answer.text
    assert "<option selected>helpdesk</option>" in answer.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"system": "nobody"}, "no system"),
        ({"valid_from": "2026-05-01", "valid_until": "2026-04-01"}, "after valid_until"),
        ({"occurred_at": "2999-01-01"}, "in the future"),
        ({"key": "x" * 121}, "cannot be a key"),
    ],
)
def test_what_concerns_the_whole_form_is_said_on_top(owner: Browser, change: dict[str, str], words: str) -> None:
    before = size(owner)
    answer = owner.post("/add/risk", RISK | change)
    assert answer.status == 422
    assert words in answer.words
    assert size(owner) == before


def test_a_day_that_is_none_stays_readable(owner: Browser) -> None:
    """A date field of a browser would show nothing for it."""
    answer = owner.post("/add/risk", RISK | {"accepted_on": "last Monday"})
    assert re.search(r'<input type="text" id="accepted_on"[^>]* value="last Monday"', answer.text)


def test_a_good_form_becomes_a_record_once(owner: Browser) -> None:
    before = size(owner)
    first = owner.post("/add/risk", RISK)
    assert first.status == 303
    shown = owner.get(first.headers["location"])
    assert "Recorded. It is signed" in shown.words
    assert "A wrong price <b>&\"'" in shown.words
    assert "<b>&" not in shown.text
    assert "Inclusion proof" in shown.words
    again = owner.post("/add/risk", RISK)
    assert again.headers["location"].endswith("new=same")
    assert size(owner) == before + 1
    assert "A wrong price" in owner.get("/").words


def test_amending_brings_the_record_along_and_takes_its_place(owner: Browser) -> None:
    index = owner.post("/add/risk", RISK).headers["location"].split("/")[2].partition("?")[0]
    form = owner.get(f"/add/risk?amend={index}").text
    assert "Saturday meeting" in form
    assert "Look at prices\nAsk Monday</textarea>" in form
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    newer = owner.post("/add/risk", RISK | {"severity": "major", "key": key[1]})
    old = owner.get(f"/record/{index}").words
    assert "does not count today" in old
    assert f"Ledger entry {newer.headers['location'].split('/')[2].partition('?')[0]}" in old


def test_a_file_survives_a_mistake_and_comes_back_whole(owner: Browser) -> None:
    content = b"what the supplier wrote\n" * 50
    wrong = owner.upload("/add/evidence", {"title": "A letter", "supports": "99.9"}, "../../letter of may.txt", content)
    assert wrong.status == 422
    assert "supports" in errors(wrong)
    kept = re.search(r'name="kept" value="([^"]+)"', wrong.text)
    assert kept
    assert json.loads(unescape(kept[1]))[3] == "letter of may.txt"
    values = {
        "title": "A letter",
        "supports": "5.1b",
        "collected_at": "2026-01-02",
        "valid_until": "2027-01-02",
        "kept": unescape(kept[1]),
    }
    done = owner.post("/add/evidence", values)
    assert done.status == 303
    place = done.headers["location"].split("/")[2].partition("?")[0]
    page = owner.get(f"/record/{place}").words
    assert "letter of may.txt" in page
    assert "2 January 2027" in page
    got = owner.get(f"/file/{place}-1")
    assert got.body == content
    assert got.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "kept", ["", "x", "[]", '["../../etc/passwd", 1, "a", "b"]', '["' + "0" * 64 + '", 1, "a", "b"]']
)
def test_a_forged_file_is_not_taken(owner: Browser, kept: str) -> None:
    answer = owner.post("/add/evidence", {"title": "x", "supports": "5.1b", "collected_at": "2026-01-02", "kept": kept})
    assert answer.status == 422


@pytest.mark.parametrize("kind", sorted(MADE_ELSEWHERE))
def test_what_is_measured_cannot_be_typed(owner: Browser, kind: str) -> None:
    before = size(owner)
    assert owner.get(f"/add/{kind}").status == 403
    assert owner.post(f"/add/{kind}", {"title": "x"}).status == 403
    assert size(owner) == before


@pytest.mark.parametrize("kind", ADDABLE)
def test_what_a_form_shows_is_what_it_sends_back(kind: str) -> None:
    """A form drawn from values and sent unchanged gives the same values."""
    model = body_model(kind)
    values = {"title": "T", "name": "N", "summary": "a\nb", "measures": ["one", "two"], "countries": ["FR", "JP"]}
    values = {name: value for name, value in values.items() if name in model.model_fields}
    drawn = draw_form(model, values, {})
    sent = {
        box.name: list(box.value) if box.type == "choices" else [box.value]
        for box in (*drawn.needed, *drawn.others)
        if box.name in values
    }
    assert read_form(model, sent) == values


def test_the_ledger_page_says_when_something_was_changed(owner: Browser, folder: Path) -> None:
    assert owner.post("/ledger").status == 303
    assert "every entry, signature and row fits" in owner.get("/ledger").words
    import sqlite3

    with sqlite3.connect(folder / ".haip" / "ledger.db") as database:
        database.execute("UPDATE record SET body = replace(body, 'customers', 'nobody')")
    database.close()
    owner.post("/ledger")
    assert "it was changed, or parts of it do not fit" in owner.get("/ledger").words
    assert "does not verify" in owner.get("/report/gaps").words


@pytest.mark.parametrize(("ending", "begins"), [("html", b"<!doctype"), ("pdf", b"%PDF"), ("md", b"#"), ("json", b"{")])
def test_a_report_comes_in_four_forms(owner: Browser, ending: str, begins: bytes) -> None:
    assert owner.get(f"/read/gaps.{ending}?save=yes").body.startswith(begins)


def test_a_bundle_verifies(owner: Browser, tmp_path: Path) -> None:
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.verify import verify_bundle

    owner.post("/add/risk", RISK)
    path = tmp_path / "bundle.zip"
    path.write_bytes(owner.post("/report/gaps").body)
    key = VerifierKey.parse(owner.app.state.desk.workspace.config.verifier_key)
    assert verify_bundle(path, [key]).word == "valid"
