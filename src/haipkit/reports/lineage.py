"""From a release back to its data: which step made what, linked by digests. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haipkit.records.record import Record
from haipkit.reports.chart import WIDTH, canvas, draw_line, draw_text, node, svg_text
from haipkit.reports.document import Cell, Figure, Table
from haipkit.reports.text import clip, count, join


@dataclass(frozen=True, slots=True)
class Step:
    """One trace. `after`: places of the steps whose outputs went into it; `sources`: what went in without a step."""

    record: Record
    depth: int
    after: tuple[int, ...]
    sources: tuple[str, ...]
    made: tuple[str, ...]


def lineage(traces: Sequence[Record], others: Sequence[Record] = ()) -> list[Step]:
    """Steps, each after those it rests on. `others` (data sets, releases) give digests their names."""
    names: dict[str, str] = {}
    for record in others:
        for field in ("sha256", "weights_sha256"):
            if record.body.get(field):
                names[str(record.body[field])] = record.title
    ordered = sorted(traces, key=lambda record: (str(record.body.get("performed_on")), record.index))
    maker: dict[str, int] = {}
    steps: list[Step] = []
    for place, record in enumerate(ordered):
        after, sources = set(), []
        for one in _listed(record, "inputs"):
            digest = str(one["sha256"])
            if digest in maker:
                after.add(maker[digest])
            else:
                sources.append(names.get(digest, str(one["name"])))
        outputs = _listed(record, "outputs")
        maker.update((str(one["sha256"]), place) for one in outputs)
        made = tuple(names.get(str(one["sha256"]), str(one["name"])) for one in outputs)
        depth = 1 + max((steps[other].depth for other in after), default=0)
        steps.append(Step(record, depth, tuple(sorted(after)), tuple(dict.fromkeys(sources)), made))
    return steps


def _listed(record: Record, side: str) -> list[Mapping[str, Any]]:
    return [one for one in record.body.get(side) or () if isinstance(one, Mapping)]


_BOX, _HIGH, _GAP = 116.0, 30.0, 12.0


def lineage_figure(steps: Sequence[Step], anchor: str = "chart-lineage", most: int = 12) -> Figure:
    """Boxes from the first step to the last, joined where one's output is another's input; with a table twin."""
    title = "From the data to the release"
    drawn = steps[-most:]
    first = len(steps) - len(drawn)
    links = sum(len(step.after) for step in steps)
    description = f"{count(len(steps), 'step')} with {count(links, 'link')} between them by equal digests: " + (
        join([step.record.title for step in drawn]) or "none"
    )
    depths = sorted({step.depth for step in drawn})
    columns = min(len(depths), 3) or 1
    left = (WIDTH - _BOX) / max(columns - 1, 1)
    places: dict[int, tuple[float, float]] = {}
    rows: dict[int, int] = {}
    for number, step in enumerate(drawn):
        column = min(depths.index(step.depth), columns - 1)
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[first + number] = column * left if columns > 1 else 0.0, row * (_HIGH + _GAP) + 4
    height = max(rows.values(), default=1) * (_HIGH + _GAP) + 8
    svg = canvas(anchor, title, description, height)
    for number, step in enumerate(drawn, first):
        x, y = places[number]
        for other in step.after:
            if other in places:
                ox, oy = places[other]
                draw_line(svg, ox + _BOX, oy + _HIGH / 2, x, y + _HIGH / 2)
    for number, step in enumerate(drawn, first):
        _box(svg, *places[number], step.record.title, str(step.record.body.get("step", "")))
    cells = tuple(
        (
            Cell(step.record.title),
            Cell(str(step.record.body.get("performed_on", "–"))),
            Cell(_some([*(steps[place].record.title for place in step.after), *step.sources])),
            Cell(_some(step.made)),
            Cell(str(step.record.body.get("code_commit") or "–")[:12], mono=True),
        )
        for step in steps
    )
    table = Table(f"{title}: the steps", ("Step", "Day", "Made from", "Made", "Commit"), cells)
    return Figure(title, description + ".", svg_text(svg), table)


def _some(names: Sequence[str], most: int = 4) -> str:
    if not names:
        return "–"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _box(svg: ET.Element, x: float, y: float, title: str, step: str) -> None:
    node(svg, "rect", x=x, y=y, width=_BOX, height=_HIGH, fill="none", stroke="#8b8577", class_="edge stroke")
    draw_text(svg, x + 6, y + 13, clip(title, 20), size=10.5)
    draw_text(svg, x + 6, y + 25, step, size=9, tone="soft")
