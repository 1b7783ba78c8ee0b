"""Charts as SVG text: status by action, the strength ladder, and the clocks. Pure.

Every shape carries a pattern, a glyph or a word besides its colour, axes start at zero, and a table with the same
numbers stands underneath. Colours are presentation attributes (light tokens) with a class beside them, so that the
HTML form recolours them for dark screens and Typst, which knows no CSS variables, prints them as they are.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from haipkit.assessment.finding import Clock
from haipkit.kernel.words import Status, Strength
from haipkit.reports.document import Cell, Figure, Table
from haipkit.reports.text import clip, count, day, days_between, first_sentences, join, stop, time_left, visible

WIDTH = 420
_INK, _SOFT, _LINE, _PAPER, _ACCENT = "#1c2430", "#4d5766", "#8b8577", "#ffffff", "#1f4e79"
_TONES = {
    Status.MET: ("met", "#1d6b45"),
    Status.PARTLY_MET: ("partly", "#855400"),
    Status.NOT_MET: ("not-met", "#a4262c"),
    Status.NOT_ASSESSED: ("unknown", "#566070"),
}
_DRAWN = tuple(_TONES)
_FONTS = "Libertinus Serif, serif"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def node(parent: ET.Element, tag: str, **attributes: str | float) -> ET.Element:
    """A child element; `font_size` becomes `font-size`, numbers lose needless digits."""
    written = {
        name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else _number(value)
        for name, value in attributes.items()
    }
    return ET.SubElement(parent, tag, written)


def canvas(anchor: str, title: str, description: str, height: float) -> ET.Element:
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {_number(height)}",
            "width": str(WIDTH),
            "height": _number(height),
            "role": "img",
            "class": "chart",
            "aria-labelledby": f"{anchor}-title {anchor}-desc",
        },
    )
    for name, text in (("title", title), ("desc", description)):
        ET.SubElement(svg, name, {"id": f"{anchor}-{name}"}).text = visible(text)
    return svg


def draw_text(
    parent: ET.Element, x: float, y: float, text: str, *, size: float = 12, anchor: str = "start", tone: str = "ink"
) -> None:
    fill = {"ink": _INK, "soft": _SOFT, "paper": _PAPER}[tone]
    node(
        parent,
        "text",
        x=x,
        y=y,
        font_size=size,
        font_family=_FONTS,
        text_anchor=anchor,
        class_=f"{tone} fill",
        fill=fill,
    ).text = visible(text)


def draw_line(parent: ET.Element, x1: float, y1: float, x2: float, y2: float, *, width: float = 1) -> None:
    node(parent, "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=_LINE, stroke_width=width, class_="edge stroke")


def svg_text(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode")


def _swatch(parent: ET.Element, status: Status, x: float, y: float, width: float, height: float) -> None:
    """Full, half, empty and dashed: the glyphs ● ◐ ○ ? as bars, so that they can be told apart in grey."""
    name, colour = _TONES[status]
    group = node(parent, "g", class_=f"tone-{name}")
    box = {"x": x + 0.6, "y": y + 0.6, "width": max(width - 1.2, 0.8), "height": height - 1.2}
    if status is Status.MET:
        node(group, "rect", x=x, y=y, width=width, height=height, fill=colour, class_="fill")
    else:
        dashes = {"stroke_dasharray": "2 2"} if status is Status.NOT_ASSESSED else {}
        node(group, "rect", **box, fill="none", stroke=colour, stroke_width=1.2, class_="stroke", **dashes)
        if status is Status.PARTLY_MET:
            node(group, "rect", x=x, y=y + height / 2, width=width, height=height / 2, fill=colour, class_="fill")


def _key(svg: ET.Element, y: float) -> float:
    """What each kind of bar means, in words; returns the height used."""
    x, row = 0.0, 0
    for status in _DRAWN:
        width = 17 + len(status) * 5.9 + 9
        if x + width > WIDTH:
            x, row = 0.0, row + 1
        _swatch(svg, status, x, y + row * 18, 12, 10)
        draw_text(svg, x + 16, y + row * 18 + 9, status, size=10.5, tone="soft")
        x += width
    return (row + 1) * 18


def _drawn(counts: Mapping[Status, int]) -> int:
    return sum(counts.get(status, 0) for status in _DRAWN)


Row = tuple[str, str, str, Mapping[Status, int]]
"""Short label, full title, owner, counts by status."""


def status_by_action(rows: Sequence[Row]) -> Figure:
    """Stacked bars of what applies, one row an action, all to one scale that starts at zero."""
    title = "Status by action"
    total = {status: sum(counts.get(status, 0) for *_, counts in rows) for status in _DRAWN}
    described = join([f"{number} {status}" for status, number in total.items() if number]) or "nothing"
    description = (
        f"Of what applies to us, how much has which status, for each of {len(rows)} actions; in all {described}."
    )
    left, right, height = 110.0, float(WIDTH - 26), 14.0
    most = max((_drawn(counts) for *_, counts in rows), default=0)
    unit = (right - left) / max(most, 1)
    svg = canvas("chart-status", title, description, len(rows) * 24 + 60)
    top = _key(svg, 0) + 8
    for place, (label, _, _, counts) in enumerate(rows):
        y = top + place * 24
        draw_text(svg, left - 8, y + 11, label, anchor="end")
        x = left
        for status in _DRAWN:
            width = counts.get(status, 0) * unit
            if width:
                _swatch(svg, status, x, y, max(width - 2, 1), height)
                x += width
        draw_text(svg, x + 4, y + 11, str(_drawn(counts)), size=11, tone="soft")
    _axis(svg, left, right, top - 3, top + len(rows) * 24 - 4, most)
    columns = ("Action", "Owner", *(status.capitalize() for status in Status))
    body = tuple(
        (
            Cell(full),
            Cell(owner),
            *(Cell(str(counts.get(status, 0)), numeric=True) for status in Status),
        )
        for _, full, owner, counts in rows
    )
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", columns, body))


def _axis(svg: ET.Element, left: float, right: float, top: float, bottom: float, most: int) -> None:
    draw_line(svg, left - 0.5, top, left - 0.5, bottom)
    draw_line(svg, left - 0.5, bottom, right, bottom)
    draw_text(svg, left, bottom + 12, "0", size=10, anchor="middle", tone="soft")
    if most:
        draw_line(svg, right, bottom, right, bottom + 3)
        draw_text(svg, right, bottom + 12, str(most), size=10, anchor="middle", tone="soft")


def _stairs(parent: ET.Element, x: float, bottom: float, strength: Strength) -> None:
    """Four steps, as many filled as the strength reaches."""
    group = node(parent, "g", class_="tone-accent")
    for step in range(1, 5):
        box = {"x": x + (step - 1) * 5, "y": bottom - step * 3.5, "width": 4.0, "height": step * 3.5}
        if step <= strength:
            node(group, "rect", **box, fill=_ACCENT, class_="fill")
        else:
            node(group, "rect", **box, fill="none", stroke=_LINE, stroke_width=0.7, class_="edge stroke")


def strength_ladder(counts: Mapping[Strength, int], nothing: int) -> Figure:
    """A staircase: each step is as wide as it has findings and starts where the weaker one below it ends."""
    title = "From claimed to independently verified"
    total = sum(counts.values())
    parts = [f"{counts.get(strength, 0)} {strength.word}" for strength in Strength]
    description = f"Of {count(total, 'finding')} that rest on records, {join(parts)}; {nothing} rest on nothing yet."
    left, right, high = 172.0, float(WIDTH - 34), 28
    svg = canvas("chart-strength", title, description, 4 * high + 24)
    unit = (right - left) / max(total, 1)
    x = left
    for strength in Strength:
        y = (4 - strength) * high + 4
        number = counts.get(strength, 0)
        _stairs(svg, 0, y + 15, strength)
        draw_text(svg, 26, y + 13, strength.word)
        width = number * unit
        if width:
            group = node(svg, "g", class_="tone-accent")
            node(group, "rect", x=x, y=y, width=width, height=18, fill=_ACCENT, class_="fill")
        draw_text(svg, x + width + 5, y + 13, str(number), tone="ink" if number else "soft")
        x += width
        if strength < Strength.INDEPENDENTLY_VERIFIED and total:
            draw_line(svg, x, y - high + 18, x, y + 18, width=0.8)
    _axis(svg, left, right, 0, 4 * high, total)
    rows = [(strength.word.capitalize(), counts.get(strength, 0)) for strength in Strength]
    cells = tuple((Cell(word), Cell(str(number), numeric=True)) for word, number in [*rows, ("Nothing yet", nothing)])
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", ("Rests on", "Findings"), cells))


def _scales(parent: ET.Element, x: float, y: float) -> None:
    """A pair of scales, 12 wide, for a legal clock."""
    path = "M6 1V11M3 11H9M1 3H11M1 3L-.5 7H2.5ZM11 3L9.5 7H12.5Z"
    node(
        parent,
        "path",
        d=path,
        transform=f"translate({_number(x)} {_number(y)})",
        fill="none",
        stroke=_INK,
        stroke_width=1.1,
        class_="ink stroke",
    )


_BEHIND = 0.3
"""How far back the timeline reaches, as a share of how far ahead; what lies further back ends in an arrow."""


def clocks_timeline(clocks: Sequence[Clock], as_of: str, *, most: int = 8) -> Figure:
    """One line a clock, from the day of the report to the day it is due, to one scale; past ones run backwards."""
    title = "Clocks that run"
    shown = sorted((clock for clock in clocks if not clock.done), key=lambda clock: (clock.due, clock.title))
    left, right, high = 196.0, float(WIDTH - 10), 40
    drawn = shown[:most]
    spans = [days_between(as_of, clock.due) for clock in drawn]
    top = max([30, *spans])
    low = max(min([0, *spans]), -_BEHIND * top)

    def place(days: float) -> float:
        return left + (right - left) * (max(days, low) - low) / (top - low)

    svg = canvas("chart-clocks", title, _clocks_described(shown, as_of), len(drawn) * high + 22)
    for row, (clock, span) in enumerate(zip(drawn, spans, strict=True)):
        y = row * high
        if clock.kind == "legal":
            _scales(svg, 1, y + 2)
        else:
            node(svg, "circle", cx=7, cy=y + 8, r=3, fill=_INK, class_="ink fill")
        draw_text(svg, 20, y + 12, clip(clock.title, 62))
        draw_text(svg, 20, y + 28, f"{clock_words(clock, as_of)} · {clock.due}", size=10.5, tone="soft")
        _run(svg, y + 25, place(0), place(span), past=span < 0, cut=span < low)
    bottom = len(drawn) * high
    draw_line(svg, left, bottom + 2, right, bottom + 2)
    draw_text(svg, place(0), bottom + 15, "today", size=10, anchor="middle", tone="soft")
    draw_text(svg, right, bottom + 15, f"{top} days", size=10, anchor="end", tone="soft")
    columns = ("Clock", "Due", "Time left", "Set by", "Owner", "Why it runs")
    table = Table("Clocks: the dates", columns, _clock_rows(shown, as_of))
    return Figure(title, _clocks_described(shown, as_of), svg_text(svg), table)


def _run(svg: ET.Element, y: float, start: float, end: float, *, past: bool, cut: bool) -> None:
    """A line from today to the due day with a square at its end; dashed when past, with an arrow when it goes on."""
    name, colour = ("not-met", "#a4262c") if past else ("accent", _ACCENT)
    group = node(svg, "g", class_=f"tone-{name}")
    dashes = {"stroke_dasharray": "3 2"} if past else {}
    node(group, "line", x1=start, x2=end, y1=y, y2=y, stroke=colour, stroke_width=2, class_="stroke", **dashes)
    if cut:
        arrow = f"M{_number(end)} {_number(y - 4)}L{_number(end - 7)} {_number(y)}L{_number(end)} {_number(y + 4)}Z"
        node(group, "path", d=arrow, fill=colour, class_="fill")
    else:
        node(group, "rect", x=end - 3, y=y - 3, width=6, height=6, fill=colour, class_="fill")
    draw_line(svg, start, y - 5, start, y + 5)


def _clocks_described(clocks: Sequence[Clock], as_of: str) -> str:
    past = sum(days_between(as_of, clock.due) < 0 for clock in clocks)
    text = f"{count(len(clocks), 'clock')} on {day(as_of)}"
    if past:
        text += f", {past} of them past {'its' if past == 1 else 'their'} date"
    if clocks:
        text += f"; the first: {clocks[0].title}, {day(clocks[0].due)}"
    return text + "."


def clock_words(clock: Clock, as_of: str) -> str:
    """The time left. A date in law that has passed is not overdue: the rule applies since then."""
    if clock.kind == "legal" and days_between(as_of, clock.due) <= 0:
        return "applies since"
    return time_left(as_of, clock.due)


def _clock_rows(clocks: Sequence[Clock], as_of: str) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        (
            Cell(clock.title),
            Cell(clock.due, numeric=True),
            Cell(clock_words(clock, as_of)),
            Cell("law" if clock.kind == "legal" else "us"),
            Cell(clock.owner or "nobody named"),
            Cell(first_sentences(f"{stop(clock.source)} {clock.note}".strip(), 130)),
        )
        for clock in clocks
    )


def counted_bars(
    anchor: str,
    title: str,
    columns: tuple[str, str, str],
    rows: Sequence[tuple[str, tuple[int, int]]],
    *,
    legend: tuple[str, str],
    most: int = 12,
) -> Figure:
    """One bar a row, two counts in it: full for the first, outlined for the second; to one scale from zero.

    `columns` name the rows and the two counts, `legend` says what the counts mean. The first `most` rows are drawn, the
    table twin holds all.
    """
    drawn = rows[:most]
    listed = join([f"{label} {sum(counts)}" for label, counts in drawn])
    left_out = f" {count(len(rows) - most, 'further row')} in the table." if len(rows) > most else ""
    description = f"{columns[0]}, by count: {listed}.{left_out}"
    left, right, high = 150.0, float(WIDTH - 44), 22
    svg = canvas(anchor, title, description, len(drawn) * high + 44)
    for place, (word, full) in enumerate(zip(legend, (True, False), strict=True)):
        draw_bar(svg, 0, place * 14 + 1, 12, 9, full=full)
        draw_text(svg, 17, place * 14 + 9, word, size=10.5, tone="soft")
    top = 34.0
    unit = (right - left) / max((sum(counts) for _, counts in drawn), default=1)
    for place, (label, counts) in enumerate(drawn):
        y, x = top + place * high, left
        draw_text(svg, left - 8, y + 11, clip(label, 28), size=11, anchor="end")
        for number, full in zip(counts, (True, False), strict=True):
            if number:
                width = max(number * unit, 1.5)
                draw_bar(svg, x, y + 1, width, 13, full=full)
                x += width
        draw_text(svg, x + 5, y + 11, f"{sum(counts):,}", size=11, tone="soft")
    draw_line(svg, left - 0.5, top - 3, left - 0.5, top + len(drawn) * high - 3)
    body = tuple((Cell(label), *(Cell(f"{number:,}", numeric=True) for number in counts)) for label, counts in rows)
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", columns, body))


def draw_bar(parent: ET.Element, x: float, y: float, width: float, height: float, *, full: bool) -> None:
    group = node(parent, "g", class_="tone-accent")
    if full:
        node(group, "rect", x=x, y=y, width=width, height=height, fill=_ACCENT, class_="fill")
    else:
        box = {"x": x + 0.6, "y": y + 0.6, "width": max(width - 1.2, 0.4), "height": height - 1.2}
        node(group, "rect", **box, fill="none", stroke=_ACCENT, stroke_width=1.2, class_="stroke")
