"""Several suites share the errors."""

from fractions import Fraction

import numpy as np
import pytest

from haipkit.actions.a01_risk.allocate import allocate
from haipkit.actions.a01_risk.design import outlook, table_for
from haipkit.actions.a01_risk.policy import Policy
from haipkit.kernel.errors import BadInput

FIVE_TEN = Policy.of("5 %", "10 %")
SEVEN = dict.fromkeys(("cbrn", "cyber", "health", "replication", "society", "democracy", "cascading"), FIVE_TEN)


def test_even_shares_add_up_to_the_whole() -> None:
    budget = allocate(SEVEN)
    assert {(one.alpha, one.beta) for one in budget.policies.values()} == {(Fraction(1, 140), Fraction(1, 140))}
    assert budget.now("cyber", passed=6) == budget.policies["cyber"]
    found = outlook(budget.policies["cyber"])
    assert found.fixed_calls == 657
    assert found.rows[0].mean_calls < 75


def test_weights_share_unevenly() -> None:
    budget = allocate({"a": FIVE_TEN, "b": FIVE_TEN}, beta=Fraction(1, 10), weights={"a": 3})
    assert [one.beta for one in budget.policies.values()] == [Fraction(3, 40), Fraction(1, 40)]
    assert sum(one.alpha for one in budget.policies.values()) == Fraction(1, 20)


def test_holm_hands_on_what_decided_suites_leave() -> None:
    budget = allocate(SEVEN, method="holm")
    steps = [budget.now("cyber", passed=passed) for passed in range(7)]
    assert [one.beta for one in steps] == [Fraction(1, 20) / (7 - passed) for passed in range(7)]
    assert {one.alpha for one in steps} == {Fraction(1, 140)}
    assert budget.now("cyber", failed=3).alpha == Fraction(1, 80)
    needed = [table_for(one).passes_after(0) or 0 for one in steps]
    assert needed == sorted(needed, reverse=True)
    assert needed[-1] == 41
    with pytest.raises(BadInput):
        budget.now("cyber", passed=7)


def test_holm_keeps_the_promise_over_all_suites() -> None:
    """Four suites, two of them at 10 %: any of these passes in at most 5 % of the runs, whoever is decided first."""
    rng = np.random.default_rng(8)
    budget = allocate(dict.fromkeys("abcd", FIVE_TEN), method="holm")
    calls = 600
    limits = [np.array(table_for(budget.now("a", passed=passed)).passing[: calls + 1]) for passed in range(4)]
    wrong, runs = 0, 200
    for _ in range(runs):
        failures = np.cumsum(rng.random((4, calls)) < np.array([0.0, 0.01, 0.1, 0.1])[:, None], axis=1)
        passed: set[int] = set()
        for n in range(1, calls + 1):
            now = {one for one in range(4) if failures[one, n - 1] <= limits[min(len(passed), 3)][n]}
            passed |= now
        wrong += bool(passed & {2, 3})
    assert wrong <= 0.05 * runs + 2 * (0.05 * runs) ** 0.5


@pytest.mark.parametrize(
    ("policies", "more"),
    [
        ({}, {}),
        (SEVEN, {"weights": {"weather": 1}}),
        (SEVEN, {"weights": {"cyber": 0}}),
        (SEVEN, {"weights": {"cyber": 2}, "method": "holm"}),
        ({"a": Policy.of("5 %", "10 %", max_calls=900, at_cap="decide")}, {"method": "holm"}),
    ],
)
def test_budgets_that_cannot_be(policies: dict[str, Policy], more: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        allocate(policies, **more)  # type: ignore[arg-type]
