"""`haip evaluate classifier`: measure a classifier from files of its predictions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.output import echo_json, line, table

if TYPE_CHECKING:
    from haipkit.workspace.classifier import Measured


@click.command(name="classifier")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--label", required=True, metavar="COLUMN", help="What is true of each row.")
@click.option("--prediction", required=True, metavar="COLUMN", help="What the system said.")
@click.option("--groups", default="", metavar="COLUMNS", help="Columns that form groups: sex,age. Two classes only.")
@click.option("--positive", metavar="VALUE", help="The class that counts as positive when groups are compared.")
@click.option("--disturbed", type=click.Path(path_type=Path), metavar="FILE", help="Predictions on disturbed inputs.")
@click.option("--id", "identity", default="", metavar="COLUMN", help="Says which row of the two files is the same one.")
@click.option("--system", metavar="SYSTEM/RELEASE", help="Keep the figures as an evaluation of this release.")
@click.option(
    "--stage",
    type=click.Choice(["design", "training", "pre-deployment", "deployment", "post-deployment"]),
    default="pre-deployment",
    show_default=True,
)
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    label: str,
    prediction: str,
    groups: str,
    positive: str | None,
    disturbed: Path | None,
    identity: str,
    system: str | None,
    stage: str,
    office: str | None,
    as_json: bool,
) -> None:
    """Measure a classifier from FILE (CSV, Parquet or JSON lines): a row for each case, with its label and prediction.

    Figures are those of the scikit-learn and fairlearn libraries. Shares of rows come with exact 95 % intervals. The
    figures decide nothing: no threshold was registered before.
    """
    from haipkit.workspace.classifier import Wishes, keep, measure
    from haipkit.workspace.open import open_workspace

    names = tuple(dict.fromkeys(name.strip() for name in groups.split(",") if name.strip()))
    wishes = Wishes(file, label, prediction, names, positive, disturbed, identity)
    measured = measure(wishes)
    index = None
    if system is not None:
        with open_workspace(ctx.obj) as workspace:
            index = keep(workspace, wishes, measured, system=system, stage=stage, office=office).index
    if as_json:
        echo_json(_as_json(measured, index))
    else:
        _tell(measured, index)


def _tell(measured: "Measured", index: int | None) -> None:
    from haipkit.workspace.classifier import metrics

    rows = [
        (one.name, f"{one.value:.4f}", f"{one.low:.4f} to {one.high:.4f}" if one.low is not None else "–")
        for one in metrics(measured)
    ]
    table(rows, ("Figure", "Value", "95 % interval"))
    line()
    classes = [
        (one.name, f"{one.support:,}", f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}")
        for one in measured.figures.classes
    ]
    table(classes, ("Class", "Rows", "Precision", "Recall", "F1"))
    line()
    line(f"{measured.figures.rows:,} rows; {measured.left_out:,} left out for want of a label or a prediction.")
    if measured.unmatched:
        line(f"{measured.unmatched:,} rows stand in one of the two files alone, or lack a value.")
    if index is not None:
        line(f"Recorded: #{index}.")


def _as_json(measured: "Measured", index: int | None) -> dict[str, object]:
    from haipkit.workspace.classifier import metrics

    return {
        "rows": measured.figures.rows,
        "left_out": measured.left_out,
        "unmatched": measured.unmatched,
        "figures": [{name: getattr(one, name) for name in one.__slots__} for one in metrics(measured)],
        "classes": [
            {
                "name": one.name,
                "rows": one.support,
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
            }
            for one in measured.figures.classes
        ],
        "sha256": list(measured.sha256),
        "record": index,
    }
