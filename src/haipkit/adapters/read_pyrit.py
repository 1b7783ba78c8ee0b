"""The memory of PyRIT (a SQLite file) → one `evaluation/1` record, recounted from its results of attacks.

The tables change between releases, so columns are looked up first. `outcome` speaks of the attack: its `success` is a
failure of the system; `undetermined` is unscored, `error` an error. The database is opened from memory and only read.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from haipkit.adapters._evaluation import Counted, rate
from haipkit.adapters._limits import MAX_BYTES, check_size
from haipkit.adapters._values import instant, line
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

if TYPE_CHECKING:
    import sqlite3

MAGIC = b"SQLite format 3\x00"
_TABLE = "AttackResultEntries"
_STEPS = 200_000
"""So many rows of results at most are read."""
_OUTCOMES = frozenset({"success", "failure", "error", "undetermined"})


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record for all attacks of the memory. Raises BadInput for other databases and for damaged ones."""
    import sqlite3

    check_size(data, name, max_bytes)
    if not data.startswith(MAGIC):
        raise BadInput("this is not a SQLite file", where=name)
    plain = bytearray(data)
    plain[18:20] = b"\x01\x01"  # a write-ahead log cannot be opened from memory; the file's own pages stand
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(bytes(plain))
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA query_only = ON")
            return [_record(database, name).record()]
    except (sqlite3.Error, ValueError, OverflowError) as fault:
        raise BadInput(f"the database cannot be read: {line(str(fault), limit=120)}", where=name) from None


def _record(database: "sqlite3.Connection", name: str) -> Counted:
    columns = _columns(database, _TABLE)
    if "outcome" not in columns:
        raise BadInput(
            "this database holds no results of attacks of PyRIT",
            where=name,
            advice=f"Read here: a memory with the table {_TABLE} and its column outcome.",
        )
    found = Counted("PyRIT", _version(database), name, "PyRIT attacks")
    outcomes: Counter[str] = Counter()
    newest = ""
    wanted = [column for column in ("outcome", "timestamp", "targeted_harm_categories") if column in columns]
    for row in database.execute(f"SELECT {', '.join(wanted)} FROM {_TABLE} LIMIT {_STEPS}"):  # noqa: S608
        entry = dict(zip(wanted, row, strict=True))
        outcomes[line(entry["outcome"], "undetermined", 40).lower()] += 1
        newest = max(newest, str(entry.get("timestamp") or ""))
        harm = line(entry.get("targeted_harm_categories"), "", 200).strip('[]" ').lower()
        found.subjects += [harm] if harm and harm not in found.subjects else []
    found.samples = sum(outcomes.values())
    found.errors = outcomes["error"]
    found.scored = outcomes["success"] + outcomes["failure"]
    found.occurred_at = instant(newest.replace(" ", "T"), "time of the attacks", found.notes)
    found.rates.append(rate("failure rate (the attack succeeded)", outcomes["success"], found.scored))
    unknown = sorted(set(outcomes) - _OUTCOMES)
    if unknown:
        found.limits.append(f"Outcomes that are not known here and stay unscored: {', '.join(unknown[:5])}.")
    if found.samples >= _STEPS:
        found.limits.append(f"Only the first {_STEPS:,} attacks were read.")
    found.limits.append("A memory gathers all runs that used it: the rate is over all of them.")
    return found


def _columns(database: "sqlite3.Connection", table: str) -> set[str]:
    """Columns of an ordinary table; empty for a view, a virtual table, and what is not there."""
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
    made = database.execute(query, (table,)).fetchone()
    if made is None or "virtual" in str(made[0]).lower().split("(")[0]:
        return set()
    return {str(row[1]) for row in database.execute("SELECT * FROM pragma_table_xinfo(?)", (table,))}


def _version(database: "sqlite3.Connection") -> str:
    if "pyrit_version" not in _columns(database, "PromptMemoryEntries"):
        return "unknown"
    rows: Iterator[Any] = database.execute("SELECT DISTINCT pyrit_version FROM PromptMemoryEntries LIMIT 20")
    found = sorted(str(row[0]) for row in rows if row[0])
    return line(", ".join(found), "unknown", 100)
