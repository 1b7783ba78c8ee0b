"""A log in one SQLite file: WAL, `synchronous=FULL`, one writer at a time over all processes.

Entries with their signed heads, and tiles, are guarded by append-only triggers; these stop accidents, the heads expose
intent. Neighbouring entries share a row (docs/adr/0032): a commit of a hundred is one insert, and one of a single entry
touches one page. Imported by `ledger.open` alone.
"""

import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

from haipkit.kernel.errors import BadConfig, BadInput, Busy, CannotWrite, HaipError, NotAllowed
from haipkit.ledger.files import sync_folder
from haipkit.ledger.merkle import Tile, join_entries, split_entries
from haipkit.ledger.projection import Entry, Row
from haipkit.ledger.store import Query, damaged

FORMAT = "2"
BUSY_SECONDS = 10.0
ROW_ENTRIES = 128

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (size INTEGER PRIMARY KEY, note BLOB, bundle BLOB NOT NULL);
CREATE TABLE tile (level INTEGER, idx INTEGER, root BLOB NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, idx))
    WITHOUT ROWID;
CREATE TABLE cosignature (size INTEGER, line TEXT, PRIMARY KEY (size, line)) WITHOUT ROWID;
CREATE TABLE disclosure (idx INTEGER PRIMARY KEY, texts TEXT NOT NULL);
CREATE TABLE record (
    idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, v INTEGER NOT NULL, kind TEXT NOT NULL, system TEXT, key TEXT,
    origin TEXT NOT NULL, actor TEXT NOT NULL, signer TEXT NOT NULL, occurred_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL, valid_from TEXT, valid_until TEXT, supersedes TEXT, tool TEXT, attachments TEXT,
    body TEXT NOT NULL, erased INTEGER NOT NULL);
CREATE INDEX record_by_thing ON record (kind, key, system);
CREATE INDEX record_by_superseded ON record (supersedes) WHERE supersedes IS NOT NULL;
"""
# `bundle`: the newest of the first `size` entries, in the form of tlog-tiles; `note`: the head that was signed there.
_INSERT_ENTRIES = "INSERT INTO entries VALUES (?, ?, ?)"
_LEAF, _DISCLOSURES, _ROW = map(itemgetter, range(len(Entry._fields)))
_GUARDED = ("entries", "tile")
_COLUMNS = ", ".join(Row._fields)
_INSERT_ROW = f"INSERT INTO record ({_COLUMNS}) VALUES ({', '.join('?' * len(Row._fields))})"  # noqa: S608
_SELECT_ROW = f"SELECT {_COLUMNS} FROM record"  # noqa: S608


def create_file(path: Path, meta: Mapping[str, str], first_note: bytes) -> None:
    """Write an empty log where nothing is yet. Raises NotAllowed if something is there, CannotWrite."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    reserved = False
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        reserved = True
        os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";\n"):
                connection.execute(statement)
            for table in _GUARDED:
                for verb in ("UPDATE", "DELETE"):
                    connection.execute(
                        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                    )
            connection.executemany("INSERT INTO meta VALUES (?, ?)", [("format", FORMAT), *meta.items()])
            connection.execute(_INSERT_ENTRIES, (0, first_note, b""))
            connection.execute("COMMIT")
        finally:
            connection.close()
        draft.replace(path)
        reserved = False
        sync_folder(path.parent)
    except FileExistsError as fault:
        raise NotAllowed("something is there already; a ledger is never replaced", where=str(path)) from fault
    except OSError as fault:
        raise CannotWrite(f"the ledger could not be made: {fault.strerror}", where=str(path)) from fault
    except sqlite3.Error as fault:
        raise translate(fault, path) from fault
    finally:
        with suppress(OSError):
            draft.unlink()
        if reserved:
            path.unlink()


class SqliteStore:
    """A `Store` in an SQLite file that exists. One connection reads, one writes; both are shared by all threads."""

    def __init__(self, path: Path, *, writable: bool, busy_seconds: float = BUSY_SECONDS) -> None:
        """Raises BadConfig if this is no ledger or one of a later format, Busy, NotAllowed."""
        self.path = path
        self._file = str(path)
        self._writable = writable
        self._busy_seconds = busy_seconds
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._owner = -1
        self._version = -1
        self._reader = self._connect_reader()
        try:
            self._identity = self._file_identity()
            self._check_format()
        except BaseException:
            self._reader.close()
            raise

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> bool:
        """Become the only writer, in this process and all others."""
        if not self._writing.acquire(timeout=self._busy_seconds):
            raise Busy("another thread is writing to this ledger", where=str(self.path))
        self._owner = threading.get_ident()
        try:
            if self._writer is None:
                self._writer = self._connect_writer()
            if self._file_identity() != self._identity:
                raise CannotWrite(
                    "the ledger file was replaced or removed while it was open",
                    where=str(self.path),
                    advice="What was acknowledged is in the file that was there before. Stop, and look for it.",
                )
            self._writer.execute("BEGIN IMMEDIATE")
            version: int = self._writer.execute("PRAGMA data_version").fetchone()[0]
        except BaseException as fault:
            self.rollback()
            if isinstance(fault, sqlite3.Error):
                raise translate(fault, self.path) from fault
            raise
        changed = version != self._version
        self._version = version
        return changed

    def commit(self) -> None:
        """Make everything since `begin` durable. On failure nothing of it is kept; `rollback` is still to be called."""
        try:
            self._held().execute("COMMIT")
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault
        self._release()

    def rollback(self) -> None:
        """Undo everything since `begin`. Does nothing without one."""
        if self._owner != threading.get_ident():
            return
        # SQLite has rolled back by itself after a full disk or an I/O error.
        with suppress(sqlite3.Error):
            if self._writer is not None and self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        self._release()

    def insert(self, start: int, entries: Sequence[Entry], tiles: Sequence[Tile], size: int, note: bytes) -> None:
        writer = self._held()
        try:
            at = 0
            while len(entries) - at > ROW_ENTRIES:
                at += ROW_ENTRIES
                bundle = join_entries(map(_LEAF, entries[at - ROW_ENTRIES : at]))
                writer.execute(_INSERT_ENTRIES, (start + at, None, bundle))
            writer.execute(_INSERT_ENTRIES, (size, note, join_entries(map(_LEAF, entries[at:]))))
            if any(map(_DISCLOSURES, entries)):
                beside = [(index, "~".join(entry.disclosures)) for index, entry in enumerate(entries, start)]
                writer.executemany("INSERT INTO disclosure VALUES (?, ?)", [pair for pair in beside if pair[1]])
            if any(map(_ROW, entries)):
                rows = [(index, *entry.row) for index, entry in enumerate(entries, start) if entry.row is not None]
                writer.executemany(_INSERT_ROW, rows)
            if tiles:
                writer.executemany(
                    "INSERT INTO tile VALUES (?, ?, ?, ?)", [(t.level, t.index, t.root, t.hashes) for t in tiles]
                )
        except sqlite3.IntegrityError as fault:
            if "record.id" in str(fault):
                raise BadInput("a record of this id is in the ledger already", where=str(self.path)) from fault
            raise damaged(str(fault)) from fault
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def set_disclosures(self, index: int, disclosures: Sequence[str], row: tuple[Any, ...] | None) -> None:
        writer = self._held()
        try:
            if disclosures:
                writer.execute("UPDATE disclosure SET texts = ? WHERE idx = ?", ("~".join(disclosures), index))
            else:
                writer.execute("DELETE FROM disclosure WHERE idx = ?", (index,))
            writer.execute("DELETE FROM record WHERE idx = ?", (index,))
            if row is not None:
                writer.execute(_INSERT_ROW, (index, *row))
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def replace_rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        writer = self._held()
        try:
            writer.execute("DELETE FROM record")
            writer.executemany(_INSERT_ROW, rows)
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def add_cosignatures(self, size: int, lines: Sequence[str]) -> None:
        try:
            self._held().executemany(
                "INSERT OR IGNORE INTO cosignature VALUES (?, ?)", [(size, line) for line in lines]
            )
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def set_key(self, key: str) -> None:
        """Name another log key, within the transaction."""
        try:
            self._held().execute("UPDATE meta SET value = ? WHERE name = 'key'", (key,))
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def scrub(self) -> None:
        """Copy the journal into the database, where erased text is overwritten, and cut it to nothing."""
        with self._writing, self._reading:
            if self._writer is None:
                self._writer = self._connect_writer()
            try:
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as fault:
                raise translate(fault, self.path) from fault
        if busy:
            raise Busy(
                "erased, but its old text stays in the ledger's journal while another program reads",
                where=f"{self.path}-wal",
                advice="Close the other programs that use this ledger and erase again.",
            )

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def meta(self) -> Mapping[str, str]:
        return dict(self._all("SELECT name, value FROM meta"))

    def size(self) -> int:
        return int(self._all("SELECT ifnull(max(size), 0) FROM entries")[0][0])

    # The casts below: a column of SQLite holds any type, and a tampered file must fail as wrong, not as unreadable.

    def leaves(self, start: int, stop: int) -> list[bytes]:
        rows = self._all(
            "SELECT size, CAST(bundle AS BLOB) FROM entries "
            "WHERE size > ? AND size <= ifnull((SELECT min(size) FROM entries WHERE size >= ?), ?) ORDER BY size",
            (start, stop, stop),
        )
        found: list[bytes] = []
        for size, bundle in rows:
            try:
                entries = split_entries(bundle)
            except BadInput as fault:
                raise damaged(f"before {size}, {fault.what}") from fault
            first, expected = size - len(entries), start + len(found)
            if first > expected or (found and first < expected):
                break
            found += entries[max(start - first, 0) : stop - first] if first < start or size > stop else entries
        if len(found) != stop - start:
            raise damaged(f"{stop - start - len(found)} of the entries {start} to {stop - 1} are missing")
        return found

    def disclosures(self, start: int, stop: int) -> dict[int, tuple[str, ...]]:
        rows = self._all("SELECT idx, CAST(texts AS TEXT) FROM disclosure WHERE idx >= ? AND idx < ?", (start, stop))
        return {index: tuple(texts.split("~")) for index, texts in rows}

    def tile(self, level: int, index: int) -> bytes | None:
        hashes: bytes | None = self._value(
            "SELECT CAST(hashes AS BLOB) FROM tile WHERE level = ? AND idx = ?", (level, index)
        )
        return hashes

    def tile_roots(self, level: int, start: int, stop: int) -> list[bytes]:
        rows = self._all(
            "SELECT CAST(root AS BLOB) FROM tile WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx",
            (level, start, stop),
        )
        return [root for (root,) in rows]

    def checkpoint(self, size: int | None) -> tuple[int, bytes] | None:
        newest = "SELECT size, CAST(note AS BLOB) FROM entries WHERE note IS NOT NULL"
        rows = (
            self._all(f"{newest} ORDER BY size DESC LIMIT 1")
            if size is None
            else self._all(f"{newest} AND size = ?", (size,))
        )
        return rows[0] if rows else None

    def checkpoint_sizes(self) -> list[int]:
        return [size for (size,) in self._all("SELECT size FROM entries WHERE note IS NOT NULL ORDER BY size")]

    def cosignatures(self, size: int) -> list[str]:
        return [
            line
            for (line,) in self._all("SELECT CAST(line AS TEXT) FROM cosignature WHERE size = ? ORDER BY line", (size,))
        ]

    def cosigned_sizes(self) -> list[int]:
        return [size for (size,) in self._all("SELECT DISTINCT size FROM cosignature ORDER BY size")]

    def row(self, index: int) -> Row | None:
        rows = self._all(f"{_SELECT_ROW} WHERE idx = ?", (index,))
        return Row._make(rows[0]) if rows else None

    def rows(self, query: Query) -> list[Row]:
        conditions, values = _conditions(query.kinds, query.recorded_until)
        for condition, value in (("key = ?", query.key), ("system = ?", query.system), ("idx > ?", query.after)):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = f" ORDER BY idx {'DESC' if query.newest_first else 'ASC'}"
        limit = " LIMIT ?" if query.limit is not None else ""
        values += [] if query.limit is None else [query.limit]
        return [*map(Row._make, self._all(f"{_SELECT_ROW}{where}{order}{limit}", values))]

    def rows_by_id(self, prefix: str, limit: int) -> list[Row]:
        rows = self._all(f"{_SELECT_ROW} WHERE id >= ? AND id < ? LIMIT ?", (prefix, prefix + "\U0010ffff", limit))
        return [*map(Row._make, rows)]

    def state(self, kinds: Collection[str] | None, as_of: str | None) -> list[Row]:
        conditions, values = _conditions(kinds, as_of)
        narrowed = "".join(f" AND {condition}" for condition in conditions)
        by_then = "" if as_of is None else " AND later.recorded_at <= ?"
        rows = self._all(
            f"{_SELECT_ROW} AS earlier WHERE idx IN ("  # noqa: S608
            f"SELECT max(idx) FROM record WHERE key IS NOT NULL{narrowed} GROUP BY kind, key, system "
            f"UNION ALL SELECT idx FROM record WHERE key IS NULL{narrowed}) "
            "AND NOT EXISTS (SELECT 1 FROM record AS later WHERE later.supersedes = earlier.id "
            f"AND later.idx > earlier.idx{by_then}) ORDER BY idx",
            [*values, *values, *([] if as_of is None else [as_of])],
        )
        return [*map(Row._make, rows)]

    # ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _all(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._reading:
                return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as fault:
            raise translate(fault, self.path) from fault

    def _value(self, statement: str, values: Sequence[Any]) -> Any:
        rows = self._all(statement, values)
        return rows[0][0] if rows else None

    def _release(self) -> None:
        self._owner = -1
        self._writing.release()

    def _held(self) -> sqlite3.Connection:
        if self._writer is None:
            raise NotAllowed("this ledger is not open for writing", where=str(self.path))
        return self._writer

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._file)  # noqa: PTH116
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connect_writer(self) -> sqlite3.Connection:
        if not self._writable:
            raise NotAllowed("this ledger was opened for reading", where=str(self.path))
        writer = self._connect("rw")
        writer.execute("PRAGMA synchronous=FULL")
        # Erased text is overwritten with zeroes, and REPLACE cannot slip past the append-only triggers.
        writer.execute("PRAGMA secure_delete=ON")
        writer.execute("PRAGMA recursive_triggers=ON")
        return writer

    def _connect_reader(self) -> sqlite3.Connection:
        """Read-only in effect; it also works where only reading is allowed, down to a read-only medium."""
        if not self.path.is_file():
            raise BadConfig(
                "there is no ledger", where=str(self.path), advice="`haip init` makes one; opening never does."
            )
        attempts = ["rw", "ro"]
        # Nobody can be writing where the folder is read-only and no journal lies beside the file.
        if not os.access(self.path.parent, os.W_OK) and not self.path.with_name(self.path.name + "-wal").exists():
            attempts.append("ro&immutable=1")
        fault: sqlite3.Error | None = None
        for mode in attempts:
            try:
                reader = self._connect(mode)
                reader.execute("PRAGMA query_only=ON")
                reader.execute("SELECT count(*) FROM sqlite_schema")
                return reader
            except sqlite3.Error as refused:
                fault = fault or refused
        raise translate(fault or sqlite3.Error("cannot open"), self.path)

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=self._busy_seconds,
        )
        connection.execute("PRAGMA trusted_schema=OFF")
        return connection

    def _check_format(self) -> None:
        try:
            found = self._value("SELECT value FROM meta WHERE name = 'format'", ())
        except BadConfig as fault:
            raise BadConfig("this file is not a ledger", where=str(self.path)) from fault
        if found != FORMAT:
            raise BadConfig(
                f"this ledger has format {found}; this version of haip reads format {FORMAT}",
                where=str(self.path),
                advice="Run: haip ledger upgrade" if found == "1" else "Use the version of haip that wrote it.",
            )


def _conditions(kinds: Collection[str] | None, as_of: str | None) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if kinds is not None:
        conditions.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values += sorted(kinds)
    if as_of is not None:
        conditions.append("recorded_at <= ?")
        values.append(as_of)
    return conditions, values


def translate(fault: sqlite3.Error, path: Path) -> HaipError:
    """The haip error for an SQLite one."""
    code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    where = str(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy("another program is writing to this ledger", where=where, advice="Try again in a moment.")
    refusals: dict[int, tuple[str, str]] = {
        sqlite3.SQLITE_FULL: ("the disk is full", "Make room and try again. Everything acknowledged before is kept."),
        sqlite3.SQLITE_IOERR: (
            f"the disk refused to write or read ({fault})",
            "Check its space, quota and health. Everything acknowledged before is kept.",
        ),
        sqlite3.SQLITE_READONLY: ("the ledger cannot be written here", "Check the permissions of file and folder."),
        sqlite3.SQLITE_CANTOPEN: ("the ledger cannot be opened", "Check the permissions of file and folder."),
        sqlite3.SQLITE_PERM: ("the ledger may not be opened", "Check the permissions of file and folder."),
    }
    if code in refusals:
        what, advice = refusals[code]
        return CannotWrite(what, where=where, advice=advice)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return BadConfig(
            f"this file is not a ledger, or it is damaged: {fault}",
            where=where,
            advice="Keep it as it is and restore a copy that verifies.",
        )
    return BadConfig(f"the ledger could not be used: {fault}", where=where)
