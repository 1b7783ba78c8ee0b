"""Before and after, on the same probes."""

import math
import random
from fractions import Fraction
from statistics import NormalDist

import pytest

from haipkit.actions.a01_risk.characteristics import characteristics
from haipkit.actions.a01_risk.paired import PairReader, paired_outlook, paired_table
from haipkit.actions.a01_risk.sequential import columns, crossings
from haipkit.kernel.errors import BadInput

HALF, SHARED = Fraction(1, 2), Fraction(7, 10)

FIXED_AND_PAIRS = [
    # before, after, fixed design an arm, mixture alone: pairs that differ independently; with shared difficulty (95 %)
    (10, 5, 598, 437, 211, 506),
    (20, 10, 274, 200, 101, 240),
    (20, 5, 103, 69.7, 48.9, 98),
    (20, 1, 54, 35.4, 33, 58),
    (30, 10, 84, 59.4, 38, 86),
    (50, 20, 52, 38.7, 25.6, 56),
    (50, 5, 19, 15.4, 14, 24),
]


@pytest.mark.parametrize(("before", "after", "fixed", "apart", "shared", "most"), FIXED_AND_PAIRS)
def test_fewer_pairs_than_a_fixed_design_needs_in_each_arm(
    before: int, after: int, fixed: int, apart: float, shared: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Fraction(before, 100), Fraction(after, 100)
    z, mean = NormalDist().inv_cdf(0.95), (before + after) / 200
    spread = math.sqrt(first * (1 - first) + second * (1 - second))
    assert math.ceil((z * (math.sqrt(2 * mean * (1 - mean)) + spread) / float(first - second)) ** 2) == fixed

    ours = paired_outlook(first, second, 3000), paired_outlook(first, second, 3000, SHARED)
    needed = crossings(HALF, HALF, Fraction(20), 3000, 3000, Fraction(0))
    monkeypatch.setattr("haipkit.actions.a01_risk.paired.paired_table", lambda *_: columns(needed, needed, 3000))
    plain = paired_outlook(first, second, 3000), paired_outlook(first, second, 3000, SHARED)
    assert plain[0].mean_pairs == pytest.approx(apart, rel=0.02)
    assert plain[1].mean_pairs == pytest.approx(shared, rel=0.02)
    assert plain[1].pairs_95 == pytest.approx(most, rel=0.08)
    assert ours[0].mean_pairs < plain[0].mean_pairs < fixed
    assert ours[1].mean_pairs < plain[1].mean_pairs < fixed


def test_the_goals_for_twenty_to_five_per_cent() -> None:
    apart = paired_outlook(Fraction(1, 5), Fraction(1, 20), 1000)
    shared = paired_outlook(Fraction(1, 5), Fraction(1, 20), 1000, SHARED)
    assert apart.mean_pairs == pytest.approx(60.6, abs=0.1)
    assert shared.mean_pairs == pytest.approx(46.0, abs=0.1)
    assert (apart.mean_pairs <= 70, shared.mean_pairs <= 50) == (True, True)
    assert apart.improved > 0.999


def test_where_nothing_changed_each_claim_stays_below_its_error() -> None:
    row = characteristics(paired_table(3000), [HALF])[0]
    assert 0.028 <= row.passes <= 0.05
    assert row.fails == pytest.approx(row.passes)
    same = paired_outlook(Fraction(1, 10), Fraction(1, 10), 3000)
    assert (same.improved, same.regressed) == (pytest.approx(same.regressed), pytest.approx(same.improved))
    assert same.no_evidence > 0.9
    assert paired_outlook(Fraction(1, 10), Fraction(1, 10), 300, Fraction(1)).no_evidence == 1


def test_the_outlook_agrees_with_a_simulation() -> None:
    rnd, runs = random.Random(2), 400
    counts, spent = {"IMPROVED": 0, "REGRESSED": 0, "NO EVIDENCE": 0}, 0
    for _ in range(runs):
        reader = PairReader(120)
        for position in range(120):
            before, after = ("fail" if rnd.random() < rate else "pass" for rate in (0.2, 0.08))
            if reader.take(position, before, after):  # type: ignore[arg-type]
                break
        assert reader.result is not None
        counts[reader.result.effect] += 1
        spent += reader.result.pairs
    expected = paired_outlook(Fraction(1, 5), Fraction(2, 25), 120)
    assert counts["IMPROVED"] / runs == pytest.approx(expected.improved, abs=0.07)
    assert counts["NO EVIDENCE"] / runs == pytest.approx(expected.no_evidence, abs=0.07)
    assert spent / runs == pytest.approx(expected.mean_pairs, rel=0.08)


def read(pairs: list[tuple[str, str]], most: int = 200) -> PairReader:
    reader = PairReader(most)
    for position, (before, after) in enumerate(pairs):
        if reader.take(position, before, after):  # type: ignore[arg-type]
            break
    return reader


def test_six_improvements_without_a_worsening_are_enough() -> None:
    result = read([("pass", "pass"), ("fail", "fail")] * 10 + [("fail", "pass")] * 9).result
    assert result is not None
    assert (result.effect, result.pairs, result.improved, result.worsened) == ("IMPROVED", 26, 6, 0)
    assert result.change is not None
    assert result.change.low < result.change.rate == -6 / 26 < result.change.high
    mirrored = read([("pass", "fail")] * 9).result
    assert mirrored is not None
    assert (mirrored.effect, mirrored.pairs) == ("REGRESSED", 6)


def test_the_same_on_both_sides_is_no_evidence() -> None:
    result = read([("pass", "pass")] * 50, most=50).result
    assert result is not None
    assert (result.effect, result.pairs) == ("NO EVIDENCE", 50)


def test_pairs_without_a_grade_count_against_the_claim() -> None:
    reader = read([("pass", "pass")] * 60 + [("error", "pass")] + [("fail", "pass")] * 6)
    assert reader.result is None
    result = read([("pass", "pass")] * 60 + [("error", "pass")] + [("fail", "pass")] * 20).result
    assert result is not None
    assert (result.effect, result.improved, result.lost) == ("IMPROVED", 9, 1)


@pytest.mark.parametrize("pairs", [[], [("error", "pass")], [("pass", "unscored")] * 5 + [("fail", "pass")] * 95])
def test_what_was_not_measured_is_invalid(pairs: list[tuple[str, str]]) -> None:
    assert read(pairs).finish().effect == "INVALID"


def test_pairs_are_read_in_the_order_of_the_schedule() -> None:
    reader = PairReader(50)
    for position in range(1, 20):
        assert reader.take(position, "fail", "pass") is None
    result = reader.take(0, "pass", "fail")
    assert result is not None
    assert (result.effect, result.worsened) == ("IMPROVED", 1)
    with pytest.raises(BadInput):
        PairReader(50).take(50, "pass", "pass")
    with pytest.raises(BadInput):
        PairReader(0)
