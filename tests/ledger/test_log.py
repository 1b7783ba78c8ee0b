import json
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from haipkit.kernel.errors import BadConfig, BadInput, Busy, CannotWrite, HaipError, InternalFault, NotAllowed, NotFound
from haipkit.ledger.checkpoint import (
    BUNDLE_PURPOSE,
    COSIGNATURE_V1,
    cosign,
    parse_checkpoint,
    parse_note,
    verify_note,
)
from haipkit.ledger.keys import SigningKey
from haipkit.ledger.log import Log
from haipkit.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from haipkit.ledger.open import checkpoint_file, create_ledger, open_ledger
from haipkit.ledger.projection import Entry, make_entry
from helpers.log_checker import check_ledger, naive_root, one_a_row

AT = "2026-11-20T09:30:00Z"


def bare(count: int, mark: str = "entry") -> list[Entry]:
    return [Entry(f"{mark} {number}".encode()) for number in range(count)]


def record(key: SigningKey, number: int, **body: object) -> Entry:
    claims = {
        "v": 1,
        "id": f"01935d2e-7b4a-7000-8000-{number:012}",
        "kind": "risk/1",
        "by": "owner",
        "origin": "declared",
        "occurred_at": AT,
        "recorded_at": AT,
        "key": f"risk-{number}",
    }
    return make_entry(claims, body or {"title": f"Risk {number}"}, issuer=key.name, signer=key)


def head_of(log: Log) -> tuple[int, bytes]:
    checkpoint = parse_checkpoint(parse_note(log.checkpoint()).text)
    return checkpoint.size, checkpoint.root


# ── appending ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_ledger_has_a_signed_head(log: Log, path: Path) -> None:
    assert head_of(log) == (0, naive_root([]))
    assert log.size() == 0
    assert list(log.entries(0, 0)) == []
    assert check_ledger(path, log.key.public_key) == 0


def test_indexes_are_in_order_and_entries_are_the_bytes_given(log: Log) -> None:
    assert log.append(bare(3)) == range(3)
    assert log.append(bare(1, "more")) == range(3, 4)
    assert log.append([]) == range(0)
    assert list(log.entries(0, 4)) == [b"entry 0", b"entry 1", b"entry 2", b"more 0"]
    assert log.entry(3) == b"more 0"
    assert log.checkpoint_sizes() == [0, 3, 4]


@pytest.mark.parametrize("sizes", [[1] * 5, [255, 1, 1], [256, 1], [257], [255, 2], [100, 156, 300, 3], [513]])
def test_sizes_around_a_tile(log: Log, sizes: list[int]) -> None:
    for size in sizes:
        log.append(bare(size, f"batch of {size}, entry"))
    total = sum(sizes)
    assert head_of(log) == (total, naive_root(list(log.entries(0, total))))


def test_sizes_around_a_tile_of_tiles(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append(bare(65_535))
        for _ in range(3):
            log.append(bare(1))
    with open_ledger(path, expected=key.verifier(), signer=key) as log:
        log.append(bare(300))
        root = naive_root(list(log.entries(0, log.size())))
        assert head_of(log) == (65_838, root)
        assert log.root(65_536) == naive_root(list(log.entries(0, 65_536)))
        for index in (0, 65_279, 65_535, 65_536, 65_837):
            assert verify_inclusion(leaf_hash(log.entry(index)), index, 65_838, log.inclusion_proof(index), root)
    check_ledger(path, key.public_key)


@pytest.mark.parametrize("leaf", [b"", b"x" * 60_001])
def test_entries_of_an_impossible_length_are_refused(log: Log, leaf: bytes) -> None:
    with pytest.raises(BadInput, match="an entry has 1 to 60000 bytes"):
        log.append([*bare(2), Entry(leaf)])
    assert log.size() == 0
    assert log.append([Entry(b"x" * 60_000)]) == range(1)


def test_an_id_that_is_taken_is_refused_and_nothing_of_its_batch_is_kept(log: Log, path: Path, key: SigningKey) -> None:
    log.append([record(key, 1)])
    with pytest.raises(BadInput, match="of this id is in the ledger already"):
        log.append([record(key, 2), record(key, 1)])
    with pytest.raises(BadInput, match="of this id is in the ledger already"):
        log.append([record(key, 3), record(key, 3)])
    assert log.size() == 1
    assert [row.id for row in log.state()] == ["01935d2e-7b4a-7000-8000-000000000001"]
    assert log.append([record(key, 2)]) == range(1, 2)


def test_an_append_is_one_transaction(log: Log, path: Path, key: SigningKey) -> None:
    log.append([record(key, 1)])
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM disclosure").fetchone() == (1,)
        assert other.execute("SELECT id FROM record").fetchall() == [("01935d2e-7b4a-7000-8000-000000000001",)]
        assert other.execute("SELECT max(size) FROM entries WHERE note IS NOT NULL").fetchone() == (1,)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_a_reopened_ledger_goes_on(path: Path, key: SigningKey, count: int) -> None:
    with create_ledger(path, key) as log:
        log.append(bare(count))
    for _ in range(3):
        with open_ledger(path, expected=key.verifier(), signer=key) as log:
            before = log.size()
            assert log.append(bare(2)) == range(before, before + 2)
        check_ledger(path, key.public_key)


def test_opening_never_creates(path: Path, key: SigningKey) -> None:
    for signer in (key, None):
        with pytest.raises(BadConfig, match="there is no ledger"):
            open_ledger(path, expected=key.verifier(), signer=signer)
    assert list(path.parent.iterdir()) == []


def test_creating_never_replaces(path: Path, key: SigningKey) -> None:
    create_ledger(path, key).close()
    before = path.read_bytes()
    with pytest.raises(NotAllowed, match=r"never replaced|head of another ledger"):
        create_ledger(path, SigningKey.ephemeral("other.example"))
    checkpoint_file(path).unlink()
    with pytest.raises(NotAllowed, match="never replaced"):
        create_ledger(path, key)
    assert path.read_bytes() == before
    path.unlink()
    assert list(path.parent.iterdir()) == []


def test_a_lost_ledger_is_not_quietly_begun_anew(path: Path, key: SigningKey) -> None:
    create_ledger(path, key).close()
    path.unlink()
    with pytest.raises(NotAllowed, match="head of another ledger"):
        create_ledger(path, key)


@pytest.mark.parametrize("name", [BUNDLE_PURPOSE, "https://a.example", "cosignature/v1"])
def test_names_that_no_ledger_may_bear(path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        create_ledger(path, SigningKey.ephemeral(name))
    assert list(path.parent.iterdir()) == []


def test_where_nothing_can_be_made(tmp_path: Path, key: SigningKey) -> None:
    with pytest.raises(CannotWrite):
        create_ledger(tmp_path / "absent" / "ledger.db", key)


def test_only_the_owner_can_read_the_files(log: Log, path: Path, key: SigningKey) -> None:
    log.append([record(key, 1)])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {name for name, mode in modes.items() if mode != 0o600} <= {checkpoint_file(path).name}
    assert modes[path.name] == modes[f"{path.name}-wal"] == 0o600


def test_a_ledger_of_another_key_or_name_is_refused(path: Path, key: SigningKey) -> None:
    create_ledger(path, key).close()
    for other in (SigningKey.ephemeral(key.name), SigningKey.ephemeral("other.example/haip")):
        with pytest.raises(BadConfig, match=r"this is the ledger 'bakery\.example/haip'"):
            open_ledger(path, expected=other.verifier(), signer=other)
        with pytest.raises(BadConfig, match="do not belong together"):
            open_ledger(path, expected=other.verifier())
        with pytest.raises(NotAllowed, match="is not the key of this ledger"):
            open_ledger(path, expected=key.verifier(), signer=other)


NO_LEDGERS: dict[str, bytes] = {
    "empty file": b"",
    "text": b"hello\n" * 1000,
    "cut database": b"SQLite format 3\x00" + b"\x00" * 50,
    "binary": bytes(range(256)) * 64,
}


@pytest.mark.parametrize("name", NO_LEDGERS)
def test_files_that_are_no_ledger(path: Path, key: SigningKey, name: str) -> None:
    path.write_bytes(NO_LEDGERS[name])
    for signer in (key, None):
        with pytest.raises(BadConfig, match="not a ledger"):
            open_ledger(path, expected=key.verifier(), signer=signer)
    assert path.read_bytes() == NO_LEDGERS[name]


def test_a_folder_is_no_ledger(path: Path, key: SigningKey) -> None:
    path.mkdir()
    with pytest.raises(BadConfig):
        open_ledger(path, expected=key.verifier())


def test_a_database_of_something_else_is_no_ledger(path: Path, key: SigningKey) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cake (name TEXT)")
    with pytest.raises(BadConfig, match="not a ledger"):
        open_ledger(path, expected=key.verifier())


def tampered(path: Path, *statements: str) -> None:
    """Change a closed ledger the way its owner could: with the guards taken off."""
    with closing(sqlite3.connect(path)) as other:
        guards = other.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            other.execute(f"DROP TRIGGER {name}")
        with one_a_row(other):
            for statement in statements:
                other.execute(statement)
        for _, text in guards:
            other.execute(text)
        other.commit()


def test_a_later_format_is_refused(path: Path, key: SigningKey) -> None:
    create_ledger(path, key).close()
    tampered(path, "UPDATE meta SET value = '3' WHERE name = 'format'")
    with pytest.raises(BadConfig, match="has format 3"):
        open_ledger(path, expected=key.verifier())


DAMAGE: dict[str, str] = {
    "the last entry was edited": "UPDATE entry SET leaf = 'other' WHERE idx = 599",
    "an entry of the unfinished tile was edited": "UPDATE entry SET leaf = 'other' WHERE idx = 512",
    "the last entry was cut off": "DELETE FROM entry WHERE idx = 599",
    "an entry was left out": "DELETE FROM entry WHERE idx = 550",
    "an entry was slipped in": "INSERT INTO entry VALUES (600, 'other')",
    "the newest head was cut off": "DELETE FROM checkpoint WHERE size = 600",
    "all heads were cut off": "DELETE FROM checkpoint",
    "the newest head is another's": "UPDATE checkpoint SET note = 'rubbish' WHERE size = 600",
    "an old head was put in place of the newest": (
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 300) WHERE size = 600"
    ),
    "a tile's root was changed": "UPDATE tile SET root = zeroblob(32) WHERE idx = 1",
    "a tile was cut off": "DELETE FROM tile WHERE idx = 1",
    "the last entry became a number": "UPDATE entry SET leaf = 5 WHERE idx = 599",
    "two entries changed places": (
        "UPDATE entry SET leaf = CAST('entry ' || (299 - idx + 598) AS BLOB) WHERE idx IN (598, 599)"
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_ledger_that_contradicts_itself_is_not_continued(path: Path, key: SigningKey, name: str) -> None:
    with create_ledger(path, key) as log:
        log.append(bare(300))
        log.append(bare(300))
    tampered(path, DAMAGE[name])
    before = path.read_bytes()
    with pytest.raises(BadConfig, match=r"damaged or was changed|does not continue"):
        open_ledger(path, expected=key.verifier(), signer=key)
    assert path.read_bytes() == before


def test_damage_by_another_program_while_open_is_not_continued(log: Log, path: Path) -> None:
    log.append(bare(10))
    tampered(path, "DELETE FROM entry WHERE idx = 9", "DELETE FROM checkpoint WHERE size = 10")
    with pytest.raises(BadConfig, match="damaged or was changed"):
        log.append(bare(1))


def test_a_restored_older_copy_is_refused(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append(bare(5))
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    with open_ledger(path, expected=key.verifier(), signer=key) as log:
        log.append(bare(5))
    shutil.copy(backup, path)
    for signer in (key, None):
        with pytest.raises(BadConfig, match="does not continue the head of 10") as caught:
            open_ledger(path, expected=key.verifier(), signer=signer)
    assert "Restore the newest copy" in caught.value.advice


def test_a_ledger_that_took_another_course_is_refused(tmp_path: Path, key: SigningKey) -> None:
    with create_ledger(tmp_path / "a.db", key) as log:
        log.append(bare(5, "one course"))
    with create_ledger(tmp_path / "b.db", key) as log:
        log.append(bare(8, "another course"))
    shutil.copy(checkpoint_file(tmp_path / "a.db"), checkpoint_file(tmp_path / "b.db"))
    with pytest.raises(BadConfig, match="does not continue the head of 5"):
        open_ledger(tmp_path / "b.db", expected=key.verifier(), signer=key)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"a.example\n5\nAAAA\n\n"])
def test_a_damaged_head_beside_the_ledger_is_refused(path: Path, key: SigningKey, content: bytes) -> None:
    create_ledger(path, key).close()
    checkpoint_file(path).write_bytes(content)
    for signer in (key, None):
        with pytest.raises(BadConfig, match="damaged"):
            open_ledger(path, expected=key.verifier(), signer=signer)


def test_the_head_beside_the_ledger_is_the_newest_on_closing(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        for _ in range(20):
            log.append(bare(1))
        newest = log.checkpoint()
    assert checkpoint_file(path).read_bytes() == newest
    checkpoint_file(path).unlink()
    open_ledger(path, expected=key.verifier(), signer=key).close()
    assert checkpoint_file(path).read_bytes() == newest, "a lost head is written again"


def test_the_head_is_written_out_at_once_when_asked(log: Log, path: Path) -> None:
    for _ in range(3):
        log.append(bare(1))
        log.flush_checkpoint()
        assert checkpoint_file(path).read_bytes() == log.checkpoint()


def test_a_head_that_cannot_be_written_out_fails_no_append(path: Path, key: SigningKey) -> None:
    log = create_ledger(path, key)
    checkpoint_file(path).mkdir()
    assert log.append(bare(1)) == range(1)

    def work(number: int) -> None:
        log.append(bare(1))

    in_threads(8, work)
    assert check_ledger(path, key.public_key) == 9, "an entry was refused or written twice"
    with pytest.raises(CannotWrite, match="signed head could not be written"):
        log.close()
    checkpoint_file(path).rmdir()
    with open_ledger(path, expected=key.verifier(), signer=key) as log:
        assert log.size() == 9
    assert checkpoint_file(path).is_file()


def test_a_replaced_file_is_noticed_before_anything_is_acknowledged(log: Log, path: Path) -> None:
    log.append(bare(1))
    path.rename(path.with_name("moved.db"))
    with pytest.raises(CannotWrite, match="replaced or removed"):
        log.append(bare(1))
    path.with_name("moved.db").rename(path)
    assert log.append(bare(1)) == range(1, 2)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reading_needs_no_key_and_cannot_write(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append([*bare(300), record(key, 1)])
    with open_ledger(path, expected=key.verifier()) as log:
        assert not log.writable
        assert log.size() == 301
        assert len(log.state()) == 1
        root = head_of(log)[1]
        assert verify_inclusion(leaf_hash(b"entry 5"), 5, 301, log.inclusion_proof(5), root)
        for write in (lambda: log.append(bare(1)), lambda: log.erase(300), log.rebuild_projections):
            with pytest.raises(NotAllowed, match="opened for reading"):
                write()


def test_a_reader_sees_what_a_writer_adds(log: Log, path: Path) -> None:
    with open_ledger(path, expected=log.key) as reader:
        for size in range(1, 4):
            log.append(bare(1))
            assert reader.size() == size


def test_a_read_only_copy_can_be_read(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append([record(key, 1)])
    script = """
import os, sys
from pathlib import Path
from haipkit.ledger.checkpoint import VerifierKey
from haipkit.ledger.open import open_ledger
if os.getuid() == 0:
    os.setuid(65534)
with open_ledger(Path(sys.argv[1]), expected=VerifierKey.parse(sys.argv[2])) as log:
    print(log.size(), len(log.state()))
"""
    copy = path.with_name("medium") / path.name
    copy.parent.mkdir()
    shutil.copy(path, copy)
    copy.chmod(0o444)
    copy.parent.chmod(0o555)
    for folder in list(copy.parents)[1:-2]:
        folder.chmod(folder.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", script, copy, str(key.verifier())], capture_output=True, text=True)
    copy.parent.chmod(0o755)
    assert (done.stdout, done.stderr) == ("1 1\n", "")


@pytest.mark.parametrize("index", [-1, 3, 10**12])
def test_entries_that_are_not_there(log: Log, index: int) -> None:
    log.append(bare(3))
    with pytest.raises(NotFound, match="there is no entry"):
        log.entry(index)
    with pytest.raises(BadInput, match="there is no entry"):
        log.inclusion_proof(index)


def test_every_proof_of_every_size(log: Log) -> None:
    for _ in range(12):
        log.append(bare(1 if log.size() < 8 else 63))
    roots = {size: naive_root(list(log.entries(0, size))) for size in range(log.size() + 1)}
    for size in (1, 2, 7, 8, 200, log.size()):
        for index, proof in enumerate(log.inclusion_proofs(range(size), size)):
            assert verify_inclusion(leaf_hash(log.entry(index)), index, size, proof, roots[size])
        for old in range(0, size + 1, 9):
            assert verify_consistency(old, size, log.consistency_proof(old, size), roots[old], roots[size])
        assert log.root(size) == roots[size]


def test_proofs_beyond_the_log_are_refused(log: Log) -> None:
    log.append(bare(3))
    for ask in (lambda: log.inclusion_proof(0, 4), lambda: log.consistency_proof(0, 4), lambda: log.root(4)):
        with pytest.raises(BadInput, match="has 3 entries, not 4"):
            ask()


def test_old_heads_are_kept(log: Log) -> None:
    log.append(bare(3))
    old = log.checkpoint()
    log.append(bare(3))
    assert log.checkpoint(3) == old
    with pytest.raises(NotFound, match="no signed head of 4"):
        log.checkpoint(4)


# ── witnesses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_witness_lines_are_checked_and_kept(log: Log) -> None:
    log.append(bare(3))
    witness, stranger = SigningKey.ephemeral("witness.example/w"), SigningKey.ephemeral("stranger.example/w")
    text = parse_note(log.checkpoint()).text
    lines = [cosign(text, witness, 1_000_000), cosign(text, stranger, 1_000_000)]
    known = witness.verifier(COSIGNATURE_V1)
    for _ in range(2):
        assert log.add_cosignatures(3, lines, [known]) == 1
    assert log.cosigned_sizes() == [3]
    found = verify_note(parse_note(log.checkpoint(3)), [log.key, known])
    assert [item.key.name for item in found] == [log.origin, witness.name]
    log.append(bare(1))
    assert log.cosigned_sizes() == [3]
    assert len(parse_note(log.checkpoint()).signatures) == 1


def test_false_witness_lines_are_refused(log: Log) -> None:
    log.append(bare(3))
    witness = SigningKey.ephemeral("witness.example/w")
    of_another_head = cosign(parse_note(log.checkpoint(0)).text, witness, 1_000_000)
    with pytest.raises(BadInput, match="does not belong"):
        log.add_cosignatures(3, [of_another_head], [witness.verifier(COSIGNATURE_V1)])
    with pytest.raises(NotFound, match="no checkpoint of 2"):
        log.add_cosignatures(2, [of_another_head], [witness.verifier(COSIGNATURE_V1)])
    assert log.cosigned_sizes() == []


# ── guards and erasure ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", ["entries", "tile"])
def test_tables_are_append_only(log: Log, path: Path, table: str) -> None:
    log.append(bare(300))
    column = {"entries": "bundle", "tile": "hashes"}[table]
    with closing(sqlite3.connect(path)) as other:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = zeroblob(3)"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(statement)


def everything_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


@pytest.mark.parametrize("length", [12, 5_000])
@pytest.mark.parametrize("fields", [["reporter"], None])
def test_erased_text_is_nowhere_on_disk(
    log: Log, path: Path, key: SigningKey, length: int, fields: list[str] | None
) -> None:
    secret = "Zwetschgenkuchen" * (length // 12)
    log.append([record(key, number, title="oven", reporter="x" * 300) for number in range(20)])
    log.append([record(key, 100, title="oven", reporter=secret)])
    log.append([record(key, number, title="oven", reporter="y" * 300) for number in range(200, 220)])
    log.rebuild_projections()
    proof, root = log.inclusion_proof(20), head_of(log)[1]
    sealed = log.disclosures(20)[1][30:60].encode()
    assert sealed in everything_on_disk(path)
    assert b"Zwetschgenkuchen" in everything_on_disk(path)
    assert log.erase(20, fields) == (("title", "reporter") if fields is None else ("reporter",))
    assert sealed not in everything_on_disk(path)
    assert b"Zwetschgenkuchen" not in everything_on_disk(path)
    check_ledger(path, key.public_key)
    row = log.row(20)
    assert row is not None
    assert (json.loads(row.body), row.erased) == (({}, 2) if fields is None else ({"title": "oven"}, 1))
    assert verify_inclusion(leaf_hash(log.entry(20)), 20, log.size(), proof, root)
    log.append([record(key, 300)])
    assert log.rebuild_projections() == 42
    assert log.row(20) == row


def test_erasing_many_leaves_no_trace_of_any(path: Path, key: SigningKey) -> None:
    # Neighbours move between pages when rows shrink or grow; none may leave a copy of itself behind.
    chance = random.Random(20261120)
    secrets = [f"secret{number:03}x" * chance.choice([1, 20, 60, 500]) for number in range(120)]
    with create_ledger(path, key) as log:
        for start in range(0, 120, 8):
            log.append([record(key, at, text=secrets[at], kept="y" * 80) for at in range(start, start + 8)])
        traces = [(secrets[at][:10].encode(), log.disclosures(at)[0][8:40].encode()) for at in range(120)]
        assert all(one in everything_on_disk(path) for both in traces for one in both)
        order = chance.sample(range(120), 120)
        for turn, index in enumerate(order):
            log.erase(index, ["text"])
            if turn % 40 == 7:
                log.rebuild_projections()
            if turn % 10 == 0 or turn > 110:
                disk = everything_on_disk(path)
                assert [at for at in order[: turn + 1] if any(one in disk for one in traces[at])] == []
    check_ledger(path, key.public_key)


def row_body(log: Log, index: int) -> str:
    row = log.row(index)
    assert row is not None
    return row.body


def test_erasing_what_is_not_there(log: Log, key: SigningKey) -> None:
    log.append([record(key, 1), *bare(1)])
    with pytest.raises(BadInput, match="no field 'name'"):
        log.erase(0, ["name"])
    with pytest.raises(NotFound):
        log.erase(2)
    assert log.erase(0, ["title"]) == ("title",)
    with pytest.raises(BadInput, match="no field 'title'"):
        log.erase(0, ["title"])
    assert log.erase(0) == ()
    assert log.erase(1) == ()
    assert log.append(bare(1)) == range(2, 3)


def test_erasing_while_another_program_reads_says_so(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append([record(key, 1, title="Zwetschgenkuchen")])
    with (
        open_ledger(path, expected=key.verifier(), signer=key, busy_seconds=0.1) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM record").fetchone()
        with pytest.raises(Busy, match="stays in the ledger's journal"):
            log.erase(0)
        assert json.loads(row_body(log, 0)) == {}
        other.execute("COMMIT")
        assert log.erase(0) == ()
        assert b"Zwetschgenkuchen" not in everything_on_disk(path)


def test_rows_are_made_again_from_the_log(log: Log, path: Path, key: SigningKey) -> None:
    log.append([*bare(3), *(record(key, number, title=f"T{number}", more={"a": [1]}) for number in range(40))])
    log.erase(10, ["more"])
    before = log.rows()
    with closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM record WHERE idx % 2")
        other.execute("UPDATE record SET kind = 'policy/1', body = '{}'")
        other.commit()
    assert log.rows() != before
    assert log.rebuild_projections() == 40
    assert log.rows() == before
    check_ledger(path, key.public_key)
    log.append(bare(1))


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def in_threads(count: int, work: Callable[[int], None]) -> None:
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a thread never came back"
    assert faults == []


def test_threads_share_commits_and_lose_nothing(path: Path, key: SigningKey) -> None:
    acknowledged: dict[int, bytes] = {}
    with create_ledger(path, key) as log:

        def work(number: int) -> None:
            for turn in range(40):
                entries = bare(1 + turn % 3, f"thread {number}, turn {turn}, entry")
                for index, entry in zip(log.append(entries), entries, strict=True):
                    assert index not in acknowledged
                    acknowledged[index] = entry.leaf

        in_threads(16, work)
        commits = len(log.checkpoint_sizes()) - 1
    assert check_ledger(path, key.public_key) == len(acknowledged)
    with open_ledger(path, expected=key.verifier()) as log:
        assert dict(enumerate(log.entries(0, log.size()))) == acknowledged
    assert commits < 16 * 40 / 2, "threads that wait together are committed together"


def test_one_bad_append_does_not_spoil_those_it_shares_a_commit_with(path: Path, key: SigningKey) -> None:
    outcomes: list[str] = []
    with create_ledger(path, key) as log:

        def work(number: int) -> None:
            for turn in range(10):
                try:
                    log.append([record(key, turn)])
                    outcomes.append("kept")
                except BadInput:
                    outcomes.append("refused")
                log.append([record(key, 1000 * (number + 1) + turn)])

        in_threads(8, work)
    assert outcomes.count("kept") == 10
    assert outcomes.count("refused") == 70
    assert check_ledger(path, key.public_key) == 10 + 80


def test_a_failing_store_answers_every_waiting_thread(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append(bare(1))
        path.rename(path.with_name("moved.db"))
        answers: list[type] = []

        def work(number: int) -> None:
            try:
                log.append(bare(1))
            except HaipError as fault:
                answers.append(type(fault))

        in_threads(12, work)
        assert answers == [CannotWrite] * 12
        path.with_name("moved.db").rename(path)
        assert log.append(bare(1)) == range(1, 2)


def test_an_interrupted_commit_leaves_no_thread_waiting(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        store = log._store
        commit, turns = store.commit, iter(range(100))
        outcomes: list[str] = []

        def interrupted_once() -> None:
            if next(turns) == 1:
                raise KeyboardInterrupt
            commit()

        def work(number: int) -> None:
            try:
                log.append(bare(1, f"thread {number}"))
                outcomes.append("kept")
            except (KeyboardInterrupt, InternalFault) as fault:
                outcomes.append(type(fault).__name__)

        store.commit = interrupted_once  # type: ignore[method-assign]
        in_threads(8, work)
        assert len(outcomes) == 8
        assert outcomes.count("KeyboardInterrupt") == 1
        assert log.append(bare(1)) == range(outcomes.count("kept"), outcomes.count("kept") + 1)
    assert check_ledger(path, key.public_key) == outcomes.count("kept") + 1


def test_a_thread_interrupted_in_line_holds_nobody_up(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        store = log._store
        commit, entered, go_on = store.commit, threading.Event(), threading.Event()

        def slow() -> None:
            entered.set()
            go_on.wait(30)
            commit()

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        store.commit = slow  # type: ignore[method-assign]
        first = threading.Thread(target=log.append, args=(bare(1, "first"),))
        third = threading.Thread(target=log.append, args=(bare(1, "third"),))
        first.start()
        entered.wait(30)
        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                log.append(bare(1, "second, given up"))
        finally:
            signal.signal(signal.SIGALRM, before)
        third.start()
        go_on.set()
        for thread in (first, third):
            thread.join(30)
            assert not thread.is_alive()
        assert list(log.entries(0, log.size())) == [b"first 0", b"third 0"]


def test_two_open_logs_take_turns(log: Log, path: Path, key: SigningKey) -> None:
    with open_ledger(path, expected=key.verifier(), signer=key) as other:
        for size in (1, 255, 2, 300, 1):
            log.append(bare(size, "one"))
            other.append(bare(size, "other"))
    assert check_ledger(path, key.public_key) == 2 * 559


def test_a_ledger_held_by_another_is_busy(path: Path, key: SigningKey) -> None:
    create_ledger(path, key).close()
    with (
        open_ledger(path, expected=key.verifier(), signer=key, busy_seconds=0.1) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="another program is writing"):
            log.append(bare(1))
        other.execute("ROLLBACK")
        assert log.append(bare(1)) == range(1)


def test_a_closed_log_takes_nothing(path: Path, key: SigningKey) -> None:
    log = create_ledger(path, key)
    log.close()
    with pytest.raises(NotAllowed, match="closed"):
        log.append(bare(1))
    log.close()


def test_reading_a_ledger_imports_nothing_heavy(path: Path, key: SigningKey) -> None:
    with create_ledger(path, key) as log:
        log.append([record(key, 1)])
    script = """
import sys
from pathlib import Path
from haipkit.ledger import blobs, bundle, export, keys, verify, witness
from haipkit.ledger.checkpoint import VerifierKey
from haipkit.ledger.open import open_ledger
with open_ledger(Path(sys.argv[1]), expected=VerifierKey.parse(sys.argv[2])) as log:
    log.state(), log.by_id("01"), log.inclusion_proof(0), log.checkpoint()
print([name for name in ("cryptography", "pydantic", "rich", "jinja2", "rfc8785", "numpy") if name in sys.modules])
"""
    command = [sys.executable, "-c", script, path, str(key.verifier())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
