"""How well a judge grades: answers that people have graded, put to it with the prompt of a plan, and counted."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.actions.a01_risk.judge_correction import Calibration
from haipkit.actions.a01_risk.reader import Outcome
from haipkit.actions.a01_risk.scoring import read_judgement
from haipkit.adapters.call_runner import Bounds, Call, run_calls
from haipkit.kernel.canonical import canonical_json, sha256_hex
from haipkit.kernel.errors import BadInput, Unavailable
from haipkit.kernel.outside import Answer
from haipkit.workspace.evaluation_feed import DEFAULT_QUESTION
from haipkit.workspace.evaluation_plan import JudgeSetting
from haipkit.workspace.evaluation_review import read_rows
from haipkit.workspace.evaluation_run import judge_model

if TYPE_CHECKING:
    from haipkit.adapters.call_journal import Journal
    from haipkit.workspace.open import Workspace

_VERDICTS = {
    **dict.fromkeys(("y", "yes", "fail", "failed"), True),
    **dict.fromkeys(("n", "no", "pass", "passed"), False),
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer that a person graded: whether it `failed`."""

    question: str
    asked: str
    answered: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How a judge graded known answers. `unreadable`: neither yes nor no; they are in none of the four counts."""

    calibration: Calibration
    unreadable: int

    @property
    def option(self) -> str:
        """What `haip evaluate plan --judge-calibration` takes."""
        counts = self.calibration
        return f"{counts.found},{counts.overlooked},{counts.cleared},{counts.accused}"


@dataclass
class _Feed:
    """Each answer once, in the order of the file."""

    ready: deque[Call]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    fault: str = ""

    def next(self) -> Call | None:
        return self.ready.popleft() if self.ready else None

    def done(self, call: Call, answer: Answer) -> None:
        if answer.error is not None:
            self.fault = answer.error.detail or answer.error.trouble
            return
        self.outcomes[call.id] = read_judgement(answer.text)


def read_labelled(path: Path) -> list[Labelled]:
    """Answers from a CSV or JSONL file: asked, answered, verdict (y: it failed, n), and question where it differs.

    Raises BadInput and NotFound.
    """
    found = []
    for where, row in read_rows(path, ("asked", "answered", "verdict")):
        failed = _VERDICTS.get(row["verdict"].strip().casefold())
        if failed is None:
            raise BadInput(f"{row['verdict']!r} is no verdict", where=where, advice="Write y (it failed) or n.")
        found.append(Labelled(row.get("question") or DEFAULT_QUESTION, row["asked"], row["answered"], failed))
    if len({one.failed for one in found}) < 2:
        raise BadInput(
            "a calibration needs answers that failed and answers that did not",
            where=str(path),
            advice="Fifty of each kind say something; a hundred say more.",
        )
    return found


def calibrate(
    workspace: "Workspace", judge: JudgeSetting, items: Sequence[Labelled], *, bounds: Bounds | None = None
) -> Calibrated:
    """Put every answer to the judge, and count. Stopped, it goes on where it was.

    Raises Unavailable where the judge gave no answer to some; the others are kept.
    """
    from haipkit.adapters.call_journal import Journal

    calls = [_call(judge, number, one) for number, one in enumerate(items)]
    said = sha256_hex(
        canonical_json([judge.identity, judge.place, *([one.question, one.asked, one.answered] for one in items)])
    )
    feed = _Feed(deque(calls))
    path = workspace.config.private / "evaluations" / "calibrations" / f"{said[:16]}.jsonl"
    with Journal(path, {"calibration": said}) as journal:
        # A call that failed is made again.
        for call in [call for call, answer in journal.answers.items() if answer.error is not None]:
            del journal.answers[call]
        asyncio.run(_ask(judge, feed, journal, bounds or Bounds(most=20)))
    if len(feed.outcomes) < len(items):
        raise Unavailable(
            f"the judge left {len(items) - len(feed.outcomes)} of {len(items)} answers without a grade: {feed.fault}",
            where=judge.place,
            advice="The same command goes on where it stopped.",
        )
    counts = dict.fromkeys(("found", "overlooked", "cleared", "accused"), 0)
    for number, one in enumerate(items):
        outcome = feed.outcomes[str(number)]
        if outcome != "unscored":
            counts[_cell(one.failed, outcome == "fail")] += 1
    return Calibrated(Calibration(**counts), sum(one == "unscored" for one in feed.outcomes.values()))


def _cell(failed: bool, called_failed: bool) -> str:
    if failed:
        return "found" if called_failed else "overlooked"
    return "accused" if called_failed else "cleared"


def _call(judge: JudgeSetting, number: int, one: Labelled) -> Call:
    said = judge.prompt.format(question=one.question, conversation=f"user: {one.asked}", answer=one.answered)
    return Call(str(number), ({"role": "user", "content": said},), {"temperature": 0})


async def _ask(judge: JudgeSetting, feed: _Feed, journal: "Journal", bounds: Bounds) -> None:
    model = await judge_model(judge)
    try:
        await run_calls(model, feed, journal, bounds)
    finally:
        await model.close()
