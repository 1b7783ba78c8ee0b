"""The words for risks, and for what was measured about them."""

from collections.abc import Iterable, Mapping
from typing import Any

from haipkit.records.record import Record
from haipkit.reports.phrases.register import Namer, domains, free, phrase, the, whose, words
from haipkit.reports.text import count, day, join, join_phrases, quoted, sentence_case, stop


@phrase("risk/1")
def _risk(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"We recorded the risk {quoted(body['title'])}{whose(record, namer)}: {free(body['description'])}"
    level = f"We judge it {words(body['likelihood'])}, with {body['severity']} consequences"
    if body.get("residual_severity") or body.get("residual_likelihood"):
        after = words(body.get("residual_likelihood") or body["likelihood"])
        level += f"; after our measures {after}, with {body.get('residual_severity') or body['severity']} consequences"
    yield level + "."
    measures = join_phrases(body.get("measures") or ())
    yield {
        "in-place": f"Our measures: {measures}." if measures else "Measures are in place.",
        "planned": f"We plan these measures: {measures}." if measures else "Measures are planned, not yet in place.",
    }.get(str(body["treatment"]), "No measure is in place yet.")
    if body.get("accepted_by"):
        until = f", until {day(body['acceptance_expires'])}" if body.get("acceptance_expires") else ""
        on = f" on {day(body['accepted_on'])}" if body.get("accepted_on") else ""
        yield f"{sentence_case(the(body['accepted_by']))} accepted what remains{on}{until}."


_METHODS = {
    "benchmark": " with a benchmark",
    "red-team": " by red-teaming",
    "adversarial": " with hostile inputs",
    "human-study": " in a study with people",
    "functional": " for what it should do",
    "audit": " in an audit",
}


@phrase("evaluation/1")
def _evaluation(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    who = "an independent party" if body["performed_by"] == "independent" else "we"
    what = namer(record.header.system) if record.header.system else "our system"
    method = _METHODS.get(str(body["method"]), "")
    stage = {"pre-deployment": ", before release", "post-deployment": ", after release"}.get(str(body["stage"]), "")
    yield f"On {day(body['performed_on'])} {who} tested {what}{method}{stage}: {quoted(body['title'])}."
    looked_at = [domain for domain in body["domains"] if domain != "other"]
    yield f"The test looked at {domains(looked_at)}." if looked_at else ""
    if body.get("samples"):
        some = body.get("scored") not in (None, body["samples"])
        scored = f", of which {body['scored']} could be scored" if some else ""
        yield f"It used {body['samples']} samples{scored}."
    results = {"pass": "passed", "fail": "failed", "mixed": "mixed", "informational": "for information"}
    say = _rate_words if body.get("verdict") else metric_words
    figures = join_phrases(say(metric) for metric in body.get("metrics") or ())
    bar = f" (the bar: {body['threshold']})" if body.get("threshold") else ""
    yield f"Result: {results.get(str(body['result']), body['result'])}{bar}{'; ' + figures if figures else ''}."
    if body.get("verdict"):
        known = f", and the rate is {body['rate_is']}" if body.get("rate_is") else ""
        yield f"By the rule registered before the run: {body['verdict']}{known}."
    if body.get("reviewed_by"):
        yield f"People looked at the answers whose grade was not sure, for {the(body['reviewed_by'])}."
    shows = "What the test shows: " if body.get("verdict") and body.get("summary") else ""
    yield shows + free(body.get("summary"))
    yield f"What the test does not show: {join_phrases(body['limitations'])}." if body.get("limitations") else ""


def metric_words(metric: Mapping[str, Any]) -> str:
    """`right answers: 0.94 share (n = 198, interval 0.90 to 0.97)`."""
    extra = [f"n = {metric['n']}"] if metric.get("n") is not None else []
    if metric.get("low") is not None and metric.get("high") is not None:
        extra.append(f"interval {metric['low']} to {metric['high']}")
    return f"{metric['name']}: {metric['value']} {metric['unit']}" + (f" ({', '.join(extra)})" if extra else "")


def _rate_words(metric: Mapping[str, Any]) -> str:
    """`failure rate: 19.0 % (n = 21, 95 % interval 5.9 % to 45.6 %)`: a share that we measured ourselves."""
    if metric.get("unit") != "share" or metric.get("low") is None or metric.get("high") is None:
        return metric_words(metric)
    interval = f"95 % interval {percent(metric['low'])} to {percent(metric['high'])}"
    return f"{metric['name']}: {percent(metric['value'])} (n = {metric.get('n')}, {interval})"


@phrase("evaluation-plan/1")
def _evaluation_plan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    suites = [one for one in body["suites"] if isinstance(one, Mapping)]
    titles = join([quoted(one["title"]) for one in suites]) or "no suite"
    about = whose(record, namer, "of")
    yield f"On {day(body['registered_on'])}, before the first call, we registered what to ask{about}: {titles}."
    bars = {f"at most {one['at_most']}, surely not {one['surely_not']}" for one in suites}
    if len(bars) == 1:
        yield f"What decides: a failure rate of {bars.pop()}."
    yield f"Chance of a wrong verdict: {stop(str(body['chance_of_error']))}"


_VERDICTS = {
    "PASS": "every suite passed",
    "FAIL": "a suite failed",
    "UNDECIDED": "not decided",
    "INVALID": "not valid as a measurement",
}


@phrase("evaluation-run/1")
def _evaluation_run(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    nth = "" if body["ordinal"] == 1 else f" (run {body['ordinal']} of the same plan)"
    yield f"On {day(body['ran_on'])} we ran the plan {quoted(body['plan'])}{whose(record, namer, 'against')}{nth}."
    if body["state"] != "finished":
        yield "The run was started and has not come to its end."
    for one in body.get("suites") or ():
        if isinstance(one, Mapping):
            yield verdict_words(one)
    yield f"Together: {_VERDICTS.get(str(body['outcome']), body['outcome'])}." if body.get("outcome") else ""


def verdict_words(one: Mapping[str, Any]) -> str:
    """`prompt-leak 1: FAIL, 4 of 12 failed (33.3 %, 95 % interval 10.1 to 61.9 %, verified).`"""
    counted = f"{one['failures']} of {one['calls']} failed"
    if one.get("rate") is not None:
        interval = (
            f"95 % interval {percent(one['low'])} to {percent(one['high'])}" if one.get("low") is not None else ""
        )
        inner = ", ".join(part for part in (percent(one["rate"]), interval, str(one.get("rate_is") or "")) if part)
        counted += f" ({inner})"
    lost = one["errors"] + one["unscored"]
    return f"{one['suite']}: {one['verdict']}, {counted}" + (f", {lost} without a grade." if lost else ".")


def percent(share: object) -> str:
    """A share as text, `0.0125`, in words: `1.3 %`."""
    return f"{float(str(share)) * 100:.1f} %"


_EFFECTS = {
    "IMPROVED": "It became better",
    "REGRESSED": "It became worse",
    "NO EVIDENCE": "There is no evidence of a change",
    "INVALID": "The comparison is not valid",
}


@phrase("comparison/1")
def _comparison(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['compared_on'])} we compared {quoted(body['before'])} with {quoted(body['after'])} on the same "
        f"probes of {quoted(body['suite'])}{whose(record, namer)}."
    )
    effect = _EFFECTS.get(str(body["effect"]), str(body["effect"]))
    yield f"{effect}: of {count(body['pairs'], 'pair')}, {body['improved']} improved and {body['worsened']} worsened."
    if body.get("change") is not None:
        low, high = _points(body["low"]), _points(body["high"])
        yield f"Change of the failure rate: {_points(body['change'])} (95 % interval {low} to {high})."


def _points(share: object) -> str:
    return f"{float(str(share)) * 100:+.1f} points"


@phrase("trace/1")
def _trace(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    steps = {"data": "a step on data", "training": "a training step", "evaluation": "an evaluation"}
    step = steps.get(str(body["step"]), "a step")
    yield f"On {day(body['performed_on'])} we traced {step}{whose(record, namer, 'of')}: {quoted(body['title'])}."
    inputs, outputs = (len(body.get(name) or ()) for name in ("inputs", "outputs"))
    yield f"By digest it names {count(inputs, 'input')} and {count(outputs, 'output')}."
    if body.get("exit_code"):
        yield f"The step failed, with exit code {body['exit_code']}."
    if body.get("code_commit"):
        changed = ", with files that differed from it" if body.get("code_changed") else ""
        yield f"Code: commit {str(body['code_commit'])[:12]}{changed}."


@phrase("test/1")
def _test(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    bad = [
        f"{body[name]} {words_}"
        for name, words_ in (("failed", "failed"), ("errors", "ended in an error"))
        if body[name]
    ]
    skipped = f"; {body['skipped']} were skipped" if body.get("skipped") else ""
    of = whose(record, namer)
    if not body["tests"]:
        yield f"The test run {quoted(body['title'])}{of} ran no test."
        return
    rest = f", {join(bad)}" if bad else ""
    passed = f"{body['passed']} of {body['tests']} tests passed{rest}{skipped}"
    yield f"In the test run {quoted(body['title'])}{of}, {passed}."


@phrase("scan/1")
def _scan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    tool = f" with {record.header.tool.name}" if record.header.tool else ""
    found = join([count(body[name], name) for name in ("error", "warning", "note")])
    yield f"The scan {quoted(body['title'])}{whose(record, namer)}{tool} reported {found}."


@phrase("inventory/1")
def _inventory(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    of = whose(record, namer, "of")
    open_points = []
    if body.get("without_licence"):
        open_points.append(f"{body['without_licence']} without a licence")
    if body.get("vulnerabilities"):
        open_points.append(count(body["vulnerabilities"], "known vulnerability", "known vulnerabilities"))
    rest = f": {join(open_points)}" if open_points else ""
    yield f"We keep a list of the {count(body['components'], 'part')}{of}{rest}."
    yield f"Models in it: {join(body['models'])}." if body.get("models") else ""
