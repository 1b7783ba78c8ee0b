"""Compares groups in a table of decisions: label balance, selection rates, errors, and the differences between groups.

Pure. Figures have the definitions of the fairlearn library (demographic parity; equalized odds, worst case); where they
are undefined, because a group has no rows, no positives or no negatives, this says so instead of a number. A difference
is not yet a wrong, and a small one is not yet fairness.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Group = tuple[str, ...]
Rate = tuple[int, int]
"""Cases and out of how many."""
DRAWS = 1000
_SEED = 11


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of one group by label and prediction: both positive, label only, prediction only, neither."""

    both: int = 0
    label: int = 0
    prediction: int = 0
    neither: int = 0

    def __add__(self, other: "Cells") -> "Cells":
        pairs = zip(self.four, other.four, strict=True)
        return Cells(*(mine + theirs for mine, theirs in pairs))

    @property
    def four(self) -> tuple[int, int, int, int]:
        return self.both, self.label, self.prediction, self.neither

    @property
    def rows(self) -> int:
        return sum(self.four)

    def rates(self) -> dict[str, Rate]:
        """Each rate as (cases, out of)."""
        positives = self.both + self.label
        return {
            "base_rate": (positives, self.rows),
            "selection_rate": (self.both + self.prediction, self.rows),
            "true_positive_rate": (self.both, positives),
            "false_positive_rate": (self.prediction, self.rows - positives),
            "accuracy": (self.both + self.neither, self.rows),
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that compares groups, with a 95 % interval; or `why_not`."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    why_not: str = ""


_NEEDS = {
    "base_rate": "no rows",
    "selection_rate": "no rows",
    "true_positive_rate": "no positive labels",
    "false_positive_rate": "no negative labels",
    "accuracy": "no rows",
}
_WITH_PREDICTION: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("demographic_parity_difference", ("selection_rate",), "difference"),
    ("demographic_parity_ratio", ("selection_rate",), "ratio"),
    ("equalized_odds_difference", ("true_positive_rate", "false_positive_rate"), "difference"),
    ("equalized_odds_ratio", ("true_positive_rate", "false_positive_rate"), "ratio"),
    ("true_positive_rate_difference", ("true_positive_rate",), "difference"),
    ("false_positive_rate_difference", ("false_positive_rate",), "difference"),
    ("accuracy_difference", ("accuracy",), "difference"),
)
_LABEL_ALONE: tuple[tuple[str, tuple[str, ...], str], ...] = (("base_rate_difference", ("base_rate",), "difference"),)
FIGURES = tuple(name for name, _, _ in (*_LABEL_ALONE, *_WITH_PREDICTION))


def compare(groups: Mapping[Group, Cells], *, predicted: bool, draws: int = DRAWS) -> list[Figure]:
    """The figures for these groups. Intervals: percentiles of a bootstrap within each group, with a fixed seed."""
    wanted = (*_LABEL_ALONE, *(_WITH_PREDICTION if predicted else ()))
    drawn = _drawn(groups, draws) if draws and len(groups) > 1 else {}
    return [_figure(name, rates, how, groups, drawn) for name, rates, how in wanted]


def _figure(
    name: str, rates: Sequence[str], how: str, groups: Mapping[Group, Cells], drawn: Mapping[str, Any]
) -> Figure:
    if len(groups) < 2:
        return Figure(name, None, why_not="there is only one group" if groups else "there is no group")
    spreads = []
    for rate in rates:
        found = {group: cells.rates()[rate] for group, cells in groups.items()}
        empty = [group for group, (_, out_of) in found.items() if not out_of]
        if empty:
            return Figure(name, None, why_not=f"{', '.join(empty[0])}: {_NEEDS[rate]}")
        values = [cases / out_of for cases, out_of in found.values()]
        if how == "ratio" and not max(values):
            return Figure(name, None, why_not=f"{rate.replace('_', ' ')} is 0 in every group")
        spreads.append(max(values) - min(values) if how == "difference" else min(values) / max(values))
    value = max(spreads) if how == "difference" else min(spreads)
    low, high = _interval(rates, how, drawn)
    return Figure(name, value, low, high)


def _drawn(groups: Mapping[Group, Cells], draws: int) -> dict[str, Any]:
    """For each rate an array of shape (groups, draws): NaN where a draw leaves it undefined."""
    import numpy as np

    chance = np.random.default_rng(_SEED)
    found: dict[str, list[Any]] = {name: [] for name in _NEEDS}
    for _, cells in sorted(groups.items()):
        rows = cells.rows
        four = chance.multinomial(rows, [part / rows for part in cells.four], draws) if rows else np.zeros((draws, 4))
        both, label, prediction, neither = four.T
        pairs = {
            "base_rate": (both + label, rows),
            "selection_rate": (both + prediction, rows),
            "true_positive_rate": (both, both + label),
            "false_positive_rate": (prediction, prediction + neither),
            "accuracy": (both + neither, rows),
        }
        for name, (cases, out_of) in pairs.items():
            size = np.broadcast_to(out_of, cases.shape)
            found[name].append(np.where(size > 0, cases / np.maximum(size, 1), np.nan))
    return {name: np.array(rows) for name, rows in found.items()}


def _interval(rates: Sequence[str], how: str, drawn: Mapping[str, Any]) -> tuple[float | None, float | None]:
    import numpy as np

    if not drawn:
        return None, None
    spreads = []
    for rate in rates:
        values = drawn[rate]
        most, least = values.max(axis=0), values.min(axis=0)
        if how == "difference":
            spreads.append(most - least)
        else:
            spreads.append(np.where(most > 0, least / np.where(most > 0, most, 1), np.nan))
    together = np.maximum.reduce(spreads) if how == "difference" else np.minimum.reduce(spreads)
    defined = together[~np.isnan(together)]
    if len(defined) < 0.95 * len(together):
        return None, None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def count(
    rows: Iterable[tuple[Group, str | None, str | None, int]],
    positive: Callable[[str], bool],
    *,
    predicted: bool,
) -> tuple[dict[Group, Cells], int]:
    """Cells by group, and how many rows were left out for want of a label or a prediction.

    A row: (group, label, prediction, how many such rows). A group all of whose rows are left out stays, with no rows.
    """
    found: dict[Group, Cells] = {}
    left_out = 0
    for group, label, prediction, many in rows:
        known = found.get(group, Cells())
        if label is None or (predicted and prediction is None):
            left_out += many
            found[group] = known
            continue
        is_label, is_prediction = positive(label), predicted and positive(prediction or "")
        place = (not is_label) * 2 + (not is_prediction) if is_label else 2 + (not is_prediction)
        four = [0, 0, 0, 0]
        four[place] = many
        found[group] = known + Cells(*four)
    return found, left_out


def by_columns(groups: Mapping[Group, Cells], places: Sequence[int]) -> dict[Group, Cells]:
    """The same rows seen by some of the columns alone."""
    found: dict[Group, Cells] = {}
    for group, cells in groups.items():
        short = tuple(group[place] for place in places)
        found[short] = found.get(short, Cells()) + cells
    return found


_YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "positive", "pos"})
_NO = frozenset({"0", "0.0", "false", "no", "n", "f", "negative", "neg", "-1", "-1.0"})


def same(value: str, other: str) -> bool:
    """Equal as text in any case, or as numbers."""
    if value.strip().casefold() == other.strip().casefold():
        return True
    try:
        return float(value) == float(other)
    except ValueError:
        return False


def positive_of(values: Iterable[str]) -> str | None:
    """Which of the values of a label is the positive one, where it goes without saying."""
    known = sorted({value.strip() for value in values})
    yes = [value for value in known if value.casefold() in _YES]
    others = [value for value in known if value.casefold() not in _YES | _NO]
    return yes[0] if yes and not others else None
