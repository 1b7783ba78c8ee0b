"""Offices and their keys: who may sign, and how a passphrase is asked for."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from haipkit.kernel.errors import NotAllowed, NotFound
from haipkit.workspace.config import Config

if TYPE_CHECKING:
    from haipkit.ledger.keys import SigningKey

PASSPHRASE = "HAIP_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_FILE = "HAIP_PASSPHRASE_FILE"  # noqa: S105


def passphrase_from_surroundings(question: str) -> str:
    """From HAIP_PASSPHRASE, else the first line of the file HAIP_PASSPHRASE_FILE names, else asked on the terminal."""
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    name = os.environ.get(PASSPHRASE_FILE)
    if name:
        try:
            return Path(name).read_text("utf-8").split("\n", 1)[0]
        except (OSError, UnicodeDecodeError) as fault:
            raise NotFound("the passphrase file cannot be read", where=name) from fault
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(question)
    raise NotAllowed(
        "the keys are protected and nobody can be asked for the passphrase",
        advice=f"Set {PASSPHRASE} or {PASSPHRASE_FILE}, or run it on a terminal.",
    )


_remembered: list[str] = []


@contextmanager
def remembered(passphrase: str | None) -> Iterator[None]:
    """Within the block, keys are opened with this passphrase: it was just typed and is not asked for again."""
    if passphrase is not None:
        _remembered.append(passphrase)
    try:
        yield
    finally:
        if passphrase is not None:
            _remembered.pop()


def asked_once() -> Callable[[], str]:
    """A source of the passphrase that asks at most once, and not at all within `remembered`."""
    answer: list[str] = _remembered[-1:]

    def ask() -> str:
        if not answer:
            answer.append(passphrase_from_surroundings("Passphrase of this workspace's keys: "))
        return answer[0]

    return ask


def key_name(origin: str, office: str) -> str:
    """The name an office signs under: the log's origin, a slash, `office`, a slash, the office."""
    return f"{origin}/office/{office}"


def load_signers(config: Config, office: str | None = None) -> tuple["SigningKey", "SigningKey"]:
    """(key of the log, key of the office). Asks at most once. Raises NotFound, NotAllowed, BadConfig."""
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.keys import load_key

    ask = asked_once()
    log = load_key(
        config.keys / f"{config.log_key}.pem", config.origin, ask, expected=VerifierKey.parse(config.verifier_key)
    )
    name = office or config.office
    path = config.keys / f"{name}.pem"
    if not path.exists():
        raise NotFound(
            f"the office {name!r} has no key here",
            where=str(path),
            advice=f"Make one with `haip keys add {name}`, or sign as: {', '.join(offices(config)) or 'nobody yet'}.",
        )
    return log, load_key(path, key_name(config.origin, name), ask)


def offices(config: Config) -> list[str]:
    """Offices with a key in this workspace."""
    return sorted(path.stem for path in config.keys.glob("*.pem") if path.stem != config.log_key)


def public_keys(config: Config) -> dict[str, str]:
    """Verifier keys of this workspace's own offices: file stem → vkey text."""
    return {path.stem: path.read_text("ascii").strip() for path in sorted(config.keys.glob("*.vkey"))}
