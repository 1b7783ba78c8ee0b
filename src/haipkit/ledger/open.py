"""Opening and making ledgers: the one place that knows which storage a log lies in.

A ledger is made on purpose (`create_ledger`) and never by opening. Its newest signed head is also written beside it,
as `<file>.checkpoint`, and a ledger that does not continue that head is not opened.
"""

from pathlib import Path

from haipkit.kernel.clock import now, write_instant
from haipkit.kernel.errors import BadConfig, BadInput, CannotWrite, NotAllowed
from haipkit.ledger.checkpoint import (
    MAX_NOTE_BYTES,
    Signer,
    VerifierKey,
    check_origin,
    checkpoint_text,
    parse_checkpoint,
    parse_note,
    sign_note,
)
from haipkit.ledger.files import replace_file
from haipkit.ledger.log import Log
from haipkit.ledger.merkle import EMPTY_ROOT
from haipkit.ledger.sqlite import BUSY_SECONDS, SqliteStore, create_file


def create_ledger(path: Path, signer: Signer) -> Log:
    """Make an empty ledger named after the key (its origin), with a signed head of size 0, and open it.

    Raises NotAllowed if something is at `path`, BadInput if the key's name cannot name a ledger, CannotWrite.
    """
    check_origin(signer.name)
    if checkpoint_file(path).exists():
        raise NotAllowed(
            "the head of another ledger lies here",
            where=str(checkpoint_file(path)),
            advice="If its ledger was lost, restore it. To start anew, choose another place.",
        )
    key = VerifierKey(signer.name, signer.public_key)
    note = sign_note(checkpoint_text(signer.name, 0, EMPTY_ROOT), signer)
    meta = {"origin": signer.name, "key": str(key), "created_at": write_instant(now())}
    create_file(path, meta, note)
    return open_ledger(path, expected=key, signer=signer)


def open_ledger(
    path: Path, *, expected: VerifierKey, signer: Signer | None = None, busy_seconds: float = BUSY_SECONDS
) -> Log:
    """Open a ledger whose log key is `expected`: to append with its `signer`, else to read.

    Raises BadConfig if it is not there, is another ledger, contradicts itself or is older than the head beside it;
    NotAllowed if `signer` is not its key; Busy.
    """
    key = expected
    if signer is not None and (signer.name, signer.public_key) != (key.name, key.public_key):
        raise NotAllowed(f"{signer.name!r} is not the key of this ledger, {key.kid}", where=str(path))
    store = SqliteStore(path, writable=signer is not None, busy_seconds=busy_seconds)
    try:
        meta = store.meta()
        if (meta.get("origin"), meta.get("key")) != (key.name, str(key)):
            raise BadConfig(
                f"this is the ledger {meta.get('origin')!r} with the key {meta.get('key')}, not {key}",
                where=str(path),
                advice="The configuration and the ledger do not belong together: put the right one in its place.",
            )
        beside = checkpoint_file(path)
        log = Log(store, key.name, key, signer, publish=(lambda note: _write_beside(beside, note)) if signer else None)
        _compare(log, beside)
    except BaseException:
        store.close()
        raise
    return log


def upgrade_ledger(path: Path) -> Path | None:
    """Bring a ledger of an earlier format up to date; returns where the old file is kept, None if it was up to date."""
    from haipkit.ledger.sqlite_upgrade import upgrade_file

    return upgrade_file(path)


def checkpoint_file(path: Path) -> Path:
    """Where the newest head of the ledger at `path` is written."""
    return path.with_name(f"{path.name}.checkpoint")


def _write_beside(path: Path, note: bytes) -> None:
    try:
        replace_file(path, note)
    except OSError as fault:
        raise CannotWrite(f"the signed head could not be written: {fault.strerror}", where=str(path)) from fault


def _compare(log: Log, beside: Path) -> None:
    """Recover, and refuse a ledger older than its published head. For reading only sizes are compared."""
    try:
        with beside.open("rb") as file:
            published: bytes | None = file.read(MAX_NOTE_BYTES + 1)
    except FileNotFoundError:
        published = None
    except OSError as fault:
        raise BadConfig(f"the head beside the ledger cannot be read: {fault.strerror}", where=str(beside)) from fault
    if log.writable:
        log.recover(published)
        return
    try:
        size = parse_checkpoint(parse_note(published).text).size if published is not None else 0
    except BadInput as fault:
        raise BadConfig(f"the head beside the ledger is damaged: {fault.what}", where=str(beside)) from fault
    if size > log.size():
        raise log.behind(size)
