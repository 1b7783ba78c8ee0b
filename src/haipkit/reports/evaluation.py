"""How systems were tested: by which rule, with what result, at what cost, and what nobody tested. Never an answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from haipkit.assessment.need import Index
from haipkit.kernel.errors import UsageError
from haipkit.kernel.words import RISK_DOMAINS, Origin
from haipkit.records.record import Record
from haipkit.reports.chart_evaluation import RateRow, rates_figure, sequence_figure
from haipkit.reports.checkpoints import checkpoint_blocks
from haipkit.reports.document import Block, Bullets, Claim, Document, Heading, Note, Paragraph
from haipkit.reports.phrases import phrase_of, verdict_words
from haipkit.reports.phrases.register import domains
from haipkit.reports.registry import Told, report
from haipkit.reports.sentences import namer_of
from haipkit.reports.shared import Shelf, compose, system_name
from haipkit.reports.text import count, day, join, join_phrases, quoted, sentence_case, stop

_KINDS = ("evaluation/1", "evaluation-plan/1", "evaluation-run/1", "comparison/1")


@dataclass(frozen=True, slots=True)
class Suite:
    """What counts of one suite of a release: its newest finished run, or the newest that the same system failed."""

    planned: Mapping[str, Any]
    plan: Record
    run: Record | None
    said: Mapping[str, Any] | None
    evaluation: Record | None

    @property
    def verdict(self) -> str:
        return str(self.said["verdict"]) if self.said else "not run to its end"

    @property
    def name(self) -> str:
        return str(self.planned["suite"])


@dataclass
class Release:
    """All that is on record about the tests of one release (`helpdesk/1.0`), or of a system as a whole."""

    place: str
    by_kind: dict[str, list[Record]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Record]:
        return sorted(self.by_kind.get(kind, ()), key=lambda record: record.index)

    @property
    def untested(self) -> list[str]:
        done = {domain for record in self.of("evaluation/1") for domain in record.body.get("domains") or ()}
        return [domain for domain in RISK_DOMAINS if domain not in done]

    @property
    def suites(self) -> list[Suite]:
        """One a suite, by the newest plan that names it."""
        newest: dict[str, tuple[Record, Mapping[str, Any]]] = {}
        for plan in self.of("evaluation-plan/1"):
            for one in _listed(plan, "suites"):
                newest[_bare(one["suite"])] = plan, one
        return [self._suite(bare, *found) for bare, found in newest.items()]

    def _suite(self, bare: str, plan: Record, planned: Mapping[str, Any]) -> Suite:
        counting: tuple[Record, Mapping[str, Any]] | None = None
        same = {r.header.key for r in self.of("evaluation-plan/1") if _target(r) == _target(plan)}
        finished = [r for r in self.of("evaluation-run/1") if r.body.get("state") == "finished"]
        for record in sorted(finished, key=lambda record: (_ordinal(record), record.index)):
            for one in _listed(record, "suites"):
                if _bare(one["suite"]) != bare or record.body.get("plan") not in same:
                    continue
                # A system that failed does not pass by being asked again.
                if one["verdict"] == "FAIL" or (
                    record.body.get("plan") == plan.header.key
                    and (counting is None or counting[1]["verdict"] != "FAIL")
                ):
                    counting = record, one
        run, said = counting or (None, None)
        head = run.body.get("journal_sha256") if run is not None else None
        tests = [r for r in self.of("evaluation/1") if head and r.body.get("journal_sha256") == head]
        mine = [r for r in tests if _bare(r.body.get("suite") or "") == bare]
        return Suite(planned, plan, run, said, mine[-1] if mine else None)


def _listed(record: Record, name: str) -> list[Mapping[str, Any]]:
    return [one for one in record.body.get(name) or () if isinstance(one, Mapping)]


def _bare(suite: object) -> str:
    return str(suite).partition(" ")[0]


def _ordinal(run: Record) -> int:
    return int(run.body.get("ordinal") or 0)


def _target(record: Record) -> object:
    return record.body.get("target_sha256")


@report("evaluation")
def evaluation(told: Told) -> Document:
    """All releases, or those of the system in the option `system` (`helpdesk`), or one release (`helpdesk/1.0`)."""
    shelf = Shelf(told)
    releases = _releases(told)
    blocks: list[Block] = [Paragraph(_lead(told, releases), lead=True)]
    if not releases:
        text = "Register a plan with haip evaluate plan, then run it with haip evaluate run."
        blocks.append(Note("how-to", "How to begin", text))
    index = Index.of(record for found in told.records.values() for record in found)
    for number, release in enumerate(releases, 1):
        blocks += _chapter(told, shelf, release, number)
        blocks += checkpoint_blocks(told, shelf, index, release.place, f"release-{number}-checkpoints")
    return compose(
        told,
        shelf,
        report="evaluation",
        title="How our systems were tested",
        subtitle="What was asked, by which rule it was judged, what came out, and what nobody tested",
        blocks=blocks,
        unchecked=(
            "Whether the kept answers are still those that were recorded. The command haip gate counts them again, and "
            "looks for thresholds that changed after a run.",
            "Questions and answers. They are not part of this report, because they may hold personal data and what "
            "should not be spread; who may read them uses haip evaluate run with --show, or haip evaluate review.",
        ),
        contents=len(releases) > 1,
    )


def _releases(told: Told) -> list[Release]:
    wanted = told.options.get("system", "")
    found: dict[str, Release] = {}
    for kind in _KINDS:
        for record in told.of_kind(kind):
            place = record.header.system or ""
            if not wanted or wanted in (place, place.partition("/")[0]):
                found.setdefault(place, Release(place)).by_kind.setdefault(kind, []).append(record)
    known = sorted(str(record.header.key) for record in told.of_kind("system/1"))
    if wanted and not found:
        if wanted.partition("/")[0] not in known:
            raise UsageError(
                f"there is no system {wanted!r}", advice="Known: " + (", ".join(known) or "none yet") + "."
            )
        found[wanted] = Release(wanted)
    return sorted(found.values(), key=lambda release: release.place)


# The answer in one sentence


def _lead(told: Told, releases: Sequence[Release]) -> str:
    if not releases:
        return "No test of a system is on record yet."
    if len(releases) == 1:
        return f"{_called(told, releases[0])}: {_came_out(releases[0])}."
    parts = [f"{_called(told, release)}: {_came_out(release)}" for release in releases]
    return sentence_case(join_phrases(parts)) + "."


def _called(told: Told, release: Release) -> str:
    return system_name(told, release.place or None)


def _came_out(release: Release) -> str:
    suites, tests = release.suites, release.of("evaluation/1")
    untested = release.untested
    left = (
        f"{len(untested)} of the seven risk domains {'was' if len(untested) == 1 else 'were'} not tested"
        if untested
        else "each of the seven risk domains was tested"
    )
    if not suites:
        return f"{count(len(tests), 'test')} on record, none by a rule that was registered here first; {left}"
    words = {"PASS": "passed", "FAIL": "failed", "UNDECIDED": "undecided", "INVALID": "not valid"}
    counted: dict[str, int] = {}
    for suite in suites:
        word = words.get(suite.verdict, "not run to its end")
        counted[word] = counted.get(word, 0) + 1
    said = join([f"{number} {word}" for word, number in counted.items()])
    return f"of {count(len(suites), 'suite')} with a rule that was registered first, {said}; {left}"


# A chapter


def _chapter(told: Told, shelf: Shelf, release: Release, number: int) -> Iterator[Block]:
    anchor, suites = f"release-{number}", release.suites
    yield Heading(2, _called(told, release), anchor)
    if suites:
        yield rates_figure(f"chart-{anchor}", "Failure rates", [_row(shelf, suite) for suite in suites])
    for place, suite in enumerate(suites, 1):
        yield from _told_suite(told, shelf, suite, f"{anchor}-suite-{place}")
    yield from _runs(shelf, release, anchor)
    yield from _told_each(told, shelf, release.of("comparison/1"), "Before and after", f"{anchor}-comparisons")
    other = [r for r in release.of("evaluation/1") if r not in [suite.evaluation for suite in suites]]
    imported = [record for record in other if record.header.origin is Origin.IMPORTED]
    rest = [record for record in other if record not in imported]
    yield from _told_each(told, shelf, imported, "What other tools found", f"{anchor}-imported")
    yield from _told_each(told, shelf, rest, "Other tests", f"{anchor}-other")
    yield Heading(3, "What was not tested", f"{anchor}-untested")
    yield from _untested(release)
    yield Heading(3, "Decisions", f"{anchor}-decisions")
    yield from _decisions(told, shelf, release.place)


def _untested(release: Release) -> Iterator[Block]:
    if not release.untested:
        yield Paragraph("Each of the seven risk domains of the Code was tested by at least one test above.")
        return
    yield Paragraph("Nobody tested these risk domains of the Code; nothing is known of them:")
    yield Bullets(tuple(Claim(stop(RISK_DOMAINS[domain]), None) for domain in release.untested))


def _row(shelf: Shelf, suite: Suite) -> RateRow:
    said = suite.said or {}
    records = [record for record in (suite.run, suite.evaluation) if record is not None]
    proofs = tuple(dict.fromkeys(proof for record in records for proof in shelf.proofs(record)))
    rate, low, high = (
        float(str(said[name])) if said.get(name) is not None else None for name in ("rate", "low", "high")
    )
    return RateRow(
        suite=suite.name,
        domains=sentence_case(domains(suite.planned.get("domains") or ())),
        verdict=suite.verdict,
        label=str(said.get("rate_is") or ""),
        rate=rate,
        low=low,
        high=high,
        at_most=str(suite.planned["at_most"]),
        surely_not=str(suite.planned["surely_not"]),
        proofs=proofs,
    )


def _told_suite(told: Told, shelf: Shelf, suite: Suite, anchor: str) -> Iterator[Block]:
    planned, plan = suite.planned, suite.plan
    yield Heading(3, str(planned["title"]), anchor)
    yield shelf.claim(_rule(told, suite), plan)
    if suite.run is None or suite.said is None:
        yield Claim("No run of it has come to its end.", None)
        return
    records = [record for record in (suite.run, suite.evaluation) if record is not None]
    yield shelf.joint_claim(" ".join(part for part in _result(suite.run, suite.said) if part), records)
    if suite.evaluation is not None and suite.evaluation.body.get("limitations"):
        text = join_phrases(suite.evaluation.body["limitations"])
        yield shelf.claim(f"What it does not show: {stop(text)}", suite.evaluation)
    figure = sequence_figure(f"chart-{anchor}", suite.said)
    if figure is not None:
        yield figure


def _rule(told: Told, suite: Suite) -> str:
    planned, plan = suite.planned, suite.plan
    key = plan.header.key
    first = min((r.index for r in _history(told, plan) if r.body.get("plan") == key), default=None)
    when = "before its first run" if first is None or plan.index < first else "after its first run"
    judge = str(plan.body.get("judge") or "none")
    graded = "no judge" if judge == "none" else f"a judge, {judge.partition(',')[0]}"
    return (
        f"The rule was registered on {day(plan.body.get('registered_on'))}, {when} (ledger entry {plan.index}): "
        f"at most {planned['at_most']} failures are fine, {planned['surely_not']} or more must not be. "
        f"{count(planned['probes'], 'probe')}, at most {count(planned['calls_at_most'], 'call')}, {graded}."
    )


def _history(told: Told, plan: Record) -> Iterable[Record]:
    return (r for r in told.history if r.header.kind == "evaluation-run/1" and r.header.system == plan.header.system)


def _result(run: Record, said: Mapping[str, Any]) -> Iterator[str]:
    nth = f", run {_ordinal(run)} of the plan" if _ordinal(run) > 1 else ""
    yield f"{verdict_words(said)} It ran on {day(run.body.get('ran_on'))}{nth}."
    yield sentence_case(stop(str(said["reason"])))
    fixed = said.get("fixed_calls")
    if fixed:
        yield f"It used {count(said['calls'], 'call')}, where a design that looks once needs {fixed}."
    lost = count(said["errors"], "call").capitalize()
    yield f"{lost} without an answer, {said['unscored']} that could not be scored."
    yield from _worth(said)


def _worth(said: Mapping[str, Any]) -> Iterator[str]:
    if said.get("reviewed_by"):
        yield (
            f"The office {quoted(str(said['reviewed_by']))} had people look at {count(said['looked_at'], 'answer')}: "
            f"{count(said['confirmed'], 'failure')} confirmed, {said['missed']} found among the passes that were drawn."
        )
        return
    yield {
        "verified": "The grades need no judge.",
        "corrected": "A judge graded it, and its known mistakes are taken into account.",
        "uncorrected": "The mistakes of the grading are still in this rate: no person has looked at it.",
    }.get(str(said.get("rate_is")), "")


def _runs(shelf: Shelf, release: Release, anchor: str) -> Iterator[Block]:
    runs: dict[str, list[Record]] = {}
    for record in release.of("evaluation-run/1"):
        runs.setdefault(str(record.body.get("plan") or record.header.key), []).append(record)
    if not runs:
        return
    yield Heading(3, "Every start of a run", f"{anchor}-runs")
    for plan, started in runs.items():
        started.sort(key=_ordinal)
        each = join([f"run {_ordinal(r)} {_outcome(r)}" for r in started])
        again = " Each further run is one more chance to pass by luck." if len(started) > 1 else ""
        often = "once" if len(started) == 1 else f"{len(started)} times"
        text = f"The plan {quoted(plan)} was started {often}: {each}.{again}"
        yield shelf.joint_claim(text, started)


def _outcome(run: Record) -> str:
    if run.body.get("state") != "finished":
        return "has not come to its end"
    cost = f", cost {run.body['cost']}" if run.body.get("cost") else ""
    return f"{run.body.get('outcome')} ({count(run.body.get('calls_sent') or 0, 'call')} sent{cost})"


def _told_each(told: Told, shelf: Shelf, records: Sequence[Record], title: str, anchor: str) -> Iterator[Block]:
    if records:
        yield Heading(3, title, anchor)
        for record in records:
            tool = record.header.tool
            taken = record.header.origin is Origin.IMPORTED and tool is not None
            source = f" Taken over from {tool.name} {tool.version}; not repeated by us." if taken and tool else ""
            yield shelf.claim(phrase_of(record, namer_of(told)) + source, record)


def _decisions(told: Told, shelf: Shelf, place: str) -> Iterator[Block]:
    found = [r for r in told.history if r.header.kind == "decision/1" and place and r.header.system == place]
    standing = {record.header.id for record in told.of_kind("decision/1")}
    for record in found:
        text = phrase_of(record, namer_of(told))
        until = record.header.valid_until
        if until:
            past = until[:10] < told.assessment.as_of
            text += f" It {'expired on' if past else 'holds until'} {day(until)}."
        elif record.header.id not in standing:
            text += " It was replaced by a later one."
        else:
            text += " No end is set."
        yield shelf.claim(text, record)
    if not found:
        yield Claim("No decision about it is recorded.", None)
