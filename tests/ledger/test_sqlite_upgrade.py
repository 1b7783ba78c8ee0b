"""A ledger of format 1 comes into format 2: the same entries, heads and proofs, and the old file is kept."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from haipkit.kernel.errors import BadConfig
from haipkit.ledger.merkle import split_entries
from haipkit.ledger.open import upgrade_ledger
from helpers.commands import done, haip


def into_format_1(path: Path) -> None:
    """The layout that 0.1.0 first had: one row an entry, heads in a table of their own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        rows = database.execute("SELECT size, note, bundle FROM entries ORDER BY size").fetchall()
        database.execute("DROP TABLE entries")
        database.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
        database.execute("CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL)")
        leaves = [leaf for _, _, bundle in rows for leaf in split_entries(bundle)]
        database.executemany("INSERT INTO entry VALUES (?, ?)", list(enumerate(leaves)))
        heads = [(size, note) for size, note, _ in rows if note is not None]
        database.executemany("INSERT INTO checkpoint VALUES (?, ?)", heads)
        database.execute("UPDATE meta SET value = '1' WHERE name = 'format'")


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    done("init", folder, "--role", "deployer", "--country", "CA", "--name", "Shop", "--unprotected-keys")
    monkeypatch.chdir(folder)
    records = "".join(
        f'[[system]]\nkey = "s{n}"\nname = "S{n}"\npurpose = "p"\nroles = ["deployer"]\nlifecycle = "deployed"\n\n'
        for n in range(150)
    )
    Path("many.toml").write_text(records)
    done("add", "--from", "many.toml")
    done("add", "system", "last", "--name", "L", "--purpose", "p", "--roles", "deployer", "--lifecycle", "design")
    done("ledger", "head", "--out", "head.txt")
    into_format_1(folder / ".haip/ledger.db")
    return folder / ".haip/ledger.db"


def test_an_old_ledger_says_what_to_do(old: Path) -> None:
    outcome = haip("status")
    assert outcome.code == 78
    assert "Run: haip ledger upgrade" in outcome.words


def test_after_the_upgrade_everything_verifies_against_a_head_kept_before(old: Path) -> None:
    before = old.read_bytes()
    assert "The old file is" in done("ledger", "upgrade").words
    outcome = haip("verify", "--head", "head.txt")
    assert "VALID" in outcome.out
    assert "The log continues the head that you hold" in outcome.words
    assert old.with_name("ledger.db.format-1").read_bytes() == before
    done("add", "system", "next", "--name", "N", "--purpose", "p", "--roles", "deployer", "--lifecycle", "design")
    assert "VALID" in haip("verify", "--head", "head.txt").out


def test_a_second_upgrade_does_nothing(old: Path) -> None:
    assert upgrade_ledger(old) is not None
    data = old.read_bytes()
    assert upgrade_ledger(old) is None
    assert old.read_bytes() == data


def test_what_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(os.urandom(5000))
    data = path.read_bytes()
    with pytest.raises(BadConfig, match="no ledger of format 1"):
        upgrade_ledger(path)
    assert path.read_bytes() == data
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.db"]
