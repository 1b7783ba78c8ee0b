"""Takes data out of a copy of a data set because somebody asked for it, looks again, and keeps request and result.

The request is a record before the work begins, so that it stays open if the work fails. Nothing of what was asked for
stands in a record.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.removal import SPEAKS_TO, Selector
from haipkit.actions.a11_data.units import Part, Unit, shard_name
from haipkit.kernel.errors import InternalFault
from haipkit.workspace.pool import Progress, answers
from haipkit.workspace.reading import Reading, guarded, open_out, planned, surveyed

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import CorpusFile, Fault, Survey
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace


@dataclass(frozen=True)
class Wishes:
    """What a person asked for. Without `out`, documents are found and counted, and nothing is written."""

    paths: tuple[str, ...]
    selector: Selector
    reason: str
    requested_by: str
    out: Path | None = None
    jobs: int = 0


@dataclass
class Outcome:
    """What was found. `left`: documents that the copy still holds; 0, or the run has failed."""

    wishes: Wishes
    documents: int
    removed: int
    left: int
    files: int
    faults: "list[Fault]"
    inputs: str
    copy: str | None
    selector_id: str = ""
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if any(fault.lost for fault in self.faults):
            return "incomplete"
        if not self.removed:
            return "not-found"
        return "removed" if self.wishes.out is not None else "open"

    def facts(self) -> dict[str, Any]:
        """What the record says of the work."""
        body = {
            "files": self.files,
            "files_failed": len({fault.file for fault in self.faults if fault.lost}),
            "documents": self.documents,
            "documents_removed": self.removed if self.wishes.out is not None else 0,
            "documents_left": self.left if self.wishes.out is not None else self.removed,
            "inputs_sha256": self.inputs,
            "copy_sha256": self.copy,
        }
        return {name: value for name, value in body.items() if value is not None}


@dataclass(frozen=True)
class _Plan:
    """What all units of one reading share."""

    files: "tuple[CorpusFile, ...]"
    selector: Selector
    out: Path | None


@dataclass
class _Pass:
    """One reading of a set of files, or of some of them."""

    selector: Selector
    out: Path | None
    documents: int = 0
    chosen: int = 0
    reading: Reading = field(default_factory=Reading)

    def part(self, file: "CorpusFile", part: Part) -> None:
        from haipkit.adapters.read_corpus import PartReport, read_part
        from haipkit.adapters.write_corpus import Shard

        report = PartReport()
        with ExitStack() as stack:
            shard = None
            if self.out is not None:
                target = self.out / shard_name(file.name, part.shard)
                shard = stack.enter_context(Shard(target, file.format, file.packing))
            whole, tail, gone = file.format in ("text", "html", "json"), b"", False
            for block in guarded(read_part(file, part.start, part.stop, report), file.name, report):
                without, tail = self._chosen(block, file.name, tail)
                self.documents += block.documents
                again = gone and block.goes_on
                self.chosen += len(without) - (again and 0 in without)
                gone = bool(without) or again
                if shard is not None:
                    shard.write(block.written({}, without))
                    if without and whole:
                        shard.discard()
        self.reading.note(file, part, report)

    def _chosen(self, block: "Block", name: str, tail: bytes) -> tuple[set[int], bytes]:
        """Numbers of the documents that are meant, and the end of the text for the piece that follows."""
        from haipkit.adapters.corpus_blocks import CsvBlock

        column = block.batch.column("text")
        head = isinstance(block, CsvBlock) and block.documents < len(block.starts)
        found = {block.owner(row) for row in self.selector.rows(column)}
        fields: dict[int, list[tuple[str, str]]] = {}
        for row in range(len(column)):
            field_name = block.name(row)
            if self.selector.asks(field_name):
                fields.setdefault(block.owner(row), []).append((field_name, column[row].as_py()))
        owners = set(fields) if name != self.selector.value else set(range(len(block.starts) or block.documents))
        found |= {owner for owner in owners if self.selector.named(fields.get(owner, ()), name)}
        if self.selector.kind == "matching" and len(column):
            value = block.value(len(column) - 1) if block.ends_open else b""
            reach = 4 * len(self.selector.value.encode())
            if block.goes_on and self._across(tail, block.value(0)[:reach]):
                found.add(0)
            tail = value[-reach:]
        return found - {0} if head else found, tail

    def _across(self, before: bytes, after: bytes) -> bool:
        """Does the text stand across the place where a long text was cut?"""
        return self.selector.value.casefold() in (before + after).decode("utf-8", "replace").casefold()


def _unit(plan: _Plan, unit: Unit) -> dict[str, Any]:
    work = _Pass(plan.selector, plan.out)
    for part in unit.parts:
        work.part(plan.files[part.file], part)
    return {"documents": work.documents, "chosen": work.chosen, "reading": work.reading.to_json()}


def _read(wishes: Wishes, found: "Survey", out: Path | None, private: Path | None, progress: Progress | None) -> _Pass:
    """Read all files; with `out`, leave a copy there without what is meant."""
    whole = _Pass(wishes.selector, out)
    said = ["removal", wishes.selector.kind, wishes.selector.value, str(out)]
    with planned(found.files, said, private) as (state, units):
        open_out(out, wishes.paths, found.files, state)
        plan = _Plan(tuple(found.files), wishes.selector, out)
        given, _ = answers(partial(_unit, plan), units, state, wishes.jobs, progress)
    for one in given:
        whole.documents += one["documents"]
        whole.chosen += one["chosen"]
        whole.reading.add(Reading.from_json(one["reading"]))
    return whole


def remove(wishes: Wishes, *, private: Path | None = None, progress: Progress | None = None) -> Outcome:
    """Find what is meant; with `out`, write a copy without it and look through that copy again.

    `private` is a folder that keeps finished units; without it a stopped run starts anew. Raises InternalFault when the
    copy still holds some of it, NotFound, UsageError, CannotWrite.
    """
    from haipkit.adapters.corpus_files import gather, survey

    found = surveyed(wishes.paths)
    out = wishes.out.resolve() if wishes.out else None
    times = 1 if out is None else 2

    def step(first: int) -> Progress | None:
        return None if progress is None else lambda done, total: progress(first * total + done, times * total)

    once = _read(wishes, found, out, private, step(0))
    left, copy = 0, None
    if out is not None:
        twice = _read(wishes, survey([str(out)]) if out.exists() else type(found)(), None, None, step(1))
        left, copy = twice.chosen, twice.reading.inputs
        if left:
            raise InternalFault(
                f"the copy still holds {left} of the documents", where=str(wishes.out), advice="Do not use this copy."
            )
    faults = gather([*found.faults, *once.reading.faults])
    inputs = once.reading.inputs
    return Outcome(wishes, once.documents, once.chosen, left, len(found.files), faults, inputs, copy)


def requested(
    workspace: "Workspace", wishes: Wishes, *, dataset: str, key: str, system: str | None, office: str | None
) -> dict[str, Any]:
    """Record the request, unless it is on record; returns its fields. Raises what writing raises."""
    from haipkit.kernel.clock import today
    from haipkit.records.kinds import find_kind
    from haipkit.workspace.ask import read_shelf
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form
    from haipkit.workspace.scan import value_key

    identity = wishes.selector.identity(key, value_key(workspace.config.private))
    known = [
        record.body
        for record in read_shelf(workspace).records
        if record.header.kind == "data-removal/1" and record.header.key == identity
    ]
    body = {
        "name": dataset,
        "reason": wishes.reason,
        "requested_by": wishes.requested_by,
        "requested_on": str(known[-1]["requested_on"]) if known else today().isoformat(),
        "requirements": list(SPEAKS_TO[wishes.reason]),
        "selector": wishes.selector.kind,
        "selector_id": identity,
    }
    if not known:
        form = Form(
            find_kind("data-removal"),
            {**body, "stage": "requested", "outcome": "open"},
            {"key": identity, "system": system},
            where="request for removal",
        )
        add(workspace, [form], office=office)
    return body


def done(
    workspace: "Workspace", request: dict[str, Any], outcome: Outcome, *, system: str | None, office: str | None
) -> "Written":
    """Record what was done about a request."""
    from haipkit.workspace.measured import keep_measured

    def body(day: str) -> dict[str, Any]:
        return {**request, "stage": "done", "done_on": day, "outcome": outcome.outcome, **outcome.facts()}

    return keep_measured(workspace, "data-removal", body, key=str(request["selector_id"]), system=system, office=office)
