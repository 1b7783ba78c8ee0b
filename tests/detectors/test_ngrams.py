"""Runs of tokens are found wherever they stand, and nowhere else."""

import numpy as np

from haipkit.detectors import ngrams, shingles
from helpers.laid_out import laid_out

RUN = "one two three four"


def test_runs_are_found_with_their_document() -> None:
    keys, owner = ngrams.runs(shingles.tokens(*laid_out([RUN + " five", "six"])), 4)
    assert owner.tolist() == [0, 0]
    table = ngrams.table_of(4, keys)
    corpus = shingles.tokens(
        *laid_out(["none", f"x {RUN.upper()}, y", "two three four five", "one two three", RUN + " five"])
    )
    assert [(document, table.keys[place]) for document, place in ngrams.lookups(corpus, table).tolist()] == [
        (1, keys[0]),
        (2, keys[1]),
        (4, keys[0]),
        (4, keys[1]),
    ]


def test_no_run_reaches_over_the_end_of_a_document() -> None:
    table = ngrams.table_of(4, ngrams.runs(shingles.tokens(*laid_out([RUN])), 4)[0])
    assert len(ngrams.lookups(shingles.tokens(*laid_out(["one two", "three four"])), table)) == 0


def test_more_finds_than_fit_at_once() -> None:
    table = ngrams.table_of(2, ngrams.runs(shingles.tokens(*laid_out(["a b a"])), 2)[0])
    corpus = shingles.tokens(*laid_out(["a b " * 40_000, "c", "b a"]))
    engines = [engine for engine in ("base", shingles.engine_in_use()) if engine]
    for engine in engines:
        assert len(ngrams.lookups(corpus, table, engine=engine)) == 79_999 + 1


def test_an_empty_table_finds_nothing() -> None:
    table = ngrams.table_of(4, np.empty(0, dtype=np.uint64))
    assert len(ngrams.lookups(shingles.tokens(*laid_out([RUN])), table)) == 0


def test_a_run_that_says_one_thing_over_and_over_is_told() -> None:
    made = shingles.tokens(*laid_out(["0 0 0 0 0 1 2 3 4"]))
    assert ngrams.varied(made, 5).tolist() == [False, False, False, True, True]
