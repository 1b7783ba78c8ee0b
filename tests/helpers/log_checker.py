"""Verifies a whole ledger file again, from the bytes of the database, sharing no code with it: after every append.

Every entry is there, every signed head is genuine and follows from the entries, every full tile is stored and right,
and every query row says what the signed record and its disclosures say.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from haipkit.ledger.log import Log


def naive_root(entries: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    return _naive([hashlib.sha256(b"\x00" + entry).digest() for entry in entries])


def _naive(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + _naive(hashes[:k]) + _naive(hashes[k:])).digest()


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    if index < k:
        return [*naive_path(index, hashes[:k]), _naive(hashes[k:])]
    return [*naive_path(index - k, hashes[k:]), _naive(hashes[:k])]


def naive_consistency(old: int, hashes: list[bytes], *, complete: bool = True) -> list[bytes]:
    """RFC 6962, section 2.1.2."""
    if old == len(hashes):
        return [] if complete else [_naive(hashes)]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    if old <= k:
        return [*naive_consistency(old, hashes[:k], complete=complete), _naive(hashes[k:])]
    return [*naive_consistency(old - k, hashes[k:], complete=False), _naive(hashes[:k])]


def check_ledger(path: Path, public_key: bytes) -> int:
    """Raise AssertionError unless the ledger at `path` is whole; returns its size."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        leaves: list[bytes] = []
        for size, bundle in connection.execute("SELECT size, bundle FROM entries ORDER BY size"):
            leaves += unbundled(bundle)
            assert len(leaves) == size, "an entry is missing"
        hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
        _check_heads(connection, hashes, public_key)
        _check_tiles(connection, hashes)
        _check_rows(connection, leaves)
        return len(leaves)
    finally:
        connection.close()


def unbundled(bundle: bytes) -> list[bytes]:
    """The entries of an entry bundle of tlog-tiles."""
    leaves = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        assert len(bundle) >= 2 + length, "an entry is cut short"
        leaves.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return leaves


@contextmanager
def one_a_row(connection: sqlite3.Connection) -> Iterator[None]:
    """For attacks in SQL: tables `entry (idx, leaf)` and `checkpoint (size, note)` in place of the table `entries`,

    which afterwards is made anew from what they hold then. The guards must be off.
    """
    connection.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
    connection.execute("CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL)")
    for size, note, bundle in connection.execute("SELECT size, note, bundle FROM entries").fetchall():
        leaves = unbundled(bundle)
        connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(leaves, size - len(leaves)))
        if note is not None:
            connection.execute("INSERT INTO checkpoint VALUES (?, ?)", (size, note))
    yield
    connection.execute("DELETE FROM entries")
    for idx, leaf in connection.execute("SELECT idx, CAST(leaf AS BLOB) FROM entry").fetchall():
        bundle = len(leaf).to_bytes(2, "big") + leaf
        connection.execute("INSERT INTO entries VALUES (?, NULL, ?)", (idx + 1, bundle))
    for size, note in connection.execute("SELECT size, note FROM checkpoint").fetchall():
        connection.execute("INSERT OR IGNORE INTO entries VALUES (?, NULL, x'')", (size,))
        connection.execute("UPDATE entries SET note = ? WHERE size = ?", (note, size))
    connection.execute("DROP TABLE entry")
    connection.execute("DROP TABLE checkpoint")


def _check_heads(connection: sqlite3.Connection, hashes: list[bytes], public_key: bytes) -> None:
    origin = connection.execute("SELECT value FROM meta WHERE name = 'origin'").fetchone()[0]
    heads = connection.execute("SELECT size, note FROM entries WHERE note IS NOT NULL ORDER BY size").fetchall()
    assert heads[0][0] == 0, "the first head is of the empty log"
    assert heads[-1][0] == len(hashes), "the newest head covers every entry"
    roots = _roots(hashes)
    grown = 0
    root = next(roots)
    for size, note in heads:
        while grown < size:
            root, grown = next(roots), grown + 1
        text, _, signatures = note.decode().rpartition("\n\n")
        assert text.split("\n") == [origin, str(size), base64.b64encode(root).decode()], f"the head of {size} is wrong"
        assert signatures.startswith(f"— {origin} ")
        assert signatures.count("\n") == 1
        signature = base64.b64decode(signatures.split(" ")[2])
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature[4:], (text + "\n").encode())


def _roots(hashes: list[bytes]) -> Iterator[bytes]:
    """The root at size 0, 1, 2 …"""
    yield hashlib.sha256(b"").digest()
    peaks: list[tuple[int, bytes]] = []
    for leaf in hashes:
        width, node = 1, leaf
        while peaks and peaks[-1][0] == width:
            node = hashlib.sha256(b"\x01" + peaks.pop()[1] + node).digest()
            width *= 2
        peaks.append((width, node))
        for _, peak in reversed(peaks[:-1]):
            node = hashlib.sha256(b"\x01" + peak + node).digest()
        yield node


def _check_tiles(connection: sqlite3.Connection, hashes: list[bytes]) -> None:
    expected = {}
    level, row = 0, hashes
    while len(row) >= 256:
        tiles = [row[start : start + 256] for start in range(0, len(row) - 255, 256)]
        above = [_naive(tile) for tile in tiles]
        for index, (tile, root) in enumerate(zip(tiles, above, strict=True)):
            expected[level, index] = (b"".join(tile), root)
        level, row = level + 1, above
    stored = {
        (level, idx): (tile, root)
        for level, idx, tile, root in connection.execute("SELECT level, idx, hashes, root FROM tile")
    }
    assert stored == expected, "the stored tiles are not those of the entries"


def _check_rows(connection: sqlite3.Connection, leaves: list[bytes]) -> None:
    connection.row_factory = sqlite3.Row
    held = {row["idx"]: row["texts"].split("~") for row in connection.execute("SELECT * FROM disclosure")}
    rows = {row["idx"]: row for row in connection.execute("SELECT * FROM record")}
    assert set(held) <= set(range(len(leaves)))
    for index, leaf in enumerate(leaves):
        if leaf.count(b".") != 2:
            assert index not in rows, "a row without a record"
            continue
        payload = json.loads(_base64url(leaf.split(b".")[1]))
        body, digests = {}, set(payload["body"]["_sd"])
        for text in held.get(index, []):
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            assert digest in digests, f"a disclosure does not belong to entry {index}"
            digests.remove(digest)
            _, name, value = json.loads(_base64url(text.encode()))
            body[name] = value
        row, claims = rows[index], payload["haip"]
        for column, claim in (
            ("actor", "by"),
            *((c, c) for c in ("id", "kind", "system", "key", "origin", "supersedes")),
        ):
            assert row[column] == claims.get(claim), f"entry {index}: {column}"
        for column in ("occurred_at", "recorded_at", "valid_from", "valid_until"):
            assert row[column] == claims.get(column), f"entry {index}: {column}"
        for column in ("tool", "attachments"):
            assert (json.loads(row[column]) if row[column] else None) == claims.get(column), f"entry {index}: {column}"
        assert json.loads(row["body"]) == body, f"entry {index}: body"
        assert row["erased"] == len(digests), f"entry {index}: erased"


def _base64url(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def check_after_every_append(log: Log, path: Path) -> Log:
    """The same log, whose `append` also has the ledger verified again."""
    append = log.append

    def checked(entries: Any) -> range:
        added = append(entries)
        check_ledger(path, log.key.public_key)
        return added

    log.append = checked  # type: ignore[method-assign]
    return log
