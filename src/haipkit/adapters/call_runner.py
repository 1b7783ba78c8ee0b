"""Makes many calls to a model at a time: never more than are wanted, slower when asked to, and each one only once.

Which calls, in which order and how many, says the feed; what an answer means, too. Nothing here decides.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from haipkit.adapters.call_journal import Journal
from haipkit.kernel.outside import Answer, AsyncModel, Prompt, Trouble

_FIRST_WINDOW = 16
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `id` is its name in the journal: the same call has the same id in every run of a plan."""

    id: str
    prompt: Prompt
    options: Mapping[str, Any] = field(default_factory=dict)


class Feed(Protocol):
    """Gives calls and takes answers; both are called from one thread, in the event loop.

    `next` returns None while nothing may be sent; after `done` it is asked again. A run ends when nothing is under way
    and `next` returns None.
    """

    def next(self) -> Call | None: ...
    def done(self, call: Call, answer: Answer) -> None: ...


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million tokens, in one currency."""

    prompt: Decimal
    completion: Decimal

    def of(self, answer: Answer) -> Decimal:
        tokens = self.prompt * (answer.prompt_tokens or 0) + self.completion * (answer.completion_tokens or 0)
        return tokens / 1_000_000


@dataclass(frozen=True)
class Bounds:
    """What a run may use. `most`: calls under way at once; `attempts`: requests for one call; `calls` and `cost`: after
    so many answers, or so much money, nothing more is sent; `per_minute`: requests sent in a minute."""

    most: int = 100
    attempts: int = 4
    longest_wait: float = 120.0
    calls: int | None = None
    cost: Decimal | None = None
    prices: Prices | None = None
    per_minute: int | None = None


@dataclass
class Used:
    """What a run used. `replayed`: answers that an earlier part of it had brought. `stopped`: why it sent no more."""

    calls: int = 0
    replayed: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)
    slowed: int = 0
    stopped: str = ""

    def note(self, answer: Answer, prices: Prices | None, *, replayed: bool) -> None:
        self.calls += 1
        self.replayed += replayed
        self.failed += answer.error is not None
        self.prompt_tokens += answer.prompt_tokens or 0
        self.completion_tokens += answer.completion_tokens or 0
        if prices is not None:
            self.cost += prices.of(answer)


async def run_calls(
    model: AsyncModel,
    feed: Feed,
    journal: Journal,
    bounds: Bounds | None = None,
    progress: Callable[[Used], None] | None = None,
) -> Used:
    """Make the calls of `feed` until it wants no more, or a bound is reached; returns what was used.

    A call whose answer is in the journal is not made again. Raises CannotWrite when an answer cannot be kept, and what
    the model raises for a mistake of ours; then calls under way are given up, and the journal holds the rest.
    """
    return await _Run(model, feed, journal, bounds or Bounds(), progress).go()


class _Run:
    def __init__(
        self, model: AsyncModel, feed: Feed, journal: Journal, bounds: Bounds, progress: Callable[[Used], None] | None
    ) -> None:
        self._model, self._feed, self._journal, self._bounds = model, feed, journal, bounds
        self._progress = progress
        self._used = Used()
        self._window = float(min(bounds.most, _FIRST_WINDOW))
        self._growing = True
        self._open = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._not_before = 0.0
        self._slowed_at = 0.0
        self._sent: list[float] = []
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waker: asyncio.TimerHandle | None = None

    async def go(self) -> Used:
        self._fill()
        try:
            await self._over
        finally:
            if self._waker is not None:
                self._waker.cancel()
            waiting = list(self._under_way)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return self._used

    def _fill(self) -> None:
        """Start what may be started now; end the run when nothing is under way and nothing is wanted."""
        try:
            while len(self._under_way) < int(self._window):
                call = self._take()
                if call is None:
                    break
                task = asyncio.create_task(self._work(call))
                self._under_way.add(task)
                task.add_done_callback(self._landed)
        except Exception as fault:
            self._give_up(fault)
            return
        if not self._under_way and self._waker is None and not self._over.done():
            self._over.set_result(None)

    def _take(self) -> Call | None:
        """The next call to send now; answers that an earlier part of the run brought are counted on the way."""
        while not self._used.stopped:
            wait = self._not_before - time.monotonic()
            if wait > 0:
                self._wake_in(wait)
                return None
            call = self._feed.next()
            if call is None:
                return None
            kept = self._journal.answers.get(call.id)
            if kept is None:
                if not self._may_send():
                    return None
                self._open += 1
                return call
            self._count(call, kept, replayed=True)
        return None

    async def _work(self, call: Call | None) -> None:
        """One call after the other: a task for each call would cost more than the call's own bookkeeping."""
        while call is not None:
            await self._one(call)
            if len(self._under_way) > int(self._window):
                return
            call = self._take()
            if call is not None and len(self._under_way) < int(self._window):
                self._fill()

    def _may_send(self) -> bool:
        bounds, used = self._bounds, self._used
        fresh = used.calls - used.replayed + self._open
        if bounds.calls is not None and fresh >= bounds.calls:
            used.stopped = f"the limit of {bounds.calls:,} calls"
        elif bounds.cost is not None and used.cost + self._expected_cost() > bounds.cost:
            used.stopped = f"the budget of {bounds.cost}"
        elif bounds.per_minute is not None:
            self._keep_pace(bounds.per_minute)
        return not used.stopped

    def _expected_cost(self) -> Decimal:
        """Of the calls under way and the next one, at the mean so far."""
        return self._used.cost / max(self._used.calls, 1) * (self._open + 1)

    def _keep_pace(self, most: int) -> None:
        now = time.monotonic()
        self._sent = [moment for moment in self._sent if moment > now - 60]
        self._sent.append(now)
        if len(self._sent) >= most:
            self._not_before = max(self._not_before, self._sent[0] + 60)

    def _wake_in(self, seconds: float) -> None:
        if self._waker is None:
            self._waker = asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._waker = None
        self._fill()

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if task.cancelled():
            return
        fault = task.exception()
        if fault is not None:
            self._give_up(fault)
        else:
            self._fill()

    def _give_up(self, fault: BaseException) -> None:
        if not self._over.done():
            self._over.set_exception(fault)

    async def _one(self, call: Call) -> None:
        requests, started = 0, time.perf_counter()
        for attempt in range(1, self._bounds.attempts + 1):
            answer = await self._model.answer(call.prompt, **call.options)
            requests += answer.attempts
            error = answer.error
            if error is None or not error.trouble.temporary:
                break
            pause = self._pause(attempt, error.trouble, error.retry_after)
            if attempt == self._bounds.attempts or pause is None:
                break
            await asyncio.sleep(pause)
        if requests > 1:
            answer = replace(answer, attempts=requests, seconds=time.perf_counter() - started)
        self._journal.keep(call.id, answer)
        self._open -= 1
        self._count(call, answer, replayed=False)
        if answer.error is None:
            self._widen()

    def _count(self, call: Call, answer: Answer, *, replayed: bool) -> None:
        self._used.note(answer, self._bounds.prices, replayed=replayed)
        self._feed.done(call, answer)
        if self._progress is not None:
            self._progress(self._used)

    def _widen(self) -> None:
        """One more with each answer until the endpoint first objects, then one more a round."""
        self._window = min(float(self._bounds.most), self._window + (1.0 if self._growing else 1.0 / self._window))

    def _pause(self, attempt: int, trouble: Trouble, asked: float | None) -> float | None:
        """Seconds until the next attempt; None when the endpoint asks for more than we wait."""
        if trouble in (Trouble.RATE_LIMIT, Trouble.SERVER):
            self._narrow()
        if asked is not None:
            if asked > self._bounds.longest_wait:
                return None
            self._not_before = max(self._not_before, time.monotonic() + asked)
        jitter = secrets.randbelow(1000) / 1000
        growing = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)) * (0.5 + jitter / 2)
        return growing if asked is None else asked + jitter * min(1.0, 0.1 + asked / 10)

    def _narrow(self) -> None:
        """Half as many at once, but not twice for one complaint: calls sent together fail together."""
        now = time.monotonic()
        self._growing = False
        if now - self._slowed_at > 1.0:
            self._slowed_at = now
            self._window = max(1.0, self._window / 2)
            self._used.slowed += 1
