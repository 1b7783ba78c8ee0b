"""How a kind of record gets its words, and the small words that all of them share."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from haipkit.kernel.words import RISK_DOMAINS
from haipkit.records.kinds import KINDS
from haipkit.records.record import Record
from haipkit.reports.text import clip, day, join_phrases, quoted, stop

STATES = {"in-place": "We have", "planned": "We plan", "absent": "We do not have"}
LONGEST = 600
"""Characters of one free text that an answer quotes; the record keeps the whole."""

Namer = Callable[[str | None], str]
"""Turns a system, a release or a key into words for people."""
Phrase = Callable[[Mapping[str, Any], Record, Namer], Iterable[str]]
PHRASES: dict[str, Phrase] = {}


class Erased(str):
    """Stands where a field was erased or withheld; as a list it has one item."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


class Body(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return Erased("(erased)")


def other(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    known = KINDS.get(record.header.kind)
    yield f"We recorded {quoted(record.title)} ({known.title.lower() if known else record.header.kind})."


def phrase(kind: str) -> Callable[[Phrase], Phrase]:
    def enter(function: Phrase) -> Phrase:
        PHRASES[kind] = function
        return function

    return enter


def free(text: object) -> str:
    """A free text as a sentence, cut where it is very long."""
    return stop(clip(str(text), LONGEST)) if text else ""


def the(office: object) -> str:
    name = str(office)
    return name if name.lower().startswith(("the ", "our ")) else f"the {name}"


def words(value: object) -> str:
    return str(value).replace("-", " ")


def domains(values: Iterable[str]) -> str:
    return join_phrases(RISK_DOMAINS.get(value, "other risks").lower() for value in values)


def whose(record: Record, namer: Namer, preposition: str = "for") -> str:
    return f" {preposition} {namer(record.header.system)}" if record.header.system else ""


def checked(body: Mapping[str, Any]) -> str:
    if not body.get("last_checked_on"):
        return ""
    how = f" ({clip(body['checked_how'], 200)})" if body.get("checked_how") else ""
    return f"We last checked it on {day(body['last_checked_on'])}{how}."
