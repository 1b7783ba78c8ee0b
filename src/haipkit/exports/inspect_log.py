"""A run as a log of Inspect, `.eval` (a ZIP file) or `.json`, which its loader and its viewer open. Version 2.

Written from the format alone, with nothing but the standard library. Every probe is a sample with its messages, its
score or its error. An answer that could not be graded has neither and stays in the number of samples.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

VERSION = 2
_STOPS = {"stop": "stop", "length": "max_tokens", "tool_calls": "tool_calls", "content_filter": "content_filter"}
_VALUES = {"pass": "C", "fail": "I"}
"""Inspect's letters for correct and incorrect. What failed is the system, so a failure is `I`."""


@dataclass(frozen=True)
class Asked:
    """One probe. `talks`: its conversations, each a list of messages as chat endpoints take them, last answer included.

    `outcome`: pass, fail, error or unscored. `used`: whether the verdict read it, which reads in scheduled order.
    """

    suite: str
    position: int
    probe: str
    talks: Sequence[Sequence[Mapping[str, Any]]]
    outcome: str
    reason: str
    sure: bool
    used: bool
    model: str = ""
    finish: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.suite}-{self.position}"


@dataclass(frozen=True)
class Judged:
    """What a suite came to. `numbers`: metrics by name (failure rate, its ends); `about`: verdict, reason, rule."""

    suite: str
    verdict: str
    numbers: Mapping[str, float]
    scored: int
    unscored: int
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Exported:
    """A whole run. `identity` names plan, journal and target by digest; `at` is when the run was recorded."""

    task: str
    model: str
    at: str
    version: str
    finished: bool
    identity: Mapping[str, Any]
    suites: Sequence[Judged]
    probes: Sequence[Asked]


def as_json(run: Exported) -> bytes:
    """The log as one JSON text."""
    return _text({**_header(run), "samples": [_sample(run, probe) for probe in run.probes]})


def as_eval(run: Exported) -> bytes:
    """The log as a ZIP file, the same bytes for the same run."""
    head = _header(run)
    start = {name: head[name] for name in ("version", "eval", "plan")}
    summaries = [_summary(run, probe) for probe in run.probes]
    members = [("_journal/start.json", _text(start))]
    members += [(f"samples/{probe.name}_epoch_1.json", _text(_sample(run, probe))) for probe in run.probes]
    members += [("summaries.json", _text(summaries)), ("header.json", _text(head))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def _header(run: Exported) -> dict[str, Any]:
    plan = str(run.identity.get("plan", "plan"))
    scores = [_score_of(suite) for suite in run.suites]
    completed = sum(probe.outcome != "error" for probe in run.probes)
    return {
        "version": VERSION,
        "status": "success" if run.finished else "cancelled",
        "eval": {
            "eval_id": f"{plan}-{run.identity.get('run', 1)}",
            "run_id": f"{plan}-{run.identity.get('run', 1)}",
            "created": run.at,
            "task": run.task,
            "task_id": plan,
            "task_version": 1,
            "dataset": {
                "name": plan,
                "samples": len(run.probes),
                "sample_ids": [probe.name for probe in run.probes],
                "shuffled": True,
            },
            "model": run.model,
            "config": {"epochs": 1},
            "packages": {"haipkit": run.version},
            "metadata": dict(run.identity),
            "scorers": [{"name": suite.suite} for suite in run.suites],
        },
        "plan": {"name": "haipkit", "steps": [], "config": {}},
        "results": {"total_samples": len(run.probes), "completed_samples": completed, "scores": scores},
        "stats": {"started_at": run.at, "completed_at": run.at, "model_usage": _all_usage(run)},
        "metadata": dict(run.identity),
    }


def _score_of(suite: Judged) -> dict[str, Any]:
    """The verdict is a metric too, with the exit code as its value, so that a viewer shows it."""
    codes = {"PASS": 0, "FAIL": 1, "UNDECIDED": 2, "INVALID": 3}
    metrics = {name: {"name": name, "value": value} for name, value in suite.numbers.items()}
    verdict = f"verdict {suite.verdict}"
    about = {"verdict": suite.verdict, **suite.about}
    metrics[verdict] = {"name": verdict, "value": codes[suite.verdict], "metadata": about}
    return {
        "name": suite.suite,
        "scorer": suite.suite,
        "scored_samples": suite.scored,
        "unscored_samples": suite.unscored,
        "metrics": metrics,
        "metadata": about,
    }


def _usage(probe: Asked) -> dict[str, int]:
    total = probe.input_tokens + probe.output_tokens
    return {"input_tokens": probe.input_tokens, "output_tokens": probe.output_tokens, "total_tokens": total}


def _all_usage(run: Exported) -> dict[str, Any]:
    parts = [_usage(probe) for probe in run.probes]
    return {run.model: {name: sum(part[name] for part in parts) for name in parts[0]}} if parts else {}


def _sample(run: Exported, probe: Asked) -> dict[str, Any]:
    messages = [message for talk in probe.talks for message in _messages(talk, probe)]
    answers = [message for message in messages if message["role"] == "assistant"]
    last = answers[-1] if answers else None
    output: dict[str, Any] = {"model": probe.model or run.model, "choices": [], "completion": ""}
    if last is not None:
        output["choices"] = [{"message": last, "stop_reason": _STOPS.get(probe.finish, "unknown")}]
        output |= {"completion": last["content"], "usage": _usage(probe)}
    made = {
        "id": probe.name,
        "epoch": 1,
        "input": _first_words(messages),
        "target": "",
        "messages": messages,
        "output": output,
        **_graded(probe),
        "metadata": _about(probe),
        "store": {},
        "events": [],
        "model_usage": {run.model: _usage(probe)},
        "total_time": probe.seconds,
        "attachments": {},
    }
    if probe.outcome == "error":
        made["error"] = {"message": probe.reason, "traceback": "", "traceback_ansi": ""}
    return made


def _summary(run: Exported, probe: Asked) -> dict[str, Any]:
    messages = [message for talk in probe.talks for message in _messages(talk, probe)]
    made = {"id": probe.name, "epoch": 1, "input": _first_words(messages), "target": "", "metadata": _about(probe)}
    made |= {**_graded(probe), "model_usage": {run.model: _usage(probe)}, "completed": True}
    made["message_count"] = len(messages)
    return {**made, "error": probe.reason} if probe.outcome == "error" else made


def _graded(probe: Asked) -> dict[str, Any]:
    value = _VALUES.get(probe.outcome)
    if value is None:
        return {}
    said = [one["content"] for talk in probe.talks for one in _messages(talk, probe) if one["role"] == "assistant"]
    score = {"value": value, "answer": said[-1] if said else "", "explanation": probe.reason}
    return {"scores": {probe.suite: {**score, "metadata": {"sure": probe.sure}}}}


def _about(probe: Asked) -> dict[str, Any]:
    about = {"suite": probe.suite, "probe": probe.probe, "position": probe.position, "read_by_verdict": probe.used}
    return {**about, "unscored": probe.reason} if probe.outcome == "unscored" else about


def _first_words(messages: Sequence[Mapping[str, Any]]) -> str:
    return next((str(one["content"]) for one in messages if one["role"] == "user"), "")


def _messages(talk: Sequence[Mapping[str, Any]], probe: Asked) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for said in talk:
        message: dict[str, Any] = {"role": said["role"], "content": said.get("content") or ""}
        if said["role"] == "assistant":
            message |= {"source": "generate", **({"model": probe.model} if probe.model else {})}
            if calls := [_call(call) for call in said.get("tool_calls", ())]:
                message["tool_calls"] = calls
        if said["role"] == "tool":
            message["tool_call_id"] = said.get("tool_call_id", "")
        made.append(message)
    return made


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    made: dict[str, Any] = {"id": call["id"], "function": function["name"], "type": "function", "arguments": {}}
    try:
        arguments = json.loads(function["arguments"] or "{}")
    except ValueError:
        arguments = None
    if isinstance(arguments, dict):
        return {**made, "arguments": arguments}
    return {**made, "parse_error": f"not an object: {function['arguments']}"[:300]}
