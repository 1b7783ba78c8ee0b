"""Text made to stall a scanner: work grows with the text, not with its square. Steps are counted, never seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

from haipkit.detectors import base, fast, kernel, kernel_fold
from haipkit.detectors.table import load_rules
from helpers.detecting import ENGINES, found_in

UNITS = (
    "a", "a.", "1 ", "@a.", "1-", "eyJ-", "eyJ ", "-----BEGIN PRIVATE KEY-----", "://a:b", "2001:", "+1 ", "0", "é@",
    "０", "AB12 ", "(+39) ", "00:1A:", "order 4539 ", "passport\n1 ", "tel 0", ";Password=", "　", "0ー", "SSN 1", "1.",
    "ghp_", "A1", "CFGHJK1", "née le 1 ", "DE89 ", "a@b.c-", "-", "_", "12:",
)  # fmt: skip
SMALL = 1_500


def steps(work: Callable[[], Any]) -> int:
    """Lines of this package that `work` executes."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if "detectors" not in frame.f_code.co_filename:
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def by_base(text: bytes) -> Callable[[], Any]:
    return lambda: base.scan(text + b"\n", [0], [len(text)], load_rules(), use_re2=base.re2_module() is not None)


def by_kernel(text: bytes) -> Callable[[], Any]:
    """The kernel of the fast engine as it stands, uncompiled: the same steps, and they can be counted."""
    ints, codes = (table.tolist() for table in fast.tables_of(load_rules()))
    data, v = list(text), [0] * kernel.SCRATCH
    folded, sites, spare = [0] * len(data), [0] * len(data), [0] * len(data)
    found = np.zeros((len(text) + 64, 3), dtype=np.int64)

    def work() -> None:
        n, changed = kernel_fold.fold_into(data, 0, len(data), folded, sites, spare, codes)
        kernel.scan_text(folded[:n] if changed else data, n if changed else len(data), v, found, 0, ints, codes)

    return work


@pytest.mark.parametrize("scanner", [by_base, by_kernel])
@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_takes_about_twice_the_steps(unit: str, scanner: Callable[[bytes], Callable[[], Any]]) -> None:
    def spent(size: int) -> int:
        text = (unit * size)[:size].encode()
        return steps(scanner(text))

    spent(SMALL)
    assert spent(2 * SMALL) < 2.6 * spent(SMALL) + 2_000


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_text_is_scanned_to_its_end(engine: str) -> None:
    texts = [(unit * 40_000)[: 40_000 if engine != "fallback" else 4_000] + " taro@example.jp" for unit in UNITS]
    last = {one["document"]: one["kind"] for one in found_in(texts, engine)}
    assert last == dict.fromkeys(range(len(UNITS)), "email")
