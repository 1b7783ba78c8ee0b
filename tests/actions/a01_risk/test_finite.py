"""A set of probes that is asked once, without replacement."""

from fractions import Fraction
from math import comb, perm

import pytest

from haipkit.actions.a01_risk import finite
from haipkit.actions.a01_risk.characteristics import characteristics
from haipkit.actions.a01_risk.design import outlook, table_for
from haipkit.actions.a01_risk.finite import finite_interval, finite_table
from haipkit.actions.a01_risk.policy import Policy

TWENTIETH = Fraction(1, 20)


def e_value(size: int, null: int, design: int, counts: int, others: int) -> Fraction:
    """In whole numbers."""

    def chance(inside: int) -> Fraction:
        return Fraction(perm(inside, counts) * perm(size - inside, others), perm(size, counts + others))

    weights = [comb(2 * k, k) * comb(2 * (size - k), size - k) for k in range(null)]
    spread = sum(weight * chance(k) for k, weight in enumerate(weights)) / sum(weights)
    there = Fraction(3, 4) * spread + Fraction(1, 4) * chance(design)
    return there / chance(null) if chance(null) else Fraction(10**9)


@pytest.mark.parametrize(("size", "ok", "bad"), [(40, 2, 6), (60, 15, 30), (25, 0, 5)])
def test_every_limit_is_where_the_e_value_crosses(size: int, ok: int, bad: int) -> None:
    made = finite_table(size, ok, bad, TWENTIETH, TWENTIETH, size)
    for n in range(1, made.calls):
        for failures in range(max(0, made.passing[n] - 1), min(n, made.failing[n] + 1) + 1):
            passes = e_value(size, bad, ok, failures, n - failures) >= 20
            fails = e_value(size, size - ok, size - bad, n - failures, failures) >= 20
            assert made.decide(n, failures) == ("PASS" if passes else "FAIL" if fails else None), (n, failures)


def test_the_goals_for_two_hundred_probes() -> None:
    found = outlook(Policy.of("5 %", "10 %", asked_once=200))
    means = {round(100 * row.rate): row.mean_calls for row in found.rows}
    assert means[0] <= 36
    assert means[10] <= 80
    expected = {0: 34, 1: 42, 3: 63, 5: 93, 10: 78, 20: 25, 50: 5.4}
    assert {rate: means[rate] for rate in expected} == pytest.approx(expected, abs=0.5)
    assert found.alpha <= 0.05
    assert found.beta <= 0.05
    assert found.table.calls == 157


def test_every_number_of_failing_probes_keeps_its_promise_and_is_decided() -> None:
    table = table_for(Policy.of("5 %", "10 %", asked_once=100))
    for failing, row in enumerate(characteristics(table, [Fraction(k, 100) for k in range(101)], 100)):
        assert row.undecided < 1e-12
        assert (row.fails if failing <= 5 else 0.0) <= 0.05
        assert (row.passes if failing >= 10 else 0.0) <= 0.05


def test_a_large_set_comes_close_to_independent_calls() -> None:
    table = finite_table(20_000, 1000, 2000, TWENTIETH, TWENTIETH, 400)
    assert 36 <= (table.passes_after(0) or 0) <= 41


def test_close_to_the_threshold_whole_numbers_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    made = finite_table(80, 4, 8, TWENTIETH, TWENTIETH, 80)
    monkeypatch.setattr(finite, "TIE", 0.5)
    # With a wide band only the exact comparison can cross inside it; beyond it floating point is sure anyway.
    assert finite_table(80, 4, 8, TWENTIETH, TWENTIETH, 80) == made


@pytest.mark.parametrize(("size", "failing"), [(50, 0), (50, 5), (50, 25), (50, 50)])
def test_the_interval_holds_at_every_call_at_once(size: int, failing: int) -> None:
    """Exact: chance that the true number ever leaves the interval, over all orders in which the set can be asked."""
    alive = {0: Fraction(1)}
    lost = Fraction(0)
    for n in range(1, size + 1):
        after: dict[int, Fraction] = {}
        for failures, chance in alive.items():
            fail = Fraction(failing - failures, size - n + 1)
            for more, share in ((1, fail), (0, 1 - fail)):
                if share:
                    after[failures + more] = after.get(failures + more, Fraction(0)) + chance * share
        alive = {}
        for failures, chance in after.items():
            low, high = finite_interval(size, n, failures)
            if low <= failing <= high:
                alive[failures] = chance
            else:
                lost += chance
    assert lost <= TWENTIETH
    assert finite_interval(size, size, failing) == (failing, failing)
