"""`haip witness`: two organisations watch each other's ledger, by files that go any way you like, or over HTTP."""

import sys
from pathlib import Path

import click

from haipkit.cli.output import echo_json, line, table
from haipkit.kernel.errors import UsageError


@click.group(name="witness")
def command() -> None:
    """Watch another organisation's ledger, and be watched. Without a witness, the operator of a log could show
    different logs to different people; a witness signs only heads that continue what it signed before.

    \b
    You are watched:   request > send the file > accept the answer    or, over HTTP: send
    You watch others:  watch their key > cosign their request > send the answer back    or: serve
    """


@command.command()
@click.argument("key")
@click.option("--url", help="Where it takes heads over HTTP, for `haip witness send`.")
@click.pass_context
def trust(ctx: click.Context, key: str, url: str | None) -> None:
    """Name a witness of your ledger by its public key (text or file), as `haip witness key` prints it there."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import trust_witness

    with open_workspace(ctx.obj) as workspace:
        name = trust_witness(workspace, key, url)
    line(f"{name} is a witness of this ledger now.")


@command.command()
@click.option(
    "--old", "old_size", type=int, help="The size the witness signed last (default: what is on record here, else 0)."
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("cosign-request.txt"), show_default=True)
@click.pass_context
def request(ctx: click.Context, old_size: int | None, out: Path) -> None:
    """Write a request for a witness: your head, with the proof that it continues the one signed before."""
    from haipkit.ledger.witness import request_cosignature
    from haipkit.workspace.config import save
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import witnessed_size

    with open_workspace(ctx.obj) as workspace:
        old = old_size if old_size is not None else witnessed_size(workspace)
        save(out, request_cosignature(workspace.log, old))
    line(f"Written: {out}. Send it to your witness.")


@command.command()
@click.argument("url", required=False)
@click.pass_context
def send(ctx: click.Context, url: str | None) -> None:
    """Send your head to the witness at URL, or to all that haip.toml names, and keep their signatures.

    Only the head and hashes leave this machine, no record.
    """
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import send_head

    with open_workspace(ctx.obj) as workspace:
        urls = [url] if url else list(workspace.config.witness_urls)
        if not urls:
            raise UsageError("to which witness?", advice="haip witness send URL, or haip witness trust KEY --url URL")
        for each in urls:
            size = send_head(workspace, each)
            line(f"{each} has signed the head of {size} records.")


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8743, show_default=True, help="0 takes a free one.")
@click.pass_context
def serve(ctx: click.Context, host: str, port: int) -> None:
    """Answer the ledgers you watch over HTTP (C2SP tlog-witness), until Ctrl-C.

    It listens on this machine alone unless you name another address. For the outside, put a web
    server with TLS before it.
    """
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import watched, witness_server

    with open_workspace(ctx.obj) as workspace:
        count = len(watched(workspace))
        with witness_server(workspace, host, port) as server:
            line(f"A witness for {count} {'ledger' if count == 1 else 'ledgers'} at {server.url}. Ctrl-C stops it.")
            sys.stdout.flush()
            server.serve_forever()


@command.command()
@click.argument("answer", type=click.Path(path_type=Path))
@click.pass_context
def accept(ctx: click.Context, answer: Path) -> None:
    """Keep the witness's ANSWER on the head it signed."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import accept_answer

    with open_workspace(ctx.obj) as workspace:
        size = accept_answer(workspace, answer)
    line(f"The head of {size} records carries the witness's signature now.")


@command.command()
@click.argument("key")
@click.option("--only", is_flag=True, help="No earlier key of that ledger counts any more: others may hold it.")
@click.pass_context
def watch(ctx: click.Context, key: str, only: bool) -> None:
    """Begin to watch the ledger with the public KEY (text or file). A further key of the same ledger is added."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import watch_log

    with open_workspace(ctx.obj) as workspace:
        name = watch_log(workspace, key, only=only)
    line(f"Watching {name} from now on.")


@command.command()
@click.argument("request_file", metavar="REQUEST", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path("cosignature.txt"), show_default=True)
@click.pass_context
def cosign(ctx: click.Context, request_file: Path, out: Path) -> None:
    """Check REQUEST against what you saw before, and sign the head if it continues that."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import cosign_request

    with open_workspace(ctx.obj) as workspace:
        origin, size = cosign_request(workspace, request_file, out)
    line(f"Signed the head of {origin} at {size} records; send {out} back.")


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """The ledgers you watch, and the heads you signed last."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import watched

    with open_workspace(ctx.obj) as workspace:
        logs = watched(workspace)
    if as_json:
        echo_json([{"origin": o, "size": e.size, "evidence_of_two_pasts": list(e.evidence)} for o, e in logs.items()])
        return
    if not logs:
        line("You watch no ledger yet: haip witness watch KEY")
        return
    said = {True: "two pasts were shown: the evidence is kept", False: "consistent"}
    table([(o, str(e.size), said[bool(e.evidence)]) for o, e in logs.items()], ("Ledger", "Records", "So far"))


@command.command()
@click.pass_context
def key(ctx: click.Context) -> None:
    """Your public key as a witness; give it to those whose ledger you watch."""
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.witnessing import witness_key

    with open_workspace(ctx.obj) as workspace:
        print(witness_key(workspace))
