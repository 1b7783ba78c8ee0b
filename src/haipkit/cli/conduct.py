"""`haip conduct`: read what the Code asks, and lay the official words beside ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from haipkit.cli.output import bullets, echo_json, heading, line, paint, table
from haipkit.kernel.errors import NotFound, UsageError
from haipkit.kernel.words import ACTIONS, Role

if TYPE_CHECKING:
    from haipkit.conduct.model import Clause, Conduct, CrosswalkRow, Need, Requirement
    from haipkit.workspace.attached import Attached

_SHORT_ROLES = {Role.MODEL_DEVELOPER: "Model dev.", Role.APPLICATION_DEVELOPER: "App dev.", Role.DEPLOYER: "Deployer"}
_LEVEL_MARKS = {"expected": "● yes", "relevant": "◐ may be", "not expected": "– no"}


@click.group(name="conduct")
def command() -> None:
    """What the Code asks: its clauses in our words, our requirements, and whom they concern."""


@command.command(name="list")
@click.argument("what", required=False, metavar="[ACTION]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def list_(ctx: click.Context, what: str | None, as_json: bool) -> None:
    """The twelve actions, or the requirements of one ACTION.

    ACTION is 1 to 12. 0 lists the clauses of the preamble; coc, gpa and sme those of a document.
    """
    conduct, _ = _open(ctx)
    if what is None:
        if as_json:
            echo_json(_overview(conduct))
        else:
            _print_overview(conduct)
        return
    if what in {str(action) for action in ACTIONS}:
        requirements = conduct.find(what)
        if as_json:
            echo_json([_requirement_data(conduct, requirement) for requirement in requirements])
        else:
            heading(f"{what}  {ACTIONS[int(what)][1]}")
            _print_requirements(conduct, requirements)
            line(f"`haip conduct show {requirements[0].id}` shows one of them whole.")
        return
    clauses = conduct.places(what)
    if not clauses:
        raise UsageError(f"there is no action {what!r}", advice="Write 1 to 12, 0 for the preamble, or coc, gpa, sme.")
    if as_json:
        echo_json([_clause_data(conduct, clause, {}) for clause in clauses])
    else:
        table([(clause.at, clause.summary) for clause in clauses], ("Clause", "In our words"))


@command.command()
@click.argument("reference", metavar="REF")
@click.option("--official", "folder", metavar="FOLDER", help="Where `attach --to` kept the official words.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def show(ctx: click.Context, reference: str, folder: str | None, as_json: bool) -> None:
    """One place of the Code: our summary, its digest, the requirements that read it, and whom they concern.

    REF is an action (6), a paragraph (6.3), a requirement (6.3a), or a clause (coc:6.3.1, gpa:XII.1.1, sme:c2.r4).
    The official words stand beside ours once `haip conduct attach` has found them in your own copy.
    """
    from haipkit.workspace.attached import kept

    conduct, private = _open(ctx)
    clauses = conduct.places(reference)
    if not clauses:
        raise UsageError(
            f"the Code has no place {reference!r}",
            advice="Write 6, 6.3, 6.3a, coc:6.3.1, gpa:XII.1.1 or sme:c2.r4; `haip conduct list` shows what there is.",
        )
    place = Path(folder) if folder else private
    words = kept(place, conduct) if place else {}
    requirements = _reading(conduct, reference, clauses)
    if as_json:
        echo_json(
            {
                "reference": reference,
                "clauses": [_clause_data(conduct, clause, words) for clause in clauses],
                "requirements": [_requirement_data(conduct, requirement) for requirement in requirements],
            }
        )
        return
    for clause in clauses:
        _print_clause(conduct, clause, words)
    if reference.strip() in {str(action) for action in ACTIONS}:
        heading("What we take this action to ask")
        _print_requirements(conduct, requirements)
        line(f"`haip conduct show {requirements[0].id}` shows one of them whole." if requirements else "")
    else:
        for requirement in requirements:
            _print_requirement(conduct, requirement)
    if not words:
        print()
        line("Official words: give `haip conduct attach` your own copy of the document to see them here.")


@command.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--to", "folder", metavar="FOLDER", help="Keep the words here; needed outside a workspace.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def attach(ctx: click.Context, files: tuple[str, ...], folder: str | None, as_json: bool) -> int:
    """Lay the official words beside ours: prove by digest that your copies are the texts we read.

    Each FILE is a text or Markdown copy of an official document. haipkit ships none of their words; it keeps those
    found in your copy inside the workspace. Ends with 1 when a clause of the document was not found as we read it.
    """
    from haipkit.workspace.attached import keep, recognise

    conduct, private = _open(ctx)
    target = Path(folder) if folder else private
    if target is None:
        raise UsageError(
            "there is no workspace here to keep the words in",
            advice="Name a folder: haip conduct attach FILE --to FOLDER",
        )
    results = [(file, recognise(Path(file), conduct)) for file in files]
    told = []
    for file, attached in results:
        place = keep(target, attached, conduct)
        told.append(
            {
                "file": file,
                "sha256": attached.sha256,
                "document": attached.document.id,
                "clauses": attached.of,
                "proved": attached.proved,
                "differing": [clause.at for clause in attached.differing],
                "also_holds": dict(attached.others),
                "kept": str(place),
            }
        )
        if not as_json:
            _print_attached(conduct, file, attached, place)
    if as_json:
        echo_json(told)
    return 1 if any(attached.differing for _, attached in results) else 0


def _print_attached(conduct: "Conduct", file: str, attached: "Attached", place: Path) -> None:
    heading(f"{file}: {attached.document.title}")
    line(f"{attached.proved} of {attached.of} clauses are, by their digest, the words we read.", indent=2)
    if attached.differing:
        line("Not found as we read them (changed words, or something cuts through the sentence):", indent=2)
        table([(one.at, one.summary) for one in attached.differing], ("Clause", "In our words"), indent=4)
    for other, count in attached.others.items():
        clauses = "clause" if count == 1 else "clauses"
        line(f"It also holds {count} {clauses} of: {conduct.documents[other].title}.", indent=2)
    line(f"Kept in {place}", indent=2)


@command.command()
@click.argument("framework", required=False)
@click.option("--requirement", metavar="REF", help="Only rows about this action, paragraph or requirement.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def crosswalk(ctx: click.Context, framework: str | None, requirement: str | None, as_json: bool) -> None:
    """How our requirements relate to another FRAMEWORK, row by row, with who says so.

    A published row is the framework's own or its publisher's; a draft is ours, and never carries evidence over.
    """
    from haipkit.conduct.crosswalk import load_crosswalks

    known = load_crosswalks()
    if framework is not None and framework not in known:
        raise UsageError(f"there is no crosswalk to {framework!r}", advice="There is: " + ", ".join(known) + ".")
    conduct, _ = _open(ctx)
    wanted = {one.id for one in conduct.find(requirement)} if requirement else None
    chosen = [one for name, one in known.items() if framework in (None, name)]
    shown = [
        (one, [row for row in one.rows if wanted is None or wanted & {r.id for r in conduct.find(row.requirement)}])
        for one in chosen
    ]
    if as_json:
        echo_json([{**_fields(one), "rows": [_row_data(row) for row in rows]} for one, rows in shown])
        return
    for one, rows in shown:
        heading(one.title)
        line(
            f"{one.framework}; {one.publisher}. {one.edition}. Mapped by {one.mapped_by}, as of {one.as_of}.", indent=2
        )
        line(one.note, indent=2)
        print()
        table(
            [(row.requirement, row.reference, row.relation, f"{_ROW_MARKS[row.status]} {row.reason}") for row in rows],
            ("Ours", "Theirs", "Relation", "Status, and why"),
            indent=2,
        )
        if not rows:
            line("No row is about this.", indent=2)


_ROW_MARKS = {
    "published": "● published:",
    "reviewed": "◐ reviewed:",
    "draft": "○ draft, carries no evidence over:",
}


def _row_data(row: "CrosswalkRow") -> dict[str, Any]:
    return {**_fields(row), "carries_evidence": row.status != "draft"}


def _open(ctx: click.Context) -> tuple["Conduct", Path | None]:
    """What is asked, and the folder for official words: None outside a workspace. The Code is readable anywhere."""
    from haipkit.conduct.load import load_conduct
    from haipkit.workspace.attached import FOLDER
    from haipkit.workspace.config import CONFIG_NAME, find_root

    if ctx.obj is not None:
        root = Path(ctx.obj)
        if not (root / CONFIG_NAME).is_file():
            raise NotFound("there is no haip.toml here", where=str(root), advice="Start with `haip init`.")
    else:
        try:
            root = find_root(Path.cwd())
        except NotFound:
            return load_conduct(), None
    private = root / ".haip"
    return load_conduct(cache=private / "cache"), private / FOLDER


def _reading(conduct: "Conduct", reference: str, clauses: Sequence["Clause"]) -> list["Requirement"]:
    """The requirements under a numeric reference; those that cite one of the clauses otherwise."""
    try:
        return conduct.find(reference.strip().lower())
    except UsageError:
        places = {clause.at for clause in clauses}
        return [one for one in conduct.requirements.values() if places & set(one.clauses)]


def _levels(conduct: "Conduct", requirement: "Requirement") -> dict[Role, Any]:
    return {role: conduct.profiles[role].items[requirement.id] for role in Role if role in conduct.profiles}


def _overview(conduct: "Conduct") -> dict[str, Any]:
    return {
        "digest": conduct.digest,
        "documents": [
            {
                **_fields(document),
                "clauses": sum(clause.document == document.prefix for clause in conduct.clauses.values()),
            }
            for document in conduct.documents.values()
        ],
        "actions": [
            {
                "action": action,
                "title": title,
                "clauses": len(conduct.places(str(action))),
                "requirements": [one.id for one in conduct.requirements.values() if one.action == action],
            }
            for action, (_, title) in ACTIONS.items()
        ],
    }


def _print_overview(conduct: "Conduct") -> None:
    seen = _overview(conduct)
    heading("What the Code asks")
    table(
        [
            (str(entry["action"]), str(entry["clauses"]), str(len(entry["requirements"])), entry["title"])
            for entry in seen["actions"]
        ],
        ("", "Clauses", "Requirements", "Action, in our words"),
    )
    heading("The documents")
    table(
        [(entry["prefix"], str(entry["clauses"]), entry["issued"], entry["title"]) for entry in seen["documents"]],
        ("", "Clauses", "Issued", "Document"),
    )
    print()
    line("`haip conduct list 6` shows the requirements of action 6, `haip conduct show 6.3` a paragraph.")


def _print_requirements(conduct: "Conduct", requirements: Sequence["Requirement"]) -> None:
    rows = []
    for requirement in requirements:
        levels = _levels(conduct, requirement)
        marks = [_LEVEL_MARKS[levels[role].level] if role in levels else "" for role in Role]
        rows.append((requirement.id, *marks, requirement.title))
    table(rows, ("", *_SHORT_ROLES.values(), "Requirement"))


def _print_clause(conduct: "Conduct", clause: "Clause", words: Mapping[str, str]) -> None:
    heading(clause.at)
    line(clause.summary, indent=2)
    if clause.at in words:
        line(f"Official: “{words[clause.at]}”", indent=2)
    print("  " + paint(f"{clause.length} characters, SHA-256 {clause.sha256}", "soft"))
    if clause.unchecked:
        line(f"Software cannot check this: {clause.unchecked}", indent=2)
    for resource in conduct.resources:
        if resource.clause == clause.at:
            line(f"{resource.title} ({resource.publisher}). {resource.state}", indent=2)
            line(f"As of {resource.as_of}; {resource.confidence} source. {resource.url or ''}".rstrip(), indent=2)


def _print_requirement(conduct: "Conduct", requirement: "Requirement") -> None:
    heading(f"{requirement.id}  {requirement.title}")
    line(requirement.reading, indent=2)
    line(f"First step: {requirement.step}", indent=2)
    line(f"Reads {', '.join(requirement.clauses)}", indent=2)
    about = {
        "organisation": "the organisation",
        "system": "each system",
        "release": "the latest release of each system",
    }
    only = f", where {_conditions(requirement.when)}" if requirement.when else ""
    line(f"About {about[requirement.scope]}{only}.", indent=2)
    if requirement.attested_only:
        line("Software keeps your statement; it cannot check the deed.", indent=2)
    print()
    line("Met by:", indent=2)
    bullets([_need_words(need) for need in requirement.needs], indent=4)
    print()
    rows = [(_SHORT_ROLES[role], entry.level, entry.why) for role, entry in _levels(conduct, requirement).items()]
    table(rows, ("For", "", "Because"), indent=2)


def _need_words(need: "Need") -> str:
    from haipkit.assessment.need import RULES
    from haipkit.records.kinds import KINDS

    kind = KINDS.get(need.kind)
    parts = [f"{kind.title} ({need.kind})" if kind else need.kind]
    if need.at_least > 1:
        parts[0] = f"{need.at_least} × {parts[0]}"
    if need.where:
        parts.append(f"with {_conditions(need.where)}")
    if need.max_age_days is not None:
        parts.append(f"at most {need.max_age_days} days old")
    if need.origins:
        parts.append(" or ".join(need.origins))
    rule = RULES.get(need.test or "")
    told = f" {rule.__doc__}" if rule else ""
    return f"{'; '.join(parts)}.{told} Otherwise: {need.missing}"


def _conditions(conditions: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_value(value)}" for name, value in conditions.items())


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " or ".join(_value(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _clause_data(conduct: "Conduct", clause: "Clause", words: Mapping[str, str]) -> dict[str, Any]:
    return {
        **_fields(clause),
        "official": words.get(clause.at),
        "requirements": [one.id for one in conduct.requirements.values() if clause.at in one.clauses],
        "resources": [_fields(one) for one in conduct.resources if one.clause == clause.at],
    }


def _requirement_data(conduct: "Conduct", requirement: "Requirement") -> dict[str, Any]:
    return {
        **_fields(requirement),
        "needs": [_fields(need) for need in requirement.needs],
        "roles": {
            str(role): {"level": entry.level, "why": entry.why} for role, entry in _levels(conduct, requirement).items()
        },
    }


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a value of `conduct.model`, one level deep."""
    plain: dict[str, Any] = value._asdict()
    return plain
