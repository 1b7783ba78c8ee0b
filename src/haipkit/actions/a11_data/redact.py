"""From findings to what may be shown of them, and to what takes their place."""

import hmac
import re
from collections.abc import Iterable
from functools import lru_cache

Edit = tuple[int, int, bytes]
_MARKS = re.compile(r"[A-Z][A-Z0-9_]*")


_OUTLINE = bytes(
    ord("9") if one in b"0123456789" else ord("x") if chr(one).isalpha() else one if 32 <= one < 127 else ord(" ")
    for one in range(128)
).ljust(256, b" ")


@lru_cache(maxsize=1024)
def placeholder(kind: str) -> bytes:
    """What stands in a copy instead of a value: `e-mail` → `<E_MAIL>`."""
    word = re.sub(r"[^A-Z0-9]+", "_", kind.upper()).strip("_")
    return b"<" + (word if _MARKS.fullmatch(word) else "REMOVED").encode() + b">"


def edits_by_row(findings: Iterable[tuple[int, int, int, str]]) -> dict[int, list[Edit]]:
    """Findings (row, start, end, kind), in order, as edits of each row; of an overlap the first names the kind."""
    edits: dict[int, list[Edit]] = {}
    for row, start, end, kind in findings:
        here = edits.get(row)
        if here is None:
            edits[row] = [(start, end, placeholder(kind))]
        elif start < here[-1][1]:
            here[-1] = (here[-1][0], max(here[-1][1], end), here[-1][2])
        else:
            here.append((start, end, placeholder(kind)))
    return edits


def shape(value: bytes) -> str:
    """A value's outline: letters become `x`, digits `9`, other scripts `漢`; at most 60 characters."""
    if value.isascii():
        plain = value.translate(_OUTLINE).decode("ascii")
        return plain[:59] + "…" if len(plain) > 60 else plain
    text = value.decode("utf-8", "replace")[:61]
    outline = "".join("9" if one.isdigit() else "x" if one.isascii() and one.isalpha() else _other(one) for one in text)
    return outline[:59] + "…" if len(outline) > 60 else outline


def _other(letter: str) -> str:
    return "漢" if letter.isalpha() else letter if letter.isprintable() else " "


def value_id(value: bytes, key: bytes) -> str:
    """Sixteen hex digits that are equal for equal values, and mean nothing without the key (HMAC-SHA-256)."""
    return hmac.digest(key, value, "sha256").hex()[:16]
