"""Keys are replaced without breaking what was signed before, also when interrupted; a stolen one loses its word."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from haipkit.kernel.clock import now, write_instant
from haipkit.kernel.errors import CannotWrite, HaipError
from haipkit.ledger.checkpoint import VerifierKey, parse_note, verify_note
from haipkit.workspace import rotation
from haipkit.workspace.ask import state
from haipkit.workspace.config import read_config
from haipkit.workspace.do import writing
from haipkit.workspace.open import open_workspace
from haipkit.workspace.rotation import rotate
from helpers.commands import done, haip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "org"
    done("init", folder, "--role", "deployer", "--country", "CA", "--name", "Org", "--unprotected-keys")
    owner(folder, 6)
    return folder


@pytest.fixture
def org(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "org"
    shutil.copytree(made, folder)
    return folder


def owner(folder: Path, action: int, office: str = "it") -> None:
    done("-w", folder, "add", "owner", str(action), "--office", office)


def head(folder: Path, name: str) -> Path:
    path = folder.parent / name
    with open_workspace(folder) as workspace:
        path.write_bytes(workspace.log.checkpoint())
    return path


def key_of(folder: Path) -> str:
    return read_config(folder).verifier_key


def actions(folder: Path) -> list[int]:
    with open_workspace(folder) as workspace:
        return sorted(record.body["action"] for record in state(workspace, kinds=["owner/1"]))


def test_the_log_goes_on_under_its_name_with_a_head_that_both_keys_signed(org: Path) -> None:
    old, before = key_of(org), head(org, "before")
    done("-w", org, "keys", "rotate", "log", "--reason", "every year")
    new = key_of(org)
    owner(org, 5)
    assert new != old
    assert new.partition("+")[0] == old.partition("+")[0]
    (handover,) = (org / ".haip").glob("handover-*.checkpoint")
    both = [VerifierKey.parse(old), VerifierKey.parse(new)]
    assert {found.key for found in verify_note(parse_note(handover.read_bytes()), both)} == set(both)
    newest = parse_note(head(org, "after").read_bytes())
    assert [found.key for found in verify_note(newest, both)] == both[1:]
    assert done("-w", org, "verify", "--head", before, "--head", handover).words.startswith("VALID")


def test_a_bundle_is_judged_across_the_rotation(org: Path, tmp_path: Path) -> None:
    old, before = key_of(org), head(org, "before")
    early, late = tmp_path / "early.zip", tmp_path / "late.zip"
    done("-w", org, "bundle", "report", "gaps", "--out", early)
    done("-w", org, "keys", "rotate", "log")
    done("-w", org, "keys", "rotate", "owner")
    owner(org, 5)
    new = key_of(org)
    done("-w", org, "bundle", "report", "gaps", "--out", late, "--head", before)
    assert haip("verify", early, "--key", old).code == 0
    assert haip("verify", late, "--key", new, "--old-key", old, "--head", before).code == 0
    assert haip("verify", late, "--key", new, "--head", before).code == 1, "the old key was not named for the old head"
    assert haip("verify", late, "--key", old).code == 1
    assert haip("verify", early, "--key", new, "--old-key", old).code == 1, "an old key counts for old heads alone"


@pytest.mark.parametrize("name", ["log", "owner"])
@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 6, 7])
def test_an_interrupted_rotation_is_finished_by_asking_again(
    org: Path, name: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call that changes something outside may be the last one before the power goes."""
    left = [after]

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return function(*args, **named)

        return call

    with monkeypatch.context() as patch:
        for changing in ("save", "set_values", "add", "writing"):
            patch.setattr(rotation, changing, dying(getattr(rotation, changing)))
        patch.setattr(Path, "replace", dying(Path.replace))
        try:
            with open_workspace(org) as workspace:
                rotate(workspace, name)
        except (KeyboardInterrupt, HaipError):
            left[0] = -1
    waiting = org / ".haip" / "keys" / "next" / f"{name}.vkey"
    if waiting.exists():
        done("-w", org, "keys", "rotate", name)
    assert not waiting.exists()
    owner(org, 5)
    assert done("-w", org, "verify").words.startswith("VALID")
    told = done("-w", org, "records", "--kind", "key-event", "--history", "--json").out
    assert told.count('"rotated"') <= 1


def test_what_a_compromised_key_signed_later_does_not_count(org: Path) -> None:
    done("-w", org, "keys", "add", "it", "--unprotected-keys")
    done("-w", org, "add", "owner", "5", "--office", "it", "--by", "it")
    done("-w", org, "add", "owner", "6", "--office", "thief", "--by", "it")
    assert actions(org) == [5, 6]
    words = done(
        *("-w", org, "keys", "compromised", "it", "--since", "2020-01-01", "--reason", "a laptop was stolen")
    ).words
    assert "Records that do not count any more: #5, #6." in words
    with open_workspace(org) as workspace:
        (left,) = state(workspace, kinds=["owner/1"])
    assert left.body == {"action": 6, "office": "it"}, "what stood before counts again"
    done("-w", org, "add", "owner", "5", "--office", "it", "--by", "it")
    assert actions(org) == [5, 6], "the new key of the office signs again"
    assert "compromised since 2020-01-01" in done("-w", org, "keys").words
    assert done("-w", org, "verify").words.startswith("VALID")


def test_what_it_signed_before_still_counts(org: Path) -> None:
    since = write_instant(now() + timedelta(seconds=1))
    done("-w", org, "keys", "compromised", "owner", "--since", since, "--reason", "a copy may exist")
    assert actions(org) == [6]


def test_a_day_to_come_is_refused_before_anything_changes(org: Path) -> None:
    old = done("-w", org, "keys").out
    assert haip("-w", org, "keys", "compromised", "owner", "--since", "2099-01-01", "--reason", "x").code == 65
    assert done("-w", org, "keys").out == old


def test_a_compromised_key_put_back_signs_nothing(org: Path) -> None:
    keys = org / ".haip" / "keys"
    kept = {suffix: (keys / f"owner{suffix}").read_bytes() for suffix in (".pem", ".vkey")}
    done("-w", org, "keys", "compromised", "owner", "--since", "2020-01-01", "--reason", "x")
    for suffix, data in kept.items():
        (keys / f"owner{suffix}").write_bytes(data)
    outcome = haip("-w", org, "add", "owner", "7", "--office", "it")
    assert outcome.code == 77
    assert "marked as compromised" in outcome.words


def test_nobody_appends_with_a_key_that_was_replaced_meanwhile(org: Path) -> None:
    with open_workspace(org) as workspace, writing(workspace) as (log, _):
        size = log.size()
        done("-w", org, "keys", "rotate", "log")
        with pytest.raises(HaipError, match="replaced meanwhile"):
            log.recover(None)
        assert log.size() == size + 1


@pytest.mark.parametrize("name", ["nobody", "../log", "lo g"])
def test_an_unknown_key_is_refused(org: Path, name: str) -> None:
    outcome = haip("-w", org, "keys", "rotate", name)
    assert outcome.code == 66
    assert "has no key here" in outcome.words


def test_after_an_interruption_every_command_says_how_to_go_on(org: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise CannotWrite("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "set_values", lost)
        assert haip("-w", org, "keys", "rotate", "log").code == 74
    outcome = haip("-w", org, "status")
    assert outcome.code == 78
    assert "haip keys rotate log" in outcome.words
    assert "the replacement of the key log was interrupted" in haip("-w", org, "doctor").words
    done("-w", org, "keys", "rotate", "log")
    done("-w", org, "status")


def test_new_keys_are_protected_like_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAIP_PASSPHRASE", "four words in row")
    done("init", tmp_path / "org", "--role", "deployer", "--country", "CA", "--name", "Org")
    for name in ("owner", "log"):
        done("-w", tmp_path / "org", "keys", "rotate", name)
        assert b"ENCRYPTED" in (tmp_path / "org" / ".haip" / "keys" / f"{name}.pem").read_bytes()
    owner(tmp_path / "org", 6)
    monkeypatch.setenv("HAIP_PASSPHRASE", "wrong")
    before = done("-w", tmp_path / "org", "keys").out
    assert haip("-w", tmp_path / "org", "keys", "rotate", "owner").code == 77
    assert done("-w", tmp_path / "org", "keys").out == before
    assert not (tmp_path / "org" / ".haip" / "keys" / "next" / "owner.vkey").exists()
