"""Canaries: made-up codes that are planted in training data, so that their coming out again proves a leak.

Every code follows from a secret key and its number; whoever lacks the key cannot tell a canary from a guess, and
whoever has it needs no list. What is registered before training is a salted digest of each: it shows later that the
canaries were not chosen after the model was seen. Method: N. Carlini and others, "The Secret Sharer", USENIX Security
2019.
"""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from haipkit.kernel.errors import BadInput

MOST = 200
"""Canaries in one set: their digests have to fit into one record."""
LEAST_DIGITS, MOST_DIGITS = 6, 18
TEMPLATE = "The access code of {name} is {code}."
_ONSETS, _VOWELS, _CODAS = "bdfgklmnprstvz", "aeiou", "lmnrs"


@dataclass(frozen=True)
class CanarySet:
    """What a set of canaries follows from, apart from its key. `repeats` are dealt out in turn: 1, 4, 16, 1, 4, …

    `template` has one {code}, and may have {name}, a made-up word that differs from canary to canary.
    """

    name: str
    count: int
    repeats: tuple[int, ...] = (1,)
    digits: int = 10
    template: str = TEMPLATE

    def check(self) -> None:
        """Raises BadInput for a set that cannot be made or measured."""
        if not 1 <= self.count <= MOST:
            raise BadInput(f"{self.count} canaries cannot be made", where="count", advice=f"Make 1 to {MOST}.")
        if not self.repeats or any(not 1 <= times <= 10_000 for times in self.repeats):
            raise BadInput("each number of copies is from 1 to 10,000", where="repeat", advice="Write 1,4,16,64.")
        if not LEAST_DIGITS <= self.digits <= MOST_DIGITS:
            raise BadInput(f"a code has {LEAST_DIGITS} to {MOST_DIGITS} digits", where="digits")
        try:
            sample = self.template.format(name="N", code="C")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise BadInput("only {name} and {code} can stand in it", where="template") from None
        if self.template.count("{code}") != 1 or sample.count("C") < 1:
            raise BadInput("it needs {code} once", where="template", advice=f"For example: {TEMPLATE}")
        if not self.template.partition("{code}")[0].strip():
            raise BadInput("a model is asked with what stands before {code}, and nothing does", where="template")

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "count": self.count,
            "repeats": list(self.repeats),
            "digits": self.digits,
            "template": self.template,
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "CanarySet":
        """Raises BadInput when the facts are not those of a set."""
        try:
            found = cls(
                str(facts["name"]),
                int(facts["count"]),
                tuple(int(times) for times in facts["repeats"]),
                int(facts["digits"]),
                str(facts["template"]),
            )
        except (KeyError, TypeError, ValueError):
            raise BadInput("this is not a set of canaries") from None
        found.check()
        return found


@dataclass(frozen=True)
class Canary:
    """One canary. A model is asked with `before`, and `code` must not come back; `document` is what is planted."""

    number: int
    name: str
    code: str
    repeats: int
    before: str
    after: str
    digest: str

    @property
    def document(self) -> str:
        return self.before + self.code + self.after


def canaries_of(given: CanarySet, key: bytes) -> list[Canary]:
    """All canaries of a set. The same set and key give the same ones."""
    given.check()
    names = _names(given, key)
    return [_canary(given, key, number, next(names)) for number in range(given.count)]


def _canary(given: CanarySet, key: bytes, number: int, name: str) -> Canary:
    code = _digits(_stream(key, f"{given.name}/code/{number}"), given.digits)
    before, after = (part.format(name=name) for part in given.template.split("{code}"))
    salt = hmac.new(key, f"{given.name}/salt/{number}".encode(), "sha256").digest()[:16]
    digest = sha256(salt + (before + code + after).encode()).hexdigest()
    return Canary(number, name, code, given.repeats[number % len(given.repeats)], before, after, digest)


def guesses(given: CanarySet, key: bytes, number: int, count: int) -> list[str]:
    """Codes of the same form to rank a canary among: drawn for each canary, each one once, none the code itself."""
    code = _digits(_stream(key, f"{given.name}/code/{number}"), given.digits)
    stream = _stream(key, f"{given.name}/guess/{number}")
    found: dict[str, None] = {}
    while len(found) < count:
        guess = _digits(stream, given.digits)
        if guess != code:
            found[guess] = None
    return list(found)


def _stream(key: bytes, label: str) -> Iterator[int]:
    """Bytes that nobody without the key can foretell: HMAC-SHA-256 over a counter."""
    block = 0
    while True:
        yield from hmac.new(key, f"{label}/{block}".encode(), "sha256").digest()
        block += 1


def _digits(stream: Iterator[int], count: int) -> str:
    """Digits without bias: bytes above 249 are passed over."""
    found = ""
    while len(found) < count:
        value = next(stream)
        if value < 250:
            found += str(value % 10)
    return found


def _names(given: CanarySet, key: bytes) -> Iterator[str]:
    """Made-up words, each once."""
    stream = _stream(key, f"{given.name}/names")
    seen = set()
    while True:
        word = ""
        for _ in range(3):
            word += _ONSETS[next(stream) % len(_ONSETS)] + _VOWELS[next(stream) % len(_VOWELS)]
        word += _CODAS[next(stream) % len(_CODAS)]
        if word not in seen:
            seen.add(word)
            yield word


def registered(canaries: Sequence[Canary], digests: Sequence[str]) -> bool:
    """Whether these are the canaries whose digests were registered, all of them and in this order."""
    return [canary.digest for canary in canaries] == list(digests)
