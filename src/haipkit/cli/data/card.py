"""`haip data card`: a dataset card in Croissant."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from haipkit.cli.output import echo_json, line, progress


@click.command(name="card")
@click.argument("dataset", metavar="DATASET")
@click.argument("paths", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file instead.")
@click.pass_context
def command(ctx: click.Context, dataset: str, paths: tuple[str, ...], out: Path | None) -> None:
    """Describe DATASET as Croissant (MLCommons), from its records and the digests of its files under PATHS.

    Hubs, search engines and loaders read that format. What nobody recorded is left out.
    """
    from haipkit.workspace.card import dataset_card, write_card
    from haipkit.workspace.open import open_workspace

    with open_workspace(ctx.obj) as workspace, ExitStack() as stack:
        shown: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress("Hashing", total)))
            shown[0](done)

        card = dataset_card(workspace, dataset, paths, step)
    if out is None:
        echo_json(card)
        return
    write_card(card, out)
    files = len(card.get("distribution", ()))
    line(f"Written: {out} ({files} file{'' if files == 1 else 's'} listed by digest).")
