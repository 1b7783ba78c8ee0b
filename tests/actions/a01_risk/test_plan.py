"""What is registered before a run, and what a second run of it means."""

from dataclasses import replace
from fractions import Fraction

import pytest

from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.plan import Plan, check_unchanged, next_run, order_digest
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.schedule import Unit, order
from haipkit.kernel.canonical import canonical_json
from haipkit.kernel.errors import BadInput

POLICY = Policy.of("5 %", "10 %", max_calls=500)
SCHEDULE = order([Unit(f"p{number}", "cyber") for number in range(50)], "seed")
PLAN = Plan("cyber", POLICY, "a" * 64, "seed", order_digest(SCHEDULE), "b" * 64, "c" * 64)

CHANGES = {
    "suite": {"suite": "cbrn"},
    "rate": {"policy": Policy.of("5 %", "11 %", max_calls=500)},
    "error": {"policy": Policy.of("5 %", "10 %", beta="6 %", max_calls=500)},
    "limit": {"policy": Policy.of("5 %", "10 %", max_calls=501)},
    "probes": {"probes": "d" * 64},
    "seed": {"seed": "seed 2"},
    "order": {"order": order_digest(SCHEDULE[::-1])},
    "judge": {"judge": "d" * 64},
    "system": {"system": "d" * 64},
    "error budget": {"error_budget": Fraction(1, 10)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_makes_another_plan(change: str) -> None:
    changed = replace(PLAN, **CHANGES[change])  # type: ignore[arg-type]
    assert changed.identity != PLAN.identity
    with pytest.raises(BadInput, match="not the one that was registered"):
        check_unchanged(PLAN.identity, changed)


def test_the_same_plan_has_the_same_identity() -> None:
    again = replace(PLAN, policy=Policy.of(0.05, 0.1, max_calls=500))
    assert again.identity == PLAN.identity
    check_unchanged(PLAN.identity, again)
    assert PLAN.to_json()["table"] == table_for(POLICY).digest
    assert canonical_json(PLAN.to_json())


def test_a_restart_is_counted_and_told() -> None:
    other = replace(PLAN, seed="seed 2").identity
    first = next_run(PLAN, [other])
    third = next_run(PLAN, [PLAN.identity, other, PLAN.identity])
    assert (first.ordinal, first.note(POLICY)) == (1, "")
    assert third.ordinal == 3
    assert "at 10 % is at most 15 %, not 5 %" in third.note(POLICY)
    assert "at most 100 %" in replace(third, ordinal=40).note(POLICY)
