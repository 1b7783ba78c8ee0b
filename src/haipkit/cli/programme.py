"""`haip programme`: optional sets of duties with dates."""

import click

from haipkit.cli.output import echo_json, heading, line, table


@click.group(name="programme", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Optional programmes: practice beside the Code, labelled as such."""
    if ctx.invoked_subcommand is not None:
        return
    from haipkit.conduct.load import load_conduct

    programmes = load_conduct().programmes
    if as_json:
        echo_json(
            [{"id": p.id, "title": p.title, "standing": p.standing, "source": p.source} for p in programmes.values()]
        )
        return
    for programme in programmes.values():
        heading(f"{programme.id}: {programme.title}")
        line(programme.standing, indent=2)
        line(f"Source: {programme.source} (as of {programme.as_of})", indent=2)
        rows = [(_within(duty.within_days), duty.title) for duty in programme.duties]
        table(rows, ("Within", "Duty"), indent=2)
    line()
    line("Choose one: haip programme choose ID --statement '…'")


def _within(days: int | None) -> str:
    return f"{days} days" if days is not None else "no number given"


@command.command()
@click.argument("programme")
@click.option("--statement", default="We commit to this programme.", show_default=True, help="What you say about it.")
@click.option("--made-on", metavar="DAY", help="The day of the commitment (default: today).")
@click.option("--by", "office", metavar="OFFICE")
@click.pass_context
def choose(ctx: click.Context, programme: str, statement: str, made_on: str | None, office: str | None) -> None:
    """Commit to PROGRAMME (or to code-of-conduct): its clocks start on the day of the commitment."""
    from haipkit.kernel.words import ACTIONS, Status
    from haipkit.workspace.ask import assessment
    from haipkit.workspace.do import commit_to
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace:
        written = commit_to(workspace, programme, statement=statement, made_on=made_on, office=office)
        found = assessment(workspace)
    line(f"Committed, as record #{written.index}.")
    rows = [
        (clock.due, clock.owner or "no owner", clock.title)
        for clock in found.clocks
        if clock.started_by == written.record_id
    ]
    if rows:
        table(rows, ("Due", "Owner", "Duty"))
    asked = {finding.action for finding in found.findings if finding.status is not Status.NOT_APPLICABLE}
    bare = [str(action) for action in ACTIONS if action in asked and action not in found.owners]
    if bare:
        line(f'No owner is named yet for action {", ".join(bare)}: haip add owner {bare[0]} --office "<office>"')
