"""What a page is. A page is two files of one name in `pages/`: what it shows (.py) and how (.html); one that sends a
file has no second.

The route is the file's name; a `tail` such as `{id}` says what follows it. The role that may see it is an argument
without default: whoever writes a page has to say it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fastapi import Response

    from haipkit.web.desk import Desk

Role = Literal["owner", "nobody"]
"""`owner`: whoever came in by the link that `haip serve` printed. `nobody`: anybody on this machine."""
Method = Literal["GET", "POST"]
FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came with a form."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser sent: `tail` from the address, `query` and `form` with every value, `headers`, `session`."""

    tail: str = ""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The last value of a field of the form, else of the address."""
        values = self.form.get(name) or self.query.get(name)
        return values[-1].strip() if values else default

    def number(self, name: str, default: int) -> int:
        text = self.one(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


Shown = dict[str, Any]
Handler = Callable[["Desk", Asked], "Shown | Response"]


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is the file's name; `path` the address; `role` who may see it."""

    name: str
    path: str
    method: Method
    role: Role
    handler: Handler


_ROUTES: dict[tuple[str, Method, str], Route] = {}


def page(role: Role, *, method: Method = "GET", tail: str = "") -> Callable[[Handler], Handler]:
    """Make a function the answer of the page whose file it stands in. It returns the names its template uses."""

    def enter(function: Handler) -> Handler:
        name = function.__module__.rpartition(".")[2]
        base = "/" if name == "home" else f"/{name}"
        path = base + (f"/{tail}" if tail else "")
        _ROUTES[name, method, tail] = Route(name, path, method, role, function)
        return function

    return enter


def load_pages() -> list[Route]:
    """Every route of every file in `pages/`. A file without a route is a mistake of ours and fails here."""
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"haipkit.web.pages.{path.stem}")
    names = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    missing = names - {route.name for route in _ROUTES.values()}
    if missing:
        raise RuntimeError(f"pages without a route: {sorted(missing)}")
    return list(_ROUTES.values())


def to(address: str) -> "Response":
    """Go on to another page after a form (303, so that going back does not send it again)."""
    from fastapi.responses import RedirectResponse

    return RedirectResponse(address, 303)
