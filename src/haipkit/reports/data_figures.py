"""Figures of what looks at data and tests of models found, drawn from the bodies of their records. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from haipkit.kernel.intervals import exact
from haipkit.records.record import Record
from haipkit.reports.chart import WIDTH, canvas, counted_bars, draw_bar, draw_line, draw_text, node, svg_text
from haipkit.reports.document import Cell, Figure, Table
from haipkit.reports.text import clip, count, day, join

_MOST = 12
_HIGH = 22
_INK = "#1c2430"
Rate = tuple[str, int, float, float, float]
"""Label, cases that it rests on, rate, and its 95 % interval."""


def figures(record: Record, key: str) -> Iterable[Figure]:
    """The figures of one record; `key` tells the anchors of several data sets apart."""
    draw = _FIGURES.get(record.header.kind)
    if draw is not None:
        yield from draw(record.body, f"{key}-{record.index}")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """The entries of a list in a body; fields may have been erased."""
    return [one for one in value or () if isinstance(one, Mapping)]


def _scan(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    """Bars of what a scan found, the most frequent kind first."""
    sums: dict[str, tuple[int, int]] = {}
    for one in _rows(body.get("found")):
        if one.get("kind"):
            label = f"{one['kind']} ({one['country']})" if one.get("country") else str(one["kind"])
            sure, likely = sums.get(label, (0, 0))
            sums[label] = (sure + one["confirmed"], likely + one["probable"])
    if sums:
        yield counted_bars(
            f"chart-scan-{at}",
            f"Values found on {day(body.get('scanned_on'))}",
            ("Kind of value", "Confirmed", "Probable"),
            sorted(sums.items(), key=lambda item: (-sum(item[1]), item[0])),
            legend=("Confirmed by a check digit or a grammar", "Probable by form and context"),
        )


def _duplicates(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    counts = [body.get(name) for name in ("documents", "exact_duplicates", "near_duplicates")]
    known = [one for one in counts if isinstance(one, int)]
    if len(known) == 3 and known[0]:
        whole, equal, near = known
        rows = [("Equal to one that stays", equal), ("Similar to one that stays", near)]
        rows.append(("All others", whole - equal - near))
        yield value_bars(f"chart-copies-{at}", "Copies among the documents", ("Documents", "Number"), rows)


def _contamination(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    rows = [
        (str(one["name"]), (one["contaminated"], one["overlapping"] - one["contaminated"]))
        for one in _rows(body.get("benchmarks"))
        if one.get("overlapping")
    ]
    if rows:
        yield counted_bars(
            f"chart-benchmarks-{at}",
            "Items of benchmarks in the data",
            ("Benchmark", "Contaminated", "In part"),
            rows,
            legend=("Contaminated: at least half of it, or a whole question", "In part: some of it"),
        )


def _rights(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    words = (("Allowed", "allowed"), ("Unclear", "unclear"), ("Refused", "denied"))
    rows = [(word, body[name]) for word, name in words if isinstance(body.get(name), int)]
    if any(number for _, number in rows):
        yield value_bars(f"chart-rights-{at}", "What sources say of their documents", ("Documents", "Number"), rows)
    sums: dict[str, tuple[int, int]] = {}
    for one in _rows(body.get("signals")):
        refused, others = sums.get(one["carrier"], (0, 0))
        denies = one["says"] == "deny"
        number = one["documents"]
        sums[one["carrier"]] = (refused + number * denies, others + number * (not denies))
    if sums:
        yield counted_bars(
            f"chart-signals-{at}",
            "Where it is said",
            ("Carrier", "Refuses", "Allows or leaves a doubt"),
            sorted(sums.items(), key=lambda item: (-sum(item[1]), item[0])),
            legend=("Documents that it refuses", "Documents that it allows, or leaves in doubt"),
        )


def _quality(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    for name, anchor, title, field in (
        ("languages", "languages", "Languages of the documents", "language"),
        ("found", "faults", "What stands out", "kind"),
    ):
        rows = [(str(one[field]), one["documents"]) for one in _rows(body.get(name))]
        if rows:
            yield value_bars(f"chart-{anchor}-{at}", title, (field.capitalize(), "Documents"), rows)
    shares = _rows(body.get("columns"))
    for place, column in enumerate(dict.fromkeys(str(one["column"]) for one in shares)):
        rates = [_share(one) for one in shares if one["column"] == column]
        yield rate_lines(f"chart-shares-{at}-{place}", f"Shares by {column}", ("Value", "Rows", "Share"), rates)


def _share(one: Mapping[str, Any]) -> Rate:
    return str(one["value"]), one["documents"], float(one["share"]), float(one["low"]), float(one["high"])


def _bias(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    for place, grouping in enumerate(_rows(body.get("groupings"))):
        rates: list[Rate] = []
        for group in _rows(grouping.get("groups")):
            cases = group.get("selected") if body.get("prediction") else group.get("positives")
            if isinstance(cases, int) and group.get("rows"):
                low, high = exact(cases, group["rows"])
                rates.append((", ".join(group["group"]), group["rows"], cases / group["rows"], low, high))
        if rates:
            what = "Selected" if body.get("prediction") else "Labelled positive"
            by = join([str(one) for one in grouping.get("columns", ())])
            yield rate_lines(f"chart-groups-{at}-{place}", f"{what}, by {by}", ("Group", "Rows", what), rates)


def _leaks(body: Mapping[str, Any], at: str) -> Iterable[Figure]:
    rows = [
        (f"Planted {count(one['repeats'], 'time')}", float(one["median_bits"]))
        for one in _rows(body.get("groups"))
        if one.get("median_bits") is not None
    ]
    if rows:
        title = "Exposure of planted codes, in bits (median)"
        ceiling = float(body["ceiling_bits"]) if body.get("ceiling_bits") is not None else None
        yield value_bars(f"chart-exposure-{at}", title, ("Codes", "Bits"), rows, most=ceiling)


_FIGURES = {
    "dataset-scan/1": _scan,
    "dataset-duplicates/1": _duplicates,
    "dataset-contamination/1": _contamination,
    "dataset-rights/1": _rights,
    "dataset-quality/1": _quality,
    "dataset-bias/1": _bias,
    "leak-test/1": _leaks,
}


def value_bars(
    anchor: str, title: str, columns: tuple[str, str], rows: Sequence[tuple[str, float]], *, most: float | None = None
) -> Figure:
    """One bar a row, to one scale from zero to `most`, or to the largest. The table twin holds all rows."""
    drawn = rows[:_MOST]
    listed = join([f"{label} {_said(value)}" for label, value in drawn])
    left_out = f" {count(len(rows) - _MOST, 'further row')} in the table." if len(rows) > _MOST else ""
    description = f"{columns[0]}, {columns[1].lower()}: {listed}.{left_out}"
    left, right = 160.0, float(WIDTH - 54)
    svg = canvas(anchor, title, description, len(drawn) * _HIGH + 6)
    unit = (right - left) / (max([most or 0, *(value for _, value in drawn)]) or 1)
    for place, (label, value) in enumerate(drawn):
        y = place * _HIGH
        draw_text(svg, left - 8, y + 14, clip(label, 28), size=11, anchor="end")
        if value:
            draw_bar(svg, left, y + 4, max(value * unit, 1.5), 13, full=True)
        draw_text(svg, left + value * unit + 5, y + 14, _said(value), size=11, tone="soft")
    draw_line(svg, left - 0.5, 0, left - 0.5, len(drawn) * _HIGH)
    body = tuple((Cell(label), Cell(_said(value), numeric=True)) for label, value in rows)
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", columns, body))


def _said(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.1f}"


def _percent(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f} %"


def rate_lines(anchor: str, title: str, columns: tuple[str, str, str], rows: Sequence[Rate]) -> Figure:
    """One line a row from 0 to 100 %: a dot for the rate and a stroke for its 95 % interval."""
    drawn = rows[:_MOST]
    listed = join(
        [
            f"{label} {_percent(rate, 0)} ({_percent(low, 0)} to {_percent(high, 0)})"
            for label, _, rate, low, high in drawn
        ]
    )
    description = f"{title}, with 95 % intervals: {listed}."
    left, right = 160.0, float(WIDTH - 54)
    bottom = len(drawn) * _HIGH
    svg = canvas(anchor, title, description, bottom + 20)
    for place, (label, _, rate, low, high) in enumerate(drawn):
        y = place * _HIGH + 10
        draw_text(svg, left - 8, y + 4, clip(label, 28), size=11, anchor="end")
        ends = [left + share * (right - left) for share in (low, high)]
        draw_line(svg, ends[0], y, ends[1], y, width=2)
        for x in ends:
            draw_line(svg, x, y - 4, x, y + 4)
        node(svg, "circle", cx=left + rate * (right - left), cy=y, r=4, fill=_INK, class_="ink fill")
        draw_text(svg, right + 8, y + 4, f"{_percent(rate, 0)}", size=11, tone="soft")
    draw_line(svg, left, 0, left, bottom)
    draw_line(svg, left, bottom, right, bottom)
    for word, x in (("0 %", left), ("100 %", right)):
        draw_text(svg, x, bottom + 13, word, size=10, anchor="middle", tone="soft")
    cells = tuple(
        (
            Cell(label),
            Cell(f"{cases:,}", numeric=True),
            Cell(f"{_percent(rate, 1)}", numeric=True),
            Cell(f"{_percent(low, 1)} to {_percent(high, 1)}"),
        )
        for label, cases, rate, low, high in rows
    )
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", (*columns, "95 % interval"), cells))
