"""Measures a classifier from files of its predictions: how often it is right, how groups differ, what disturbs it."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a01_risk.classification import Figures, Robustness, figures, robustness
from haipkit.kernel.errors import BadInput, NotFound, UsageError

if TYPE_CHECKING:
    from haipkit.adapters.suite_rows import Row
    from haipkit.workspace.bias import Outcome
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>"})
MOST_CLASSES = 200


@dataclass(frozen=True)
class Wishes:
    """What is asked for. `disturbed`: a second file, of predictions on disturbed inputs, joined by `identity`."""

    table: Path
    label: str
    prediction: str
    groups: tuple[str, ...] = ()
    positive: str | None = None
    disturbed: Path | None = None
    identity: str = ""


@dataclass(frozen=True)
class Measured:
    """`left_out`: rows without a label or a prediction. `sha256`: of the file, and of the second one."""

    figures: Figures
    left_out: int
    robustness: Robustness | None
    unmatched: int
    groups: "Outcome | None"
    sha256: tuple[str, ...]


def measure(wishes: Wishes) -> Measured:
    """Reads the files once. Writes nothing. Raises BadInput, NotFound, UsageError."""
    rows, digest = _read(wishes.table)
    counts: Counter[tuple[str, str]] = Counter()
    left_out = 0
    for row in rows:
        pair = _cell(row, wishes.label), _cell(row, wishes.prediction)
        if "" in pair:
            left_out += 1
        else:
            counts[pair] += 1
    if not counts:
        raise BadInput("no row has both a label and a prediction", where=wishes.table.name)
    if len({name for pair in counts for name in pair}) > MOST_CLASSES:
        raise UsageError(
            f"there are more than {MOST_CLASSES} different values, so they are no classes", where=wishes.table.name
        )
    held, unmatched, second = _disturbed(wishes, rows)
    return Measured(figures(counts), left_out, held, unmatched, _groups(wishes), (digest, *second))


def _read(path: Path) -> "tuple[list[Row], str]":
    from haipkit.adapters.suite_rows import rows_of

    try:
        data = path.read_bytes()
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault
    return list(rows_of(data, path.name)), hashlib.sha256(data).hexdigest()


def _cell(row: "Row", column: str) -> str:
    """The value of a cell as text, whole numbers without a point; empty where there is none."""
    if column not in row.values:
        raise row.fault(f"there is no column {column!r}", f"There are: {', '.join(map(str, row.values))}.")
    value = row.values[column]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in _MISSING else text


def _disturbed(wishes: Wishes, rows: "list[Row]") -> tuple[Robustness | None, int, tuple[str, ...]]:
    if wishes.disturbed is None:
        return None, 0, ()
    if not wishes.identity:
        raise UsageError("which column says that two rows are the same one?", advice="Say --id COLUMN.")
    others, digest = _read(wishes.disturbed)
    after: dict[str, str] = {}
    for row in others:
        name = _cell(row, wishes.identity)
        if name in after:
            raise row.fault(f"{name!r} is there twice")
        after[name] = _cell(row, wishes.prediction)
    triples: Counter[tuple[str, str, str]] = Counter()
    seen: set[str] = set()
    for row in rows:
        name = _cell(row, wishes.identity)
        if name in seen:
            raise row.fault(f"{name!r} is there twice")
        seen.add(name)
        triple = _cell(row, wishes.label), _cell(row, wishes.prediction), after.get(name, "")
        if "" not in triple:
            triples[triple] += 1
    if not triples:
        raise BadInput("the two files have no row in common", where=wishes.disturbed.name)
    # A row that a system failed to answer must not vanish from the count.
    return robustness(triples), len(seen | set(after)) - sum(triples.values()), (digest,)


def _groups(wishes: Wishes) -> "Outcome | None":
    from haipkit.workspace import bias

    if not wishes.groups:
        return None
    return bias.measure(bias.Wishes(wishes.table, wishes.label, wishes.groups, wishes.prediction, wishes.positive))


def keep(
    workspace: "Workspace", wishes: Wishes, measured: Measured, *, system: str, stage: str, office: str | None = None
) -> "Written":
    """Keep the figures as an evaluation. They decide nothing: no threshold was registered before."""
    from haipkit.workspace.forms import slug
    from haipkit.workspace.measured import keep_measured

    key = slug(f"classifier-{wishes.table.stem}")
    return keep_measured(
        workspace, "evaluation", lambda day: _body(wishes, measured, stage, day), key=key, system=system, office=office
    )


def _body(wishes: Wishes, measured: Measured, stage: str, day: str) -> dict[str, Any]:
    found = measured.figures
    limits = ["Rows without a label or a prediction are left out."]
    if measured.groups is None:
        limits.append("No groups were compared.")
    if measured.robustness is None:
        limits.append("No disturbed inputs were tried.")
    elif measured.unmatched:
        limits.append(f"{measured.unmatched:,} rows have no partner among the disturbed ones, and do not count there.")
    return {
        "title": f"Predictions in {wishes.table.name}"[:300],
        "method": "benchmark",
        "domains": ["society"] if measured.groups is not None else ["other"],
        "performed_by": "internal",
        "stage": stage,
        "result": "informational",
        "performed_on": day,
        "samples": found.rows + measured.left_out,
        "scored": found.rows,
        "errors": measured.left_out,
        "metrics": [_as_metric(row) for row in metrics(measured)],
        "limitations": limits,
        "summary": f"Files read, by SHA-256: {', '.join(measured.sha256)}.",
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure. `cases` of `n` where it is a share of rows; then it has an exact 95 % interval."""

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None


def metrics(measured: Measured) -> list[Shown]:
    """All figures, in the order in which they are shown."""
    found, held = measured.figures, measured.robustness
    rows = [
        _share("accuracy", found.right, found.rows),
        Shown("balanced accuracy", found.balanced_accuracy, found.rows),
        Shown("macro F1", found.macro_f1, found.rows),
    ]
    if held is not None:
        rows += [
            _share("same answer when disturbed", held.stayed, held.rows),
            _share("accuracy when disturbed", held.right_after, held.rows),
            _share("right answers that became wrong", held.broken, held.rows),
        ]
    for grouping in measured.groups.groupings if measured.groups is not None else ():
        by = " and ".join(grouping.columns)
        for figure in grouping.figures:
            if figure.value is not None:
                rows.append(Shown(f"{figure.name} by {by}", figure.value, found.rows, figure.low, figure.high))
    return rows


def _share(name: str, cases: int, out_of: int) -> Shown:
    from haipkit.kernel.intervals import exact

    return Shown(name, cases / out_of, out_of, *exact(cases, out_of))


def _as_metric(row: Shown) -> dict[str, Any]:
    from haipkit.kernel.intervals import decimal

    made: dict[str, Any] = {"name": row.name[:200], "value": decimal(row.value), "unit": "share", "n": row.n}
    if row.low is not None and row.high is not None:
        made |= {"low": decimal(row.low), "high": decimal(row.high)}
    return made
