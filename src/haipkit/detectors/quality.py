"""Measures of the quality of documents: scripts, damage, repetition, shares of symbols and digits.

Pure. Counts; the limits that make a document stand out are in `lists/quality.toml`. Misses: wrong facts, bad style,
text that a machine made. Damage is seen by its usual traces, and a text about such traces is taken for damaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from haipkit.detectors.quality_words import (
    BREAK,
    CLASSES,
    CONTROL,
    DIGIT,
    HIGH,
    PAD,
    SPACE,
    SYMBOL,
    WIDE,
    Runs,
    Words,
    repeated,
    split,
)

SCRIPTS = ("latin", "kana", "han", "hangul", "cyrillic", "greek", "arabic", "hebrew", "thai", "devanagari")
GRAM, GRAM_CJK = 5, 12
_OTHER = len(SCRIPTS)
_MOST_CHECKED = 2000


def _script_table() -> Any:
    """For the first two bytes of a letter, its script."""
    table = np.full((256, 256), _OTHER, dtype=np.uint8)
    ranges = (
        *(("latin", 0xC3, 0xCA, 0x80, 0xBF), ("latin", 0xE1, 0xE1, 0xB8, 0xBB)),
        *(("greek", 0xCD, 0xCF, 0x80, 0xBF), ("cyrillic", 0xD0, 0xD4, 0x80, 0xBF), ("hebrew", 0xD6, 0xD7, 0x90, 0xBF)),
        *(("arabic", 0xD8, 0xDB, 0x80, 0xBF), ("devanagari", 0xE0, 0xE0, 0xA4, 0xA5), ("thai", 0xE0, 0xE0, 0xB8, 0xB9)),
        *(("kana", 0xE3, 0xE3, 0x81, 0x83), ("han", 0xE3, 0xE3, 0x90, 0xBF), ("han", 0xE4, 0xE9, 0x80, 0xBF)),
        *(("hangul", 0xEA, 0xEA, 0xB0, 0xBF), ("hangul", 0xEB, 0xEC, 0x80, 0xBF), ("hangul", 0xED, 0xED, 0x80, 0x9E)),
    )
    for name, first, last, low, high in ranges:
        table[first : last + 1, low : high + 1] = SCRIPTS.index(name)
    return table.reshape(-1)


_SCRIPT_OF = _script_table()
_TWICE_FIRST = np.zeros(256, dtype=bool)
_TWICE_FIRST[[0x82, 0x83, 0x84, 0x85, *range(0xA2, 0xAA)]] = True
_TWICE_NEXT = np.zeros(256, dtype=bool)
_TWICE_NEXT[[0xC2, 0xC3, 0xC5, 0xC6, 0xCB, 0xE2]] = True


@dataclass(frozen=True, slots=True)
class Measures:
    """One number a document each. `scripts`: shape (scripts, documents). Repetition: (repeated, out of)."""

    bytes: Any
    characters: Any
    letters: Any
    digits: Any
    symbols: Any
    replacements: Any
    nuls: Any
    controls: Any
    twice: Any
    scripts: Any
    lines: tuple[Any, Any]
    grams: tuple[Any, Any]
    words: Words
    buffer: Any
    begins: Any

    @property
    def documents(self) -> int:
        return len(self.bytes)

    def counts_of(self, words: Sequence[bytes], letters: Any) -> Any:
        """How often words that no blanks set apart (UTF-8) stand in each document; `letters`: where they may begin."""
        found = [np.empty(0, dtype=np.int64)]
        for word in words:
            places = letters
            for at, byte in enumerate(word):
                places = places[self.buffer.take(places + at) == byte]
            found.append(places)
        owners = np.searchsorted(self.begins, np.concatenate(found), "right") - 1
        return np.bincount(owners, minlength=self.documents)


def joined(data: Any, begins: Any, stops: Any) -> tuple[bytes, Any]:
    """(the documents one after another with a line break behind each and PAD zeros at the end, where each begins)."""
    view = memoryview(data)
    pieces: list[Any] = []
    for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True):
        pieces += (view[begin:stop], b"\n")
    sizes = np.asarray(stops) - np.asarray(begins) + 1
    return b"".join((*pieces, bytes(PAD))), np.cumsum(sizes) - sizes


def measure(data: Any, begins: Any, stops: Any) -> Measures:
    """Measures of documents [begins, stops) of an array of uint8 that holds UTF-8. At least one document."""
    text, first = joined(data, begins, stops)
    buffer = np.frombuffer(text, dtype=np.uint8)
    sizes = np.asarray(stops) - np.asarray(begins)
    size = len(text) - PAD
    classes = np.frombuffer(text.translate(CLASSES), dtype=np.uint8)[:size]
    edges = np.append(first, size)

    def per(places: Any) -> Any:
        """How many of some sorted places lie in each document; a line break behind it counts for it."""
        return np.diff(np.searchsorted(places, edges))

    others = np.flatnonzero(classes > SPACE)
    kinds = classes.take(others)

    def of(kind: int) -> Any:
        return others[kinds == kind]

    high, controls = of(HIGH), of(CONTROL)
    beyond = high[buffer.take(high) >= 0xC2]
    lead = buffer.take(beyond)
    words = split(text, edges, beyond[(lead >= WIDE[0]) & (lead <= WIDE[1])])
    in_words = np.diff(words.sizes.take(words.place))
    scripts = _scripts(buffer, beyond, lead, per)
    scripts[0] += in_words - per(high)
    odd = beyond[lead == 0xEF]
    odd = odd[(buffer[odd + 1] == 0xBF) & (buffer[odd + 2] == 0xBD)]
    high_controls = beyond[lead == 0xC2]
    high_controls = high_controls[buffer[high_controls + 1] <= 0x9F]
    nuls = per(controls[buffer[controls] == 0])
    runs = Runs(words)
    cjk = 2 * (scripts[1] + scripts[2]) > scripts[0]
    return Measures(
        sizes,
        sizes - per(high) + per(beyond),
        scripts.sum(axis=0),
        per(of(DIGIT)),
        per(of(SYMBOL)),
        per(odd),
        nuls,
        per(controls) + per(high_controls) - nuls,
        per(_twice(buffer, beyond[lead == 0xC3])),
        scripts,
        _lines(of(BREAK), words, runs),
        _grams(words, runs, cjk),
        words,
        buffer,
        first,
    )


def _scripts(buffer: Any, beyond: Any, lead: Any, per: Any) -> Any:
    found = _SCRIPT_OF.take(lead.astype(np.int64) << 8 | buffer.take(beyond + 1))
    return np.array([per(beyond[found == place]) for place in range(len(SCRIPTS))])


def _twice(buffer: Any, marks: Any) -> Any:
    """Where letters begin that came of encoding UTF-8 as UTF-8 again: candidates by bytes, then undone to be sure.

    `marks`: places of the byte C3, with which such letters begin.
    """
    places = marks[_TWICE_FIRST[buffer[marks + 1]] & _TWICE_NEXT[buffer[marks + 2]]]
    if len(places) <= _MOST_CHECKED:
        return (
            places[[undone(bytes(buffer[place : place + 12])) for place in places.tolist()]] if len(places) else places
        )
    sample = places[:: len(places) // _MOST_CHECKED + 1]
    sure = [undone(bytes(buffer[place : place + 12])) for place in sample.tolist()]
    return places if sum(sure) * 2 > len(sure) else sample[sure]


def undone(data: bytes) -> bool:
    """Do the bytes begin with a letter that was encoded twice, and was a plausible one before?"""
    once = b""
    for letter in data.decode("utf-8", "ignore")[:4]:
        try:
            once += _narrow(letter)
        except UnicodeEncodeError:
            break
    need = 2 if once[:1] < b"\xe0" else 3
    if len(once) < need:
        return False
    try:
        letter = once[:need].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\xa0" <= letter <= "\u017f" or "\u2010" <= letter <= "\u20ac" or "\u3001" <= letter <= "\u9fff"


def _narrow(letter: str) -> bytes:
    """The byte that a letter was taken for: Windows-1252, with Latin-1 where that has none."""
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def _lines(breaks: Any, words: Words, runs: Runs) -> tuple[Any, Any]:
    """(lines that stood before in their document, lines with words) of each document, from where the breaks are."""
    documents = len(words.place) - 1
    edges = np.searchsorted(words.starts, breaks)
    begins = np.concatenate([[0], edges[:-1]])
    full = np.flatnonzero(edges > begins)
    owners = words.documents(begins[full])
    many = np.bincount(owners, minlength=documents)
    return repeated(owners, runs.between(begins[full], edges[full]), documents), many


def _grams(words: Words, runs: Runs, cjk: Any) -> tuple[Any, Any]:
    """(word groups that stood before in their document, word groups) of each document; longer ones for CJK."""
    documents = len(words.place) - 1
    counts = np.diff(words.place)
    many = np.maximum(counts - np.where(cjk, GRAM_CJK, GRAM) + 1, 0)
    owners = np.repeat(np.arange(documents), many)
    offset = np.cumsum(many) - many
    begins = words.place[:-1][owners] + (np.arange(len(owners)) - offset[owners])
    found = runs.between(begins, begins + np.where(cjk, GRAM_CJK, GRAM)[owners])
    return repeated(owners, found, documents), many
