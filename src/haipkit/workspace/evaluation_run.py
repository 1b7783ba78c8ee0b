"""Runs a registered plan: records the start, asks, keeps every answer, and records what it came to."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from haipkit.actions.a01_risk.judge_correction import Label, corrected
from haipkit.actions.a01_risk.plan import Run
from haipkit.actions.a01_risk.policy import fixed_calls
from haipkit.actions.a01_risk.reader import Verdict
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.kernel.outside import Answer, AsyncModel, Prompt
from haipkit.workspace.evaluation_attack import ATTACKER, AttackerSetting
from haipkit.workspace.evaluation_feed import JUDGE, EvaluationFeed, SuiteRun
from haipkit.workspace.evaluation_plan import JudgeSetting, Prepared, Target, folder_of, load_plan, percent

if TYPE_CHECKING:
    from haipkit.adapters.call_runner import Bounds, Used
    from haipkit.records.record import Record
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

STAGES = ("design", "training", "pre-deployment", "deployment", "post-deployment")


@dataclass(frozen=True)
class Result:
    """What a run came to. `outcome` is None while it can go on; `resumed`: it went on where an earlier one stopped."""

    prepared: Prepared
    ordinal: int
    outcome: str | None
    verdicts: Mapping[str, Verdict]
    labels: Mapping[str, Label]
    feed: EvaluationFeed
    used: "Used"
    resumed: bool
    note: str
    written: "tuple[Written, ...]" = ()

    @property
    def exit_code(self) -> int:
        return {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}[self.outcome or "UNDECIDED"]


class _Routed:
    """The system under test, and the judge and the attacker for calls that are for them."""

    def __init__(self, system: AsyncModel, judge: AsyncModel | None, attacker: AsyncModel | None = None) -> None:
        self.name = system.name
        self._system = system
        self._others = {JUDGE: judge, ATTACKER: attacker}

    async def answer(self, prompt: Prompt, **options: Any) -> Answer:
        for name, model in self._others.items():
            if options.pop(name, False):
                assert model is not None
                return await model.answer(prompt, **options)
        return await self._system.answer(prompt, **options)

    async def close(self) -> None:
        for model in (self._system, *self._others.values()):
            if model is not None:
                await model.close()


_FIELDS = {"http": "endpoint", "callable": "function", "asgi": "application", "hf": "folder"}


async def open_model(target: Target, connections: int = 100) -> AsyncModel:
    """The model that a target names. Raises UsageError, BadInput, NotFound, BadConfig, Unavailable."""
    from haipkit.adapters.model_target import Named
    from haipkit.adapters.model_target import open_model as open_named

    if not target.place:
        raise UsageError("where does the system answer?", advice="Say --endpoint URL, or --callable module:function.")
    about = {_FIELDS[target.kind]: target.place, "model": target.model, "at_once": connections, "attempts": 1}
    if target.kind == "http":
        about |= {"key_variable": target.key_variable, "ca_file": target.ca_file}
    return await open_named(Named(**about))  # type: ignore[arg-type]


async def _attacker_model(attacker: AttackerSetting) -> AsyncModel:
    return await open_model(Target(attacker.kind, attacker.place, attacker.model, key_variable=attacker.key_variable))


async def judge_model(judge: JudgeSetting) -> AsyncModel:
    """The judge at its address, or the Python function that it is."""
    kind = "http" if "://" in judge.place else "callable"
    return await open_model(Target(kind, judge.place, judge.model, key_variable=judge.key_variable))


def run_plan(
    workspace: "Workspace",
    key: str,
    *,
    target: Target | None = None,
    bounds: "Bounds | None" = None,
    everything: bool = False,
    stage: str = "pre-deployment",
    secure: bool = False,
    office: str | None = None,
    progress: Callable[["Used", EvaluationFeed], None] | None = None,
) -> Result:
    """Run the plan `key`, or go on with the run of it that was stopped.

    `target` says where the system answers now. Raises BadInput when it is not the one that was registered, and what
    writing raises; a run that breaks off keeps every answer it had.
    """
    from haipkit.adapters.call_journal import Journal
    from haipkit.adapters.call_runner import Bounds, run_calls

    prepared = load_plan(workspace, key)
    place = _target_now(prepared, target)
    ordinal, resumed = _which_run(workspace, prepared)
    feed = EvaluationFeed(prepared, everything=everything)
    asyncio.run(_reach(place))
    if not resumed:
        _record_run(workspace, prepared, ordinal, "started", office=office)
    about = {"plan": key, "plans": list(prepared.identities), "ordinal": ordinal}
    with Journal(folder_of(workspace, key) / f"run-{ordinal}.jsonl", about) as journal:
        used = asyncio.run(_go(place, prepared, feed, journal, bounds or Bounds(), progress, run_calls))
        head = journal.head
    finished = all(run.reader.verdict or run.sent == len(run.planned.units) for run in feed.runs.values())
    verdicts = {name: run.verdict() for name, run in feed.runs.items()}
    labels = {name: label_of(run, prepared) for name, run in feed.runs.items()}
    outcome = together([verdict.name for verdict in verdicts.values()])
    note = Run(prepared.identities[0], ordinal).note(prepared.suites[0].plan.policy)
    result = Result(prepared, ordinal, outcome if finished else None, verdicts, labels, feed, used, resumed, note)
    written = [_record_run(workspace, prepared, ordinal, "finished" if finished else "stopped", result, head, office)]
    if finished:
        written += [
            kept
            for name in feed.runs
            if (kept := _record_evaluation(workspace, result, name, head, stage, secure, office)) is not None
        ]
    return replace(result, written=tuple(written))


async def _reach(target: Target) -> None:
    """Raises what keeps the first call from being made at all, before the run counts as started."""
    await (await open_model(target)).close()


async def _go(
    target: Target,
    prepared: Prepared,
    feed: EvaluationFeed,
    journal: Any,
    bounds: "Bounds",
    progress: Callable[["Used", EvaluationFeed], None] | None,
    run_calls: Any,
) -> "Used":
    system = await open_model(target, bounds.most)
    model = _Routed(
        system,
        await judge_model(prepared.judge) if prepared.judge else None,
        await _attacker_model(prepared.attacker) if prepared.attacker else None,
    )
    try:
        used: Used = await run_calls(
            model, feed, journal, bounds, (lambda used: progress(used, feed)) if progress is not None else None
        )
        return used
    finally:
        await model.close()


def _target_now(prepared: Prepared, target: Target | None) -> Target:
    """The registered target, at the address given now. What was registered has to be the same."""
    registered = prepared.target
    if target is None:
        return registered
    for name in ("place", "model"):
        wanted, given = getattr(registered, name), getattr(target, name)
        if wanted and given and wanted != given:
            raise BadInput(
                f"the plan was registered for {wanted}, not for {given}",
                where=prepared.key,
                advice="A result counts for what was registered. Plan anew for another system.",
            )
    return replace(
        registered,
        kind=target.kind if not registered.place else registered.kind,
        place=registered.place or target.place,
        model=registered.model or target.model,
        key_variable=target.key_variable or registered.key_variable,
        ca_file=target.ca_file or registered.ca_file,
    )


def runs_of(workspace: "Workspace", key: str) -> "list[Record]":
    """The newest record of every run of a plan, by ordinal."""
    from haipkit.workspace.ask import state

    found = [r for r in state(workspace, kinds=["evaluation-run/1"]) if r.body.get("plan") == key]
    return sorted(found, key=lambda record: int(record.body["ordinal"]))


def _which_run(workspace: "Workspace", prepared: Prepared) -> tuple[int, bool]:
    """(ordinal, whether it goes on). A run that was started and not finished goes on; else a new one begins."""
    runs = runs_of(workspace, prepared.key)
    if runs and runs[-1].body["state"] != "finished":
        return int(runs[-1].body["ordinal"]), True
    return len(runs) + 1, False


def together(names: list[str]) -> str:
    """One word for several verdicts: the worst that is known."""
    for name in ("INVALID", "FAIL", "UNDECIDED"):
        if name in names:
            return name
    return "PASS" if names else "INVALID"


def label_of(run: SuiteRun, prepared: Prepared) -> Label:
    """What the rate of a suite is worth: sure grades verify it, a calibrated judge corrects it."""
    read = [found for position, found in run.grades.items() if position < run.reader.read]
    if all(found.sure for found in read if found.outcome != "error"):
        return "verified"
    return "corrected" if prepared.judge and prepared.judge.calibration else "uncorrected"


def suite_body(run: SuiteRun, verdict: Verdict, label: Label, prepared: Prepared) -> dict[str, Any]:
    """A suite's verdict as records keep it. A corrected rate takes the place of the apparent one."""
    body: dict[str, Any] = {
        "suite": run.planned.plan.suite,
        "verdict": verdict.name,
        "calls": verdict.calls,
        "failures": verdict.failures,
        "errors": verdict.errors,
        "unscored": verdict.unscored,
        "reason": verdict.reason,
        **_course(run, verdict.calls),
    }
    interval = verdict.interval
    scored = verdict.calls - verdict.errors - verdict.unscored
    if label == "corrected" and prepared.judge is not None and scored:
        calibration = prepared.judge.judge.calibration
        assert calibration is not None
        interval = corrected(scored, verdict.failures, calibration, verdict.errors + verdict.unscored).interval
    if interval is not None:
        body |= {"rate": decimal(interval.rate), "low": decimal(interval.low), "high": decimal(interval.high)}
        body["rate_is"] = label
    return body


def _course(run: SuiteRun, calls: int) -> dict[str, Any]:
    """How the run went, call by call, and the limits it went between: what a picture of it needs."""
    policy = replace(run.planned.plan.policy, asked_once=None, max_calls=None, at_cap="undecided")
    outcomes = (run.grades[position].outcome[0] for position in range(calls))
    path = " ".join(f"{len(list(same))}{letter}" for letter, same in groupby(outcomes))
    steps = run.reader.table.steps()
    limits = {
        f"{side}_limit": [{"calls": n, "failures": f} for n, f in steps[side] if n <= calls and f >= 0]
        for side in ("pass", "fail")
    }
    return {"fixed_calls": fixed_calls(policy), **({"path": path} if path else {}), **limits}


def decimal(share: float) -> str:
    return format(Decimal(repr(round(share, 6))), "f")


def _record_run(
    workspace: "Workspace",
    prepared: Prepared,
    ordinal: int,
    state: str,
    result: Result | None = None,
    head: str | None = None,
    office: str | None = None,
) -> "Written":
    from haipkit.workspace.measured import keep_measured

    def body(day: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "title": f"{prepared.system}: {', '.join(one.suite.id for one in prepared.suites)}"[:300],
            "plan": prepared.key,
            "ordinal": ordinal,
            "state": state,
            "ran_on": day,
            "plans": list(prepared.identities),
            "target_sha256": prepared.target.digest,
        }
        if result is not None:
            made["suites"] = [
                suite_body(run, result.verdicts[name], result.labels[name], prepared)
                for name, run in result.feed.runs.items()
            ]
            made["calls_sent"] = result.used.calls
            made["cost"] = f"{result.used.cost:.2f}" if result.used.cost else None
            made["journal_sha256"] = head
            made["outcome"] = result.outcome
        return {name: value for name, value in made.items() if value is not None}

    key = f"{prepared.key}.{ordinal}"
    return keep_measured(workspace, "evaluation-run", body, key=key, system=prepared.system, office=office)


def _record_evaluation(
    workspace: "Workspace", result: Result, name: str, head: str, stage: str, secure: bool, office: str | None
) -> "Written | None":
    """The verdict of one suite as an evaluation; nothing where it is INVALID, as nothing was measured then."""
    from haipkit.workspace.measured import keep_measured

    run, verdict = result.feed.runs[name], result.verdicts[name]
    if verdict.name == "INVALID":
        return None
    suite, policy = run.planned.suite, run.planned.plan.policy
    known = suite_body(run, verdict, result.labels[name], result.prepared)
    metric = {"name": "failure rate", "value": known["rate"], "unit": "share", "n": verdict.calls}

    def body(day: str) -> dict[str, Any]:
        return {
            "title": suite.title,
            "method": suite.method,
            "domains": list(suite.domains),
            "performed_by": "internal",
            "stage": stage,
            "secure_environment": secure,
            "result": {"PASS": "pass", "FAIL": "fail"}.get(verdict.name, "informational"),
            "performed_on": day,
            "samples": verdict.calls,
            "scored": verdict.calls - verdict.errors - verdict.unscored,
            "errors": verdict.errors,
            "metrics": [{**metric, "low": known["low"], "high": known["high"]}],
            "threshold": f"at most {percent(policy.p_ok)}, surely not {percent(policy.p_bad)}",
            "limitations": list(suite.does_not_show),
            "summary": suite.shows,
            "suite": run.planned.plan.suite,
            "verdict": verdict.name,
            "rate_is": result.labels[name],
            "plan": run.planned.plan.identity,
            "journal_sha256": head,
            **({"model": sorted(result.feed.replied_as)[0][:300]} if result.feed.replied_as else {}),
        }

    return keep_measured(workspace, "evaluation", body, key=suite.id, system=result.prepared.system, office=office)


def replay(workspace: "Workspace", key: str, ordinal: int) -> tuple[Prepared, EvaluationFeed, str]:
    """A run again from its journal, without a call: (plan, feed with all grades, head of the journal).

    Raises NotFound and BadInput.
    """
    from haipkit.adapters.call_journal import Journal

    prepared = load_plan(workspace, key)
    path = folder_of(workspace, key) / f"run-{ordinal}.jsonl"
    if not path.exists():
        raise BadInput("the answers of this run are not here", where=str(path))
    feed = EvaluationFeed(prepared, everything=True)
    about = {"plan": key, "plans": list(prepared.identities), "ordinal": ordinal}
    with Journal(path, about) as journal:
        while (call := feed.next()) is not None:
            answer = journal.answers.get(call.id)
            if answer is not None:
                feed.done(call, answer)
        head = journal.head
    return prepared, feed, head


def examples(result_feed: EvaluationFeed, most: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Some failures of each suite, for people who may read them: what was asked and what came."""
    found: dict[str, list[dict[str, Any]]] = {}
    for run, position, state, graded in result_feed.finished_probes():
        if graded.outcome == "fail" and len(found.setdefault(run.name, [])) < most:
            found[run.name].append(
                {
                    "probe": state.probe.id,
                    "position": position,
                    "reason": graded.reason,
                    "asked": [one["content"] for one in state.talks[0] if one["role"] == "user"],
                    "answered": [answer.text for answer in state.flat],
                    "sure": graded.sure,
                }
            )
    return found


def troubles(feed: EvaluationFeed, most: int = 3) -> list[tuple[str, int]]:
    """The most frequent reasons why probes have no grade."""
    lost = [found.reason for *_, found in feed.finished_probes() if found.outcome in ("error", "unscored")]
    return Counter(lost).most_common(most)
