"""Where we stand: a gap analysis for the people who decide. Answers first, then what to do, then the detail."""

from collections.abc import Iterable, Sequence

from haipkit.assessment.finding import Finding, Step
from haipkit.conduct.model import Duty, Programme
from haipkit.kernel.words import ACTIONS, Status, Strength
from haipkit.records.record import Record
from haipkit.reports.chart import clocks_timeline, status_by_action, strength_ladder
from haipkit.reports.document import Block, Cell, Document, Heading, Note, Paragraph, Table
from haipkit.reports.registry import Told, report
from haipkit.reports.shared import Shelf, action_title, compose, in_order, system_name, what_is_missing
from haipkit.reports.text import (
    clip,
    count,
    day,
    days_between,
    first_sentences,
    join,
    ours,
    quoted,
    sentence_case,
    stop,
)

SEVERITIES = ("negligible", "minor", "moderate", "major", "catastrophic")
LIKELIHOODS = ("rare", "unlikely", "possible", "likely", "almost-certain")
_MOST_RISKS, _MOST_STEPS, _MOST_OPEN, _MOST_WORDS = 6, 8, 12, 170
_OPEN_ORDER = (Status.NOT_MET, Status.PARTLY_MET, Status.NOT_ASSESSED)
_NOBODY = "nobody named"


@report("gaps")
def gaps(told: Told) -> Document:
    """The board's report: counts, owners, risks, next steps, clocks, and what is open."""
    shelf = Shelf(told)
    blocks: list[Block] = [
        Paragraph(answer(told.assessment.findings), lead=True),
        Paragraph(_proved(told.assessment.findings)),
        *_status(told),
        *_ladder(told),
        *_risks(told, shelf),
        *_steps(told),
        *_clocks(told),
        *_open(told),
        *_done(told, shelf),
        *_programmes(told),
    ]
    return compose(
        told,
        shelf,
        report="gaps",
        title="Where we stand",
        subtitle="Gap analysis against the G7 Hiroshima AI Process Code of Conduct",
        blocks=blocks,
        data={
            "counts": {str(status): number for status, number in told.assessment.count().items()},
            "rests_on": sorted({basis.index for finding in told.assessment.findings for basis in finding.basis}),
        },
    )


def answer(findings: Sequence[Finding]) -> str:
    """The state of things in one sentence of counts."""
    counts = {status: sum(finding.status is status for finding in findings) for status in Status}
    apply = len(findings) - counts[Status.NOT_APPLICABLE]
    if not apply:
        return "Nothing that the Code asks applies to us as recorded, so there is nothing to report yet."
    parts = [
        f"{counts[status]} {'is' if counts[status] == 1 else 'are'} {words}"
        for status, words in (
            (Status.MET, "met"),
            (Status.PARTLY_MET, "partly met"),
            (Status.NOT_MET, "not met"),
        )
        if counts[status]
    ]
    if counts[Status.NOT_ASSESSED]:
        number = counts[Status.NOT_ASSESSED]
        parts.append(f"{number} {'has' if number == 1 else 'have'} not been looked at yet")
    return f"Of {count(apply, 'point')} that {'applies' if apply == 1 else 'apply'} to us, {join(parts)}."


def _proved(findings: Sequence[Finding]) -> str:
    resting = [finding for finding in findings if finding.strength is not None]
    claimed = sum(finding.strength is Strength.CLAIMED for finding in resting)
    if not resting:
        return "Nothing rests on a record yet. The first steps below change that."
    alone, others = claimed or "none", len(resting) - claimed or "none"
    return (
        f"{sentence_case(count(len(resting), 'point'))} met or partly met: {alone} on our word alone, {others} with "
        "files, tests or an independent check behind them."
    )


def _status(told: Told) -> list[Block]:
    """Status by action, with the office that answers for it. Actions in which nothing applies are named, not drawn."""
    rows, without, unasked = [], [], []
    for action, (short, _) in ACTIONS.items():
        counts = told.assessment.count(action)
        if not sum(number for status, number in counts.items() if status is not Status.NOT_APPLICABLE):
            unasked += [str(action)] if sum(counts.values()) else []
            continue
        owner = told.assessment.owners.get(action, _NOBODY)
        without += [str(action)] if action not in told.assessment.owners else []
        rows.append((f"{action} {short}", action_title(action), owner, counts))
    blocks: list[Block] = [Heading(2, "How far we are with each action", "status"), status_by_action(rows)]
    if without:
        blocks.append(Paragraph(f"Nobody is named yet for {_actions(without)}."))
    if unasked:
        blocks.append(Paragraph(f"Nothing is asked of us in {_actions(unasked)}."))
    return blocks


def _actions(numbers: Sequence[str]) -> str:
    return f"{'action' if len(numbers) == 1 else 'actions'} {join(numbers)}"


def _ladder(told: Told) -> list[Block]:
    nothing = sum(
        finding.strength is None and finding.status is not Status.NOT_APPLICABLE for finding in told.assessment.findings
    )
    return [
        Heading(2, "What is claimed, and what is proved", "proof"),
        Paragraph(
            "Claimed means that we say so. Evidenced means that files back it. Tested means that it was measured. "
            "Independently verified means that somebody else checked it and signed with their own key."
        ),
        strength_ladder(told.assessment.strengths(), nothing),
    ]


def risk_rank(risk: Record, as_of: str) -> tuple[int, int, int, int]:
    """Sorts open risks before treated ones, these before accepted ones; then the worst and the likeliest first."""
    body = risk.body
    accepted = is_accepted(risk, as_of)
    treated = body.get("treatment") == "in-place"
    severity = (treated and body.get("residual_severity")) or body.get("severity")
    likelihood = (treated and body.get("residual_likelihood")) or body.get("likelihood")
    state = 2 if accepted else 1 if treated else 0
    return state, -_place(SEVERITIES, severity), -_place(LIKELIHOODS, likelihood), risk.index


def _place(words: tuple[str, ...], word: object) -> int:
    return words.index(str(word)) if word in words else -1


def is_accepted(risk: Record, as_of: str) -> bool:
    body = risk.body
    return bool(body.get("accepted_by")) and str(body.get("acceptance_expires") or as_of) >= as_of


def _risks(told: Told, shelf: Shelf) -> list[Block]:
    as_of = told.assessment.as_of
    risks = sorted(told.of_kind("risk/1"), key=lambda risk: risk_rank(risk, as_of))
    blocks: list[Block] = [Heading(2, "What could go wrong", "risks")]
    if not risks:
        return [
            *blocks,
            Paragraph("No risk is recorded. That does not mean that there is none: nobody has written one down."),
        ]
    open_ones = sum(risk_rank(risk, as_of)[0] == 0 for risk in risks)
    state = f"{open_ones} of them neither treated nor accepted" if open_ones else "each treated or accepted"
    blocks.append(Paragraph(f"{count(len(risks), 'risk')} recorded, {state}."))
    rows = tuple(_risk_row(told, shelf, risk) for risk in risks[:_MOST_RISKS])
    caption = f"The first {_MOST_RISKS} of {len(risks)} risks" if len(risks) > _MOST_RISKS else "Risks"
    return [*blocks, Table(caption, ("Risk", "About", "If it happens", "What is done", "Owner"), rows)]


def _risk_row(told: Told, shelf: Shelf, risk: Record) -> tuple[Cell, ...]:
    body = risk.body
    level = f"{body.get('severity')}, {str(body.get('likelihood')).replace('-', ' ')}"
    if body.get("residual_severity"):
        residual = str(body.get("residual_likelihood") or body.get("likelihood")).replace("-", " ")
        level += f"; after measures {body['residual_severity']}, {residual}"
    strength, proofs = shelf.weigh(risk)[0], shelf.proofs(risk)
    return (
        Cell(clip(risk.title, 120), strength=strength, proofs=proofs),
        Cell(system_name(told, risk.header.system)),
        Cell(level),
        Cell(_risk_state(risk, told.assessment.as_of)),
        Cell(str(body.get("owner") or _NOBODY)),
    )


def _risk_state(risk: Record, as_of: str) -> str:
    body = risk.body
    words = {"none": "nothing yet", "planned": "planned", "in-place": "measures in place"}
    state = words.get(str(body.get("treatment")), "unknown")
    if not body.get("accepted_by"):
        return state if body.get("treatment") == "in-place" else f"{state}; not accepted by anybody"
    until = body.get("acceptance_expires")
    if not is_accepted(risk, as_of):
        return f"{state}; acceptance ended on {day(until)}"
    return f"{state}; accepted by {body['accepted_by']}" + (f" until {day(until)}" if until else "")


def merged_steps(steps: Sequence[Step]) -> list[Step]:
    """One step for each thing to do, even where it moves several findings or needs."""
    kept: dict[tuple[str, str, str | None], Step] = {}
    for step in steps:
        kept.setdefault((step.title, step.how, step.owner), step)
    return list(kept.values())


def _steps(told: Told) -> list[Block]:
    steps = merged_steps(told.steps)
    blocks: list[Block] = [Heading(2, "What to do next", "next")]
    if not steps:
        return [*blocks, Paragraph("No step is open on this day.")]
    rows = tuple(
        (
            Cell(str(place), numeric=True),
            Cell(f"{stop(ours(step.title))} {first_sentences(ours(step.how), _MOST_WORDS)}"),
            Cell(first_sentences(_reason(step), _MOST_WORDS)),
            Cell(step.owner or _NOBODY),
            Cell(f"{step.due} (law)" if step.legal else step.due or "no date", numeric=True),
        )
        for place, step in enumerate(steps[:_MOST_STEPS], 1)
    )
    blocks.append(Table("Steps, most pressing first", ("No.", "Step", "Why now", "Owner", "By"), rows))
    if len(steps) > _MOST_STEPS:
        blocks.append(
            Paragraph(f"{count(len(steps) - _MOST_STEPS, 'more step')} after these; `haip next` lists them all.")
        )
    return blocks


def _reason(step: Step) -> str:
    """Why now; what an office says of a point stays in its own words."""
    why = step.why.removeprefix(f"Due {step.due}. ")
    return why if " says it is " in why else ours(why)


def _clocks(told: Told) -> list[Block]:
    running = [clock for clock in told.assessment.clocks if not clock.done]
    blocks: list[Block] = [Heading(2, "What is due", "clocks")]
    if not running:
        return [*blocks, Paragraph("No clock runs on this day.")]
    as_of = told.assessment.as_of
    late = sum(days_between(as_of, clock.due) < 0 for clock in running)
    legal = sum(clock.kind == "legal" for clock in running)
    text = f"{sentence_case(count(len(running), 'clock'))} running"
    parts = [f"{late} past {'its' if late == 1 else 'their'} date"] if late else []
    parts += [f"{legal} set by law" if legal else "none set by law"]
    blocks.append(Paragraph(f"{text}: {join(parts)}. Dates from law are reminders; check them with counsel."))
    return [*blocks, clocks_timeline(running, as_of)]


def _open(told: Told) -> list[Block]:
    found = [finding for finding in told.assessment.findings if finding.status in _OPEN_ORDER]
    found.sort(
        key=lambda finding: (_OPEN_ORDER.index(finding.status), in_order(finding.requirement), finding.subject or "")
    )
    blocks: list[Block] = [Heading(2, "What is still open", "open")]
    if not found:
        return [*blocks, Paragraph("Every point that applies is met.")]
    alike: dict[tuple[str, Status, str], list[Finding]] = {}
    for finding in found:
        missing = " ".join(what_is_missing([finding]))
        alike.setdefault((finding.requirement, finding.status, missing), []).append(finding)
    shown = list(alike.items())[:_MOST_OPEN]
    rows = tuple(_open_row(told, missing, group) for (_, _, missing), group in shown)
    blocks.append(Table("Open points", ("Point", "About", "Status", "What is missing", "Owner", "By"), rows))
    left = len(found) - sum(len(group) for _, group in shown)
    if left:
        blocks.append(
            Paragraph(f"{count(left, 'more open point')} not listed here; the conformity report has them all.")
        )
    return blocks


def _done(told: Told, shelf: Shelf) -> list[Block]:
    """Every point that is met, with what it rests on: one row a requirement, for all systems that meet it."""
    met: dict[str, list[Finding]] = {}
    for finding in told.assessment.findings:
        if finding.status is Status.MET:
            met.setdefault(finding.requirement, []).append(finding)
    blocks: list[Block] = [Heading(2, "What is done", "done")]
    if not met:
        return [*blocks, Paragraph("No point is met yet.")]
    rows = tuple(_done_row(told, shelf, met[reference]) for reference in sorted(met, key=in_order))
    text = "Each point below is met. The first column opens its proof, and says how hard that proof is."
    return [*blocks, Paragraph(text), Table("Points that are met", ("Point", "About", "Rests on", "Owner"), rows)]


def _done_row(told: Told, shelf: Shelf, findings: Sequence[Finding]) -> tuple[Cell, ...]:
    finding = findings[0]
    title = ours(told.conduct.requirements[finding.requirement].title)
    strength = min((one.strength for one in findings if one.strength is not None), default=None)
    proofs = {proof.record_id: proof for one in findings for proof in shelf.of_finding(one)}
    titles = list(dict.fromkeys(quoted(basis.title) for one in findings for basis in one.basis[:2]))
    return (
        Cell(f"{finding.requirement} {title}", strength=strength, proofs=tuple(proofs.values())),
        Cell(_few([system_name(told, one.subject) for one in findings])),
        Cell(_few(titles)),
        Cell(finding.owner or _NOBODY),
    )


def _few(names: list[str]) -> str:
    return join(names) if len(names) < 4 else join([*names[:2], f"{len(names) - 2} more"])


def _open_row(told: Told, missing: str, findings: Sequence[Finding]) -> tuple[Cell, ...]:
    """One row for a requirement that lacks the same thing for one or more systems."""
    finding = findings[0]
    title = told.conduct.requirements[finding.requirement].title
    return (
        Cell(f"{finding.requirement} {ours(title)}"),
        Cell(_few([system_name(told, one.subject) for one in findings])),
        Cell("", status=finding.status),
        Cell(first_sentences(missing, _MOST_WORDS)),
        Cell(finding.owner or _NOBODY),
        Cell(finding.due or "no date", numeric=True),
    )


def _programmes(told: Told) -> Iterable[Block]:
    for commitment in told.of_kind("commitment/1"):
        programme = told.conduct.programmes.get(str(commitment.body.get("to")))
        if programme is None:
            continue
        rows = tuple(_duty_row(told, commitment, duty) for duty in programme.duties)
        made = day(str(commitment.body.get("made_on")))
        yield Heading(2, f"What we chose to do besides: {programme.title}", f"programme-{programme.id}")
        yield Note("info", "Practice, not the Code", _standing(programme, made))
        yield Table(f"Duties of the programme “{programme.title}”", ("Duty", "Owner", "Due", "State"), rows)


def _standing(programme: Programme, made: str) -> str:
    return (
        f"{programme.standing}. Source: {programme.source}, as of {day(programme.as_of)}. We committed to it on {made}."
    )


def _duty_row(told: Told, commitment: Record, duty: Duty) -> tuple[Cell, ...]:
    clock = next(
        (
            clock
            for clock in told.assessment.clocks
            if clock.started_by == commitment.header.id and clock.title == duty.title
        ),
        None,
    )
    if clock is None:
        return Cell(f"{duty.title}. {duty.text}"), Cell(duty.owner_hint), Cell("no date"), Cell("not dated")
    state = "done" if clock.done else f"open. {clock.note}".strip()
    return Cell(f"{duty.title}. {duty.text}"), Cell(clock.owner or _NOBODY), Cell(clock.due, numeric=True), Cell(state)
