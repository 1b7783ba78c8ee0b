"""Is this report ready to give away? Read it, take it as a file, or pack it with its proof."""

from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Response

from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.pages.file import saved_as
from haipkit.web.pages.reports import about

FORMATS = ("html", "pdf", "md", "json")


@page("owner", tail="{name}")
def show(desk: Desk, asked: Asked) -> Shown:
    from haipkit.reports.document import Bullets, Claim, Heading

    document = desk.tell(asked.tail)
    title, purpose = about(asked.tail)
    claims = [block for block in document.blocks if isinstance(block, Claim)]
    claims += [
        item
        for block in document.blocks
        if isinstance(block, Bullets)
        for item in block.items
        if isinstance(item, Claim)
    ]
    return {
        "name": asked.tail,
        "title": title,
        "purpose": purpose,
        "document": document,
        "headings": [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 2],
        "claims": len(claims),
        "proved": sum(bool(claim.proofs) for claim in claims),
        "as_of": document.as_of,
        "formats": FORMATS,
    }


@page("owner", method="POST", tail="{name}")
def bundle(desk: Desk, asked: Asked) -> Response:
    """The report with the records it rests on, their proofs and files, sealed by the log's key."""
    from haipkit.workspace.tell import bundle_report

    with TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        bundle_report(desk.workspace, asked.tail, path)
        data = path.read_bytes()
    name = f"{asked.tail}-{desk.view().day}.zip"
    return Response(data, media_type="application/zip", headers=saved_as(name))
