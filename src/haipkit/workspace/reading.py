"""What all looks at a data set keep of reading it: faults, digests, sizes; and the files, cut into units of work."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from haipkit.actions.a11_data.scan_summary import inputs_digest
from haipkit.actions.a11_data.units import Part, Unit
from haipkit.kernel.errors import CannotWrite, HaipError, NotFound

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import CorpusFile, Fault, Survey
    from haipkit.adapters.read_corpus import PartReport


@dataclass
class Reading:
    """What came of reading a unit, or of several when added up. `digests`: number of a file → its SHA-256."""

    bytes: int = 0
    faults: "list[Fault]" = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)

    def note(self, file: "CorpusFile", part: Part, report: "PartReport") -> None:
        """Take in a part that was read. The part that begins a file has the digest of the whole file."""
        from haipkit.adapters.corpus_files import Fault

        self.bytes += report.content
        self.faults += report.faults
        if report.sha256 is not None:
            self.digests[part.file] = report.sha256
        elif not part.start and not any(fault.lost for fault in report.faults):
            self.faults.append(Fault(file.name, "not read to its end, so it has no digest"))

    def add(self, other: Self) -> None:
        self.bytes += other.bytes
        self.faults += other.faults
        self.digests |= other.digests

    def to_json(self) -> dict[str, Any]:
        faults = [asdict(fault) for fault in self.faults]
        return {"bytes": self.bytes, "faults": faults, "digests": list(self.digests.items())}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        from haipkit.adapters.corpus_files import Fault

        return cls(data["bytes"], [Fault(**one) for one in data["faults"]], dict(data["digests"]))

    @property
    def inputs(self) -> str:
        return inputs_digest(self.digests.values())


def surveyed(paths: Sequence[str], *, may_be_empty: bool = False) -> "Survey":
    """The files of a data set. Raises NotFound when a path leads nowhere or there is no text in it."""
    from haipkit.adapters.corpus_files import survey
    from haipkit.workspace.scan import skipped_words

    found = survey(paths)
    if not found.files and not found.faults and not may_be_empty:
        raise NotFound("there is no text in it", where=", ".join(paths), advice=skipped_words(found.skipped))
    return found


@contextmanager
def planned(
    files: "Sequence[CorpusFile]", said: Sequence[Any], private: Path | None
) -> Iterator[tuple[Path, list[Unit]]]:
    """(folder for finished units, units) for a look that is named and described by `said`, as JSON.

    The folder lies in `private`, where a run that stopped is taken up again, or goes when the run ends.
    """
    from haipkit.workspace.scan import plan_units, state_folder
    from haipkit.workspace.scan_unit import Plan

    words = json.dumps(said)
    units = plan_units(Plan(tuple(files), ""), words)
    name = sha256("".join([words, *(unit.identity for unit in units)]).encode()).hexdigest()[:24]
    with state_folder(private, f"{said[0]}-{name}") as state:
        yield state, units


def guarded(blocks: "Iterator[Block]", name: str, report: "PartReport") -> "Iterator[Block]":
    """The blocks; whatever breaks the reading of one file does not break the run, and is named."""
    from haipkit.adapters.corpus_files import Fault

    try:
        yield from blocks
    except HaipError:
        raise
    except Exception as fault:
        report.add(Fault(name, f"reading it failed ({type(fault).__name__})", report.content))


def open_out(out: Path | None, paths: Sequence[str], files: "Sequence[CorpusFile]", state: Path) -> None:
    """Check where a copy goes, unless this run goes on with one; make the folder. Raises UsageError, CannotWrite."""
    from haipkit.workspace.scan import Wishes, check_out

    if out is None:
        return
    begun = state / "begun"
    if begun.exists() and not out.exists():
        # The copy was deleted since: what was finished of it has to be done again.
        for path in state.iterdir():
            path.unlink()
    check_out(Wishes(tuple(paths), drop=out), files, resuming=begun.exists())
    begun.touch()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise CannotWrite(f"cannot be made: {fault.strerror}", where=str(out)) from fault
