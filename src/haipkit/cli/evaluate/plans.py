"""`haip evaluate list`: the plans, and what came of them."""

import click

from haipkit.cli.output import echo_json, line, table


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Every registered plan with its runs: each start is shown, also one that was stopped."""
    from haipkit.workspace.ask import history
    from haipkit.workspace.evaluation_run import runs_of
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        plans = history(workspace, kinds=["evaluation-plan/1"])
        rows = [
            (
                str(plan.header.key),
                str(plan.header.system),
                ", ".join(str(one["suite"]) for one in plan.body["suites"]),
                str(plan.body["registered_on"]),
                [
                    (int(run.body["ordinal"]), str(run.body.get("outcome") or run.body["state"]))
                    for run in runs_of(workspace, str(plan.header.key))
                ],
            )
            for plan in plans
        ]
    if as_json:
        names = ("plan", "system", "suites", "registered_on", "runs")
        echo_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    if not rows:
        line("No plan is registered yet: haip evaluate plan SUITE --system SYSTEM/RELEASE")
        return
    shown = [(*row[:4], ", ".join(f"{number} {word}" for number, word in row[4]) or "not run") for row in rows]
    table(shown, ("Plan", "System", "Suites", "Registered", "Runs"))
