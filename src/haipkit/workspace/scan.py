"""Scans a data set: surveys it, does its units here or in worker processes, adds up, and keeps a measured record.

What was finished stays finished: each unit leaves its own shards, and the same command run again goes on from there.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.scan_summary import Tally, found_rows, inputs_digest, outcome_of, speaks_to
from haipkit.actions.a11_data.units import UNIT, Part, Unit, split_bytes, split_groups, table_name, units_of
from haipkit.kernel.errors import BadInput, CannotWrite, NotFound, UsageError
from haipkit.workspace.scan_engines import check_engine, run_units
from haipkit.workspace.scan_look import Findings, rules_for
from haipkit.workspace.scan_unit import Done, Plan

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile, Fault
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace

Progress = Callable[[int, int], None]
_UNWRITTEN = "unwritten"
"""In a state whose units are to be done again, because their copies could not be written."""


@dataclass(frozen=True)
class Wishes:
    """What a person asked for. `to`: "parquet" copies JSON lines as tables; `on`: see `run_units`."""

    paths: tuple[str, ...]
    redact: Path | None = None
    drop: Path | None = None
    fail_on: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    rules: Path | None = None
    findings: Path | None = None
    values: bool = False
    jobs: int = 0
    to: str = ""
    on: str = ""

    @property
    def out(self) -> Path | None:
        return self.redact or self.drop

    @property
    def treatment(self) -> str:
        return "redacted" if self.redact else "dropped" if self.drop else "none"


@dataclass
class Outcome:
    """The result of a scan. `resumed`: units that an earlier run had finished; `copies`: documents equal to another."""

    outcome: str
    tally: Tally
    files: int
    faults: "list[Fault]"
    skipped: dict[str, int]
    copies: int
    inputs: str
    rules: str
    engine: str
    kinds: tuple[str, ...]
    controls: int
    treatment: str
    fail_on: tuple[str, ...]
    units: int = 0
    resumed: int = 0
    unwritten: bool = False
    on: str = ""
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    @property
    def failed_files(self) -> int:
        return len({fault.file for fault in self.faults if fault.lost})

    @property
    def damaged_files(self) -> int:
        return len({fault.file for fault in self.faults} - {fault.file for fault in self.faults if fault.lost})

    def body(self, name: str, day: str, requirements: Sequence[str]) -> dict[str, Any]:
        """The body of the `dataset-scan/1` record: counts and digests, nothing personal."""
        return {
            "name": name,
            "scanned_on": day,
            "requirements": list(requirements) or speaks_to(self.kinds),
            "outcome": self.outcome,
            "treatment": self.treatment,
            "files": self.files,
            "files_failed": self.failed_files,
            "files_damaged": self.damaged_files,
            "files_skipped": sum(self.skipped.values()),
            "bytes": self.tally.bytes,
            "documents": self.tally.documents,
            "documents_with_findings": self.tally.with_findings,
            "exact_copies": self.copies,
            "found": found_rows(self.tally),
            "looked_for": list(self.kinds),
            "must_not_hold": list(self.fail_on),
            "controls": self.controls,
            "engine": self.engine,
            "rules_sha256": self.rules,
            "inputs_sha256": self.inputs,
        }


def scan(wishes: Wishes, *, private: Path | None = None, progress: Progress | None = None) -> Outcome:
    """Scan and leave the copies and findings that were asked for; writes no record.

    `private` is a folder that keeps finished units and the key for value ids; without it a stopped run starts anew.
    Raises InternalFault when a planted value was missed, BadInput, NotFound, UsageError, CannotWrite.
    """
    from haipkit.adapters.corpus_files import gather, survey
    from haipkit.detectors.scan import engine_in_use

    if wishes.on:
        check_engine(wishes.on)
    own_rules = _own_rules(wishes.rules)
    rules = rules_for(own_rules, wishes.kinds)
    unknown = sorted(set(wishes.fail_on) - set(rules.kinds))
    if unknown:
        raise BadInput(f"no rule finds {', '.join(unknown)}", advice=f"There are: {', '.join(rules.kinds)}.")
    controls = check_controls(own_rules, wishes.kinds)
    found = survey(wishes.paths)
    if not found.files and not found.faults:
        raise NotFound("there is no text in it", where=", ".join(wishes.paths), advice=skipped_words(found.skipped))
    out = str(wishes.out.resolve()) if wishes.out else None
    kept = wishes.findings is not None
    said = json.dumps([rules.version, wishes.treatment, out, wishes.to, wishes.values, kept])
    with state_folder(private, sha256(said.encode()).hexdigest()[:24]) as state:
        plan = _plan(wishes, found.files, state, own_rules, rules.version, value_key(private))
        units = plan_units(plan, said)
        finished = {unit.identity for unit in units if _is_finished(state, unit)}
        if wishes.out is not None:
            check_out(wishes, found.files, resuming=(state / "begun").exists())
            (state / "begun").touch()
        _do(plan, units, finished, wishes, progress)
        summary = _add_up(state, units)
        copies = count_copies(state / f"{unit.identity}.prints" for unit in units)
        if wishes.findings is not None:
            _gather_findings(state, units, wishes.findings, values=wishes.values)
        if wishes.out is not None:
            _sweep(wishes.out)
        if summary.unwritten:
            (state / _UNWRITTEN).touch()
    faults = gather([*found.faults, *summary.faults])
    lost = any(fault.lost for fault in faults)
    return Outcome(
        outcome_of(summary.tally, lost=lost, treatment=wishes.treatment, fail_on=wishes.fail_on),
        summary.tally,
        len(found.files),
        faults,
        found.skipped,
        copies,
        inputs_digest(summary.digests.values()),
        rules.version,
        engine_in_use(),
        tuple(rules.kinds),
        controls,
        wishes.treatment,
        wishes.fail_on,
        len(units),
        len(finished),
        summary.unwritten,
        wishes.on,
    )


def _plan(
    wishes: Wishes,
    files: "Sequence[CorpusFile]",
    state: Path,
    own_rules: tuple[str, str] | None,
    version: str,
    key: bytes,
) -> Plan:
    return Plan(
        tuple(files),
        str(state),
        wishes.treatment,
        str(wishes.out.resolve()) if wishes.out else None,
        own_rules,
        wishes.kinds,
        wishes.values,
        key,
        version,
        wishes.to == "parquet",
        wishes.findings is not None,
    )


def skipped_words(skipped: dict[str, int]) -> str:
    if not skipped:
        return "The folder is empty."
    return "Not looked into: " + ", ".join(f"{ending} × {count:,}" for ending, count in sorted(skipped.items())) + "."


def check_controls(rules: tuple[str, str] | None, kinds: tuple[str, ...]) -> int:
    """Send planted values through reading and looking; returns how many. Raises InternalFault when one is missed."""
    import pyarrow as pa

    from haipkit.adapters.corpus_files import survey
    from haipkit.adapters.read_corpus import PartReport, read_part
    from haipkit.detectors.controls import control_batch, verify_controls
    from haipkit.detectors.scan import scan_batch

    table = rules_for(rules, kinds)
    planted = control_batch(table)
    texts = planted.column(0).to_pylist()
    with TemporaryDirectory(prefix="haip-controls-") as folder:
        path = Path(folder) / "controls.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        (file,) = survey([str(path)]).files
        columns = [block.batch.column("text") for block in read_part(file, 0, None, PartReport())]
    verify_controls(scan_batch(pa.record_batch([pa.concat_arrays(columns)], names=["text"]), table), table)
    return len(texts)


def _own_rules(path: Path | None) -> tuple[str, str] | None:
    """Name and content of the user's rules: workers need not see the file. Raises BadInput."""
    if path is None:
        return None
    try:
        return path.name, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"these rules cannot be read: {fault}", where=str(path)) from fault


@contextmanager
def state_folder(private: Path | None, name: str) -> Iterator[Path]:
    """A folder for finished units. It is removed when the run ends well, and stays for the next run otherwise."""
    if private is None:
        with TemporaryDirectory(prefix="haip-scan-") as temporary:
            yield Path(temporary)
        return
    folder = private / "scans" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as fault:
        raise CannotWrite(f"cannot be written: {fault.strerror}", where=str(folder)) from fault
    (folder / _UNWRITTEN).unlink(missing_ok=True)
    yield folder
    if not (folder / _UNWRITTEN).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _is_finished(state: Path, unit: Unit) -> bool:
    path = state / f"{unit.identity}.json"
    return path.exists() and not json.loads(path.read_bytes())["unwritten"]


def _sweep(out: Path) -> None:
    """Workers that were killed leave files that were never finished; the folder is this run's alone."""
    from haipkit.adapters.write_corpus import UNFINISHED

    for path in out.rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def value_key(private: Path | None) -> bytes:
    """The key for value ids: kept in a workspace, so that repeats can be counted across scans; else for this run."""
    if private is None:
        return os.urandom(32)
    path = private / "scan.key"
    if not path.exists():
        from haipkit.workspace.config import save

        save(path, os.urandom(32))
        path.chmod(0o600)
    return path.read_bytes()


def plan_units(plan: Plan, said: str, unit: int = UNIT) -> list[Unit]:
    """Cut the files into units of work."""

    def facts(part: Part) -> str:
        file = plan.files[part.file]
        return f"{file.path} {file.name} {file.size} {file.changed} {file.format} {file.packing}"

    parts = [part for number, file in enumerate(plan.files) for part in _parts(number, file, unit)]
    return units_of(parts, facts, said, unit)


def _parts(number: int, file: "CorpusFile", unit: int) -> list[Part]:
    from haipkit.adapters.corpus_parquet import row_group_sizes

    if file.size <= unit or file.packing or file.format not in ("jsonl", "parquet"):
        return [Part(number, weight=file.size)]
    ranges: Sequence[tuple[int, int | None]]
    ranges = split_groups(row_group_sizes(file), unit) if file.format == "parquet" else split_bytes(file.size, unit)
    if len(ranges) == 1:
        return [Part(number, weight=file.size)]
    share = file.size // len(ranges)
    return [
        Part(number, start, stop, (place, len(ranges)), share) for place, (start, stop) in enumerate(ranges, start=1)
    ]


def check_out(wishes: Wishes, files: "Sequence[CorpusFile]", *, resuming: bool) -> None:
    """A copy never lands in its own source, on other files, or two files under one name."""
    out = wishes.out
    if out is None:
        return
    place = out.resolve()
    for path in wishes.paths:
        if "://" not in path and Path(path).is_dir() and place.is_relative_to(Path(path).resolve()):
            raise UsageError("the copy would lie inside the data set", where=str(out), advice="Name another folder.")
    if place.exists() and not place.is_dir():
        raise UsageError("this is a file; a copy needs a folder", where=str(out))
    if place.exists() and not resuming and any(place.iterdir()):
        raise UsageError("this folder is not empty", where=str(out), advice="Name an empty or a new folder.")
    seen: set[str] = set()
    for file in files:
        name = table_name(file.name) if wishes.to == "parquet" and file.format == "jsonl" else file.name
        if name in seen:
            raise UsageError(f"two files would be copied to {name!r}", advice="Scan their folders one by one.")
        seen.add(name)


def _do(plan: Plan, units: Sequence[Unit], finished: set[str], wishes: Wishes, progress: Progress | None) -> None:
    waiting = [unit for unit in units if unit.identity not in finished]
    total = sum(unit.weight for unit in units)
    done = total - sum(unit.weight for unit in waiting)
    if progress is not None:
        progress(done, total)
    for unit in run_units(plan, waiting, wishes.jobs, wishes.on):
        done += unit.weight
        if progress is not None:
            progress(done, total)


def _add_up(state: Path, units: Sequence[Unit]) -> Done:
    summary = Done()
    for unit in units:
        one = Done.from_json(json.loads((state / f"{unit.identity}.json").read_bytes()))
        summary.add(one)
    return summary


def count_copies(files: "Iterator[Path]", passes: int = 16) -> int:
    """How many documents are equal to another one that is kept. Memory: a sixteenth of all fingerprints."""
    import numpy as np

    paths = [path for path in files if path.exists() and path.stat().st_size]
    if sum(path.stat().st_size for path in paths) < 256 << 20:
        passes = 1
    copies = 0
    for turn in range(passes):
        chosen = [prints[prints % passes == turn] for prints in (np.fromfile(path, dtype=np.uint64) for path in paths)]
        if chosen:
            together = np.concatenate(chosen)
            copies += len(together) - len(np.unique(together))
    return copies


def _gather_findings(state: Path, units: Sequence[Unit], target: Path, *, values: bool) -> None:
    import pyarrow.parquet as pq

    from haipkit.adapters.write_corpus import Shard

    with Shard(target, "parquet", "") as shard:
        shard.write(Findings(values=values).table())
        for unit in units:
            path = state / f"{unit.identity}.parquet"
            if path.exists():
                for batch in pq.ParquetFile(path).iter_batches():
                    shard.write(batch)
    if values:
        target.chmod(0o600)


def about_dataset(workspace: "Workspace", name: str, system: str | None) -> tuple[str, str | None, list[str]]:
    """(key, system, notes) of the record to be written: asked before the scan, so that hours are not lost after it.

    A scan speaks where its data set speaks; a data set that nobody listed belongs to the only system there is.
    Raises UsageError, NotFound, and what opening the office's key raises.
    """
    from haipkit.workspace.ask import read_shelf
    from haipkit.workspace.forms import slug
    from haipkit.workspace.people import load_signers

    load_signers(workspace.config)
    key, shelf = slug(name), read_shelf(workspace)
    systems = shelf.systems()
    if system is not None:
        if system.partition("/")[0] not in systems:
            raise NotFound(
                f"there is no system {system!r}", advice="Known: " + (", ".join(systems) or "none yet") + "."
            )
        return key, system, []
    listed = [r.header for r in shelf.records if r.header.kind == "dataset/1" and r.header.key == key]
    if listed:
        places = {header.system for header in listed}
        if len(places) > 1:
            raise UsageError(f"several systems list the data set {key!r}", advice="Say which with --for.")
        return key, places.pop(), []
    note = f"The data set “{name}” is not on your list yet: haip add dataset {key} says where it comes from."
    if len(systems) > 1:
        raise UsageError("which system is this data for?", advice="Say it with --for: " + ", ".join(systems) + ".")
    return key, systems[0] if systems else None, [note]


def keep(
    workspace: "Workspace",
    outcome: Outcome,
    *,
    name: str,
    key: str,
    system: str | None,
    requirements: Sequence[str] = (),
    office: str | None = None,
) -> "Written":
    """Keep the result as a measured record. The newest one of a data set is its state."""
    from importlib.metadata import version

    from haipkit.kernel.clock import today
    from haipkit.kernel.words import Origin
    from haipkit.records.kinds import find_kind
    from haipkit.records.record import Tool
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form

    body = outcome.body(name, today().isoformat(), requirements)
    form = Form(find_kind("dataset-scan"), body, {"key": key, "system": system}, where=f"scan of {name}")
    tool = Tool("haipkit", version("haipkit"))
    return add(workspace, [form], origin=Origin.MEASURED, tool=tool, office=office)[0]
