"""Charts of evaluations as SVG text: rates with their intervals, and the course of a run between its limits. Pure."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haipkit.reports.chart import WIDTH, canvas, draw_line, draw_text, node, svg_text
from haipkit.reports.document import Cell, Figure, Proof, Table
from haipkit.reports.text import clip, join

_ACCENT, _GOOD, _BAD = ("accent", "#1f4e79"), ("met", "#1d6b45"), ("not-met", "#a4262c")
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class RateRow:
    """One suite of a release. Shares from 0 to 1; `at_most` and `surely_not` as the plan has them, such as `5 %`."""

    suite: str
    domains: str
    verdict: str
    label: str
    rate: float | None
    low: float | None
    high: float | None
    at_most: str
    surely_not: str
    proofs: tuple[Proof, ...] = ()


def share_of(text: str) -> float | None:
    """`5 %` as 0.05; None for what is no share in per cent."""
    try:
        return float(text.strip().removesuffix("%").strip()) / 100
    except ValueError:
        return None


def percent(share: float) -> str:
    """`0.0123` as `1.2 %`."""
    return f"{100 * share:.1f} %"


def _top(values: Sequence[float]) -> float:
    """The end of an axis that starts at zero: the first round share at or above every value."""
    most = max(values, default=1.0)
    for step in _STEPS:
        for times in (1, 2, 3, 4, 5):
            if step * times >= most:
                return min(1.0, step * times)
    return 1.0


def rates_figure(anchor: str, title: str, rows: Sequence[RateRow]) -> Figure:
    """A point with its 95 % interval for each suite, to one scale from zero, both numbers of the policy marked."""
    drawn = [row for row in rows if row.rate is not None and row.low is not None and row.high is not None]
    marks = [share for row in drawn for share in (share_of(row.at_most), share_of(row.surely_not)) if share is not None]
    top = _top([*(row.high or 0.0 for row in drawn), *(1.15 * mark for mark in marks)])
    described = join([f"{row.suite} {percent(row.rate or 0.0)}, {row.label}" for row in drawn]) or "nothing measured"
    description = f"With their 95 % intervals: {described}."
    left, right, high = 8.0, float(WIDTH - 12), 42
    unit = (right - left) / top
    svg = canvas(anchor, title, description, 48 + len(drawn) * high + 22)
    _rates_key(svg)
    start = 48.0
    for place, row in enumerate(drawn):
        y = start + place * high
        draw_text(svg, left, y + 10, clip(row.suite, 34), size=12)
        draw_text(svg, right, y + 10, f"{row.verdict}, {row.label}", size=11, anchor="end", tone="soft")
        _rate(svg, row, left, y + 24, unit)
    bottom = start + len(drawn) * high
    draw_line(svg, left, bottom, right, bottom)
    for share in (0.0, top / 2, top):
        x = left + share * unit
        draw_line(svg, x, bottom, x, bottom + 3)
        where = "start" if share == 0 else "end" if share == top else "middle"
        draw_text(svg, x, bottom + 14, "0" if share == 0 else f"{100 * share:g} %", size=10, anchor=where, tone="soft")
    columns = (
        "Suite",
        "Risk domains",
        "Verdict",
        "Failure rate",
        "95 % interval",
        "The rate is",
        "Fine",
        "Must not be",
    )
    body = tuple(tuple(_rate_cells(row)) for row in rows)
    return Figure(title, description, svg_text(svg), Table(f"{title}: the numbers", columns, body))


def _rates_key(svg: ET.Element) -> None:
    _point(svg, 22, 8)
    _stroke(svg, _ACCENT, [(4, 8), (40, 8)], 2)
    draw_text(svg, 48, 12, "failure rate and its 95 % interval", size=10.5, tone="soft")
    _fine(svg, 8, 26)
    draw_text(svg, 18, 30, "fine up to here", size=10.5, tone="soft")
    _never(svg, 134, 26)
    draw_text(svg, 144, 30, "must not reach this", size=10.5, tone="soft")


def _rate(svg: ET.Element, row: RateRow, left: float, y: float, unit: float) -> None:
    assert row.rate is not None
    assert row.low is not None
    assert row.high is not None
    for text, draw in ((row.at_most, _fine), (row.surely_not, _never)):
        share = share_of(text)
        if share is not None:
            draw(svg, left + share * unit, y)
    low, high = left + row.low * unit, left + row.high * unit
    _stroke(svg, _ACCENT, [(low, y), (high, y)], 2)
    for x in (low, high):
        _stroke(svg, _ACCENT, [(x, y - 4), (x, y + 4)], 1.5)
    _point(svg, left + row.rate * unit, y)


def _rate_cells(row: RateRow) -> list[Cell]:
    known = row.rate is not None and row.low is not None and row.high is not None
    rate = percent(row.rate) if row.rate is not None else "not measured"
    interval = f"{percent(row.low or 0.0)} to {percent(row.high or 0.0)}" if known else "–"
    return [
        Cell(row.suite, proofs=row.proofs),
        Cell(row.domains),
        Cell(row.verdict),
        Cell(rate, numeric=True),
        Cell(interval, numeric=True),
        Cell(row.label or "–"),
        Cell(f"at most {row.at_most}" if row.at_most else "–"),
        Cell(f"{row.surely_not} or more" if row.surely_not else "–"),
    ]


def _stroke(
    svg: ET.Element, tone: tuple[str, str], points: Sequence[tuple[float, float]], width: float, dashes: str = ""
) -> None:
    group = node(svg, "g", class_=f"tone-{tone[0]}")
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    more = {"stroke_dasharray": dashes} if dashes else {}
    node(group, "path", d=path, fill="none", stroke=tone[1], stroke_width=width, class_="stroke", **more)


def _point(svg: ET.Element, x: float, y: float) -> None:
    node(node(svg, "g", class_="tone-accent"), "circle", cx=x, cy=y, r=4, fill=_ACCENT[1], class_="fill")


def _fine(svg: ET.Element, x: float, y: float) -> None:
    _stroke(svg, _GOOD, [(x, y - 8), (x, y + 8)], 1.5, "2 2")


def _never(svg: ET.Element, x: float, y: float) -> None:
    _stroke(svg, _BAD, [(x, y - 8), (x, y + 8)], 2)


# The course of a run


def outcomes(path: str) -> list[tuple[int, str]]:
    """`31p 1f` as [(31, "p"), (1, "f")]."""
    return [(int(part[:-1]), part[-1]) for part in path.split()]


def _corners(limit: Any) -> list[tuple[int, int]]:
    return [(int(one["calls"]), int(one["failures"])) for one in limit or () if isinstance(one, Mapping)]


def _at(corners: Sequence[tuple[int, int]], calls: int) -> int | None:
    """The limit after so many calls; None where there is none yet."""
    return next((failures for start, failures in reversed(corners) if start <= calls), None)


def sequence_figure(anchor: str, suite: Mapping[str, Any]) -> Figure | None:
    """Failures against calls, between the limits at which PASS and FAIL are due. None where the course is not kept."""
    path = outcomes(str(suite.get("path") or ""))
    calls = sum(number for number, _ in path)
    if not calls:
        return None
    passing, failing = _corners(suite.get("pass_limit")), _corners(suite.get("fail_limit"))
    failed = sum(number for number, letter in path if letter == "f")
    title = f"The course of {suite['suite']}"
    description = (
        f"Failures against calls, in the order that was drawn before the run: {failed} after {calls} calls, and then "
        f"{suite['verdict']}."
    )
    most = max(failed, _at(failing, calls) or 0, _at(passing, calls) or 0) + 1
    left, right, top, bottom = 26.0, float(WIDTH - 12), 40.0, 190.0
    across, up = (right - left) / calls, (bottom - top) / most
    svg = canvas(anchor, title, description, 226)

    def at(n: float, f: float) -> tuple[float, float]:
        return left + n * across, bottom - f * up

    _course_key(svg)
    _axes(svg, left, right, top, bottom, calls, most)
    _stroke(svg, _BAD, [at(*one) for one in _stairs(failing, calls)], 1.5) if failing else None
    _stroke(svg, _GOOD, [at(*one) for one in _stairs(passing, calls)], 1.5, "3 2") if passing else None
    line, lost = _walked(path)
    _stroke(svg, _ACCENT, [at(*one) for one in line], 2.2)
    for n, f in lost:
        x, y = at(n, f)
        _stroke(svg, _BAD, [(x - 3, y - 3), (x + 3, y + 3)], 1.2)
        _stroke(svg, _BAD, [(x - 3, y + 3), (x + 3, y - 3)], 1.2)
    _point(svg, *at(*line[-1]))
    return Figure(title, description, svg_text(svg), _course_table(title, path, passing, failing))


def _course_key(svg: ET.Element) -> None:
    for x, tone, dashes, words in (
        (0, _ACCENT, "", "failures so far"),
        (112, _GOOD, "3 2", "PASS is due here or below"),
        (274, _BAD, "", "FAIL is due here or above"),
    ):
        _stroke(svg, tone, [(x, 8), (x + 16, 8)], 2, dashes)
        draw_text(svg, x + 20, 12, words, size=10, tone="soft")


def _axes(svg: ET.Element, left: float, right: float, top: float, bottom: float, calls: int, most: int) -> None:
    draw_line(svg, left, top, left, bottom)
    draw_line(svg, left, bottom, right, bottom)
    draw_text(svg, left - 5, bottom + 4, "0", size=10, anchor="end", tone="soft")
    draw_text(svg, left - 5, top + 8, str(most), size=10, anchor="end", tone="soft")
    draw_text(svg, left, top - 8, "Failures", size=10, tone="soft")
    draw_text(svg, left, bottom + 14, "0", size=10, anchor="middle", tone="soft")
    draw_text(svg, right, bottom + 14, str(calls), size=10, anchor="end", tone="soft")
    draw_text(svg, (left + right) / 2, bottom + 28, "Calls", size=10, anchor="middle", tone="soft")


def _stairs(corners: Sequence[tuple[int, int]], calls: int) -> list[tuple[int, int]]:
    """A limit as a line: level from each corner to the next."""
    points: list[tuple[int, int]] = []
    for calls_from, failures in corners:
        if points:
            points.append((calls_from, points[-1][1]))
        points.append((calls_from, failures))
    return [*points, (calls, points[-1][1])]


def _walked(path: Sequence[tuple[int, str]]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(corners of the line of failures, places of calls without a grade)."""
    n = f = 0
    line, lost = [(0, 0)], []
    for number, letter in path:
        if letter in "eu":
            lost += [(n + step, f) for step in range(1, number + 1)]
        n, f = n + number, f + (number if letter == "f" else 0)
        line.append((n, f))
    return line, lost


_MOST_ROWS = 60


def _course_table(
    title: str, path: Sequence[tuple[int, str]], passing: Sequence[tuple[int, int]], failing: Sequence[tuple[int, int]]
) -> Table:
    """One row wherever a run of equal outcomes ends; of a long course the last ones."""
    words = {"p": "passed", "f": "failed", "e": "no answer", "u": "not scored"}
    rows = []
    line, _ = _walked(path)
    for (number, letter), (n, f) in zip(path, line[1:], strict=True):
        limits = (_at(passing, n), _at(failing, n))
        shown = [str(n), f"{number} {words[letter]}", str(f), *("–" if one is None else str(one) for one in limits)]
        rows.append(tuple(Cell(text, numeric=place != 1) for place, text in enumerate(shown)))
    cut = f" (the last {_MOST_ROWS} of {len(rows)} rows)" if len(rows) > _MOST_ROWS else ""
    columns = ("After calls", "The last of them", "Failures", "PASS at or below", "FAIL at or above")
    return Table(f"{title}: the numbers{cut}", columns, tuple(rows[-_MOST_ROWS:]))
