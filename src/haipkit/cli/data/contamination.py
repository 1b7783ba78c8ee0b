"""`haip data contamination`: how much of a benchmark stands in a data set."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import count, job, shown_progress, told_data, told_faults, told_record, verdict
from haipkit.cli.output import echo_json, line, table
from haipkit.kernel.errors import NotFound

if TYPE_CHECKING:
    from haipkit.workspace.contamination import Contamination, ContaminationWishes

_WORDS = {
    "clean": "Nothing of these benchmarks was found.",
    "findings": "Parts of the benchmarks stand in the data set. What a model scores on them shows less than it seems.",
    "fail": "More of a benchmark stands in the data set than was allowed.",
    "incomplete": "Not everything could be read, so there may be more.",
}


@click.command(name="contamination")
@click.argument("paths", nargs=-1, required=True)
@click.option("--benchmark", "benchmarks", multiple=True, metavar="FILE", help="Questions and answers (repeatable).")
@click.option("--probes", is_flag=True, help="Look for the probes that this version ships, too.")
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--fail-over", "limit", metavar="SHARE", help="End with 1 if more of one benchmark is found: 1%")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="The field of PATHS that is the text.")
@click.option("--benchmark-field", "item_fields", multiple=True, metavar="NAME", help="A field of the benchmarks.")
@click.option(
    "--table", "table_", type=click.Path(path_type=Path), metavar="FILE", help="Write a row an item, Parquet."
)
@click.option("--jobs", type=click.IntRange(0), default=0, help="Worker processes (default: one per processor).")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    benchmarks: tuple[str, ...],
    probes: bool,
    dataset: str | None,
    system: str | None,
    limit: str | None,
    fields: tuple[str, ...],
    item_fields: tuple[str, ...],
    table_: Path | None,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Look in PATHS for the items of benchmarks that you name, so that you know what a model's score is worth.

    Benchmarks are JSON lines, JSON, Parquet, CSV or text, with fields such as question and answer. Ends with 0, with 1
    when more than --fail-over of one benchmark is contaminated, with 2 when something was wrong with the input.
    """
    from haipkit.workspace.contamination import ContaminationWishes, shipped_probes

    if probes:
        shipped = shipped_probes()
        if not shipped:
            raise NotFound("this version ships no probes", advice="Name files of your own with --benchmark FILE.")
        benchmarks = (*benchmarks, *map(str, shipped))
    wishes = ContaminationWishes(paths, benchmarks, fields, item_fields, limit, table_, jobs)
    found = job(ctx.obj, dataset, system, office, "dataset-contamination", lambda private: _search(wishes, private))
    if as_json:
        echo_json(_as_json(found))
    else:
        _tell(found, table_)
    return 1 if found.outcome == "fail" else 2 if found.faults else 0


def _search(wishes: "ContaminationWishes", private: Path | None) -> "Contamination":
    from haipkit.workspace.contamination import contamination

    with shown_progress("Looking for benchmarks") as step:
        return contamination(wishes, private=private, progress=step)


def _tell(found: "Contamination", target: Path | None) -> None:
    rows = [
        (
            one.name,
            f"{one.items:,}",
            f"{one.judged:,}",
            f"{one.overlapping:,}",
            f"{one.contaminated:,}",
            _share(one.rate),
        )
        for one in found.benchmarks
    ]
    table(rows, ("Benchmark", "Items", "Judged", "In part", "Contaminated", "Share"))
    line()
    line(f"{count(found.counts['documents'], 'document')} in {count(found.counts['files'], 'file')}.")
    short = sum(one.items - one.judged for one in found.benchmarks)
    if short:
        line(f"{count(short, 'item')} could not be judged: too short, or with nothing of their own.")
    told_faults(found.faults)
    line()
    line(verdict(_WORDS, found.outcome, found.counts["documents"]))
    line(f"{found.controls} planted items were decided rightly first.")
    if target is not None:
        line(f"Table: {target}")
    told_record(found.written, found.notes)


def _share(rate: object) -> str:
    return f"{100 * float(str(rate)):.1f} %"


def _as_json(found: "Contamination") -> dict[str, object]:
    body = found.body("", "", ())
    for name in ("name", "checked_on", "requirements"):
        del body[name]
    return {
        **body,
        "skipped": found.skipped,
        **told_data(found),
    }
