"""Finds runs of tokens of one text collection in another: a table of n-grams, looked up at every place of a text.

Words in runs of 13, as T. Brown et al. (Language Models are Few-Shot Learners, 2020, app. C) count overlap with
benchmarks; single letters in runs of 50 for scripts without blanks and for code.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from haipkit.detectors import shingles_fast
from haipkit.detectors.shingles import Numbers, Places, Tokens, mixed, stretches
from haipkit.detectors.shingles_numbers import STEP

WORDS, LETTERS = 13, 50


@dataclass(frozen=True)
class Table:
    """Sorted keys of runs of `size` tokens, and a flag for each value of their top bits."""

    size: int
    keys: Numbers
    sieve: npt.NDArray[np.bool_]


def table_of(size: int, keys: Numbers) -> Table:
    """The table for these keys, each kept once."""
    keys = np.unique(keys)
    bits = min(max(12, (16 * len(keys)).bit_length()), 27)
    sieve = np.zeros(1 << bits, dtype=bool)
    sieve[keys >> np.uint64(64 - bits)] = True
    return Table(size, keys, sieve)


def runs(made: Tokens, size: int) -> tuple[Numbers, Places]:
    """The keys of all runs of `size` tokens that lie in one document, and the document of each."""
    lengths = np.diff(made.documents, prepend=0)
    numbers = np.maximum(lengths - size + 1, 0)
    owner = np.repeat(np.arange(len(lengths)), numbers)
    starts = (made.documents - lengths)[owner] + np.arange(int(numbers.sum())) - (np.cumsum(numbers) - numbers)[owner]
    return mixed(stretches(made.hashes, starts, starts + size, STEP)), owner


def lookups(made: Tokens, table: Table, *, engine: str = "base") -> Places:
    """(document, place of the key in the table) for each run that is in it, in order; int64 of shape (hits, 2)."""
    if engine == "base":
        keys, owner = runs(made, table.size)
        shift = np.uint64(64 - (len(table.sieve).bit_length() - 1))
        likely = np.flatnonzero(table.sieve[keys >> shift])
        places = np.searchsorted(table.keys, keys[likely])
        sure = places < len(table.keys)
        sure[sure] = table.keys[places[sure]] == keys[likely[sure]]
        return np.column_stack([owner[likely[sure]], places[sure]]).astype(np.int64)
    drop = np.uint64(pow(int(STEP), table.size, 1 << 64))
    longest = int(np.diff(made.documents, prepend=0).max(initial=0))
    parts, start = [np.empty((0, 2), dtype=np.int64)], 0
    kernel = shingles_fast.compiled("lookups")
    while start < len(made.documents):
        found = np.empty((max(longest, 1 << 16), 2), dtype=np.int64)
        count, start = kernel(made.hashes, made.documents, table.size, drop, table.keys, table.sieve, found, start)
        parts.append(found[:count])
    return np.concatenate(parts)


def sample(made: Tokens, engine: str) -> list[object]:
    """What the self-test compares: half of the runs of a text, looked up in it."""
    table = table_of(WORDS, runs(made, WORDS)[0][::2])
    return [lookups(made, table, engine=engine)]


def varied(made: Tokens, size: int, least: int = 4) -> npt.NDArray[np.bool_]:
    """For each of the `runs`, in their order: does it hold at least `least` different tokens?

    A run of dots, zeros or one repeated word stands in many texts and shows nothing.
    """
    lengths = np.diff(made.documents, prepend=0)
    numbers = np.maximum(lengths - size + 1, 0)
    total = int(numbers.sum())
    owner = np.repeat(np.arange(len(lengths)), numbers)
    starts = (made.documents - lengths)[owner] + np.arange(total) - (np.cumsum(numbers) - numbers)[owner]
    found = np.empty(total, dtype=bool)
    for at in range(0, total, 1 << 14):
        tokens = np.sort(made.hashes[starts[at : at + (1 << 14), None] + np.arange(size)], axis=1)
        found[at : at + (1 << 14)] = (tokens[:, 1:] != tokens[:, :-1]).sum(axis=1) + 1 >= least
    return found
