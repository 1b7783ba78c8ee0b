"""Record something: a form made from the kind's own model, with what is wrong beside the field."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import Response

from haipkit.kernel.errors import HaipError, NotAllowed
from haipkit.records.attachment import Attachment
from haipkit.records.kinds import Kind, find_kind
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page, to
from haipkit.web.parts.form import MADE_ELSEWHERE, check_form, draw_form, kept_file, read_form
from haipkit.web.words import say

if TYPE_CHECKING:
    from haipkit.records.record import Record

_HEADER = ("system", "key", "valid_from", "valid_until", "occurred_at")


@page("owner", tail="{kind}")
def show(desk: Desk, asked: Asked) -> Shown:
    kind = _kind(asked.tail)
    standing = _amended(desk, kind, asked.one("amend"))
    if standing is not None:
        header = standing.header
        typed = dict(standing.body)
        envelope = {name: getattr(header, name) or "" for name in _HEADER} | {"occurred_at": ""}
        kept = tuple(file for file in header.attachments if file.sha256 not in standing.missing)
    else:
        typed, envelope, kept = {}, {name: asked.one(name) for name in _HEADER}, ()
    # What an address brings along is shown in the form, and only there: nothing is recorded by following a link.
    typed |= _from_address(kind, asked)
    return _form(desk, kind, typed, envelope, {}, kept=kept, amend=asked.one("amend"))


@page("owner", method="POST", tail="{kind}")
def save(desk: Desk, asked: Asked) -> Shown | Response:
    from haipkit.workspace.bodies import body_model
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form

    kind = _kind(asked.tail)
    model = body_model(kind.name)
    typed = read_form(model, asked.form)
    envelope = {name: asked.one(name) for name in _HEADER}
    wrong = check_form(kind, model, typed)
    kept: tuple[Attachment, ...] = ()
    try:
        kept = _files(desk, asked)
        if kind.short == "evidence" and not kept:
            wrong["files"] = say("choose at least one file.")
        _check_references(desk, kind, typed, wrong)
        if not wrong:
            header = {name: value for name, value in envelope.items() if value}
            if kind.key in ("action", "requirement", "version", "subject", "to"):
                header.pop("key", None)
            (written,) = add(desk.workspace, [Form(kind, typed, header, kind.title, kept=kept)])
            return to(f"/record/{written.index}?new={'same' if written.unchanged else 'yes'}")
    except HaipError as fault:
        wrong[""] = " ".join(part for part in (fault.what[:1].upper() + fault.what[1:] + ".", fault.advice) if part)
    shown = _form(desk, kind, typed, envelope, wrong, kept=kept, amend=asked.one("amend"))
    return shown | {"http_status": 422}


def _kind(name: str) -> Kind:
    kind = find_kind(name)
    if kind.short in MADE_ELSEWHERE:
        raise NotAllowed(
            say("a record of the kind {kind} is made by its own command, not by hand", kind=kind.short),
            advice=say("What was measured counts as tested only when the mechanism itself wrote it down."),
        )
    return kind


def _amended(desk: Desk, kind: Kind, index: str) -> "Record | None":
    if not (index.isascii() and index.isdigit() and len(index) < 12):
        return None
    record = desk.view().by_index.get(int(index))
    return record if record is not None and record.header.kind == kind.name else None


def _from_address(kind: Kind, asked: Asked) -> dict[str, Any]:
    from haipkit.workspace.bodies import body_model

    return read_form(body_model(kind.name), asked.query)


def _files(desk: Desk, asked: Asked) -> tuple[Attachment, ...]:
    """Files of this try and those that an earlier try left: kept under their digest, so that none is lost."""
    found: dict[str, Attachment] = {}
    for text in asked.form.get("kept", ()):
        try:
            file = Attachment(*kept_file(text))
        except (ValueError, TypeError):
            continue
        if desk.workspace.blobs.has(file.sha256):
            found[file.sha256] = file
    for upload in asked.files.get("files", ()):
        made = desk.workspace.blobs.put(upload.data, upload.name)
        found[made.sha256] = made
    return tuple(found.values())


def _check_references(desk: Desk, kind: Kind, typed: Mapping[str, Any], wrong: dict[str, str]) -> None:
    """What names a requirement or a record has to name one that is there."""
    for name in ("supports", "requirements"):
        for reference in typed.get(name, ()) if isinstance(typed.get(name), list) else ():
            if name not in wrong and not _exists(desk, reference):
                wrong[name] = say("there is no requirement {name}.", name=reference)
    if kind.short == "evidence":
        unknown = [name for name in typed.get("backs", ()) if not desk.view().shelf.names(name)]
        if unknown:
            wrong["backs"] = say("there is no record {name}; give its key or id.", name=unknown[0])


def _exists(desk: Desk, reference: str) -> bool:
    try:
        return bool(desk.workspace.conduct.find(reference))
    except HaipError:
        return False


def _form(
    desk: Desk,
    kind: Kind,
    typed: Mapping[str, Any],
    envelope: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    kept: tuple[Attachment, ...],
    amend: str,
) -> Shown:
    import json

    from haipkit.workspace.bodies import body_model

    drawn = draw_form(body_model(kind.name), typed, {name: what for name, what in wrong.items() if name})
    shelf = desk.view().shelf
    systems = [name for one in shelf.systems() for name in (one, *(f"{one}/{v}" for v in shelf.releases(one)))]
    return {
        "kind": kind,
        "drawn": drawn,
        "faults": [("", wrong[""])] if wrong.get("") else list(drawn.faults),
        "envelope": envelope,
        "systems": systems,
        "about": kind.scope != "organisation",
        "kept": [(file, json.dumps([file.sha256, file.size, file.media_type, file.name])) for file in kept],
        "files_wrong": wrong.get("files", ""),
        "amend": amend,
        "own_key": kind.key in ("action", "requirement", "version", "subject", "to"),
        "office": desk.workspace.config.office,
    }
