"""The short path: one plain question a page, kept after each, records at the end of each part."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from haipkit.kernel.errors import HaipError, NotFound
from haipkit.records.kinds import find_kind
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page, to
from haipkit.web.start.draft import Draft, keep_draft, read_draft
from haipkit.web.start.path import Question, catalogue, first_part, mistake, risks_of, second_part, systems_of
from haipkit.web.words import say


@page("owner")
def overview(desk: Desk, asked: Asked) -> Shown:
    draft = read_draft(desk.workspace)
    questions = _questions(desk, draft)
    return {
        "question": None,
        "draft": draft,
        "begun": bool(draft.answers),
        "next": next((one.id for one in questions if not _answered(draft, one)), questions[-1].id if questions else ""),
        "systems": [record.title for record in desk.view().of_kind("system/1")],
        "risks": len(desk.view().of_kind("risk/1")),
    }


@page("owner", tail="{step}")
def show(desk: Desk, asked: Asked) -> Shown:
    draft = read_draft(desk.workspace)
    questions = _questions(desk, draft)
    question = next((one for one in questions if one.id == asked.tail), None)
    if question is None:
        raise NotFound(
            say("this question is not asked now"),
            advice=say("Earlier answers decide what comes. Go on from “The short path”."),
        )
    return _shown(desk, draft, questions, question, draft.answers.get(question.id), "")


@page("owner", method="POST", tail="{step}")
def answer(desk: Desk, asked: Asked) -> Shown | Response:
    draft = read_draft(desk.workspace)
    if asked.tail in ("again", "skip"):
        return _jump(desk, draft, asked.tail)
    questions = _questions(desk, draft)
    question = next((one for one in questions if one.id == asked.tail), None)
    if question is None or question.stop:
        return to("/start")
    if question.type == "check":
        return _record(desk, draft, questions, question)
    value = _value(question, asked)
    wrong = mistake(question, value) or _taken(desk, draft, question, value)
    if wrong:
        return _shown(desk, draft, questions, question, value, wrong) | {"http_status": 422}
    draft.answers[question.id] = value
    keep_draft(desk.workspace, draft)
    following = _questions(desk, draft)
    place = [one.id for one in following].index(question.id)
    return to(f"/start/{following[min(place + 1, len(following) - 1)].id}")


def _value(question: Question, asked: Asked) -> Any:
    if question.type == "choices":
        return [one for one in asked.form.get("answer", ()) if one]
    if question.type == "lines":
        return [line.strip() for line in asked.one("answer").split("\n") if line.strip()]
    return asked.one("answer")


def _taken(desk: Desk, draft: Draft, question: Question, value: Any) -> str:
    """Two systems of one name would become one: the newest of a name is its state."""
    from haipkit.workspace.forms import slug

    if not (question.part == 1 and question.id.endswith(".name")):
        return ""
    others = {slug(str(said)) for name, said in draft.answers.items() if name.endswith(".name") and name != question.id}
    if slug(value) in others | set(desk.view().shelf.systems()):
        return say("You have one of this name already. Give this one another name, or amend that one under “Systems”.")
    return ""


def _jump(desk: Desk, draft: Draft, where: str) -> Response:
    """`again`: ask about further systems. `skip`: go on to what could go wrong with those that are recorded."""
    if where == "again":
        kept = {name: said for name, said in draft.answers.items() if not name.startswith("s")}
        keep_draft(desk.workspace, Draft(1, kept, []))
    elif desk.view().shelf.systems():
        keep_draft(desk.workspace, Draft(2, draft.answers, desk.view().shelf.systems()))
    return to("/start")


def _questions(desk: Desk, draft: Draft) -> list[Question]:
    if draft.part == 1:
        return list(first_part(draft.answers))
    return list(second_part(draft.answers, _bodies(desk, draft))) if draft.part == 2 else []


def _bodies(desk: Desk, draft: Draft) -> dict[str, Mapping[str, Any]]:
    known = {record.header.key: record.body for record in desk.view().of_kind("system/1")}
    return {key: known[key] for key in draft.systems if key in known}


def _answered(draft: Draft, question: Question) -> bool:
    return question.id in draft.answers and not mistake(question, draft.answers[question.id])


def _shown(desk: Desk, draft: Draft, questions: list[Question], question: Question, value: Any, wrong: str) -> Shown:
    place = questions.index(question)
    shown: Shown = {
        "question": question,
        "value": "\n".join(value) if question.type == "lines" and value else value or "",
        "wrong": wrong,
        "back": f"/start/{questions[place - 1].id}" if place else "/start",
        "place": place + 1,
        "list": catalogue()[0],
        "missing": "",
        "summary": [],
    }
    if question.type == "check":
        open_one = next((one for one in questions[:-1] if not _answered(draft, one) and one.needed), None)
        shown["missing"] = open_one.id if open_one else ""
        shown["summary"] = [(one, _in_words(one, draft.answers.get(one.id))) for one in questions[:-1]]
    return shown


def _in_words(question: Question, value: Any) -> str:
    titles = dict(question.options)
    if isinstance(value, list):
        return "; ".join(titles.get(str(one), str(one)) for one in value) or say("nothing")
    return titles.get(str(value or ""), str(value or say("nothing")))


def _record(desk: Desk, draft: Draft, questions: list[Question], question: Question) -> Shown | Response:
    """Turn the answers of a part into records, all or none."""
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form, slug

    if any(one.needed and not _answered(draft, one) for one in questions[:-1]):
        return to(f"/start/{question.id}")
    view = desk.view()
    if draft.part == 1:
        bodies = systems_of(draft.answers, view.found.roles, view.day.isoformat())
        forms = [Form(find_kind("system"), body, {"key": slug(body["name"])}, body["name"]) for body in bodies]
    else:
        made = risks_of(draft.answers, _bodies(desk, draft))
        forms = [Form(find_kind("risk"), body, {"key": key, "system": system}, key) for system, key, body in made]
    try:
        written = add(desk.workspace, forms)
    except HaipError as fault:
        wrong = " ".join(part for part in (fault.what, fault.advice) if part)
        return _shown(desk, draft, questions, question, None, wrong) | {"http_status": 422}
    if draft.part == 1:
        kept = {name: said for name, said in draft.answers.items() if not name.startswith("s")}
        keep_draft(desk.workspace, Draft(2, kept, [str(one.key) for one in written]))
        return to("/start")
    keep_draft(desk.workspace, Draft(3, {}, []))
    return to("/plan")
