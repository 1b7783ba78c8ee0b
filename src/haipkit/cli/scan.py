"""`haip scan`: look into a data set for personal data and secrets."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.output import bullets, echo_json, heading, line, progress, table
from haipkit.kernel.errors import UsageError

if TYPE_CHECKING:
    from haipkit.workspace.scan import Outcome, Wishes

_SHOWN = 12
_WORDS = {
    "clean": "Nothing was found.",
    "findings": "The data set holds what the table lists.",
    "treated": "All that was found was taken out of the copy. The original is unchanged.",
    "fail": "The data set holds what must not be in it",
    "incomplete": "Not everything could be read, so this shows less than there may be.",
}


_ENGINES = {
    "fast": "Engine: fast (compiled).",
    "base": "Engine: base (RE2). The fast one needs the extra haipkit[fast] and, once, haip data warm.",
    "fallback": "Engine: fallback (re), the slowest. Install google-re2, or haipkit[fast] and run haip data warm once.",
}


def _listed(ctx: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    words = [word.strip() for entry in value for word in entry.split(",")]
    return tuple(dict.fromkeys(word for word in words if word))


@click.command(name="scan")
@click.argument("paths", nargs=-1, required=True)
@click.option("--dataset", metavar="NAME", help="Keep the result as a measured record of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--supports", multiple=True, metavar="REQ", help="A requirement the scan speaks to (repeatable).")
@click.option("--redact", type=click.Path(path_type=Path), metavar="OUT", help="Write a copy without the values found.")
@click.option("--drop", type=click.Path(path_type=Path), metavar="OUT", help="Write a copy without those documents.")
@click.option(
    "--fail-on", multiple=True, callback=_listed, metavar="KINDS", help="End with 1 if one is found: secret,card"
)
@click.option("--kinds", multiple=True, callback=_listed, metavar="KINDS", help="Look for these kinds only.")
@click.option(
    "--rules", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="Your own rules beside ours (TOML)."
)
@click.option(
    "--findings", type=click.Path(path_type=Path), metavar="FILE", help="Write every finding to a Parquet file."
)
@click.option("--values", is_flag=True, help="Show the values themselves in that file. It is then personal data.")
@click.option("--to", type=click.Choice(["parquet"]), default=None, help="Copy JSON lines as Parquet tables.")
@click.option(
    "--on", metavar="ENGINE", default="", help="Work on ray or spark, or on ray://HOST:PORT, spark://HOST:PORT."
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
    supports: tuple[str, ...],
    redact: Path | None,
    drop: Path | None,
    fail_on: tuple[str, ...],
    kinds: tuple[str, ...],
    rules: Path | None,
    findings: Path | None,
    values: bool,
    to: str | None,
    on: str,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Look into PATHS (files, folders, patterns) for personal data and secrets, and count copies.

    Reads JSON lines, JSON, Parquet, CSV, HTML and plain text, also packed with gzip, Zstandard or bzip2. Ends with 0
    when everything was read, 1 when a kind of --fail-on was found, 2 when something was wrong with the input. Stop it
    with Ctrl-C; with --dataset the same command goes on where it stopped.
    """
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.scan import Wishes, about_dataset, keep

    if redact and drop:
        raise UsageError("--redact and --drop exclude each other")
    if to and not (redact or drop):
        raise UsageError("--to is about a copy", advice="Add --redact OUT or --drop OUT.")
    if values and findings is None:
        raise UsageError("--values needs a file to show them in", advice="Add --findings FILE.parquet.")
    wishes = Wishes(paths, redact, drop, fail_on, kinds, rules, findings, values, jobs, to or "", on)
    if dataset is None:
        outcome = _scan(wishes, None)
    else:
        with open_workspace(ctx.obj) as workspace:
            for reference in supports:
                workspace.conduct.find(reference)
            key, place, notes = about_dataset(workspace, dataset, system)
            outcome = _scan(wishes, workspace.config.private)
            outcome.written = keep(
                workspace, outcome, name=dataset, key=key, system=place, requirements=supports, office=office
            )
            outcome.notes += notes
    if as_json:
        echo_json(_as_json(outcome))
    else:
        _tell(outcome, wishes.out, findings)
    return 1 if outcome.outcome == "fail" else 2 if outcome.faults else 0


def _scan(wishes: "Wishes", private: Path | None) -> "Outcome":
    from haipkit.workspace.scan import scan

    with ExitStack() as stack:
        shown: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress("Scanning", total)))
            shown[0](done)

        return scan(wishes, private=private, progress=step)


def _tell(outcome: "Outcome", out: Path | None, findings: Path | None) -> None:
    tally = outcome.tally
    rows = [
        (kind + (f" ({country})" if country else ""), f"{confirmed:,}", f"{probable:,}")
        for (kind, country), (confirmed, probable) in sorted(tally.found.items(), key=lambda item: -sum(item[1]))
    ]
    table(rows, ("Found", "Confirmed", "Probable"))
    line()
    line(
        f"{_size(tally.bytes)} in {_count(outcome.files, 'file')}, {_count(tally.documents, 'document')}, "
        f"{tally.with_findings:,} of them with findings."
    )
    if outcome.copies:
        words = "document is an exact copy" if outcome.copies == 1 else "documents are exact copies"
        line(f"{outcome.copies:,} {words} of another one.")
    if outcome.skipped:
        listed = ", ".join(f"{ending} × {count:,}" for ending, count in sorted(outcome.skipped.items())[:_SHOWN])
        more = ", …" if len(outcome.skipped) > _SHOWN else ""
        line(f"Not looked into, as they hold no plain text: {listed}{more}.")
    if outcome.faults:
        heading("Wrong with the input")
        bullets(map(str, outcome.faults[:_SHOWN]))
        if len(outcome.faults) > _SHOWN:
            line(f"… and {len(outcome.faults) - _SHOWN:,} more (--json lists them all).", indent=2)
    line()
    kinds = sorted(set(outcome.fail_on) & set(tally.by_kind))
    line(_WORDS[outcome.outcome] + (f": {', '.join(kinds)}." if outcome.outcome == "fail" else ""))
    line(f"{outcome.controls} planted values were found again first. Names of persons were not looked for.")
    line(
        _ENGINES[outcome.engine] + (f" The units were done on {outcome.on.partition('://')[0]}." if outcome.on else "")
    )
    if outcome.unwritten:
        line("The copy is not whole. Make room, then run the same command again: with --dataset it does what is left.")
    for word, place in (("Copy", out), ("Findings", findings)):
        if place is not None:
            line(f"{word}: {place}")
    if outcome.written is None:
        line("Nothing was recorded. --dataset NAME keeps the result as a measured record.")
    else:
        word = "Unchanged" if outcome.written.unchanged else "Recorded"
        line(f"{word}: #{outcome.written.index} ({outcome.written.kind}, {outcome.written.key}).")
    bullets(outcome.notes)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


def _as_json(outcome: "Outcome") -> dict[str, object]:
    body = outcome.body("", "", ())
    for name in ("name", "scanned_on", "requirements"):
        del body[name]
    record = outcome.written
    return {
        **body,
        "skipped": outcome.skipped,
        "faults": [
            {"file": f.file, "what": f.what, "at": f.offset, "unit": f.unit, "count": f.count, "lost": f.lost}
            for f in outcome.faults
        ],
        "on": outcome.on,
        "copy_whole": not outcome.unwritten,
        "units": outcome.units,
        "units_done_before": outcome.resumed,
        "record": {name: getattr(record, name) for name in record.__slots__} if record is not None else None,
    }
