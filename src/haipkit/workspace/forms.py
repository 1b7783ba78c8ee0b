"""From what a person typed to a checked body and envelope: TOML files, JSON files and plain mappings.

Flags, files and questions all end in `check_body`, which says the same about the same mistake.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from haipkit.kernel.errors import BadInput, HaipError
from haipkit.records.attachment import Attachment
from haipkit.records.kinds import Kind, find_kind

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from haipkit.assessment.commands import Blank

MAX_FORM = 2_000_000
_BLANK = re.compile(r"<[A-Za-z0-9][^<>]*>")
ENVELOPE = ("key", "system", "valid_from", "valid_until", "occurred_at", "by", "supersedes", "files")
"""Fields of a form that go into the header; all others belong to the body."""


@dataclass(frozen=True, slots=True)
class Form:
    """One record to be written. `where` names file and table, for messages; `folder` is where `files` are looked up;
    `kept` are attachments of the record that this one amends, already in the workspace."""

    kind: Kind
    body: dict[str, Any]
    envelope: dict[str, Any] = field(default_factory=dict)
    where: str = ""
    folder: Path | None = None
    kept: tuple[Attachment, ...] = ()


def split_form(kind: Kind, values: Mapping[str, Any], *, where: str, folder: Path | None = None) -> Form:
    envelope = {name: values[name] for name in ENVELOPE if name in values}
    body = {name: value for name, value in values.items() if name not in ENVELOPE}
    return Form(kind, body, envelope, where, folder)


def read_forms(path: Path, kind: Kind | None = None) -> list[Form]:
    """Forms of a TOML or JSON file: `[[risk]]` tables (or `{"risk": [...]}`), or bare fields when `kind` is given.

    Raises BadInput that names the file and the table or line; reads nothing larger than 2 MB.
    """
    data = _parse(path)
    folder = path.parent
    names = set(data)
    if kind is not None and not (names <= {kind.short, kind.name} and names):
        return [split_form(kind, data, where=str(path), folder=folder)]
    forms = []
    for name, tables in data.items():
        try:
            found = find_kind(name)
        except HaipError as fault:
            raise BadInput(fault.what, where=str(path), advice=fault.advice) from fault
        rows = tables if isinstance(tables, list) else [tables]
        for place, row in enumerate(rows, 1):
            where = f"{path}: {found.short}" + (f" {place}" if len(rows) > 1 else "")
            if not isinstance(row, dict):
                raise BadInput(f"expected a table of fields, found {row!r}", where=where)
            forms.append(split_form(found, row, where=where, folder=folder))
    if not forms:
        raise BadInput(
            "there is no record in it", where=str(path), advice="Write tables such as [[risk]] with fields under them."
        )
    return forms


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FORM:
            raise BadInput(
                f"larger than {MAX_FORM} bytes", where=str(path), advice="Split the file, or attach it as evidence."
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise BadInput(f"cannot be read: {fault.strerror}", where=str(path)) from fault
    except UnicodeDecodeError as fault:
        raise BadInput(
            "not text in UTF-8", where=str(path), advice="Is it the right file? Records come as TOML or JSON."
        ) from fault
    try:
        if path.suffix.lower() == ".json":
            data = json.loads(text, object_pairs_hook=_without_repeats)
        else:
            data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise BadInput(
            f"not valid {'JSON' if path.suffix.lower() == '.json' else 'TOML'}: {fault}", where=str(path)
        ) from fault
    except BadInput as fault:
        raise BadInput(fault.what, where=str(path), advice=fault.advice) from fault
    if not isinstance(data, dict):
        raise BadInput("expected a table of fields at the top", where=str(path))
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, value in pairs:
        if name in seen:
            raise BadInput(f"the field {name!r} stands there twice", advice="Keep one of the two.")
        seen[name] = value
    return seen


def check_body(kind: Kind, body: Mapping[str, Any], *, where: str = "") -> dict[str, Any]:
    """The body as plain JSON values, fields left out dropped. Raises BadInput that lists every mistake."""
    from pydantic import ValidationError

    from haipkit.workspace.bodies import body_model

    unfilled = _unfilled(body)
    if unfilled:
        advice = "Write your own words in the places marked <…>. Nothing was written."
        raise BadInput("; ".join(unfilled), where=where or kind.title, advice=advice)
    model = body_model(kind.name)
    try:
        checked = model.model_validate(dict(body))
    except ValidationError as fault:
        lines = [_mistake(error, model.model_fields) for error in fault.errors()]
        what = lines[0] if len(lines) == 1 else f"{len(lines)} fields are wrong:\n  " + "\n  ".join(lines)
        advice = f"{_needed(kind, fault.errors())}`haip schema {kind.short}` lists the fields. Nothing was written."
        raise BadInput(what, where=where or kind.title, advice=advice) from fault
    values: dict[str, Any] = json.loads(checked.model_dump_json(exclude_none=True))
    return {name: value for name, value in values.items() if value != []}


def _needed(kind: Kind, errors: Sequence[Any]) -> str:
    """The options that were left out, as they are written."""
    from haipkit.assessment.commands import option

    known = blanks(kind.name)
    names = [str(error["loc"][0]) for error in errors if error["type"] == "missing" and len(error["loc"]) == 1]
    return f"Add: {' '.join(option(name, known[name].text) for name in names)}. " if names else ""


def _unfilled(body: Mapping[str, Any]) -> list[str]:
    """Fields that still hold what a printed command says instead of a value."""
    return [
        f"{name}: still says {value}"
        for name, values in body.items()
        for value in (values if isinstance(values, list | tuple) else [values])
        if isinstance(value, str) and _BLANK.fullmatch(value.strip())
    ]


def blanks(kind: str) -> dict[str, "Blank"]:
    """What stands for each field of a kind until somebody fills it in: `<title>`, `<none|planned|in-place>`, a day."""
    from haipkit.assessment.commands import Blank
    from haipkit.workspace.bodies import body_model

    found = {
        name: Blank(f"<{_blank_text(name, info)}>", info.is_required())
        for name, info in body_model(kind).model_fields.items()
    }
    return {**found, **{name: Blank("<YYYY-MM-DD>", False) for name in ("valid_until", "occurred_at")}}


def _blank_text(name: str, info: "FieldInfo") -> str:
    from haipkit.records.fields import Day

    shown = str(info.annotation) + str(info.metadata)
    if any(str(mark) in shown for mark in get_args(Day)[1:]):
        return "YYYY-MM-DD"
    if "https?://" in shown:
        return "https://…"
    allowed = choices(info.annotation)
    if allowed:
        return "|".join(allowed)
    return "number" if info.annotation is int else name.replace("_", " ")


def choices(annotation: Any) -> tuple[str, ...]:
    """The words a field allows, if it allows only some."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    found: tuple[str, ...] = ()
    for inner in get_args(annotation):
        found = found or choices(inner)
    return found


def _mistake(error: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    name = ".".join(str(part) for part in error["loc"]) or "record"
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(error["loc"][-1]), fields, n=1)
        return f"{name}: unknown field" + (f" (did you mean {near[0]}?)" if near else "")
    if error["type"] == "missing":
        return f"{name}: missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    value = error.get("input")
    shown = f" (found {value!r})" if isinstance(value, str | int | bool) and len(str(value)) < 80 else ""
    return f"{name}: {message[:1].lower()}{message[1:]}{shown}"


def slug(text: str) -> str:
    """A short name made from a title, for keys. Text without Latin letters or digits is kept by its digest."""
    import unicodedata

    from haipkit.kernel.canonical import sha256_hex

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    short = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:48].strip("-._")
    return short or "x" + sha256_hex(text.encode("utf-8"))[:12]
