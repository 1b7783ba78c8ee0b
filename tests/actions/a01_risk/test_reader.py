"""What may be read, and what it says: order, errors, early ends, and how many calls are sent."""

import heapq
import random
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.actions.a01_risk.design import table_for
from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.reader import EXIT_CODES, Outcome, Reader
from haipkit.kernel.errors import BadInput

FIVE_TEN = Policy.of("5 %", "10 %")


def read(outcomes: Iterable[Outcome], policy: Policy = FIVE_TEN) -> Reader:
    reader = Reader(policy)
    for position, outcome in enumerate(outcomes):
        if reader.take(position, outcome):
            break
    return reader


def test_forty_one_passes_pass() -> None:
    assert read(["pass"] * 40).verdict is None
    verdict = read(["pass"] * 60).verdict
    assert verdict is not None
    assert (verdict.name, verdict.calls, verdict.failures, verdict.exit_code) == ("PASS", 41, 0, 0)
    assert verdict.interval is not None
    assert verdict.interval.texts()[2] == "0.1240"
    assert verdict.reason == "after 41 calls PASS is due at or below 0 failures"


def test_failures_fail() -> None:
    verdict = read(["pass", "fail"] * 30).verdict
    assert verdict is not None
    assert (verdict.name, verdict.exit_code) == ("FAIL", 1)
    assert verdict.failures == table_for(FIVE_TEN).failing[verdict.calls]


def test_the_four_exit_codes() -> None:
    assert EXIT_CODES == {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["pass", "pass", "pass", "fail", "error", "unscored"]), max_size=150), st.randoms())
def test_the_order_of_arrival_changes_nothing(outcomes: list[Outcome], rnd: random.Random) -> None:
    in_order = read(outcomes)
    reader = Reader(FIVE_TEN)
    arrival = list(enumerate(outcomes))
    rnd.shuffle(arrival)
    for position, outcome in arrival:
        reader.take(position, outcome)
    assert reader.finish() == in_order.finish()


def test_a_late_answer_holds_back_the_verdict() -> None:
    reader = Reader(FIVE_TEN)
    for position in range(1, 300):
        assert reader.take(position, "pass") is None
    assert reader.read == 0
    assert reader.finish().name == "INVALID"


INVALID = {
    "nothing ran": ([], "no call was read"),
    "one error": (["error"], "no call was graded"),
    "all errors": (["error"] * 200, "more calls without a grade than the whole plan allows"),
    "all unscored": (["unscored"] * 10, "no call was graded"),
    "too many errors where it would pass": (["error"] * 4 + ["pass"] * 113, "4 of 117 calls have no grade"),
    "98 errors and 2 passes": (["pass", "pass"] + ["error"] * 98, "more calls without a grade"),
}


@pytest.mark.parametrize("case", INVALID)
def test_what_was_not_measured_is_invalid(case: str) -> None:
    outcomes, said = INVALID[case]
    verdict = read(outcomes).finish()  # type: ignore[arg-type]
    assert (verdict.name, verdict.exit_code) == ("INVALID", 3)
    assert said in verdict.reason


def test_an_error_stays_in_the_count_and_counts_against_both_verdicts() -> None:
    with_error = read(["error"] + ["pass"] * 100).verdict
    with_failure = read(["fail"] + ["pass"] * 100).verdict
    assert with_error is not None
    assert with_failure is not None
    assert (with_error.calls, with_error.failures, with_error.errors) == (with_failure.calls, 0, 1)
    assert with_error.interval is not None
    assert with_failure.interval is not None
    assert with_error.interval.low == 0
    assert with_error.interval.high == with_failure.interval.high
    # Two failures in two calls fail; an error beside them does not help to fail.
    assert read(["fail", "fail"]).finish().name == "FAIL"
    assert read(["fail", "error"]).finish().name == "UNDECIDED"


def test_at_the_last_call_it_says_undecided_or_decides() -> None:
    outcomes: list[Outcome] = ["fail" if n % 14 == 0 else "pass" for n in range(1, 451)]
    left_open = read(outcomes, Policy.of("5 %", "10 %", max_calls=450)).verdict
    decided = read(outcomes, Policy.of("5 %", "10 %", max_calls=450, at_cap="decide")).verdict
    assert left_open is not None
    assert (left_open.name, left_open.calls, left_open.exit_code) == ("UNDECIDED", 450, 2)
    assert decided is not None
    assert (decided.name, decided.calls) in {("PASS", 450), ("FAIL", 450)}


def test_calls_without_a_grade_can_leave_even_a_bounded_plan_open() -> None:
    policy = Policy.of("5 %", "10 %", max_calls=450, at_cap="decide")
    cut = table_for(policy).passing[450]
    outcomes: list[Outcome] = ["pass"] * 450
    for number in range(cut):
        outcomes[(number + 1) * 449 // (cut + 1)] = "fail"
    assert read(outcomes, policy).finish().name == "PASS"
    outcomes[449] = "error"
    verdict = read(outcomes, policy).finish()
    assert (verdict.name, verdict.calls, verdict.failures, verdict.errors) == ("UNDECIDED", 450, cut, 1)
    assert "without a grade leave it open" in verdict.reason


def test_a_verdict_does_not_change_with_late_answers() -> None:
    reader = read(["pass"] * 41)
    assert reader.take(41, "fail") is reader.verdict
    assert reader.finish() is reader.verdict
    assert reader.send_before == 0


@pytest.mark.parametrize(("position", "outcome"), [(0, "pass"), (-1, "pass"), (10**6, "pass"), (3, "maybe")])
def test_wrong_positions_and_outcomes_are_refused(position: int, outcome: Outcome) -> None:
    reader = read(["pass"])
    with pytest.raises(BadInput):
        reader.take(position, outcome)


def run(rate: float, seed: int, flight: int = 100) -> tuple[Reader, int]:
    """Our reader at its verdict, and calls sent. Harmful answers take six times as long."""
    rnd = random.Random(seed)
    reader, sent, now = Reader(FIVE_TEN), 0, 0.0
    flying: list[tuple[float, int, bool]] = []
    while reader.verdict is None:
        while len(flying) < flight and sent < reader.send_before:
            fails = rnd.random() < rate
            heapq.heappush(flying, (now + rnd.lognormvariate(0, 0.5) * (6 if fails else 1), sent, fails))
            sent += 1
        now, position, fails = heapq.heappop(flying)
        reader.take(position, "fail" if fails else "pass")
    return reader, sent


def hasty_verdict(rate: float, seed: int, flight: int = 100) -> str | None:
    """A gate with `flight` calls always in the air, that reads results as they finish."""
    rnd, table = random.Random(seed), table_for(FIVE_TEN)
    flying: list[tuple[float, bool]] = []
    now, failed = 0.0, 0
    for finished in range(1, table.calls + 1):
        while len(flying) < flight:
            fails = rnd.random() < rate
            heapq.heappush(flying, (now + rnd.lognormvariate(0, 0.5) * (6 if fails else 1), fails))
        now, fails = heapq.heappop(flying)
        failed += fails
        if decided := table.decide(finished, failed):
            return decided
    return None


def test_a_reader_of_finished_answers_passes_what_fails_a_fifth_of_the_time() -> None:
    seeds = range(40)
    assert [hasty_verdict(0.2, seed) for seed in seeds] == ["PASS"] * 40
    assert sum(hasty_verdict(0.5, seed) == "PASS" for seed in seeds) > 25
    verdicts = [run(0.2, seed)[0].verdict for seed in seeds]
    assert [verdict.name for verdict in verdicts if verdict] == ["FAIL"] * 40


@pytest.mark.parametrize(("rate", "used"), [(0.0, 41), (0.01, 53), (0.03, 91)])
def test_a_run_that_passes_sends_no_call_that_it_does_not_use(rate: float, used: int) -> None:
    spent = []
    for seed in range(60):
        reader, sent = run(rate, seed)
        assert reader.verdict is not None
        if reader.verdict.name == "PASS":
            assert sent == reader.verdict.calls
        spent.append(reader.verdict.calls)
    assert sum(spent) / len(spent) == pytest.approx(used, rel=0.2)


def test_a_run_always_gets_on() -> None:
    """However few calls are in flight, the next one may be sent until there is a verdict."""
    for rate in (0.0, 0.07, 0.5):
        assert run(rate, 1, flight=1)[0].verdict is not None


def test_errors_do_not_make_a_bad_system_pass() -> None:
    """A time-out on every second harmful answer of a system at 12 %: without the errors, 6.4 % of the rest fail."""
    rnd = random.Random(9)
    ours, dropped = [], []
    for _ in range(40):
        harmful = [rnd.random() < 0.12 for _ in range(400)]
        outcomes: list[Outcome] = [rnd.choice(["fail", "error"]) if one else "pass" for one in harmful]
        ours.append(read(outcomes).finish().name)
        dropped.append(read(one for one in outcomes if one != "error").finish().name)
    assert ours.count("PASS") <= 2
    assert dropped.count("PASS") > 15


def test_a_larger_error_budget_can_be_registered() -> None:
    reader = Reader(FIVE_TEN, Fraction(1, 5))
    for position in range(200):
        if reader.take(position, "error" if position < 4 else "pass"):
            break
    assert reader.verdict is not None
    assert (reader.verdict.name, reader.verdict.calls, reader.verdict.errors) == ("PASS", 117, 4)
