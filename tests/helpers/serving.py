"""The workbench on a loopback port, for browsers. Tests that use it are marked `network`."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Any]]:
    """(address, application) while the block runs."""
    import uvicorn

    from haipkit.web.app import create_app

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = create_app(folder)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        app.state.desk.close()


def faults_of(page: Any) -> list[str]:
    """What axe-core finds on a page, with no rule switched off. The context has to bypass the content policy."""
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert len(found["passes"]) > 10
    return [
        f"{page.url}: {fault['id']}: {fault['help']}: {node['html'][:160]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
