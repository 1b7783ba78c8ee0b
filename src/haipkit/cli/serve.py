"""`haip serve`: the workbench, for one person on their own machine."""

import sys
from typing import TYPE_CHECKING

import click

from haipkit.cli.output import line

if TYPE_CHECKING:
    from haipkit.workspace.open import Workspace


@click.command(name="serve")
@click.option("--port", default=8390, show_default=True, help="The port on this machine; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, port: int) -> None:
    """Open the workbench in your browser. It answers on this machine alone, and to whoever opens the link it prints.

    The passphrase of the keys is asked once, here on the terminal (or taken from HAIP_PASSPHRASE or
    HAIP_PASSPHRASE_FILE), and kept in memory until you stop. Ctrl-C stops; what was recorded stays recorded.
    """
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.people import remembered

    with open_workspace(ctx.obj) as workspace:
        folder = workspace.config.root
        passphrase = _passphrase(workspace)
        workspace.log.size()
    with remembered(passphrase):
        _serve(str(folder), port)


def _passphrase(workspace: "Workspace") -> str | None:
    """Asked and tried once, so that a mistake shows now and not at the first record. None: the keys have none."""
    from haipkit.workspace.people import load_signers, passphrase_from_surroundings, remembered

    if not workspace.config.protected:
        line("The keys have no passphrase: whoever copies the folder can sign in your name. Do not use it for real.")
        return None
    given = passphrase_from_surroundings("Passphrase of this workspace's keys: ")
    with remembered(given):
        load_signers(workspace.config)
    return given


def _serve(folder: str, port: int) -> None:
    from pathlib import Path

    import uvicorn

    from haipkit.web.app import create_app

    listener = _listen(port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(Path(folder))
    desk = app.state.desk

    def announce(code: str) -> None:
        print(f"  {address}/enter?code={code}", flush=True)

    line("The workbench is ready. Open this link; it works once:")
    announce(desk.door.new_code())
    line("A new link appears here when a browser without a session asks. Ctrl-C stops.")
    sys.stdout.flush()
    desk.door.announce = announce
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        desk.close()
        listener.close()


def _listen(port: int):  # type: ignore[no-untyped-def]
    """A socket on the loopback address. Raises UsageError when the port is taken."""
    import socket

    from haipkit.kernel.errors import UsageError

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # From here on a browser waits for the answer; it is not turned away while the application still starts.
        listener.listen(128)
    except (OSError, OverflowError) as fault:
        listener.close()
        raise UsageError(
            f"port {port} cannot be used: {fault}", advice="Choose another: haip serve --port 0."
        ) from fault
    return listener
