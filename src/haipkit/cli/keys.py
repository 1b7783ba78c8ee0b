"""`haip keys`: public keys, and keys for more offices."""

from typing import TYPE_CHECKING

import click

from haipkit.cli.output import echo_json, line, table

if TYPE_CHECKING:
    from haipkit.workspace.rotation import Rotated


@click.group(name="keys", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """The public keys of this workspace: publish the first one, so that others can check you."""
    if ctx.invoked_subcommand is not None:
        return
    from haipkit.workspace.ask import compromised
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.people import public_keys
    from haipkit.workspace.rotation import retired_keys

    with open_workspace(ctx.obj) as workspace:
        config = workspace.config
        keys = public_keys(config)
        old, bad = retired_keys(config), compromised(workspace)
    rows = [(stem, "the ledger" if stem == config.log_key else "an office", text) for stem, text in keys.items()]
    rows += [(_short(kid), _past(bad.get(kid)), str(key)) for kid, key in old.items()]
    if as_json:
        echo_json([{"name": stem, "for": purpose, "verifier_key": text} for stem, purpose, text in rows])
        return
    table(sorted(rows, key=lambda row: row[1] != "the ledger"), ("Key", "Of", "Public key"))


def _short(kid: str) -> str:
    """`owner` of `example.org/haip/office/owner+1a2b3c4d`, `log` of a log's own key."""
    name = kid.partition("+")[0]
    return name.rpartition("/office/")[2] if "/office/" in name else "log"


def _past(since: str | None) -> str:
    return f"before; compromised since {since}" if since else "before; retired"


@command.command()
@click.argument("name")
@click.option("--reason", help="Why; it stands in the record.")
@click.pass_context
def rotate(ctx: click.Context, name: str, reason: str | None) -> None:
    """Replace the key of an office, or of the ledger (log), by a fresh one. What the old one signed stays valid.

    The old key signs the record that names the new one. The ledger goes on under the same name: its newest head is
    signed with both keys, and that head is written out for those who check you. Interrupted? Ask again.
    """
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.rotation import rotate as rotate_key

    with open_workspace(ctx.obj) as workspace:
        rotated = rotate_key(workspace, name, reason=reason)
    _tell(name, rotated)


@command.command()
@click.argument("name")
@click.option(
    "--since", required=True, metavar="WHEN", help="The first day or instant at which others may have had it."
)
@click.option("--reason", required=True, help="What happened; it stands in the record.")
@click.pass_context
def compromised(ctx: click.Context, name: str, since: str, reason: str) -> None:
    """Others may hold the key of an office, or of the ledger (log): replace it, and say since when.

    Records that the old key signed from then on do not count any more, neither in the status nor in reports. Heads of
    the ledger that only its old key signed prove nothing from that day on: publish the new key, tell your witnesses.
    """
    from haipkit.kernel.clock import parse_instant
    from haipkit.workspace.ask import distrusted_rows
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.rotation import mark_compromised

    with open_workspace(ctx.obj) as workspace:
        rotated = mark_compromised(workspace, name, parse_instant(since, where="--since"), reason=reason)
    with open_workspace(ctx.obj) as workspace:
        lost = distrusted_rows(workspace)
    _tell(name, rotated)
    line(f"Records that do not count any more: {', '.join(f'#{row.idx}' for row in lost) or 'none'}.")


def _tell(name: str, rotated: "Rotated") -> None:
    line(f"{name} has a new key. Public key:")
    print(f"  {rotated.new}")
    if rotated.handover is not None:
        line("Publish it, and give it to those who watch or check you, with the head that both keys signed:")
        print(f"  {rotated.handover}")


@command.command()
@click.argument("office")
@click.option("--unprotected-keys", is_flag=True, help="Keep the key without a passphrase. For trials only.")
@click.pass_context
def add(ctx: click.Context, office: str, unprotected_keys: bool) -> None:
    """Make a key for one more OFFICE (for example head-of-quality), so that it can sign for itself."""
    from haipkit.cli.init import new_passphrase
    from haipkit.workspace.create import add_office
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        text = add_office(workspace, office, lambda: new_passphrase(unprotected_keys))
    line(f"{office} can sign now (--by {office}). Public key:")
    print(f"  {text}")
