"""`haip add KIND`: one command per kind of record, with a flag per field, made from the kind's own model."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import click

from haipkit.cli.output import echo_json, line, table
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.records.kinds import KINDS, Kind, find_kind
from haipkit.workspace.forms import choices

if TYPE_CHECKING:
    from haipkit.records.attachment import Attachment

_ENVELOPE_OPTIONS = (
    click.Option(["--key"], help="Short name of the thing; the newest record of a key is its state."),
    click.Option(["--system", "-s"], help="The system it is about, or one release of it: helpdesk or helpdesk/2.1."),
    click.Option(["--valid-from"], metavar="DAY", help="First day on which it counts."),
    click.Option(["--valid-until"], metavar="DAY", help="Last day on which it counts."),
    click.Option(["--occurred-at"], metavar="WHEN", help="When it happened, if not now."),
    click.Option(
        ["--file"], multiple=True, type=click.Path(path_type=Path), help="A file to keep with it (repeatable)."
    ),
    click.Option(["--by"], metavar="OFFICE", help="The office that records and signs it."),
    click.Option(["--amend"], is_flag=True, help="Keep the fields and files of the standing record."),
    click.Option(["--supersedes"], metavar="ID", help="The record that this one replaces."),
    click.Option(
        ["--from", "source"], type=click.Path(path_type=Path), help="Read one or many from a TOML or JSON file."
    ),
    click.Option(["--json", "as_json"], is_flag=True, help="Print what was written as JSON."),
)


_MADE_ELSEWHERE = (
    *("attestation", "redaction", "key-event", "dataset-scan"),
    *("dataset-duplicates", "dataset-contamination"),
    *("dataset-rights", "dataset-quality", "dataset-bias", "data-removal"),
    *("canaries", "leak-test", "private-training"),
    *("evaluation-plan", "evaluation-run", "comparison", "trace"),
)
"""Kinds that commands of their own make; typed by hand they would be worth a claim."""


class _Kinds(click.Group):
    """The kinds as subcommands; a kind's model is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [kind.short for kind in KINDS.values() if kind.short not in _MADE_ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _kind_command(find_kind(cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Kinds"):
            formatter.write_dl([(name, find_kind(name).summary) for name in self.list_commands(ctx)])


@click.command(cls=_Kinds, name="add", invoke_without_command=True, no_args_is_help=False)
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="A TOML or JSON file with [[risk]], [[policy]] … tables."
)
@click.option("--by", metavar="OFFICE", help="The office that records and signs.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.pass_context
def command(ctx: click.Context, source: Path | None, by: str | None, as_json: bool) -> None:
    """Record a fact. Fields come from flags, from a file, or are asked one by one on a terminal."""
    if ctx.invoked_subcommand is not None:
        return
    if source is None:
        click.echo(ctx.get_help())
        return
    _write_files(ctx.obj, source, None, by, as_json)


def _kind_command(kind: Kind) -> click.Command:
    from haipkit.workspace.bodies import body_model

    model = body_model(kind.name)
    options: list[click.Parameter] = [click.Argument(["name"], required=False)]
    for name, field in model.model_fields.items():
        options.append(_option(name, field.annotation, field.description, field.is_required()))
    options += _ENVELOPE_OPTIONS

    def fill(**values: Any) -> None:
        _fill(kind, model.model_fields, values)

    summary = f"{kind.summary}.\n\nNAME is its short name ({_naming(kind)})."
    return click.Command(kind.short, callback=fill, params=options, help=summary, short_help=kind.summary)


def _naming(kind: Kind) -> str:
    return f"default: made from --{kind.key.replace('_', '-')}" if kind.key else "optional"


def _option(name: str, annotation: Any, description: str | None, required: bool) -> click.Option:
    flag = "--" + name.replace("_", "-")
    allowed = choices(annotation)
    note = (" ".join(description.split()) + " " if description else "") + ("[needed]" if required else "")
    if name == "name":
        flag = "--name"
    if annotation is bool or annotation == (bool | None):
        return click.Option([f"{flag}/--no-{flag[2:]}", f"field_{name}"], default=None, help=note or None)
    many = is_list(annotation)
    if allowed:
        shown = " | ".join(allowed)
        note = f"{shown}. {note}" if len(shown) < 200 else note
    metavar = "TEXT" + (" (repeatable)" if many else "")
    return click.Option(
        [flag, f"field_{name}"], multiple=many, default=None, metavar=metavar, help=note.strip() or None
    )


def is_list(annotation: Any) -> bool:
    if get_origin(annotation) is tuple:
        return True
    return any(is_list(inner) for inner in get_args(annotation) if not isinstance(inner, str))


def _fill(kind: Kind, fields: Mapping[str, Any], values: dict[str, Any]) -> None:
    from haipkit.workspace.forms import Form

    ctx = click.get_current_context()
    if values["source"] is not None:
        _write_files(ctx.obj, values["source"], kind, values["by"], values["as_json"], values["system"])
        return
    body = {
        name.removeprefix("field_"): _typed(fields[name.removeprefix("field_")].annotation, value, name)
        for name, value in values.items()
        if name.startswith("field_") and value not in (None, ())
    }
    envelope = {
        field: values[field] for field in ("system", "valid_from", "valid_until", "occurred_at", "by", "supersedes")
    }
    envelope = {field: value for field, value in envelope.items() if value}
    envelope |= {"files": [str(path) for path in values["file"]]} if values["file"] else {}
    name = values["name"]
    key = values["key"] or (name if kind.key not in _OWN_KEYS else None)
    kept: tuple[Attachment, ...] = ()
    if values["amend"]:
        body, envelope, kept = _amended(ctx.obj, kind, values["key"] or name, body, envelope)
    else:
        if name is not None and kind.key and kind.key not in body:
            body[kind.key] = _typed(fields[kind.key].annotation, name, kind.key)
        open_fields = [field for field, info in fields.items() if info.is_required() and field not in body]
        if open_fields and sys.stdin.isatty() and sys.stdout.isatty():
            body |= _ask(kind, fields, open_fields)
        envelope |= {"key": key} if key else {}
    _write(ctx.obj, [Form(kind, body, envelope, kept=kept)], values["by"], values["as_json"])


_OWN_KEYS = ("action", "requirement", "version", "subject", "to")
"""Key fields whose value is the key as it stands, so that a NAME given is that field."""


def _amended(
    root: str | None, kind: Kind, key: str | None, body: dict[str, Any], envelope: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], "tuple[Attachment, ...]"]:
    """The standing record's fields with the given ones laid over them, and its files that are still there."""
    from haipkit.workspace.ask import standing
    from haipkit.workspace.open import open_workspace

    if key is None:
        raise UsageError(
            "which record is to be amended?", advice=f"Give its name: haip add {kind.short} NAME --amend …"
        )
    with open_workspace(root) as workspace:
        record = standing(workspace, kind.name, key, envelope.get("system"))
    header = record.header
    kept = {
        "key": header.key,
        "system": header.system,
        "valid_from": header.valid_from,
        "valid_until": header.valid_until,
    }
    files = tuple(attachment for attachment in header.attachments if attachment.sha256 not in record.missing)
    return {**record.body, **body}, {name: value for name, value in {**kept, **envelope}.items() if value}, files


def _typed(annotation: Any, value: Any, name: str) -> Any:
    """Flags are text; numbers and nested tables are read from it."""
    if isinstance(value, tuple):
        return [_typed(annotation, item, name) for item in value]
    leaves = _leaves(annotation)
    if not isinstance(value, str) or str in leaves:
        return value
    if int in leaves and value.lstrip("-").isdigit():
        return int(value)
    if any(hasattr(leaf, "model_fields") for leaf in leaves):
        return _nested(value, name)
    return value


def _leaves(annotation: Any) -> set[Any]:
    """The plain types inside an annotation."""
    inner = get_args(annotation)
    if get_origin(annotation) is Literal or not inner:
        return {str} if get_origin(annotation) is Literal else {annotation}
    if get_origin(annotation) is Annotated:
        return _leaves(inner[0])
    return {leaf for part in inner for leaf in _leaves(part)}


def _nested(text: str, name: str) -> Any:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        flag = name.removeprefix("field_").replace("_", "-")
        advice = 'Write it so: \'{"name": "accuracy", "value": "0.93", "unit": "share"}\'.'
        raise BadInput(f"not valid JSON: {fault}", where=f"--{flag}", advice=advice) from fault


def _ask(kind: Kind, fields: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    line(f"{kind.title}: {kind.summary}. Ctrl-C stops; nothing is kept until the last answer.")
    answers: dict[str, Any] = {}
    for name in names:
        info = fields[name]
        allowed = choices(info.annotation)
        question = (info.description or name.replace("_", " ").capitalize()).split("\n")[0].rstrip(".")
        if is_list(info.annotation):
            hint = f" ({' | '.join(allowed)})" if allowed else ""
            reply = click.prompt(f"{question}{hint}, separated by commas", type=str)
            answers[name] = [part.strip() for part in reply.split(",") if part.strip()]
        elif allowed:
            answers[name] = click.prompt(question, type=click.Choice(allowed))
        elif info.annotation is bool:
            answers[name] = click.confirm(question)
        else:
            answers[name] = _typed(info.annotation, click.prompt(question, type=str), name)
    return answers


def _write_files(
    root: str | None, source: Path, kind: Kind | None, by: str | None, as_json: bool, system: str | None = None
) -> None:
    from haipkit.workspace.do import with_system
    from haipkit.workspace.forms import read_forms

    if not source.exists():
        raise UsageError(f"there is no file {str(source)!r}")
    paths = sorted(source.glob("*.toml")) + sorted(source.glob("*.json")) if source.is_dir() else [source]
    forms = [with_system(form, system) for path in paths for form in read_forms(path, kind)]
    if not forms:
        raise BadInput("there is no TOML or JSON file in it", where=str(source))
    _write(root, forms, by, as_json)


def _write(root: str | None, forms: list[Any], by: str | None, as_json: bool) -> None:
    from haipkit.workspace.do import add
    from haipkit.workspace.open import open_workspace

    with open_workspace(root) as workspace:
        written = add(workspace, forms, office=by)
    if as_json:
        echo_json([{name: getattr(entry, name) for name in entry.__slots__} for entry in written])
        return
    if len(written) > _FEW:
        _tell_many(written)
        return
    for entry in written:
        about = f" of {entry.system}" if entry.system else ""
        name = find_kind(entry.kind).title
        if entry.unchanged:
            line(f"Unchanged: {name}{about} “{entry.title}” (record #{entry.index}).")
        else:
            line(f"Recorded: {name}{about} “{entry.title}” as #{entry.index} ({entry.record_id[:13]}).")


_FEW = 5


def _tell_many(written: list[Any]) -> None:
    rows = [
        (f"#{entry.index}", find_kind(entry.kind).title, entry.system or "", entry.title, entry.unchanged)
        for entry in written
    ]
    table([(*row[:3], f"{row[3]} (unchanged)" if row[4] else row[3]) for row in rows], ("", "Kind", "System", "Title"))
    same = sum(entry.unchanged for entry in written)
    line(f"{len(written) - same} recorded" + (f", {same} unchanged." if same else "."))
