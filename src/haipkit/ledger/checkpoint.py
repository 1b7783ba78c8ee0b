"""Signed notes and what this ledger says in them: C2SP signed-note, tlog-checkpoint, cosignature/v1, tlog-proof@v1.

Strict on reading: numbers without leading zeroes, canonical base64, no control characters, one line a key.
Pure text and Ed25519 (RFC 8032); nothing here reads a file or a clock.

    note        text ending in a newline, an empty line, signature lines "— <key name> <base64(key id ‖ signature)>"
    checkpoint  a note whose text is "<origin>\\n<size>\\n<base64 root>\\n"
    cosignature a signature line of type 0x04: a witness saw this checkpoint at this time
    tlog-proof  index, inclusion proof and checkpoint in one file
"""

import re
from base64 import b64decode, b64encode
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol

from haipkit.kernel.errors import BadInput
from haipkit.ledger.merkle import HASH_SIZE, MAX_PROOF

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
BUNDLE_PURPOSE = "haipkit.dev/bundle/v1"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
COSIGNATURE_HEADER = "cosignature/v1"
RESERVED_ORIGINS = frozenset({BUNDLE_PURPOSE, PROOF_HEADER, COSIGNATURE_HEADER})
"""First lines that mean something else: a log of that name could pass its checkpoints off as other signed texts."""

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
MAX_SIZE = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


class Signer(Protocol):
    """A private Ed25519 key under a name. `public_key` is 32 bytes."""

    @property
    def name(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...
    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key that a reader trusts, for one kind of signature: ED25519 (notes, records) or COSIGNATURE_V1."""

    name: str
    public_key: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE_V1) or len(self.public_key) != 32:
            raise BadInput(f"the key {self.name!r} is not an Ed25519 key")

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read `<name>+<key id>+<base64(kind ‖ public key)>`. Raises BadInput."""
        name, _, rest = text.strip().partition("+")
        written_id, _, encoded = rest.partition("+")
        if not name or not _KEY_ID.fullmatch(written_id):
            raise BadInput(
                "this is not a verifier key", where=text[:80], advice="It reads <name>+<8 hex digits>+<base64>."
            )
        material = _decode(encoded, where=f"verifier key {name}")
        if len(material) != 33:
            raise BadInput("a verifier key holds one kind byte and 32 key bytes", where=f"verifier key {name}")
        key = cls(name, material[1:], material[0])
        if key.key_id.hex() != written_id:
            raise BadInput("the key id does not belong to this name and key", where=f"verifier key {name}")
        return key

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.public_key, self.kind)

    @property
    def kid(self) -> str:
        """`<name>+<key id in hex>`, the key's name in a record's signature header."""
        return f"{self.name}+{self.key_id.hex()}"

    def __str__(self) -> str:
        return f"{self.kid}+{b64encode(bytes([self.kind]) + self.public_key).decode()}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes, RFC 8032) is this key's over exactly `message`."""
        from cryptography.exceptions import InvalidSignature

        try:
            _public_key(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class NoteSignature(NamedTuple):
    """One signature line: the key's name, its 4-byte id, and what follows the id."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return _signature_line(self.name, self.key_id + self.value)


class Verified(NamedTuple):
    """A key whose signature on a note holds; `timestamp` is POSIX seconds for cosignatures, else None."""

    key: VerifierKey
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """`text` ends in a newline and excludes the empty line before the signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_bytes(self) -> bytes:
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: `size` entries whose Merkle root is `root` (32 bytes). Ours never carry extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return checkpoint_text(self.origin, self.size, self.root) + "".join(f"{line}\n" for line in self.extensions)


@dataclass(frozen=True, slots=True)
class Proof:
    """A tlog-proof: entry `index` is in the log of `checkpoint` (the bytes of a signed note).

    `extra` is not covered by any signature.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the log of `checkpoint` (the bytes of a signed note) continues the one of `old_size` entries."""

    old_size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


@lru_cache(maxsize=256)
def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """The first four bytes of SHA-256(name ‖ newline ‖ kind ‖ public key)."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


def check_key_name(name: str, *, where: str = "") -> None:
    """Raise BadInput unless `name` may stand in a signature line."""
    if not name or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise BadInput(f"{name!r} cannot name a key", where=where, advice="Use no spaces and no plus sign.")


def check_origin(origin: str, *, where: str = "") -> None:
    """Raise BadInput unless a log may bear this name: a URL without its scheme, such as `example.com/haip`."""
    check_key_name(origin, where=where)
    if origin in RESERVED_ORIGINS:
        raise BadInput(f"{origin!r} is reserved and cannot name a ledger", where=where)
    if "://" in origin or origin.endswith("/"):
        raise BadInput(
            f"{origin!r} is not a schema-less address",
            where=where,
            advice="Write example.com/haip, without https:// or a last slash.",
        )


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{b2a_base64(root).decode()}"


def parse_note(data: bytes) -> Note:
    """Split a signed note. Checks its form, not its signatures. Raises BadInput."""
    if len(data) > MAX_NOTE_BYTES:
        raise BadInput(f"a signed note of {len(data)} bytes is too long")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise BadInput("a signed note must be UTF-8 text") from fault
    if _CONTROL.search(whole):
        raise BadInput("a signed note cannot contain control characters")
    at = whole.rfind("\n\n")
    if at < 1 or not whole.endswith("\n"):
        raise BadInput("this is not a signed note: text, an empty line, signature lines")
    lines = whole[at + 2 : -1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadInput(f"a signed note with {len(lines)} signatures is too long")
    signatures = tuple(parse_signature_line(line) for line in lines)
    if len({(signature.name, signature.key_id) for signature in signatures}) != len(signatures):
        raise BadInput("a signed note carries two signatures of one key")
    return Note(whole[: at + 1], signatures)


def parse_signature_line(line: str) -> NoteSignature:
    """Read `— <name> <base64>` (without its newline). Raises BadInput."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise BadInput("this is not a signature line", where=line[:80])
    check_key_name(parts[1], where="signature line")
    value = _decode(parts[2], where=f"signature of {parts[1]}")
    if len(value) <= 4:
        raise BadInput("a signature line without a signature", where=line[:80])
    return NoteSignature(parts[1], value[:4], value[4:])


def sign_note(text: str, *signers: Signer) -> bytes:
    """The signed note over `text`, one Ed25519 signature line a signer."""
    if text[-1:] != "\n" or _CONTROL.search(text):
        raise BadInput("a note's text ends in a newline and has no control characters")
    message = text.encode()
    note = message + b"\n"
    for signer in signers:
        name, public_key = signer.name, signer.public_key
        note += _signature_line(name, key_id(name, public_key) + signer.sign(message)).encode()
    return note


def head_signer(origin: str, signer: Signer) -> Callable[[int, bytes], bytes]:
    """(size, root) → the signed note over that head of one log: what all its heads share is made ready here, once."""
    check_origin(origin)
    before, identity = f"{origin}\n", key_id(signer.name, signer.public_key)
    between, sign = f"\n— {signer.name} ".encode(), signer.sign

    def signed(size: int, root: bytes) -> bytes:
        text = f"{before}{size}\n".encode() + b2a_base64(root)
        return text + between + b2a_base64(identity + sign(text))

    return signed


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """The keys, of those given, whose signature the note carries; empty when it carries none of theirs.

    Lines of unknown keys are ignored, as signed-note asks. Raises BadInput when a line claims a given key and is false.
    """
    known = {(key.name, key.key_id): key for key in keys}
    verified: list[Verified] = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if key.kind == COSIGNATURE_V1:
            timestamp, message, value = _cosigned(note.text, signature)
        else:
            timestamp, message, value = None, note.text.encode(), signature.value
        if len(value) != 64 or not key.verify(message, value):
            raise BadInput("a signature does not belong to this text", where=f"signature of {key.name}")
        verified.append(Verified(key, timestamp))
    return tuple(verified)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text (the part of the note that is signed). Raises BadInput."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise BadInput("this is not a checkpoint: origin, size and root, one a line")
    size = parse_decimal(lines[1], where="checkpoint size")
    root = _decode(lines[2], where="checkpoint root")
    if len(root) != HASH_SIZE:
        raise BadInput("the root of a checkpoint is 32 bytes", where="checkpoint root")
    return Checkpoint(lines[0], size, root, tuple(lines[3:]))


def cosign(checkpoint: str, signer: Signer, timestamp: int) -> NoteSignature:
    """A witness's line (cosignature/v1) on a checkpoint's text. Check consistency before you call this."""
    parse_checkpoint(checkpoint)
    message = _cosigned_message(checkpoint, timestamp)
    value = timestamp.to_bytes(8, "big") + signer.sign(message)
    return NoteSignature(signer.name, key_id(signer.name, signer.public_key, COSIGNATURE_V1), value)


def write_proof(proof: Proof) -> bytes:
    """The text of a tlog-proof file."""
    extra = [] if proof.extra is None else [f"extra {b64encode(proof.extra).decode()}"]
    lines = [PROOF_HEADER, *extra, f"index {proof.index}", *(b64encode(item).decode() for item in proof.hashes), ""]
    return "".join(f"{line}\n" for line in lines).encode() + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read a tlog-proof file. Checks its form; what it says is for `verify_inclusion` and `verify_note`."""
    if len(data) > MAX_NOTE_BYTES:
        raise BadInput(f"a proof of {len(data)} bytes is too long")
    head, separator, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as fault:
        raise BadInput("the lines of a proof must be ASCII") from fault
    if not separator or lines.pop(0) != PROOF_HEADER:
        raise BadInput(f"this is not a proof: it must begin with {PROOF_HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0)[6:], where="proof extra")
    if not lines or not lines[0].startswith("index "):
        raise BadInput("a proof needs its index line")
    index = parse_decimal(lines.pop(0)[6:], where="proof index")
    return Proof(index, parse_hashes(lines, where="proof"), checkpoint, extra)


def write_consistency(proof: ConsistencyProof) -> bytes:
    """The body of a tlog-witness `add-checkpoint` request."""
    lines = [f"old {proof.old_size}", *(b64encode(item).decode() for item in proof.hashes), ""]
    return "".join(f"{line}\n" for line in lines).encode() + proof.checkpoint


def parse_consistency(data: bytes) -> ConsistencyProof:
    """Read an `add-checkpoint` body. Checks its form only; `verify_consistency` checks the rest. Raises BadInput."""
    if len(data) > MAX_NOTE_BYTES:
        raise BadInput(f"a consistency proof of {len(data)} bytes is too long")
    head, separator, checkpoint = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as fault:
        raise BadInput("the lines of a consistency proof must be ASCII") from fault
    if not separator or not first.startswith("old "):
        raise BadInput("this is not a consistency proof: it must begin with the old size")
    old_size = parse_decimal(first[4:], where="old size")
    return ConsistencyProof(old_size, parse_hashes(lines, where="consistency proof"), checkpoint)


def parse_hashes(lines: Sequence[str], *, where: str) -> tuple[bytes, ...]:
    """Read base64 hashes, one a line, at most 63. Raises BadInput."""
    if len(lines) > MAX_PROOF:
        raise BadInput(f"a proof of {len(lines)} hashes is too long", where=where)
    hashes = tuple(_decode(line, where=where) for line in lines)
    if any(len(item) != HASH_SIZE for item in hashes):
        raise BadInput("each line of a proof is one 32-byte hash", where=where)
    return hashes


def parse_decimal(text: str, *, where: str) -> int:
    """Read a whole number below 2**63 without sign or leading zeroes. Raises BadInput."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise BadInput(f"{text[:30]!r} is not a plain decimal number", where=where)
    return int(text)


def _signature_line(name: str, value: bytes) -> str:
    return f"— {name} {b2a_base64(value).decode()}"


def _cosigned(text: str, signature: NoteSignature) -> tuple[int, bytes, bytes]:
    parse_checkpoint(text)
    timestamp = int.from_bytes(signature.value[:8], "big")
    return timestamp, _cosigned_message(text, timestamp), signature.value[8:]


def _cosigned_message(text: str, timestamp: int) -> bytes:
    if not 0 <= timestamp <= MAX_SIZE:
        raise BadInput("a cosignature's time is out of range")
    return f"{COSIGNATURE_HEADER}\ntime {timestamp}\n{text}".encode()


def _decode(text: str, *, where: str) -> bytes:
    """Standard base64 in its one canonical spelling."""
    try:
        value = b64decode(text.encode("ascii"), validate=True)
    except ValueError as fault:
        raise BadInput("this is not base64", where=where) from fault
    if b64encode(value).decode() != text:
        raise BadInput("this base64 is not in its canonical form", where=where)
    return value


@lru_cache(maxsize=256)
def _public_key(public: bytes) -> "Ed25519PublicKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public)
