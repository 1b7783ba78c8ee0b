"""The words for data sets, what was found in them, and the measures that protect them."""

from collections.abc import Iterable, Mapping
from typing import Any

from haipkit.records.record import Record
from haipkit.reports.phrases.register import STATES, Namer, checked, free, phrase, whose, words
from haipkit.reports.text import count, day, join, join_phrases, quoted, stop


def _measure(body: Mapping[str, Any], what: str) -> Iterable[str]:
    yield f"{STATES.get(str(body['status']), 'We have')} {what}: {quoted(body['title'])}. {free(body['description'])}"
    if body["status"] == "in-place":
        yield checked(body)


@phrase("control/1")
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


@phrase("safeguard/1")
def _safeguard(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield from _measure(body, f"a safeguard for {words(body['topic'])}")


@phrase("dataset/1")
def _dataset(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    use = {"fine-tuning": "fine-tuning", "retrieval": "looking up answers"}.get(str(body["use"]), str(body["use"]))
    size = f" ({count(body['documents'], 'document')})" if body.get("documents") is not None else ""
    yield f"For {use}{whose(record, namer)} we use the data set {quoted(body['name'])}{size}."
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


@phrase("dataset-scan/1")
def _dataset_scan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    yield f"On {day(body['scanned_on'])} we scanned the data set {quoted(body['name'])}{whose(record, namer)} ({size})."
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


@phrase("dataset-duplicates/1")
def _dataset_duplicates(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    about = f"{quoted(body['name'])}{whose(record, namer)}"
    yield f"On {day(body['searched_on'])} we searched the data set {about} for duplicates ({size})."
    exact, near = body["exact_duplicates"], body["near_duplicates"]
    if exact or near:
        yield f"Equal to a document that stays: {exact}. As similar as {body['threshold']} or more: {near}."
        yield "The copy that we use leaves these documents out." if body["treatment"] == "dropped" else ""
    elif body["outcome"] == "clean":
        yield f"No document is equal to another, and no two are as similar as {body['threshold']}."
    yield _unread(body)


@phrase("dataset-contamination/1")
def _dataset_contamination(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    size = f"{count(body['documents'], 'document')} in {count(body['files'], 'file')}"
    about = f"{quoted(body['name'])}{whose(record, namer)}"
    yield f"On {day(body['checked_on'])} we looked for benchmarks in the data set {about} ({size})."
    for one in body.get("benchmarks") or ():
        if isinstance(one, Mapping) and one.keys() >= {"name", "judged", "overlapping", "contaminated"}:
            told = f"{one['contaminated']:,} of {count(one['judged'], 'item')} that could be judged stand in it"
            yield f"Of {quoted(one['name'])}, {told}, and a part of {one['overlapping']:,}."
    yield f"At most {body['limit']} were allowed." if body.get("limit") else ""
    yield _unread(body)


@phrase("dataset-rights/1")
def _dataset_rights(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we looked for licences and reservations of rights in the data set "
        f"{quoted(body['name'])}{whose(record, namer)} ({count(body['documents'], 'document')}, "
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


@phrase("dataset-quality/1")
def _dataset_quality(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we looked at the quality of the data set {quoted(body['name'])}"
        f"{whose(record, namer)} ({count(body['documents'], 'document')})."
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


@phrase("dataset-bias/1")
def _dataset_bias(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['checked_on'])} we compared groups in the data set {quoted(body['name'])}{whose(record, namer)} "
        f"({count(body['rows'], 'row')})."
    )
    for one in _rows(body, "groupings", "figures"):
        figures = [f"{f['name']} {f['value']}" for f in one["figures"] if f.get("value") is not None][:4]
        missing = sum(1 for f in one["figures"] if f.get("value") is None)
        said = join(figures) if figures else "nothing could be computed"
        rest = f" ({count(missing, 'figure')} could not be computed)" if missing and figures else ""
        yield f"By {join(list(one['columns']))}: {said}{rest}."
    yield "Differences passed the limit that we set." if body["outcome"] == "fail" else ""


@phrase("data-removal/1")
def _data_removal(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['requested_on'])} the {body['requested_by']} asked for data to be taken out of the data set "
        f"{quoted(body['name'])}{whose(record, namer)}; reason: {body['reason']}."
    )
    if body["stage"] == "requested" or body.get("done_on") is None:
        yield "It is not done yet."
    elif body["outcome"] == "not-found":
        yield f"On {day(body['done_on'])} we looked for it and found nothing."
    else:
        removed = count(body.get("documents_removed") or 0, "document")
        yield f"On {day(body['done_on'])} we took out {removed} and looked again."
        yield "Not everything could be read, so there may be more." if body["outcome"] == "incomplete" else ""


@phrase("canaries/1")
def _canaries(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['made_on'])} we made {count(body['canaries'], 'made-up code')} to plant in training data"
        f"{whose(record, namer)}, and registered the digest of each."
    )


@phrase("leak-test/1")
def _leak_test(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['performed_on'])} we tried to make the model {quoted(body['model'])}{whose(record, namer)} give "
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


@phrase("private-training/1")
def _private_training(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield (
        f"On {day(body['trained_on'])} a model{whose(record, namer, 'of')} was trained with differential privacy: ε = "
        f"{body['epsilon']} at δ = {body['delta']} for each {body['unit']}, by the {body['accountant']} accountant of "
        f"{body['library']} {body['library_version']}, over {count(body['steps'], 'step')}."
    )
    yield "What stands in the training data many times is protected less."
