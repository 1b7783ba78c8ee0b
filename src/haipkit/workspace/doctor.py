"""What is wrong with a workspace, and how to mend it. Looks; changes nothing."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from haipkit.kernel.clock import now, today
from haipkit.kernel.errors import HaipError
from haipkit.workspace.open import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Symptom:
    """`level`: `ok`, `warning` or `fault`. `remedy` is empty when nothing is to be done."""

    level: str
    subject: str
    what: str
    remedy: str = ""


def examine(path: str | None, *, deep: bool = False) -> list[Symptom]:
    """Look at the program, the workspace, its keys, ledger, files and data. `deep` hashes ledger and files again."""
    found = list(_program())
    try:
        workspace = open_workspace(path)
    except HaipError as fault:
        return [*found, Symptom("fault", "workspace", fault.what, fault.advice)]
    with workspace:
        found.append(Symptom("ok", "workspace", f"{workspace.config.name} in {workspace.config.root}"))
        for look in (_keys, _ledger, _content, _files, _data):
            found += _guarded(look, workspace, deep)
    return found


def _guarded(look: "Callable[[Workspace, bool], Iterator[Symptom]]", workspace: Workspace, deep: bool) -> list[Symptom]:
    found: list[Symptom] = []
    try:
        found.extend(look(workspace, deep))
    except HaipError as fault:
        place = f"{fault.where}: " if fault.where else ""
        found.append(Symptom("fault", look.__name__.strip("_"), place + fault.what, fault.advice))
    return found


def _program() -> Iterator[Symptom]:
    from haipkit import __version__

    yield Symptom("ok", "haipkit", f"{__version__} on Python {sys.version.split()[0]}")
    if os.environ.get("HAIP_NOW"):
        yield Symptom("warning", "clock", f"HAIP_NOW sets the clock to {now()}", "Unset it for real records.")


def _keys(workspace: Workspace, deep: bool) -> Iterator[Symptom]:
    config = workspace.config
    if not config.keys.is_dir():
        yield Symptom("fault", "keys", f"the folder {config.keys} is not there", "Restore it from your backup.")
        return
    if os.name == "posix" and config.keys.stat().st_mode & 0o077:
        yield Symptom("fault", "keys", "other users can look into the keys' folder", f"chmod 700 {config.keys}")
    for path in sorted(config.keys.glob("*.pem")):
        if os.name == "posix" and path.stat().st_mode & 0o077:
            yield Symptom(
                "fault",
                "keys",
                f"other users can read {path.name}",
                f"chmod 600 {path}; make a new key if it may be copied.",
            )
        elif b"PRIVATE KEY-----" not in path.read_bytes():
            yield Symptom("fault", "keys", f"{path.name} holds no key", "Restore it from your backup.")
        elif b"ENCRYPTED" not in path.read_bytes():
            yield Symptom(
                "warning", "keys", f"{path.name} has no passphrase", "For real use, start with protected keys."
            )
        else:
            yield Symptom("ok", "keys", f"{path.name} is protected and private")
    for waiting in sorted((config.keys / "next").glob("*.vkey")):
        remedy = f"haip keys rotate {waiting.stem}"
        yield Symptom("fault", "keys", f"the replacement of the key {waiting.stem} was interrupted", remedy)
    if not (config.keys / f"{config.log_key}.pem").exists():
        yield Symptom(
            "fault", "keys", "the ledger's key is not there: nothing can be recorded", "Restore it from your backup."
        )
    public = config.keys / f"{config.log_key}.vkey"
    if public.exists() and public.read_text("ascii", "replace").strip() != config.verifier_key:
        remedy = "Put the right key in its place, or the right ledger.verifier_key into haip.toml."
        yield Symptom("fault", "keys", "the ledger's key is not the one that haip.toml names", remedy)
    if config.origin.partition("/")[0].endswith(".example"):
        yield Symptom(
            "warning",
            "ledger",
            f"its name {config.origin} is a placeholder",
            "Before you publish, start again with --origin.",
        )


def _ledger(workspace: Workspace, deep: bool) -> Iterator[Symptom]:
    from haipkit.workspace.tell import audit
    from haipkit.workspace.witnessing import witnessed_size

    size = workspace.log.size()
    if not deep and size > 20_000:
        yield Symptom("ok", "ledger", f"{size:,} records; not hashed again (haip doctor --deep)")
    else:
        verdict = audit(workspace)
        if verdict.word == "valid":
            yield Symptom("ok", "ledger", f"{size:,} records, hashed again: they are what was signed")
        else:
            remedy = "Keep the files as they are, and restore a copy that verifies. `haip verify` says more."
            yield Symptom("fault", "ledger", f"{verdict.word}: {' '.join(verdict.reasons[:2])}", remedy)
    if not witnessed_size(workspace):
        remedy = "Ask another organisation to watch your ledger: haip witness --help"
        yield Symptom("warning", "witness", "nobody watches this ledger", remedy)


def _content(workspace: Workspace, deep: bool) -> Iterator[Symptom]:
    from haipkit.workspace.ask import assessment

    found = assessment(workspace)
    stale = [finding for finding in found.findings if finding.stale]
    if stale:
        yield Symptom("warning", "records", f"{len(stale)} findings rest on something that expired", "haip next")
    late = [clock for clock in found.clocks if not clock.done and clock.due < today().isoformat()]
    if late:
        first = f"{late[0].title} ({late[0].due})"
        yield Symptom("warning", "clocks", f"dates that have passed: {len(late)}, first: {first}", "haip next")


def _files(workspace: Workspace, deep: bool) -> Iterator[Symptom]:
    from haipkit.workspace.ask import state

    gone, changed, kept = [], [], 0
    for record in state(workspace):
        for attachment in record.header.attachments:
            if attachment.sha256 in record.missing:
                gone.append(f"{attachment.name} (record #{record.index})")
            elif deep and not workspace.blobs.verify(attachment.sha256):
                changed.append(f"{attachment.name} (record #{record.index})")
            else:
                kept += 1
    if gone:
        remedy = "Put it back with `haip evidence add`; the same bytes have the same digest."
        yield Symptom("warning", "files", f"{len(gone)} kept files are gone, first: {gone[0]}", remedy)
    if changed:
        yield Symptom(
            "fault",
            "files",
            f"{len(changed)} kept files were changed, first: {changed[0]}",
            "Restore them from your backup.",
        )
    yield Symptom("ok", "files", f"{kept} kept files are there" + (" and unchanged" if deep else ""))


def _data(workspace: Workspace, deep: bool) -> Iterator[Symptom]:
    conduct = workspace.conduct
    yield Symptom(
        "ok",
        "conduct",
        f"{len(conduct.requirements)} requirements over {len(conduct.clauses)} clauses, {conduct.digest[:12]}",
    )
    left = list(Path(workspace.config.private).glob("**/.*.new"))
    if left:
        yield Symptom(
            "warning", "workspace", f"{len(left)} half-written files were left by a crash", f"They can go: rm {left[0]}"
        )
