"""Judges a bundle: one zip file that proves some records (docs/spec/bundle.md)."""

import re
import stat
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from haipkit.kernel.archive import Archive, is_archive
from haipkit.kernel.errors import BadInput, NotFound
from haipkit.ledger.checkpoint import (
    BUNDLE_PURPOSE,
    ED25519,
    MAX_NOTE_BYTES,
    Checkpoint,
    VerifierKey,
    parse_consistency,
    parse_proof,
)
from haipkit.ledger.disclosure import Opened, open_sealed, parse_presentation, signing_key_id
from haipkit.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from haipkit.ledger.verify.heads import (
    Keys,
    check_cosignatures,
    in_entries,
    known_heads_of,
    log_keys,
    no_key,
    signed,
    trusted_head,
    witness_keys,
)
from haipkit.ledger.verify.log import is_known_version
from haipkit.ledger.verify.verdict import Findings, Verdict

ALLOWED_NAMES = re.compile(
    r"manifest|checkpoint|README\.txt|report\.(?:html|json|pdf|md)|keys/[0-9a-f]{8}\.vkey|attachments/[0-9a-f]{64}"
    r"|records/(?:0|[1-9][0-9]{0,14})\.sdjwt|proofs/(?:0|[1-9][0-9]{0,14})\.tlog-proof"
    r"|consistency/[1-9][0-9]{0,14}\.add-checkpoint",
    re.ASCII,
)
"""What a bundle may contain. Anything else makes it invalid: a reader must never meet a file nobody vouches for."""

MAX_RECORD_FILE = 16 * 1024**2


def verify_bundle(
    file: str | Path | BinaryIO,
    vkeys: Keys,
    *,
    witnesses: Keys = (),
    known_heads: Sequence[bytes] = (),
    retired: Keys = (),
) -> Verdict:
    """Judge a bundle (docs/spec/bundle.md) with the log's verifier keys.

    `known_heads` are earlier checkpoints of the same log, as bytes, all of which the bundle must prove to continue; for
    them alone the log's keys of before (`retired`) count.
    `witnesses` are cosignature keys that must have signed. Raises NotFound or BadInput if the file cannot be read or
    is no zip file, or if a key or a known head is malformed.
    """
    keys, watching, old = log_keys(vkeys), witness_keys(witnesses), log_keys(retired)
    if not isinstance(file, str | Path):
        return _judge_bundle(file, "bundle", keys, watching, known_heads, old)
    try:
        if not stat.S_ISREG(Path(file).stat().st_mode):
            raise BadInput("this is not a plain file, so it is no bundle", where=str(file))
        with Path(file).open("rb") as opened:
            return _judge_bundle(opened, str(file), keys, watching, known_heads, old)
    except FileNotFoundError as fault:
        raise NotFound("there is no such file", where=str(file)) from fault
    except OSError as fault:
        raise BadInput(f"this file cannot be read: {fault.strerror}", where=str(file)) from fault


def _judge_bundle(
    file: BinaryIO,
    where: str,
    keys: list[VerifierKey],
    witnesses: list[VerifierKey],
    known_heads: Sequence[bytes],
    retired: list[VerifierKey],
) -> Verdict:
    if not is_archive(file.read(4)):
        raise BadInput("this is not a zip file, so it is no bundle", where=where)
    findings = Findings()
    with findings.closing():
        with findings.step("archive"):
            archive = Archive(file, allowed=ALLOWED_NAMES)
            manifest = archive.read("manifest", limit=MAX_NOTE_BYTES)
        _Bundle(findings, archive, keys, retired).judge(manifest, witnesses, known_heads)
    return findings.verdict()


class _Bundle:
    def __init__(
        self, findings: Findings, archive: Archive, keys: Sequence[VerifierKey], retired: Sequence[VerifierKey]
    ) -> None:
        self.findings = findings
        self.archive = archive
        self.keys = keys
        self.retired = retired
        self.digests: dict[str, str] = {}
        self.signers: set[str] = set()

    def judge(self, manifest: bytes, witnesses: Sequence[VerifierKey], known_heads: Sequence[bytes]) -> None:
        findings = self.findings
        if not self.keys:
            findings.open("key", no_key(manifest))
            return
        with findings.step("manifest"):
            origin, lines = self._read_manifest(manifest)
        if lines is None:
            findings.open("version", f"This bundle is of a version that this program does not know: {origin}.")
            return
        with findings.step("files"):
            self._check_files(lines)
        with findings.step("checkpoint"):
            raw = self.archive.read("checkpoint", limit=MAX_NOTE_BYTES)
        note, head = trusted_head(findings, raw, self.keys, "checkpoint")
        if head.origin != origin:
            findings.fail("checkpoint", f"The manifest is of {origin}, the head of {head.origin}.")
            return
        check_cosignatures(findings, note, witnesses)
        for earlier in known_heads_of(findings, known_heads, [*self.keys, *self.retired], head):
            self._check_continuation(raw, head, earlier)
        self._check_records(raw, head)

    def _read_manifest(self, data: bytes) -> tuple[str, list[str] | None]:
        """(origin, the file lines), or (purpose line, None) for a version that is not ours. Raises BadInput."""
        note, names = signed(data, self.keys)
        purpose, *rest = note.text[:-1].split("\n")
        family = BUNDLE_PURPOSE.rstrip("0123456789")
        if purpose != BUNDLE_PURPOSE and purpose.startswith(family):
            return purpose, None
        if purpose != BUNDLE_PURPOSE or not rest:
            raise BadInput("this note was signed for another purpose than to seal a bundle")
        if rest[0] not in names:
            raise BadInput(f"the manifest speaks for {rest[0]!r}, but is signed by {', '.join(sorted(names))}")
        self.findings.passed("manifest", f"The list of files is signed by {rest[0]} with a key that you gave.")
        return rest[0], rest[1:]

    def _check_files(self, lines: Sequence[str]) -> None:
        """The files are those that the manifest lists, no more and no fewer, bit for bit. Raises BadInput."""
        listed: dict[str, str] = {}
        for line in lines:
            name = line.rpartition(" ")[2]
            if name in listed or name == "manifest":
                raise BadInput("the manifest lists this file twice, or itself", where=name)
            listed[name] = line
        if list(listed) != sorted(listed):
            raise BadInput("the manifest is not in order")
        for name in sorted(set(self.archive.members) - set(listed) - {"manifest"}):
            self.findings.fail("files", f"{name} was added: the manifest does not list it.")
        for name in sorted(set(listed) - set(self.archive.members)):
            self.findings.fail("files", f"{name} was removed: the manifest lists it.")
        for name in sorted(set(listed) & set(self.archive.members)):
            hasher = sha256()
            for chunk in self.archive.chunks(name):
                hasher.update(chunk)
            self.digests[name] = hasher.hexdigest()
            if listed[name] != f"{self.digests[name]} {self.archive.members[name].size} {name}":
                self.findings.fail("files", f"{name} is not the file that was sealed.")
        self.findings.passed("files", f"All {len(listed)} files are those that were sealed.")

    def _check_continuation(self, raw: bytes, head: Checkpoint, earlier: Checkpoint) -> None:
        """That `head` continues the head the reader holds."""
        findings, name = self.findings, f"consistency/{earlier.size}.add-checkpoint"
        if earlier.size > head.size:
            findings.open(
                "known head",
                f"The bundle is older than the head that you hold: {head.size} entries against {earlier.size}.",
            )
        elif earlier.size == head.size or earlier.size == 0:
            if earlier.size == 0 or earlier.root == head.root:
                findings.passed("known head", f"The log continues the head that you hold ({in_entries(earlier.size)}).")
            else:
                findings.fail("known head", f"Two different logs of {in_entries(head.size)} were signed.")
        elif name not in self.archive.members:
            findings.open(
                "known head",
                "The bundle does not prove that the log continues the head that you hold, of "
                f"{in_entries(earlier.size)}; ask for one made for that head.",
            )
        else:
            with findings.item("known head", name):
                proof = parse_consistency(self.archive.read(name, limit=MAX_NOTE_BYTES))
                if proof.old_size != earlier.size or proof.checkpoint != raw:
                    raise BadInput("this proof is about other heads")
                if not verify_consistency(earlier.size, head.size, proof.hashes, earlier.root, head.root):
                    raise BadInput("the log does not continue the head that you hold: its past was changed")
            findings.passed("known head", f"The log continues the head that you hold ({in_entries(earlier.size)}).")

    def _check_records(self, raw: bytes, head: Checkpoint) -> None:
        findings = self.findings
        indexes = {name: self._indexes(name) for name in ("records", "proofs")}
        for index in sorted(indexes["records"] ^ indexes["proofs"]):
            findings.fail("records", f"Record {index} and its proof must come together; one of them is missing.")
        attached: dict[str, int] = {}
        for index in sorted(indexes["records"] & indexes["proofs"]):
            with findings.item("records", f"Record {index}"):
                self._check_record(index, raw, head, attached)
        if count := findings.counts["records"]:
            findings.passed("records", f"Records that stand in the log, unchanged, at the place they name: {count}.")
            signers = ", ".join(sorted(self.signers))
            findings.passed("signatures", f"Each is signed with a key that the log vouches for: {signers}.")
            if findings.counts["withheld"]:
                findings.remark("fields", f"Fields that are withheld: {findings.counts['withheld']}.")
        self._check_attachments(attached)

    def _check_record(self, index: int, raw: bytes, head: Checkpoint, attached: dict[str, int]) -> None:
        """One record: its place in the log, its signature, its log, its disclosed fields. Raises BadInput."""
        jwt, disclosures = parse_presentation(self.archive.read(f"records/{index}.sdjwt", limit=MAX_RECORD_FILE))
        proof = parse_proof(self.archive.read(f"proofs/{index}.tlog-proof", limit=MAX_NOTE_BYTES))
        if proof.index != index or proof.extra is not None or proof.checkpoint != raw:
            raise BadInput("its proof is of another record, or for another head than this bundle's")
        if not verify_inclusion(leaf_hash(jwt), index, head.size, proof.hashes, head.root):
            raise BadInput("this is not what stands in the log at this place")
        key = self._key(signing_key_id(jwt))
        opened = open_sealed(jwt, disclosures, key, issuer=head.origin)
        self.findings.counts["records"] += 1
        self.findings.counts["withheld"] += opened.withheld
        self.signers.add(key.name)
        if not is_known_version(opened):
            self.findings.open("records", f"Record {index} is of a version that this program does not know.")
            return
        for attachment in _attachments(opened):
            attached[attachment["sha256"]] = attachment["size"]

    def _key(self, kid: str) -> VerifierKey:
        name = f"keys/{kid.rpartition('+')[2]}.vkey"
        if name not in self.archive.members:
            raise BadInput(f"the key {kid} that signed it is not in the bundle")
        text = self.archive.read(name, limit=MAX_NOTE_BYTES).decode("utf-8", "replace")
        key = VerifierKey.parse(text)
        if f"{key}\n" != text or key.kind != ED25519:
            raise BadInput("this is not the key of a signer of records", where=name)
        return key

    def _check_attachments(self, attached: Mapping[str, int]) -> None:
        findings, present = self.findings, 0
        # A record that could not be read may be the one that names a file.
        unread = any(check.name == "records" and not check.ok for check in findings.checks)
        for name, member in self.archive.members.items():
            folder, _, digest = name.partition("/")
            if folder != "attachments":
                continue
            present += 1
            if self.digests.get(name) != digest:
                findings.fail("attachments", f"{name} is not the file of this digest.")
            elif digest not in attached and not unread:
                findings.fail("attachments", f"{name} belongs to no record of this bundle.")
            elif digest in attached and member.size != attached[digest]:
                findings.fail("attachments", f"{name} has another size than its record says.")
        findings.counts["attachments"] = present
        findings.counts["attachments_absent"] = absent = len(attached) - present
        if present:
            findings.passed("attachments", f"Attached files in the bundle, each as its record names it: {present}.")
        if absent > 0:
            findings.remark("attachments", f"Attached files that are not in the bundle: {absent}.")

    def _indexes(self, folder: str) -> set[int]:
        members = self.archive.members
        return {int(name.partition("/")[2].partition(".")[0]) for name in members if name.startswith(f"{folder}/")}


def _attachments(opened: Opened) -> list[dict[str, Any]]:
    attachments = opened.claims.get("attachments", [])
    for item in attachments if isinstance(attachments, list) else [None]:
        if not isinstance(item, dict) or not isinstance(item.get("sha256"), str) or type(item.get("size")) is not int:
            raise BadInput("an attachment is named by sha256 and size")
    return list(attachments)
