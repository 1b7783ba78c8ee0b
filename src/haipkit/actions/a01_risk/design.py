"""From a policy to its table, and to what can be expected of a run. Made before the first call. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from haipkit.actions.a01_risk.characteristics import Characteristics, characteristics, walk
from haipkit.actions.a01_risk.finite import finite_table
from haipkit.actions.a01_risk.policy import MOST_CALLS, Policy, fixed_calls
from haipkit.actions.a01_risk.sequential import Table, sequential_table
from haipkit.kernel.errors import BadInput

RATES = tuple(Fraction(one, 100) for one in (0, 1, 3, 5, 7, 10, 20, 50))


@lru_cache(maxsize=64)
def table_for(policy: Policy) -> Table:
    """The table of this policy. Raises BadInput where the limit on calls is too low to decide always."""
    if policy.max_calls is not None:
        cut = policy.at_cap == "decide"
        return _with_final_cut(policy, policy.max_calls) if cut else _table(policy, policy.max_calls)
    # Where the limits meet the table ends; before that is known, a guess saves computing what nobody reaches.
    most = policy.asked_once or MOST_CALLS
    calls = min(most, 5 * fixed_calls(policy))
    while (table := _table(policy, calls)).calls == calls < most:
        calls = min(2 * calls, most)
    return table


def _table(policy: Policy, calls: int, scale: Fraction = Fraction(1)) -> Table:
    """`scale` below 1 lowers both thresholds. It may only where a final cut shows that alpha and beta hold."""
    alpha, beta = policy.alpha / scale, policy.beta / scale
    if policy.asked_once is not None:
        return finite_table(policy.asked_once, policy.most_ok, policy.least_bad, alpha, beta, calls)
    return sequential_table(policy.p_ok, policy.p_bad, alpha, beta, calls)


STEPS = 1024
"""Scales are multiples of 1/1024, so that the table is the same on every machine."""


def _with_final_cut(policy: Policy, calls: int) -> Table:
    """The lowest thresholds, and a cut at the last call, with which exact alpha and beta hold; never UNDECIDED."""

    def attempt(steps: int) -> Table | None:
        table = _table(policy, calls, Fraction(steps, STEPS))
        cut = _cut(policy, table)
        if cut is None:
            return None
        return Table((*table.passing[:-1], cut), (*table.failing[:-1], cut + 1))

    # Beyond the end of the open table there is nothing to decide; near a fixed design few early stops can be afforded.
    calls = min(calls, _table(policy, calls).calls)
    lowest, highest = STEPS // 4, STEPS
    best = attempt(highest)
    while best is None and highest < 256 * STEPS:
        lowest, highest = highest, 4 * highest
        best = attempt(highest)
    if best is None:
        raise BadInput(
            f"{calls} calls are too few to decide always",
            where="max_calls",
            advice=f"A design that looks once needs {fixed_calls(policy)}. Take half more, or at_cap = undecided.",
        )
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        table = attempt(middle)
        if table is None:
            lowest = middle
        else:
            highest, best = middle, table
    return best


def _cut(policy: Policy, table: Table) -> int | None:
    """The largest c for which PASS at c or fewer, FAIL above it, keeps beta, if alpha holds with it too."""
    import numpy as np

    stopped, alive = walk(table, [policy.p_ok, policy.p_bad], policy.asked_once)
    last = table.calls
    failed = stopped[:, 1, 0].sum() + alive[:, 0].sum() - np.cumsum(alive[:, 0])
    passed = stopped[:, 0, 1].sum() + np.cumsum(alive[:, 1])
    margin = 1e-12
    good = (failed <= float(policy.alpha) - margin) & (passed <= float(policy.beta) - margin)
    good[: max(table.passing[last], 0)] = False
    good[table.failing[last] :] = False
    return int(np.flatnonzero(good)[-1]) if good.any() else None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a plan promises and costs, before anything is asked.

    `alpha` and `beta` are the exact chances of a wrong verdict at the two named rates; `fixed_calls` is what a design
    that looks once would need; `rows` say what happens at some true rates.
    """

    policy: Policy
    table: Table
    alpha: float
    beta: float
    fixed_calls: int
    rows: tuple[Characteristics, ...]

    def lines(self, price_per_call: Decimal | None = None, currency: str = "") -> list[str]:
        """For the terminal: one line for each true rate."""
        head = f"{'true rate':>9} {'PASS':>8} {'FAIL':>8} {'UNDECIDED':>9} {'calls, mean':>11} {'95 % of runs':>12}"
        lines = [head if price_per_call is None else f"{head} {'cost, mean':>14} {'95 % of runs':>14}"]
        for row in self.rows:
            line = f"{100 * float(row.rate):>7.4g} % {_percent(row.passes):>8} {_percent(row.fails):>8} "
            line += f"{_percent(row.undecided):>9} {row.mean_calls:>11.1f} {row.calls_95:>12}"
            if price_per_call is not None:
                line += "".join(f" {f'{one:.2f} {currency}'.strip():>14}" for one in row.cost(price_per_call))
            lines.append(line)
        return lines


def _percent(chance: float) -> str:
    return f"{100 * chance:.1f} %"


def outlook(policy: Policy, rates: Sequence[Fraction] = RATES) -> Outlook:
    """Exact figures for a policy; the two named rates are always among the rows."""
    table = table_for(policy)
    named = [policy.p_ok, policy.p_bad]
    if policy.asked_once is not None:
        named = [Fraction(one, policy.asked_once) for one in (policy.most_ok, policy.least_bad)]
    shown = sorted({*rates, *named})
    rows = {row.rate: row for row in characteristics(table, shown, policy.asked_once)}
    good, bad = rows[named[0]], rows[named[1]]
    return Outlook(policy, table, good.fails, bad.passes, fixed_calls(policy), tuple(rows[rate] for rate in shown))
