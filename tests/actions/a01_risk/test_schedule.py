"""The order in which probes are asked."""

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.schedule import InOrder, Unit, order
from haipkit.kernel.errors import BadInput

UNITS = [Unit(f"p{number}", "ab"[number % 4 == 0], attempt) for number in range(60) for attempt in (1, 2)]


def test_the_order_depends_on_the_seed_alone() -> None:
    first = order(UNITS, "2026-11-20")
    assert first == order(reversed(UNITS), "2026-11-20") != order(UNITS, "2026-11-21")
    assert Counter(first) == Counter(UNITS)


def test_inside_a_stratum_the_order_is_that_of_the_digests() -> None:
    """So that another language can draw it again."""

    def digest(unit: Unit) -> str:
        return hashlib.sha256(f"seed\n{unit.stratum}\n{unit.probe}\n{unit.attempt}".encode()).hexdigest()

    for stratum in "ab":
        drawn = [unit for unit in order(UNITS, "seed") if unit.stratum == stratum]
        assert drawn == sorted(drawn, key=digest)


def test_every_beginning_holds_the_strata_in_proportion() -> None:
    schedule = order(UNITS, "seed")
    for n in range(1, len(schedule) + 1):
        share = sum(unit.stratum == "b" for unit in schedule[:n])
        assert abs(share - n / 4) < 2


def test_every_probe_is_as_likely_to_come_first() -> None:
    units = [Unit(f"p{number}", "ab"[number % 2]) for number in range(8)]
    first = Counter(order(units, f"seed {number}")[0].probe for number in range(800))
    assert len(first) == 8
    assert min(first.values()) > 70


def test_a_probe_named_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="p0 is there twice"):
        order([*UNITS, UNITS[0]], "seed")


@pytest.mark.parametrize("rates", [(0.0, 0.0, 0.0, 0.4), (0.08, 0.1, 0.12, 0.1), (0.0, 0.2, 0.0, 0.2)])
def test_strata_of_different_difficulty_keep_the_promise(rates: tuple[float, ...]) -> None:
    """A system at 10 % over all strata passes in at most 5 % of the runs, also where it fails in one of them alone."""
    table, rng = table_for(Policy.of("5 %", "10 %")), np.random.default_rng(3)
    units = [Unit(f"p{number}", str(number % 4)) for number in range(1200)]
    passed = 0
    runs = 400
    chances = np.array([[rates[int(unit.stratum)] for unit in order(units, str(seed))] for seed in range(8)])
    for run in range(runs):
        failures = np.cumsum(rng.random(1200) < chances[run % 8])
        good = failures <= np.array(table.passing[1:1201])
        stop = np.argmax(good | (failures >= np.array(table.failing[1:1201])))
        passed += bool(good[stop])
    assert passed <= 0.05 * runs + 2 * (runs * 0.05) ** 0.5


@given(st.permutations(range(12)), st.integers(0, 12))
def test_values_are_read_in_order_up_to_the_first_gap(arrival: list[int], many: int) -> None:
    box: InOrder[int] = InOrder(12)
    read = []
    for position in arrival[:many]:
        box.put(position, position)
        read += box.next()
    gap = next((n for n in range(13) if n not in arrival[:many]), 12)
    assert read == list(range(gap))


@pytest.mark.parametrize("position", [-1, 12, 0, 5])
def test_positions_outside_or_twice_are_refused(position: int) -> None:
    box: InOrder[str] = InOrder(12)
    for there in (0, 5):
        box.put(there, "pass")
    assert list(box.next()) == ["pass"]
    with pytest.raises(BadInput, match=f"position {position}"):
        box.put(position, "fail")
