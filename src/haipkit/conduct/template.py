"""Forms of documents that a law asks for, as data: numbered points in our words, and the bands amounts fall into.

Holds no answers. The points say where their wording comes from; reports show that mark.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from haipkit.conduct.instrument import WORDING_STATUSES
from haipkit.conduct.table import Table
from haipkit.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Point:
    """One thing the document has to say. `source`: the kind of data source it is about, where it is about one."""

    id: str
    topic: str
    source: str | None


@dataclass(frozen=True, slots=True)
class TemplateSection:
    number: str
    title: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """The classes of an amount: `words[i]` holds below `edges[i]`, the last of `words` from the last edge on."""

    modality: str
    unit: str
    field: str
    edges: tuple[int, ...]
    words: tuple[str, ...]

    def of(self, amount: int) -> str:
        return self.words[sum(amount >= edge for edge in self.edges)]


@dataclass(frozen=True, slots=True)
class Template:
    id: str
    title: str
    publisher: str
    reference: str
    published: str
    as_of: str
    wording_status: str
    source: str
    note: str
    bands: tuple[Band, ...]
    sections: tuple[TemplateSection, ...]


@cache
def load_template(identifier: str, folder: Path | None = None) -> Template:
    """The template called `eu-training-summary`, checked. Raises NotFound, and BadInput that names entry and field."""
    import tomllib

    path = (folder or Path(__file__).parent / "instruments") / f"{identifier}.toml"
    if not path.is_file():
        raise NotFound(f"there is no template called {identifier!r}")
    file = Table(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    made = Template(
        id=file.one_of("id", (identifier,)),
        title=file.text("title"),
        publisher=file.text("publisher"),
        reference=file.text("reference"),
        published=file.day("published"),
        as_of=file.day("as_of"),
        wording_status=file.one_of("wording_status", WORDING_STATUSES),
        source=file.text("source", sentence=True),
        note=file.text("note", sentence=True),
        bands=tuple(map(_band, file.tables("band"))),
        sections=tuple(map(_section, file.tables("section"))),
    )
    file.done()
    return made


def _band(table: Table) -> Band:
    made = Band(
        modality=table.text("modality"),
        unit=table.text("unit"),
        field=table.text("field"),
        edges=table.counts("edges"),
        words=table.texts("words", needed=True),
    )
    table.done()
    if len(made.words) != len(made.edges) + 1 or list(made.edges) != sorted(made.edges):
        raise table.fault("edges rise, and there is one word more than edges", field="words")
    return made


def _section(table: Table) -> TemplateSection:
    points = []
    for entry in table.tables("point"):
        points.append(Point(entry.text("id"), entry.text("topic"), entry.text_or_none("source")))
        entry.done()
    made = TemplateSection(table.text("number"), table.text("title"), tuple(points))
    table.done()
    return made
