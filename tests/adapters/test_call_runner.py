"""Many calls at a time: bounded, slowed, stopped and resumed, and never one twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from haipkit.adapters.call_journal import Journal
from haipkit.adapters.call_runner import Bounds, Call, Prices, Used, run_calls
from haipkit.kernel.errors import BadInput
from haipkit.kernel.outside import Answer, CallError, Prompt, Trouble

BUSY = Answer(error=CallError(Trouble.RATE_LIMIT, "slow down", 429, 0.01))


class Scripted:
    """Answers as told, and counts what it was asked and how many at a time."""

    name = "scripted"

    def __init__(self, reply: Callable[[str, int], Answer] | None = None, seconds: float = 0.0) -> None:
        self._reply = reply or (lambda prompt, nth: Answer(f"to {prompt}", prompt_tokens=10, completion_tokens=5))
        self._seconds = seconds
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        assert isinstance(prompt, str)
        self.asked[prompt] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self._seconds)
        self.at_once -= 1
        return self._reply(prompt, self.asked[prompt])

    async def close(self) -> None:
        pass


class Listed:
    """Gives listed calls in order, `ahead` of what was answered at most."""

    def __init__(self, calls: Iterable[str], ahead: int = 10**9) -> None:
        self._calls, self._ahead = list(calls), ahead
        self._given = 0
        self.answers: dict[str, Answer] = {}

    def next(self) -> Call | None:
        if self._given == len(self._calls) or self._given - len(self.answers) >= self._ahead:
            return None
        self._given += 1
        return Call(self._calls[self._given - 1], self._calls[self._given - 1])

    def done(self, call: Call, answer: Answer) -> None:
        assert call.id not in self.answers
        self.answers[call.id] = answer


NAMES = [f"p{number}" for number in range(60)]


def _run(
    path: Path,
    model: Scripted,
    feed: Listed,
    bounds: Bounds | None = None,
    progress: Callable[[Used], None] | None = None,
) -> Used:
    with Journal(path / "run.jsonl", {"plan": "p"}) as journal:
        return asyncio.run(run_calls(model, feed, journal, bounds, progress))


def test_every_call_is_made_once_and_kept(tmp_path: Path) -> None:
    model, feed = Scripted(), Listed(NAMES)
    seen: list[int] = []
    used = _run(tmp_path, model, feed, progress=lambda used: seen.append(used.calls))
    assert set(model.asked.values()) == {1}
    assert sorted(feed.answers) == sorted(NAMES)
    assert used.calls == 60
    assert seen == list(range(1, 61))
    with Journal(tmp_path / "run.jsonl", {"plan": "p"}) as journal:
        assert {call: answer.text for call, answer in journal.answers.items()} == {n: f"to {n}" for n in NAMES}


@pytest.mark.parametrize("most", [1, 7, 40])
def test_never_more_at_once_than_allowed(most: int, tmp_path: Path) -> None:
    model = Scripted(seconds=0.002)
    _run(tmp_path, model, Listed(NAMES), Bounds(most=most))
    assert 1 <= model.most_at_once <= most


def test_never_more_under_way_than_the_feed_gives(tmp_path: Path) -> None:
    model = Scripted(seconds=0.002)
    _run(tmp_path, model, Listed(NAMES, ahead=3))
    assert model.most_at_once == 3
    assert len(model.asked) == 60


def test_a_rate_limit_slows_and_no_call_is_lost_or_counted_twice(tmp_path: Path) -> None:
    model = Scripted(lambda prompt, nth: BUSY if nth == 1 and int(prompt[1:]) % 3 == 0 else Answer("fine"))
    feed = Listed(NAMES)
    used = _run(tmp_path, model, feed)
    assert {answer.text for answer in feed.answers.values()} == {"fine"}
    assert used.slowed >= 1
    assert model.asked["p0"] == 2
    assert feed.answers["p0"].attempts == 2
    assert model.asked["p1"] == 1


def test_a_call_that_stays_refused_is_an_error_and_not_left_out(tmp_path: Path) -> None:
    model = Scripted(lambda prompt, nth: BUSY if prompt == "p5" else Answer("fine"))
    feed = Listed(NAMES[:10])
    used = _run(tmp_path, model, feed, Bounds(attempts=3))
    error = feed.answers["p5"].error
    assert error is not None
    assert error.trouble is Trouble.RATE_LIMIT
    assert model.asked["p5"] == 3
    assert used.failed == 1
    assert len(feed.answers) == 10


def test_what_cannot_go_well_is_not_asked_again(tmp_path: Path) -> None:
    model = Scripted(lambda prompt, nth: Answer(error=CallError(Trouble.NOT_ALLOWED, "no", 401)))
    _run(tmp_path, model, Listed(NAMES[:4]))
    assert set(model.asked.values()) == {1}


def test_a_pause_longer_than_we_wait_ends_the_call(tmp_path: Path) -> None:
    model = Scripted(lambda prompt, nth: Answer(error=CallError(Trouble.RATE_LIMIT, "tomorrow", 429, 86_400.0)))
    used = _run(tmp_path, model, Listed(NAMES[:2]))
    assert used.failed == 2
    assert set(model.asked.values()) == {1}


def test_a_limit_of_calls_is_kept_exactly(tmp_path: Path) -> None:
    model = Scripted(seconds=0.001)
    used = _run(tmp_path, model, Listed(NAMES), Bounds(calls=25))
    assert len(model.asked) == used.calls == 25
    assert used.stopped == "the limit of 25 calls"


def test_a_budget_stops_before_it_is_overdrawn(tmp_path: Path) -> None:
    prices = Prices(Decimal(1000), Decimal(2000))  # 0.02 a call of 10 and 5 tokens
    used = _run(tmp_path, Scripted(), Listed(NAMES), Bounds(most=1, cost=Decimal("0.21"), prices=prices))
    assert used.calls == 10
    assert used.cost == Decimal("0.20")
    assert used.stopped == "the budget of 0.21"


def test_a_run_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    first, second = Scripted(), Scripted()
    _run(tmp_path, first, Listed(NAMES), Bounds(calls=20))
    feed = Listed(NAMES)
    used = _run(tmp_path, second, feed)
    assert not set(first.asked) & set(second.asked)
    assert len(feed.answers) == 60
    assert (used.calls, used.replayed) == (60, 20)


def test_a_mistake_of_ours_ends_the_run_and_keeps_what_it_had(tmp_path: Path) -> None:
    def reply(prompt: str, nth: int) -> Answer:
        if prompt == "p30":
            raise BadInput("this cannot be sent")
        return Answer("fine")

    with pytest.raises(BadInput, match="cannot be sent"):
        _run(tmp_path, Scripted(reply), Listed(NAMES), Bounds(most=4))
    again = Scripted()
    _run(tmp_path, again, Listed(NAMES))
    assert len(again.asked) < 60


def test_a_run_without_calls_ends(tmp_path: Path) -> None:
    assert _run(tmp_path, Scripted(), Listed([])).calls == 0
