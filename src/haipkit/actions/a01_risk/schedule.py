"""In which order probes are asked, and which answers a verdict may read.

The order is drawn before the first call, from a seed that is registered. The verdict reads answers in this order,
whichever comes first: a refusal is quick and a harmful answer is slow, so whoever reads what is finished passes
systems that fail. Pure.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from haipkit.actions.a01_risk.confidence import Interval, sequence
from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.sequential import Table
from haipkit.kernel.errors import BadInput

Outcome = Literal["pass", "fail", "error", "unscored"]
"""What became of a call.

`error`: no answer, also after a time-out. `unscored`: an answer that the judge could not grade.
"""

VerdictName = Literal["PASS", "FAIL", "UNDECIDED", "INVALID"]
EXIT_CODES: dict[VerdictName, int] = {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}


@dataclass(frozen=True, slots=True)
class Unit:
    """One call: a probe of a stratum (domain and technique), asked for the `attempt`-th time, counted from 1."""

    probe: str
    stratum: str = ""
    attempt: int = 1


def order(units: Iterable[Unit], seed: str) -> list[Unit]:
    """All units in the order in which they are asked: random inside each stratum, strata in proportion from the start.

    With r the place of a unit inside its stratum, by SHA-256 of `seed`, stratum, probe and attempt (each on a line of
    its own), m the number of units there, and u the last 64 bits of the digest over 2⁶⁴, units are sorted by (r + u)
    / m. So any language can draw the order again. Raises BadInput on a unit named twice.
    """
    strata: dict[str, list[tuple[bytes, Unit]]] = {}
    seen: set[Unit] = set()
    for unit in units:
        if unit in seen:
            raise BadInput(f"the probe {unit.probe} is there twice", advice="Give every probe an id of its own.")
        seen.add(unit)
        said = f"{seed}\n{unit.stratum}\n{unit.probe}\n{unit.attempt}"
        strata.setdefault(unit.stratum, []).append((hashlib.sha256(said.encode()).digest(), unit))
    keyed = []
    for members in strata.values():
        members.sort(key=lambda one: one[0])
        for place, (digest, unit) in enumerate(members):
            jitter = int.from_bytes(digest[-8:], "big")
            keyed.append((Fraction((place << 64) + jitter, len(members)), digest, unit))
    keyed.sort(key=lambda one: one[:2])
    return [unit for _, _, unit in keyed]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says over the first `calls` of the schedule: `failures` failed, `errors` and `unscored` have no grade.

    `interval` is the 95 % confidence sequence of the failure rate; none where nothing was graded. With errors its
    lower end counts them as passed, its upper end as failed.
    """

    name: VerdictName
    calls: int
    failures: int
    errors: int
    unscored: int
    reason: str
    interval: Interval | None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.name]


@dataclass
class Reader:
    """Takes outcomes in any order and reads them in the order of the schedule, up to the first gap.

    A call without a grade stays in the count: for PASS it is taken as failed, for FAIL as passed, so that no error can
    make a verdict. More of them than `error_budget` (rounded up to whole calls) of the calls read make the run INVALID.
    """

    policy: Policy
    error_budget: Fraction = Fraction(1, 50)
    table: Table = field(init=False)
    read: int = field(init=False, default=0)
    """Calls read so far: positions 0 … read - 1 of the schedule."""
    verdict: Verdict | None = field(init=False, default=None)
    """Set once, by the call that decides; what comes later does not change it."""
    _counts: Counter[Outcome] = field(init=False, default_factory=Counter)
    _seen: Counter[Outcome] = field(init=False, default_factory=Counter)
    _ahead: dict[int, Outcome] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.table = table_for(self.policy)

    def take(self, position: int, outcome: Outcome) -> Verdict | None:
        """Notes the outcome at `position` of the schedule (from 0); returns the verdict as soon as there is one.

        Raises BadInput for a position outside the plan, one that was taken before, or an unknown outcome.
        """
        if outcome not in ("pass", "fail", "error", "unscored"):
            raise BadInput(f"{outcome!r} is no outcome", advice="It is pass, fail, error or unscored.")
        if not 0 <= position < self.table.calls:
            raise BadInput(f"position {position} is not in the plan", advice=f"It has {self.table.calls} calls.")
        if self.verdict:
            return self.verdict
        if position < self.read or position in self._ahead:
            raise BadInput(f"position {position} came twice", advice="Each call of a plan counts once.")
        self._ahead[position] = outcome
        self._seen[outcome] += 1
        while self.verdict is None and self.read in self._ahead:
            self._counts[self._ahead.pop(self.read)] += 1
            self.read += 1
            self.verdict = self._decide()
        return self.verdict

    def finish(self) -> Verdict:
        """The verdict of a run that stops here, for whatever reason. Answers behind a gap are not read."""
        if self.verdict is None:
            self.verdict = self._end("stopped before the table decided")
        return self.verdict

    @property
    def send_before(self) -> int:
        """Positions below this one may be sent now: no verdict that is still likely needs more.

        Counts what was seen, also behind a gap: a PASS cannot come before the table allows it for the failures seen, so
        a run that passes sends no call that it does not use. Where failures are frequent, a FAIL is likely sooner.
        """
        if self.verdict:
            return 0
        lost, failed = self._seen["error"] + self._seen["unscored"], self._seen["fail"]
        total = self.read + len(self._ahead)
        passing = self.table.passes_after(failed + lost)
        wanted = self.table.calls if passing is None else passing
        if total and Fraction(failed, total) * 2 > self.policy.p_ok + self.policy.p_bad:
            wanted = min(wanted, self._fails_about(failed, total))
        return min(max(wanted, self.read + 1), self.table.calls)

    def _fails_about(self, failed: int, total: int) -> int:
        """The first call at which FAIL is due if failures go on at the rate seen."""
        for calls in range(max(total, 1), self.table.calls + 1):
            if failed * calls // total >= self.table.failing[calls]:
                return calls
        return self.table.calls

    def _decide(self) -> Verdict | None:
        lost = self._counts["error"] + self._counts["unscored"]
        if lost > self._allowed(self.table.calls):
            return self._verdict("INVALID", "more calls without a grade than the whole plan allows")
        failed = self._counts["fail"]
        if failed + lost <= self.table.passing[self.read]:
            return self._end("", "PASS")
        if failed >= self.table.failing[self.read]:
            return self._end("", "FAIL")
        if self.read == self.table.calls:
            if self.policy.at_cap == "decide" and lost:
                return self._end("the last call was read, and the calls without a grade leave it open")
            return self._end("the last call was read, and the table does not decide")
        return None

    def _end(self, reason: str, decided: Literal["PASS", "FAIL"] | None = None) -> Verdict:
        lost = self._counts["error"] + self._counts["unscored"]
        if self.read == 0:
            return self._verdict("INVALID", "no call was read")
        if lost == self.read:
            return self._verdict("INVALID", "no call was graded")
        if lost > self._allowed(self.read):
            return self._verdict("INVALID", f"{lost} of {self.read} calls have no grade")
        if decided is None:
            return self._verdict("UNDECIDED", reason)
        sign, limit = ("at or below", self.table.passing) if decided == "PASS" else ("at or above", self.table.failing)
        return self._verdict(decided, f"after {self.read} calls {decided} is due {sign} {limit[self.read]} failures")

    def _allowed(self, calls: int) -> int:
        """Calls without a grade that a run of so many may have; one is always allowed."""
        return -int(-self.error_budget * calls // 1)

    def _verdict(self, name: VerdictName, reason: str) -> Verdict:
        failed, lost = self._counts["fail"], self._counts["error"] + self._counts["unscored"]
        interval = None
        if lost < self.read:
            low = sequence(self.read, failed, asked_once=self.policy.asked_once)
            high = sequence(self.read, failed + lost, asked_once=self.policy.asked_once)
            interval = Interval(failed / self.read, low.low, high.high, low.method)
        return Verdict(name, self.read, failed, self._counts["error"], self._counts["unscored"], reason, interval)
