"""One short paragraph for each kind of record, in the first person plural, composed from the record's own fields.

Words that people wrote are quoted or follow a colon, so that their case and punctuation cannot break a sentence. A
kind without a function here gets the plain sentence of `other`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from haipkit.kernel.words import RISK_DOMAINS
from haipkit.records.kinds import KINDS
from haipkit.records.record import Record
from haipkit.reports.text import clip, count, day, join, join_phrases, quoted, sentence_case, stop

LONGEST = 600
"""Characters of one free text that an answer quotes; the record keeps the whole."""

Namer = Callable[[str | None], str]
"""Turns a system, a release or a key into words for people."""
Phrase = Callable[[Mapping[str, Any], Record, Namer], Iterable[str]]
_PHRASES: dict[str, Phrase] = {}


class _Erased(str):
    """Stands where a field was erased or withheld; as a list it has one item."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


class _Body(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return _Erased("(erased)")


def phrase_of(record: Record, namer: Namer) -> str:
    """The paragraph of one record. Fields whose disclosures are gone read `(erased)`."""
    write = _PHRASES.get(record.header.kind, other)
    return " ".join(sentence for sentence in write(_Body(record.body), record, namer) if sentence)


def other(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    known = KINDS.get(record.header.kind)
    yield f"We recorded {quoted(record.title)} ({known.title.lower() if known else record.header.kind})."


def _phrase(kind: str) -> Callable[[Phrase], Phrase]:
    def enter(function: Phrase) -> Phrase:
        _PHRASES[kind] = function
        return function

    return enter


def free(text: object) -> str:
    """A free text as a sentence, cut where it is very long."""
    return stop(clip(str(text), LONGEST)) if text else ""


def the(office: object) -> str:
    name = str(office)
    return name if name.lower().startswith(("the ", "our ")) else f"the {name}"


def words(value: object) -> str:
    return str(value).replace("-", " ")


def domains(values: Iterable[str]) -> str:
    return join_phrases(RISK_DOMAINS.get(value, "other risks").lower() for value in values)


def _of(record: Record, namer: Namer, preposition: str = "for") -> str:
    return f" {preposition} {namer(record.header.system)}" if record.header.system else ""


def _checked(body: Mapping[str, Any]) -> str:
    if not body.get("last_checked_on"):
        return ""
    how = f" ({clip(body['checked_how'], 200)})" if body.get("checked_how") else ""
    return f"We last checked it on {day(body['last_checked_on'])}{how}."


@_phrase("organisation/1")
def _organisation(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    field = f" in the field of {body['sector']}" if body.get("sector") else ""
    yield f"We are {body['name']}, a {body['size']} organisation{field}."
    yield f"Under the Code we act as {join([words(role) for role in body['roles']])}."
    yield f"We work in {join(body['countries'])}." if body.get("countries") else ""
    yield free(body.get("description"))


@_phrase("commitment/1")
def _commitment(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    to = "the Code of Conduct of the G7 Hiroshima AI Process" if body["to"] == "code-of-conduct" else quoted(body["to"])
    yield f"On {day(body['made_on'])} {the(body['made_by'])} committed us to {to}: {free(body['statement'])}"
    yield f"The commitment is public: {body['url']}" if body.get("url") else ""


@_phrase("owner/1")
def _owner(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    deputy = f"; {the(body['deputy'])} is the deputy" if body.get("deputy") else ""
    yield f"{sentence_case(the(body['office']))} answers for action {body['action']}{deputy}."


@_phrase("policy/1")
def _policy(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    about = words(body["topic"]).replace("ai ", "AI ")
    yield f"We have a policy on {about}, {quoted(body['title'])} (version {body['version']}): {free(body['summary'])}"
    if body.get("covers_prompts_and_outputs"):
        yield "It covers prompts and outputs as well as other personal data."
    review = f" and reviews it next by {day(body['next_review'])}" if body.get("next_review") else ""
    yield f"{sentence_case(the(body['owner']))} keeps it{review}."
    if body.get("published"):
        yield f"It is public: {body['url']}" if body.get("url") else "It is public."


@_phrase("approval/1")
def _approval(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    version = f", version {body['version']}," if body.get("version") else ""
    yield (
        f"{sentence_case(the(body['approved_by']))} approved {quoted(namer(body['subject']))}{version} on "
        f"{day(body['approved_on'])}."
    )
    yield free(body.get("note"))


@_phrase("system/1")
def _system(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    verbs = {"model-developer": "train the model of", "application-developer": "build", "deployer": "use"}
    done = join([verbs[role] for role in body["roles"] if role in verbs]) or "work with"
    yield f"We {done} the AI system {quoted(body['name'])}. Its purpose: {free(body['purpose'])}"
    yield f"It affects {join(body['people_affected'])}." if body.get("people_affected") else ""
    traits = [
        "it talks to people" if body.get("talks_to_people") else "",
        f"it makes content ({join(body['media'])})" if body.get("makes_content") and body.get("media") else "",
        "it makes content" if body.get("makes_content") and not body.get("media") else "",
        "it uses personal data" if body.get("uses_personal_data") else "",
        "a failure could hurt people, rights or safety" if body.get("elevated_risk") else "",
    ]
    traits = [trait for trait in traits if trait]
    yield sentence_case(join(traits)) + "." if traits else ""
    yield {
        "none": "It suggests only; people decide.",
        "low": "It acts by itself to a low degree.",
        "medium": "It acts by itself to a medium degree.",
        "high": "It acts by itself, and people see it later.",
    }.get(str(body.get("autonomy")), "")


@_phrase("release/1")
def _release(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    version = f"Version {body['version']}{_of(record, namer, 'of')}"
    yield f"{version} came out on {day(body['released_on'])}: {free(body['summary'])}"
    for lead, name in (
        ("What it can do", "capabilities"),
        ("Its limits", "limitations"),
        ("It is meant for", "appropriate_uses"),
        ("It is not meant for", "inappropriate_uses"),
        ("Known effects on people and society", "effects_on_society"),
    ):
        yield f"{lead}: {join_phrases(body[name])}." if body.get(name) else ""


@_phrase("risk/1")
def _risk(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"We recorded the risk {quoted(body['title'])}{_of(record, namer)}: {free(body['description'])}"
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


@_phrase("evaluation/1")
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
    figures = join_phrases(metric_words(metric) for metric in body.get("metrics") or ())
    bar = f" (the bar: {body['threshold']})" if body.get("threshold") else ""
    yield f"Result: {results.get(str(body['result']), body['result'])}{bar}{'; ' + figures if figures else ''}."
    if body.get("verdict"):
        known = f", and the rate is {body['rate_is']}" if body.get("rate_is") else ""
        yield f"By the rule registered before the run: {body['verdict']}{known}."
    yield free(body.get("summary"))
    yield f"What the test does not show: {join_phrases(body['limitations'])}." if body.get("limitations") else ""


def metric_words(metric: Mapping[str, Any]) -> str:
    """`right answers: 0.94 share (n = 198, interval 0.90 to 0.97)`."""
    extra = [f"n = {metric['n']}"] if metric.get("n") is not None else []
    if metric.get("low") is not None and metric.get("high") is not None:
        extra.append(f"interval {metric['low']} to {metric['high']}")
    return f"{metric['name']}: {metric['value']} {metric['unit']}" + (f" ({', '.join(extra)})" if extra else "")


@_phrase("evaluation-plan/1")
def _evaluation_plan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    suites = [one for one in body["suites"] if isinstance(one, Mapping)]
    titles = join([quoted(one["title"]) for one in suites]) or "no suite"
    about = _of(record, namer, "of")
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


@_phrase("evaluation-run/1")
def _evaluation_run(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    nth = "" if body["ordinal"] == 1 else f" (run {body['ordinal']} of the same plan)"
    yield f"On {day(body['ran_on'])} we ran the plan {quoted(body['plan'])}{_of(record, namer, 'against')}{nth}."
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


@_phrase("comparison/1")
def _comparison(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['compared_on'])} we compared {quoted(body['before'])} with {quoted(body['after'])} on the same "
        f"probes of {quoted(body['suite'])}{_of(record, namer)}."
    )
    effect = _EFFECTS.get(str(body["effect"]), str(body["effect"]))
    yield f"{effect}: of {count(body['pairs'], 'pair')}, {body['improved']} improved and {body['worsened']} worsened."
    if body.get("change") is not None:
        low, high = _points(body["low"]), _points(body["high"])
        yield f"Change of the failure rate: {_points(body['change'])} (95 % interval {low} to {high})."


def _points(share: object) -> str:
    return f"{float(str(share)) * 100:+.1f} points"


@_phrase("trace/1")
def _trace(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    steps = {"data": "a step on data", "training": "a training step", "evaluation": "an evaluation"}
    step = steps.get(str(body["step"]), "a step")
    yield f"On {day(body['performed_on'])} we traced {step}{_of(record, namer, 'of')}: {quoted(body['title'])}."
    inputs, outputs = (len(body.get(name) or ()) for name in ("inputs", "outputs"))
    yield f"By digest it names {count(inputs, 'input')} and {count(outputs, 'output')}."
    if body.get("exit_code"):
        yield f"The step failed, with exit code {body['exit_code']}."
    if body.get("code_commit"):
        changed = ", with files that differed from it" if body.get("code_changed") else ""
        yield f"Code: commit {str(body['code_commit'])[:12]}{changed}."


@_phrase("test/1")
def _test(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    bad = [
        f"{body[name]} {words_}"
        for name, words_ in (("failed", "failed"), ("errors", "ended in an error"))
        if body[name]
    ]
    skipped = f"; {body['skipped']} were skipped" if body.get("skipped") else ""
    of = _of(record, namer)
    if not body["tests"]:
        yield f"The test run {quoted(body['title'])}{of} ran no test."
        return
    rest = f", {join(bad)}" if bad else ""
    passed = f"{body['passed']} of {body['tests']} tests passed{rest}{skipped}"
    yield f"In the test run {quoted(body['title'])}{of}, {passed}."


@_phrase("scan/1")
def _scan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    tool = f" with {record.header.tool.name}" if record.header.tool else ""
    found = join([count(body[name], name) for name in ("error", "warning", "note")])
    yield f"The scan {quoted(body['title'])}{_of(record, namer)}{tool} reported {found}."


@_phrase("inventory/1")
def _inventory(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    of = _of(record, namer, "of")
    open_points = []
    if body.get("without_licence"):
        open_points.append(f"{body['without_licence']} without a licence")
    if body.get("vulnerabilities"):
        open_points.append(count(body["vulnerabilities"], "known vulnerability", "known vulnerabilities"))
    rest = f": {join(open_points)}" if open_points else ""
    yield f"We keep a list of the {count(body['components'], 'part')}{of}{rest}."
    yield f"Models in it: {join(body['models'])}." if body.get("models") else ""


_STATES = {"in-place": "We have", "planned": "We plan", "absent": "We do not have"}


def _measure(body: Mapping[str, Any], what: str) -> Iterable[str]:
    yield f"{_STATES.get(str(body['status']), 'We have')} {what}: {quoted(body['title'])}. {free(body['description'])}"
    if body["status"] == "in-place":
        yield _checked(body)


@_phrase("control/1")
def _control(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    topics = {
        "weights": "protection of model weights",
        "physical": "physical protection",
        "insider-threat": "protection against insiders",
        "risk-assessment": "an assessment of security risks",
        "vulnerability-management": "a way to handle weaknesses",
        "review": "security reviews",
        "logging": "logging of who does what",
        "supply-chain": "checks on what we take from suppliers",
        "backup": "backups",
        "accounts": "rules for accounts",
        "access-control": "limits on who gets access",
    }
    yield from _measure(body, topics.get(str(body["topic"]), words(body["topic"])))


@_phrase("safeguard/1")
def _safeguard(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield from _measure(body, f"a safeguard for {words(body['topic'])}")


@_phrase("dataset/1")
def _dataset(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    use = {"fine-tuning": "fine-tuning", "retrieval": "looking up answers"}.get(str(body["use"]), str(body["use"]))
    size = f" ({count(body['documents'], 'document')})" if body.get("documents") is not None else ""
    yield f"For {use}{_of(record, namer)} we use the data set {quoted(body['name'])}{size}."
    yield f"Origin: {free(body['origin'])}"
    yield f"Ground for using it: {stop(body['rights'])}"
    yield {
        "none": "It holds no personal data.",
        "incidental": "It may hold some personal data by chance.",
        "present": "It holds personal data.",
    }.get(str(body["personal_data"]), "We do not know whether it holds personal data.")
    yield f"Checks of its quality: {join_phrases(body['quality_checks'])}." if body.get("quality_checks") else ""
    yield f"Checks for bias: {join_phrases(body['bias_checks'])}." if body.get("bias_checks") else ""
    if body.get("opt_outs_respected") is not None:
        yield "We respect opt-outs." if body["opt_outs_respected"] else "Opt-outs are not respected."


_TREATMENTS = {
    "redacted": "In the copy that we use, each of these values is replaced by a mark.",
    "dropped": "The copy that we use leaves these documents out.",
}


@_phrase("dataset-scan/1")
def _dataset_scan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    yield f"On {day(body['scanned_on'])} we scanned the data set {quoted(body['name'])}{_of(record, namer)} ({size})."
    sums: dict[str, int] = {}
    for one in body.get("found") or ():
        if isinstance(one, Mapping) and one.get("kind"):
            sums[one["kind"]] = sums.get(one["kind"], 0) + one["confirmed"] + one["probable"]
    if sums:
        most = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
        kinds = join([f"{kind} ({number:,})" for kind, number in most[:6]])
        rest = f" and {count(len(most) - 6, 'further kind')}" if len(most) > 6 else ""
        yield f"It holds values of these kinds in {count(body['documents_with_findings'], 'document')}: {kinds}{rest}."
        yield _TREATMENTS.get(str(body["treatment"]), "")
    elif body["outcome"] == "clean":
        kinds = count(len(body["looked_for"]), "kind")
        yield f"We looked for {kinds} of personal data and secrets and found no value of them."
    copies = body["exact_copies"]
    if copies == 0:
        yield "No document is an exact copy of another."
    else:
        yield f"{copies} {'document is an exact copy' if copies == 1 else 'documents are exact copies'} of another one."
    unread = [
        f"{count(body[name], 'file')} {words_}"
        for name, words_ in (("files_failed", "could not be read whole"), ("files_skipped", "held no plain text"))
        if body.get(name)
    ]
    yield f"What the scan did not see: {join(unread)}." if unread else ""
    yield "Names of persons were not looked for."


def _rows(body: Mapping[str, Any], name: str, needed: str) -> list[Mapping[str, Any]]:
    """The rows of a list that are whole: erased ones are no mappings."""
    return [one for one in body.get(name) or () if isinstance(one, Mapping) and one.get(needed)]


def _unread(body: Mapping[str, Any]) -> str:
    parts = [
        f"{count(body[name], 'file')} {words_}"
        for name, words_ in (("files_failed", "could not be read whole"), ("files_skipped", "held no plain text"))
        if body.get(name)
    ]
    return f"What was not seen: {join(parts)}." if parts else ""


@_phrase("dataset-duplicates/1")
def _dataset_duplicates(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    about = f"{quoted(body['name'])}{_of(record, namer)}"
    yield f"On {day(body['searched_on'])} we searched the data set {about} for duplicates ({size})."
    exact, near = body["exact_duplicates"], body["near_duplicates"]
    if exact or near:
        yield f"Equal to a document that stays: {exact}. As similar as {body['threshold']} or more: {near}."
        yield "The copy that we use leaves these documents out." if body["treatment"] == "dropped" else ""
    elif body["outcome"] == "clean":
        yield f"No document is equal to another, and no two are as similar as {body['threshold']}."
    yield _unread(body)


@_phrase("dataset-contamination/1")
def _dataset_contamination(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    about = f"{quoted(body['name'])}{_of(record, namer)}"
    yield f"On {day(body['checked_on'])} we looked for benchmarks in the data set {about} ({size})."
    for one in body.get("benchmarks") or ():
        if isinstance(one, Mapping) and one.keys() >= {"name", "judged", "overlapping", "contaminated"}:
            told = f"{one['contaminated']:,} of {count(one['judged'], 'item')} that could be judged stand in it"
            yield f"Of {quoted(one['name'])}, {told}, and a part of {one['overlapping']:,}."
    yield f"At most {body['limit']} were allowed." if body.get("limit") else ""
    yield _unread(body)


@_phrase("dataset-rights/1")
def _dataset_rights(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we looked for licences and reservations of rights in the data set "
        f"{quoted(body['name'])}{_of(record, namer)} ({count(body['documents'], 'document')}, "
        f"{count(body['sources'], 'named source')})."
    )
    if body["denied"]:
        left = "left out of the copy that we use" if body["treatment"] == "dropped" else "still in it"
        yield f"The sources of {count(body['denied'], 'document')} refuse this use; these documents are {left}."
    else:
        yield "No source refuses this use."
    yield f"For {count(body['unclear'], 'document')} nothing says that they may be used." if body["unclear"] else ""
    signals = [one for one in _rows(body, "signals", "carrier") if one["says"] == "deny"]
    if signals:
        named = [f"{one['carrier']} ({one['documents']:,})" for one in signals[:6]]
        yield f"What refuses: {join(named)}."
    yield "These are signals, not legal findings."


@_phrase("dataset-quality/1")
def _dataset_quality(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we looked at the quality of the data set {quoted(body['name'])}"
        f"{_of(record, namer)} ({count(body['documents'], 'document')})."
    )
    languages = _rows(body, "languages", "language")
    if languages:
        most = sorted(languages, key=lambda one: (-one["documents"], one["language"]))[:6]
        yield "Languages: " + join([f"{one['language']} ({one['documents']:,})" for one in most]) + "."
    found = _rows(body, "found", "kind")
    if found:
        most = sorted(found, key=lambda one: (-one["documents"], one["kind"]))[:6]
        faults = join([f"{one['kind']} ({one['documents']:,})" for one in most])
        yield f"{count(body['documents_with_findings'], 'document')} stood out: {faults}."
    elif body["outcome"] == "clean":
        yield "No document stood out."
    columns = sorted({one["column"] for one in _rows(body, "columns", "column")})
    yield f"We counted who is represented by the columns {join_phrases(columns)}." if columns else ""


@_phrase("dataset-bias/1")
def _dataset_bias(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we compared groups in the data set {quoted(body['name'])}{_of(record, namer)} "
        f"({count(body['rows'], 'row')})."
    )
    for one in _rows(body, "groupings", "figures"):
        figures = [f"{f['name']} {f['value']}" for f in one["figures"] if f.get("value") is not None][:4]
        missing = sum(1 for f in one["figures"] if f.get("value") is None)
        said = join(figures) if figures else "nothing could be computed"
        rest = f" ({count(missing, 'figure')} could not be computed)" if missing and figures else ""
        yield f"By {join(list(one['columns']))}: {said}{rest}."
    yield "Differences passed the limit that we set." if body["outcome"] == "fail" else ""


@_phrase("data-removal/1")
def _data_removal(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['requested_on'])} the {body['requested_by']} asked for data to be taken out of the data set "
        f"{quoted(body['name'])}{_of(record, namer)}; reason: {body['reason']}."
    )
    if body["stage"] == "requested" or body.get("done_on") is None:
        yield "It is not done yet."
    elif body["outcome"] == "not-found":
        yield f"On {day(body['done_on'])} we looked for it and found nothing."
    else:
        removed = count(body.get("documents_removed") or 0, "document")
        yield f"On {day(body['done_on'])} we took out {removed} and looked again."
        yield "Not everything could be read, so there may be more." if body["outcome"] == "incomplete" else ""


@_phrase("canaries/1")
def _canaries(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['made_on'])} we made {count(body['canaries'], 'made-up code')} to plant in training data"
        f"{_of(record, namer)}, and registered the digest of each."
    )


@_phrase("leak-test/1")
def _leak_test(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['performed_on'])} we tried to make the model {quoted(body['model'])}{_of(record, namer)} give "
        f"away what it was trained on ({count(body['calls'], 'call')}, of which {body['calls_failed']} failed)."
    )
    for one in _rows(body, "groups", "canaries"):
        planted = f"Of {count(one['canaries'], 'code')} planted {count(one['repeats'], 'time')}"
        out = f"{one['extracted']} came out" if one.get("extracted") is not None else ""
        known = f"{one['by_heart']} were known by heart" if one.get("by_heart") is not None else ""
        bits = (
            f" (median exposure {one['median_bits']} of {body['ceiling_bits']} bits)" if one.get("median_bits") else ""
        )
        yield f"{planted}, {join([part for part in (out, known) if part])}{bits}." if out or known else ""
    verbatim = body.get("verbatim")
    if isinstance(verbatim, Mapping) and verbatim.get("least_characters") is not None:
        least = verbatim["least_characters"]
        yield (
            f"Asked to continue {count(verbatim['prompts'], 'training document')}, it wrote {least} characters or more "
            f"of the training data in {max(verbatim['continued'], verbatim['in_corpus'])} answers."
        )
    if "values" in body.get("tried", ()):
        confirmed = sum(one["confirmed"] for one in _rows(body, "values", "kind"))
        written = sum(one["written"] for one in _rows(body, "values", "kind"))
        yield (
            f"Its {count(body['outputs'], 'answer')} held {count(written, 'value')} of the kinds we scan for; "
            f"{confirmed} of them stand in the training data."
        )
    for one in _rows(body, "membership", "score"):
        yield (
            f"By {one['score']}, training texts and held-out ones separate with an AUC of {one['auc']} "
            f"({one['low']} to {one['high']}); this is a signal and proves nothing."
        )
    yield f"Not tried: {join_phrases(body['not_tried'])}." if body.get("not_tried") else ""
    yield "A passed test says what was tried, not that nothing can leak." if body["outcome"] == "pass" else ""


@_phrase("private-training/1")
def _private_training(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['trained_on'])} a model{_of(record, namer, 'of')} was trained with differential privacy: ε = "
        f"{body['epsilon']} at δ = {body['delta']} for each {body['unit']}, by the {body['accountant']} accountant of "
        f"{body['library']} {body['library_version']}, over {count(body['steps'], 'step')}."
    )
    yield "What stands in the training data many times is protected less."


@_phrase("marking/1")
def _marking(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    kinds = {"notice": "a notice", "label": "a label", "watermark": "a watermark", "fingerprint": "a fingerprint"}
    how = kinds.get(str(body["mechanism"]), words(body["mechanism"]))
    state = _STATES.get(str(body["status"]), "We have")
    what = f"AI {join(body['media'])}{_of(record, namer, 'from')}"
    yield f"{state} {how} by which people can recognise {what}: {quoted(body['title'])}."
    if body["status"] == "in-place":
        yield "It names the service or model." if body["identifies"] == "service-or-model" else ""
        yield _checked(body)
    yield f"Anybody can ask here whether content came from us: {body['detector']}" if body.get("detector") else ""
    yield f"Its limits: {free(body['limits'])}" if body.get("limits") else ""


@_phrase("channel/1")
def _channel(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    anonymous = ", without giving a name if they wish" if body.get("anonymous") else ""
    who = join([words(audience) for audience in body["audience"]])
    yield f"People can report problems through {quoted(body['title'])} ({body['address']}){anonymous}."
    yield f"It is open to {who}."
    yield f"It takes reports in {join(body['languages'])}." if body.get("languages") else ""
    yield "We reward good reports." if body.get("rewards") else ""
    yield f"We last tried it out on {day(body['tested_on'])}." if body.get("tested_on") else ""


@_phrase("monitoring/1")
def _monitoring(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    system = namer(record.header.system) if record.header.system else "our systems"
    often = {"continuous": "all the time", "daily": "each day", "weekly": "each week", "monthly": "each month"}
    yield (
        f"We watch {system} {often.get(str(body['frequency']), 'each quarter')} for {join(body['watches'])}: "
        f"{free(body['method'])}"
    )
    found = {"nothing found": "found nothing", "acted on": "led to action"}.get(
        str(body["outcome"]), "left open points"
    )
    yield f"The last look, on {day(body['reviewed_on'])}, {found}."
    yield free(body.get("notes"))


@_phrase("incident/1")
def _incident(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    what = {"incident": "an incident", "hazard": "a hazard", "vulnerability": "a weakness"}.get(
        str(body["type"]), "misuse"
    )
    serious = " that we rate as serious" if body["serious"] else ""
    yield f"On {day(body['detected_on'])} we found {what}{serious}{_of(record, namer, 'in')}: {quoted(body['title'])}."
    yield free(body["description"])
    yield f"Harm: {join_phrases(body['harm'])}." if body.get("harm") else ""
    yield (
        f"What we did: {join_phrases(body['actions_taken'])}."
        if body.get("actions_taken")
        else "No action is recorded."
    )
    yield f"Told about it: {join_phrases(body['reported_to'])}." if body.get("reported_to") else ""
    since = f" since {day(body['resolved_on'])}" if body.get("resolved_on") else ""
    states = {"resolved": f"It is resolved{since}.", "mitigating": "We are working on it."}
    yield states.get(str(body["status"]), "It is still open.")
    yield f"What we learned: {free(body['lessons'])}" if body.get("lessons") else ""


@_phrase("publication/1")
def _publication(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    audience = "the public" if body["audience"] == "public" else body["audience"]
    yield f"On {day(body['published_on'])} we published {quoted(body['title'])} for {audience} ({words(body['type'])})."
    yield f"It covers {join([words(topic) for topic in body['covers']])}." if body.get("covers") else ""
    yield f"It is in {join(body['languages'])}." if body.get("languages") else ""
    yield f"Address: {body['url']}" if body.get("url") else ""


@_phrase("sharing/1")
def _sharing(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    what = f"{quoted(body['title'])} ({words(body['what'])})"
    yield f"On {day(body['shared_on'])} we shared {what} with {body['recipient']}."
    yield f"We left out: {join_phrases(body['withheld'])}." if body.get("withheld") else ""


@_phrase("membership/1")
def _membership(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"Since {day(body['since'])} we take part in {quoted(body['name'])} ({body['part']}): {free(body['purpose'])}"
    yield f"Our last contribution: {stop(body['last_contribution'])}" if body.get("last_contribution") else ""


@_phrase("supplier/1")
def _supplier(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"{quoted(body['name'])} supplies us with {stop(body['provides'])}"
    yield {
        "attests": "It states that it follows the Code of Conduct.",
        "discloses-gaps": "It told us where it falls short of the Code of Conduct.",
        "reports-publicly": "It reports publicly on the Code of Conduct.",
        "no-answer": "We asked about the Code of Conduct and have no answer.",
    }.get(str(body["haip"]), "We have not asked it about the Code of Conduct yet.")
    yield f"Gaps that it named: {join_phrases(body['gaps'])}." if body.get("gaps") else ""
    yield f"It gave us: {join_phrases(body['documents'])}." if body.get("documents") else ""


@_phrase("standard/1")
def _standard(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    part = {
        "adopted": "We use",
        "partly-adopted": "We use parts of",
        "contributing": "We help to write",
        "following": "We follow the work on",
    }.get(str(body["part"]), "We ask our suppliers for")
    clauses = f" (parts {join(body['clauses'])})" if body.get("clauses") else ""
    name = f"{body['identifier']}, {quoted(body['title'])}, edition {body['edition']}"
    yield f"{part} {name}, since {day(body['since'])}{clauses}."
    yield {
        "self-assessed": "We assessed ourselves against it.",
        "assessed-by-others": "Others assessed us against it.",
    }.get(str(body.get("conformity")), "")


@_phrase("study/1")
def _study(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    part = {"conducting": "do", "collaborating": "take part in", "funding": "fund"}.get(str(body["part"]), "use")
    state = f"({body['status']}, since {day(body['started_on'])})"
    yield f"We {part} research on {words(body['topic'])}: {quoted(body['title'])} {state}."
    yield f"Our partners: {join(body['partners'])}." if body.get("partners") else ""
    yield f"Result: {free(body['result'])}" if body.get("result") else "No result is recorded yet."
    yield f"It can be read here: {body['url']}" if body.get("url") else ""


@_phrase("project/1")
def _project(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    goals = f" (UN goals {join([str(goal) for goal in body['goals']])})" if body.get("goals") else ""
    about = "another challenge" if body["challenge"] == "other" else words(body["challenge"])
    state = f"it is {body['status']} since {day(body['started_on'])}"
    yield f"Our project {quoted(body['title'])} works on {about}{goals}; {state}."
    yield f"We measure {body['indicator']}: it started at {body['baseline']}, and the target is {stop(body['target'])}"
    yield f"Result: {free(body['result'])}" if body.get("result") else "No result is recorded yet."
    yield "People whom it concerns helped to shape it." if body.get("with_community") else ""


@_phrase("training/1")
def _training(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    of = f" of {body['invited']} invited" if body.get("invited") is not None else ""
    people = "person" if body["took_part"] == 1 and not of else "people"
    yield (
        f"On {day(body['held_on'])} {body['took_part']}{of} {people} ({join(body['audience'])}) took part in "
        f"{quoted(body['title'])}, on {join_phrases(body['topics'])}."
    )
    yield f"{body['passed']} passed the test at the end." if body.get("passed") is not None else ""
    yield "It taught people their own duties and how we deal with risks." if body.get("duties") else ""
    yield "It covered how AI can make risks worse, such as disinformation." if body.get("ai_risks") else ""


@_phrase("plan/1")
def _plan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    if body["status"] == "done":
        yield f"We did what we planned: {quoted(body['title'])}. {free(body['step'])}"
    else:
        yield f"We plan {quoted(body['title'])} by {day(body['due'])}; {the(body['owner'])} does it."
        yield free(body["step"])


@_phrase("document/1")
def _document(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    kind = "" if body["purpose"] == "other" else f" ({words(body['purpose'])})"
    yield (
        f"We keep the document {quoted(body['title'])}{kind}, version {body['version']}, last reviewed on "
        f"{day(body['reviewed_on'])} by {the(body['owner'])}."
    )


@_phrase("decision/1")
def _decision(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    outcome = words(body["outcome"])
    when = day(record.header.occurred_at)
    yield f"On {when} {the(body['decided_by'])} decided on {quoted(body['question'])}: {outcome}."
    yield free(body["reason"])
    yield f"Conditions: {join_phrases(body['conditions'])}." if body.get("conditions") else ""


@_phrase("evidence/1")
def _evidence(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"We keep {quoted(body['title'])} on file, collected on {day(body['collected_at'])}."
    yield free(body.get("summary"))


@_phrase("attestation/1")
def _attestation(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    results = {"supports": "supports our statements", "supports in part": "supports our statements in part"}
    result = results.get(str(body["result"]), "does not support our statements")
    yield f"{body['assessor']} looked at our conduct and {result}: {free(body['statement'])}"
    yield f"Method: {free(body['method'])} Why it is independent: {free(body['independence'])}"
    yield f"Not covered: {free(body['not_covered'])}" if body.get("not_covered") else ""


@_phrase("position/1")
def _position(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    words_ = {"not-applicable": "does not apply to us", "not-done": "is not done", "planned": "is planned"}
    says = words_.get(str(body["position"]), "applies to us")
    yield f"Requirement {body['requirement']} {says}: {free(body['reason'])}"
