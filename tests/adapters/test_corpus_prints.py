"""Fingerprints agree exactly where documents do, whatever lies around them in their block."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.adapters.corpus_prints import fingerprints

VALUES = st.sampled_from([b"", b" ", b"a", b"b", b"ab", b" ab ", b"ab" * 4, b"ab" * 600, b"\n" * 20 + b"ab", b"a\0"])
BLOCKS = st.lists(st.tuples(st.integers(0, 6), VALUES), max_size=20).map(lambda rows: sorted(rows, key=lambda r: r[0]))


def prints_of(rows: list[tuple[int, bytes]], before: bytes = b"") -> list[int]:
    """One number for each document of (document, value) rows; `before` lies in the block ahead of them."""
    offsets = np.cumsum([len(before), *(len(value) for _, value in rows)])
    text = memoryview(before + b"".join(value for _, value in rows))
    documents = np.array([document for document, _ in rows], dtype=np.int64)
    found: list[int] = fingerprints(offsets, text, np.arange(len(rows)), documents).tolist()
    return found


@given(BLOCKS, st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_prints_are_equal_where_documents_are(rows: list[tuple[int, bytes]], shift: int) -> None:
    contents = []
    for _, values in groupby(rows, key=lambda row: row[0]):
        content = tuple(kept for _, value in values if (kept := value.strip()))
        contents += [content] if content else []
    found = prints_of(rows, b"x" * shift)
    assert len(found) == len(contents)
    assert {(one == other) for one, other in zip(found, prints_of(rows), strict=True)} <= {True}
    assert len(set(found)) == len(set(contents))
    assert len(set(zip(found, contents, strict=True))) == len(set(contents))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 100, 1023, 1024, 5000])
def test_one_byte_makes_another_print(size: int) -> None:
    text = bytes(97 + place % 7 for place in range(size))
    others = [text[:place] + b"Z" + text[place + 1 :] for place in range(0, size, max(1, size // 50))]
    rows = [(number, one) for number, one in enumerate([text, *others, text + b"a", text[1:]])]
    found = prints_of(rows)
    assert len(set(found)) == len({one for _, one in rows if one})


def test_where_one_value_ends_is_told() -> None:
    assert len(set(prints_of([(0, b"ab"), (0, b"c"), (1, b"a"), (1, b"bc"), (2, b"abc"), (3, b"c"), (3, b"ab")]))) == 4
