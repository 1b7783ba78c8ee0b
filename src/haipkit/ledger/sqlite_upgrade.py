"""Brings a ledger file of format 1 (a row for each entry) into format 2 (docs/adr/0032), without touching the old file.

What was signed does not change: entries, heads, tiles and cosignatures are copied byte for byte. Imported by
`ledger.open` alone.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from haipkit.kernel.errors import BadConfig, CannotWrite
from haipkit.ledger.files import sync_folder
from haipkit.ledger.merkle import join_entries
from haipkit.ledger.sqlite import FORMAT, ROW_ENTRIES, create_file

_SAME = ("tile", "cosignature", "disclosure", "record")


def upgrade_file(path: Path) -> Path | None:
    """Put a file of the new format in the place of `path`; returns where the old one lies now, None if it was new.

    The old file stays under a name of its own. Raises BadConfig for what is no ledger of format 1, CannotWrite.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.upgrade")
    kept = path.with_name(f"{path.name}.format-1")
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)) as old:
            meta = dict(old.execute("SELECT name, value FROM meta").fetchall())
            if meta.pop("format", None) == FORMAT:
                return None
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # Nobody else may append while it is copied.
            old.execute("BEGIN EXCLUSIVE")
            notes = old.execute("SELECT size, note FROM checkpoint ORDER BY size").fetchall()
            create_file(draft, meta, notes[0][1])
            _copy(old, draft, notes)
            os.link(path, kept)
            draft.replace(path)
        sync_folder(path.parent)
    except sqlite3.Error as fault:
        raise BadConfig(f"this is no ledger of format 1: {fault}", where=str(path)) from fault
    except OSError as fault:
        raise CannotWrite(f"the ledger could not be brought up to date: {fault.strerror}", where=str(path)) from fault
    finally:
        for name in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm"))):
            with suppress(OSError):
                name.unlink()
    return kept


def _copy(old: sqlite3.Connection, draft: Path, notes: list[tuple[int, bytes]]) -> None:
    with closing(sqlite3.connect(draft, isolation_level=None)) as new:
        new.execute("PRAGMA journal_mode=DELETE")
        new.execute("BEGIN IMMEDIATE")
        done = 0
        for size, note in notes[1:]:
            while done < size:
                upto = min(done + ROW_ENTRIES, size)
                leaves = old.execute("SELECT leaf FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx", (done, upto))
                bundle = join_entries(leaf for (leaf,) in leaves)
                new.execute("INSERT INTO entries VALUES (?, ?, ?)", (upto, note if upto == size else None, bundle))
                done = upto
        for table in _SAME:
            rows = old.execute(f"SELECT * FROM {table}")  # noqa: S608
            marks = ", ".join("?" * len(rows.description))
            new.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        new.execute("COMMIT")
        new.execute("PRAGMA journal_mode=WAL")
