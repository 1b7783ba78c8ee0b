"""`haip risk`: the risk register, with what was measured."""

from dataclasses import asdict

import click

from haipkit.cli.output import bullets, echo_json, heading, line


@click.command(name="risk")
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(ctx: click.Context, key: str | None, as_json: bool) -> None:
    """Show every risk (or the risk KEY) with its treatment, the tests behind it, and whether their results still hold.

    A risk names its tests: `haip add risk KEY --amend --tested-by SUITE`. A result goes stale when a later release
    comes out, or when the system is registered anew as another one.
    """
    from haipkit.kernel.errors import NotFound
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.risks import risk_register

    with open_workspace(ctx.obj) as workspace:
        rows = risk_register(workspace)
    if key is not None:
        known = ", ".join(row.key for row in rows) or "none yet"
        rows = [row for row in rows if row.key == key]
        if not rows:
            raise NotFound(f"there is no risk {key!r}", advice=f"Known: {known}.")
    if as_json:
        echo_json([asdict(row) for row in rows])
        return
    if not rows:
        line("No risk is recorded yet: haip add risk")
    for row in rows:
        heading(f"{row.title} ({row.key})")
        about = f"{row.system}: " if row.system else ""
        accepted = f", accepted {row.accepted}" if row.accepted else ""
        line(f"{about}{row.level}; treatment {row.treatment}{accepted}; kind of risk: {row.domain}", indent=2)
        bullets(
            [
                *(
                    f"{one.key} on {one.system}: {one.verdict}{f', {one.rate}' if one.rate else ''} (#{one.record})"
                    + (f". Stale: {one.stale}." if one.stale else "")
                    for one in row.measured
                ),
                *(f"Effect of what was done: {effect}" for effect in row.effects),
                *(f"{name}: no result yet (haip evaluate plan {name} …)" for name in row.missing),
            ],
            indent=4,
        )
        if not row.measured and not row.missing:
            line("No test is named for it: haip add risk " + row.key + " --amend --tested-by SUITE", indent=4)
