"""Reports, bundles and checks: what leaves the workspace, and what is looked at before it does."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.kernel.clock import today
from haipkit.kernel.errors import BadConfig, BadInput, NotFound
from haipkit.records.history import by_kind
from haipkit.workspace.ask import history, state, steps
from haipkit.workspace.config import save
from haipkit.workspace.open import Workspace
from haipkit.workspace.people import load_signers

if TYPE_CHECKING:
    from collections.abc import Callable

    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.verify import Verdict
    from haipkit.reports.document import Document
    from haipkit.reports.registry import Told

FORMATS = ("html", "pdf", "md", "json")


def audit(
    workspace: Workspace,
    *,
    known_heads: Sequence[bytes] = (),
    witnesses: Sequence["VerifierKey"] = (),
    progress: "Callable[[int, int], None] | None" = None,
) -> "Verdict":
    """Hash the whole ledger again and compare everything kept beside it: tiles, disclosures, query rows, signatures."""
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.verify import verify_log

    log = workspace.log
    return verify_log(
        log,
        [VerifierKey.parse(workspace.config.verifier_key)],
        known_heads=known_heads,
        witnesses=witnesses,
        signers=list(signer_keys(workspace).values()),
        retired=workspace.config.retired_keys,
        tile=log.tile,
        rows=log.rows,
        disclosures=log.disclosures,
        progress=progress,
    )


def signer_keys(workspace: Workspace) -> dict[str, "VerifierKey"]:
    """Verifier keys of everybody who signed records here: our offices, also with keys they had before, and accepted
    assessors. Key id → key."""
    from haipkit.ledger.keys import load_verifier

    folders = (workspace.config.keys, workspace.config.keys / "retired", assessor_folder(workspace))
    found = [load_verifier(path) for folder in folders for path in sorted(folder.glob("*.vkey"))]
    return {key.kid: key for key in found}


def assessor_folder(workspace: Workspace) -> Path:
    return workspace.config.private / "assessors"


def tell(
    workspace: Workspace, report: str, *, as_of: date | None = None, options: Mapping[str, str] | None = None
) -> "Document":
    """The report as a document. Raises BadConfig when the ledger does not verify."""
    from haipkit.reports.registry import find_report

    make = find_report(report)
    verdict = audit(workspace)
    if verdict.word == "invalid":
        raise BadConfig(
            "the ledger does not verify: " + " ".join(verdict.reasons[:3]),
            where=str(workspace.config.ledger),
            advice="No report is written from it. `haip verify` says more; restore a copy that verifies.",
        )
    return make(_told(workspace, as_of or today(), dict(options or {})))


def _told(workspace: Workspace, day: date, options: dict[str, str]) -> "Told":
    from base64 import b64encode

    from haipkit.assessment.engine import assess
    from haipkit.conduct.checkpoints import load_checkpoints
    from haipkit.conduct.template import load_template
    from haipkit.kernel.clock import end_of_day
    from haipkit.ledger.checkpoint import VerifierKey, parse_checkpoint, parse_note, verify_note
    from haipkit.reports.checkpoints import CHECKPOINTS
    from haipkit.reports.registry import LedgerHead, Told
    from haipkit.reports.training_summary import TEMPLATE
    from haipkit.workspace.instruments import known_instruments

    config = workspace.config
    records = state(workspace, day)
    found = assess(workspace.conduct, records, day, roles=config.roles)
    note = parse_note(workspace.log.checkpoint())
    head = parse_checkpoint(note.text)
    watching = [VerifierKey.parse(text) for text in config.witnesses]
    names = tuple(sorted({entry.key.name for entry in verify_note(note, watching)}))
    return Told(
        conduct=workspace.conduct,
        assessment=found,
        steps=steps(workspace, found),
        records=by_kind(records),
        history=[record for record in history(workspace) if record.header.recorded_at <= end_of_day(day)],
        head=LedgerHead(config.origin, head.size, b64encode(head.root).decode(), config.verifier_key, names),
        options=options,
        instruments={
            **known_instruments(workspace),
            TEMPLATE: load_template(TEMPLATE),
            CHECKPOINTS: load_checkpoints(),
        },
    )


def render_report(document: "Document", formats: Collection[str]) -> dict[str, bytes]:
    """File name → bytes."""
    from haipkit.reports.render import render

    for name in formats:
        if name not in FORMATS:
            raise BadInput(f"there is no format {name!r}", advice="Choose among: " + ", ".join(FORMATS) + ".")
    return {f"report.{name}": render(document, name) for name in formats}


def write_report(
    workspace: Workspace,
    report: str,
    formats: Sequence[str],
    folder: Path | None = None,
    *,
    as_of: date | None = None,
    options: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write the report into `folder` (default: reports/ in the workspace), one file a format."""
    document = tell(workspace, report, as_of=as_of, options=options)
    target = folder or workspace.config.root / "reports"
    written = []
    for name, data in render_report(document, formats).items():
        path = target / f"{report}-{document.as_of}{Path(name).suffix}"
        save(path, data)
        written.append(path)
    return written


def bundle_report(
    workspace: Workspace,
    report: str,
    path: Path,
    *,
    formats: Sequence[str] = ("html", "pdf", "json"),
    as_of: date | None = None,
    options: Mapping[str, str] | None = None,
    withhold: Collection[str] = (),
    attachments: bool = True,
    heads: Sequence[bytes] = (),
) -> "Verdict":
    """Pack a report with the records it rests on, their proofs and files. Returns our own verifier's verdict on it."""
    document = tell(workspace, report, as_of=as_of, options=options)
    indexes = sorted(_cited(document))
    if not indexes:
        raise BadInput(f"the report {report!r} rests on no record yet", advice="Record something first: `haip next`.")
    return bundle_records(
        workspace,
        indexes,
        path,
        reports=render_report(document, formats),
        withhold=withhold,
        attachments=attachments,
        heads=heads,
    )


def bundle_records(
    workspace: Workspace,
    indexes: Sequence[int],
    path: Path,
    *,
    reports: Mapping[str, bytes] | None = None,
    withhold: Collection[str] = (),
    attachments: bool = True,
    heads: Sequence[bytes] = (),
) -> "Verdict":
    """Pack records by ledger index. Fields named in `withhold` stay closed; the records still verify.

    `heads` are checkpoints that readers hold: the bundle then proves that the log continues each.
    """
    from haipkit.ledger.bundle import Contents, collect_records, continuations, write_bundle
    from haipkit.ledger.checkpoint import parse_checkpoint, parse_note
    from haipkit.ledger.disclosure import signing_key_id

    log = workspace.log
    checkpoint = log.checkpoint()
    size = parse_checkpoint(parse_note(checkpoint).text).size
    records = collect_records(log, indexes, size, withhold=withhold)
    known = signer_keys(workspace)
    needed = {signing_key_id(record.jwt) for record in records}
    unknown = sorted(needed - set(known))
    if unknown:
        raise NotFound(
            f"the verifier key {unknown[0]} is not here", advice="Put its .vkey file back into the keys' folder."
        )
    chosen = {index: record for index, record in _by_index(workspace).items() if index in set(indexes)}
    files: dict[str, bytes | Path] = {}
    if attachments:
        for record in chosen.values():
            for attachment in record.header.attachments:
                if attachment.sha256 not in record.missing:
                    files[attachment.sha256] = workspace.blobs.path(attachment.sha256)
    contents = Contents(
        checkpoint=checkpoint,
        records=records,
        signers=[known[kid] for kid in sorted(needed)],
        reports=dict(reports or {}),
        attachments=files,
        consistency=continuations(log, heads, checkpoint),
    )
    log_key, _ = load_signers(workspace.config)
    return write_bundle(path, contents, log_key)


def _by_index(workspace: Workspace) -> dict[int, Any]:
    return {record.index: record for record in history(workspace)}


def _cited(document: "Document") -> set[int]:
    """Ledger indexes of every proof in a document, and of what its numbers rest on."""
    counted = document.data.get("rests_on")
    found: set[int] = set(counted) if isinstance(counted, list) else set()

    def look(value: object) -> None:
        proofs = getattr(value, "proofs", None)
        if proofs is not None:
            found.update(proof.index for proof in proofs)
        for name in ("items", "rows", "table"):
            inner = getattr(value, name, None)
            if isinstance(inner, tuple):
                for entry in inner:
                    look(entry)
            elif inner is not None and not callable(inner):
                look(inner)
        if isinstance(value, tuple):
            for entry in value:
                look(entry)

    for block in document.blocks:
        look(block)
    return found
