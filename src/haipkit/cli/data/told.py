"""What the commands on data have in common: a result that may be kept, faults, and the line about the record."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from haipkit.cli.output import bullets, heading, line, progress

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import Fault
    from haipkit.workspace.do import Written

_SHOWN = 12


class Result(Protocol):
    """What a look at a data set gives: a body for its record, and room for the record and notes."""

    written: "Written | None"
    notes: list[str]

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]: ...


R = TypeVar("R", bound=Result)


def job(
    place: Path | None,
    dataset: str | None,
    system: str | None,
    office: str | None,
    kind: str,
    work: Callable[[Path | None], R],
) -> R:
    """Do the work; with the name of a data set, keep its result as a measured record of that kind.

    Whether it can be kept is asked first, so that hours are not lost after them. `work` takes the folder that keeps
    what is finished, where there is a workspace.
    """
    if dataset is None:
        return work(None)
    from haipkit.workspace.measured import keep_measured
    from haipkit.workspace.open import open_workspace
    from haipkit.workspace.scan import about_dataset

    with open_workspace(place) as workspace:
        key, where, notes = about_dataset(workspace, dataset, system)
        result = work(workspace.config.private)
        result.written = keep_measured(
            workspace, kind, lambda day: result.body(dataset, day), key=key, system=where, office=office
        )
        result.notes += notes
    return result


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A moving line that appears with the first step: a function that takes what is done and what there is."""
    with ExitStack() as stack:
        shown: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            if not shown:
                shown.append(stack.enter_context(progress(title, total)))
            shown[0](done)

        yield step


def verdict(words: Mapping[str, str], outcome: str, documents: int) -> str:
    """What the outcome means, in a sentence; that there was nothing to look at is another thing than damage."""
    return words[outcome] if documents or outcome != "incomplete" else "There was no document to look at."


def told_faults(faults: "Sequence[Fault]") -> None:
    """What was wrong with the input; the first ones."""
    if faults:
        heading("Wrong with the input")
        bullets(map(str, faults[:_SHOWN]))
        if len(faults) > _SHOWN:
            line(f"… and {len(faults) - _SHOWN:,} more (--json lists them all).", indent=2)


def told_record(written: "Written | None", notes: Sequence[str]) -> None:
    """Where the result is kept, or how to keep it."""
    if written is None:
        line("Nothing was recorded. --dataset NAME keeps the result as a measured record.")
    else:
        word = "Unchanged" if written.unchanged else "Recorded"
        line(f"{word}: #{written.index} ({written.kind}, {written.key}).")
    bullets(notes)


def fault_data(faults: "Sequence[Fault]") -> list[dict[str, Any]]:
    return [
        {"file": f.file, "what": f.what, "at": f.offset, "unit": f.unit, "count": f.count, "lost": f.lost}
        for f in faults
    ]


def told_data(result: Any) -> dict[str, Any]:
    """Faults, units of work and the record, as JSON says them."""
    return {
        "faults": fault_data(result.faults),
        "units": result.units,
        "units_done_before": result.resumed,
        "record": record_data(result.written),
    }


def record_data(written: "Written | None") -> dict[str, Any] | None:
    return {name: getattr(written, name) for name in written.__slots__} if written is not None else None


def count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
