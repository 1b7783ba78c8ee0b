"""Fingerprints of documents: equal for equal contents, and made for whole blocks at once.

They tell copies apart within one scan. They are no digests that prove anything, and short texts can be guessed from
them, so they stay in the state of a scan and go with it.
"""

from hashlib import sha256
from typing import Any

_LONG = 1024
"""Bytes from which the processor's own SHA-256 is faster than arithmetic on arrays."""
_BLANKS = b" \t\n\r\v\f"
_ROUNDS = 8
"""Blanks that are taken from all values at once, before those that have more are looked at one by one."""
_ODD, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Constants of SplitMix64 (Steele, Lea and Flood 2014)."""


def fingerprints(offsets: Any, text: memoryview, rows: Any, documents: Any) -> Any:
    """A number (uint64) for each document that is not empty; their rows stand together, in `rows`.

    Row r holds text[offsets[r]:offsets[r + 1]]; `documents` is the document of each of `rows`. Blanks around a value do
    not count, nor do empty values; which value stands before which does.
    """
    import numpy as np

    begins, ends = _stripped(offsets[rows], offsets[rows + 1], text)
    kept = ends > begins
    begins, ends, documents = begins[kept], ends[kept], documents[kept]
    if not len(begins):
        return np.empty(0, np.uint64)
    prints = _values(begins, ends, text)
    firsts = np.flatnonzero(np.append(True, documents[1:] != documents[:-1]))
    if len(firsts) == len(prints):
        return prints
    many = np.diff(np.append(firsts, len(prints)))
    ranks = np.arange(len(prints)) - np.repeat(firsts, many)
    return np.where(many > 1, _mixed(np.add.reduceat(_mixed(prints, ranks), firsts), many), prints[firsts])


def _stripped(begins: Any, ends: Any, text: memoryview) -> tuple[Any, Any]:
    import numpy as np

    if not len(text):
        return begins, ends
    letters = np.frombuffer(text, dtype=np.uint8)
    blank = np.zeros(256, dtype=bool)
    blank[list(_BLANKS)] = True
    begins, ends = begins.copy(), ends.copy()
    for edge, beside, step in ((begins, 0, 1), (ends, -1, -1)):
        left = np.flatnonzero(ends > begins)
        for _ in range(_ROUNDS):
            left = left[blank[letters[edge[left] + beside]]]
            edge[left] += step
            left = left[ends[left] > begins[left]]
            if not len(left):
                break
        for row in left.tolist():
            value = bytes(text[begins[row] : ends[row]])
            edge[row] += step * (len(value) - len(value.lstrip(_BLANKS) if step > 0 else value.rstrip(_BLANKS)))
    return begins, ends


def _values(begins: Any, ends: Any, text: memoryview) -> Any:
    import numpy as np

    sizes = ends - begins
    found = np.empty(len(sizes), dtype=np.uint64)
    long = sizes >= _LONG
    if long.any():
        places = zip(begins[long].tolist(), ends[long].tolist(), strict=True)
        digests = b"".join([sha256(text[begin:end]).digest() for begin, end in places])
        found[long] = np.frombuffer(digests, dtype="<u8")[::4]
    if not long.all():
        found[~long] = _short(begins[~long], sizes[~long], text)
    return found


def _short(begins: Any, sizes: Any, text: memoryview) -> Any:
    """Sums over the eight-byte words of each value, every word mixed with its place."""
    import numpy as np

    data = np.append(np.frombuffer(text, dtype=np.uint8), np.zeros(8, np.uint8))
    words = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data, strides=(1,))
    many = (sizes + 7) // 8
    last = np.cumsum(many) - 1
    ranks = np.arange(last[-1] + 1) - np.repeat(last + 1 - many, many)
    taken = words[ranks * 8 + np.repeat(begins, many)]
    taken[last] &= np.uint64(0xFFFFFFFFFFFFFFFF) >> (64 - 8 * (sizes - 8 * (many - 1))).astype(np.uint64)
    return _mixed(np.add.reduceat(_mixed(taken, ranks), last + 1 - many), sizes)


def _mixed(values: Any, numbers: Any) -> Any:
    """`values` and `numbers` stirred into one uint64 each: SplitMix64's last step."""
    import numpy as np

    stirred = values + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(_ODD)
    stirred ^= stirred >> np.uint64(30)
    stirred *= np.uint64(_FIRST)
    stirred ^= stirred >> np.uint64(27)
    stirred *= np.uint64(_SECOND)
    return stirred ^ (stirred >> np.uint64(31))
