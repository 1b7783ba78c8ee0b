"""What a rule is. Plain values; nothing here reads or scans."""

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["confirmed", "probable"]
# Windows in bytes in which words are looked for: before a value, after it, and before it for words against it.
BEFORE, AFTER, BEFORE_NOT = 80, 40, 20
# A word after the value, on its line, is weaker than any before it; a check without a word stands between.
ALONE, FAR = 500, 1000
# How a form that fits stands at its place: proved by its check, seeming so by its form, or refused by its check.
PROVED, SEEMING, REFUSED = 0, 1, 2
LANGUAGES = ("en", "fr", "de", "it", "ja")

# How a rule proves itself, and what a finding of it is called. A check that fails always drops the value.
PROOFS = {
    "check": "confirmed",  # a check digit, a token checksum or a grammar that nothing else shares
    "check+context": "confirmed",  # a check digit too weak to stand alone: one number in ten passes it by chance
    "form": "probable",  # a written form with reserved values that other numbers seldom have
    "form+context": "probable",  # a shape that only the words around it explain
}


@dataclass(frozen=True, slots=True)
class Element:
    """A run of `least` to `most` bytes out of one class. A longer run than `most` ends the element there."""

    members: frozenset[int]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `context` and `not_after` name word lists; `not_values` are bare values to ignore.

    `reach` 0: a word counts within BEFORE bytes, on an earlier line too unless a number stands between, and after the
    value. A `reach` of its own counts bytes before the value on the same line, and nothing else.
    """

    name: str
    kind: str
    country: str | None
    priority: int
    proof: str
    shapes: tuple[str, ...]
    separators: tuple[str, ...]
    grammar: str
    check: str
    context: str
    not_after: str
    joins: str
    not_values: tuple[str, ...]
    reach: int
    misses: str
    source: str

    @property
    def confidence(self) -> str:
        return PROOFS[self.proof]

    @property
    def needs_context(self) -> bool:
        return self.proof.endswith("+context")


@dataclass(frozen=True, slots=True)
class Form:
    """One written form of a rule: its shape with one separator. `rule` is the position in `Rules.rules`.

    anchor  "digit": the first digit stands `offset` bytes after the start
            "byte": the byte `trigger` stands `offset` bytes after the start
            "mail", "url": the start is found by walking left from "@" or "://"
    """

    rule: int
    elements: tuple[Element, ...]
    grammar: str
    anchor: str
    offset: int
    trigger: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The compiled table. `version` is the SHA-256 of every rule and word list in it."""

    rules: tuple[Rule, ...]
    forms: tuple[Form, ...]
    words: dict[str, tuple[bytes, ...]]
    version: str

    def __hash__(self) -> int:
        return hash(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rules) and other.version == self.version

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted({rule.kind for rule in self.rules}))
