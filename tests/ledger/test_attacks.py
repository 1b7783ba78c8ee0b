"""Attacks on a ledger and on what leaves it, each by its name. None may end as *valid*.

The attacks on bundles and tile trees are files in tests/vectors, so that other verifiers meet the same bytes; here each
must fail for the reason that belongs to it. The attacks on a database are carried out on a real one.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from haipkit.kernel.errors import BadInput
from haipkit.ledger.checkpoint import checkpoint_text, sign_note
from haipkit.ledger.keys import SigningKey
from haipkit.ledger.log import Log
from haipkit.ledger.merkle import leaf_hashes, root_of
from haipkit.ledger.open import create_ledger, open_ledger
from haipkit.ledger.projection import make_entry
from haipkit.ledger.verify import Verdict, verify_bundle, verify_export, verify_log
from helpers.log_checker import one_a_row

VECTORS = Path(__file__).parents[1] / "vectors"
CASES = {case["name"]: case for case in json.loads((VECTORS / "vectors.json").read_bytes())["cases"]}

REASONS = {
    # nothing is asked, or nothing can be answered
    "no-key": "No key was given",
    "no-continuation": "does not prove that the log continues",
    "clock-rolled-back": "older than the head that you hold: 6 entries against 9",
    "tail-truncated": "older than the head that you hold: 5 entries against 9",
    "no-records": "not one record",
    "empty-ledger": "not one record",
    "half-migrated-record": "Record 2 is of a version",
    "half-migrated-bundle": "haipkit.dev/bundle/v2",
    "rechained-no-proof": "does not prove that the log continues",
    # the past
    "head-of-another-log": "not one of this log",
    "rechained-same-size": "Two different logs of 9 entries were signed",
    "rechained-forged-proof": "its past was changed",
    "deleted-and-relinked": "its past was changed",
    "continuation-of-another-size": "about other heads",
    # records
    "edited-record": "not what stands in the log",
    "edited-and-signed-record": "not what stands in the log",
    "logged-with-broken-signature": "signature does not belong to this record",
    "reordered": "Record 5: this is not what stands in the log",
    "moved": "Record 3: this is not what stands in the log",
    "record-of-another-log": "made for the ledger 'ledger.example.net/haip'",
    "no-proof": "Record 2 and its proof must come together",
    "unhashed-genesis": "Record 0 and its proof must come together",
    "proof-without-record": "Record 2 and its proof must come together",
    "alg-none": '"alg":"EdDSA"',
    "alg-hs256": '"alg":"EdDSA"',
    "another-type": '"typ":"haip-record+sd-jwt"',
    "another-digest": "sha-256",
    "no-signer-key": "is not in the bundle",
    "swapped-signer-key": "is signed by ledger.example.org/haip/owner+",
    # fields
    "disclosure-forged": "does not belong to this record",
    "disclosure-twice": "disclosed twice",
    "disclosure-of-another-record": "does not belong to this record",
    "disclosure-empty": "not an SD-JWT",
    "digest-twice": "stands twice",
    "field-twice": "'passed' is disclosed twice",
    "reserved-field": "cannot be named '_sd'",
    "key-binding": "not an SD-JWT",
    # attachments
    "attachment-replaced": "is not the file of this digest",
    "attachment-of-no-record": "belongs to no record",
    # proofs
    "proof-for-another-head": "for another head",
    "proof-of-another-size": "not what stands in the log",
    "proof-too-long": "not what stands in the log",
    "proof-too-short": "not what stands in the log",
    "proof-with-extra": "its proof is of another record",
    "index-with-zero": "not a plain decimal",
    # heads
    "head-by-unknown-key": "No key that you gave signed this",
    "head-of-another-name": "speaks for 'ledger.example.net/haip'",
    "manifest-as-head": "checkpoint size",
    "cosignature-as-head": "No key that you gave signed this",
    "head-size-with-zero": "'09' is not a plain decimal",
    "head-with-extension": "lines beyond",
    "head-broken-signature": "signature does not belong",
    "head-without-signature": "not a signature line",
    "head-root-short": "32 bytes",
    "another-log-of-the-name": "No key that you gave signed this",
    "another-organisation": "No key that you gave signed this",
    # the sealed bundle
    "edited-report": "report.html is not the file that was sealed",
    "file-added": "report.md was added",
    "file-removed": "report.html was removed",
    "manifest-as-checkpoint-note": "another purpose",
    "no-manifest": "manifest: this file is missing",
    "no-members": "manifest: this file is missing",
    "manifest-unsorted": "not in order",
    "manifest-line-twice": "lists this file twice",
    "manifest-of-nobody": "speaks for 'ledger.example.net/haip'",
    "path-traversal": "'../../outside'",
    "path-traversal-inside": "'attachments/../../outside'",
    "path-absolute": "'/outside'",
    "path-backslash": "outside'",
    "folder-member": "'attachments/'",
    "name-not-allowed": "'program.exe'",
    "name-with-zero": "'records/02.sdjwt'",
    "second-manifest": "'Manifest'",
    "name-twice": "A name stands twice",
    "symbolic-link": "written in another form",
    "two-names": "written in another form",
    "padded": "bytes were added",
    "padded-with-comment": "bytes were added",
    "prefixed": "bytes were added",
    "prefixed-adjusted": "written in another form",
    "gap": "written in another form",
    "truncated": "cut off",
    "truncated-by-one": "cut off",
    "extra-field": "written in another form",
    "encrypted": "written in another form",
    "compressed": "written in another form",
    "zip-bomb": "written in another form",
    "longer-than-said": "written in another form",
    "packed-and-more": "written in another form",
    "wrong-size": "written in another form",
    "not-a-zip": "not a zip file",
    "no-bytes": "not a zip file",
    # tile trees
    "tree-no-key": "No key was given",
    "tree-empty": "not one record",
    "tree-half-migrated": "version that this program does not know: 1",
    "tree-head-of-another-log": "not one of this log",
    "tree-edited": "the log was changed",
    "tree-deleted": "9 whole entries",
    "tree-reordered": "the log was changed",
    "tree-entry-added": "9 whole entries",
    "tree-unhashed-genesis": "9 whole entries",
    "tree-entries-cut": "9 whole entries",
    "tree-entries-padded": "9 whole entries",
    "tree-tile-changed": "tile/0/000.p/9: this tile is not what the entries hash to",
    "tree-tile-superfluous": "tile/0/001.p/1",
    "tree-level-superfluous": "tile/1/000.p/1",
    "tree-earlier-tile-changed": "tile/0/000.p/4: this tile is not what the entries hash to",
    "tree-head-unsigned": "signature does not belong",
    "tree-tile-missing": "tile/0/000.p/9",
    "tree-another-key": "No key that you gave signed this",
    "tree-record-of-another-log": "made for the ledger 'ledger.example.net/haip'",
    "tree-rechained": "first 4 entries are not those",
    "tree-rechained-same-size": "first 9 entries are not those",
    "tree-deleted-and-relinked": "first 6 entries are not those",
    "tree-tail-truncated": "it was cut",
    "tree-clock-rolled-back": "it was cut",
}


def judge(case: dict[str, Any]) -> Verdict:
    path = VECTORS / case["path"]
    keys = [case["key"]] if case["key"] else []
    heads = [(VECTORS / case["known_head"]).read_bytes()] if case["known_head"] else []
    if case["kind"] == "tree":
        return verify_export(path, keys, known_heads=heads)
    return verify_bundle(path, keys, known_heads=heads)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["verdict"] == "valid"])
def test_what_is_honest_is_valid(name: str) -> None:
    verdict = judge(CASES[name])
    assert (verdict.word, verdict.reasons) == ("valid", ())
    assert verdict.counts["records"] > 0


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["verdict"] != "valid"])
def test_the_attack_is_seen_for_what_it_is(name: str) -> None:
    if CASES[name]["verdict"] == "error":
        with pytest.raises(BadInput, match=REASONS[name]):
            judge(CASES[name])
        return
    verdict = judge(CASES[name])
    assert verdict.word == CASES[name]["verdict"]
    assert any(REASONS[name] in sentence for sentence in verdict.reasons), verdict.reasons


def test_every_vector_has_its_reason() -> None:
    assert set(REASONS) == {name for name, case in CASES.items() if case["verdict"] != "valid"}


# ── a database, in the hands of whoever can write to it ──────────────────────────────────────────────────────────────

SIZE = 300


@pytest.fixture(scope="module")
def owner() -> SigningKey:
    return SigningKey.ephemeral("bakery.example/haip")


@pytest.fixture
def ledger(tmp_path: Path, owner: SigningKey) -> Path:
    """A ledger of 300 records, its tile full and its tables consistent."""
    path = tmp_path / "ledger.db"
    with create_ledger(path, owner) as log:
        log.append([entry(owner, number) for number in range(SIZE)])
    return path


def entry(owner: SigningKey, number: int, **claims: Any) -> Any:
    header = {
        "v": 1,
        "id": f"01935d2e-7b4a-7000-8000-{number:012}",
        "kind": "risk/1",
        "by": "owner",
        "origin": "declared",
        "occurred_at": "2026-11-20T09:30:00Z",
        "recorded_at": "2026-11-20T09:30:00Z",
    }
    return make_entry(header | claims, {"title": f"Risk {number}"}, issuer=owner.name, signer=owner)


def audit(path: Path, owner: SigningKey, *heads: bytes) -> Verdict:
    with open_ledger(path, expected=owner.verifier()) as log:
        return verify_log(
            log,
            [owner.verifier()],
            known_heads=heads,
            tile=log.tile,
            rows=log.rows,
            disclosures=log.disclosures,
        )


@contextmanager
def without_guards(ledger: Path) -> Iterator[sqlite3.Connection]:
    """The database without its triggers: who can write the file can drop them."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def head_of(ledger: Path, owner: SigningKey) -> bytes:
    with open_ledger(ledger, expected=owner.verifier()) as log:
        return log.checkpoint()


def test_an_honest_ledger_is_valid(ledger: Path, owner: SigningKey) -> None:
    verdict = audit(ledger, owner, head_of(ledger, owner))
    assert (verdict.word, verdict.reasons, verdict.counts["records"]) == ("valid", (), SIZE)


DATABASE_ATTACKS: dict[str, tuple[str, str]] = {
    "an entry is edited": (
        "UPDATE entry SET leaf = (SELECT leaf FROM entry WHERE idx = 8) WHERE idx = 7",
        "do not hash to the root",
    ),
    "two entries change places": (
        "UPDATE entry SET leaf = (SELECT leaf FROM entry AS e WHERE e.idx = 15 - entry.idx) WHERE idx IN (7, 8)",
        "do not hash to the root",
    ),
    "an entry is deleted": ("DELETE FROM entry WHERE idx = 7", "are missing"),
    "the last entries are deleted": ("DELETE FROM entry WHERE idx >= 290", "are missing"),
    "an entry is added behind the end": (
        f"INSERT INTO entry (idx, leaf) SELECT {SIZE}, leaf FROM entry WHERE idx = 7",
        "more entries than the 300",
    ),
    "a stored tile is changed": (
        "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 0",
        "Tile 0/0 is not what the entries hash to",
    ),
    "a stored tile is deleted": ("DELETE FROM tile WHERE level = 0", "Tile 0/0 is not what the entries hash to"),
    "a column of the query table is edited": (
        "UPDATE record SET actor = 'auditor' WHERE idx = 7",
        "Entry 7: its actor in the query table is not what was signed",
    ),
    "a body in the query table is edited": (
        """UPDATE record SET body = '{"title":"No risk"}' WHERE idx = 7""",
        "Entry 7: its body in the query table is not what was signed",
    ),
    "a validity is extended in the query table": (
        "UPDATE record SET valid_until = '2099-12-31' WHERE idx = 7",
        "Entry 7: its valid_until",
    ),
    "a row of the query table is deleted": ("DELETE FROM record WHERE idx = 7", "Entry 7: the query table has no row"),
    "a row is added to the query table": (
        """INSERT INTO record SELECT 300, 'another id', v, kind, system, key, origin, actor, signer, occurred_at,
        recorded_at, valid_from, valid_until, supersedes, tool, attachments, body, erased FROM record WHERE idx = 7""",
        "rows for which there is no entry",
    ),
    "a disclosure is replaced": (
        "UPDATE disclosure SET texts = (SELECT texts FROM disclosure WHERE idx = 8) WHERE idx = 7",
        "Entry 7: disclosure",
    ),
}


@pytest.mark.parametrize("attack", DATABASE_ATTACKS)
def test_the_database_was_changed(attack: str, ledger: Path, owner: SigningKey) -> None:
    statement, reason = DATABASE_ATTACKS[attack]
    with without_guards(ledger) as connection, one_a_row(connection):
        connection.execute(statement)
    verdict = audit(ledger, owner)
    assert verdict.word == "invalid"
    assert any(reason in sentence for sentence in verdict.reasons), verdict.reasons


ROW_ATTACKS: dict[str, tuple[str, str]] = {
    "a row of entries is cut short": (
        "UPDATE entries SET bundle = substr(bundle, 1, length(bundle) - 1) WHERE size = 300",
        "not whole entries",
    ),
    "a row of entries is longer": ("UPDATE entries SET bundle = bundle || x'00' WHERE size = 300", "not whole entries"),
    "a row of entries became a number": ("UPDATE entries SET bundle = 5 WHERE size = 128", "not whole entries"),
    "a row of entries became text": ("UPDATE entries SET bundle = 'Oracle' WHERE size = 128", "not whole entries"),
    "a row of entries is emptied": ("UPDATE entries SET bundle = x'' WHERE size = 256", "are missing"),
    "a row of entries is deleted": ("DELETE FROM entries WHERE size = 256", "are missing"),
    "a row of entries stands there twice": (
        "INSERT INTO entries SELECT 255, NULL, bundle FROM entries WHERE size = 128",
        "are missing",
    ),
    "a row of entries holds one more": (
        "UPDATE entries SET bundle = x'000178' || bundle WHERE size = 256",
        "are missing",
    ),
    "two rows of entries change places": (
        "UPDATE entries SET bundle = (SELECT bundle FROM entries AS e WHERE e.size = 384 - entries.size) "
        "WHERE size IN (128, 256)",
        "do not hash to the root",
    ),
}


@pytest.mark.parametrize("attack", ROW_ATTACKS)
def test_a_row_of_many_entries_was_changed(attack: str, ledger: Path, owner: SigningKey) -> None:
    statement, reason = ROW_ATTACKS[attack]
    with without_guards(ledger) as connection:
        connection.execute(statement)
    verdict = audit(ledger, owner)
    assert verdict.word == "invalid"
    assert any(reason in sentence for sentence in verdict.reasons), verdict.reasons


def test_an_erased_field_is_not_an_attack(ledger: Path, owner: SigningKey) -> None:
    with open_ledger(ledger, expected=owner.verifier(), signer=owner) as log:
        log.erase(7)
    verdict = audit(ledger, owner)
    assert (verdict.word, verdict.counts["withheld"]) == ("valid", 1)


def rewrite(log: Log, path: Path, owner: SigningKey, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Write a new past and sign it with the same key, as the owner of database and key can."""
    leaves = change(list(log.entries(0, log.size())))
    with without_guards(path) as connection, one_a_row(connection):
        for table in ("entry", "tile", "checkpoint", "record", "disclosure"):
            connection.execute(f"DELETE FROM {table}")
        connection.executemany("INSERT INTO entry (idx, leaf) VALUES (?, ?)", enumerate(leaves))
        note = sign_note(checkpoint_text(owner.name, len(leaves), root_of(leaf_hashes(leaves))), owner)
        connection.execute("INSERT INTO checkpoint (size, note) VALUES (?, ?)", (len(leaves), note))


PASTS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "re-chained": lambda leaves: [*leaves[:7], leaves[8], *leaves[8:]],
    "a range deleted, one record relinked": lambda leaves: [*leaves[:7], leaves[20], *leaves[21:]],
    "tail truncated": lambda leaves: leaves[:200],
    "clock rolled back": lambda leaves: leaves[:1],
}


@pytest.mark.parametrize("past", PASTS)
def test_only_a_head_that_left_the_house_tells_a_rewritten_past(past: str, ledger: Path, owner: SigningKey) -> None:
    known = head_of(ledger, owner)
    with open_ledger(ledger, expected=owner.verifier()) as log:
        rewrite(log, ledger, owner, PASTS[past])
        assert verify_log(log, [owner.verifier()]).word == "valid"
        verdict = verify_log(log, [owner.verifier()], known_heads=[known])
    assert verdict.word == "invalid"
    assert [check.name for check in verdict.checks if check.ok is False] == ["known head"]


def test_an_empty_ledger_is_never_valid(tmp_path: Path, owner: SigningKey) -> None:
    create_ledger(tmp_path / "empty.db", owner).close()
    verdict = audit(tmp_path / "empty.db", owner)
    assert (verdict.word, verdict.counts["records"]) == ("unknown", 0)


def test_records_of_a_later_version_are_unknown(tmp_path: Path, owner: SigningKey) -> None:
    path = tmp_path / "ledger.db"
    with create_ledger(path, owner) as log:
        log.append([entry(owner, 0), entry(owner, 1, v=2)])
    assert audit(path, owner).word == "unknown"


def test_a_record_of_another_ledger_is_seen(tmp_path: Path, owner: SigningKey) -> None:
    other = SigningKey.ephemeral("other.example/haip")
    path = tmp_path / "ledger.db"
    with create_ledger(path, owner) as log:
        log.append([entry(owner, 0), entry(other, 1)])
    verdict = audit(path, owner)
    assert verdict.word == "invalid"
    assert any("made for the ledger 'other.example/haip'" in sentence for sentence in verdict.reasons)


def test_records_that_are_added_during_the_audit_are_no_attack(ledger: Path, owner: SigningKey) -> None:
    with open_ledger(ledger, expected=owner.verifier(), signer=owner) as log:
        added = False

        def rows() -> Any:
            nonlocal added
            if not added:
                log.append([entry(owner, SIZE)])
                added = True
            return log.rows()

        verdict = verify_log(log, [owner.verifier()], rows=rows, disclosures=log.disclosures, tile=log.tile)
    assert (verdict.word, verdict.reasons, verdict.size) == ("valid", (), SIZE)
