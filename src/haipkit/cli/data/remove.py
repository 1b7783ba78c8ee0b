"""`haip data remove`: take a source or a document out of a copy, and keep request and result."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from haipkit.cli.data.told import count, told_faults, told_record
from haipkit.cli.output import echo_json, line

if TYPE_CHECKING:
    from haipkit.workspace.removal import Outcome, Wishes

_REASONS = ("copyright", "opt-out", "licence", "personal-data", "confidential", "harmful", "error", "other")


@click.command(name="remove")
@click.argument("paths", nargs=-1, required=True)
@click.option("--source", metavar="DOMAIN", help="Every document from this domain and those below it.")
@click.option("--document", metavar="ID", help="The document with this id or address, or this file.")
@click.option("--matching", metavar="TEXT", help="Every document that holds this text, in any case.")
@click.option("--out", type=click.Path(path_type=Path), metavar="OUT", help="Where the copy without it goes.")
@click.option("--reason", type=click.Choice(_REASONS), required=True)
@click.option("--requested-by", required=True, metavar="OFFICE", help="Which office asked: never a person's name.")
@click.option("--dataset", metavar="NAME", help="Keep request and result as records of this data set.")
@click.option("--for", "system", metavar="SYSTEM[/RELEASE]", help="The system that the data goes into.")
@click.option("--jobs", type=click.IntRange(0), default=0, help="Worker processes (default: one per processor).")
@click.option("--by", "office", metavar="OFFICE", help="The office that does it.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    source: str | None,
    document: str | None,
    matching: str | None,
    out: Path | None,
    reason: str,
    requested_by: str,
    dataset: str | None,
    system: str | None,
    jobs: int,
    office: str | None,
    as_json: bool,
) -> int:
    """Find documents in PATHS that are to go, write a copy without them, look again, and record it.

    Without --out they are only counted. What was asked for stands in no record: request and result bear a keyed hash of
    it. Ends with 0 when everything was read, 2 when something was wrong with the input. Stop it with Ctrl-C;
    with --dataset the same command goes on where it stopped.
    """
    from haipkit.actions.a11_data.removal import selector_of
    from haipkit.workspace.removal import Wishes

    wishes = Wishes(paths, selector_of(source, document, matching), reason, requested_by, out, jobs)
    outcome = _work(wishes, None) if dataset is None else _kept(ctx.obj, wishes, dataset, system, office)
    if as_json:
        echo_json(_as_json(outcome))
    else:
        _tell(outcome)
    return 2 if outcome.faults else 0


def _kept(place: Path | None, wishes: "Wishes", dataset: str, system: str | None, office: str | None) -> "Outcome":
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.removal import done, requested
    from haipkit.workspace.scan import about_dataset

    with open_workspace(place) as workspace:
        key, where, notes = about_dataset(workspace, dataset, system)
        request = requested(workspace, wishes, dataset=dataset, key=key, system=where, office=office)
        outcome = _work(wishes, workspace.config.private)
        outcome.selector_id = str(request["selector_id"])
        outcome.notes += notes
        if outcome.outcome == "open":
            outcome.notes.append("The request is recorded as open: --out OUT writes the copy without these documents.")
        else:
            outcome.written = done(workspace, request, outcome, system=where, office=office)
    return outcome


def _work(wishes: "Wishes", private: Path | None) -> "Outcome":
    from haipkit.cli.data.told import shown_progress
    from haipkit.workspace.removal import remove

    with shown_progress("Reading") as step:
        return remove(wishes, private=private, progress=step)


def _tell(outcome: "Outcome") -> None:
    told_faults(outcome.faults)
    read = f"{count(outcome.documents, 'document')} in {count(outcome.files, 'file')} read."
    if not outcome.removed:
        line(f"{read} Nothing of what was asked for is in it.")
    elif outcome.wishes.out is None:
        line(f"{read} {count(outcome.removed, 'document')} would go. Nothing was written.")
    else:
        line(f"{read} {count(outcome.removed, 'document')} taken out; the copy was read again and holds none of it.")
    if outcome.wishes.out is not None:
        line(f"Copy: {outcome.wishes.out}. The original is unchanged: delete it, and what was made from it, yourself.")
    if any(fault.lost for fault in outcome.faults):
        line("Not everything could be read, so there may be more.")
    if outcome.written is not None or not outcome.selector_id:
        told_record(outcome.written, outcome.notes)
    else:
        line(*outcome.notes[-1:])


def _as_json(outcome: "Outcome") -> dict[str, object]:
    from haipkit.cli.data.told import fault_data, record_data

    return {
        "outcome": outcome.outcome,
        "reason": outcome.wishes.reason,
        "selector": outcome.wishes.selector.kind,
        **outcome.facts(),
        "faults": fault_data(outcome.faults),
        "record": record_data(outcome.written),
    }
