"""The short path: which questions come, in which order, given the answers so far. Pure: keeps and writes nothing.

One question a page. What comes next is always worked out from all answers, so that going back and changing one is safe.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from haipkit.web.words import say

Answers = Mapping[str, Any]
_LIKELY = (
    ("rare", say("I would be surprised to see it even once.")),
    ("unlikely", say("It could happen, but not in most years.")),
    ("possible", say("It may well happen some time this year.")),
    ("likely", say("It will probably happen this year, perhaps more than once.")),
    ("almost-certain", say("It happens already, or will within weeks.")),
)
_BAD = (
    ("negligible", say("Nobody is worse off.")),
    ("minor", say("An annoyance that is put right the same day.")),
    ("moderate", say("Somebody loses time or money, or is upset, and it takes work to put right.")),
    ("major", say("Somebody is seriously harmed, treated unfairly or loses a right.")),
    ("catastrophic", say("Somebody could die or be harmed for life, or many people are harmed at once.")),
)
_SOURCE = "haipkit's list for starting, edition {edition} (draft); MIT AI Risk Repository {mit}"
_USED = (
    ("deployed", say("Yes")),
    ("design", say("Not yet, we are thinking about it")),
    ("retired", say("Not any more")),
)
_PEOPLE = (
    ("customers", say("Customers")),
    ("staff", say("People who work here")),
    ("applicants", say("People who apply for a job")),
    ("children", say("Children")),
    ("public", say("Anybody")),
)
_MEDIA = (
    ("text", say("Text")),
    ("image", say("Pictures")),
    ("audio", say("Voice or music")),
    ("video", say("Video")),
    ("code", say("Program code")),
)
_FREE = (
    ("none", say("It only suggests; a person does everything")),
    ("low", say("It prepares things; a person says yes each time")),
    ("medium", say("It acts; a person can step in")),
    ("high", say("It acts, and people see it later")),
)
_NO = (("no", say("No, none of these")), ("unsure", say("I am not sure")), ("yes", say("Yes, at least one")))
_YES_NO = (("yes", say("Yes")), ("no", say("No")))


@dataclass(frozen=True, slots=True)
class Question:
    """`type`: line, text, lines, choice, choices. `stop` marks a page that ends the path until an answer changes."""

    id: str
    part: int
    title: str
    hint: str = ""
    type: str = "choice"
    options: tuple[tuple[str, str], ...] = ()
    needed: bool = True
    about: str = ""
    suggested: tuple[str, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A risk of the shipped list."""

    id: str
    title: str
    description: str
    domain: str
    mit: str
    measures: tuple[str, ...]
    when: Mapping[str, Any]


@cache
def catalogue() -> tuple[dict[str, str], tuple[Suggestion, ...]]:
    """(edition, day, status, note), and the suggestions."""
    data = tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text("utf-8"))
    head = {name: data[name] for name in ("edition", "as_of", "status", "note", "tags")}
    rows = tuple(
        Suggestion(
            row["id"], say(row["title"]), say(row["description"]), row["domain"], row["mit"],
            tuple(say(measure) for measure in row["measures"]), row.get("when", {}),
        )
        for row in data["risk"]
    )  # fmt: skip
    return head, rows


def suggested(system: Mapping[str, Any]) -> list[Suggestion]:
    """What could go wrong with a system of these traits."""
    return [
        one
        for one in catalogue()[1]
        if all(
            system.get(name, False) in (value if isinstance(value, list) else [value])
            for name, value in one.when.items()
        )
    ]


def first_part(answers: Answers) -> Iterator[Question]:
    """Which AI do you use, and for what? Ends with the page that checks everything."""
    number = 0
    while True:
        yield from _about_system(f"s{number}", answers)
        if answers.get(f"s{number}.ruled-out") == "yes":
            yield Question(f"s{number}.stop", 1, say("Stop here"), stop=True)
            return
        yield Question(f"s{number}.more", 1, say("Do you use another AI system?"), options=_YES_NO)
        if answers.get(f"s{number}.more") != "yes" or number >= 30:
            break
        number += 1
    yield Question("check-1", 1, say("Is this right?"), type="check")


def _about_system(place: str, answers: Answers) -> Iterator[Question]:
    name = str(answers.get(f"{place}.name", ""))

    def ask(what: str, title: str, hint: str = "", **more: Any) -> Question:
        return Question(f"{place}.{what}", 1, title, hint, about=name if what != "name" else "", **more)

    hint = say("Whatever writes, talks, draws, sorts or decides for you: a chatbot, a text tool, a scheduler.")
    yield ask(
        "name", say("What AI do you use?") if place == "s0" else say("What is the next one called?"), hint, type="line"
    )
    yield ask(
        "purpose", say("What do you use it for?"), say("In a sentence or two, as you would tell a friend."), type="text"
    )
    yield ask("maker", say("Who makes it?"), say("The company you got it from."), type="line", needed=False)
    yield ask("used", say("Is it in use?"), options=_USED)
    yield ask("people", say("Whose life does it touch?"), say("Choose all that fit."), type="choices", options=_PEOPLE)
    yield ask("talks", say("Do people talk or write to it directly?"), options=_YES_NO)
    yield ask(
        "makes",
        say("What does it make?"),
        say("Choose none if it makes nothing new."),
        type="choices",
        options=_MEDIA,
        needed=False,
    )
    yield ask("personal", say("Does it see details about people, such as names, messages or photos?"), options=_YES_NO)
    yield ask("free", say("How much does it do on its own?"), options=_FREE)
    yield ask(
        "harm", say("If it goes wrong, could somebody be hurt, lose money they need, or lose a right?"), options=_YES_NO
    )
    hint = say(
        "To attack democracy; to harm people badly; to help criminals or terrorists; "
        "to put safety or human rights at grave risk."
    )
    yield ask("ruled-out", say("Is it used for any of these?"), hint, options=_NO)


def systems_of(answers: Answers, roles: Sequence[str], day: str) -> list[dict[str, Any]]:
    """The bodies of the system records that the first part amounts to."""
    from haipkit.workspace.forms import slug

    made = []
    for number in range(31):
        said = {what: answers.get(f"s{number}.{what}") for what in _SAID}
        if not said["name"]:
            break
        body: dict[str, Any] = {
            "name": said["name"],
            "purpose": said["purpose"],
            "roles": list(roles),
            "lifecycle": said["used"],
            "people_affected": said["people"],
            "autonomy": said["free"],
            "talks_to_people": said["talks"] == "yes",
            "makes_content": bool(said["makes"]),
            "media": said["makes"] or [],
            "uses_personal_data": said["personal"] == "yes",
            "elevated_risk": said["harm"] == "yes",
        }
        if said["maker"]:
            body["supplier"] = slug(str(said["maker"]))
        if said["ruled-out"] == "no":
            body["prohibited_uses_checked_on"] = day
        made.append(body)
        if answers.get(f"s{number}.more") != "yes":
            break
    return made


_SAID = ("name", "purpose", "maker", "used", "people", "talks", "makes", "personal", "free", "harm", "ruled-out")


def second_part(answers: Answers, systems: Mapping[str, Mapping[str, Any]]) -> Iterator[Question]:
    """What could go wrong, for whom? `systems`: key → body of the recorded systems."""
    for key, body in systems.items():
        name = str(body.get("name", key))
        options = tuple((one.id, one.title) for one in suggested(body))
        hint = say("Choose what you can imagine here. Three honest ones are worth more than ten.")
        yield Question(
            f"r.{key}.which", 2, say("What could go wrong?"), hint, "choices", options, about=name, needed=False
        )
        chosen = answers.get(f"r.{key}.which") or ()
        for one in suggested(body):
            if one.id in chosen:
                yield from _about_risk(f"r.{key}.{one.id}", one, answers)
    yield Question(
        "r-owner",
        2,
        say("Who decides about these risks?"),
        say("An office, such as “owner” or “shop manager”: never a person's name."),
        "line",
    )
    yield Question("check-2", 2, say("Is this right?"), type="check")


def _about_risk(place: str, risk: Suggestion, answers: Answers) -> Iterator[Question]:
    yield Question(f"{place}.likely", 2, say("How likely is it?"), risk.description, options=_LIKELY, about=risk.title)
    yield Question(f"{place}.bad", 2, say("How bad would it be?"), risk.description, options=_BAD, about=risk.title)
    done = (("in-place", say("Yes")), ("planned", say("Not yet, but we will")), ("none", say("No")))
    yield Question(f"{place}.done", 2, say("Do you do something about it?"), options=done, about=risk.title)
    if answers.get(f"{place}.done") in ("in-place", "planned"):
        hint = say("One a line, in your own words. Suggestions stand below.")
        yield Question(
            f"{place}.measures", 2, say("What do you do?"), hint, "lines", about=risk.title, suggested=risk.measures
        )


def risks_of(answers: Answers, systems: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    """(system, key, body) of the risk records that the second part amounts to."""
    edition = catalogue()[0]["edition"]
    made = []
    for key, body in systems.items():
        for one in suggested(body):
            place = f"r.{key}.{one.id}"
            if one.id not in (answers.get(f"r.{key}.which") or ()):
                continue
            risk: dict[str, Any] = {
                "title": one.title,
                "description": one.description,
                "domain": one.domain,
                "source": say(
                    "haipkit's list for starting, edition {edition} (draft); MIT AI Risk Repository {mit}",
                    edition=edition,
                    mit=one.mit,
                ),
                "likelihood": answers.get(f"{place}.likely"),
                "severity": answers.get(f"{place}.bad"),
                "treatment": answers.get(f"{place}.done"),
                "owner": answers.get("r-owner"),
                "people_affected": list(body.get("people_affected", ())),
                "measures": list(answers.get(f"{place}.measures") or ())
                if answers.get(f"{place}.done") != "none"
                else [],
            }
            made.append((key, one.id, risk))
    return made


def mistake(question: Question, value: Any) -> str:
    """What is wrong with an answer, in words; empty when it is fine."""
    if value in ("", [], None):
        return say("Please answer this one.") if question.needed else ""
    if question.type == "choice" and value not in [word for word, _ in question.options]:
        return say("Choose one of the answers.")
    if question.type == "choices" and not set(value) <= {word for word, _ in question.options}:
        return say("Choose among the answers.")
    longest = {"line": 120, "text": 5000}.get(question.type, 0)
    if longest and len(value) > longest:
        return say("At most {limit} characters; this has {length}.", limit=longest, length=len(value))
    if question.type == "lines" and any(len(line) > 300 for line in value):
        return say("At most 300 characters a line.")
    return ""
