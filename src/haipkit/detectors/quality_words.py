"""Words of documents as 64-bit numbers, computed over whole blocks of bytes; and lists of words looked up by them.

A word is a run of letters and bytes beyond ASCII, in lower case as far as ASCII goes; a letter of Chinese, Japanese or
Korean is a word of its own. Two words with one number are possible and rare; words longer than 24 bytes are told by
their beginning and length.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

LETTER, SPACE, HIGH, DIGIT, BREAK, SYMBOL, CONTROL = range(7)
PAD = 32
_U64 = np.uint64
_MASKS = np.array([(1 << (8 * size)) - 1 for size in range(8)] + [0xFFFFFFFFFFFFFFFF], dtype=_U64)
_ODD = [_U64(number) for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)]
_STEP = 0x5851F42D4C957F2D
_BACK = pow(_STEP, -1, 1 << 64)
_SLOT_BITS = 18


def _classes() -> bytes:
    table = [SYMBOL] * 128 + [HIGH] * 128
    table[ord("0") : ord("9") + 1] = [DIGIT] * 10
    for first, last in ("AZ", "az"):
        table[ord(first) : ord(last) + 1] = [LETTER] * 26
    table[:32] = [CONTROL] * 32
    table[127] = CONTROL
    table[9] = table[32] = SPACE
    table[10] = table[13] = BREAK
    return bytes(table)


CLASSES = _classes()
_INSIDE = bytes(kind in (LETTER, HIGH) for kind in CLASSES)
WIDE = (0xE3, 0xED)
"""First bytes of the letters that are words of their own."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a buffer: where they start, their numbers, and `place[d]`: the first word of document d (one more).

    `sizes`: how many bytes of words stand before each word, and in all.
    """

    starts: Any
    numbers: Any
    place: Any
    sizes: Any

    def documents(self, chosen: Any) -> Any:
        """The document of each chosen word (indices)."""
        return np.searchsorted(self.place, chosen, "right") - 1


def split(text: bytes, begins: Any, wide: Any) -> Words:
    """The words of a text with PAD zeros behind it. Documents start at `begins` and are apart by a line break.

    `wide`: where letters begin that are words of their own.
    """
    inside = np.frombuffer(text.translate(_INSIDE), dtype=np.uint8)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        edges = np.append(0, edges)
    starts, ends = edges[0::2], edges[1::2]
    if len(wide):
        within = wide[(wide > 0) & (inside[wide - 1] == 1)]
        starts, ends = np.concatenate([starts, within]), np.concatenate([ends, within])
        starts.sort(kind="stable")
        ends.sort(kind="stable")
    sizes = np.zeros(len(starts) + 1, dtype=np.int64)
    np.cumsum(ends - starts, out=sizes[1:])
    lower = np.frombuffer(text.lower(), dtype=np.uint8)
    return Words(starts, numbers(lower, starts, ends - starts), np.searchsorted(starts, begins), sizes)


def numbers(lower: Any, starts: Any, lengths: Any) -> Any:
    """The number of each word: of its bytes and its length."""
    eights = np.ndarray((len(lower) - 7,), "<u8", lower, strides=(1,))
    found = (eights[starts] & _MASKS[np.minimum(lengths, 8)]) * _ODD[0]
    for piece in (1, 2):
        longer = np.flatnonzero(lengths > 8 * piece)
        if len(longer):
            rest = np.minimum(lengths[longer] - 8 * piece, 8)
            found[longer] += (eights[starts[longer] + 8 * piece] & _MASKS[rest]) * _ODD[piece]
    found += lengths.astype(_U64) * _ODD[3]
    found ^= found >> _U64(29)
    found *= _ODD[1]
    return found ^ (found >> _U64(32))


@lru_cache(maxsize=8192)
def number_of(word: str) -> int:
    """The number of one word, computed as those of a text are."""
    text = word.encode()
    lower = np.frombuffer(text.lower() + bytes(PAD), dtype=np.uint8)
    return int(numbers(lower, np.array([0]), np.array([len(text)]))[0])


class Lookup:
    """Lists of words by name: which words of a text stand in which list. `letters` are looked for besides."""

    def __init__(self, lists: Mapping[str, Sequence[str]], letters: Iterable[str] = ()) -> None:
        self.names = tuple(lists)
        lists = {**lists, "": tuple(letters)}
        rows: dict[int, int] = {}
        members: list[list[bool]] = [[False] * len(lists)]
        for place, words in enumerate(lists.values()):
            for word in {form for one in words for form in (one, one[:1].upper() + one[1:])}:
                row = rows.setdefault(number_of(word), len(members))
                if row == len(members):
                    members.append([False] * len(lists))
                members[row][place] = True
        self._keys = np.array([0, *rows], dtype=_U64)
        self._members = np.array(members).T.copy()
        self._shift, self._slots = self._placed()

    def _placed(self) -> tuple[Any, Any]:
        """A table in which every word has a slot of its own: the first shift of its number that gives one."""
        for shift in range(64 - _SLOT_BITS, 0, -1):
            places = (self._keys[1:] >> _U64(shift)) & _U64((1 << _SLOT_BITS) - 1)
            if len(np.unique(places)) == len(places):
                slots = np.zeros(1 << _SLOT_BITS, dtype=np.int32)
                slots[places.astype(np.int64)] = np.arange(1, len(self._keys))
                return _U64(shift), slots
        raise ValueError("too many words for one table")

    def _rows(self, words: Words) -> tuple[Any, Any]:
        """(words of a text that stand in any list, row of the table for each)."""
        mask = _U64((1 << _SLOT_BITS) - 1)
        rows = self._slots.take(((words.numbers >> self._shift) & mask).view(np.int64))
        hits = np.flatnonzero(rows)
        rows = rows.take(hits)
        sure = self._keys.take(rows) == words.numbers.take(hits)
        return hits[sure], rows[sure]

    def counts(self, words: Words, documents: int) -> tuple[dict[str, Any], Any]:
        """(for each list, how many of its words stand in each document; where letters stand)."""
        hits, rows = self._rows(words)
        owners = words.documents(hits)
        counts = {
            name: np.bincount(owners[self._members[place].take(rows)], minlength=documents)
            for place, name in enumerate(self.names)
        }
        return counts, words.starts.take(hits[self._members[-1].take(rows)])


class Runs:
    """Numbers of runs of words: equal for equal runs, whatever stands before them."""

    def __init__(self, words: Words) -> None:
        size = len(words.numbers)
        powers = np.full(size + 1, _STEP, dtype=_U64)
        inverse = np.full(size + 1, _BACK, dtype=_U64)
        powers[0] = inverse[0] = 1
        np.multiply.accumulate(powers, out=powers)
        self._inverse = np.multiply.accumulate(inverse)
        self._sums = np.zeros(size + 1, dtype=_U64)
        np.cumsum(words.numbers * powers[:size], out=self._sums[1:])

    def between(self, first: Any, last: Any) -> Any:
        """The number of the words [first, last), for arrays of both."""
        found = (self._sums[last] - self._sums[first]) * self._inverse[first]
        found ^= found >> _U64(31)
        return found * _ODD[2]


def repeated(owners: Any, found: Any, documents: int) -> Any:
    """How many of the numbers in each document stood there before. Fewer than 2^20 documents."""
    keys = (owners.astype(_U64) << _U64(44)) | (found >> _U64(20))
    keys.sort()
    again = keys[1:][keys[1:] == keys[:-1]]
    return np.bincount((again >> _U64(44)).astype(np.int64), minlength=documents)
