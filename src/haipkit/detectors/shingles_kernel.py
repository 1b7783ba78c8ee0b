"""The loops over text and over numbers that numba compiles; plain Python as it stands.

`shingles`, `minhash` and `ngrams` say what they compute and hold a numpy path that gives the same numbers. All
arithmetic is modulo 2**64, or 2**32 where lanes are compared.
"""

from typing import Any

import numpy as np

from haipkit.detectors.shingles_numbers import BLOCK, GRAM, LANES, MIX_ONE, MIX_TWO, NEWLINE, POINT, STEP, WIDE

Array = Any
_SHIFT = np.uint64(32)
_LATER = np.uint64(29)
_FIVE = np.uint64(pow(int(STEP), GRAM, 1 << 64))


def mix(value: Any) -> Any:
    """A bijection of 64 bits in which each bit of the value moves half of the result."""
    value = (value ^ (value >> _SHIFT)) * MIX_ONE
    value = (value ^ (value >> _LATER)) * MIX_TWO
    return value ^ (value >> _SHIFT)


def letter(data: Array, at: int) -> tuple[Any, int]:
    """The code point that begins at data[at], and its bytes."""
    byte = np.int64(data[at])
    if byte < 0x80:
        return byte, 1
    second = np.int64(data[at + 1] & 0x3F)
    if byte < 0xE0:
        return ((byte & 0x1F) << 6) | second, 2
    third = np.int64(data[at + 2] & 0x3F)
    if byte < 0xF0:
        return ((byte & 0x0F) << 12) | (second << 6) | third, 3
    return ((byte & 0x07) << 18) | (second << 12) | (third << 6) | np.int64(data[at + 3] & 0x3F), 4


def tokens(
    data: Array,
    begins: Array,
    stops: Array,
    codes: Array,
    single: bool,
    hashes: Array,
    document_ends: Array,
    line_ends: Array,
) -> tuple[int, int]:
    """Fill in the hash of each token, and where documents and lines end; returns how many tokens and lines."""
    count = lines = 0
    for document in range(len(begins)):
        at, stop = begins[document], stops[document]
        value = np.uint64(0)
        inside = False
        line_began = count
        while at < stop:
            point, size = letter(data, at)
            at += size
            code = codes[point]
            if code > NEWLINE and code < WIDE and not single:
                value = value * POINT + np.uint64(code)
                inside = True
                continue
            if inside:
                hashes[count] = mix(value)
                count += 1
                value = np.uint64(0)
                inside = False
            if code > NEWLINE:
                hashes[count] = mix(np.uint64(code))
                count += 1
            elif code == NEWLINE and count > line_began:
                line_ends[lines] = count
                lines += 1
                line_began = count
        if inside:
            hashes[count] = mix(value)
            count += 1
        if count > line_began:
            line_ends[lines] = count
            lines += 1
        document_ends[document] = count
    return count, lines


def sequences(hashes: Array, ends: Array, found: Array) -> None:
    """One number for each stretch of tokens; stretches follow one another."""
    at = 0
    for place in range(len(ends)):
        value = np.uint64(0)
        while at < ends[place]:
            value = value * STEP + hashes[at]
            at += 1
        found[place] = mix(value)


def without_lines(
    hashes: Array, document_ends: Array, line_ends: Array, common: Array, kept: Array, kept_ends: Array
) -> int:
    """Copy the tokens whose line is not common; a document of which less than half would stay is copied whole."""
    count = line = at = 0
    for document in range(len(document_ends)):
        begin, first = at, count
        while line < len(line_ends) and line_ends[line] <= document_ends[document]:
            if not common[line]:
                for place in range(at, line_ends[line]):
                    kept[count] = hashes[place]
                    count += 1
            at = line_ends[line]
            line += 1
        at = document_ends[document]
        if 2 * (count - first) < at - begin:
            count = first
            for place in range(begin, at):
                kept[count] = hashes[place]
                count += 1
        kept_ends[document] = count
    return count


def grams(hashes: Array, begin: int, end: int, found: Array, at: int) -> int:
    """Numbers of the runs of GRAM tokens in hashes[begin:end] from found[at] on; a shorter text is one run."""
    value = np.uint64(0)
    for place in range(begin, min(begin + GRAM, end)):
        value = value * STEP + hashes[place]
    if end > begin:
        found[at] = mix(value)
        at += 1
    for place in range(begin + GRAM, end):
        value = value * STEP + hashes[place] - hashes[place - GRAM] * _FIVE
        found[at] = mix(value)
        at += 1
    return at


def all_grams(hashes: Array, document_ends: Array, found: Array, found_ends: Array) -> int:
    """`grams` of every document, one after another."""
    begin = at = 0
    for document in range(len(document_ends)):
        at = grams(hashes, begin, document_ends[document], found, at)
        found_ends[document] = at
        begin = document_ends[document]
    return at


def minima(hashes: Array, document_ends: Array, factors: Array, summands: Array, scratch: Array, least: Array) -> None:
    """For each document the least value of each lane over its grams; BLOCK of them at a time."""
    begin = 0
    for document in range(len(document_ends)):
        end = document_ends[document]
        count = grams(hashes, begin, end, scratch, 0)
        begin = end
        if not count:
            continue
        for place in range(count, count + BLOCK):
            scratch[place] = scratch[count - 1]
        row = least[document]
        for place in range(0, count, BLOCK):
            a = np.uint32(scratch[place] >> _SHIFT)
            b = np.uint32(scratch[place + 1] >> _SHIFT)
            c = np.uint32(scratch[place + 2] >> _SHIFT)
            d = np.uint32(scratch[place + 3] >> _SHIFT)
            e = np.uint32(scratch[place + 4] >> _SHIFT)
            f = np.uint32(scratch[place + 5] >> _SHIFT)
            g = np.uint32(scratch[place + 6] >> _SHIFT)
            h = np.uint32(scratch[place + 7] >> _SHIFT)
            for lane in range(LANES):
                m, s = factors[lane], summands[lane]
                one = min(np.uint32(a * m + s), np.uint32(b * m + s))
                two = min(np.uint32(c * m + s), np.uint32(d * m + s))
                three = min(np.uint32(e * m + s), np.uint32(f * m + s))
                four = min(np.uint32(g * m + s), np.uint32(h * m + s))
                row[lane] = min(row[lane], min(min(one, two), min(three, four)))


def overlaps(values: Array, ends: Array, left: Array, right: Array, table: Array, marks: Array, found: Array) -> None:
    """For each pair of sets how many distinct members each has and both have: found[pair] = (left, right, common).

    `table` is a power of two larger than twice any set; `marks` tells which pair filled a place: 0 is nobody.
    """
    mask = np.uint64(len(table) - 1)
    for pair in range(len(left)):
        stamp = 2 * pair + 1
        counts = found[pair]
        begin = ends[left[pair] - 1] if left[pair] else 0
        for place in range(begin, ends[left[pair]]):
            value = values[place]
            at = value & mask
            while marks[at] >= stamp and table[at] != value:
                at = (at + np.uint64(1)) & mask
            if marks[at] < stamp:
                marks[at] = stamp
                table[at] = value
                counts[0] += 1
        begin = ends[right[pair] - 1] if right[pair] else 0
        for place in range(begin, ends[right[pair]]):
            value = values[place]
            at = value & mask
            while marks[at] >= stamp and table[at] != value:
                at = (at + np.uint64(1)) & mask
            if marks[at] < stamp:
                # Of the right set alone: it has to be known again, and it is not common.
                marks[at] = stamp + 1
                table[at] = value
                counts[1] += 1
            elif marks[at] == stamp:
                marks[at] = stamp + 1
                counts[1] += 1
                counts[2] += 1


def lookups(
    hashes: Array, document_ends: Array, size: int, drop: Any, keys: Array, sieve: Array, found: Array, start: int
) -> tuple[int, int]:
    """(document, key) wherever a run of `size` tokens is a key; returns how many and the first document not done.

    `sieve` holds one flag for the top bits of each key. A document whose finds do not fit is left for the next call.
    """
    shift = np.uint64(64)
    flags = len(sieve)
    while flags > 1:
        flags >>= 1
        shift -= np.uint64(1)
    count = 0
    begin = document_ends[start - 1] if start else 0
    for document in range(start, len(document_ends)):
        end = document_ends[document]
        if end - begin > len(found) - count:
            return count, document
        value = np.uint64(0)
        for place in range(begin, end):
            value = value * STEP + hashes[place]
            if place - begin >= size:
                value -= hashes[place - size] * drop
            if place - begin < size - 1:
                continue
            key = mix(value)
            if not sieve[key >> shift]:
                continue
            low, high = 0, len(keys)
            while low < high:
                middle = (low + high) >> 1
                if keys[middle] < key:
                    low = middle + 1
                else:
                    high = middle
            if low < len(keys) and keys[low] == key:
                found[count, 0] = document
                found[count, 1] = low
                count += 1
        begin = end
    return count, len(document_ends)


def spaced(data: Array, begins: Array, stops: Array, found: Array, ends: Array) -> None:
    """Copy documents with each run of ASCII white space as one blank and none at their ends. Without branches."""
    count = 0
    for document in range(len(begins)):
        first = count
        blank = True
        for at in range(begins[document], stops[document]):
            byte = data[at]
            before = blank
            blank = byte == 32 or (byte >= 9) & (byte <= 13)
            found[count] = 32 if blank else byte
            count += not (blank and before)
        if blank and count > first:
            count -= 1
        ends[document] = count
