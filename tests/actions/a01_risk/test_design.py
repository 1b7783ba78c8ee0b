"""Policies, and what a plan says before anything is asked."""

from decimal import Decimal
from fractions import Fraction

import pytest
from scipy import stats

from haipkit.actions.a01_risk.characteristics import characteristics
from haipkit.actions.a01_risk.design import outlook, table_for
from haipkit.actions.a01_risk.policy import Policy, fixed_calls, share, share_text
from haipkit.kernel.errors import BadInput

FIVE_TEN = Policy.of("5 %", "10 %")


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("5 %", "0.05"),
        ("5%", "0.05"),
        ("0.05", "0.05"),
        (0.05, "0.05"),
        (".1", "0.1"),
        (Decimal("0.125"), "0.125"),
        (Fraction(1, 3), "1/3"),
        (0, "0"),
        (1, "1"),
        ("100 %", "1"),
        ("0.1 %", "0.001"),
    ],
)
def test_shares_are_read_exactly(written: object, exact: str) -> None:
    assert share_text(share(written)) == exact  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["", "5 per cent", "-5 %", "101 %", 1.5, "nan", "1e-3", True, "٥ %", "5 % %"])
def test_what_is_no_share_is_refused(written: object) -> None:
    with pytest.raises(BadInput, match=r"share|between"):
        share(written)  # type: ignore[arg-type]


def test_a_bare_limit_is_refused_and_explained() -> None:
    with pytest.raises(BadInput, match="cannot be decided at the limit") as refused:
        Policy.of("5 %")
    assert "surely_not" in str(refused.value)


REFUSED = {
    "the same rate twice": (("5 %", "5 %"), {}, "not below"),
    "rates the wrong way round": (("10 %", "5 %"), {}, "not below"),
    "never": (("0 %", "10 %"), {}, "never happens"),
    "always": (("5 %", "100 %"), {}, "never happens"),
    "no error at all": (("5 %", "10 %"), {"alpha": "0"}, "alpha"),
    "a coin": (("5 %", "10 %"), {"beta": "50 %"}, "beta"),
    "no calls": (("5 %", "10 %"), {"max_calls": 0}, "max_calls"),
    "too many calls": (("5 %", "10 %"), {"max_calls": 10**6}, "max_calls"),
    "a word": (("5 %", "10 %"), {"at_cap": "guess", "max_calls": 9}, "at_cap"),
    "decide at no limit": (("5 %", "10 %"), {"at_cap": "decide"}, "no limit"),
    "a set too small": (("5 %", "10 %"), {"asked_once": 10}, "cannot tell"),
    "more calls than probes": (("5 %", "10 %"), {"asked_once": 200, "max_calls": 300}, "max_calls"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_policies_that_cannot_be(case: str) -> None:
    rates, more, said = REFUSED[case]
    with pytest.raises(BadInput, match=said):
        Policy.of(*rates, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "policy", [FIVE_TEN, Policy.of("0.3", "0.5", alpha="1 %", asked_once=60), FIVE_TEN.extended(2000)]
)
def test_a_policy_goes_through_a_record(policy: Policy) -> None:
    assert Policy.from_json(policy.to_json()) == policy


@pytest.mark.parametrize(
    ("ok", "bad", "error", "calls"),
    [(5, 10, 20, 298), (2, 5, 20, 386), (1, 5, 20, 181), (5, 8, 20, 729), (5, 10, 140, 657)],
)
def test_a_design_that_looks_once(ok: int, bad: int, error: int, calls: int) -> None:
    policy = Policy(Fraction(ok, 100), Fraction(bad, 100), Fraction(1, error), Fraction(1, error))
    assert fixed_calls(policy) == calls
    cut = stats.binom.ppf(1 - 1 / error, calls, ok / 100)
    assert stats.binom.cdf(cut, calls, bad / 100) <= 1 / error


GOALS = {0: 41, 1: 53, 3: 93, 10: 190, 20: 34, 50: 6.5}


def test_the_goals_for_five_against_ten_per_cent() -> None:
    found = outlook(FIVE_TEN, [Fraction(one, 100) for one in GOALS])
    assert (found.fixed_calls, found.table.calls) == (298, 1378)
    assert found.alpha == pytest.approx(0.0273, abs=0.0001)
    assert found.beta == pytest.approx(0.0445, abs=0.0001)
    rows = {round(100 * row.rate): row for row in found.rows}
    for rate, most in GOALS.items():
        assert rows[rate].mean_calls <= most + 1e-9
    assert max(row.undecided for row in found.rows) < 1e-12
    for rate in range(1, 51):
        row = characteristics(found.table, [Fraction(rate, 100)])[0]
        assert (row.fails if rate <= 5 else 0.0) <= 0.05
        assert (row.passes if rate >= 10 else 0.0) <= 0.05


def test_a_bounded_plan_always_decides_and_keeps_both_errors() -> None:
    policy = Policy.of("5 %", "10 %", max_calls=450, at_cap="decide")
    found = outlook(policy)
    assert 0.049 < found.alpha <= 0.05
    assert 0.049 < found.beta <= 0.05
    assert max(row.undecided for row in found.rows) < 1e-12
    assert max(row.calls_95 for row in found.rows) <= 450
    means = {round(100 * row.rate): row.mean_calls for row in found.rows}
    expected = {0: 40, 1: 51, 3: 88, 5: 169, 10: 153, 20: 32, 50: 6.3}
    assert {rate: means[rate] for rate in expected} == pytest.approx(expected, rel=0.015)
    with pytest.raises(BadInput, match="cannot be extended"):
        policy.extended(900)


@pytest.mark.parametrize(("calls", "once"), [(310, None), (2000, None), (150, 200), (200, 200)])
def test_bounded_plans_of_all_sizes_keep_both_errors(calls: int, once: int | None) -> None:
    found = outlook(Policy.of("5 %", "10 %", max_calls=calls, at_cap="decide", asked_once=once))
    assert 0.02 < found.alpha <= 0.05
    assert 0.04 < found.beta <= 0.05
    assert max(row.undecided for row in found.rows) < 1e-12
    assert found.table.calls <= calls


@pytest.mark.parametrize("calls", [100, 297])
def test_a_limit_that_is_too_low_to_decide_is_refused(calls: int) -> None:
    with pytest.raises(BadInput, match="too few to decide always") as refused:
        table_for(Policy.of("5 %", "10 %", max_calls=calls, at_cap="decide"))
    assert "298" in str(refused.value)


def test_a_low_limit_without_a_cut_says_undecided() -> None:
    rows = {row.rate: row for row in outlook(Policy.of("5 %", "10 %", max_calls=200)).rows}
    assert rows[Fraction(5, 100)].undecided > 0.3
    assert rows[Fraction(0)].undecided == 0
    assert rows[Fraction(7, 100)].calls_95 == 200


def test_an_extended_plan_decides_the_same_way_as_far_as_it_went() -> None:
    short = Policy.of("5 %", "10 %", max_calls=300)
    before, after = table_for(short), table_for(short.extended(1000))
    assert (after.passing[:301], after.failing[:301]) == (before.passing, before.failing)


def test_seven_gates_that_share_five_per_cent() -> None:
    """With the mixture alone, as the comparison with 657 fixed calls was made; our table has its atom besides."""
    from haipkit.actions.a01_risk.sequential import sequential_table

    shared = Fraction(1, 140)
    table = sequential_table(Fraction(1, 20), Fraction(1, 10), shared, shared, 3000, Fraction(0))
    rows = characteristics(table, [Fraction(one, 100) for one in (0, 1, 3, 10, 20, 50)])
    assert [row.mean_calls for row in rows] == pytest.approx([57, 77, 152, 358, 49, 7.7], abs=0.6)


def test_the_recursion_agrees_with_a_simulation() -> None:
    import numpy as np

    table, rng = table_for(FIVE_TEN), np.random.default_rng(11)
    runs = 2000
    for rate in (0.03, 0.1, 0.2):
        failures = np.cumsum(rng.random((runs, table.calls)) < rate, axis=1)
        passed = failures <= np.array(table.passing[1:])
        failed = failures >= np.array(table.failing[1:])
        stop = np.argmax(passed | failed, axis=1)
        row = characteristics(table, [Fraction(str(rate))])[0]
        spread = stop.std() / runs**0.5
        assert stop.mean() + 1 == pytest.approx(row.mean_calls, abs=4 * spread)
        assert passed[np.arange(runs), stop].mean() == pytest.approx(row.passes, abs=0.02)


def test_the_outlook_prints_with_its_price() -> None:
    lines = outlook(FIVE_TEN).lines(Decimal("0.02"), "EUR")
    assert lines[1].split() == ["0", "%", "100.0", "%", *("0.0", "%") * 2, "41.0", "41", *("0.82", "EUR") * 2]
    assert len({len(line) for line in lines}) == 1
    assert "EUR" not in "".join(outlook(FIVE_TEN).lines())
