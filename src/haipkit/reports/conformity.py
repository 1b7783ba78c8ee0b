"""Every requirement with its proof, in official numbering: for an auditor, a customer, or whoever prepares for one."""

from haipkit.assessment.finding import Finding
from haipkit.conduct.model import Applies, Requirement
from haipkit.kernel.words import ACTIONS, Role, Status
from haipkit.reports.document import Block, Cell, Claim, Document, Facts, Heading, Note, Paragraph, Table
from haipkit.reports.gaps import answer
from haipkit.reports.registry import Told, report
from haipkit.reports.shared import (
    ROLE_WORDS,
    Shelf,
    action_title,
    compose,
    in_order,
    need_strength,
    need_words,
    sentence,
    system_name,
)
from haipkit.reports.text import count, join, ours, sentence_case, stop

_MEANING = (
    "The Code of Conduct is voluntary, and nobody issues certificates for it. Conformity here means one thing: for "
    "each clause we state how we read it, what record would show that it is done, which records exist on this day, and "
    "how hard the proof behind them is. “Met” means that the records asked for exist and are in force. It does "
    "not mean that an authority agrees with our reading."
)
_OPEN = (Status.PARTLY_MET, Status.NOT_MET, Status.NOT_ASSESSED)
_LEVELS = {"expected": 2, "relevant": 1, "not expected": 0}


@report("conformity")
def conformity(told: Told) -> Document:
    """Requirement by requirement: reading, clauses, status, strength, needs, proofs."""
    shelf = Shelf(told)
    blocks: list[Block] = [
        Paragraph(answer(told.assessment.findings), lead=True),
        Note("info", "What conformity means here", _MEANING),
    ]
    for action in ACTIONS:
        requirements = sorted(
            (one for one in told.conduct.requirements.values() if one.action == action),
            key=lambda one: in_order(one.id),
        )
        if requirements:
            blocks += _action(told, action)
            for requirement in requirements:
                blocks += _requirement(told, shelf, requirement)
    blocks += _unchecked(told)
    return compose(
        told,
        shelf,
        report="conformity",
        title="Requirement by requirement",
        subtitle="How we stand with each clause of the G7 Hiroshima AI Process Code of Conduct, and what proves it",
        blocks=blocks,
        contents=True,
        data={"findings": [_finding_data(finding) for finding in told.assessment.findings]},
    )


def _action(told: Told, action: int) -> list[Block]:
    owner = told.assessment.owners.get(action)
    findings = told.assessment.of_action(action)
    text = answer(findings) if findings else "No requirement of this action was assessed."
    said = f"The office that answers for it: {owner}." if owner else "No office is named that answers for it."
    return [Heading(2, action_title(action), f"action-{action}"), Paragraph(f"{text} {said}")]


def _requirement(told: Told, shelf: Shelf, requirement: Requirement) -> list[Block]:
    tag = "can be attested only" if requirement.attested_only else ""
    blocks: list[Block] = [
        Heading(3, f"{requirement.id} {ours(requirement.title)}", f"r-{requirement.id}", tag),
        Facts(
            (
                ("Our reading", ours(requirement.reading)),
                ("Clauses", _clauses(told, requirement)),
                ("For us", _level(told, requirement)),
            )
        ),
    ]
    findings = told.assessment.of_requirement(requirement.id)
    for finding in findings:
        blocks.append(_finding_claim(told, shelf, finding, several=len(findings) > 1))
        if finding.needs:
            blocks.append(_needs(told, shelf, requirement, finding))
    if not findings:
        blocks.append(Claim("This requirement was not assessed.", None, status=Status.NOT_ASSESSED))
    return blocks


def _clauses(told: Told, requirement: Requirement) -> str:
    named = []
    for reference in requirement.clauses:
        clause = told.conduct.clauses.get(reference)
        named.append(f"{reference} (SHA-256 {clause.sha256[:12]}…)" if clause is not None else reference)
    return join(named)


def _level(told: Told, requirement: Requirement) -> str:
    """What the profiles of the roles held say, the most demanding first."""
    said: list[tuple[Applies, str]] = []
    for role in told.assessment.roles or tuple(Role):
        profile = told.conduct.profiles.get(role)
        if profile is not None and requirement.id in profile.items:
            said.append((profile.items[requirement.id], ROLE_WORDS.get(role, role)))
    if not said:
        return "not said"
    applies, role = max(said, key=lambda pair: _LEVELS.get(pair[0].level, 0))
    return f"{sentence_case(applies.level)} of {role}s. {stop(ours(applies.why))}"


def _finding_claim(told: Told, shelf: Shelf, finding: Finding, *, several: bool) -> Claim:
    about = f"{system_name(told, finding.subject)}: " if several or finding.subject else ""
    text = f"{about}{stop(sentence(finding))}"
    if finding.status in _OPEN:
        text += f" Owner: {finding.owner or 'nobody named'}" + (f", due {finding.due}." if finding.due else ".")
    proofs = shelf.of_finding(finding)
    strength = finding.strength
    if strength is None:
        # A reason why it does not apply, or a test that fails, rests on its record as well.
        strength = min((proof.strength for proof in proofs), default=None)
    return Claim(text, strength, proofs, finding.status)


def _needs(told: Told, shelf: Shelf, requirement: Requirement, finding: Finding) -> Table:
    rows = []
    for need, result in zip(requirement.needs, finding.needs, strict=False):
        records = [record for basis in result.basis if (record := shelf.find(basis.record_id)) is not None]
        state = "in force" if result.satisfied else stop(ours(result.missing)) or "missing"
        proofs = tuple(proof for record in records for proof in shelf.proofs(record, {requirement.id}))
        rows.append(
            (
                Cell(need_words(need)),
                Cell(str(result.wanted), numeric=True),
                Cell(str(result.counted), numeric=True),
                Cell(state, strength=need_strength(result), proofs=tuple(dict.fromkeys(proofs))),
            )
        )
    about = f", {system_name(told, finding.subject)}" if finding.subject else ""
    return Table(
        f"What {requirement.id} asks to see{about}", ("Record asked for", "Wanted", "Found", "Result"), tuple(rows)
    )


def _unchecked(told: Told) -> list[Block]:
    clauses = sorted(
        (clause for clause in told.conduct.clauses.values() if clause.unchecked), key=lambda clause: clause.at
    )
    blocks: list[Block] = [Heading(2, "Clauses that software cannot check", "unchecked")]
    if not clauses:
        return [*blocks, Paragraph("Every clause is read by at least one requirement.")]
    rows = tuple(
        (Cell(clause.at), Cell(clause.summary), Cell(clause.unchecked or ""), Cell(clause.sha256[:12] + "…", mono=True))
        for clause in clauses
    )
    text = f"{count(len(clauses), 'clause')} of the official documents that no requirement cites, each with the reason."
    return [
        *blocks,
        Paragraph(text),
        Table(
            "Clauses that no requirement cites",
            ("Clause", "What it says, in our words", "Why not checked", "SHA-256"),
            rows,
        ),
    ]


def _finding_data(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "requirement": finding.requirement,
        "subject": finding.subject,
        "status": str(finding.status),
        "strength": finding.strength.word if finding.strength is not None else None,
        "sentence": finding.sentence,
        "owner": finding.owner,
        "due": finding.due,
        "records": [basis.record_id for basis in finding.basis],
        "needs": [
            {"satisfied": need.satisfied, "counted": need.counted, "wanted": need.wanted, "missing": need.missing}
            for need in finding.needs
        ],
    }
