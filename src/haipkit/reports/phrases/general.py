"""The words for everything that people state: who they are, what they decided, publish, learn and plan."""

from collections.abc import Iterable, Mapping
from typing import Any

from haipkit.records.record import Record
from haipkit.reports.phrases.register import STATES, Namer, checked, free, phrase, the, whose, words
from haipkit.reports.text import day, join, join_phrases, quoted, sentence_case, stop


@phrase("organisation/1")
def _organisation(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    field = f" in the field of {body['sector']}" if body.get("sector") else ""
    yield f"We are {body['name']}, a {body['size']} organisation{field}."
    yield f"Under the Code we act as {join([words(role) for role in body['roles']])}."
    yield f"We work in {join(body['countries'])}." if body.get("countries") else ""
    yield free(body.get("description"))


@phrase("commitment/1")
def _commitment(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    to = "the Code of Conduct of the G7 Hiroshima AI Process" if body["to"] == "code-of-conduct" else quoted(body["to"])
    yield f"On {day(body['made_on'])} {the(body['made_by'])} committed us to {to}: {free(body['statement'])}"
    yield f"The commitment is public: {body['url']}" if body.get("url") else ""


@phrase("owner/1")
def _owner(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    deputy = f"; {the(body['deputy'])} is the deputy" if body.get("deputy") else ""
    yield f"{sentence_case(the(body['office']))} answers for action {body['action']}{deputy}."


@phrase("policy/1")
def _policy(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    about = words(body["topic"]).replace("ai ", "AI ")
    yield f"We have a policy on {about}, {quoted(body['title'])} (version {body['version']}): {free(body['summary'])}"
    if body.get("covers_prompts_and_outputs"):
        yield "It covers prompts and outputs as well as other personal data."
    review = f" and reviews it next by {day(body['next_review'])}" if body.get("next_review") else ""
    yield f"{sentence_case(the(body['owner']))} keeps it{review}."
    if body.get("published"):
        yield f"It is public: {body['url']}" if body.get("url") else "It is public."


@phrase("approval/1")
def _approval(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    version = f", version {body['version']}," if body.get("version") else ""
    yield (
        f"{sentence_case(the(body['approved_by']))} approved {quoted(namer(body['subject']))}{version} on "
        f"{day(body['approved_on'])}."
    )
    yield free(body.get("note"))


@phrase("system/1")
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


@phrase("release/1")
def _release(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    version = f"Version {body['version']}{whose(record, namer, 'of')}"
    yield f"{version} came out on {day(body['released_on'])}: {free(body['summary'])}"
    for lead, name in (
        ("What it can do", "capabilities"),
        ("Its limits", "limitations"),
        ("It is meant for", "appropriate_uses"),
        ("It is not meant for", "inappropriate_uses"),
        ("Known effects on people and society", "effects_on_society"),
    ):
        yield f"{lead}: {join_phrases(body[name])}." if body.get(name) else ""


@phrase("marking/1")
def _marking(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    kinds = {"notice": "a notice", "label": "a label", "watermark": "a watermark", "fingerprint": "a fingerprint"}
    how = kinds.get(str(body["mechanism"]), words(body["mechanism"]))
    state = STATES.get(str(body["status"]), "We have")
    what = f"AI {join(body['media'])}{whose(record, namer, 'from')}"
    yield f"{state} {how} by which people can recognise {what}: {quoted(body['title'])}."
    if body["status"] == "in-place":
        yield "It names the service or model." if body["identifies"] == "service-or-model" else ""
        yield checked(body)
    yield f"Anybody can ask here whether content came from us: {body['detector']}" if body.get("detector") else ""
    yield f"Its limits: {free(body['limits'])}" if body.get("limits") else ""


@phrase("channel/1")
def _channel(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    anonymous = ", without giving a name if they wish" if body.get("anonymous") else ""
    who = join([words(audience) for audience in body["audience"]])
    yield f"People can report problems through {quoted(body['title'])} ({body['address']}){anonymous}."
    yield f"It is open to {who}."
    yield f"It takes reports in {join(body['languages'])}." if body.get("languages") else ""
    yield "We reward good reports." if body.get("rewards") else ""
    yield f"We last tried it out on {day(body['tested_on'])}." if body.get("tested_on") else ""


@phrase("monitoring/1")
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


@phrase("incident/1")
def _incident(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    what = {"incident": "an incident", "hazard": "a hazard", "vulnerability": "a weakness"}.get(
        str(body["type"]), "misuse"
    )
    serious = " that we rate as serious" if body["serious"] else ""
    place = whose(record, namer, "in")
    yield f"On {day(body['detected_on'])} we found {what}{serious}{place}: {quoted(body['title'])}."
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


@phrase("publication/1")
def _publication(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    audience = "the public" if body["audience"] == "public" else body["audience"]
    yield f"On {day(body['published_on'])} we published {quoted(body['title'])} for {audience} ({words(body['type'])})."
    yield f"It covers {join([words(topic) for topic in body['covers']])}." if body.get("covers") else ""
    yield f"It is in {join(body['languages'])}." if body.get("languages") else ""
    yield f"Address: {body['url']}" if body.get("url") else ""


@phrase("sharing/1")
def _sharing(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    what = f"{quoted(body['title'])} ({words(body['what'])})"
    yield f"On {day(body['shared_on'])} we shared {what} with {body['recipient']}."
    yield f"We left out: {join_phrases(body['withheld'])}." if body.get("withheld") else ""


@phrase("membership/1")
def _membership(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"Since {day(body['since'])} we take part in {quoted(body['name'])} ({body['part']}): {free(body['purpose'])}"
    yield f"Our last contribution: {stop(body['last_contribution'])}" if body.get("last_contribution") else ""


@phrase("supplier/1")
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


@phrase("standard/1")
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


@phrase("study/1")
def _study(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    part = {"conducting": "do", "collaborating": "take part in", "funding": "fund"}.get(str(body["part"]), "use")
    state = f"({body['status']}, since {day(body['started_on'])})"
    yield f"We {part} research on {words(body['topic'])}: {quoted(body['title'])} {state}."
    yield f"Our partners: {join(body['partners'])}." if body.get("partners") else ""
    yield f"Result: {free(body['result'])}" if body.get("result") else "No result is recorded yet."
    yield f"It can be read here: {body['url']}" if body.get("url") else ""


@phrase("project/1")
def _project(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    goals = f" (UN goals {join([str(goal) for goal in body['goals']])})" if body.get("goals") else ""
    about = "another challenge" if body["challenge"] == "other" else words(body["challenge"])
    state = f"it is {body['status']} since {day(body['started_on'])}"
    yield f"Our project {quoted(body['title'])} works on {about}{goals}; {state}."
    yield f"We measure {body['indicator']}: it started at {body['baseline']}, and the target is {stop(body['target'])}"
    yield f"Result: {free(body['result'])}" if body.get("result") else "No result is recorded yet."
    yield "People whom it concerns helped to shape it." if body.get("with_community") else ""


@phrase("training/1")
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


@phrase("plan/1")
def _plan(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    if body["status"] == "done":
        yield f"We did what we planned: {quoted(body['title'])}. {free(body['step'])}"
    else:
        yield f"We plan {quoted(body['title'])} by {day(body['due'])}; {the(body['owner'])} does it."
        yield free(body["step"])


@phrase("document/1")
def _document(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    kind = "" if body["purpose"] == "other" else f" ({words(body['purpose'])})"
    yield (
        f"We keep the document {quoted(body['title'])}{kind}, version {body['version']}, last reviewed on "
        f"{day(body['reviewed_on'])} by {the(body['owner'])}."
    )


@phrase("decision/1")
def _decision(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    outcome = words(body["outcome"])
    when = day(record.header.occurred_at)
    yield f"On {when} {the(body['decided_by'])} decided on {quoted(body['question'])}: {outcome}."
    yield free(body["reason"])
    yield f"Conditions: {join_phrases(body['conditions'])}." if body.get("conditions") else ""


@phrase("evidence/1")
def _evidence(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    yield f"We keep {quoted(body['title'])} on file, collected on {day(body['collected_at'])}."
    yield free(body.get("summary"))


@phrase("attestation/1")
def _attestation(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    results = {"supports": "supports our statements", "supports in part": "supports our statements in part"}
    result = results.get(str(body["result"]), "does not support our statements")
    yield f"{body['assessor']} looked at our conduct and {result}: {free(body['statement'])}"
    yield f"Method: {free(body['method'])} Why it is independent: {free(body['independence'])}"
    yield f"Not covered: {free(body['not_covered'])}" if body.get("not_covered") else ""


@phrase("position/1")
def _position(body: Mapping[str, Any], record: Record, namer: Namer) -> Iterable[str]:
    words_ = {"not-applicable": "does not apply to us", "not-done": "is not done", "planned": "is planned"}
    says = words_.get(str(body["position"]), "applies to us")
    yield f"Requirement {body['requirement']} {says}: {free(body['reason'])}"
