"""From a document to bytes. The same document gives the same bytes, in every format."""

from haipkit.kernel.errors import UsageError
from haipkit.reports.document import Document

FORMATS = ("html", "pdf", "md", "json")
_OTHER_NAMES = {"markdown": "md"}


def render(document: Document, format: str, *, system_fonts: bool = True) -> bytes:
    """The document as `html`, `pdf`, `md` (or `markdown`) or `json`.

    `system_fonts` concerns PDF alone: fonts of this machine may show what those inside Typst lack.
    Raises UsageError for another format.
    """
    match _OTHER_NAMES.get(format, format):
        case "html":
            from haipkit.reports.render.html import render_html

            return render_html(document)
        case "pdf":
            from haipkit.reports.render.pdf import render_pdf

            return render_pdf(document, system_fonts=system_fonts)
        case "md":
            from haipkit.reports.render.markdown import render_markdown

            return render_markdown(document)
        case "json":
            from haipkit.reports.render.json import render_json

            return render_json(document)
    raise UsageError(f"a report cannot be written as {format!r}", advice="Choose one of: " + ", ".join(FORMATS) + ".")
