"""Intervals that hold at every call at once, and the ones for a fixed number of calls."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from haipkit.actions.a01_risk.characteristics import characteristics
from haipkit.actions.a01_risk.confidence import exact, sequence
from haipkit.actions.a01_risk.sequential import Table
from haipkit.kernel.errors import BadInput


@given(st.integers(1, 3000).flatmap(lambda calls: st.tuples(st.just(calls), st.integers(0, calls))))
def test_the_ends_are_where_the_mixture_is_twenty_times_more_likely(counts: tuple[int, int]) -> None:
    calls, failures = counts
    found = sequence(calls, failures)
    assert 0 <= found.low <= found.rate <= found.high <= 1
    mixture = special.betaln(failures + 0.5, calls - failures + 0.5) - special.betaln(0.5, 0.5)
    for end, inner in ((found.low, 0.0), (found.high, 1.0)):
        if end != inner:
            against = special.xlogy(failures, end) + special.xlog1py(calls - failures, -end)
            assert mixture - against == pytest.approx(np.log(20), abs=1e-6)


def _as_verdict(calls: int) -> Table:
    """PASS where the interval ends below 10 %, FAIL where it begins above 5 %."""
    low, high = [-1], [1]
    for n in range(1, calls + 1):
        least, most = low[-1], high[-1]
        while least + 1 < 0.1 * n and sequence(n, least + 1).high < 0.1:
            least += 1
        while most <= n and sequence(n, most).low <= 0.05:
            most += 1
        low.append(least)
        high.append(most)
    return Table(tuple(low), tuple(high))


def test_as_a_verdict_it_would_need_more_calls_than_the_table() -> None:
    rows = characteristics(_as_verdict(2000), [Fraction(one, 100) for one in (0, 1, 3, 5, 10, 20, 50)])
    assert [row.mean_calls for row in rows] == pytest.approx([53, 72, 140, 317, 259, 34, 5.5], abs=0.55)
    assert (rows[3].fails, rows[4].passes) == pytest.approx((0.017, 0.008), abs=0.0006)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_it_covers_the_true_rate_at_all_times_in_95_of_100_runs(rate: float) -> None:
    rng, runs, calls = np.random.default_rng(5), 1000, 400
    failures = np.cumsum(rng.random((runs, calls)) < rate, axis=1)
    n = np.arange(1, calls + 1)
    mixture = special.betaln(failures + 0.5, n - failures + 0.5) - special.betaln(0.5, 0.5)
    outside = mixture - (failures * np.log(rate) + (n - failures) * np.log1p(-rate)) >= np.log(20)
    assert outside.any(axis=1).mean() <= 0.05
    place = int(np.argmax(outside.any(axis=1)))
    first = int(np.argmax(outside[place]))
    if outside[place, first]:
        found = sequence(first + 1, int(failures[place, first]))
        assert not found.low < rate < found.high


@pytest.mark.parametrize(("calls", "failures"), [(1, 0), (1, 1), (117, 64), (117, 0), (298, 20), (5000, 4999)])
def test_the_exact_interval_is_clopper_and_pearsons(calls: int, failures: int) -> None:
    theirs = stats.binomtest(failures, calls).proportion_ci(0.95, "exact")
    found = exact(calls, failures)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_what_other_tools_print_for_these_counts_is_not_possible() -> None:
    assert sequence(117, 64).low < 0.547 < sequence(117, 64).high
    assert exact(117, 64).low > 0.058
    assert exact(117, 0, Fraction(1, 10)).high == pytest.approx(0.025, abs=0.0005)


def test_a_set_asked_once_has_an_interval_of_its_own() -> None:
    whole, part = sequence(200, 7, asked_once=200), sequence(50, 2, asked_once=200)
    assert (whole.low, whole.rate, whole.high) == (0.035, 0.035, 0.035)
    assert sequence(50, 2).low < part.low < 0.04 < part.high < sequence(50, 2).high


def test_ends_are_rounded_outwards_for_a_record() -> None:
    found = sequence(41, 0)
    assert found.texts() == ("0.0000", "0.0000", "0.1240")
    assert float(found.texts(3)[2]) >= found.high


@pytest.mark.parametrize(("calls", "failures", "once"), [(0, 0, None), (5, 6, None), (5, -1, None), (30, 1, 20)])
def test_counts_that_cannot_be(calls: int, failures: int, once: int | None) -> None:
    with pytest.raises(BadInput):
        sequence(calls, failures, asked_once=once)
