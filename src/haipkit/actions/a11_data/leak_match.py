"""Finds what a model wrote in the training data, with memory for the model's words alone.

The data goes by once, in pieces of any size; each stretch of `WINDOW` bytes of an output is known by a rolling hash
modulo 2**64, and a hit counts only when the bytes are equal. What a prompt held is no leak and is left out.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from haipkit.actions.a11_data.redact import value_id

WINDOW = 40
"""Bytes. Shorter stretches are found in any large text by chance and idiom."""
DISTINCT = 8
"""A stretch of fewer different signs, blanks aside, is a rule or an indent, and nobody's words."""
_STEP, _SIEVE = 1 << 16, 20
_BASE = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def says_something(text: str | bytes) -> bool:
    """Whether a stretch has enough different signs to be somebody's words."""
    return len(set(text) - set(b" \t\r\n" if isinstance(text, bytes) else " \t\r\n")) >= DISTINCT


class Stretches:
    """The outputs of a model, and how much of each stands in the data that went by."""

    def __init__(self, outputs: Sequence[str], prompts: Sequence[str]) -> None:
        import numpy as np

        self._outputs = [output.encode("utf-8", "replace") for output in outputs]
        self._hashes = []
        wanted: dict[int, bytes] = {}
        for output, prompt in zip(self._outputs, prompts, strict=True):
            hashes = _hashes(output)
            given = _hashes(prompt.encode("utf-8", "replace"))
            self._hashes.append(np.where(np.isin(hashes, given), np.uint64(0), hashes))
            for at, value in enumerate(self._hashes[-1].tolist()):
                if value and says_something(output[at : at + WINDOW]):
                    wanted[value] = output[at : at + WINDOW]
        self._wanted = wanted
        self._sieve = np.zeros(1 << _SIEVE, np.bool_)
        self._sieve[np.array(list(wanted), np.uint64) >> np.uint64(64 - _SIEVE)] = True
        self._found: set[int] = set()

    def look(self, data: bytes | memoryview) -> None:
        """Let a piece of the training data go by."""
        import numpy as np

        if not self._wanted:
            return
        for start in range(0, len(data) - WINDOW + 1, _STEP):
            hashes = _hashes(data[start : start + _STEP + WINDOW - 1])
            for at in np.flatnonzero(self._sieve[hashes >> np.uint64(64 - _SIEVE)]).tolist():
                value, place = int(hashes[at]), start + at
                if value not in self._found and bytes(data[place : place + WINDOW]) == self._wanted.get(value):
                    self._found.add(value)

    def longest(self) -> list[int]:
        """For each output: characters of its longest stretch of which every window stands in the data."""
        return [
            _longest(output, [int(value) in self._found for value in hashes.tolist()])
            for output, hashes in zip(self._outputs, self._hashes, strict=True)
        ]


def _longest(output: bytes, found: Sequence[bool]) -> int:
    best = at = 0
    while at < len(found):
        end = at
        while end < len(found) and found[end]:
            end += 1
        if end > at:
            best = max(best, len(output[at : end - 1 + WINDOW].decode("utf-8", "ignore")))
        at = end + 1
    return best


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[Any, Any]:
    """Powers of the base and of its inverse modulo 2**64, for texts of up to `size` bytes."""
    import numpy as np

    def powers(base: int) -> Any:
        steps = np.full(size, base, np.uint64)
        steps[:1] = 1
        return np.cumprod(steps, dtype=np.uint64)

    return powers(_BASE), powers(pow(_BASE, -1, 1 << 64))


def _hashes(data: bytes | memoryview) -> Any:
    """A hash for each window, whatever stands before it. None is 0."""
    import numpy as np

    count = len(data) - WINDOW + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    ups, downs = _powers(1 << max(16, (len(data) - 1).bit_length()))
    terms = np.frombuffer(data, np.uint8).astype(np.uint64) * ups[: len(data)]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    hashes = (sums[WINDOW:] - sums[:-WINDOW])[:count] * downs[:count]
    return np.where(hashes == 0, np.uint64(_MASK), hashes)


def plain_value(value: bytes) -> bytes:
    """A value without the blanks and dashes that people and models group it with, in lower case."""
    return b"".join(value.lower().replace(b"-", b" ").split())


class KnownValues:
    """Values that a model wrote, known by keyed hashes alone, and which of them the data that goes by holds too."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._kinds: dict[str, tuple[str, str]] = {}
        self._found: set[str] = set()

    def write(self, kind: str, country: str, value: bytes) -> None:
        self._kinds[value_id(plain_value(value), self._key)] = (kind, country)

    def look(self, value: bytes) -> None:
        known = value_id(plain_value(value), self._key)
        if known in self._kinds:
            self._found.add(known)

    def __len__(self) -> int:
        return len(self._kinds)

    def counts(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """(kind, country) → different values written, and those of them found in the data."""
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        for known, place in sorted(self._kinds.items(), key=lambda item: item[1]):
            written, confirmed = counts.get(place, (0, 0))
            counts[place] = (written + 1, confirmed + (known in self._found))
        return counts
