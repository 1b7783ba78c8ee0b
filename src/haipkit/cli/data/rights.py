"""`haip data rights`: licences and reservations in a data set, and a decision for each source."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import count, job, told_faults, told_record, verdict
from haipkit.cli.output import echo_json, heading, line, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.workspace.rights import Outcome, Wishes

_SHOWN = 15
_WORDS = {
    "clean": "For every document something says that it may be used, and nothing says that it may not.",
    "findings": "Some sources say that their documents are not to be used.",
    "treated": "The copy leaves out what its sources refuse. The original is unchanged.",
    "fail": "The data set holds documents that their sources refuse.",
    "unclear": "No source refuses. For some documents nothing says that they may be used.",
    "incomplete": "Not everything could be read, so there may be more.",
}


@click.command(name="rights")
@click.argument("paths", nargs=-1, required=True)
@click.option("--sources", type=click.Path(path_type=Path), metavar="PLACE", help="What the crawl stored beside it.")
@click.option(
    "--domains", type=click.Path(path_type=Path), metavar="FILE", help="Domains that are refused, one a line."
)
@click.option("--agent", "agents", multiple=True, metavar="TOKEN", help="Your own crawler's name (repeatable).")
@click.option("--use", type=click.Choice(["training", "retrieval", "any"]), default="training", show_default=True)
@click.option("--drop", type=click.Path(path_type=Path), metavar="OUT", help="Write a copy without refused documents.")
@click.option("--table", "table_", type=click.Path(path_type=Path), metavar="FILE", help="Keep or drop, by source.")
@click.option("--fail-on-deny", is_flag=True, help="End with 1 if a source refuses and nothing is dropped.")
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--jobs", type=click.IntRange(0), default=0, help="Worker processes (default: one per processor).")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    sources: Path | None,
    domains: Path | None,
    agents: tuple[str, ...],
    use: str,
    drop: Path | None,
    table_: Path | None,
    fail_on_deny: bool,
    dataset: str | None,
    system: str | None,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Look into PATHS for licences and for what sources say about their use by AI. Nothing is fetched.

    Reads SPDX identifiers, licence texts, notices; robots.txt, TDM reservations, usage preferences, ai.txt and “do not
    train” assertions, where the data or --sources holds them. These are signals, not legal findings.

    Ends with 0 when everything was read, 1 with --fail-on-deny, 2 when something was wrong with the input. Stop it with
    Ctrl-C; with --dataset the same command goes on where it stopped.
    """
    from haipkit.workspace.rights import Wishes

    if table_ is not None and table_.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError("the table is a .csv or a .parquet file", where=str(table_))
    wishes = Wishes(paths, sources, domains, drop, table_, agents, use, fail_on_deny, jobs)
    outcome = job(ctx.obj, dataset, system, office, "dataset-rights", lambda private: _look(wishes, private))
    if as_json:
        echo_json(_as_json(outcome))
    else:
        _tell(outcome, wishes)
    return 1 if outcome.outcome == "fail" else 2 if outcome.faults else 0


def _look(wishes: "Wishes", private: Path | None) -> "Outcome":
    from haipkit.cli.data.told import shown_progress
    from haipkit.workspace.rights import look

    with shown_progress("Reading") as step:
        return look(wishes, private=private, progress=step)


def _tell(outcome: "Outcome", wishes: "Wishes") -> None:
    from haipkit.actions.a11_data.rights_summary import table_rows

    tally = outcome.tally
    rows = table_rows(tally)
    shown = [
        (row["source"], row["decision"], f"{row['documents']:,}", _reason(row["carrier"], row["status"], row["reason"]))
        for row in rows[:_SHOWN]
    ]
    table(shown, ("Source", "Says", "Documents", "Because"))
    if len(rows) > _SHOWN:
        line(f"… and {len(rows) - _SHOWN:,} more lines (--table FILE.csv has them all).")
    if tally.licences:
        heading("Licences named in the texts")
        most = tally.licences.most_common(_SHOWN)
        table([(name, terms, f"{number:,}") for (name, terms), number in most], ("Licence", "Terms", "Documents"))
    told_faults(outcome.faults)
    line()
    sums, sources = tally.by_decision, tally.sources
    line(
        f"{count(tally.documents, 'document')} from {count(sources['all'], 'named source')}: "
        f"{sums['allow']:,} allowed, {sums['deny']:,} refused, {sums['unclear']:,} unclear."
    )
    line(
        verdict(_WORDS, outcome.outcome, tally.documents)
        + " These are signals, not legal findings; drafts and conventions are marked."
    )
    for word, place in (("Copy", wishes.drop), ("Table", wishes.table)):
        if place is not None:
            line(f"{word}: {place}")
    told_record(outcome.written, outcome.notes)


def _reason(carrier: str, status: str, reason: str) -> str:
    mark = f" [{status}]" if status in ("draft", "convention", "report") else ""
    return f"{carrier}{mark}: {reason}" if carrier else reason


def _as_json(outcome: "Outcome") -> dict[str, object]:
    from haipkit.actions.a11_data.rights_summary import table_rows
    from haipkit.cli.data.told import told_data

    body = outcome.body("", "", ())
    for name in ("name", "checked_on", "requirements"):
        del body[name]
    return {
        **body,
        "table": table_rows(outcome.tally),
        **told_data(outcome),
    }
