"""Figures between groups agree with fairlearn wherever both are defined; elsewhere the reason is given."""

import random
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.actions.a11_data.fairness import Cells, by_columns, compare, count, positive_of, same
from haipkit.kernel.intervals import decimals, exact, wilson

ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 1), st.integers(0, 1)),
    min_size=1,
    max_size=60,
)


def _cells(rows: list[tuple[str, str, int, int]]) -> dict[tuple[str, ...], Cells]:
    cells, left = count((((a, b), str(y), str(p), 1) for a, b, y, p in rows), lambda v: v == "1", predicted=True)
    assert left == 0
    return cells


@settings(max_examples=15, deadline=None)
@given(ROWS)
def test_figures_agree_with_fairlearn(rows: list[tuple[str, str, int, int]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fairlearn import metrics

        y = [row[2] for row in rows]
        p = [row[3] for row in rows]
        for groups, names in (
            (by_columns(_cells(rows), [0]), [row[0] for row in rows]),
            (_cells(rows), [row[0] + row[1] for row in rows]),
        ):
            for figure in compare(groups, predicted=True, draws=0):
                theirs = getattr(metrics, figure.name, None)
                if figure.value is None or theirs is None:
                    continue
                assert figure.value == pytest.approx(theirs(y, p, sensitive_features=names), abs=1e-12), figure.name


@settings(max_examples=12, deadline=None)
@given(ROWS)
def test_rates_agree_with_fairlearn(rows: list[tuple[str, str, int, int]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
        from sklearn.metrics import accuracy_score

        theirs = MetricFrame(
            metrics={
                "selection_rate": selection_rate,
                "true_positive_rate": true_positive_rate,
                "false_positive_rate": false_positive_rate,
                "accuracy": accuracy_score,
            },
            y_true=[row[2] for row in rows],
            y_pred=[row[3] for row in rows],
            sensitive_features=[row[0] for row in rows],
        ).by_group
    for (group,), cells in by_columns(_cells(rows), [0]).items():
        for name, (cases, out_of) in cells.rates().items():
            if out_of and name in theirs:
                assert cases / out_of == pytest.approx(theirs[name][group], abs=1e-12)


def why(groups: dict[tuple[str, ...], Cells]) -> dict[str, str]:
    return {figure.name: figure.why_not for figure in compare(groups, predicted=True) if figure.value is None}


def test_what_is_undefined_is_said_and_not_computed() -> None:
    full = Cells(1, 1, 1, 1)
    assert set(why({("a",): full}).values()) == {"there is only one group"}
    assert len(why({})) == 8
    empty = why({("a",): full, ("b",): Cells()})
    assert empty["demographic_parity_difference"] == "b: no rows"
    only_negative = why({("a",): full, ("b",): Cells(0, 0, 2, 3)})
    assert set(only_negative) == {
        "equalized_odds_difference",
        "equalized_odds_ratio",
        "true_positive_rate_difference",
    }
    assert only_negative["equalized_odds_difference"] == "b: no positive labels"
    nobody = why({("a",): Cells(0, 2, 0, 2), ("b",): Cells(0, 1, 0, 1)})
    assert nobody["demographic_parity_ratio"] == "selection rate is 0 in every group"
    assert "demographic_parity_difference" not in nobody
    assert why({("a",): full, ("b",): full}) == {}


def test_rows_without_a_value_are_left_out_and_their_group_stays() -> None:
    rows = [(("a",), "1", "1", 3), (("b",), None, "1", 2), (("b",), "1", None, 1)]
    cells, left = count(rows, lambda value: value == "1", predicted=True)
    assert left == 3
    assert cells == {("a",): Cells(3), ("b",): Cells()}
    assert count(rows, lambda value: value == "1", predicted=False)[1] == 2


def test_intervals_hold_the_value_and_are_the_same_every_time() -> None:
    groups = {("a",): Cells(30, 10, 8, 52), ("b",): Cells(20, 25, 9, 46)}
    once, twice = compare(groups, predicted=True), compare(groups, predicted=True)
    assert once == twice
    for figure in once:
        assert None not in (figure.low, figure.value, figure.high)
        assert sorted([figure.low, figure.value, figure.high]) == [figure.low, figure.value, figure.high]
    few = compare({("a",): Cells(1, 0, 1, 0), ("b",): Cells(1, 1, 0, 1)}, predicted=True)
    assert {f.name: f.low for f in few}["equalized_odds_difference"] is None, "most draws leave a rate undefined"


def test_the_bootstrap_covers_a_known_difference() -> None:
    chance = random.Random(5)
    covered = 0
    for _ in range(60):
        groups = {}
        for name, rate in (("a", 0.5), ("b", 0.2)):
            chosen = sum(chance.random() < rate for _ in range(300))
            groups[(name,)] = Cells(chosen, 300 - chosen, 0, 0)
        (figure,) = [f for f in compare(groups, predicted=False, draws=200) if f.name == "base_rate_difference"]
        assert figure.value == 0, "every row is positive"
        (figure,) = [f for f in compare(groups, predicted=True, draws=200) if f.name == "demographic_parity_difference"]
        covered += (figure.low or 0) <= 0.3 <= (figure.high or 0)
    assert covered >= 50


@pytest.mark.parametrize("out_of", [1, 2, 7, 100, 5000])
def test_exact_and_wilson_intervals_are_those_of_scipy(out_of: int) -> None:
    from scipy.stats import binomtest

    for cases in {0, 1, out_of // 3, out_of}:
        test = binomtest(cases, out_of)
        for method, mine in (("exact", exact(cases, out_of)), ("wilson", wilson(cases, out_of))):
            theirs = test.proportion_ci(0.95, method)
            assert mine == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert exact(0, 0) == wilson(0, 0) == (0.0, 1.0)
    assert decimals(1 / 3, 2 / 3) == ("0.333333", "0.666667")


def test_which_value_is_positive() -> None:
    assert positive_of(["0", "1"]) == "1"
    assert positive_of(["yes", "No"]) == "yes"
    assert positive_of(["approved", "refused"]) is None
    assert positive_of(["1", "2"]) is None
    assert same("1", "1.0")
    assert same(" Yes", "yes")
    assert not same("1", "yes")
