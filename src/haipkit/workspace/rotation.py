"""New keys for old ones: rotation of the log's key and of offices' keys, and what a compromised key can no longer do.

A rotation can be interrupted at any point and is finished by asking for it again: the new key waits in `keys/next/`
until everything else is done. Old keys go to `keys/retired/`, where their public halves are needed for old records.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from haipkit.kernel.clock import now, write_instant
from haipkit.kernel.errors import BadConfig, BadInput, CannotWrite, NotFound
from haipkit.workspace.config import Config, save, set_values
from haipkit.workspace.do import add, writing
from haipkit.workspace.forms import Form
from haipkit.workspace.open import Workspace, open_workspace
from haipkit.workspace.people import asked_once, key_name, offices, passphrase_from_surroundings, remembered

if TYPE_CHECKING:
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.keys import SigningKey, UnprotectedKey


class Rotated(NamedTuple):
    """The new public key, the one it replaces, and for the log the file with the head that both keys signed."""

    new: "VerifierKey"
    old: "VerifierKey"
    handover: Path | None = None


def rotate(workspace: Workspace, name: str, *, reason: str | None = None) -> Rotated:
    """Replace the key of the log (`log`) or of an office by a fresh one under the same name, and record it.

    The record is signed with the key that stood before, which so vouches for its successor. Raises NotFound,
    NotAllowed.
    """
    return _rotate(workspace, name, reason, vouched=True)


def mark_compromised(workspace: Workspace, name: str, since: datetime, *, reason: str) -> Rotated:
    """Replace a key that others may hold, and record since when: what it signed from then on is not accepted any more.

    Both records are signed with a fresh key. Raises as `rotate`.
    """
    if since > now() + timedelta(days=1):
        raise BadInput(f"{write_instant(since)[:10]} lies in the future", advice="Say since when it may be known.")
    config = workspace.config
    rotated = _rotate(workspace, name, reason, vouched=name == config.log_key)
    with open_workspace(config.root) as renewed:
        body = _event(renewed.config, name, "compromised", rotated.old, reason)
        key = f"{name}-{rotated.old.key_id.hex()}"
        _record(renewed, body, {"key": key, "occurred_at": write_instant(since)}, office=None)
    return rotated


def retired_keys(config: Config) -> "dict[str, VerifierKey]":
    """Public halves of keys that were replaced: key id → key."""
    from haipkit.ledger.keys import load_verifier

    found = [load_verifier(path) for path in sorted((config.keys / "retired").glob("*.vkey"))]
    return {key.kid: key for key in found}


def _rotate(workspace: Workspace, name: str, reason: str | None, *, vouched: bool) -> Rotated:
    config = workspace.config
    is_log = name == config.log_key
    if not is_log and name not in offices(config) and not (_waiting(config, name)).exists():
        raise NotFound(f"{name!r} has no key here", advice=f"Keys: {', '.join([config.log_key, *offices(config)])}.")
    secret = _secret(config)
    with remembered(secret if isinstance(secret, str) else None):
        new = _next_key(config, name, secret)
        old = _old_key(config, name)
        handover = None
        if is_log:
            _record_once(workspace, name, new, reason, office=None)
            handover = _hand_over(workspace, new)
            _settle(config, name, old)
        elif vouched:
            _record_once(workspace, name, new, reason, office=name)
            _settle(config, name, old)
        else:
            _settle(config, name, old)
            _record_once(workspace, name, new, reason, office=name)
    return Rotated(new.verifier(), old, handover)


def _secret(config: Config) -> "str | UnprotectedKey":
    from haipkit.ledger.keys import UNPROTECTED

    if not config.protected:
        return UNPROTECTED
    secret = passphrase_from_surroundings("Passphrase of this workspace's keys: ")
    with remembered(secret):
        _opened(config)
    return secret


def _opened(config: Config) -> None:
    """Raise NotAllowed unless the passphrase opens the keys that are there: a new key gets the same one."""
    from haipkit.ledger.keys import load_key

    path = config.keys / f"{config.office}.pem"
    if path.exists():
        load_key(path, key_name(config.origin, config.office), asked_once())


def _waiting(config: Config, name: str) -> Path:
    return config.keys / "next" / f"{name}.vkey"


def _next_key(config: Config, name: str, secret: "str | UnprotectedKey") -> "SigningKey":
    """The fresh key, or the one that an interrupted rotation made."""
    from haipkit.ledger.keys import create_key, load_key

    full = config.origin if name == config.log_key else key_name(config.origin, name)
    for folder in (config.keys / "next", config.keys):
        path = folder / f"{name}.pem"
        if _waiting(config, name).exists() and path.exists():
            return load_key(path, full, asked_once())
    return create_key(config.keys / "next" / f"{name}.pem", full, secret)


def _old_key(config: Config, name: str) -> "VerifierKey":
    from haipkit.ledger.keys import load_verifier

    return load_verifier(config.keys / f"{name}.vkey")


def _event(config: Config, name: str, event: str, key: "VerifierKey", reason: str | None) -> dict[str, str]:
    purpose = "log" if name == config.log_key else "actor"
    body = {"name": key.name, "event": event, "purpose": purpose, "verifier_key": str(key)}
    return {**body, "reason": reason} if reason else body


def _record(workspace: Workspace, body: dict[str, str], envelope: dict[str, str], office: str | None) -> None:
    from haipkit.records.kinds import find_kind

    add(workspace, [Form(find_kind("key-event"), body, dict(envelope))], office=office)


def _record_once(workspace: Workspace, name: str, new: "SigningKey", reason: str | None, office: str | None) -> None:
    """The `rotated` record, unless an interrupted rotation wrote it already."""
    from haipkit.workspace.ask import history

    if _handed_over(workspace, new):
        return
    told = {str(record.body.get("verifier_key")) for record in history(workspace, ["key-event/1"])}
    if str(new.verifier()) not in told:
        _record(workspace, _event(workspace.config, name, "rotated", new.verifier(), reason), {"key": name}, office)


def _handed_over(workspace: Workspace, new: "SigningKey") -> bool:
    """True when the ledger is under the new key already, and only the settings still name the old one."""
    from haipkit.ledger.open import open_ledger

    if new.name != workspace.config.origin:
        return False
    try:
        open_ledger(workspace.config.ledger, expected=new.verifier()).close()
    except BadConfig:
        return False
    return True


def _hand_over(workspace: Workspace, new: "SigningKey") -> Path:
    """Let both keys sign the newest head, and name the new key in haip.toml. Returns the file with that head."""
    from haipkit.ledger.open import checkpoint_file, open_ledger

    config = workspace.config
    place = config.private / f"handover-{new.verifier().key_id.hex()}.checkpoint"
    if not _handed_over(workspace, new):
        with writing(workspace) as (log, _):
            save(place, log.hand_over(new))
    else:
        with open_ledger(config.ledger, expected=new.verifier()) as log:
            newest = log.checkpoint()
        save(place, newest)
        save(checkpoint_file(config.ledger), newest)
    if config.verifier_key != str(new.verifier()):
        retired = [*config.retired_keys, config.verifier_key]
        set_values(config, "ledger", {"verifier_key": str(new.verifier()), "retired_keys": retired})
    return place


def _settle(config: Config, name: str, old: "VerifierKey") -> None:
    """Old files to `retired/`, new ones in their place. The new public half moves last: until then it is unfinished."""
    retired, upcoming = config.keys / "retired", config.keys / "next"
    try:
        retired.mkdir(mode=0o700, exist_ok=True)
        if (upcoming / f"{name}.pem").exists():
            save(retired / f"{old.key_id.hex()}.vkey", f"{old}\n".encode())
            if (config.keys / f"{name}.pem").exists():
                (config.keys / f"{name}.pem").replace(retired / f"{old.key_id.hex()}.pem")
            (upcoming / f"{name}.pem").replace(config.keys / f"{name}.pem")
        (upcoming / f"{name}.vkey").replace(config.keys / f"{name}.vkey")
    except OSError as fault:
        raise CannotWrite(
            f"a key file could not be moved: {fault.strerror}",
            where=str(config.keys),
            advice=f"Mend that and ask again: haip keys rotate {name}.",
        ) from fault
