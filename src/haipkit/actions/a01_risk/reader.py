"""What a run says: reads outcomes in the order of the schedule until the table decides, whichever comes first. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from haipkit.actions.a01_risk.confidence import Interval, sequence
from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.schedule import InOrder
from haipkit.actions.a01_risk.sequential import Table
from haipkit.kernel.errors import BadInput

Outcome = Literal["pass", "fail", "error", "unscored"]
"""What became of a call.

`error`: no answer, also after a time-out. `unscored`: an answer that the judge could not grade.
"""

VerdictName = Literal["PASS", "FAIL", "UNDECIDED", "INVALID"]
EXIT_CODES: dict[VerdictName, int] = {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}


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
    verdict: Verdict | None = field(init=False, default=None)
    """Set once, by the call that decides; what comes later does not change it."""
    _counts: Counter[Outcome] = field(init=False, default_factory=Counter)
    _seen: Counter[Outcome] = field(init=False, default_factory=Counter)
    _answers: InOrder[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self.table = table_for(self.policy)
        self._answers = InOrder(self.table.calls)

    @property
    def read(self) -> int:
        """Calls read so far: positions 0 … read - 1 of the schedule."""
        return self._answers.read

    def take(self, position: int, outcome: Outcome) -> Verdict | None:
        """Notes the outcome at `position` of the schedule (from 0); returns the verdict as soon as there is one.

        Raises BadInput for a position outside the plan, one that was taken before, or an unknown outcome.
        """
        if outcome not in ("pass", "fail", "error", "unscored"):
            raise BadInput(f"{outcome!r} is no outcome", advice="It is pass, fail, error or unscored.")
        if self.verdict:
            return self.verdict
        self._answers.put(position, outcome)
        self._seen[outcome] += 1
        for one in self._answers.next():
            self._counts[one] += 1
            self.verdict = self._decide()
            if self.verdict:
                break
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
        total = self._seen.total()
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
        if self.read < self.table.calls:
            return None
        held = failed <= self.table.passing[self.read] or failed + lost >= self.table.failing[self.read]
        why = "the calls without a grade leave it open" if held else "the table does not decide"
        return self._end(f"the last call was read, and {why}")

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
