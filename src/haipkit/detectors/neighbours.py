"""What stands around a value: whether it is part of a longer number, and whether a word before it speaks of it.

Like checks and walks, what both engines run; numba compiles it as it stands.
"""

from haipkit.detectors import grammar
from haipkit.detectors.grammar import Text


def ends_claim(c: int) -> bool:
    """A digit, a line end, or one of ! ? ; after which a word like "order" speaks of something else."""
    return 48 <= c <= 57 or c == 10 or c == 33 or c == 63 or c == 59


def words_in(t: Text, low: int, p: int) -> int:
    """Words in t[low:p]. "In order to call 415…": with two of them between, "order" does not speak of the number."""
    words = 0
    inside = False
    for i in range(low, p):
        letter = 65 <= t[i] <= 90 or 97 <= t[i] <= 122 or t[i] >= 128
        if letter and not inside:
            words += 1
        inside = letter
    return words


def joined(t: Text, p: int, e: int, first: int, stop: int, joins: int) -> bool:
    """Is t[p:e] only a part of a longer number? Then it is not a value of its own.

    A boundary is any byte but [0-9A-Za-z_]. Beyond it, a hyphen to a letter or digit, and a full stop, slash or colon
    to a digit, join (on the right only where `joins` has the bit 1, 2, 4, 8 for - . / :). A "#", "[" or "(" before it
    joins where `joins` has the bit 16, 32 or 64. A value written with blanks is joined by a neighbour after a blank
    with as many characters as the group beside it, and by numbers after a blank on both sides.
    """
    if _amid_numbers(t, p, e, first, stop):
        return True
    if p > first:
        c = t[p - 1]
        if grammar.is_word(t[p]) and grammar.is_word(c):
            return True
        if c == 43 or (c == 35 and joins & 16) or (c == 91 and joins & 32) or (c == 40 and joins & 64):
            return True
        if p - 2 >= first:
            b = t[p - 2]
            if c == 45 and grammar.is_word(b):
                return True
            if (c == 46 or c == 47 or c == 58) and 48 <= b <= 57:
                return True
            if c == 32 and grammar.is_word(b) and _same_group_before(t, p, e, first):
                return True
    if e < stop:
        c = t[e]
        if grammar.is_word(t[e - 1]) and grammar.is_word(c):
            return True
        if e + 1 < stop:
            b = t[e + 1]
            if c == 45 and joins & 1 and grammar.is_word(b):
                return True
            if 48 <= b <= 57:
                if (c == 46 and joins & 2) or (c == 47 and joins & 4) or (c == 58 and joins & 8):
                    return True
                if c == 32 and _same_group_after(t, p, e, stop):
                    return True
    return False


def _amid_numbers(t: Text, p: int, e: int, first: int, stop: int) -> bool:
    if p - 2 < first or e + 1 >= stop or t[p - 1] != 32 or t[e] != 32:
        return False
    if not (48 <= t[p - 2] <= 57 and 48 <= t[e + 1] <= 57):
        return False
    for i in range(p, e):  # noqa: SIM110 (numba compiles no generators)
        if t[i] == 32:
            return True
    return False


def _same_group_before(t: Text, p: int, e: int, first: int) -> bool:
    own = 0
    while p + own < e and grammar.is_word(t[p + own]):
        own += 1
    if p + own >= e or t[p + own] != 32:
        return False
    other = 0
    digit = False
    while p - 2 - other >= first and other <= own and grammar.is_word(t[p - 2 - other]):
        if 48 <= t[p - 2 - other] <= 57:
            digit = True
        other += 1
    return digit and other == own


def _same_group_after(t: Text, p: int, e: int, stop: int) -> bool:
    own = 0
    while e - 1 - own >= p and grammar.is_word(t[e - 1 - own]):
        own += 1
    if e - 1 - own < p or t[e - 1 - own] != 32:
        return False
    other = 0
    while e + 1 + other < stop and other <= own and grammar.is_word(t[e + 1 + other]):
        other += 1
    return other == own
