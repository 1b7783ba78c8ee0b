"""`haip evaluate compare`: two runs of the same probes side by side."""

import click

from haipkit.cli.output import echo_json, line, table


@click.command(name="compare")
@click.argument("before")
@click.argument("after")
@click.option("--suite", metavar="NAME", help="Only this suite.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, before: str, after: str, suite: str | None, office: str | None, as_json: bool) -> int:
    """Compare the runs BEFORE and AFTER, named PLAN or PLAN.NUMBER, on the probes that both were asked.

    Only probes whose outcome differs count. Says IMPROVED, REGRESSED or NO EVIDENCE, and ends with 0, 1 or 2; with 3
    when too many answers are missing. Run both plans with --all to have as many pairs as there are probes.
    """
    from haipkit.workspace.evaluation_compare import compare
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        found = compare(workspace, before, after, suite=suite, office=office)
    codes = {"IMPROVED": 0, "NO EVIDENCE": 2, "REGRESSED": 1, "INVALID": 3}
    worst = max((codes[one.comparison.effect] for one in found), key=lambda code: (code == 3, code == 1, code))
    if as_json:
        echo_json(
            [
                {
                    "suite": one.suite,
                    "before": one.before,
                    "after": one.after,
                    "effect": one.comparison.effect,
                    "pairs": one.comparison.pairs,
                    "improved": one.comparison.improved,
                    "worsened": one.comparison.worsened,
                    "without_grade": one.comparison.lost,
                    "reason": one.comparison.reason,
                    "record": one.written.index if one.written else None,
                }
                for one in found
            ]
        )
        return worst
    rows = []
    for one in found:
        change = one.comparison.change
        points = f"{change.rate * 100:+.1f} ({change.low * 100:+.1f} to {change.high * 100:+.1f})" if change else "–"
        counted = f"{one.comparison.improved} better, {one.comparison.worsened} worse, of {one.comparison.pairs}"
        rows.append((one.suite, one.comparison.effect, counted, points))
    table(rows, ("Suite", "Effect", "Probes", "Change of the failure rate in points (95 %)"))
    records = [f"#{one.written.index}" for one in found if one.written]
    line(f"Recorded: {', '.join(records)}.")
    return worst
