"""People's second look at a run: every failure that is not sure, and a random share of the passes that are not.

What people say is kept in a chained journal beside the run's, the moment it is said. When a suite's queue is empty its
rate is computed anew and shown as verified; the verdict stays the one that the registered rule gave.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a01_risk.judge_correction import Rate, audited, in_audit
from haipkit.actions.a01_risk.policy import share_text
from haipkit.actions.a01_risk.scoring import Grade
from haipkit.kernel.errors import BadInput, NotFound, UsageError
from haipkit.kernel.outside import Answer
from haipkit.workspace.evaluation_compare import run_named
from haipkit.workspace.evaluation_feed import DEFAULT_QUESTION, EvaluationFeed, Progress, SuiteRun
from haipkit.workspace.evaluation_plan import Prepared, folder_of
from haipkit.workspace.evaluation_run import decimal, replay, runs_of

if TYPE_CHECKING:
    from haipkit.adapters.call_journal import Journal
    from haipkit.records.record import Record
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

SHARE = Fraction(1, 10)
_WORDS = {
    **dict.fromkeys(("y", "yes", "fail", "failed"), "fail"),
    **dict.fromkeys(("n", "no", "pass", "passed"), "pass"),
    **dict.fromkeys(("", "s", "skip"), ""),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One answer for people. They are not told what the machine said, so that it does not lead them."""

    suite: str
    position: int
    question: str
    asked: tuple[str, ...]
    answered: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.suite}/{self.position}"


@dataclass
class Review:
    """The queue of a run in the order of its schedule, and what people have said so far."""

    prepared: Prepared
    ordinal: int
    feed: EvaluationFeed
    items: tuple[Item, ...]
    journal: "Journal"
    said: dict[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> list[Item]:
        return [item for item in self.items if item.id not in self.said]

    def say(self, item: Item, failed: bool, office: str) -> None:
        """Keep one judgement. The last one about an answer counts; all stay in the journal."""
        word = "fail" if failed else "pass"
        if self.said.get(item.id) != word:
            self.journal.keep(item.id, Answer(text=word, model=office))
            self.said[item.id] = word

    @property
    def reviewers(self) -> str:
        return " and ".join(sorted({answer.model for answer in self.journal.answers.values()}))[:120]


@contextmanager
def open_review(workspace: "Workspace", name: str | None = None, share: Fraction | None = None) -> Iterator[Review]:
    """The review of the run `PLAN` or `PLAN.2` (default: the newest run). `share` of unsure passes that are drawn.

    Raises UsageError for a run that has not ended or another share than the review began with, and what `replay` does.
    """
    from haipkit.adapters.call_journal import Journal

    key, ordinal = run_named(workspace, name) if name else _newest(workspace)
    if _record(workspace, key, ordinal).body.get("state") != "finished":
        raise UsageError("this run has not come to its end", advice=f"Go on with it: haip evaluate run {key}")
    prepared, feed, head = replay(workspace, key, ordinal)
    path = folder_of(workspace, key) / f"run-{ordinal}-review.jsonl"
    begun = _share_of(path)
    if begun is not None and share not in (None, begun):
        raise UsageError(
            f"this review draws {share_text(begun)} of the passes",
            advice="The share is fixed when a review begins, so that nobody stops drawing when it suits.",
        )
    drawn = begun or share or SHARE
    items = tuple(item for run in feed.runs.values() for item in _queue(run, prepared, drawn))
    about = {"reviews": head, "plan": key, "ordinal": ordinal, "share": share_text(drawn)}
    with Journal(path, about) as journal:
        said = {call: answer.text for call, answer in journal.answers.items()}
        yield Review(prepared, ordinal, feed, items, journal, said)


def _newest(workspace: "Workspace") -> tuple[str, int]:
    from haipkit.workspace.ask import state

    runs = [r for r in state(workspace, kinds=["evaluation-run/1"]) if r.body.get("state") == "finished"]
    if not runs:
        raise UsageError("no run has come to its end yet", advice="Run a plan first: haip evaluate run PLAN")
    newest = max(runs, key=lambda record: record.index)
    return str(newest.body["plan"]), int(newest.body["ordinal"])


def _record(workspace: "Workspace", key: str, ordinal: int) -> "Record":
    return next(record for record in runs_of(workspace, key) if record.body["ordinal"] == ordinal)


def _share_of(path: Path) -> Fraction | None:
    """The share with which a review began; None where there is none yet. Its journal checks the line itself."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as file:
            return Fraction(json.loads(file.readline().partition(b" ")[2])["share"])
    except (ValueError, KeyError, TypeError):
        return None


def _read(run: SuiteRun) -> Iterator[tuple[int, Grade]]:
    """What the verdict has read: positions with their grades."""
    return ((position, run.grades[position]) for position in range(run.verdict().calls))


def _drawn(run: SuiteRun, prepared: Prepared, share: Fraction) -> set[int]:
    """Positions of the unsure passes that people look at: the share, or more until there is at least one."""
    passes = [position for position, found in _read(run) if found.outcome == "pass" and not found.sure]
    chosen: set[int] = set()
    while passes and not chosen:
        for position in passes:
            unit = run.planned.units[position]
            if in_audit(prepared.details["seed"], unit.probe, unit.attempt, share):
                chosen.add(position)
        share = min(Fraction(1), 2 * share)
    return chosen


def _queue(run: SuiteRun, prepared: Prepared, share: Fraction) -> Iterator[Item]:
    drawn = _drawn(run, prepared, share)
    for position, found in _read(run):
        unsure = not found.sure and found.outcome in ("fail", "unscored")
        if unsure or position in drawn:
            yield _item(run, position, run.under_way[position])


def _item(run: SuiteRun, position: int, state: Progress) -> Item:
    return Item(
        run.name,
        position,
        str(state.probe.score.get("question", DEFAULT_QUESTION)),
        tuple(one["content"] for talk in state.talks for one in talk if one["role"] == "user"),
        tuple(answer.text for answer in state.flat),
    )


# What people said


def take_answers(review: Review, path: Path, office: str) -> int:
    """Take judgements from a CSV or JSONL file: position, verdict, and suite where there are several.

    Returns how many were taken. Nothing is taken from a file that is wrong anywhere. Raises BadInput and NotFound.
    """
    known = {item.id: item for item in review.items}
    suites = sorted({item.suite for item in review.items})
    taken: dict[str, str] = {}
    for where, row in read_rows(path, ("position", "verdict")):
        word = _WORDS.get(row["verdict"].strip().casefold())
        suite = row.get("suite", "").strip() or (suites[0] if len(suites) == 1 else "")
        if word is None:
            raise BadInput(f"{row['verdict']!r} is no verdict", where=where, advice="Write y (it failed), n, or skip.")
        if not suite:
            raise BadInput("which suite?", where=where, advice=f"A column suite says it: {', '.join(suites)}.")
        name = f"{suite}/{row['position'].strip()}"
        if name not in known:
            raise BadInput(f"{name} is not in the queue", where=where, advice="haip evaluate review --json shows it.")
        if word and taken.setdefault(name, word) != word:
            raise BadInput(f"{name} has two verdicts", where=where)
    for name, word in taken.items():
        review.say(known[name], word == "fail", office)
    return len(taken)


def read_rows(path: Path, needed: tuple[str, ...]) -> list[tuple[str, dict[str, str]]]:
    """(place, fields) of each row of a CSV file with a head, or of a JSONL file. Raises BadInput and NotFound."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault
    except UnicodeDecodeError as fault:
        raise BadInput("this is not UTF-8 text", where=str(path)) from fault
    rows = _json_rows(text, path) if text.lstrip().startswith("{") else _csv_rows(text, path)
    for where, row in rows:
        for name in needed:
            if name not in row:
                raise BadInput(f"{name} is missing", where=where, advice=f"Each row needs: {', '.join(needed)}.")
    return rows


def _json_rows(text: str, path: Path) -> list[tuple[str, dict[str, str]]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as fault:
            raise BadInput("this is not JSON", where=where) from fault
        if not isinstance(row, dict):
            raise BadInput("a line is an object in braces", where=where)
        rows.append((where, {str(name): _text(value) for name, value in row.items()}))
    return rows


def _text(value: Any) -> str:
    """A boolean verdict says whether it failed."""
    if isinstance(value, bool):
        return "y" if value else "n"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _csv_rows(text: str, path: Path) -> list[tuple[str, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            if None in row or None in row.values():
                raise BadInput("this row has not as many fields as the head", where=where)
            rows.append((where, {name.strip().casefold(): value for name, value in row.items()}))
    except csv.Error as fault:
        raise BadInput(f"this is not CSV: {fault}", where=f"{path}, line {reader.line_num}") from fault
    return rows


# What it comes to


def verified_rate(review: Review, run: SuiteRun) -> tuple[Rate, dict[str, int]] | None:
    """The rate of a suite after the review, with the counts behind it; None while answers wait, or nothing was unsure.

    Failures among the sure grades and those that people confirmed count as they are; failures among the drawn passes
    stand for all unsure passes. What people graded is scored.
    """
    mine = [item for item in review.items if item.suite == run.name]
    if not mine or any(item.id not in review.said for item in mine):
        return None
    people = {item.position: review.said[item.id] for item in mine}
    known = confirmed = hidden = missed = lost = 0
    for position, found in _read(run):
        if not found.sure and found.outcome == "pass":
            hidden += 1
            missed += people.get(position) == "fail"
        elif found.outcome == "error" or (found.outcome == "unscored" and position not in people):
            lost += 1
        else:
            known += 1
            confirmed += people.get(position, found.outcome) == "fail"
    checked = sum(1 for position in people if run.grades[position].outcome == "pass")
    rate = audited(known + hidden, known, confirmed, checked, missed, lost)
    return rate, {"looked_at": len(mine), "confirmed": confirmed, "missed": missed}


def conclude(workspace: "Workspace", review: Review, *, office: str | None = None) -> "list[Written]":
    """Write the run's record and those of its evaluations anew, with every rate that people have verified."""
    from haipkit.workspace.measured import keep_measured

    found = {name: made for name, run in review.feed.runs.items() if (made := verified_rate(review, run)) is not None}
    if not found:
        return []
    record = _record(workspace, review.prepared.key, review.ordinal)
    body = _plain(record.body)
    seen = {"reviewed_by": review.reviewers, "review_sha256": review.journal.head}
    for one in body["suites"]:
        made = found.get(one["suite"].partition(" ")[0])
        if made is not None:
            one |= {**_rate_fields(made[0]), "rate_is": "verified", **made[1], **seen}
    key = f"{review.prepared.key}.{review.ordinal}"
    system = record.header.system
    written = [keep_measured(workspace, "evaluation-run", lambda _: body, key=key, system=system, office=office)]
    for test in _evaluations(workspace, record):
        made = found.get(str(test.header.key))
        if made is not None:
            told = _plain(test.body) | {"rate_is": "verified", "reviewed_by": review.reviewers}
            rate = _rate_fields(made[0])
            told["metrics"][0] |= {"value": rate["rate"], "low": rate["low"], "high": rate["high"]}
            told["scored"] = made[0].scored
            written.append(_kept(workspace, told, str(test.header.key), system, office))
    return written


def _kept(workspace: "Workspace", body: dict[str, Any], key: str, system: str | None, office: str | None) -> "Written":
    from haipkit.workspace.measured import keep_measured

    return keep_measured(workspace, "evaluation", lambda _: body, key=key, system=system, office=office)


def _evaluations(workspace: "Workspace", run: "Record") -> "list[Record]":
    """The standing evaluations that came from this very run."""
    from haipkit.workspace.ask import state

    head = run.body.get("journal_sha256")
    found = state(workspace, kinds=["evaluation/1"])
    return [r for r in found if r.header.system == run.header.system and head and r.body.get("journal_sha256") == head]


def _rate_fields(rate: Rate) -> dict[str, str]:
    interval = rate.interval
    return {"rate": decimal(interval.rate), "low": decimal(interval.low), "high": decimal(interval.high)}


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(dict(body)))
    return copied
