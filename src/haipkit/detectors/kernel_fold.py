"""Folding for the fast engine: `fold.fold` once more, in the part of Python that numba compiles."""

from typing import Any

# Flags of the bytes that tell a character to fold: C2, E2 and EF begin one, 80 and BC end one.
TELLING = 1024
Array = Any


def fold_into(
    data: Array, begin: int, stop: int, folded: Array, site_at: Array, spare: Array, codes: Array
) -> tuple[int, int]:
    """Fold data[begin:stop] as fold.fold does: (folded bytes, folded characters).

    Where in `folded` these characters stand goes into `site_at`, and how many bytes were spared so far into `spare`.
    Nothing is written when there are none.
    """
    i = begin
    last = begin
    n = 0
    sites = 0
    while i < stop:
        while i + 8 <= stop and not (
            codes[TELLING + data[i]] | codes[TELLING + data[i + 1]]
            | codes[TELLING + data[i + 2]] | codes[TELLING + data[i + 3]]
            | codes[TELLING + data[i + 4]] | codes[TELLING + data[i + 5]]
            | codes[TELLING + data[i + 6]] | codes[TELLING + data[i + 7]]
        ):  # fmt: skip
            i += 8
        while i < stop and not codes[TELLING + data[i]]:
            i += 1
        if i == stop:
            break
        # The wide blank and the long vowel sign are told by their last byte: their first one begins all kana.
        if data[i] < 0xC2:
            if i - 2 < last or data[i - 2] != 0xE3:
                i += 1
                continue
            i -= 2
        size, meant = meaning(data, begin, i, stop)
        if not size:
            i += 1 if data[i] != 0xE3 else 3
            continue
        n = copied(data, last, i, folded, n)
        site_at[sites] = n
        spare[sites] = size - 1 + (spare[sites - 1] if sites else 0)
        sites += 1
        folded[n] = meant
        n += 1
        i += size
        last = i
    if sites:
        n = copied(data, last, stop, folded, n)
    return n, sites


def copied(data: Array, start: int, end: int, folded: Array, n: int) -> int:
    for i in range(start, end):
        folded[n] = data[i]
        n += 1
    return n


def meaning(data: Array, begin: int, i: int, stop: int) -> tuple[int, int]:
    """(length, ASCII byte that is meant) of the character at `i`; length 0 when it is left as it is."""
    c = data[i]
    if c == 0xC2:
        return (2, 32) if i + 1 < stop and data[i + 1] == 0xA0 else (0, 0)
    if i + 2 >= stop:
        return 0, 0
    b, a = data[i + 1], data[i + 2]
    if c == 0xEF:
        if b == 0xBC and 0x81 <= a <= 0xBF:
            return 3, a - 0x60
        if b == 0xBD and 0x80 <= a <= 0x9E:
            return 3, a - 0x20
    elif c == 0xE2:
        if b == 0x80:
            if a == 0x87 or a == 0x89 or a == 0xAF:
                return 3, 32
            if 0x90 <= a <= 0x95:
                return 3, 45
        elif b == 0x88 and a == 0x92:
            return 3, 45
    elif c == 0xE3:
        if b == 0x80 and a == 0x80:
            return 3, 32
        if b == 0x83 and a == 0xBC and after_digit(data, begin, i):
            return 3, 45
    return 0, 0


def after_digit(data: Array, begin: int, i: int) -> bool:
    if i - 1 >= begin and 48 <= data[i - 1] <= 57:
        return True
    return i - 3 >= begin and data[i - 3] == 0xEF and data[i - 2] == 0xBC and 0x90 <= data[i - 1] <= 0x99


def unfolded(place: int, site_at: Array, spare: Array, sites: int) -> int:
    """The original place of a folded one."""
    low, high = 0, sites
    while low < high:
        middle = (low + high) // 2
        if site_at[middle] < place:
            low = middle + 1
        else:
            high = middle
    return place + (spare[low - 1] if low > 0 else 0)
