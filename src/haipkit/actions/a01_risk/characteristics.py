"""How a table behaves at any true rate: chances of each verdict, calls needed. Exact recursion over (calls, failures).

No simulation, and no approximation beyond floating point: after each call the chance of every state that goes on is
known, and what reaches a limit is counted there. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from haipkit.actions.a01_risk.sequential import Table


@dataclass(frozen=True, slots=True)
class Characteristics:
    """At one true rate:

    chances of the three verdicts, the mean number of calls, and the number that 95 % of runs keep.
    """

    rate: Fraction
    passes: float
    fails: float
    undecided: float
    mean_calls: float
    calls_95: int

    def cost(self, price_per_call: Decimal) -> tuple[Decimal, Decimal]:
        """Mean and 95 % cost, in the currency of the price."""
        return price_per_call * Decimal(repr(self.mean_calls)), price_per_call * self.calls_95


def characteristics(table: Table, rates: Sequence[Fraction], asked_once: int | None = None) -> list[Characteristics]:
    """One row for each true rate. With `asked_once` a rate stands for the nearest whole number of failing probes."""
    stopped, _ = walk(table, rates, asked_once)
    rows = []
    for place, rate in enumerate(rates):
        passes, fails = stopped[:, :, place].sum(axis=0)
        rows.append(_row(rate, stopped[:, :, place].sum(axis=1), float(passes), float(fails), table.calls))
    return rows


def _row(rate: Fraction, ends: Any, passes: float, fails: float, calls: int) -> Characteristics:
    import numpy as np

    undecided = max(0.0, 1 - passes - fails)
    ends = ends.copy()
    ends[calls] += undecided
    mean = float((np.arange(calls + 1) * ends).sum())
    within = int(np.searchsorted(np.cumsum(ends), 0.95 - 1e-12))
    return Characteristics(rate, passes, fails, undecided, mean, min(within, calls))


def walk(table: Table, rates: Sequence[Fraction], asked_once: int | None = None) -> tuple[Any, Any]:
    """(chance of stopping [call, PASS or FAIL, rate], chance of each number of failures left [failures, rate])."""
    import numpy as np

    share = np.array([float(rate) for rate in rates])
    failing = np.array([round(rate * (asked_once or 0)) for rate in rates])
    stopped = np.zeros((table.calls + 1, 2, len(rates)))
    width = max(table.failing) + 1
    alive = np.zeros((width + 1, len(rates)))
    alive[0] = 1
    low = 0  # all states that go on have at least so many failures, and fewer than table.failing[n]
    for n in range(1, table.calls + 1):
        high = min(table.failing[n - 1], n)
        here = alive[low:high]
        if asked_once is None:
            fail = here * share
        else:
            counts = np.arange(low, high)[:, None]
            fail = here * np.clip((failing - counts) / (asked_once - n + 1), 0, 1)
        alive[low:high] = here - fail
        alive[low + 1 : high + 1] += fail
        passing, failed = table.passing[n], table.failing[n]
        if passing >= low:
            stopped[n, 0] = alive[low : passing + 1].sum(axis=0)
            alive[low : passing + 1] = 0
            low = passing + 1
        if failed <= high:
            stopped[n, 1] = alive[failed : high + 1].sum(axis=0)
            alive[failed : high + 1] = 0
    return stopped, alive
