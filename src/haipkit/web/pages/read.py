"""A report itself, in one of its four forms: the bytes that `haip report` writes."""

import re

from fastapi import Response

from haipkit.kernel.errors import NotFound
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, page
from haipkit.web.pages.file import saved_as
from haipkit.web.words import say

_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}
_STYLE = re.compile(rb"style-src '(sha256-[A-Za-z0-9+/=]+)'")


@page("owner", tail="{file}")
def send(desk: Desk, asked: Asked) -> Response:
    from haipkit.reports.render import render

    name, _, ending = asked.tail.rpartition(".")
    if ending not in _TYPES:
        raise NotFound(
            say("a report has no such form"), where=asked.tail[:60], advice=say("There are html, pdf, md and json.")
        )
    document = desk.tell(name)
    data = render(document, ending)
    headers = saved_as(f"{name}-{document.as_of}.{ending}") if asked.one("save") or ending != "html" else {}
    if ending == "html":
        # The report brings the digest of its one style sheet; nothing else is let in.
        found = _STYLE.search(data[:4000])
        style = f"'{found[1].decode()}'" if found else "'none'"
        headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src {style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    return Response(data, media_type=_TYPES[ending], headers=headers)
