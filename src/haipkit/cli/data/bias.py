"""`haip data bias`: compare groups in a table."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import job, told_record
from haipkit.cli.output import bullets, echo_json, heading, line, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.actions.a11_data.fairness import Cells, Figure
    from haipkit.workspace.bias import Grouping, Outcome, Wishes

_SHOWN = 20
_WORDS = {
    "measured": "The figures say how groups differ. Whether that is wrong, people have to judge.",
    "fail": "At least one figure is beyond the limit that you set.",
    "not-computable": "What you asked for cannot be computed from this table.",
}


def _limits(ctx: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    found = []
    for entry in value:
        name, equals, number = entry.partition("=")
        try:
            limit = float(number) if equals else -1.0
        except ValueError:
            limit = -1.0
        if not 0 <= limit <= 1:
            raise UsageError(f"a limit reads FIGURE=NUMBER between 0 and 1, not {entry!r}")
        found.append((name.strip(), limit))
    return tuple(found)


@click.command(name="bias")
@click.argument("table_", metavar="TABLE", type=click.Path(path_type=Path, exists=True))
@click.option("--label", required=True, metavar="COLUMN", help="What is true of each row.")
@click.option("--prediction", metavar="COLUMN", help="What the system said.")
@click.option("--groups", required=True, metavar="COLUMNS", help="Columns that form groups: sex,age.")
@click.option("--positive", metavar="VALUE", help="The value of label and prediction that counts as positive.")
@click.option("--limit", "limits", multiple=True, callback=_limits, metavar="FIGURE=X", help="End with 1 beyond it.")
@click.option("--smallest", type=click.IntRange(1), default=30, show_default=True, help="Fewer rows are a small group.")
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    table_: Path,
    label: str,
    prediction: str | None,
    groups: str,
    positive: str | None,
    limits: tuple[tuple[str, float], ...],
    smallest: int,
    dataset: str | None,
    system: str | None,
    office: str | None,
    as_json: bool,
) -> int:
    """Compare groups in TABLE (CSV, Parquet or JSON lines): labels, selection rates, errors.

    Figures are those of the fairlearn library: demographic parity and equalized odds, as difference and ratio. What
    cannot be computed is said, with the reason. Ends with 0, or with 1 when a --limit is passed.
    """
    from haipkit.workspace.bias import Wishes

    names = tuple(dict.fromkeys(name.strip() for name in groups.split(",") if name.strip()))
    wishes = Wishes(table_, label, names, prediction, positive, smallest, limits)
    outcome = job(ctx.obj, dataset, system, office, "dataset-bias", lambda private: _measure(wishes))
    if as_json:
        echo_json(_as_json(outcome))
    else:
        _tell(outcome)
    return 1 if outcome.outcome == "fail" else 0


def _measure(wishes: "Wishes") -> "Outcome":
    from haipkit.cli.data.told import shown_progress
    from haipkit.workspace.bias import measure

    with shown_progress("Reading") as step:
        return measure(wishes, progress=step)


def _tell(outcome: "Outcome") -> None:
    for grouping in outcome.groupings:
        heading("By " + " and ".join(grouping.columns))
        _tell_groups(outcome, grouping)
        line()
        table([_figure_row(outcome, figure) for figure in grouping.figures], ("Figure", "Value", "95 % interval"))
    line()
    line(f"{outcome.rows:,} rows, {outcome.left_out:,} left out for want of a value. Positive: {outcome.positive}.")
    line(_WORDS[outcome.outcome])
    small = [
        f"{', '.join(group)}: {cells.rows:,} rows"
        for grouping in outcome.groupings
        for group, cells in sorted(grouping.groups.items())
        if outcome.small(cells)
    ]
    if small:
        line(f"Groups with fewer than {outcome.wishes.smallest} rows; their rates say little:")
        bullets([*small[:_SHOWN], *(["…"] if len(small) > _SHOWN else [])])
    told_record(outcome.written, outcome.notes)


def _tell_groups(outcome: "Outcome", grouping: "Grouping") -> None:
    predicted = outcome.wishes.prediction is not None
    heads = [
        "Group",
        "Rows",
        "Labelled positive",
        *(["Selected", "Found", "False alarms", "Right"] if predicted else []),
    ]
    largest = sorted(grouping.groups.items(), key=lambda item: (-item[1].rows, item[0]))
    table([_group_row(", ".join(group), cells, predicted) for group, cells in largest[:_SHOWN]], heads)
    if len(largest) > _SHOWN:
        line(f"… and {len(largest) - _SHOWN:,} more groups (--json lists them).")


def _group_row(name: str, cells: "Cells", predicted: bool) -> tuple[str, ...]:
    from haipkit.kernel.intervals import exact

    row = [name, f"{cells.rows:,}"]
    for rate, (cases, out_of) in cells.rates().items():
        if predicted or rate == "base_rate":
            low, high = exact(cases, out_of)
            row.append(f"{cases / out_of:.3f} ({low:.2f}–{high:.2f})" if out_of else "–")
    return tuple(row)


def _figure_row(outcome: "Outcome", figure: "Figure") -> tuple[str, str, str]:
    if figure.value is None:
        return figure.name, "not computable", figure.why_not
    interval = f"{figure.low:.3f} to {figure.high:.3f}" if figure.low is not None else "none: too few cases"
    limit = outcome.limits.get(figure.name)
    mark = "" if limit is None else f"; limit {limit:g}: {'passed' if outcome.passed(figure) else 'kept'}"
    return figure.name, f"{figure.value:.4f}", interval + mark


def _as_json(outcome: "Outcome") -> dict[str, object]:
    from haipkit.cli.data.told import record_data

    body = outcome.body("", "", ())
    for name in ("name", "checked_on", "requirements"):
        del body[name]
    return {**body, "record": record_data(outcome.written)}
