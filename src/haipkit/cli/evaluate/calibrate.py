"""`haip evaluate calibrate`: how well a judge grades answers that people have graded."""

from pathlib import Path

import click

from haipkit.cli.evaluate.target import judge_place
from haipkit.cli.output import echo_json, line, table


@click.command(name="calibrate")
@click.option("--judge", required=True, metavar="URL", help="The judge, or MODULE:NAME for a Python function.")
@click.option("--judge-model", default="", metavar="NAME")
@click.option("--judge-key-env", default="", metavar="NAME")
@click.option("--set", "labelled", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context, judge: str, judge_model: str, judge_key_env: str, labelled: Path, as_json: bool
) -> None:
    """Put answers that people have graded to a judge, and count where it agrees.

    FILE is CSV or JSONL with the columns asked, answered, verdict (y: it failed, n: it did not), and question where the
    usual one does not fit. Nothing is recorded: the counts go into a plan, whose digest holds them.
    """
    from haipkit.workspace.evaluation_calibrate import calibrate, read_labelled
    from haipkit.workspace.evaluation_feed import QUESTION
    from haipkit.workspace.evaluation_plan import JudgeSetting
    from haipkit.workspace.open import open_workspace

    items = read_labelled(labelled)
    setting = JudgeSetting(judge_place(judge), judge_model, QUESTION, judge_key_env)
    with open_workspace(ctx.obj) as workspace:
        found = calibrate(workspace, setting, items)
    counts = found.calibration
    if as_json:
        echo_json({**counts.to_json(), "unreadable": found.unreadable, "judge_calibration": found.option})
        return
    rows = (
        ("it failed", f"{counts.found} found", f"{counts.overlooked} overlooked", f"{100 * counts.sensitivity:.1f} %"),
        ("it did not", f"{counts.accused} accused", f"{counts.cleared} cleared", f"{100 * counts.specificity:.1f} %"),
    )
    table(rows, ("People say", "Judge: failed", "Judge: passed", "Right"))
    if found.unreadable:
        line(f"{found.unreadable} of its {len(items)} replies said neither yes nor no; they are counted nowhere.")
    line(f"A system that never fails would read as {100 * counts.reads_as(0):.1f} % with this judge.")
    if counts.sensitivity + counts.specificity <= 1:
        line("This judge is no better than chance. Take another one.")
        return
    line(f"Pass to haip evaluate plan: --judge-calibration {found.option}")
