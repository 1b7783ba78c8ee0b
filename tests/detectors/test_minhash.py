"""Signatures estimate similarity, candidates stay few, and what is dropped always has a kept document like it."""

import itertools
import random

import numpy as np
import pytest
from benchmarks.similar import planted, similarity
from hypothesis import given
from hypothesis import strategies as st

from haipkit.detectors import minhash, shingles
from helpers.laid_out import laid_out


def test_the_estimate_is_as_good_as_the_theory_says() -> None:
    made = planted(1000, seed=5)
    tokens = shingles.tokens(*laid_out(made.texts))
    least = minhash.signatures(tokens)
    pairs = np.array([pair[:2] for pair in made.pairs])
    shares = np.array([pair[2] for pair in made.pairs])
    errors = minhash.estimates(least[pairs[:, 0]], least[pairs[:, 1]]) - shares
    expected = np.sqrt(np.mean(shares * (1 - shares) / minhash.LANES))
    assert abs(errors.mean()) < 3 * expected / np.sqrt(len(errors))
    assert np.sqrt(np.mean(errors**2)) < 1.3 * expected


def test_similarity_is_the_jaccard_similarity_of_sets() -> None:
    texts = [
        "a b c d e f g",
        "a b c d e f h",
        "A, b c; d e f g!",
        "x y",
        "",
        "ab ab ab ab ab ab ab ab",
        "日本語の文章です",
        "日本語の文章だ",
    ]
    values, ends = shingles.shingles(shingles.tokens(*laid_out(texts)))
    pairs = np.array([(0, 1), (0, 2), (0, 3), (3, 4), (4, 4), (5, 5), (6, 7)])
    found = minhash.similarities(values, ends, pairs[:, 0].copy(), pairs[:, 1].copy())
    assert found.tolist() == pytest.approx([2 / 4, 1, 0, 0, 0, 1, 2 / 5])
    for (one, other), share in zip(pairs[[0, 1, 2, 6]].tolist(), found[[0, 1, 2, 6]].tolist(), strict=True):
        assert share == pytest.approx(similarity(texts[one], texts[other]))


def test_candidates_share_a_key_and_grow_no_faster_than_documents() -> None:
    keys = np.array([5, 7, 5, 9, 7, 5], dtype=np.uint64)
    found = minhash.candidates(keys, np.arange(10, 16))
    assert {tuple(pair) for pair in found.tolist()} == {(10, 12), (10, 15), (12, 15), (11, 14)}
    same = minhash.candidates(np.zeros(5000, dtype=np.uint64), np.arange(5000))
    assert len(same) <= 5000 * minhash.NEIGHBOURS
    assert {(0, place) for place in range(1, 5000)} <= {tuple(pair) for pair in same.tolist()}
    assert len(minhash.candidates(keys[:1], np.arange(1))) == 0


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_what_goes_is_like_something_that_stays(seed: int, size: int) -> None:
    rng = random.Random(seed)
    pairs = [pair for pair in itertools.combinations(range(0, 3 * size, 3), 2) if rng.random() < 0.4]
    if not pairs:
        return
    shares = np.array([rng.choice((0.8, 0.9, 1.0)) for _ in pairs])
    members = np.unique(pairs)
    rank = np.array(rng.sample(range(len(members)), len(members)))
    dropped = minhash.keepers(np.array(pairs), shares, rank)
    gone = {number for number, *_ in dropped}
    alike = dict(zip(pairs, shares.tolist(), strict=True))
    for number, kept, share in dropped:
        assert kept not in gone
        assert alike[min(number, kept), max(number, kept)] == share
    stays = set(members.tolist()) - gone
    assert not [pair for pair in pairs if set(pair) <= stays], "two that stay are alike"
    assert members[np.argmin(rank)] in stays


def test_a_chain_of_small_steps_does_not_lead_away() -> None:
    dropped = minhash.keepers(np.array([(0, 1), (1, 2)]), np.array([0.9, 0.9]), np.arange(3))
    assert dropped == [(1, 0, 0.9)]
