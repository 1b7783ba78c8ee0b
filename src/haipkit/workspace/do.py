"""Everything that writes: a fact is checked, signed by an office, and kept in the ledger whole, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.kernel.clock import now, parse_day, parse_instant, write_instant
from haipkit.kernel.errors import BadInput, NotAllowed, NotFound
from haipkit.kernel.identity import new_id
from haipkit.kernel.words import Origin
from haipkit.records.kinds import KINDS, Kind, find_kind
from haipkit.records.record import Header, Record, Tool
from haipkit.workspace.ask import Shelf, compromised, read_shelf
from haipkit.workspace.forms import Form, check_body, slug, split_form
from haipkit.workspace.open import Workspace, open_workspace
from haipkit.workspace.people import load_signers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haipkit.adapters.imported import Imported
    from haipkit.ledger.keys import SigningKey
    from haipkit.ledger.log import Log
    from haipkit.records.attachment import Attachment


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a form. `unchanged`: the ledger already says exactly this, so nothing was added."""

    record_id: str
    index: int
    kind: str
    key: str | None
    system: str | None
    title: str
    unchanged: bool = False
    result: str | None = None
    """What a test, a scan or an evaluation came to, in a few words."""


@contextmanager
def writing(workspace: Workspace, office: str | None = None) -> "Iterator[tuple[Log, SigningKey]]":
    """The ledger for appending, with the key of the office that signs."""
    from haipkit.ledger.open import open_ledger

    log_key, office_key = load_signers(workspace.config, office)
    if office_key.verifier().kid in compromised(workspace):
        raise NotAllowed(
            f"the key {office_key.verifier().kid} is marked as compromised, so it signs nothing more",
            advice=f"Make a new one: haip keys rotate {office or workspace.config.office}.",
        )
    log = open_ledger(workspace.config.ledger, expected=log_key.verifier(), signer=log_key)
    try:
        yield log, office_key
    finally:
        log.close()


def add(
    workspace: Workspace,
    forms: Sequence[Form],
    *,
    origin: Origin = Origin.DECLARED,
    tool: Tool | None = None,
    office: str | None = None,
) -> list[Written]:
    """Check all forms, then write all of them in one commit. On the first mistake nothing is written.

    Raises BadInput, NotFound, and what the ledger raises.
    """
    shelf = read_shelf(workspace)
    ready: list[tuple[Kind, dict[str, Any], Header]] = []
    done: list[Written | None] = []
    for form in forms:
        kind, body, header = _prepare(workspace, form, shelf, origin, tool, office)
        twin = shelf.twin(header, body, dated=bool(form.envelope.get("occurred_at")))
        if twin is not None:
            done.append(_written(twin.header, twin.index, body, unchanged=True))
            continue
        done.append(None)
        ready.append((kind, body, header))
        shelf.note(Record(header, body, index=1 << 60))
    if ready:
        indices = iter(_append(workspace, [(header, body) for _, body, header in ready], office))
        pending = iter(ready)
        for place, entry in enumerate(done):
            if entry is None:
                _, body, header = next(pending)
                done[place] = _written(header, next(indices), body)
    return [entry for entry in done if entry is not None]


def _written(header: Header, index: int, body: Mapping[str, Any], *, unchanged: bool = False) -> Written:
    title = Record(header, body).title
    return Written(header.id, index, header.kind, header.key, header.system, title, unchanged, _result(body))


def _result(body: Mapping[str, Any]) -> str | None:
    word = body.get("outcome") or body.get("result")
    counted = f", {body['passed']} of {body['tests']} passed" if body.get("tests") else ""
    return f"{word}{counted}" if isinstance(word, str) and len(word) < 40 else None


def _append(workspace: Workspace, records: Sequence[tuple[Header, Mapping[str, Any]]], office: str | None) -> list[int]:
    from haipkit.ledger.projection import make_entry

    with writing(workspace, office) as (log, key):
        origin = workspace.config.origin
        entries = [make_entry(header.to_json(), body, issuer=origin, signer=key) for header, body in records]
        return list(log.append(entries))


def _prepare(
    workspace: Workspace, form: Form, shelf: Shelf, origin: Origin, tool: Tool | None, office: str | None
) -> tuple[Kind, dict[str, Any], Header]:
    body = check_body(form.kind, form.body, where=form.where)
    envelope = form.envelope
    where = form.where or form.kind.title
    system = _system(form.kind, envelope.get("system"), shelf, where)
    key = _key(form.kind, envelope.get("key"), body, where)
    recorded = now()
    event = envelope.get("occurred_at") or (body.get(form.kind.day) if form.kind.day else None)
    occurred = parse_instant(str(event), where=f"{where}: occurred_at") if event else recorded
    if occurred > recorded + timedelta(days=1):
        raise BadInput(
            f"{write_instant(occurred)[:10]} lies in the future",
            where=where,
            advice="Record things once they have happened.",
        )
    valid_from, valid_until = (_day_of(envelope, name, where) for name in ("valid_from", "valid_until"))
    if valid_from and valid_until and valid_from > valid_until:
        raise BadInput(f"valid_from {valid_from} is after valid_until {valid_until}", where=where)
    supersedes = envelope.get("supersedes")
    if supersedes is not None:
        supersedes = shelf.by_id(str(supersedes)).header.id
    attachments = form.kept + tuple(_attach(workspace, form, name) for name in _files(envelope, where))
    header = Header(
        id=new_id(),
        kind=form.kind.name,
        by=str(envelope.get("by") or office or workspace.config.office),
        origin=origin,
        occurred_at=write_instant(occurred),
        recorded_at=write_instant(recorded),
        system=system,
        key=key,
        supersedes=supersedes,
        tool=tool,
        valid_from=valid_from,
        valid_until=valid_until,
        attachments=attachments,
    )
    return form.kind, body, header


def _day_of(envelope: Mapping[str, Any], name: str, where: str) -> str | None:
    value = envelope.get(name)
    return None if value in (None, "") else parse_day(str(value), where=f"{where}: {name}").isoformat()


def _files(envelope: Mapping[str, Any], where: str) -> list[str]:
    files = envelope.get("files") or []
    listed = [files] if isinstance(files, str | Path) else files
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str | Path) for name in listed):
        raise BadInput(f"files is {files!r}", where=where, advice='Write a list of names: files = ["report.pdf"].')
    return [str(name) for name in listed]


def _attach(workspace: Workspace, form: Form, name: str) -> "Attachment":
    """Keep a file. Names in a form's file are looked up beside it and may not climb out of its folder."""
    path = Path(name)
    if form.folder is not None:
        path = (form.folder / name).resolve()
        if not path.is_relative_to(form.folder.resolve()):
            raise BadInput(
                f"{name!r} lies outside the folder of this file", where=form.where, advice="Keep files beside it."
            )
    if not path.is_file():
        raise NotFound(f"there is no file {name!r}", where=form.where)
    return workspace.blobs.put(path)


def _system(kind: Kind, given: Any, shelf: Shelf, where: str) -> str | None:
    """The system a record is about. With exactly one system recorded, kinds that need one take it."""
    from haipkit.assessment.need import SYSTEM_BOUND

    known = shelf.systems()
    if given in (None, ""):
        if kind.name in SYSTEM_BOUND:
            if len(known) == 1:
                return known[0]
            advice = "Say which: " + ", ".join(known) if known else "Record one first: haip add system."
            raise BadInput("which system is this about?", where=where, advice=advice)
        return None
    if kind.scope == "organisation":
        raise BadInput(f"a record of kind {kind.short} is about the organisation, not about a system", where=where)
    name, _, version = str(given).partition("/")
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = (
            f"Did you mean {near[0]!r}?"
            if near
            else "Known: " + (", ".join(known) or "none yet; `haip add system` first.")
        )
        raise NotFound(f"there is no system {name!r}", where=where, advice=hint)
    if version and kind.name != "release/1" and version not in shelf.releases(name):
        have = ", ".join(shelf.releases(name)) or "none yet"
        raise NotFound(
            f"there is no release {version!r} of {name!r}",
            where=where,
            advice=f"Recorded: {have}. Add it with `haip add release`.",
        )
    return name if kind.name == "release/1" else str(given)


def _key(kind: Kind, given: Any, body: Mapping[str, Any], where: str) -> str | None:
    if given not in (None, ""):
        text = str(given)
        if len(text) > 120 or text != text.strip() or any(ord(letter) < 32 for letter in text):
            raise BadInput(
                f"{text[:40]!r} cannot be a key", where=where, advice="Use one short line, at most 120 characters."
            )
        return text
    if kind.key is None:
        return None
    value = body.get(kind.key)
    if value is None:
        return None
    return str(value) if kind.key in ("action", "requirement", "version", "subject", "to") else slug(str(value))


def add_evidence(
    workspace: Workspace,
    files: Sequence[Path],
    *,
    title: str | None,
    supports: Sequence[str],
    backs: Sequence[str] = (),
    about: str | None = None,
    collected_at: str | None = None,
    valid_from: str | None = None,
    valid_until: str | None = None,
    source: str | None = None,
    summary: str | None = None,
    office: str | None = None,
) -> Written:
    """Keep files and record what they back. Raises BadInput for no file, an unknown requirement or record."""
    if not supports and not backs:
        raise BadInput(
            "nothing is named that the evidence backs", advice="Use --supports REQUIREMENT or --backs RECORD."
        )
    for reference in supports:
        workspace.conduct.find(reference)
    shelf = read_shelf(workspace) if backs else None
    for reference in backs:
        if shelf is not None and not shelf.names(reference):
            raise NotFound(
                f"there is no record {reference!r} to back",
                advice="`haip records` lists them: give a key, kind:key or id.",
            )
    body: dict[str, Any] = {
        "title": title or files[0].name,
        "collected_at": collected_at or now().date().isoformat(),
        "supports": list(supports),
        "backs": list(backs),
    }
    body |= {name: value for name, value in (("source", source), ("summary", summary)) if value}
    envelope = {
        "files": [str(path) for path in files],
        "system": about,
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    form = Form(find_kind("evidence"), body, envelope, where=str(files[0]))
    return add(workspace, [form], office=office)[0]


def import_results(
    workspace: Workspace,
    path: Path,
    *,
    system: str | None,
    requirements: Sequence[str] = (),
    said: Mapping[str, Any] | None = None,
    key: str | None = None,
    office: str | None = None,
) -> tuple[list[Written], list[str]]:
    """Take over another tool's results as *imported* records, with the original file kept. Returns (written, notes).

    `said` are fields of an evaluation that no log names (`domains`, `stage`, `method` …): whoever imports vouches for
    them, and the record says so. Raises BadInput where the file holds nothing that has them.
    """
    from haipkit.adapters.detect_format import read_any

    for reference in requirements:
        workspace.conduct.find(reference)
    data = _whole(path)
    forms: list[Form] = []
    notes: list[str] = []
    tools: list[Tool] = []
    for found in read_any(data, name=path.name, beside=lambda other: _beside(path, other)):
        kind = find_kind(found.kind)
        body = _with_rates(found)
        if requirements and "requirements" in _field_names(kind):
            body["requirements"] = list(requirements)
        if said:
            body = _with_said(kind, body, said, path.name)
        for reference in body.get("requirements", ()):
            workspace.conduct.find(reference)
        envelope = {
            "files": [str(path), *(str(path.parent / other) for other in found.beside)],
            "system": found.system or system,
            "occurred_at": found.occurred_at,
            "key": _nth_key(key, [form for form in forms if form.kind is kind]) if key else found.key,
        }
        forms.append(Form(kind, body, envelope, where=path.name))
        tools.append(found.tool)
        notes.extend(found.notes)
    written: list[Written] = []
    for tool in dict.fromkeys(tools):
        its_own = [form for form, used in zip(forms, tools, strict=True) if used == tool]
        written += add(workspace, its_own, origin=Origin.IMPORTED, tool=tool, office=office)
    return written, notes


def _beside(path: Path, name: str) -> bytes | None:
    other = path.parent / name
    return _whole(other) if other.is_file() else None


def _with_rates(found: "Imported") -> dict[str, Any]:
    """The body with what was recounted as metrics. The interval holds also for a run that stopped when it liked."""
    from haipkit.actions.a01_risk.confidence import sequence

    metrics = []
    for rate in found.rates:
        value, low, high = sequence(rate.n, rate.hits).texts()
        metrics.append({"name": rate.name, "value": value, "unit": "share", "n": rate.n, "low": low, "high": high})
    return {**found.body, "metrics": [*metrics, *found.body.get("metrics", ())]} if metrics else dict(found.body)


def _nth_key(key: str, before: Sequence[Form]) -> str:
    """Results of one file do not take each other's place: `nightly`, `nightly-2` …"""
    return f"{key}-{len(before) + 1}" if before else key


def _with_said(kind: Kind, body: dict[str, Any], said: Mapping[str, Any], where: str) -> dict[str, Any]:
    unknown = sorted(set(said) - _field_names(kind))
    if unknown:
        raise BadInput(
            f"the result is a {kind.title.lower()}, which has no {unknown[0].replace('_', ' ')}",
            where=where,
            advice="Import it without that option; domains, stage, method and result belong to evaluations.",
        )
    if said.get("result") in ("pass", "fail") and not said.get("threshold"):
        raise BadInput(
            f"“{said['result']}” against which threshold?",
            where=where,
            advice='Name it: --threshold "accuracy of at least 0.9". It has to be set before the run.',
        )
    names = _in_words([name.replace("_", " ") for name in said])
    limits = [*body.get("limitations", ()), f"Not in the log, but said by whoever imported it: {names}."]
    return {**body, **said, "limitations": limits}


def _in_words(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]


def _field_names(kind: Kind) -> frozenset[str]:
    from haipkit.workspace.bodies import body_model

    return frozenset(body_model(kind.name).model_fields)


def _whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault


def record_test_results(workspace_path: str, groups: Iterable[Mapping[str, Any]]) -> list[str]:
    """Keep groups of outcomes from the pytest plugin, all or none, with the results file they would make attached.

    Returns record ids. Entry point `haipkit.recorders`.
    """
    from tempfile import TemporaryDirectory

    from haipkit.adapters.read_pytest import write

    with open_workspace(workspace_path) as workspace, TemporaryDirectory() as folder:
        path = Path(folder) / "pytest-results.json"
        path.write_bytes(write(list(groups)))
        written, _ = import_results(workspace, path, system=None)
    return [entry.record_id for entry in written]


def withdraw(workspace: Workspace, record_id: str, *, reason: str, office: str | None = None) -> Written:
    """Erase the files of an evidence record and say so in a redaction record. The log keeps the digests."""
    record = read_shelf(workspace).by_id(record_id)
    if not record.header.attachments:
        raise BadInput("this record has no files", where=record.header.id)
    written = _redaction(workspace, record, ["attachments"], reason, office)
    still_used = read_shelf(workspace).digests_in_use(without=record.header.id)
    for attachment in record.header.attachments:
        if attachment.sha256 not in still_used:
            workspace.blobs.remove(attachment.sha256)
    return written


def redact(
    workspace: Workspace, record_id: str, fields: Sequence[str], *, reason: str, office: str | None = None
) -> Written:
    """Drop the disclosures of some fields for good. Tree, proofs and checkpoints stay valid."""
    record = read_shelf(workspace).by_id(record_id)
    unknown = sorted(set(fields) - set(record.body))
    if unknown:
        raise BadInput(
            f"this record has no field {unknown[0]!r}",
            where=record.header.id,
            advice="It has: " + ", ".join(record.body),
        )
    written = _redaction(workspace, record, fields, reason, office)
    with writing(workspace, office) as (log, _):
        log.erase(record.index, fields)
    return written


def _redaction(workspace: Workspace, record: Record, fields: Sequence[str], reason: str, office: str | None) -> Written:
    body = {
        "record": record.header.id,
        "fields": list(fields),
        "reason": reason,
        "decided_by": office or workspace.config.office,
    }
    return add(workspace, [Form(find_kind("redaction"), body)], office=office)[0]


def commit_to(
    workspace: Workspace, programme: str, *, statement: str, made_on: str | None = None, office: str | None = None
) -> Written:
    """Start a programme's clocks, or commit to the Code itself (`code-of-conduct`)."""
    if programme != "code-of-conduct" and programme not in workspace.conduct.programmes:
        known = ", ".join(["code-of-conduct", *workspace.conduct.programmes])
        raise NotFound(f"there is no programme {programme!r}", advice=f"Choose one of: {known}.")
    body = {
        "to": programme,
        "made_on": made_on or now().date().isoformat(),
        "made_by": office or workspace.config.office,
        "statement": statement,
    }
    return add(workspace, [split_form(KINDS["commitment/1"], body, where="commitment")], office=office)[0]


def with_system(form: Form, system: str | None) -> Form:
    """The form, about `system` unless it names one itself."""
    if system is None or form.envelope.get("system") or form.kind.scope == "organisation":
        return form
    return replace(form, envelope={**form.envelope, "system": system})
