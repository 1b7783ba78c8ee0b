"""From the names a page gives to HTML. Everything is escaped; the look of statuses and strengths is that of reports."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from haipkit.kernel.canonical import sha256_hex
from haipkit.kernel.words import ACTIONS, STATUS_GLYPH, Status, Strength
from haipkit.reports.render.html import TONES
from haipkit.reports.text import day, time_left, visible
from haipkit.web.words import count, say

if TYPE_CHECKING:
    from jinja2 import Environment

    from haipkit.web.desk import Desk

_HERE = Path(__file__).parent
_PLACES = (
    ("home", "/", "What is due"),
    ("actions", "/actions", "Actions"),
    ("systems", "/systems", "Systems"),
    ("records", "/records", "Records"),
    ("reports", "/reports", "Reports"),
    ("ledger", "/ledger", "Ledger"),
)
_UNDER = {
    "action": "actions",
    "requirement": "actions",
    "system": "systems",
    "record": "records",
    "add": "records",
    "evidence": "records",
    "report": "reports",
}


def draw(name: str, names: dict[str, Any], desk: "Desk | None") -> str:
    """The page `name` as HTML. Without a desk it shows nothing of the workspace."""
    here = _UNDER.get(name, name)
    places = [(address, say(title), key == here) for key, address, title in _PLACES] if desk else []
    return (
        environment()
        .get_template(f"{name}.html")
        .render(
            names,
            places=places,
            workspace=desk.workspace.config.name if desk else "",
            style=f"/static/workbench.css?v={css()[1]}",
        )
    )


@cache
def environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([_HERE / "pages", _HERE / "parts"]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    made.globals.update(
        _=say,
        count=count,
        statuses=list(Status),
        strengths=list(Strength),
        glyphs=STATUS_GLYPH,
        tones=TONES,
        actions=ACTIONS,
        query=_query,
        place=place,
    )
    made.filters.update(day=day, time_left=lambda due, as_of: time_left(str(as_of), due), size=size)
    return made


def _finalize(value: Any) -> Any:
    """Characters that hide words or turn a sentence round are shown as what they are."""
    return visible(value) if type(value) is str else value


def link(address: str, values: dict[str, Any]) -> str:
    """An address with its question part; values that are not there are left out."""
    asked = _query(**values)
    return f"{address}?{asked}" if asked else address


def place(finding: str) -> str:
    """Where a finding is shown, by its id: `6.1a`, or `6.1a@helpdesk`."""
    requirement, _, subject = finding.partition("@")
    return link(f"/requirement/{requirement}", {"about": subject})


def _query(**values: Any) -> str:
    return urlencode({name: value for name, value in values.items() if value not in (None, "")}, doseq=True)


def size(number: int) -> str:
    """Bytes for people: `640 bytes`, `12 kB`, `3.4 MB`."""
    if number < 1000:
        return count(number, say("byte"), say("bytes"))
    return f"{number / 1000:.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"


@cache
def css() -> tuple[str, str]:
    """The one style sheet, and the beginning of its digest."""
    text = (_HERE / "static" / "workbench.css").read_text("utf-8")
    return text, sha256_hex(text.encode())[:12]


@cache
def mark() -> str:
    """The sheet with one folded corner."""
    return (_HERE / "static" / "mark.svg").read_text("utf-8")
