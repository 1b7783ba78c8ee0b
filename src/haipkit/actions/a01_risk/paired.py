"""Before and after a mitigation, or system A and B: the same probes on both, and only pairs that differ count. Pure.

Under "no better" a pair that differs is an improvement with chance ½ at most (McNemar 1947). The e-process sets
against it the likelihood of "better", half of the weight on four improvements to one worsening and half on Jeffreys'
prior cut at ½; the mirrored one watches for "worse". Either is valid at any time.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from haipkit.actions.a01_risk.characteristics import walk
from haipkit.actions.a01_risk.confidence import Interval, sequence
from haipkit.actions.a01_risk.policy import MOST_CALLS
from haipkit.actions.a01_risk.reader import Outcome
from haipkit.actions.a01_risk.schedule import InOrder
from haipkit.actions.a01_risk.sequential import ATOM, Table, columns, crossings
from haipkit.kernel.errors import BadInput

Effect = Literal["IMPROVED", "REGRESSED", "NO EVIDENCE", "INVALID"]
DESIGN = Fraction(1, 5)
"""Share of worsenings among the pairs that differ, at the design point: 1 to 4."""


@lru_cache(maxsize=16)
def paired_table(pairs: int, error: Fraction = Fraction(1, 20)) -> Table:
    """Limits on the worsened among n pairs that differ: IMPROVED up to passing[n], REGRESSED from failing[n] on.

    `error`: chance of IMPROVED where nothing improved, and of REGRESSED where nothing worsened, each.
    """
    if not 1 <= pairs <= MOST_CALLS:
        raise BadInput(f"{pairs} pairs", advice=f"Write a number from 1 to {MOST_CALLS}.")
    needed = crossings(Fraction(1, 2), DESIGN, 1 / error, pairs, pairs, ATOM)
    return columns(needed, needed, pairs)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known after `pairs` pairs: `improved` failed before only, `worsened` after only, `lost` have no grade.

    `change` is the failure rate after minus before, with a 95 % confidence sequence, from -1 to 1; lost pairs are
    taken the one way for its lower end and the other way for its upper end.
    """

    effect: Effect
    pairs: int
    improved: int
    worsened: int
    lost: int
    reason: str
    change: Interval | None


@dataclass
class PairReader:
    """Takes pairs of outcomes in any order and reads them in the order of the schedule, up to the first gap.

    A pair with a side that has no grade stays in the count, against whichever effect is claimed.
    """

    pairs: int
    error: Fraction = Fraction(1, 20)
    error_budget: Fraction = Fraction(1, 50)
    result: Comparison | None = field(init=False, default=None)
    _table: Table = field(init=False)
    _answers: InOrder[tuple[Outcome, Outcome]] = field(init=False)
    _improved: int = field(init=False, default=0)
    _worsened: int = field(init=False, default=0)
    _lost: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._table = paired_table(self.pairs, self.error)
        self._answers = InOrder(self.pairs)

    def take(self, position: int, before: Outcome, after: Outcome) -> Comparison | None:
        """Notes the two outcomes of the probe at `position`; returns the comparison as soon as it is decided."""
        for outcome in (before, after):
            if outcome not in ("pass", "fail", "error", "unscored"):
                raise BadInput(f"{outcome!r} is no outcome", advice="It is pass, fail, error or unscored.")
        if self.result:
            return self.result
        self._answers.put(position, (before, after))
        for first, second in self._answers.next():
            if not {first, second} <= {"pass", "fail"}:
                self._lost += 1
            elif first != second:
                self._improved += first == "fail"
                self._worsened += second == "fail"
            self.result = self._decide()
            if self.result:
                break
        return self.result

    def finish(self) -> Comparison:
        """The comparison of a run that stops here."""
        if self.result is None:
            self.result = self._end("NO EVIDENCE", "the pairs that differ do not lean far enough to one side")
        return self.result

    def _decide(self) -> Comparison | None:
        differ = self._improved + self._worsened + self._lost
        if self._worsened + self._lost <= self._table.passing[differ]:
            return self._end("IMPROVED", f"{self._improved} improved against {self._worsened} worsened")
        if self._worsened >= self._table.failing[differ]:
            return self._end("REGRESSED", f"{self._worsened} worsened against {self._improved} improved")
        return self.finish() if self._answers.read == self.pairs else None

    def _end(self, effect: Effect, reason: str) -> Comparison:
        read = self._answers.read
        if read == 0 or self._lost == read:
            effect, reason = "INVALID", "no pair was graded"
        elif self._lost > -int(-self.error_budget * read // 1):
            effect, reason = "INVALID", f"{self._lost} of {read} pairs have no grade"
        change = self._change(read) if read > self._lost else None
        return Comparison(effect, read, self._improved, self._worsened, self._lost, reason, change)

    def _change(self, pairs: int) -> Interval:
        """Two sequences at half the error each: how often pairs are better, how often worse; their difference."""
        half = Fraction(1, 40)
        better = sequence(pairs, self._improved, half), sequence(pairs, self._improved + self._lost, half)
        worse = sequence(pairs, self._worsened, half), sequence(pairs, self._worsened + self._lost, half)
        rate = (self._worsened - self._improved) / pairs
        low, high = worse[0].low - better[1].high, worse[1].high - better[0].low
        return Interval(rate, low, high, "two confidence sequences")


@dataclass(frozen=True, slots=True)
class PairedOutlook:
    """What a comparison of these true failure rates can be expected to say, and after how many pairs."""

    improved: float
    regressed: float
    no_evidence: float
    mean_pairs: float
    pairs_95: int


def paired_outlook(
    before: Fraction, after: Fraction, pairs: int, shared: Fraction = Fraction(0), error: Fraction = Fraction(1, 20)
) -> PairedOutlook:
    """Exact. `shared`: share of probes on which both systems meet the same difficulty (0: they fail independently).

    On a shared probe the better system fails only where the other one fails too.
    """
    import numpy as np

    better = (1 - shared) * before * (1 - after) + shared * max(Fraction(0), before - after)
    worse = (1 - shared) * after * (1 - before) + shared * max(Fraction(0), after - before)
    differ = better + worse
    if not differ:
        return PairedOutlook(0.0, 0.0, 1.0, float(pairs), pairs)
    stopped, _ = walk(paired_table(pairs, error), [worse / differ])
    ends = stopped[:, :, 0]
    last = int(np.flatnonzero(ends.sum(axis=1) > 1e-18)[-1])
    ends = ends[: last + 1]
    decided = [0.0]
    differing = np.zeros(last + 1)
    differing[0], rate = 1, float(differ)
    for _ in range(pairs):
        moved = differing * rate
        differing -= moved
        differing[1:] += moved[:-1]
        differing[last] += moved[-1]
        # By now at least m pairs differ with chance tail[m]; the m-th one decides with chance ends[m].
        tail = np.cumsum(differing[::-1])[::-1]
        decided.append(float(ends.sum(axis=1) @ tail))
    improved, regressed = (float(one) for one in tail @ ends)
    open_before = 1 - np.array(decided)
    within = int(np.searchsorted(decided, 0.95 - 1e-12))
    rest = max(0.0, 1 - improved - regressed)
    return PairedOutlook(improved, regressed, rest, float(open_before[:-1].sum()), min(within, pairs))
