"""Small rules for words: join, cut, end a sentence, write a day for people, and show what hides in a text."""

import re
from collections.abc import Iterable, Sequence

from haipkit.kernel.clock import in_words, parse_day
from haipkit.kernel.errors import BadInput

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
_ENDS = (".", "!", "?", "…", "。", "！", "？", ".”", ".’", ".)")


def visible(text: str) -> str:
    """`text` with control characters, text-direction overrides and lone surrogates replaced by U+FFFD.

    They could hide words, turn a sentence round or break a file format; nobody needs them in a report.
    """
    return _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def clip(text: str, limit: int) -> str:
    """At most `limit` characters on one line, cut between words where possible; `…` stands for what is left out."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ", limit // 2)
    return (cut[:space] if space > 0 else cut).rstrip(" ,;:.–-") + "…"


def first_sentences(text: str, limit: int) -> str:
    """As many whole sentences as fit into `limit` characters; a first sentence that is longer is cut by `clip`."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    end = max(line.rfind(mark, 0, limit) for mark in (". ", "? ", "! "))
    return line[: end + 1] if end > 0 else clip(line, limit)


def stop(text: str) -> str:
    """One line that ends like a sentence."""
    line = one_line(text)
    return line if not line or line.endswith(_ENDS) else line + "."


_OURS = {"your": "our", "yours": "ours", "yourself": "ourselves", "yourselves": "ourselves"}
_BEFORE_US = "ask|asks|at|behind|by|for|from|give|gives|help|is|let|of|shows|suits|surprised|tell|tells|to|with"
_TO_US = re.compile(rf"\b({_BEFORE_US}) you\b(?! (?:can|may|must)\b)")
_YOU = re.compile(r"\b(you|your|yours|yourself|yourselves)\b", re.IGNORECASE)
_SAID = re.compile(r"(“[^”]*”)")


def ours(text: str) -> str:
    """Advice to the reader (“your data”) as a report says it (“our data”); what stands in quotation marks stays.

    Commands lose their backquotes, which are no marks of a report.
    """
    parts = _SAID.split(re.sub(r"`([^`]*)`", r"“\1”", text))
    return "".join(part if part.startswith("“") else _of_us(part) for part in parts)


def _of_us(text: str) -> str:
    def swapped(found: re.Match[str]) -> str:
        word = _OURS.get(found[0].lower(), "we")
        return word.capitalize() if found[0][0].isupper() else word

    return _YOU.sub(swapped, _TO_US.sub(r"\1 us", text))


def quoted(text: str) -> str:
    return f"“{one_line(text)}”"


def join(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    items = [one_line(word) for word in words]
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" {last} {items[-1]}"


def join_phrases(phrases: Iterable[str]) -> str:
    """Phrases that may hold commas themselves, joined with semicolons."""
    return "; ".join(one_line(phrase).rstrip(".;") for phrase in phrases)


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 record`, `3 records`, `no records`."""
    if number == 1:
        return f"1 {one}"
    return f"{number or 'no'} {many or one + 's'}"


def ranges(numbers: Iterable[int]) -> str:
    """`3, 7–9` of 9, 3, 8 and 7."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in found)


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def day(text: str | None) -> str:
    """A day or instant written out for people; anything else stays as it is."""
    if not text:
        return ""
    try:
        return in_words(parse_day(text[:10]))
    except BadInput:
        return text


def days_between(start: str, end: str) -> int:
    """Days from one day to another, negative when `end` lies before. Raises BadInput."""
    return (parse_day(end[:10]) - parse_day(start[:10])).days


def time_left(as_of: str, due: str) -> str:
    """The time from `as_of` to `due` in words."""
    days = days_between(as_of, due)
    if days == 0:
        return "due today"
    length = _length(abs(days))
    return f"{length} left" if days > 0 else f"{length} overdue"


def _length(days: int) -> str:
    if days < 60:
        return count(days, "day")
    months = round(days / 30.44)
    return count(months, "month") if months < 24 else f"{days // 365} years"
