"""What a judge does to a rate, and what its correction is worth."""

from fractions import Fraction

import numpy as np
import pytest

from haipkit.actions.a01_risk.confidence import exact
from haipkit.actions.a01_risk.judge_correction import (
    Calibration,
    Judge,
    audited,
    corrected,
    in_audit,
    uncorrected,
    verified,
)
from haipkit.kernel.errors import BadInput

STRINGS = Calibration(921, 79, 385, 615)
OBJECTIVE = Calibration(90, 10, 89, 11)
GOOD = Calibration(95, 5, 95, 5)
BETTER = Calibration(99, 1, 99, 1)

CASES = [
    # judge, true rate, what it reads as, mean corrected estimate, spread of the audited estimate, answers people read
    (STRINGS, 0.03, 0.624, 0.071, 0.0062, 1286),
    (OBJECTIVE, 0.01, 0.118, 0.018, 0.0039, 324),
    (OBJECTIVE, 0.03, 0.134, 0.030, 0.0066, 354),
    (GOOD, 0.01, 0.059, 0.013, 0.0032, 212),
    (GOOD, 0.10, 0.140, 0.095, 0.0096, 366),
    (BETTER, 0.03, 0.039, 0.025, 0.0042, 175),
]


@pytest.mark.parametrize(("judge", "rate", "reads", "estimate", "spread", "read"), CASES)
def test_two_thousand_judged_answers(
    judge: Calibration, rate: float, reads: float, estimate: float, spread: float, read: int
) -> None:
    assert judge.reads_as(rate) == pytest.approx(reads, abs=0.0006)
    rng, runs = np.random.default_rng(7), 60
    rates, covered, covered_two, looked_at = [], 0, 0, 0
    for _ in range(runs):
        failing = int(rng.binomial(2000, rate))
        found = int(rng.binomial(failing, judge.sensitivity))
        accused = int(rng.binomial(2000 - failing, 1 - judge.specificity))
        caught, clear = (int(rng.binomial(100, one)) for one in (judge.sensitivity, judge.specificity))
        hits, passes = found + accused, 2000 - found - accused
        once = corrected(2000, hits, Calibration(caught, 100 - caught, clear, 100 - clear)).interval
        rates.append(once.rate)
        covered += once.low <= rate <= once.high
        checked = int(rng.binomial(passes, 0.05))
        missed = int(rng.hypergeometric(failing - found, passes - failing + found, checked))
        twice = audited(2000, hits, found, checked, missed).interval
        assert twice.rate == pytest.approx((found + missed * passes / checked) / 2000)
        covered_two += twice.low <= rate <= twice.high
        looked_at += hits + checked
    assert np.mean(rates) == pytest.approx(estimate, abs=4 * np.std(rates) / runs**0.5 + 0.003)
    assert min(covered, covered_two) >= 0.95 * runs
    assert looked_at / runs == pytest.approx(read, rel=0.03)


@pytest.mark.parametrize(("judge", "rate", "reads", "estimate", "spread", "read"), CASES)
def test_looking_at_all_hits_and_some_passes_is_exact_enough(
    judge: Calibration, rate: float, reads: float, estimate: float, spread: float, read: int
) -> None:
    """The same estimate in arrays; at these counts a random label on 200 answers has a spread of .007 to .021."""
    rng, runs = np.random.default_rng(6), 4000
    failing = rng.binomial(2000, rate, runs)
    found = rng.binomial(failing, judge.sensitivity)
    passes = 2000 - found - rng.binomial(2000 - failing, 1 - judge.specificity)
    checked = rng.binomial(passes, 0.05)
    missed = rng.hypergeometric(failing - found, passes - failing + found, checked)
    two = (found + missed * passes / checked) / 2000
    assert two.mean() == pytest.approx(rate, abs=4 * spread / runs**0.5)
    assert two.std() == pytest.approx(spread, rel=0.05)
    assert two.std() < (rate * (1 - rate) / 200) ** 0.5 / 1.7


def test_two_hundred_labels_by_people_alone() -> None:
    rng = np.random.default_rng(4)
    for rate, coverage, width in ((0.03, 0.97, 0.052), (0.01, 0.99, 0.033), (0.10, 0.96, 0.087)):
        found = [exact(200, int(count)) for count in rng.binomial(200, rate, 300)]
        assert np.mean([one.low <= rate <= one.high for one in found]) >= coverage - 0.03
        assert np.mean([one.high - one.low for one in found]) == pytest.approx(width, abs=0.002)


def test_every_rate_says_what_it_is_worth() -> None:
    assert uncorrected(100, 6).text() == "6.0 % (1.1 to 17.1 %), uncorrected, n = 100"
    assert verified(100, 6).label == "verified"
    told = corrected(100, 6, GOOD, unscored=3)
    assert ", corrected, n = 100, 3 unscored" in told.text()
    assert "100 failures, 100 passes" in told.note
    assert "6 hits and 20 of 94 passes looked at" in audited(100, 6, 2, 20, 0).note


def test_what_the_judge_could_not_grade_widens_the_interval_both_ways() -> None:
    whole, part = verified(100, 6).interval, verified(90, 6, unscored=10).interval
    assert part.low == whole.low
    assert part.high == verified(100, 16).interval.high


def test_a_small_calibration_gives_a_wide_interval() -> None:
    widths = []
    for many in (20, 100, 1000):
        right = many * 19 // 20
        found = corrected(2000, 118, Calibration(right, many - right, right, many - right)).interval
        assert found.low <= found.rate <= found.high
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[2]


def test_a_missed_failure_in_the_audit_stands_for_many() -> None:
    rate = audited(1000, 40, 10, 48, 1)
    assert rate.interval.rate == pytest.approx((10 + 960 / 48) / 1000)
    assert rate.interval.low < 0.03 < rate.interval.high
    assert audited(50, 50, 3, 0, 0).interval.rate == 0.06


REFUSED = {
    "nothing scored": lambda: verified(0, 0),
    "only unscored": lambda: uncorrected(0, 0, unscored=9),
    "no better than chance": lambda: corrected(100, 50, Calibration(50, 50, 50, 50)),
    "no true failures": lambda: Calibration(0, 0, 10, 0),
    "negative": lambda: Calibration(-1, 5, 5, 5),
    "more confirmed than hits": lambda: audited(100, 5, 6, 10, 0),
    "more missed than checked": lambda: audited(100, 5, 5, 10, 11),
    "no audit": lambda: audited(100, 5, 5, 0, 0),
}


@pytest.mark.parametrize("case", REFUSED)
def test_counts_that_cannot_be(case: str) -> None:
    with pytest.raises(BadInput):
        REFUSED[case]()


def test_a_judge_is_pinned_by_model_prompt_and_calibration() -> None:
    judges = [Judge("m/1", "a"), Judge("m/2", "a"), Judge("m/1", "b"), Judge("m/1", "a", "set", GOOD)]
    judges.append(Judge("m/1", "a", "set", BETTER))
    assert len({judge.identity for judge in judges}) == 5


def test_the_audit_is_drawn_by_the_seed() -> None:
    drawn = [in_audit("seed", f"p{number}", 1, Fraction(1, 20)) for number in range(4000)]
    assert 150 < sum(drawn) < 250
    assert drawn == [in_audit("seed", f"p{number}", 1, Fraction(1, 20)) for number in range(4000)]
    assert not any(in_audit("seed", f"p{number}", 1, Fraction(0)) for number in range(50))
    assert all(in_audit("seed", f"p{number}", 1, Fraction(1)) for number in range(50))
