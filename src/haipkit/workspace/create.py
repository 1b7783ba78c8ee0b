"""The only place that makes a workspace: folder, keys, ledger, settings, first records. Whole, or not at all."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.kernel.errors import BadInput, CannotWrite, NotAllowed
from haipkit.workspace.blanks import kept_blanks
from haipkit.workspace.config import CONFIG_NAME, new_config, save
from haipkit.workspace.forms import Form, slug
from haipkit.workspace.open import Workspace, open_workspace
from haipkit.workspace.people import key_name

if TYPE_CHECKING:
    from haipkit.ledger.keys import UnprotectedKey

LOG_KEY = "log"
_OFFICE = re.compile(r"[a-z0-9][a-z0-9-]{0,40}", re.ASCII)


def create_workspace(
    folder: Path,
    *,
    passphrase: "Callable[[], str | UnprotectedKey]",
    origin: str | None = None,
    office: str = "owner",
    start: str = "sme",
    organisation: dict[str, Any] | None = None,
) -> Workspace:
    """Make a workspace in `folder` (new or empty). `organisation` are the fields of its first record.

    Raises NotAllowed if one is there already, BadInput for a name that cannot be used, CannotWrite.
    """
    from haipkit.ledger.checkpoint import check_origin
    from haipkit.ledger.keys import UnprotectedKey, create_key
    from haipkit.ledger.open import create_ledger

    folder = folder.resolve()
    if (folder / CONFIG_NAME).exists() or (folder / ".haip").exists():
        raise NotAllowed(
            "there is a workspace here already", where=str(folder), advice="Use it, or choose another folder."
        )
    if not _OFFICE.fullmatch(office) or office == LOG_KEY:
        raise BadInput(
            f"{office!r} cannot be the name of an office", advice="Use lower-case letters, digits and dashes."
        )
    name = slug(folder.name)
    origin = origin or f"{name}.example/haip"
    check_origin(origin, where="--origin")
    fresh = not folder.exists()
    secret = passphrase()
    try:
        private = folder / ".haip"
        private.mkdir(mode=0o700, parents=True)
        log = create_key(private / "keys" / f"{LOG_KEY}.pem", origin, secret)
        create_key(private / "keys" / f"{office}.pem", key_name(origin, office), secret)
        create_ledger(private / "ledger.db", log).close()
        protected = not isinstance(secret, UnprotectedKey)
        text = new_config(name, origin, str(log.verifier()), office, protected=protected, start=start)
        save(folder / CONFIG_NAME, text)
        save(folder / ".gitignore", b".haip/keys/*.pem\n.haip/cache/\n.haip/official/\n")
        workspace = open_workspace(folder)
        _first_records(workspace, organisation, None if not protected else secret)
        kept_blanks(workspace.config.private / "cache")
    except BaseException:
        shutil.rmtree(folder if fresh else folder / ".haip", ignore_errors=True)
        if not fresh:
            for left in (CONFIG_NAME, ".gitignore"):
                (folder / left).unlink(missing_ok=True)
        raise
    return workspace


def _first_records(workspace: Workspace, organisation: dict[str, Any] | None, secret: object) -> None:
    from haipkit.records.kinds import find_kind
    from haipkit.workspace.do import add
    from haipkit.workspace.people import public_keys, remembered

    forms = [
        Form(
            find_kind("key-event"),
            {
                "name": vkey.partition("+")[0],
                "event": "created",
                "purpose": "log" if stem == LOG_KEY else "actor",
                "verifier_key": vkey,
            },
            {"key": stem},
        )
        for stem, vkey in public_keys(workspace.config).items()
    ]
    if organisation is not None:
        forms.append(Form(find_kind("organisation"), organisation, where="organisation"))
    with remembered(secret if isinstance(secret, str) else None):
        add(workspace, forms)


def add_office(workspace: Workspace, office: str, passphrase: "Callable[[], str | UnprotectedKey]") -> str:
    """Make a key for one more office and record it. Returns its verifier key. Raises as `create_workspace`."""
    from haipkit.ledger.keys import create_key
    from haipkit.records.kinds import find_kind
    from haipkit.workspace.do import add

    if not _OFFICE.fullmatch(office) or office == LOG_KEY:
        raise BadInput(
            f"{office!r} cannot be the name of an office", advice="Use lower-case letters, digits and dashes."
        )
    path = workspace.config.keys / f"{office}.pem"
    key = create_key(path, key_name(workspace.config.origin, office), passphrase())
    body = {"name": key.name, "event": "created", "purpose": "actor", "verifier_key": str(key.verifier())}
    try:
        add(workspace, [Form(find_kind("key-event"), body, {"key": office})])
    except BaseException:
        path.unlink(missing_ok=True)
        path.with_suffix(".vkey").unlink(missing_ok=True)
        raise
    return str(key.verifier())


def refuse_unwritable(folder: Path) -> None:
    """Raise CannotWrite before anything is asked when `folder` cannot be made."""
    parent = next(place for place in (folder, *folder.parents) if place.exists())
    if not parent.is_dir():
        raise CannotWrite("a file is in the way", where=str(parent), advice="Choose another place.")
