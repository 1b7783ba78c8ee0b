"""A run of ours for another tool's eyes: rebuilt from its journal, without a call."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.exports.inspect_log import Asked, Exported, Judged, as_eval, as_json
from haipkit.kernel.errors import UsageError
from haipkit.workspace.config import save
from haipkit.workspace.evaluation_compare import run_named
from haipkit.workspace.evaluation_feed import Progress, SuiteRun
from haipkit.workspace.evaluation_plan import Prepared, percent
from haipkit.workspace.evaluation_run import replay, runs_of

if TYPE_CHECKING:
    from haipkit.actions.a01_risk.scoring import Grade
    from haipkit.workspace.open import Workspace

_WRITERS = {".eval": as_eval, ".json": as_json}


def export_inspect(workspace: "Workspace", name: str, path: Path) -> Exported:
    """Write the run `PLAN` (its newest) or `PLAN.2` as a log of Inspect. Raises UsageError, BadInput, CannotWrite."""
    write = _WRITERS.get(path.suffix)
    if write is None:
        raise UsageError(f"{path.name} is neither .eval nor .json", advice="Inspect knows a log by how its name ends.")
    run = as_exported(workspace, name)
    save(path, write(run))
    return run


def as_exported(workspace: "Workspace", name: str) -> Exported:
    """The run with everything that was asked, whether the verdict read it or not."""
    from haipkit import __version__

    key, ordinal = run_named(workspace, name)
    prepared, feed, head = replay(workspace, key, ordinal)
    record = next(r for r in runs_of(workspace, key) if int(r.body["ordinal"]) == ordinal)
    finished = record.body["state"] == "finished"
    model = prepared.target.model or min(feed.replied_as, default="") or prepared.target.place or "unknown"
    identity = {
        "plan": key,
        "run": ordinal,
        "system": prepared.system,
        "plans_sha256": list(prepared.identities),
        "journal_sha256": head,
        "target_sha256": prepared.target.digest,
        "outcome": record.body.get("outcome") or "not finished",
    }
    probes = [_asked(run, position, state, grade) for run, position, state, grade in feed.finished_probes()]
    suites = [_judged(run, prepared, finished=finished) for run in feed.runs.values()]
    at = record.header.recorded_at
    return Exported(f"{prepared.system}: {key}", model, at, __version__, finished, identity, suites, probes)


def _judged(run: SuiteRun, prepared: Prepared, *, finished: bool) -> Judged:
    verdict = run.verdict()
    policy = run.planned.plan.policy
    numbers = {"calls": float(verdict.calls), "failures": float(verdict.failures), "errors": float(verdict.errors)}
    if verdict.interval is not None:
        interval = verdict.interval
        numbers |= {"failure rate": interval.rate, "95 % from": interval.low, "95 % to": interval.high}
    about = {
        "reason": verdict.reason if finished else "the run did not finish",
        "threshold": f"at most {percent(policy.p_ok)}, surely not {percent(policy.p_bad)}",
        "plan_sha256": run.planned.plan.identity,
        "judge": prepared.judge.identity_words if prepared.judge else "none",
    }
    outcomes = [grade.outcome for grade in run.grades.values()]
    scored = sum(outcome in ("pass", "fail") for outcome in outcomes)
    name = verdict.name if finished else "UNDECIDED"
    return Judged(run.name, name, numbers, scored, outcomes.count("unscored"), about)


def _asked(run: SuiteRun, position: int, state: Progress, grade: "Grade") -> Asked:
    answers = state.flat
    last = answers[-1] if answers else None
    return Asked(
        suite=run.name,
        position=position,
        probe=state.probe.id,
        talks=[_talk(state, place) for place in range(len(state.talks))],
        outcome=grade.outcome,
        reason=grade.reason,
        sure=grade.sure,
        used=position < run.reader.read,
        model=last.model if last else "",
        finish=last.finish if last else "",
        input_tokens=sum(answer.prompt_tokens or 0 for answer in answers),
        output_tokens=sum(answer.completion_tokens or 0 for answer in answers),
        seconds=round(sum(answer.seconds for answer in answers), 3),
    )


def _talk(state: Progress, place: int) -> Sequence[dict[str, Any]]:
    """What was said, with the last answer, which the conversation itself does not hold."""
    talk = list(state.talks[place])
    answers = state.answers[place]
    if answers and (answers[-1].error is None or answers[-1].text):
        calls = [
            {"id": call.id or f"call-{n}", "function": {"name": call.name, "arguments": call.arguments}}
            for n, call in enumerate(answers[-1].tool_calls, start=1)
        ]
        talk.append({"role": "assistant", "content": answers[-1].text, **({"tool_calls": calls} if calls else {})})
    return talk
