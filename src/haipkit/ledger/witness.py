"""Witnessing: two organisations watch each other's log (C2SP tlog-witness, tlog-cosignature), by files or over HTTP.

A witness keeps one thing a log, the newest head it has signed, and signs a newer one only with proof that it continues
that head. It never sees an entry. `judge` decides and is pure; `Witness` adds the file that must outlive the decision.

    log owner                                   witness
    request_cosignature ──── add-checkpoint ───▶ Witness.add_checkpoint
    accept_cosignatures ◀─── signature line ──── (refused: 400 403 404 409 422, as tlog-witness says)
"""

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from haipkit.kernel.clock import now
from haipkit.kernel.errors import BadConfig, BadInput, CannotWrite, NotAllowed, NotFound
from haipkit.ledger.checkpoint import (
    COSIGNATURE_V1,
    ED25519,
    MAX_NOTE_BYTES,
    ConsistencyProof,
    NoteSignature,
    Signer,
    VerifierKey,
    cosign,
    parse_checkpoint,
    parse_consistency,
    parse_note,
    parse_signature_line,
    verify_note,
    write_consistency,
)
from haipkit.ledger.files import replace_file
from haipkit.ledger.merkle import EMPTY_ROOT, verify_consistency

STATE_VERSION = 1
MAX_EVIDENCE = 10
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"


class GrowingLog(Protocol):
    """What the owner of a log brings to ask for a cosignature."""

    def checkpoint(self) -> bytes: ...
    def consistency_proof(self, old: int, new: int) -> Sequence[bytes]: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A log under watch: the keys it may sign with, and the newest head that was cosigned (a signed note, or none yet).

    `evidence` keeps signed heads of the same size and another root: each proves that the log showed two pasts.
    """

    keys: tuple[VerifierKey, ...]
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    evidence: tuple[str, ...] = ()


class Answer(NamedTuple):
    """`status` and `body` as tlog-witness defines them; `origin` and `watched` what must be stored before answering."""

    status: int
    body: bytes
    media_type: str = TEXT_TYPE
    origin: str = ""
    watched: Watched | None = None


def judge(logs: Mapping[str, Watched], request: bytes, signer: Signer, timestamp: int) -> Answer:
    """Decide on an `add-checkpoint` request. Pure: the caller stores `answer.watched` before it sends the answer."""
    try:
        if len(request) > MAX_NOTE_BYTES:
            raise BadInput(f"a request of {len(request)} bytes is too long")
        proof = parse_consistency(request)
        note = parse_note(proof.checkpoint)
        head = parse_checkpoint(note.text)
    except BadInput as fault:
        return Answer(400, f"{fault.what}\n".encode())
    seen = logs.get(head.origin)
    if seen is None:
        return Answer(404, b"this log is not watched here\n")
    try:
        signed = verify_note(note, seen.keys)
    except BadInput:
        signed = ()
    if not signed:
        return Answer(403, b"no key that is known for this log signed this head\n")
    if proof.old_size > head.size:
        return Answer(400, b"the old size is larger than the new one\n")
    if head.size == seen.size and head.root != seen.root:
        contradicted = replace(seen, evidence=_kept(seen.evidence, proof.checkpoint.decode()))
        return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE, head.origin, contradicted)
    if proof.old_size != seen.size:
        return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE)
    if not verify_consistency(seen.size, head.size, proof.hashes, seen.root, head.root):
        return Answer(422, b"the proof does not show that this head continues the last one\n")
    line = cosign(note.text, signer, timestamp)
    newest = replace(seen, size=head.size, root=head.root, note=proof.checkpoint.decode())
    return Answer(200, str(line).encode(), origin=head.origin, watched=newest)


class Witness:
    """The watched logs, in one JSON file. Each change is read, decided and stored under one lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def logs(self) -> dict[str, Watched]:
        """Origin → what is known of that log. Raises BadConfig if the file is damaged."""
        try:
            stored = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as fault:
            raise self._damaged() from fault
        if not isinstance(stored, dict) or stored.get("version") != STATE_VERSION:
            raise self._damaged()
        try:
            return {origin: _read_watched(entry) for origin, entry in stored["logs"].items()}
        except (KeyError, TypeError, ValueError, AttributeError, BadInput) as fault:
            raise self._damaged() from fault

    def watch(self, key: VerifierKey, *, only: bool = False) -> None:
        """Begin to watch the log of this key, from its start; a further key for the same log is added (rotation), or
        with `only` takes the place of those before (compromise)."""
        if key.kind != ED25519:
            raise BadInput("this is the key of a witness, not of a log", where=key.name)
        with self._locked() as logs:
            known = logs.get(key.name, Watched(()))
            keys = (key,) if only else tuple(dict.fromkeys((*known.keys, key)))
            if keys != known.keys:
                self._store({**logs, key.name: replace(known, keys=keys)})

    def stop_watching(self, origin: str) -> None:
        """Forget a log. Raises NotFound."""
        with self._locked() as logs:
            if origin not in logs:
                raise NotFound("this log is not watched", where=origin)
            self._store({name: entry for name, entry in logs.items() if name != origin})

    def add_checkpoint(self, request: bytes, signer: Signer) -> Answer:
        """Answer one request; the new head is on disk before the signature leaves."""
        with self._locked() as logs:
            answer = judge(logs, request, signer, int(now().timestamp()))
            if answer.watched is not None:
                self._store({**logs, answer.origin: answer.watched})
        return answer

    @contextmanager
    def _locked(self) -> Iterator[dict[str, Watched]]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = self.path.with_name(f"{self.path.name}.lock").open("w")
        except OSError as fault:
            raise CannotWrite(f"the witness cannot keep its memory: {fault.strerror}", where=str(self.path)) from fault
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.logs()

    def _store(self, logs: Mapping[str, Watched]) -> None:
        state = {"version": STATE_VERSION, "logs": {origin: _write_watched(entry) for origin, entry in logs.items()}}
        try:
            replace_file(self.path, json.dumps(state, ensure_ascii=False, indent=1).encode(), 0o600)
        except OSError as fault:
            raise CannotWrite(f"the witness cannot keep its memory: {fault.strerror}", where=str(self.path)) from fault

    def _damaged(self) -> BadConfig:
        return BadConfig(
            "the memory of the witness cannot be read",
            where=str(self.path),
            advice="Restore it from a backup. With an older one, this witness could sign two pasts of one log.",
        )


def handle_add_checkpoint(witness: Witness, body: bytes, signer: Signer) -> tuple[int, bytes]:
    """(HTTP status, response body) for a POST to `add-checkpoint`."""
    answer = witness.add_checkpoint(body, signer)
    return answer.status, answer.body


def request_cosignature(log: GrowingLog, old_size: int) -> bytes:
    """The request that the owner of a log sends to a witness that last signed `old_size` entries (0: none yet)."""
    checkpoint = log.checkpoint()
    head = parse_checkpoint(parse_note(checkpoint).text)
    if old_size > head.size:
        raise BadInput(f"the witness has signed {old_size} entries, but the log has {head.size}")
    return write_consistency(ConsistencyProof(old_size, tuple(log.consistency_proof(old_size, head.size)), checkpoint))


def accept_cosignatures(
    checkpoint: bytes, answer: bytes, witnesses: Sequence[VerifierKey]
) -> tuple[NoteSignature, ...]:
    """The signature lines of `answer` that a known witness made on `checkpoint`; lines of others are left out.

    Raises NotAllowed when none is left, BadInput when a line claims a known witness and is false.
    """
    note = parse_note(checkpoint)
    try:
        lines = [parse_signature_line(line) for line in answer.decode("utf-8").splitlines()]
    except UnicodeDecodeError as fault:
        raise BadInput("an answer of a witness is text") from fault
    keys = {(key.name, key.key_id): key for key in witnesses if key.kind == COSIGNATURE_V1}
    known = tuple(dict.fromkeys(line for line in lines if (line.name, line.key_id) in keys))
    verify_note(replace(note, signatures=known), keys.values())
    if not known:
        raise NotAllowed(
            "no witness that you named signed this head", advice="Name the witness first, with its verifier key."
        )
    return known


def add_cosignatures(checkpoint: bytes, lines: Sequence[NoteSignature]) -> bytes:
    """The checkpoint with further signature lines; a line by the same key replaces the one that was there."""
    note = parse_note(checkpoint)
    replaced = {(line.name, line.key_id) for line in lines}
    kept = tuple(line for line in note.signatures if (line.name, line.key_id) not in replaced)
    return replace(note, signatures=(*kept, *lines)).to_bytes()


def _kept(evidence: tuple[str, ...], note: str) -> tuple[str, ...]:
    return evidence if note in evidence or len(evidence) >= MAX_EVIDENCE else (*evidence, note)


def _write_watched(entry: Watched) -> dict[str, Any]:
    return {
        "keys": [str(key) for key in entry.keys],
        "size": entry.size,
        "root": entry.root.hex(),
        "note": entry.note,
        "evidence": list(entry.evidence),
    }


def _read_watched(entry: Mapping[str, Any]) -> Watched:
    keys = tuple(VerifierKey.parse(key) for key in entry["keys"])
    root = bytes.fromhex(entry["root"])
    if type(entry["size"]) is not int or len(root) != len(EMPTY_ROOT):
        raise ValueError("size or root")
    return Watched(keys, entry["size"], root, str(entry["note"]), tuple(map(str, entry["evidence"])))
