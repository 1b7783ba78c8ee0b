"""What to do first, and why.

Order: a legal clock before a chosen date, an earlier date before a later one, then the step that moves more
requirements, then the order in which the profile starts. Decides; does not read, write, sign or fetch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from haipkit.assessment.commands import RESULT_FILES, Blanks, add_line, import_line, no_blanks
from haipkit.assessment.finding import Ask, Assessment, Clock, Finding, Step
from haipkit.conduct.model import Conduct, Requirement
from haipkit.kernel.words import Status
from haipkit.records.kinds import KINDS

_FAR = "9999-12-31"
_FIRST = {
    "system/1": (
        "Name the AI systems you build or use",
        "Record each one with its purpose, and whether people talk to it. Most of the Code is about systems.",
    ),
    "release/1": (
        "Name the release that is in use",
        "Record its version, its day, and in a sentence what it does. Several points are about one release.",
    ),
}
"""Records without which nothing can be looked at: title and first step."""


@dataclass(slots=True)
class _Group:
    """Findings that the same records would move. `imported`: those records come as another tool's file."""

    asks: tuple[Ask, ...]
    subject: str | None
    imported: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def first(self) -> str | None:
        """The kind without which nothing can be looked at, when that is what is missing."""
        (ask, *more) = self.asks
        return ask.kind if ask.kind in _FIRST and not more and not ask.amend else None


def next_steps(
    conduct: Conduct, assessment: Assessment, *, profile: str | None = None, blanks: Blanks = no_blanks
) -> tuple[Step, ...]:
    """Steps for all open findings. `profile` (default: by the first role) gives the starting order of equals.

    `blanks` knows the fields of each kind, so that the commands name all that is needed.
    """
    groups: dict[tuple[object, ...], _Group] = {}
    for finding in assessment.findings:
        if finding.open:
            for signature, group in _wanted(conduct.requirements[finding.requirement], finding):
                groups.setdefault(signature, group).findings.append(finding)
    order = _starting_order(conduct, profile or assessment.roles[0])
    together: dict[tuple[str, str | None], list[_Group]] = {}
    for group in groups.values():
        lead = _lead(group.findings, order)
        together.setdefault((group.first or lead.requirement, lead.subject), []).append(group)
    clocks = [(clock, frozenset(_expand(conduct, clock))) for clock in assessment.clocks if not clock.done]
    ranked = [_ranked(conduct, parts, clocks, order, blanks) for parts in together.values()]
    ranked.sort(key=lambda pair: pair[0])
    return tuple(step for _, step in ranked)


def _wanted(requirement: Requirement, finding: Finding) -> Iterator[tuple[tuple[object, ...], _Group]]:
    """What an open finding asks for; equal signatures are moved by the same records."""
    if not finding.needs:
        kind = "system/1" if finding.subject is None else "release/1"
        yield (kind, finding.subject), _Group((Ask(kind),), finding.subject)
        return
    open_needs = 0
    for need, result in zip(requirement.needs, finding.needs, strict=True):
        if result.satisfied:
            continue
        open_needs += 1
        subject = finding.subject if KINDS[need.kind].scope != "organisation" else None
        asks = result.asks or (Ask(need.kind, fields=need.where),)
        imported = need.kind in RESULT_FILES and (
            need.kind != "evaluation/1" or bool(need.origins and "declared" not in need.origins)
        )
        where = tuple(sorted((name, str(value)) for name, value in need.where.items()))
        signature = (need.kind, where, need.test, imported, subject, str(asks))
        yield signature, _Group(asks, subject, imported)
    if finding.said is not None:
        said = finding.said
        yield ("position/1", said.key, said.system), _Group((said,), said.system)
    elif not open_needs and any(basis.kind == "test/1" for basis in finding.basis):
        yield ("test/1", finding.id), _Group((Ask("test/1"),), finding.subject, True)


def _lead(findings: Sequence[Finding], order: Mapping[str, int]) -> Finding:
    """The finding whose requirement gives a step its name."""
    return min(findings, key=lambda finding: order.get(finding.requirement, 999))


def _starting_order(conduct: Conduct, profile: str) -> Mapping[str, int]:
    chosen = conduct.profiles.get(profile)
    return {name: place for place, name in enumerate(chosen.first if chosen else ())}


def _ranked(
    conduct: Conduct,
    parts: Sequence[_Group],
    clocks: Sequence[tuple[Clock, frozenset[str]]],
    order: Mapping[str, int],
    blanks: Blanks,
) -> tuple[tuple[object, ...], Step]:
    findings = list({finding.id: finding for group in parts for finding in group.findings}.values())
    first = _lead(findings, order)
    requirement = conduct.requirements[first.requirement]
    touched = {finding.requirement for finding in findings}
    running = [clock for clock, reach in clocks if touched & reach]
    legal = min((clock for clock in running if clock.kind == "legal"), key=lambda clock: clock.due, default=None)
    dates = [clock.due for clock in running] + [finding.due for finding in findings if finding.due]
    due = legal.due if legal else min(dates, default=None)
    commands = list(dict.fromkeys(words for group in parts for words in _commands(group, first.owner, blanks)))
    title, how = _FIRST[parts[0].first] if parts[0].first else (requirement.title, requirement.step)
    step = Step(
        title=title,
        how=how,
        why=_why(first, legal, due, len(findings)),
        command=commands[0],
        due=due,
        legal=legal is not None,
        moves=tuple(finding.id for finding in findings),
        owner=first.owner,
        also=tuple(commands[1:]),
    )
    rank = (
        legal is None,
        due or _FAR,
        not any(finding.level == "expected" for finding in findings),
        -len(findings),
        order.get(first.requirement, 999),
        first.action,
        first.requirement,
        first.subject or "",
    )
    return rank, step


def _expand(conduct: Conduct, clock: Clock) -> list[str]:
    return [r.id for reference in clock.requirements for r in conduct.requirements.values() if _under(reference, r)]


def _under(reference: str, requirement: Requirement) -> bool:
    return reference in (requirement.id, requirement.paragraph, str(requirement.action))


def _why(finding: Finding, legal: Clock | None, due: str | None, moves: int) -> str:
    parts = []
    if legal is not None:
        parts.append(f"{legal.title} ({legal.source}): {legal.due}.")
    elif due is not None:
        parts.append(f"Due {due}.")
    if moves > 1:
        parts.append(f"It moves {moves} findings at once.")
    if finding.stale:
        parts.append("What you had has expired.")
    if finding.status is Status.NOT_ASSESSED:
        parts.append("Nobody has looked at this yet.")
    parts.append(finding.sentence)
    return " ".join(dict.fromkeys(parts))


def _commands(group: _Group, owner: str | None, blanks: Blanks) -> Iterator[str]:
    """Command lines that record what the group asks for, as far as it is known."""
    references = list(dict.fromkeys(finding.requirement for finding in group.findings))
    for ask in group.asks:
        if group.imported and ask.kind in RESULT_FILES:
            yield import_line(ask, references, group.subject)
        else:
            yield add_line(ask, group.subject, owner, blanks)
