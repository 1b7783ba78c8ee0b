"""`haip ledger`: the log itself."""

import sys
from pathlib import Path

import click

from haipkit.cli.output import echo_json, line, progress


@click.group(name="ledger", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """The log's name, size and signed head."""
    if ctx.invoked_subcommand is not None:
        return
    from base64 import b64encode

    from haipkit.ledger.checkpoint import parse_checkpoint, parse_note
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        note = parse_note(workspace.log.checkpoint())
        head = parse_checkpoint(note.text)
        key, watched = workspace.config.verifier_key, workspace.log.cosigned_sizes()
    root = b64encode(head.root).decode()
    if as_json:
        echo_json({"origin": head.origin, "size": head.size, "root": root, "verifier_key": key, "cosigned": watched})
        return
    line(f"{head.origin}: {head.size} records, root {root}")
    line(f"Public key: {key}")
    if watched:
        line(f"A witness signed the head of {watched[-1]} records last.")
    else:
        line("No witness has signed a head yet: the operator could still show different logs to different people.")


@command.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write it to a file instead.")
@click.pass_context
def head(ctx: click.Context, out: Path | None) -> None:
    """The signed head (checkpoint). Keep one elsewhere: later logs must continue it (`haip verify --head FILE`)."""
    from haipkit.workspace.config import save
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        note = workspace.log.checkpoint()
    if out is None:
        sys.stdout.buffer.write(note)
        return
    save(out, note)
    line(f"Written: {out}. Keep it where the ledger's owner cannot change it.")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def export(ctx: click.Context, folder: Path) -> None:
    """Write the static tile tree (C2SP tlog-tiles) to FOLDER: any web host serves it, any C2SP client audits it.

    Entries leave as they were signed; the fields of records stay closed. A second export continues the first.
    """
    from haipkit.ledger.export import export_tree
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace, progress("Exporting", workspace.log.size()) as step:
        checkpoint = export_tree(workspace.log, folder, progress=lambda done, _: step(done))
    line(f"Exported {checkpoint.size} records to {folder}.")


@command.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring a ledger that an earlier version wrote up to date. What was signed stays as it is; the old file is kept."""
    from haipkit.ledger.open import upgrade_ledger
    from haipkit.workspace.config import find_root, read_config

    config = read_config(Path(ctx.obj) if ctx.obj else find_root(Path.cwd()))
    kept = upgrade_ledger(config.ledger)
    line(f"Done. The old file is {kept}: keep it until `haip verify` says VALID." if kept else "It is up to date.")


@command.command()
@click.pass_context
def rebuild(ctx: click.Context) -> None:
    """Make the query tables anew from the log. The log itself is not touched."""
    from haipkit.workspace.do import writing
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace, writing(workspace) as (log, _):
        count = log.rebuild_projections()
    line(f"{count} records are in the query tables.")
