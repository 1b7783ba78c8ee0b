"""Watching and being watched: requests and cosignatures as files (C2SP tlog-witness, tlog-cosignature)."""

from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.kernel.errors import BadInput, NotAllowed, NotFound
from haipkit.workspace.config import save, set_value
from haipkit.workspace.do import writing
from haipkit.workspace.open import Workspace
from haipkit.workspace.people import load_signers

if TYPE_CHECKING:
    from haipkit.adapters.witness_http import WitnessServer
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.witness import Watched, Witness

_OK, _CONFLICT = 200, 409
MAX_EXCHANGE = 1_000_000


def trust_witness(workspace: Workspace, key: str, url: str | None = None) -> str:
    """Name a witness in haip.toml, and the address at which it takes heads. Returns its name.

    Raises BadInput for a key that is not a witness's.
    """
    from haipkit.ledger.checkpoint import COSIGNATURE_V1

    found = _key(key)
    if found.kind != COSIGNATURE_V1:
        raise BadInput(
            "this is the key of a log, not of a witness", where=found.name, advice="Ask for `haip witness key`."
        )
    if str(found) not in workspace.config.witnesses:
        set_value(workspace.config, "witness", "keys", [*workspace.config.witnesses, str(found)])
    if url is not None and url not in workspace.config.witness_urls:
        set_value(workspace.config, "witness", "urls", [*workspace.config.witness_urls, url])
    return found.name


def witnessed_size(workspace: Workspace) -> int:
    """The size of the newest head that a witness named here has signed; 0: none has."""
    from haipkit.ledger.checkpoint import VerifierKey, parse_note, verify_note

    log, named = workspace.log, [VerifierKey.parse(text) for text in workspace.config.witnesses]
    for size in reversed(log.cosigned_sizes()):
        if verify_note(parse_note(log.checkpoint(size)), named):
            return size
    return 0


def send_head(workspace: Workspace, url: str) -> int:
    """Ask the witness at `url` to sign the newest head, and keep its line. Returns the head's size.

    Raises NotFound when nobody answers, NotAllowed with the reason for a refusal.
    """
    from haipkit.adapters.witness_http import ask_witness
    from haipkit.ledger.checkpoint import parse_decimal
    from haipkit.ledger.witness import request_cosignature

    if not workspace.config.witnesses:
        raise NotAllowed("no witness is named yet", advice="haip witness trust KEY --url URL")
    log = workspace.log
    answer = ask_witness(url, request_cosignature(log, witnessed_size(workspace)))
    if answer.status == _CONFLICT:
        # It signed another head last, and says which: the first time, or when an answer was lost on the way.
        last = parse_decimal(answer.body.decode("ascii", "replace").strip(), where=url)
        if last > log.size():
            raise NotAllowed(
                f"this witness has signed {last} records of this ledger, which has {log.size()}",
                where=url,
                advice="An older copy was restored. Restore the newest one.",
            )
        answer = ask_witness(url, request_cosignature(log, last))
    if answer.status != _OK:
        reason = answer.body.decode("utf-8", "replace").strip()[:300]
        raise NotAllowed(f"the witness did not sign ({answer.status}): {reason}", where=url)
    return _keep_answer(workspace, answer.body)


def witness_server(workspace: Workspace, host: str, port: int) -> "WitnessServer":
    """A server that answers as a witness for the ledgers watched here, with the key of the office that signs."""
    from haipkit.adapters.witness_http import Reply, WitnessServer

    _, office = load_signers(workspace.config)
    witness = _witness(workspace)

    def decide(body: bytes) -> Reply:
        answer = witness.add_checkpoint(body, office)
        return Reply(answer.status, answer.body, answer.media_type)

    return WitnessServer(host, port, decide)


def accept_answer(workspace: Workspace, answer: Path) -> int:
    """Keep the lines of trusted witnesses on the head they signed. Returns its size."""
    return _keep_answer(workspace, _whole(answer))


def _keep_answer(workspace: Workspace, data: bytes) -> int:
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.witness import accept_cosignatures

    witnesses = [VerifierKey.parse(text) for text in workspace.config.witnesses]
    if not witnesses:
        raise NotAllowed("no witness is named yet", advice="haip witness trust KEY")
    log, fault = workspace.log, None
    for size in sorted({log.size(), *log.checkpoint_sizes()[-1000:]}, reverse=True):
        try:
            lines = accept_cosignatures(log.checkpoint(size), data, witnesses)
        except (BadInput, NotAllowed) as refusal:
            fault = fault or refusal
            continue
        with writing(workspace) as (writable, _):
            writable.add_cosignatures(size, lines, witnesses)
        return size
    raise fault or NotFound("this ledger has no head yet")


def watch_log(workspace: Workspace, key: str, *, only: bool = False) -> str:
    """Watch the log of this key; with `only`, no head that just an earlier key of it signed. Returns the log's name."""
    found = _key(key)
    _witness(workspace).watch(found, only=only)
    return found.name


def cosign_request(workspace: Workspace, request: Path, out: Path) -> tuple[str, int]:
    """Answer a request as a witness. Returns (origin, size). Raises NotAllowed with the reason for a refusal."""
    from haipkit.ledger.checkpoint import parse_checkpoint, parse_consistency, parse_note

    body = _whole(request)
    _, office = load_signers(workspace.config)
    answer = _witness(workspace).add_checkpoint(body, office)
    if answer.status != 200:
        reason = answer.body.decode("utf-8", "replace").strip()
        known = (
            f"It was signed at {reason} records before; ask for a request from there." if answer.status == 409 else ""
        )
        raise NotAllowed(
            f"not signed: {'the request does not start where you signed last' if known else reason}",
            where=str(request),
            advice=known,
        )
    save(out, answer.body)
    head = parse_checkpoint(parse_note(parse_consistency(body).checkpoint).text)
    return head.origin, head.size


def watched(workspace: Workspace) -> "dict[str, Watched]":
    return _witness(workspace).logs()


def witness_key(workspace: Workspace) -> "VerifierKey":
    """The office's key in the form witnesses use (cosignature/v1)."""
    from haipkit.ledger.checkpoint import COSIGNATURE_V1, VerifierKey
    from haipkit.ledger.keys import load_verifier

    key = load_verifier(workspace.config.keys / f"{workspace.config.office}.vkey")
    return VerifierKey(key.name, key.public_key, COSIGNATURE_V1)


def _witness(workspace: Workspace) -> "Witness":
    from haipkit.ledger.witness import Witness

    return Witness(workspace.config.private / "witness.json")


def _key(text: str) -> "VerifierKey":
    from haipkit.ledger.checkpoint import VerifierKey

    path = Path(text)
    if len(text) < 4096 and path.is_file():
        text = _whole(path).decode("utf-8", "replace")
    return VerifierKey.parse(text.strip())


def _whole(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_EXCHANGE:
            raise BadInput("far too large for what it should be", where=str(path))
        return path.read_bytes()
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault
