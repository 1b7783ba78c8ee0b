"""`haip verify`: valid (0), invalid (1) or unknown (2)."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.output import echo_json, line, paint, progress
from haipkit.kernel.errors import NotFound

if TYPE_CHECKING:
    from haipkit.ledger.checkpoint import VerifierKey
    from haipkit.ledger.verify import Verdict

_MARKS = {True: "●", False: "○", None: "?"}
_COLOURS = {"valid": "green", "invalid": "red", "unknown": "yellow"}


@click.command(name="verify")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, metavar="VKEY", help="The log's public key, or a file that holds it (repeatable)."
)
@click.option(
    "--old-key", "old_keys", multiple=True, metavar="VKEY", help="A key the log had before; counts for --head alone."
)
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An earlier checkpoint that must be continued.",
)
@click.option(
    "--witness", "witnesses", multiple=True, metavar="VKEY", help="A witness that must have signed (repeatable)."
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    target: Path | None,
    keys: tuple[str, ...],
    old_keys: tuple[str, ...],
    heads: tuple[Path, ...],
    witnesses: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check TARGET: a bundle (a file), an exported ledger (a folder), or without TARGET this workspace's ledger.

    Exit code 0: valid. 1: invalid, something was changed or does not fit. 2: unknown, something decisive could not be
    checked, for example because you gave no key. Take the key from the organisation in another way than with the file.
    """
    known = [read_file(path) for path in heads]
    watching = [read_key(text) for text in witnesses]
    if target is None or (target / "haip.toml").is_file():
        verdict = _workspace(str(target) if target else ctx.obj, known, watching)
    else:
        trusted, before = ([read_key(text) for text in texts] for texts in (keys, old_keys))
        verdict = _foreign(target, trusted, before, known, watching)
    if as_json:
        echo_json(verdict.to_json())
    else:
        _tell(verdict)
    ctx.exit(verdict.exit_code)


def read_key(text: str) -> "VerifierKey":
    """A verifier key given as text or as the name of a file that holds it. Raises BadInput, NotFound."""
    from haipkit.ledger.checkpoint import VerifierKey

    path = Path(text)
    if len(text) < 4096 and path.is_file():
        return VerifierKey.parse(read_file(path).decode("utf-8", "replace").strip())
    return VerifierKey.parse(text.strip())


def read_file(path: Path) -> bytes:
    """A whole file. Raises NotFound."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault


def _workspace(root: str | None, heads: list[bytes], witnesses: "list[VerifierKey]") -> "Verdict":
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.tell import audit

    with open_workspace(root) as workspace, progress("Verifying", workspace.log.size()) as step:
        return audit(workspace, known_heads=heads, witnesses=witnesses, progress=lambda done, _: step(done))


def _foreign(
    target: Path,
    keys: "list[VerifierKey]",
    old_keys: "list[VerifierKey]",
    heads: list[bytes],
    witnesses: "list[VerifierKey]",
) -> "Verdict":
    from haipkit.ledger.verify import verify_bundle, verify_export

    if not target.exists():
        raise NotFound("there is no such file or folder", where=str(target))
    if target.is_dir():
        return verify_export(target, keys, known_heads=heads, witnesses=witnesses, retired=old_keys)
    return verify_bundle(target, keys, witnesses=witnesses, known_heads=heads, retired=old_keys)


def _tell(verdict: "Verdict") -> None:
    print(paint(verdict.word.upper(), _COLOURS[verdict.word]))
    for check in verdict.checks:
        line(f"{_MARKS[check.ok]} {check.sentence}", indent=2)
    if verdict.word == "unknown":
        line("Unknown is not valid: something that decides could not be checked.")
