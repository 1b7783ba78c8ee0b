"""One unit of a scan, as a worker does it: read, look, write its own shards under their final names, sum up.

Runs in another process or on another machine; takes and returns plain values. Doing it twice gives the same files.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.scan_summary import Tally
from haipkit.actions.a11_data.units import Part, Unit, shard_name, table_name
from haipkit.kernel.errors import CannotWrite, HaipError, Unavailable
from haipkit.workspace.scan_look import Findings, findings_in, look, rules_for

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block, Edits
    from haipkit.adapters.corpus_files import CorpusFile, Fault

ENDINGS = (".parquet", ".prints", ".json")
"""The shards that a unit leaves in the state: findings, fingerprints of documents, and last of all the summary."""


@dataclass(frozen=True)
class Plan:
    """What all units share. `treatment` is "none", "redacted" or "dropped"; `state` is the folder of their shards.

    `rules` is the user's file of rules (name, content); `version` the digest of the whole table. `tables`: JSON lines
    are copied as Parquet. `findings`: keep every finding, not only counts; `values`: with the values themselves.
    """

    files: "tuple[CorpusFile, ...]"
    state: str
    treatment: str = "none"
    out: str | None = None
    rules: tuple[str, str] | None = None
    kinds: tuple[str, ...] = ()
    values: bool = False
    key: bytes = b""
    version: str = ""
    tables: bool = False
    findings: bool = True


@dataclass
class Done:
    """What a unit found. `digests`: file number → SHA-256, for the files that begin in it.

    `unwritten`: some of its copy could not be written, so that the unit is not finished.
    """

    tally: Tally = field(default_factory=Tally)
    faults: "list[Fault]" = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    unwritten: bool = False

    def to_json(self) -> dict[str, Any]:
        faults = [asdict(fault) for fault in self.faults]
        digests = list(self.digests.items())
        return {"tally": self.tally.to_json(), "faults": faults, "digests": digests, "unwritten": self.unwritten}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Done":
        from haipkit.adapters.corpus_files import Fault

        faults = [Fault(**fault) for fault in data["faults"]]
        return cls(Tally.from_json(data["tally"]), faults, dict(data["digests"]), data["unwritten"])

    def add(self, other: "Done") -> None:
        self.tally.add(other.tally)
        self.faults += other.faults
        self.digests |= other.digests
        self.unwritten = self.unwritten or other.unwritten


def scanned(batch: Any, plan: Plan) -> list[tuple[int, str, str, int, int, str, str]]:
    """Findings of a batch as (row, kind, country, start, end, confidence, rule)."""
    found = findings_in(batch, plan).to_pydict()
    names = ("document", "kind", "country", "start", "end", "confidence", "rule")
    return list(zip(*(found[name] for name in names), strict=True))


def do_unit(plan: Plan, unit: Unit) -> None:
    """Do a unit and leave its shards in `plan.state`.

    Raises CannotWrite when they cannot be kept, and what loading the rules raises. Bad input, and a copy that cannot
    be written, become faults in the summary.
    """
    from haipkit.adapters.write_corpus import Shard

    done = Done()
    findings = Findings(values=plan.values) if plan.findings else None
    prints: list[bytes] = []
    for part in unit.parts:
        done.add(_do_part(plan, part, findings, prints))
    base = Path(plan.state) / unit.identity
    if findings is not None:
        with Shard(base.with_suffix(".parquet"), "parquet", "") as shard:
            shard.write(findings.table())
    with Shard(base.with_suffix(".prints"), "text", "") as shard:
        shard.write(b"".join(prints))
    with Shard(base.with_suffix(".json"), "text", "") as shard:
        shard.write(json.dumps(done.to_json()).encode("utf-8", "surrogateescape"))


def do_unit_afar(plan: Plan, unit: Unit) -> dict[str, bytes]:
    """The same on another machine: the shards come back as bytes, by their endings. Copies are written from there.

    Raises also Unavailable, when the haipkit installed there has other rules than the one that sent the work.
    """
    from dataclasses import replace

    if rules_for(plan.rules, plan.kinds).version != plan.version:
        raise Unavailable(
            "a worker has another version of haipkit's rules", advice="Install the same haipkit on every machine."
        )
    with TemporaryDirectory(prefix="haip-unit-") as folder:
        do_unit(replace(plan, state=folder), unit)
        shards = [Path(folder) / f"{unit.identity}{ending}" for ending in ENDINGS]
        return {shard.suffix: shard.read_bytes() for shard in shards if shard.exists()}


def keep_shards(plan: Plan, unit: Unit, shards: dict[str, bytes]) -> None:
    """Put what came back from another machine where `do_unit` would have left it. Raises CannotWrite."""
    from haipkit.adapters.write_corpus import Shard

    for ending in ENDINGS:
        if ending in shards:
            with Shard(Path(plan.state) / f"{unit.identity}{ending}", "text", "") as shard:
                shard.write(shards[ending])


class _NoTable(Exception):
    """The lines of a file do not form one table; carries the place."""

    def __init__(self, offset: int | None) -> None:
        self.offset = offset


def _do_part(plan: Plan, part: Part, findings: "Findings | None", prints: list[bytes]) -> Done:
    from haipkit.adapters.corpus_files import Fault

    file = plan.files[part.file]
    schema = None
    try:
        if plan.tables and file.format == "jsonl" and plan.out is not None:
            schema = _schema(file)
        if schema is not None:
            kept = Findings(values=plan.values) if findings is not None else None
            fresh: list[bytes] = []
            done = _do_blocks(plan, part, kept, fresh, schema)
            if findings is not None and kept is not None:
                findings.join(kept)
            prints += fresh
            return done
        offset = None
    except _NoTable as fault:
        offset = fault.offset
    done = _do_blocks(plan, part, findings, prints, None)
    if plan.tables and file.format == "jsonl" and plan.out is not None and done.tally.documents:
        done.faults.append(Fault(file.name, "its lines are no table; copied as lines", offset, lost=False))
    return done


def _schema(file: "CorpusFile") -> Any:
    from haipkit.adapters.corpus_lines import head_schema

    try:
        return head_schema(file)
    except OSError:
        return None


def _do_blocks(plan: Plan, part: Part, findings: "Findings | None", prints: list[bytes], schema: Any) -> Done:
    """Raises _NoTable where a block does not fit `schema`: nothing of the part was kept then."""
    from haipkit.adapters.corpus_files import Fault
    from haipkit.adapters.read_corpus import PartReport, read_part

    file = plan.files[part.file]
    done, report = Done(), PartReport()
    whole = file.format in ("text", "html", "json")
    copy, empty = _Copy(plan, file, part, schema), True
    try:
        for block in _guarded(read_part(file, part.start, part.stop, report, schema), file.name, report):
            edits = look(plan, file.name, block, done.tally, findings)
            prints.append(block.fingerprints().tobytes())
            if edits and whole and plan.treatment == "dropped":
                copy.discard()
            copy.write(block, edits, report.content)
            empty = False
        if empty and any(fault.lost for fault in report.faults):
            copy.discard()  # it could not be read at all: no copy, rather than an empty one
    except BaseException:
        copy.throw_away()
        raise
    copy.finish(report.content)
    done.tally.bytes += report.content
    done.faults += report.faults
    if copy.fault is not None:
        done.faults.append(copy.fault)
        done.unwritten = True
    if report.sha256 is not None:
        done.digests[part.file] = report.sha256
    elif not part.start:
        done.faults.append(Fault(file.name, "not read to its end, so it has no digest"))
    return done


def _guarded(blocks: "Iterator[Block]", name: str, report: Any) -> "Iterator[Block]":
    """The blocks; whatever breaks the reading of one file does not break the run, and is named."""
    from haipkit.adapters.corpus_files import Fault

    try:
        yield from blocks
    except HaipError:
        raise
    except Exception as fault:
        report.add(Fault(name, f"reading it failed ({type(fault).__name__})", report.content))


class _Copy:
    """The copy of one part, if there is to be one. A disk that is full ends the copy, not the scan."""

    def __init__(self, plan: Plan, file: "CorpusFile", part: Part, schema: Any) -> None:
        self.fault: Any = None
        self._plan, self._name, self._schema = plan, file.name, schema
        self._shard: Any = None
        if plan.out is None:
            return
        from haipkit.adapters.write_corpus import Shard

        name = file.name if schema is None else table_name(file.name)
        form = file.format if schema is None else "parquet"
        shard = Shard(Path(plan.out) / shard_name(name, part.shard), form, file.packing)
        self._trying(shard.__enter__, 0)
        self._shard = None if self.fault else shard

    def write(self, block: "Block", edits: "Edits", offset: int) -> None:
        """Raises _NoTable where the block does not fit the schema."""
        shard = self._shard
        if shard is None:
            return
        without = set(map(block.owner, edits)) if self._plan.treatment == "dropped" else set()
        done: Edits = edits if self._plan.treatment == "redacted" else {}
        try:
            piece = (
                block.written(done, without) if self._schema is None else block.as_table(done, without, self._schema)
            )
        except ValueError as fault:
            if self._schema is None:
                raise
            raise _NoTable(_first_place(block)) from fault
        if piece is not None:
            self._trying(lambda: shard.write(piece), offset)

    def discard(self) -> None:
        if self._shard is not None:
            self._shard.discard()

    def finish(self, offset: int) -> None:
        shard, self._shard = self._shard, None
        if shard is not None:
            self._trying(lambda: shard.__exit__(None, None, None), offset)

    def throw_away(self) -> None:
        shard, self._shard = self._shard, None
        if shard is not None:
            shard.throw_away()

    def _trying(self, do: Any, offset: int) -> None:
        from haipkit.adapters.corpus_files import Fault

        try:
            do()
        except CannotWrite as fault:
            self.fault = Fault(self._name, f"its copy {fault.what}", offset)
            self.throw_away()


def _first_place(block: "Block") -> int | None:
    places = block.batch.column("document")
    return places[0].as_py() if len(places) else None
