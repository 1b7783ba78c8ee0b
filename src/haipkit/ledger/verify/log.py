"""Audits a whole log: hashes every entry again and compares with what was signed."""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from haipkit.kernel.errors import BadInput, HaipError
from haipkit.kernel.outside import LogSource
from haipkit.ledger.checkpoint import Checkpoint, VerifierKey, parse_checkpoint, parse_note
from haipkit.ledger.disclosure import Opened, open_sealed, open_without_checking_signature, signing_key_id
from haipkit.ledger.merkle import Frontier, leaf_hashes
from haipkit.ledger.verify.heads import (
    Keys,
    check_cosignatures,
    in_entries,
    known_heads_of,
    log_keys,
    trusted_head,
    witness_keys,
)
from haipkit.ledger.verify.verdict import Findings, Verdict

RECORD_VERSION = 1
BATCH = 1024
"""Entries that are hashed at a time: few enough to stay in the cache of the processor."""

Progress = Callable[[int, int], None]
"""(entries done, entries in all)"""


class QueryRow(Protocol):
    """A row of the query table, as `ledger.log.Row`."""

    @property
    def idx(self) -> int: ...
    @property
    def body(self) -> str: ...


def verify_log(
    source: LogSource,
    vkeys: Keys,
    *,
    known_heads: Sequence[bytes] = (),
    witnesses: Keys = (),
    read_records: bool = True,
    signers: Keys = (),
    retired: Keys = (),
    tile: Callable[[int, int], bytes | None] | None = None,
    rows: Callable[[], Iterable[QueryRow]] | None = None,
    disclosures: Callable[[int], Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Audit a whole log: hash every entry again and compare with the signed head, streaming.

    `known_heads` are earlier checkpoints, each of which this log must continue; keys of the log that it used before
    (`retired`) count for them alone. `read_records` also reads each entry
    and checks which log it was made for, and its signature if its key is among `signers` (or `vkeys`); without it only
    the tree is checked. What lies beside the entries is compared when given: `tile(level, index)` returns a stored full
    tile, joined; `disclosures(index)` the stored disclosures; `rows()` all query rows in order of `idx`.
    """
    findings = Findings()
    keys = log_keys(vkeys)
    with findings.closing():
        with findings.step("checkpoint"):
            signed = source.checkpoint()
        note, head = trusted_head(findings, signed, keys, "checkpoint")
        check_cosignatures(findings, note, witness_keys(witnesses))
        _check_end(findings, source, head)
        reader = None
        if read_records:
            beside = rows() if rows is not None else None
            reader = RecordReader(findings, head.origin, [*keys, *log_keys(signers)], disclosures, beside)
        known = known_heads_of(findings, known_heads, [*keys, *log_keys(retired)], head)
        rebuild(findings, source, head, known, tile, reader, progress)
    return findings.verdict()


def _check_end(findings: Findings, source: LogSource, head: Checkpoint) -> None:
    """Entries behind the end are covered by no signature; unless the log grew meanwhile and has a newer head."""
    try:
        behind = next(iter(source.entries(head.size, head.size + 1)), None)
        newest = parse_checkpoint(parse_note(source.checkpoint()).text)
    except HaipError:
        return
    if behind is not None and newest.size <= head.size:
        findings.fail("size", f"The log holds more entries than the {head.size} that its signed head covers.")


class RecordReader:
    """Reads each entry as a record of this log, and compares what is kept beside it with what was signed."""

    def __init__(
        self,
        findings: Findings,
        origin: str,
        keys: Iterable[VerifierKey],
        disclosures: Callable[[int], Sequence[str]] | None = None,
        rows: Iterable[QueryRow] | None = None,
    ) -> None:
        self.findings = findings
        self.origin = origin
        self.keys = {key.kid: key for key in keys}
        self.disclosures = disclosures
        self.rows = None if rows is None else iter(rows)
        self.unknown_signers = 0
        self.unknown_versions = 0

    def read(self, start: int, batch: Sequence[bytes]) -> None:
        for index, jwt in enumerate(batch, start):
            row = next(self.rows, None) if self.rows is not None else None
            with self.findings.item("records", f"Entry {index}"):
                opened = self._open(index, jwt)
                if self.rows is not None:
                    _compare(row, index, opened, self.disclosures is not None)

    def _open(self, index: int, jwt: bytes) -> Opened:
        held = self.disclosures(index) if self.disclosures is not None else ()
        key = self.keys.get(signing_key_id(jwt))
        if key is None:
            self.unknown_signers += 1
            opened = open_without_checking_signature(jwt, held)
            if opened.issuer != self.origin:
                raise BadInput(f"this record was made for the ledger {opened.issuer!r}, not for {self.origin!r}")
        else:
            opened = open_sealed(jwt, held, key, issuer=self.origin)
        if not is_known_version(opened):
            self.unknown_versions += 1
        if self.disclosures is not None:
            self.findings.counts["withheld"] += opened.withheld
        return opened

    def conclude(self, source: LogSource, size: int) -> None:
        findings = self.findings
        left = next(self.rows, None) if self.rows is not None else None
        # Rows of entries that were added during the audit are no fault.
        if left is not None and not size <= left.idx < source.size():
            findings.fail("records", "The query table has rows for which there is no entry.")
        if self.unknown_versions:
            findings.open("records", f"Records of a version that this program does not know: {self.unknown_versions}.")
        if self.unknown_signers:
            findings.remark(
                "signatures",
                f"Records whose signature was not checked, because its key was not given: {self.unknown_signers}.",
            )
        findings.passed("records", "Every entry is a record that was made for this log.")


_COLUMNS = {
    "id": "id",
    "v": "v",
    "kind": "kind",
    "system": "system",
    "key": "key",
    "origin": "origin",
    "actor": "by",
    "occurred_at": "occurred_at",
    "recorded_at": "recorded_at",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
    "supersedes": "supersedes",
}
"""Column of the query table → header claim of which it must be a copy."""


def _compare(row: QueryRow | None, index: int, opened: Opened, with_body: bool) -> None:
    """Raise BadInput unless the query row says what was signed."""
    if row is None or row.idx != index:
        raise BadInput("the query table has no row for it, or rows in another order")
    signed = {column: opened.claims.get(claim) for column, claim in _COLUMNS.items()} | {"signer": opened.kid}
    stored = {column: getattr(row, column, None) for column in signed}
    for column in ("tool", "attachments"):
        signed[column], stored[column] = opened.claims.get(column) or None, _value(getattr(row, column, None))
    if with_body:
        signed["body"], stored["body"] = opened.body, _value(row.body)
    for column, value in signed.items():
        if stored[column] != value:
            raise BadInput(f"its {column} in the query table is not what was signed")


def _value(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text


def rebuild(
    findings: Findings,
    source: LogSource,
    head: Checkpoint,
    earlier: Sequence[Checkpoint],
    tile: Callable[[int, int], bytes | None] | None,
    reader: RecordReader | None,
    progress: Progress | None,
) -> Frontier:
    """Hash all entries into a fresh tree and compare its root at every known size, in memory that does not grow."""
    roots = {known.size: b"" for known in (*earlier, head)}
    stops = iter(sorted(size for size in roots if size <= head.size))
    stop = next(stops)
    entries, frontier = source.entries(0, head.size), Frontier()
    while True:
        if frontier.size == stop:
            roots[stop] = frontier.root()
            stop = next(stops, -1)
        if stop < 0:
            break
        start = frontier.size
        wanted = min(BATCH - start % BATCH, stop - start)
        with findings.step("entries"):
            batch = list(islice(entries, wanted))
            if len(batch) != wanted:
                raise BadInput(f"the log ends at {start + len(batch)} entries; its head covers {head.size}")
        for full in frontier.extend(leaf_hashes(batch)):
            if tile is not None and tile(full.level, full.index) != full.hashes:
                findings.fail("tiles", f"Tile {full.level}/{full.index} is not what the entries hash to.")
        if reader is not None:
            reader.read(start, batch)
        if progress is not None:
            progress(frontier.size, head.size)
    findings.counts["records"] = frontier.size
    if roots[head.size] == head.root:
        findings.passed("tree", f"The root that is signed is that of {in_entries(head.size)}, hashed again.")
    else:
        findings.fail("tree", "The entries do not hash to the root that is signed: the log was changed.")
    for known in earlier:
        if known.size > head.size:
            findings.fail(
                "known head",
                f"The log has {head.size} entries, but the head that you hold has {known.size}: it was cut.",
            )
        elif roots[known.size] != known.root:
            findings.fail("known head", f"The first {in_entries(known.size)} are not those of the head that you hold.")
        else:
            findings.passed("known head", f"The log continues the head that you hold ({in_entries(known.size)}).")
    if reader is not None:
        reader.conclude(source, head.size)
    return frontier


def is_known_version(opened: Opened) -> bool:
    version = opened.claims.get("v")
    return type(version) is int and version == RECORD_VERSION
