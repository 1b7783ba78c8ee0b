"""`haip data dedup`: find exact and near duplicates in a data set, and write a copy without them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import count, job, shown_progress, told_data, told_faults, told_record, verdict
from haipkit.cli.output import echo_json, line, table

if TYPE_CHECKING:
    from haipkit.workspace.dedup import Duplicates
    from haipkit.workspace.dedup_search import DedupWishes

_WORDS = {
    "clean": "There are no duplicates.",
    "findings": "The data set holds duplicates. Nothing was deleted: --out FOLDER writes a copy without them.",
    "treated": "The copy is without the duplicates. The original is unchanged.",
    "incomplete": "Not everything could be read, so there may be more.",
}


@click.command(name="dedup")
@click.argument("paths", nargs=-1, required=True)
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option(
    "--keep", "kept", type=click.Choice(["first", "longest"]), default="first", show_default=True, help="Which stays."
)
@click.option("--threshold", default="0.8", show_default=True, metavar="SHARE", help="How similar is a duplicate.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="The field that is the text (repeatable).")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Write a copy without duplicates.")
@click.option(
    "--table",
    "table_",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what is kept and dropped, Parquet.",
)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Worker processes (default: one per processor).")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    dataset: str | None,
    system: str | None,
    kept: str,
    threshold: str,
    fields: tuple[str, ...],
    out: Path | None,
    table_: Path | None,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Find documents in PATHS that are equal or nearly equal to another one, in any language.

    A document is dropped only if one that stays is as similar as the threshold says, or more. Nothing is deleted: the
    table says what would go and why, and --out writes a copy without it. Ends with 0, or with 2 when something was
    wrong with the input. Stop it with Ctrl-C; with --dataset the same command goes on where it stopped.
    """
    from haipkit.workspace.dedup_search import DedupWishes

    wishes = DedupWishes(paths, kept, threshold, fields, out, table_, jobs)
    found = job(ctx.obj, dataset, system, office, "dataset-duplicates", lambda private: _search(wishes, private))
    if as_json:
        echo_json(_as_json(found))
    else:
        _tell(found)
    return 2 if found.faults else 0


def _search(wishes: "DedupWishes", private: Path | None) -> "Duplicates":
    from haipkit.workspace.dedup import dedup

    with shown_progress("Comparing") as step:
        return dedup(wishes, private=private, progress=step)


def _tell(found: "Duplicates") -> None:
    tally, wishes = found.tally, found.wishes
    rows = [
        ("equal to one that stays", f"{tally.exact:,}"),
        (f"similar to one that stays ({wishes.threshold} or more)", f"{tally.near:,}"),
        ("all others", f"{tally.documents - tally.dropped:,}"),
    ]
    table(rows, ("Documents", "Number"))
    line()
    line(
        f"{count(tally.documents, 'document')} in {count(tally.files, 'file')}. "
        f"{count(tally.clusters, 'document')} would stay in place of others; {count(tally.compared, 'pair')} compared."
    )
    if tally.common_lines:
        line(f"{count(tally.common_lines, 'line')} that many documents share {_left(tally.common_lines)} left out.")
    told_faults(found.faults)
    line()
    line(verdict(_WORDS, found.outcome, found.tally.documents))
    line(f"{found.controls} planted texts were decided rightly first.")
    for word, place in (("Copy", wishes.out), ("Table", wishes.table)):
        if place is not None:
            line(f"{word}: {place}")
    told_record(found.written, found.notes)


def _left(number: int) -> str:
    return "was" if number == 1 else "were"


def _as_json(found: "Duplicates") -> dict[str, object]:
    body = found.body("", "", ())
    for name in ("name", "searched_on", "requirements"):
        del body[name]
    return {
        **body,
        "skipped": found.skipped,
        **told_data(found),
    }
