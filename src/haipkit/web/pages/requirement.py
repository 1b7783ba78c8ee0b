"""What is asked here, what was found, and what to do? One requirement: finding, records, proof, step."""

from typing import Any

from haipkit.assessment.finding import Ask, Finding
from haipkit.conduct.model import Requirement
from haipkit.kernel.errors import NotFound
from haipkit.web.desk import Desk, View
from haipkit.web.page import Asked, Shown, page
from haipkit.web.parts.form import MADE_ELSEWHERE
from haipkit.web.show import link
from haipkit.web.words import say

_SHOWN = 8


@page("owner", tail="{name}")
def show(desk: Desk, asked: Asked) -> Shown:
    conduct = desk.workspace.conduct
    requirement = conduct.requirements.get(asked.tail)
    if requirement is None:
        raise NotFound(
            say("there is no requirement {name}", name=asked.tail[:20]), advice=say("The twelve actions list them all.")
        )
    view = desk.view()
    findings = view.found.of_requirement(requirement.id)
    subjects = [finding.subject for finding in findings if finding.subject]
    if asked.one("about"):
        findings = tuple(finding for finding in findings if finding.subject == asked.one("about"))
    return {
        "subjects": subjects if len(subjects) > _SHOWN else [],
        "requirement": requirement,
        "clauses": [conduct.clauses[at] for at in requirement.clauses],
        "findings": [_finding(view, requirement, one) for one in sorted(findings, key=_settled)[:_SHOWN]],
        "owner": view.found.owners.get(requirement.action),
    }


def _settled(finding: Finding) -> bool:
    return not finding.open


def _finding(view: View, requirement: Requirement, finding: Finding) -> dict[str, Any]:
    needs = []
    for need, result in zip(requirement.needs, finding.needs, strict=False):
        asks = result.asks or (() if result.satisfied else (Ask(need.kind, fields=need.where),))
        needs.append({"result": result, "forms": [_form(view, ask, finding) for ask in asks]})
    commands = [command for step in view.steps if finding.id in step.moves for command in (step.command, *step.also)]
    records = [(basis, view.by_index.get(basis.index)) for basis in finding.basis]
    return {"one": finding, "needs": needs, "commands": commands[:4], "records": records}


def _form(view: View, ask: Ask, finding: Finding) -> dict[str, str]:
    """A link to the form that records what an ask names, with what is known filled in; none for measured kinds."""
    from haipkit.records.kinds import find_kind

    kind = find_kind(ask.kind)
    if kind.short in MADE_ELSEWHERE:
        return {"kind": kind.title, "address": "", "verb": ""}
    values: dict[str, Any] = {name: value for name, value in ask.fields.items() if _is_one(value)}
    subject = finding.subject if kind.scope != "organisation" else None
    values |= {"system": ask.system or subject, "key": ask.key}
    standing = [
        record
        for record in view.of_kind(kind.name)
        if ask.amend and record.header.key == ask.key and ask.system in (None, record.header.system)
    ]
    if standing:
        values["amend"] = standing[0].index
    return {
        "kind": kind.title,
        "address": link(f"/add/{kind.short}", values | {"for": finding.requirement}),
        "verb": say("Amend") if standing else say("Record"),
    }


def _is_one(value: object) -> bool:
    return isinstance(value, str | int | bool)
