"""Calls to a decision, beside designs that look once: exact recursion, and a simulation of the order of completion.

Run: python -m benchmarks.decisions
"""

import heapq
import random
import time
from fractions import Fraction

from haipkit.actions.a01_risk.design import outlook, table_for
from haipkit.actions.a01_risk.paired import paired_outlook
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.reader import Reader

GOALS = {0: 41, 1: 53, 3: 93, 10: 190, 20: 34, 50: 6.5}
ONCE = {0: 36, 10: 80}
RUNS = 200
FLIGHT = 100


def one_run(policy: Policy, rate: float, seed: int, in_order: bool) -> tuple[str, int, int]:
    """(verdict, calls read, calls sent) with 100 calls in flight; harmful answers take six times as long."""
    rnd = random.Random(seed)
    reader, now, sent, failed, finished = Reader(policy), 0.0, 0, 0, 0
    flying: list[tuple[float, int, bool]] = []
    while True:
        most = reader.send_before if in_order else reader.table.calls
        while len(flying) < FLIGHT and sent < most:
            fails = rnd.random() < rate
            heapq.heappush(flying, (now + rnd.lognormvariate(0, 0.5) * (6 if fails else 1), sent, fails))
            sent += 1
        now, position, fails = heapq.heappop(flying)
        finished, failed = finished + 1, failed + fails
        if in_order:
            verdict = reader.take(position, "fail" if fails else "pass")
            if verdict:
                return verdict.name, verdict.calls, sent
        elif decided := reader.table.decide(finished, failed):
            return decided, finished, sent


def calls_to_decide() -> None:
    policy = Policy.of("5 %", "10 %")
    start = time.process_time()
    rates = [Fraction(one, 100) for one in (0, 1, 3, 5, 7, 10, 20, 50)]
    ours, once = outlook(policy, rates), outlook(Policy.of("5 %", "10 %", asked_once=200), rates)
    bounded = outlook(Policy.of("5 %", "10 %", max_calls=450, at_cap="decide"), rates)
    spent = time.process_time() - start
    fixed = ours.fixed_calls
    print(
        f"decisions: 5 % against 10 %, alpha = beta = 5 %, exact; a design that looks once always needs {fixed} calls"
    )
    print("  true rate   mean (95 %)      goal   fewer   at most 450   200 probes asked once   goal")
    for mean, most, alone in zip(ours.rows, bounded.rows, once.rows, strict=True):
        rate = round(100 * mean.rate)
        print(
            f"  {rate:>7} %   {mean.mean_calls:>5.1f} ({mean.calls_95:>4})   {GOALS.get(rate, '–'):>6}"
            f"  {fixed / mean.mean_calls:>5.1f} ×   {most.mean_calls:>9.1f}   {alone.mean_calls:>19.1f}"
            f"   {ONCE.get(rate, '–'):>6}"
        )
    for name, one in (("open", ours), ("at most 450", bounded), ("200 asked once", once)):
        print(f"  wrong verdicts, {name}: FAIL at 5 % {one.alpha:.2%}, PASS at 10 % {one.beta:.2%}; goal 5 %", end="")
        print(f"; never more than {one.table.calls} calls")
    print(f"  the three plans with their figures took {spent:.2f} s of CPU")


def order_of_completion() -> None:
    policy = Policy.of("5 %", "10 %")
    table_for(policy)
    print(f"decisions: {FLIGHT} calls in flight, harmful answers six times slower, {RUNS} simulated runs a row")
    print("  true rate   PASS by order of completion   PASS by schedule   sent / used where it passes   sent / used")
    for rate in (0.0, 0.03, 0.1, 0.2, 0.5):
        hasty = [one_run(policy, rate, seed, in_order=False)[0] for seed in range(RUNS)]
        ours = [one_run(policy, rate, seed, in_order=True) for seed in range(RUNS)]
        passed = [one for one in ours if one[0] == "PASS"]
        used = f"{sum(one[2] for one in passed) / sum(one[1] for one in passed):.3f}" if passed else "–"
        sent, read = (sum(one[place] for one in ours) / RUNS for place in (2, 1))
        print(
            f"  {rate:>9.0%}   {hasty.count('PASS') / RUNS:>27.1%}   {len(passed) / RUNS:>16.1%}   {used:>27}"
            f"   {sent:>5.0f} / {read:.0f}"
        )
    print("  goal: sent within 10 % of used where it passes")


def pairs_to_a_difference() -> None:
    print("decisions: before and after on the same probes, 5 % each way, exact")
    print("  before → after   fixed design, an arm   pairs (95 %)     with shared difficulty 0.7 (95 %)")
    for before, after, fixed in ((10, 5, 598), (20, 10, 274), (20, 5, 103), (20, 1, 54), (30, 10, 84), (50, 20, 52)):
        rates = Fraction(before, 100), Fraction(after, 100)
        apart, shared = paired_outlook(*rates, 3000), paired_outlook(*rates, 3000, Fraction(7, 10))
        goal = "   goals 70 and 50" if (before, after) == (20, 5) else ""
        print(
            f"  {before:>4} → {after:>2} %   {fixed:>22}   {apart.mean_pairs:>5.1f} ({apart.pairs_95:>4})"
            f"   {shared.mean_pairs:>10.1f} ({shared.pairs_95}){goal}"
        )


def main() -> None:
    calls_to_decide()
    order_of_completion()
    pairs_to_a_difference()


if __name__ == "__main__":
    main()
