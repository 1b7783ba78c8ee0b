"""`haip data quality`: languages, damage, repetition, and who is mentioned or represented."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import count, job, told_faults, told_record, verdict
from haipkit.cli.output import bullets, echo_json, heading, line, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.workspace.quality import Outcome, Wishes

_WORDS = {
    "clean": "No document stands out.",
    "findings": "Some documents stand out; a person should look at a sample of them.",
    "fail": "The data set has faults that it must not have.",
    "incomplete": "Not everything could be read, so this shows less than there may be.",
}


def _listed(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in (value or "").split(",") if word.strip()))


@click.command(name="quality")
@click.argument("paths", nargs=-1, required=True)
@click.option("--field", "fields", multiple=True, metavar="NAME", help="The field that holds the text (repeatable).")
@click.option(
    "--columns", callback=_listed, metavar="COLUMNS", help="Columns that say who is represented: gender,region."
)
@click.option("--reference", type=click.Path(path_type=Path), metavar="FILE", help="Expected shares of them (TOML).")
@click.option("--limits", type=click.Path(path_type=Path), metavar="FILE", help="Your limits instead of ours (TOML).")
@click.option(
    "--words", type=click.Path(path_type=Path), metavar="FILE", help="Your word lists instead of ours (TOML)."
)
@click.option("--fail-on", callback=_listed, metavar="FAULTS", help="End with 1 if a document has one: NUL bytes,empty")
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--jobs", type=click.IntRange(0), default=0, help="Worker processes (default: one per processor).")
@click.option("--by", "office", metavar="OFFICE")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    fields: tuple[str, ...],
    columns: tuple[str, ...],
    reference: Path | None,
    limits: Path | None,
    words: Path | None,
    fail_on: tuple[str, ...],
    dataset: str | None,
    system: str | None,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Look at the quality of PATHS: languages, encoding damage, lengths, repetition, symbols, words for groups.

    Ends with 0 when everything was read, 1 when a fault of --fail-on was found, 2 when something was wrong with the
    input. Stop it with Ctrl-C; with --dataset the same command goes on where it stopped.
    """
    from haipkit.workspace.quality import Wishes

    if reference is not None and not columns:
        raise UsageError("expected shares need columns", advice="Say --columns gender,region.")
    wishes = Wishes(paths, fields, columns, reference, limits, words, fail_on, jobs)
    outcome = job(ctx.obj, dataset, system, office, "dataset-quality", lambda private: _look(wishes, private))
    if as_json:
        echo_json(_as_json(outcome))
    else:
        _tell(outcome)
    return 1 if outcome.outcome == "fail" else 2 if outcome.faults else 0


def _look(wishes: "Wishes", private: Path | None) -> "Outcome":
    from haipkit.cli.data.told import shown_progress
    from haipkit.workspace.quality import look

    with shown_progress("Reading") as step:
        return look(wishes, private=private, progress=step)


def _tell(outcome: "Outcome") -> None:
    from haipkit.actions.a11_data.quality import FAULTS

    body = outcome.body("", "", ())
    table([(row["language"], f"{row['documents']:,}") for row in body["languages"]], ("Language", "Documents"))
    if body["found"]:
        heading("What stands out")
        rows = [(one["kind"], f"{one['documents']:,}", FAULTS.get(one["kind"], "")) for one in body["found"]]
        table(rows, ("Fault", "Documents", "Meaning"))
    if body["mentions"]:
        heading("Words for groups (mentions, not people)")
        table([(one["group"], f"{one['documents']:,}", _share(one)) for one in body["mentions"]], _HEADS)
    _tell_columns(outcome)
    told_faults(outcome.faults)
    line()
    lengths = (
        f"; half of them have at most about {body['characters_median']:,} characters, one in a hundred more than "
        f"about {body['characters_p99']:,}"
        if body["documents"] > body["documents_empty"]
        else ""
    )
    line(f"{count(body['documents'], 'document')} in {count(outcome.files, 'file')}{lengths}.")
    line()
    line(verdict(_WORDS, outcome.outcome, body["documents"]))
    line(f"{outcome.controls} planted faults were found again first.")
    told_record(outcome.written, outcome.notes)


_HEADS = ("Group", "Documents", "Share (95 % interval)")


def _share(row: dict[str, str]) -> str:
    return f"{float(row['share']):.1%} ({float(row['low']):.1%} to {float(row['high']):.1%})"


def _tell_columns(outcome: "Outcome") -> None:
    from haipkit.actions.a11_data.representation import apart

    for column in dict.fromkeys(row["column"] for row in outcome.represented):
        heading(f"By {column}")
        rows = [row for row in outcome.represented if row["column"] == column]
        shown = [
            (
                row["value"],
                f"{row['documents']:,}",
                _share(row),
                f"{float(row['expected']):.1%}" if "expected" in row else "",
            )
            for row in rows
        ]
        table(shown, ("Value", "Rows", "Share (95 % interval)", "Expected"))
        bullets(f"{row['value']}: the expected share lies outside the interval." for row in rows if apart(row))


def _as_json(outcome: "Outcome") -> dict[str, object]:
    from haipkit.cli.data.told import told_data

    body = outcome.body("", "", ())
    for name in ("name", "checked_on", "requirements"):
        del body[name]
    return {**body, **told_data(outcome)}
