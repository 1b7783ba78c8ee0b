"""`haip data canaries`: made-up codes to plant in training data."""

from pathlib import Path

import click

from haipkit.cli.data.told import record_data
from haipkit.cli.output import echo_json, line


def _numbers(ctx: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    from haipkit.kernel.errors import UsageError

    try:
        return tuple(int(word) for word in value.split(","))
    except ValueError:
        raise UsageError(f"{value!r} is not a list of numbers", where="--repeat", advice="Write 1,4,16,64.") from None


@click.group(name="canaries")
def command() -> None:
    """Plant made-up codes in training data, so that a leak can be proved later."""


@command.command(name="make")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option("--name", default="canaries", show_default=True, help="What the set is called.")
@click.option("--count", type=int, default=20, show_default=True, help="How many codes.")
@click.option(
    "--repeat", "repeats", callback=_numbers, default="1", show_default=True, help="Copies, dealt out in turn: 1,4,16."
)
@click.option("--digits", type=int, default=10, show_default=True, help="Digits of a code.")
@click.option("--template", metavar="TEXT", help="The text to plant, with {code} and perhaps {name} in it.")
@click.option("--ending", default=".txt", show_default=True, help="What the names of files end with.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that is trained.")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def make(
    ctx: click.Context,
    out: Path,
    name: str,
    count: int,
    repeats: tuple[int, ...],
    digits: int,
    template: str | None,
    ending: str,
    system: str | None,
    office: str | None,
    as_json: bool,
) -> int:
    """Register the digests of made-up codes, then write documents that hold them to OUT.

    OUT is a folder that gets one file for each copy, or a file that ends with .jsonl. Add it to the training data,
    train, and run `haip data leak-test`. The codes follow from a key that stays in the workspace; run the same command
    again to have the same documents once more.
    """
    from haipkit.actions.a11_data.leak_canaries import TEMPLATE, CanarySet
    from haipkit.workspace.canaries import make as plant
    from haipkit.workspace.open import open_workspace

    # A shell passes \n as two characters.
    text = (template or TEMPLATE).replace("\\n", "\n")
    with open_workspace(ctx.obj) as workspace:
        given = CanarySet(name, count, repeats, digits, text)
        made = plant(workspace, given, out, ending=ending, system=system, office=office)
    if as_json:
        facts = {"canaries": made.canaries, "documents": made.documents, "out": str(made.out)}
        echo_json({**facts, "record": record_data(made.written)})
        return 0
    word = "Already registered" if made.written.unchanged else "Registered"
    record = f"#{made.written.index} ({made.written.kind}, {made.written.key})"
    line(f"{word}: {record}, the digests of {made.canaries} codes.")
    line(f"Written to {made.out}: {made.documents:,} documents. Add them to the training data before you train.")
    line("They are not personal data, and they are secret: whoever sees them can make a model look worse than it is.")
    return 0
