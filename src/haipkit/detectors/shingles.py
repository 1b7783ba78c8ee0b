"""Texts as numbers: tokens, lines and shingles of UTF-8 bytes, on a compiled and on a numpy path that agree.

A token is a run of letters, digits, marks and underscores in lower case; in scripts written without blanks between
words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) each letter is a token by itself, because a small change
there would change most "words". Full-width letters count as ordinary ones. A shingle is five tokens in a row.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from haipkit.detectors import shingles_fast
from haipkit.detectors.shingles_numbers import GRAM, MIX_ONE, MIX_TWO, NEWLINE, POINT, STEP, WIDE
from haipkit.kernel.errors import Unavailable, UsageError

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
ENGINES = ("auto", "fast", "base")
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1100, 0x11FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
    (0x3021, 0x3029), (0x3031, 0x318F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xF900, 0xFAFF),
)  # fmt: skip
"""Blocks of Unicode whose scripts are compared letter by letter."""


@dataclass(frozen=True)
class Tokens:
    """Hashes of tokens, uint64 of shape (tokens,), and the places where documents and lines that hold any end."""

    hashes: Numbers
    documents: Places
    lines: Places


def engine_in_use(engine: str = "auto") -> str:
    """`fast` when its compiled code lies ready, else `base`. Raises UsageError and Unavailable."""
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}", advice=f"There are: {', '.join(ENGINES)}.")
    if engine == "auto":
        return "fast" if shingles_fast.is_warm() else "base"
    if engine == "fast" and shingles_fast.cache_folder() is None:
        raise Unavailable("the fast engine needs numba", advice="Install the extra: haipkit[fast].")
    return engine


@lru_cache(maxsize=1)
def codes() -> npt.NDArray[np.uint32]:
    """What each code point is worth, as `shingles_numbers` says. Beyond the first plane whole blocks decide."""
    table = np.arange(0x110000, dtype=np.uint32)
    for point in range(0x80, 0x10000):
        letter = chr(point)
        if unicodedata.category(letter)[0] not in "LNM":
            table[point] = 0
            continue
        folded = unicodedata.normalize("NFKC", letter).lower()
        table[point] = ord(folded) if len(folded) == 1 and folded.isalnum() else point
    for point in range(0x80):
        table[point] = ord(chr(point).lower()) if chr(point).isalnum() or point == ord("_") else 0
    plane = table[:0x10000]
    for first, last in _UNSPACED:
        plane[(plane >= first) & (plane <= last)] += np.uint32(WIDE)
    table[[10, 13, 0x85, 0x2028, 0x2029]] = NEWLINE
    table[0x1F000:0x20000] = table[0xE0000:] = 0
    table[0x20000:0x40000] += np.uint32(WIDE)
    return table


def tokens(data: Bytes, begins: Places, stops: Places, *, single: bool = False, engine: str = "base") -> Tokens:
    """The tokens of the documents data[begin:stop], which are valid UTF-8. `single`: each letter is a token."""
    size = int((stops - begins).sum())
    if engine == "base":
        return _tokens(data, begins, stops, single)
    hashes = np.empty(size, dtype=np.uint64)
    documents = np.empty(len(begins), dtype=np.int64)
    lines = np.empty(size, dtype=np.int64)
    kernel = shingles_fast.compiled("tokens")
    count, number = kernel(shingles_fast.frozen(data), begins, stops, codes(), single, hashes, documents, lines)
    return Tokens(hashes[:count], documents, lines[:number])


def _tokens(data: Bytes, begins: Places, stops: Places, single: bool) -> Tokens:
    pieces = [data[begin:stop].tobytes() for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True)]
    text = b"\n".join((*pieces, b"")).decode("utf-8")
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    sizes = np.array([len(piece) for piece in pieces], dtype=np.int64) + 1
    joined = np.frombuffer(b"\n".join((*pieces, b"")), dtype=np.uint8)
    letters = np.concatenate([[0], np.cumsum((joined & 0xC0) != 0x80)])
    ends = letters[np.cumsum(sizes)]
    code = codes()[points]
    word = code > NEWLINE
    alone = word if single else code >= WIDE
    before = np.concatenate([[False], word[:-1] & ~alone[:-1]])
    after = np.concatenate([word[1:] & ~alone[1:], [False]])
    starts = np.flatnonzero(word & (alone | ~before))
    finals = np.flatnonzero(word & (alone | ~after)) + 1
    hashes = mixed(stretches(code.astype(np.uint64), starts, finals, POINT))
    documents = np.searchsorted(starts, ends)
    line = np.cumsum(code == NEWLINE)[starts]
    return Tokens(
        hashes, documents, np.append(np.flatnonzero(line[1:] != line[:-1]) + 1, [len(starts)] * bool(len(starts)))
    )


def mixed(values: Numbers) -> Numbers:
    """`shingles_kernel.mix` of each value."""
    values = (values ^ (values >> np.uint64(32))) * MIX_ONE
    values = (values ^ (values >> np.uint64(29))) * MIX_TWO
    return values ^ (values >> np.uint64(32))


def stretches(values: Numbers, starts: Places, ends: Places, base: np.uint64) -> Numbers:
    """Of each stretch the sum of value * base**(places that follow it), by sums over inverse powers."""
    if not len(starts):
        return np.empty(0, dtype=np.uint64)
    inverse = np.uint64(pow(int(base), -1, 1 << 64))
    falling = np.cumprod(np.concatenate([[np.uint64(1)], np.full(len(values), inverse)]))
    rising = np.cumprod(np.concatenate([[np.uint64(1)], np.full(len(values), base)]))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(values * falling[:-1])])
    found: Numbers = (sums[ends] - sums[starts]) * rising[ends - 1]
    return found


def line_hashes(made: Tokens, *, engine: str = "base") -> Numbers:
    """One number for each line that holds tokens; equal for lines of equal tokens."""
    return _sequences(made.hashes, made.lines, engine)


def document_hashes(made: Tokens, *, engine: str = "base") -> Numbers:
    """One number for each document; equal for documents of equal tokens. Without tokens: the mix of 0."""
    return _sequences(made.hashes, made.documents, engine)


def _sequences(hashes: Numbers, ends: Places, engine: str) -> Numbers:
    if engine != "base":
        found = np.empty(len(ends), dtype=np.uint64)
        shingles_fast.compiled("sequences")(hashes, ends, found)
        return found
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    return mixed(stretches(hashes, starts, ends, STEP)) if len(hashes) else np.zeros(len(ends), dtype=np.uint64)


def without_lines(made: Tokens, common: npt.NDArray[np.bool_], *, engine: str = "base") -> Tokens:
    """The tokens that stand in no common line (one flag a line). Who would lose more than half keeps all."""
    if not common.any():
        return made
    if engine != "base":
        kept, ends = np.empty_like(made.hashes), np.empty_like(made.documents)
        kernel = shingles_fast.compiled("without_lines")
        count = kernel(made.hashes, made.documents, made.lines, common, kept, ends)
        return Tokens(kept[:count], ends, made.lines[:0])
    sizes = np.diff(made.lines, prepend=0)
    stays = ~np.repeat(common, sizes)
    before = np.concatenate([[0], np.cumsum(stays)])
    starts = np.concatenate([[0], made.documents[:-1]]).astype(np.int64)
    whole = 2 * (before[made.documents] - before[starts]) < made.documents - starts
    stays |= np.repeat(whole, made.documents - starts)
    return Tokens(made.hashes[stays], np.concatenate([[0], np.cumsum(stays)])[made.documents], made.lines[:0])


def shingles(made: Tokens, *, engine: str = "base") -> tuple[Numbers, Places]:
    """The shingles of each document, in order and with repeats, and where each document's end.

    A text of fewer than five tokens is one shingle; one without tokens has none.
    """
    ends = np.empty(len(made.documents), dtype=np.int64)
    if engine != "base":
        found = np.empty(len(made.hashes), dtype=np.uint64)
        count = shingles_fast.compiled("all_grams")(made.hashes, made.documents, found, ends)
        return found[:count], ends
    sizes = np.diff(made.documents, prepend=0)
    numbers = np.where(sizes >= GRAM, sizes - GRAM + 1, np.minimum(sizes, 1))
    ends = np.cumsum(numbers)
    owner = np.repeat(np.arange(len(sizes)), numbers)
    starts = (made.documents - sizes)[owner] + np.arange(int(numbers.sum())) - (ends - numbers)[owner]
    return mixed(stretches(made.hashes, starts, starts + np.minimum(sizes, GRAM)[owner], STEP)), ends


def digests(data: Bytes, begins: Places, stops: Places, *, engine: str = "base") -> npt.NDArray[np.uint8]:
    """128 bits of BLAKE2b for each document, its runs of white space read as one blank; uint8 of shape (documents, 16).

    Zeros for a document that holds nothing but white space.
    """
    if engine != "base":
        room = np.empty(int((stops - begins).sum()) + 1, dtype=np.uint8)
        ends = np.empty(len(begins), dtype=np.int64)
        shingles_fast.compiled("spaced")(shingles_fast.frozen(data), begins, stops, room, ends)
        edges = [0, *ends.tolist()]
        whole = room.data
        texts: Iterable[Any] = (whole[one:other] for one, other in pairwise(edges))
    else:
        spans = zip(begins.tolist(), stops.tolist(), strict=True)
        texts = (b" ".join(data[begin:stop].tobytes().split()) for begin, stop in spans)
    found = [blake2b(text, digest_size=16).digest() if len(text) else bytes(16) for text in texts]
    return np.frombuffer(b"".join(found), dtype=np.uint8).reshape(-1, 16)
