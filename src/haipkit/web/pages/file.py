"""An attached file as it was kept: checked against its digest, always as a download, never shown inside our pages."""

from urllib.parse import quote

from fastapi import Response

from haipkit.kernel.errors import NotFound
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, page
from haipkit.web.words import say
from haipkit.workspace.ask import record_at


@page("owner", tail="{place}")
def send(desk: Desk, asked: Asked) -> Response:
    index, _, nth = asked.tail.partition("-")
    if not (index.isascii() and index.isdigit() and nth.isascii() and nth.isdigit() and len(asked.tail) < 20):
        raise NotFound(say("there is no such file"))
    files = record_at(desk.workspace, int(index)).header.attachments
    if not 1 <= int(nth) <= len(files):
        raise NotFound(say("this record has no such file"))
    file = files[int(nth) - 1]
    return Response(
        desk.workspace.blobs.read(file.sha256), media_type="application/octet-stream", headers=saved_as(file.name)
    )


def saved_as(name: str) -> dict[str, str]:
    """The header that makes a browser save an answer under a name (RFC 6266)."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
