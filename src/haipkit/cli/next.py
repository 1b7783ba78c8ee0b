"""`haip next`: what to do first, and why."""

import click

from haipkit.cli.output import echo_json, line, paint


@click.command(name="next")
@click.option("--count", "-n", default=5, show_default=True, help="How many steps to show.")
@click.option("--at", "day", metavar="DAY", help="As of a day in the past.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(ctx: click.Context, count: int, day: str | None, as_json: bool) -> None:
    """What to do first. Order: dates in law, then due dates, then the step that moves most."""
    from haipkit.kernel.clock import parse_day
    from haipkit.workspace.ask import assessment, steps
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        found = assessment(workspace, parse_day(day, where="--at") if day else None)
        todo = steps(workspace, found)
    if as_json:
        echo_json([step._asdict() for step in todo[:count]])
        return
    if not todo:
        line("Nothing is open as of " + found.as_of + ". `haip status` shows what that rests on.")
        return
    for place, step in enumerate(todo[:count], 1):
        mark = " ⚖ date in law" if step.legal else ""
        print(paint(f"{place}. {step.title}", "bold") + mark)
        line(step.how, indent=3)
        line(f"Why: {step.why}", indent=3)
        owner = f"Owner: {step.owner}. " if step.owner else ""
        if owner or step.due:
            line(f"{owner}{f'Due: {step.due}.' if step.due else ''}".strip(), indent=3)
        for words in (step.command, *step.also):
            print(f"   $ {words}")
        print()
    if any("<" in words for step in todo[:count] for words in (step.command, *step.also)):
        line("Write your own words where <…> stands; `haip schema KIND` says what belongs there.")
    if len(todo) > count:
        line(f"{len(todo) - count} more: haip next --count {len(todo)}")
