"""Looks at the rights of a data set: reads documents with what was stored of their sources, and decides.

Nothing is fetched. Bad input is named and the rest goes on.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.rights import NO_SOURCE, Facts, Judge, Stored, Verdict, read_domains, slot_of
from haipkit.actions.a11_data.rights_summary import RightsTally, body_of, outcome_of, table_rows
from haipkit.actions.a11_data.units import Part, Unit, shard_name
from haipkit.detectors.licences import Rights, candidates, rights_in
from haipkit.detectors.optout import crawlers
from haipkit.kernel.errors import InternalFault, NotFound, UsageError
from haipkit.workspace.pool import Progress, answers
from haipkit.workspace.reading import Reading, guarded, open_out, planned, surveyed

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import CorpusFile, Fault
    from haipkit.workspace.do import Written


@dataclass(frozen=True)
class Wishes:
    """What a person asked for. `agents`: product tokens of your own; `use`: training, retrieval or any."""

    paths: tuple[str, ...]
    sources: Path | None = None
    domains: Path | None = None
    drop: Path | None = None
    table: Path | None = None
    agents: tuple[str, ...] = ()
    use: str = "training"
    fail_on_deny: bool = False
    jobs: int = 0

    @property
    def tokens(self) -> tuple[str, ...]:
        known = crawlers()
        chosen = known["training"] + known["retrieval"] if self.use == "any" else known[self.use]
        return tuple(dict.fromkeys((*self.agents, *chosen)))


@dataclass
class Outcome:
    """What was decided. `media`: files other than text that were looked at for credentials. `resumed`: units that an
    earlier run had finished."""

    outcome: str
    tally: RightsTally
    files: int
    media: int
    faults: "list[Fault]"
    inputs: str
    treatment: str
    use: str
    units: int = 0
    resumed: int = 0
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]:
        """The body of the `dataset-rights/1` record: counts and names of licences, no addresses."""
        body = {
            "name": name,
            "checked_on": day,
            "outcome": self.outcome,
            "treatment": self.treatment,
            "use": self.use,
            "files": self.files,
            "files_failed": len({fault.file for fault in self.faults if fault.lost}),
            "media_files": self.media,
            "inputs_sha256": self.inputs,
            **body_of(self.tally, requirements),
        }
        return {key: value for key, value in body.items() if value is not None}


@dataclass(frozen=True)
class _Plan:
    """What all units share."""

    files: "tuple[CorpusFile, ...]"
    stored: Stored
    domains: frozenset[str]
    tokens: tuple[str, ...]
    out: Path | None


def look(wishes: Wishes, *, private: Path | None = None, progress: Progress | None = None) -> Outcome:
    """Decide for every document; leave the table and the copy that were asked for. Writes no record.

    `private` is a folder that keeps finished units; without it a stopped run starts anew. Raises InternalFault when a
    planted reservation was missed, BadInput, NotFound, UsageError, CannotWrite.
    """
    from haipkit.adapters.corpus_files import gather
    from haipkit.workspace.rights_sources import facts_of_sources, media_of, read_sources

    check_controls()
    stored, faults = read_sources(wishes.sources) if wishes.sources else (Stored(), [])
    domains = _domains(wishes.domains)
    media = list(media_of(wishes.paths))
    found = surveyed(wishes.paths, may_be_empty=bool(media))
    out = wishes.drop.resolve() if wishes.drop else None
    said = ["rights", sorted(domains), wishes.tokens, str(out), facts_of_sources(wishes.sources)]
    with planned(found.files, said, private) as (state, units):
        open_out(wishes.drop, wishes.paths, found.files, state)
        plan = _Plan(tuple(found.files), stored, domains, wishes.tokens, out)
        given, resumed = answers(partial(_look_unit, plan), units, state, wishes.jobs, progress)
    work = _Work(_judge(plan), out)
    for one in given:
        work.tally.add(RightsTally.from_json(one["tally"]))
        work.reading.add(Reading.from_json(one["reading"]))
    for name, path in media:
        work.media(name, path)
    if wishes.table is not None:
        write_table(wishes.table, table_rows(work.tally))
    treatment = "dropped" if wishes.drop else "none"
    faults = gather([*found.faults, *faults, *work.reading.faults])
    lost = any(fault.lost for fault in faults)
    outcome = outcome_of(work.tally, lost=lost, treatment=treatment, fail_on=wishes.fail_on_deny)
    inputs, many = work.reading.inputs, (len(units), resumed)
    return Outcome(outcome, work.tally, len(found.files), len(media), faults, inputs, treatment, wishes.use, *many)


def _judge(plan: _Plan) -> Judge:
    return Judge(plan.stored, plan.domains, plan.tokens)


def _look_unit(plan: _Plan, unit: Unit) -> dict[str, Any]:
    work = _Work(_judge(plan), plan.out)
    for part in unit.parts:
        work.part(plan.files[part.file], part)
    return {"tally": work.tally.to_json(), "reading": work.reading.to_json()}


def _domains(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        domains = read_domains(path.read_text("utf-8"))
    except OSError as fault:
        raise NotFound(f"cannot be read: {fault.strerror}", where=str(path)) from fault
    except UnicodeDecodeError as fault:
        raise UsageError("a list of domains is text in UTF-8", where=str(path)) from fault
    if not domains:
        raise UsageError("no domain stands in it", where=str(path), advice="Write one domain a line.")
    return domains


@dataclass
class _Work:
    judge: Judge
    out: Path | None
    tally: RightsTally = field(default_factory=RightsTally)
    reading: Reading = field(default_factory=Reading)

    def part(self, file: "CorpusFile", part: Part) -> None:
        from haipkit.adapters.read_corpus import PartReport, read_part
        from haipkit.adapters.write_corpus import Shard

        report = PartReport()
        whole = file.format in ("text", "html", "json")
        with ExitStack() as stack:
            shard = None
            if self.out is not None:
                target = self.out / shard_name(file.name, part.shard)
                shard = stack.enter_context(Shard(target, file.format, file.packing))
            for block in guarded(read_part(file, part.start, part.stop, report), file.name, report):
                without = self.block(block)
                if shard is not None:
                    shard.write(block.written({}, without))
                    if without and whole:
                        shard.discard()
        self.reading.note(file, part, report)

    def block(self, block: "Block") -> set[int]:
        """Decide for the documents of a block; returns the numbers of those that are refused."""
        from haipkit.adapters.corpus_blocks import CsvBlock

        column = block.batch.column("text")
        facts: dict[int, Facts] = {}
        sizes: dict[int, int] = {}
        texts: dict[int, list[Rights]] = {}
        looked = set(candidates(column))
        for row, size in enumerate(_lengths(column)):
            owner = block.owner(row)
            sizes[owner] = sizes.get(owner, 0) + size
            name = block.name(row)
            if slot_of(name)[0]:
                facts.setdefault(owner, Facts()).note(name, column[row].as_py())
            if row in looked:
                texts.setdefault(owner, []).append(rights_in(column[row].as_py()))
        refused = set()
        head = isinstance(block, CsvBlock) and block.documents < len(block.starts)
        for owner in range(head, len(block.starts) or block.documents):
            verdict = self.judge.judge(facts.get(owner, Facts()), texts.get(owner, ()))
            goes_on = block.goes_on and not owner
            self.tally.note(verdict, sizes.get(owner, 0), texts.get(owner, ()), goes_on=goes_on)
            if verdict.decision == "deny":
                refused.add(owner)
        self.tally.dropped += len(refused) if self.out is not None else 0
        return refused

    def media(self, name: str, path: Path) -> None:
        from haipkit.adapters.corpus_files import Fault, why
        from haipkit.detectors.optout import decide
        from haipkit.workspace.rights_sources import credentials

        try:
            signals = credentials(path)
        except OSError as fault:
            self.reading.faults.append(Fault(name, why(fault)))
            return
        decision, signal = decide(signals)
        source = f"(file) {name}" if signals else NO_SOURCE
        self.tally.note(Verdict(source, decision, signal, "", tuple(signals)), path.stat().st_size, ())


def _lengths(column: Any) -> list[int]:
    import pyarrow.compute as pc

    return [int(size) for size in pc.binary_length(column).to_pylist()]


def write_table(target: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV, or as Parquet where the name ends so. Raises CannotWrite."""
    import pyarrow as pa

    from haipkit.adapters.write_corpus import Shard

    if target.suffix.lower() == ".parquet":
        with Shard(target, "parquet", "") as shard:
            shard.write(pa.RecordBatch.from_pylist(list(rows)))
        return
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["source"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with Shard(target, "csv", "") as shard:
        shard.write(text.getvalue().encode("utf-8", "replace"))


def check_controls() -> int:
    """Planted reservations go through the same decision first; returns how many. Raises InternalFault."""
    stored = Stored()
    robots = "User-agent: *\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /\n"
    planted: list[tuple[Facts, str]] = [
        (Facts(url="https://a.example/x", robots=robots), "robots"),
        (Facts(url="https://a.example/x", headers={"TDM-Reservation": "1"}), "tdm-header"),
        (Facts(url="https://a.example/x", tdm=[{"location": "/", "tdm-reservation": 1}]), "tdm-file"),
        (Facts(url="https://a.example/x", headers={"content-usage": "train-ai=n"}), "aipref-header"),
    ]
    page = Facts(url="https://a.example/x")
    page.note("html", '<html><head><meta name="robots" content="noai"></head>')
    planted.append((page, "noai-meta"))
    judge = Judge(stored, (), crawlers()["training"])
    for facts, carrier in planted:
        verdict = judge.judge(facts)
        if verdict.decision != "deny" or verdict.signal is None or verdict.signal.carrier != carrier:
            raise InternalFault(f"a planted reservation was missed: {carrier}", advice="Do not rely on this run.")
    if not rights_in("SPDX-License-Identifier: MIT").licences or not rights_in("All rights reserved.").reserved:
        raise InternalFault("a planted notice of rights was missed", advice="Do not rely on this run.")
    return len(planted) + 2
