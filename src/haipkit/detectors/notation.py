r"""Reads the shape notation of the rule table: a small part of regular expressions, without choice and open repetition.

    \d one digit · \u one upper-case letter · \a a digit or upper-case letter ·
    \l one letter, a byte of a non-ASCII letter too · [..] one of these, ranges allowed
    {3} or {2,4} after an item repeats it · ~ the separator of the rule · \x any other character as it is

A repeated item of open length must not overlap the item after it, so that there is one way to read any text and
matching is linear.
"""

import itertools

from haipkit.detectors.model import Element
from haipkit.kernel.errors import BadInput

DIGITS = frozenset(range(0x30, 0x3A))
UPPER = frozenset(range(0x41, 0x5B))
WORD = DIGITS | UPPER | frozenset(range(0x61, 0x7B)) | {0x5F}
LETTERS = (WORD - DIGITS - {0x5F}) | frozenset(range(0x80, 0x100))
_NAMED = {"d": DIGITS, "u": UPPER, "a": DIGITS | UPPER, "l": LETTERS}
LONGEST = 400


def read_shape(shape: str, separator: str, where: str) -> tuple[Element, ...]:
    """The elements of `shape` with `~` replaced by `separator`. Raises BadInput naming `where`."""
    found: list[Element] = []
    at = 0
    while at < len(shape):
        character = shape[at]
        if character == "~":
            found += [Element(frozenset({byte}), 1, 1) for byte in separator.encode()]
            at += 1
            continue
        if character == "[":
            end = shape.find("]", at)
            if end < 0:
                raise BadInput(f"the shape {shape!r} opens a class and does not close it", where=where)
            items = [_members(shape[at + 1 : end], shape, where)]
            at = end + 1
        elif character == "\\" and at + 1 < len(shape):
            name = shape[at + 1]
            items = [_NAMED[name]] if name in _NAMED else [frozenset({byte}) for byte in name.encode()]
            at += 2
        elif character in "{}":
            raise BadInput(f"the shape {shape!r} repeats nothing", where=where)
        else:
            items = [frozenset({byte}) for byte in character.encode()]
            at += 1
        least, most, at = _repetition(shape, at, where)
        found += [Element(item, 1, 1) for item in items[:-1]]
        found.append(Element(items[-1], least, most))
    return _checked(tuple(found), shape, where)


def _members(inside: str, shape: str, where: str) -> frozenset[int]:
    members: set[int] = set()
    at = 0
    while at < len(inside):
        first = inside[at]
        if first == "\\" and at + 1 < len(inside) and inside[at + 1] in _NAMED:
            members |= _NAMED[inside[at + 1]]
            at += 2
            continue
        if first == "\\" and at + 1 < len(inside):
            members.add(ord(inside[at + 1]))
            at += 2
            continue
        if at + 2 < len(inside) and inside[at + 1] == "-":
            low, high = ord(first), ord(inside[at + 2])
            at += 3
        else:
            low = high = ord(first)
            at += 1
        if high > 0xFF or low > high:
            raise BadInput(f"the shape {shape!r} has a range that is not one of bytes", where=where)
        members |= set(range(low, high + 1))
    if not members:
        raise BadInput(f"the shape {shape!r} has an empty class", where=where)
    return frozenset(members)


def _repetition(shape: str, at: int, where: str) -> tuple[int, int, int]:
    if at >= len(shape) or shape[at] != "{":
        return 1, 1, at
    end = shape.find("}", at)
    low, _, high = shape[at + 1 : end].partition(",")
    if end < 0 or not low.isdecimal() or not (high or low).isdecimal():
        raise BadInput(f"the shape {shape!r} has a repetition that is not {{3}} or {{2,4}}", where=where)
    least, most = int(low), int(high or low)
    if not 1 <= least <= most <= LONGEST:
        raise BadInput(f"the shape {shape!r} repeats an item {least} to {most} times; 1 to {LONGEST}", where=where)
    return least, most, end + 1


def _checked(elements: tuple[Element, ...], shape: str, where: str) -> tuple[Element, ...]:
    if not elements or sum(element.least for element in elements) < 2:
        raise BadInput(f"the shape {shape!r} is shorter than two characters", where=where)
    if sum(element.most for element in elements) > LONGEST:
        raise BadInput(f"the shape {shape!r} can be longer than {LONGEST} bytes", where=where)
    for one, following in itertools.pairwise(elements):
        if one.least < one.most and one.members & following.members:
            raise BadInput(f"the shape {shape!r} can be read in two ways", where=where)
    return elements


def anchor_of(elements: tuple[Element, ...], where: str) -> tuple[str, int, int]:
    """Where an engine finds this form: ("digit", offset, 0) or ("byte", offset, byte)."""
    literal = 0
    for element in elements:
        if len(element.members) != 1 or element.most != 1 or element.members & DIGITS:
            break
        literal += 1
    if literal < 3:
        offset = 0
        for element in elements:
            if element.members <= DIGITS:
                return "digit", offset, 0
            if element.members & DIGITS or element.least != element.most:
                break
            offset += element.least
    best: tuple[int, int, int] | None = None
    offset = 0
    for element in elements:
        if len(element.members) == 1 and not element.members & DIGITS:
            (byte,) = element.members
            rank = (_commonness(byte), offset, byte)
            best = rank if best is None or rank < best else best
        if element.least != element.most:
            break
        offset += element.least
    if best is None:
        raise BadInput("a shape has to begin with a digit or with a fixed character near its start", where=where)
    return "byte", best[1], best[2]


_COMMON_LETTERS = b"etaoinsrhldcumfpgwybvkxjqz"


def _commonness(byte: int) -> int:
    """How often a byte is met in text: 0 seldom (marks, rare capitals), more for letters in the order of their use."""
    if byte in b"@:_-":
        return 0
    if byte in b";=":
        return 9
    if byte in UPPER:
        return 1 + (26 - _COMMON_LETTERS.index(byte + 32)) // 4
    if byte in _COMMON_LETTERS:
        return 10 + 26 - _COMMON_LETTERS.index(byte)
    return 60
