"""Compares groups in one table and says it as the body of a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.fairness import (
    FIGURES,
    Cells,
    Figure,
    Group,
    by_columns,
    compare,
    count,
    positive_of,
    same,
)
from haipkit.actions.a11_data.scan_summary import inputs_digest
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.kernel.intervals import decimal, decimals

if TYPE_CHECKING:
    from haipkit.workspace.columns import Row
    from haipkit.workspace.do import Written

BIAS = "11.1c"
SMALLEST = 30
_LISTED = 60
_LEAST = 5
"""The record names no group with fewer rows: a person might be known by them."""


@dataclass(frozen=True)
class Wishes:
    """What a person asked for. `limits`: figures with the most that a difference, the least that a ratio may be."""

    table: Path
    label: str
    groups: tuple[str, ...]
    prediction: str | None = None
    positive: str | None = None
    smallest: int = SMALLEST
    limits: tuple[tuple[str, float], ...] = ()


@dataclass
class Grouping:
    """The table by one column, or by all of them together."""

    columns: tuple[str, ...]
    groups: dict[Group, Cells]
    figures: list[Figure]


@dataclass
class Outcome:
    wishes: Wishes
    positive: str
    rows: int
    left_out: int
    groupings: list[Grouping]
    inputs: str
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    @property
    def limits(self) -> dict[str, float]:
        return dict(self.wishes.limits)

    def passed(self, figure: Figure) -> bool:
        """Is the figure beyond the limit that was set for it?"""
        limit = self.limits.get(figure.name)
        if limit is None or figure.value is None:
            return False
        return figure.value < limit if figure.name.endswith("ratio") else figure.value > limit

    @property
    def outcome(self) -> str:
        figures = [figure for grouping in self.groupings for figure in grouping.figures]
        if any(self.passed(figure) for figure in figures):
            return "fail"
        unknown = {figure.name for figure in figures if figure.value is None}
        if all(figure.value is None for figure in figures) or unknown & set(self.limits):
            return "not-computable"
        return "measured"

    def small(self, cells: Cells) -> bool:
        return cells.rows < self.wishes.smallest

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]:
        """The body of the `dataset-bias/1` record: counts by group, no rows."""
        body = {
            "name": name,
            "checked_on": day,
            "requirements": list(requirements) or [BIAS],
            "outcome": self.outcome,
            "rows": self.rows,
            "rows_left_out": self.left_out,
            "label": self.wishes.label,
            "prediction": self.wishes.prediction,
            "positive": self.positive,
            "groupings": [self._grouping(one) for one in self.groupings],
            "smallest": self.wishes.smallest,
            "inputs_sha256": self.inputs,
        }
        return {key: value for key, value in body.items() if value is not None}

    def _grouping(self, one: Grouping) -> dict[str, Any]:
        largest = sorted(one.groups.items(), key=lambda item: (-item[1].rows, item[0]))
        named = [(group, cells) for group, cells in largest[:_LISTED] if cells.rows >= _LEAST]
        return {
            "columns": list(one.columns),
            "groups": [self._group(group, cells) for group, cells in named],
            "groups_unlisted": len(largest) - len(named),
            "figures": [self._figure(figure) for figure in one.figures],
        }

    def _group(self, group: Group, cells: Cells) -> dict[str, Any]:
        predicted = self.wishes.prediction is not None
        rates = {name: rate for name, rate in cells.rates().items() if predicted or name == "base_rate"}
        row: dict[str, Any] = {
            "group": list(group),
            "rows": cells.rows,
            "positives": cells.both + cells.label,
            "small": self.small(cells),
        }
        if predicted:
            row |= {"selected": cells.both + cells.prediction, "true_positives": cells.both}
        return row | {name: decimal(cases / out_of) for name, (cases, out_of) in rates.items() if out_of}

    def _figure(self, figure: Figure) -> dict[str, Any]:
        row: dict[str, Any] = {"name": figure.name}
        if figure.value is None:
            row["why_not"] = figure.why_not
        else:
            row["value"] = decimal(figure.value)
        if figure.low is not None and figure.high is not None:
            row["low"], row["high"] = decimals(figure.low, figure.high)
        if figure.name in self.limits:
            row["limit"] = decimal(self.limits[figure.name])
        return row


def measure(wishes: Wishes, *, progress: Callable[[int, int], None] | None = None) -> Outcome:
    """Read the table once and compare its groups. Writes no record. Raises BadInput, NotFound, UsageError."""
    from haipkit.adapters.corpus_files import open_file, survey
    from haipkit.adapters.unpack import Hashed
    from haipkit.workspace.columns import count_rows

    _check(wishes)
    found = survey([str(wishes.table)])
    if len(found.files) != 1:
        raise UsageError("a comparison reads one table", where=str(wishes.table), advice="Name one file.")
    (file,) = found.files
    columns = (*wishes.groups, wishes.label, *([wishes.prediction] if wishes.prediction else []))
    rows: dict[Row, int] = {}
    values: list[set[str]] = [set() for _ in columns]
    for batch in count_rows(file, columns):
        for row, many in batch.items():
            rows[row] = rows.get(row, 0) + many
            for place, cell in enumerate(row):
                if cell is not None:
                    values[place].add(cell)
        _bounded(columns, values)
    total = sum(rows.values())
    if not total:
        raise BadInput("the table holds no row", where=file.name)
    positive = _positive(wishes, values[len(wishes.groups) :])
    with open_file(file.path) as stream:
        digest = Hashed(stream).finish()
    groupings, left_out = _groupings(wishes, rows, positive)
    if progress is not None:
        progress(file.size, file.size)
    return Outcome(wishes, positive, total, left_out, groupings, inputs_digest([digest]))


def _check(wishes: Wishes) -> None:
    if not wishes.groups:
        raise UsageError("by which columns shall groups be formed?", advice="Say --groups sex,age.")
    named = [*wishes.groups, wishes.label, *([wishes.prediction] if wishes.prediction else [])]
    if len(set(named)) < len(named):
        raise UsageError("label, prediction and groups have to be different columns")
    for name, _ in wishes.limits:
        if name not in FIGURES:
            raise UsageError(f"there is no figure {name!r}", advice=f"There are: {', '.join(FIGURES)}.")


def _bounded(columns: Sequence[str], values: Sequence[set[str]]) -> None:
    from haipkit.workspace.columns import MOST_VALUES

    for name, known in zip(columns, values, strict=True):
        if len(known) > MOST_VALUES:
            raise UsageError(
                f"the column {name!r} has more than {MOST_VALUES} different values, so they are no groups",
                advice="Put ranges or classes into a column of its own first, such as age 18-29.",
            )


def _positive(wishes: Wishes, values: Sequence[set[str]]) -> str:
    known = set().union(*values)
    if wishes.positive is not None:
        if not any(same(value, wishes.positive) for value in known):
            raise UsageError(f"no row has the value {wishes.positive!r}", advice=f"There are: {_some(known)}.")
        return wishes.positive
    positive = positive_of(known)
    if positive is None:
        raise UsageError("which value is the positive one?", advice=f"Say --positive; there are: {_some(known)}.")
    return positive


def _some(values: set[str]) -> str:
    return ", ".join(sorted(values)[:10]) + (", …" if len(values) > 10 else "")


def _groupings(wishes: Wishes, rows: "Mapping[Row, int]", positive: str) -> tuple[list[Grouping], int]:
    wide = len(wishes.groups)
    predicted = wishes.prediction is not None
    whole = [(row, many) for row, many in rows.items() if None not in row[:wide]]
    without = sum(rows.values()) - sum(many for _, many in whole)
    cells, left_out = count(
        (
            (tuple(str(cell) for cell in row[:wide]), row[wide], row[wide + 1] if predicted else None, many)
            for row, many in whole
        ),
        partial(same, positive),
        predicted=predicted,
    )
    found = []
    for places in [(place,) for place in range(wide)] + ([tuple(range(wide))] if wide > 1 else []):
        groups = by_columns(cells, places)
        found.append(
            Grouping(tuple(wishes.groups[place] for place in places), groups, compare(groups, predicted=predicted))
        )
    return found, left_out + without
