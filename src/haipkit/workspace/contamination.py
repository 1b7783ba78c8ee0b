"""Looks for the items of benchmarks in a data set, in one reading of it, and keeps a measured record."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.contamination import (
    BenchmarkFound,
    ItemFound,
    benchmark_found,
    control_documents,
    control_items,
    item_fields,
    outcome_of,
    read_limit,
    record_body,
    verify_controls,
)
from haipkit.actions.a11_data.scan_summary import QUALITY
from haipkit.kernel.errors import BadInput, NotFound, UsageError
from haipkit.workspace.contamination_units import ContaminationPlan, Looked, load_tables, look_unit, tables_of
from haipkit.workspace.pool import Progress, answers
from haipkit.workspace.reading import planned, surveyed

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import CorpusFile, Fault
    from haipkit.adapters.read_corpus import PartReport
    from haipkit.workspace.do import Written


@dataclass(frozen=True)
class ContaminationWishes:
    """What a person asked for. `fields` of the data set's documents, `benchmark_fields` of the items."""

    paths: tuple[str, ...]
    benchmarks: tuple[str, ...]
    fields: tuple[str, ...] = ()
    benchmark_fields: tuple[str, ...] = ()
    limit: str | None = None
    table: Path | None = None
    jobs: int = 0
    engine: str = "auto"


@dataclass(frozen=True)
class Benchmark:
    """A file of items; each item is the texts of its fields. `places`: where the items begin in the file."""

    name: str
    sha256: str
    items: tuple[tuple[str, ...], ...]
    places: tuple[int, ...]


@dataclass
class Contamination:
    """The result: counts by benchmark, and what was found of each item, benchmark after benchmark."""

    outcome: str
    benchmarks: list[BenchmarkFound]
    items: list[ItemFound]
    counts: dict[str, int]
    faults: "list[Fault]"
    skipped: dict[str, int]
    inputs: str
    engine: str
    controls: int
    limit: str | None
    units: int = 0
    resumed: int = 0
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]:
        """The body of the `dataset-contamination/1` record."""
        return record_body(
            self.benchmarks,
            self.counts,
            name=name,
            day=day,
            requirements=list(requirements) or [QUALITY],
            outcome=self.outcome,
            limit=self.limit,
            controls=self.controls,
            engine=self.engine,
            inputs=self.inputs,
        )


def shipped_probes() -> list[Path]:
    """The files of probes that this version ships for tests of models; a data set must not hold those either."""
    from haipkit.actions import a01_risk

    return sorted(Path(str(a01_risk.__file__)).parent.rglob("*.jsonl"))


def contamination(
    wishes: ContaminationWishes, *, private: Path | None = None, progress: Progress | None = None
) -> Contamination:
    """Search, and leave the table that was asked for; writes no record.

    `private` is a folder that keeps finished units; without it a stopped run starts anew. Raises InternalFault when a
    planted item was missed, BadInput for a benchmark that cannot be read, NotFound, UsageError, CannotWrite.
    """
    if not wishes.benchmarks:
        raise UsageError("no benchmark was named", advice="Name its files with --benchmark FILE.")
    if wishes.limit is not None:
        read_limit(wishes.limit)
    return _searched(wishes, private, progress, check_contamination_controls(wishes.engine))


def check_contamination_controls(engine: str = "auto") -> int:
    """Send planted items through the whole search; returns how many. Raises InternalFault when one is missed."""
    with TemporaryDirectory(prefix="haip-controls-") as folder:
        items, documents = Path(folder) / "items.jsonl", Path(folder) / "documents.jsonl"
        items.write_text("".join(json.dumps({"question": text}) + "\n" for text, _ in control_items()), "utf-8")
        documents.write_text("".join(json.dumps({"text": text}) + "\n" for text in control_documents()), "utf-8")
        wishes = ContaminationWishes((str(documents),), (str(items),), jobs=1, engine=engine)
        return verify_controls(_searched(wishes, None, None, 0).items)


def read_benchmark(path: str, fields: Sequence[str] = ()) -> list[Benchmark]:
    """The benchmark in a file, or those in a folder or pattern, one a file. Raises BadInput, NotFound."""
    from haipkit.adapters.corpus_files import survey

    found = survey([path])
    if found.faults:
        raise BadInput(found.faults[0].what, where=found.faults[0].file)
    if not found.files:
        raise NotFound("there is no benchmark in it", where=path)
    return [_benchmark(file, fields) for file in found.files]


def _benchmark(file: "CorpusFile", fields: Sequence[str]) -> Benchmark:
    from haipkit.adapters.read_corpus import PartReport

    report = PartReport()
    items = list(_listed_items(file, report) if file.format == "json" else _read_items(file, report))
    lost = [fault for fault in report.faults if fault.lost or "not JSON" in fault.what]
    if lost:
        raise BadInput(str(lost[0]), advice="A benchmark has to be read whole, or its rates would be wrong.")
    chosen = [tuple(texts[at] for at in item_fields(names, fields)) for _, names, texts in items]
    if not any(text.strip() for item in chosen for text in item):
        known = f"No item has a field called {' or '.join(fields)}." if fields else ""
        raise BadInput("there are no items with text in it", where=file.name, advice=known)
    places = tuple(place for place, *_ in items)
    return Benchmark(Path(file.name).name, report.sha256 or "", tuple(chosen), places)


Item = tuple[int, list[str], list[str]]
"""Its place in the file, names of its fields, and their texts."""


def _read_items(file: "CorpusFile", report: "PartReport") -> Iterator[Item]:
    from haipkit.adapters.corpus_blocks import CsvBlock, RawBlock
    from haipkit.adapters.read_corpus import read_part

    for block in read_part(file, 0, None, report):
        if isinstance(block, RawBlock):
            continue
        head = isinstance(block, CsvBlock) and block.documents < len(block.starts)
        rows: dict[int, list[int]] = {}
        for row in block.in_order().tolist():
            rows.setdefault(block.owner(row), []).append(row)
        places = block.batch.column("document")
        for owner, members in sorted(rows.items()):
            if owner or not head:
                texts = [block.value(row).decode("utf-8", "replace") for row in members]
                yield places[members[0]].as_py(), [block.name(row) for row in members], texts


def _listed_items(file: "CorpusFile", report: "PartReport") -> Iterator[Item]:
    """The items of a JSON file that is a list, or an object with one list of objects in it."""
    from haipkit.adapters.corpus_files import open_file
    from haipkit.adapters.corpus_json import DECODER, Pairs, json_strings
    from haipkit.adapters.unpack import Hashed, Unpacked

    found = list(_read_items(file, report))
    if len(found) != 1 or report.faults:
        yield from found
        return
    with open_file(file.path) as stream:
        unpacked = Unpacked(Hashed(stream), file.packing)
        data = b"".join(iter(partial(unpacked.read, 1 << 20), b""))
    value = DECODER.decode(data.decode("utf-8-sig"))
    if isinstance(value, Pairs):
        lists = [inner for _, inner in value if inner.__class__ is list and inner and isinstance(inner[0], Pairs)]
        value = lists[0] if len(lists) == 1 else [value]
    for place, row in enumerate(value):
        texts: list[str] = []
        names: list[str] = []
        json_strings(row, texts, names, [])
        yield place, names, texts


def _searched(
    wishes: ContaminationWishes, private: Path | None, progress: Progress | None, controls: int
) -> Contamination:
    from haipkit.adapters.corpus_files import gather
    from haipkit.detectors.shingles import engine_in_use

    benchmarks = [one for path in wishes.benchmarks for one in read_benchmark(path, wishes.benchmark_fields)]
    found = surveyed(wishes.paths)
    said = ["contamination", wishes.fields, wishes.benchmark_fields, [one.sha256 for one in benchmarks]]
    with planned(found.files, said, private) as (state, units):
        plan = ContaminationPlan(tuple(found.files), str(state), wishes.fields, wishes.engine)
        _leave_tables(state, tables_of([one.items for one in benchmarks], engine_in_use(wishes.engine)))
        given, resumed = answers(partial(look_unit, plan), units, state, wishes.jobs, progress)
        looked = Looked()
        for one in given:
            looked.add(Looked.from_json(one))
        items = _items(benchmarks, load_tables(str(state)), looked)
    summed = _summed(benchmarks, items)
    faults = gather([*found.faults, *looked.faults])
    if wishes.table is not None:
        _write_table(wishes.table, benchmarks, items, looked, found.files)
    lost = {fault.file for fault in faults if fault.lost}
    counts = {
        "files": len(found.files),
        "files_failed": len(lost),
        "files_damaged": len({fault.file for fault in faults} - lost),
        "files_skipped": sum(found.skipped.values()),
        "bytes": looked.bytes,
        "documents": looked.documents,
    }
    return Contamination(
        outcome_of(summed, lost=bool(lost) or not looked.documents, limit=wishes.limit),
        summed,
        items,
        counts,
        faults,
        found.skipped,
        looked.inputs,
        engine_in_use(wishes.engine),
        controls,
        wishes.limit,
        len(units),
        resumed,
    )


def _leave_tables(state: Path, tables: dict[str, tuple[Any, Any]]) -> None:
    from haipkit.workspace.dedup_units import leave

    for sort, (keys, items) in tables.items():
        leave(state / f"{sort}.keys", keys)
        leave(state / f"{sort}.items", items)


def _items(benchmarks: Sequence[Benchmark], tables: dict[str, tuple[Any, Any]], looked: Looked) -> list[ItemFound]:
    """What was found of each item: distinct keys of it, and those of them that stand in the data set."""
    import numpy as np

    number = sum(len(one.items) for one in benchmarks)
    has, got = {}, {}
    for sort, (keys, pairs) in tables.items():
        seen = np.zeros(len(keys), dtype=bool)
        seen[sorted(looked.keys[sort])] = True
        has[sort] = np.bincount(pairs[:, 1], minlength=number)
        got[sort] = np.bincount(pairs[:, 1][seen[pairs[:, 0]]], minlength=number)
    runs, found = (counts["words"] + counts["letters"] for counts in (has, got))
    return [
        ItemFound(int(runs[item]), int(found[item]), bool(got["exact"][item]), bool(has["exact"][item]))
        for item in range(number)
    ]


def _summed(benchmarks: Sequence[Benchmark], items: Sequence[ItemFound]) -> list[BenchmarkFound]:
    made, at = [], 0
    for one in benchmarks:
        made.append(benchmark_found(one.name, one.sha256, items[at : at + len(one.items)]))
        at += len(one.items)
    return made


def _write_table(
    target: Path,
    benchmarks: Sequence[Benchmark],
    items: Sequence[ItemFound],
    looked: Looked,
    files: "Sequence[CorpusFile]",
) -> None:
    """One row an item: what was found of it, and the document that holds most of it. No text of either."""
    import pyarrow as pa

    from haipkit.adapters.write_corpus import Shard

    text, number, flag = pa.string(), pa.int64(), pa.bool_()
    schema = pa.schema(
        [("benchmark", text), ("item", number), ("runs", number), ("found", number), ("share", pa.float64())]
        + [(name, flag) for name in ("exact", "judged", "contaminated")]
        + [("file", text), ("document", number)]
    )
    rows = []
    owners = [(one.name, place) for one in benchmarks for place in one.places]
    for at, ((name, place), item) in enumerate(zip(owners, items, strict=True)):
        _, file, document = looked.best.get(at, (0, -1, None))
        row = {"benchmark": name, "item": place, "runs": item.runs, "found": item.found, "share": float(item.share)}
        row |= {"exact": item.exact, "judged": item.judged, "contaminated": item.contaminated}
        rows.append(row | {"file": files[file].name if file >= 0 else None, "document": document})
    with Shard(target, "parquet", "") as shard:
        shard.write(pa.RecordBatch.from_pylist(rows, schema=schema))
