"""Licences in text: SPDX identifiers, Creative Commons addresses, texts known by short anchors, and notices of rights.

Pure. `lists/licences.toml` says which texts are known; a licence that is not in it is not seen, and a changed text is
taken for the one it was made from. Names of holders are never read out. Which terms fit a use is not decided here.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from haipkit.detectors.optout import ALLOW, DOUBT, LISTS, Signal

_OPEN = ("public-domain", "permissive")
_WORST = ("public-domain", "permissive", "copyleft", "share-alike", "no-derivatives", "non-commercial", "unknown")
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]{1,200})")
_CC = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-nd|-sa)?)|publicdomain/(zero|mark))/(\d\.\d)", re.IGNORECASE
)
_NOTICE = re.compile(r"(?:copyright\s*(?:©|\(c\))?|©|\(c\))\s*(?:19|20)\d\d", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
NEEDLES = (
    *(b"licen", b"copyright", b"creativecommons.org", b"public domain", "©".encode(), b"(c) 20", b"(c) 19"),
    *(b"redistribution and use", b"permission is hereby", b"permission to use", b"(c)20", b"(c)19"),
)
"""Lower-case bytes: one of them, or a reservation, stands in every text that this module can say something about."""


@dataclass(frozen=True, slots=True)
class Known:
    """A licence of the table: SPDX name, terms, and anchors in normal form that must (not) stand in a text."""

    spdx: str
    terms: str
    anchors: tuple[str, ...]
    without: tuple[str, ...]
    sha256: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a text says of rights: licences as (SPDX expression, terms), notices counted, a reservation in words."""

    licences: tuple[tuple[str, str], ...]
    notices: int
    reserved: str

    def signals(self) -> list[Signal]:
        """Open terms allow; others, and a reservation where no open licence stands beside it, need a person."""
        found = [_signal(name, terms) for name, terms in self.licences]
        if self.reserved and not any(signal.says == ALLOW for signal in found):
            found.append(Signal("notice", DOUBT, self.reserved))
        return found


def _signal(name: str, terms: str) -> Signal:
    words = f"{name}: {'not in our table' if terms == 'unknown' else terms}"
    return Signal("licence", ALLOW if terms in _OPEN else DOUBT, words)


def normal(text: str) -> str:
    """Letters and digits in lower case, one blank between words: marks of comments and line breaks are gone."""
    return " ".join(_WORD.findall(text.lower()))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads((LISTS / "licences.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def known() -> tuple[Known, ...]:
    """The licences that are known by their text, the more special ones first."""
    return tuple(
        Known(
            row["spdx"],
            row["terms"],
            tuple(row["anchors"]),
            tuple(row.get("without", ())),
            tuple(row.get("sha256", ())),
        )
        for row in _table()["licence"]
    )


@lru_cache(maxsize=1)
def reservations() -> tuple[bytes, ...]:
    """Phrases by which rights are reserved in words, as lower-case UTF-8."""
    return tuple(phrase.encode() for phrases in _table()["reservations"].values() for phrase in phrases)


def text_digest(text: str) -> str:
    """SHA-256 of a licence text in normal form: equal for the same words however they are wrapped."""
    return sha256(normal(text).encode()).hexdigest()


def terms_of(name: str) -> str:
    """The terms of an SPDX identifier: `Apache-2.0` → permissive; `unknown` for one that is not in the table."""
    plain = re.sub(r"(-only|-or-later|\+)$", "", name.strip(), flags=re.IGNORECASE).lower()
    for spdx, terms in _table()["identifiers"].items():
        if plain in terms:
            return str(spdx)
    if plain.startswith("cc-by"):
        return _cc_terms(plain)
    return "unknown"


def _cc_terms(name: str) -> str:
    for mark, terms in (("-nc", "non-commercial"), ("-nd", "no-derivatives"), ("-sa", "share-alike")):
        if mark in name:
            return terms
    return "permissive"


def expression_terms(expression: str) -> str:
    """The terms of an SPDX expression: of alternatives (OR) the best, of terms that add up (AND) the worst."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    try:
        terms, rest = _either(tokens)
    except IndexError:
        return "unknown"
    return "unknown" if rest and rest[0] != ")" else terms


def _either(tokens: list[str]) -> tuple[str, list[str]]:
    best, tokens = _both(tokens)
    while tokens and tokens[0].upper() == "OR":
        other, tokens = _both(tokens[1:])
        best = min(best, other, key=_WORST.index)
    return best, tokens


def _both(tokens: list[str]) -> tuple[str, list[str]]:
    worst, tokens = _one(tokens)
    while tokens and tokens[0].upper() == "AND":
        other, tokens = _one(tokens[1:])
        worst = max(worst, other, key=_WORST.index)
    return worst, tokens


def _one(tokens: list[str]) -> tuple[str, list[str]]:
    if tokens[0] == "(":
        terms, tokens = _either(tokens[1:])
        return terms, tokens[1:]
    terms, tokens = terms_of(tokens[0]), tokens[1:]
    return (terms, tokens[2:]) if tokens and tokens[0].upper() == "WITH" else (terms, tokens)


def rights_in(text: str) -> Rights:
    """All that a text says of rights. Linear in its length, up to the number of known licences."""
    found: dict[str, str] = {}
    for tag in _SPDX.finditer(text):
        expression = " ".join(tag[1].split())
        if expression:
            found[expression] = expression_terms(expression)
    for address in _CC.finditer(text):
        name = f"CC-{address[1].upper()}-{address[3]}" if address[1] else _public_domain(address[2])
        found[name] = _cc_terms(name.lower()) if address[1] else "public-domain"
    words = normal(text)
    for one in _matching(words):
        found.setdefault(one.spdx, one.terms)
    return Rights(tuple(found.items()), len(_NOTICE.findall(text)), reserved(text))


def _public_domain(mark: str) -> str:
    return "CC0-1.0" if mark.lower() == "zero" else "CC-PDM-1.0"


def _matching(words: str) -> Iterable[Known]:
    if "licen" not in words and "public domain" not in words and "permission" not in words and "redistrib" not in words:
        return []
    return [
        one
        for one in known()
        if all(anchor in words for anchor in one.anchors) and not any(anchor in words for anchor in one.without)
    ]


def reserved(text: str) -> str:
    """The reservation in words, quoted from our list of phrases; empty when there is none."""
    lower = text.lower().encode("utf-8", "replace")
    return next((f"“{phrase.decode()}”" for phrase in reservations() if phrase in lower), "")


def declared(value: str) -> list[Signal]:
    """What a field that names a licence says: an SPDX expression, an address, or the licence's name."""
    value = value.strip()
    if not value:
        return []
    if _CC.search(value):
        return rights_in(value).signals()
    terms = expression_terms(value)
    if terms == "unknown":
        terms = expression_terms(re.sub(r"[\s_]+", "-", value))
    return [_signal(value[:80], terms)]


@lru_cache(maxsize=1)
def _needles() -> tuple[bytes, ...]:
    """Only ASCII is lowered in bytes, so that phrases with other letters are looked for in both cases."""
    shouted = (phrase.decode().upper().encode().lower() for phrase in reservations())
    return tuple(dict.fromkeys((*NEEDLES, *reservations(), *shouted)))


def candidates(column: Any) -> Sequence[int]:
    """Rows of a large_utf8 array that may say something of rights: a cheap look at the whole buffer, in any case."""
    import numpy as np

    if not len(column):
        return ()
    _, offsets, data = column.buffers()
    if data is None:
        return ()
    bounds = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    text = memoryview(data)[int(bounds[0]) : int(bounds[-1])].tobytes().lower()
    places: list[int] = []
    for needle in _needles():
        at = text.find(needle)
        while at >= 0:
            places.append(at)
            row = int(np.searchsorted(bounds, at + int(bounds[0]), "right")) - 1
            at = text.find(needle, max(int(bounds[row + 1] - bounds[0]), at + 1))
    rows = np.searchsorted(bounds, np.asarray(places, dtype=np.int64) + int(bounds[0]), "right") - 1
    return [int(row) for row in np.unique(rows)]
