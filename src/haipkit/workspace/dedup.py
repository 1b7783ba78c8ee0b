"""Searches a data set for exact and near duplicates, and keeps the result as a measured record."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.dedup import (
    DedupTally,
    check_threshold,
    control_texts,
    outcome_of,
    record_body,
    verify_controls,
)
from haipkit.actions.a11_data.scan_summary import QUALITY, inputs_digest
from haipkit.workspace.dedup_search import DedupWishes, Search
from haipkit.workspace.dedup_units import DedupPlan
from haipkit.workspace.pool import Progress
from haipkit.workspace.reading import open_out, planned, surveyed

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import Fault
    from haipkit.workspace.do import Written


@dataclass
class Duplicates:
    """The result. `resumed`: readings of units that an earlier run had finished."""

    outcome: str
    tally: DedupTally
    faults: "list[Fault]"
    skipped: dict[str, int]
    inputs: str
    engine: str
    controls: int
    wishes: DedupWishes
    slices: int = 1
    units: int = 0
    resumed: int = 0
    written: "Written | None" = None
    notes: list[str] = field(default_factory=list)

    def body(self, name: str, day: str, requirements: Sequence[str] = ()) -> dict[str, Any]:
        """The body of the `dataset-duplicates/1` record."""
        lost = {fault.file for fault in self.faults if fault.lost}
        return record_body(
            self.tally,
            name=name,
            day=day,
            requirements=list(requirements) or [QUALITY],
            outcome=self.outcome,
            files={
                "files_failed": len(lost),
                "files_damaged": len({fault.file for fault in self.faults} - lost),
                "files_skipped": sum(self.skipped.values()),
            },
            threshold=self.wishes.threshold,
            keep=self.wishes.keep,
            copied=self.wishes.out is not None,
            controls=self.controls,
            engine=self.engine,
            inputs=self.inputs,
        )


def dedup(wishes: DedupWishes, *, private: Path | None = None, progress: Progress | None = None) -> Duplicates:
    """Search, and leave the copy and the table that were asked for; writes no record.

    `private` is a folder that keeps finished units; without it a stopped run starts anew. Raises InternalFault when a
    planted duplicate was missed, NotFound, UsageError, CannotWrite.
    """
    check_threshold(wishes.threshold)
    return _searched(wishes, private, progress, check_dedup_controls(wishes))


def check_dedup_controls(wishes: DedupWishes) -> int:
    """Send planted duplicates through the whole search; returns how many texts. Raises InternalFault."""
    import pyarrow.parquet as pq

    planted = control_texts()
    with TemporaryDirectory(prefix="haip-controls-") as folder:
        path, table = Path(folder) / "controls.jsonl", Path(folder) / "table.parquet"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text, _ in planted), "utf-8")
        same = replace(wishes, paths=(str(path),), fields=(), out=None, table=table, keep="first", threshold="0.8")
        _searched(replace(same, jobs=1), None, None, 0)
        rows = pq.read_table(table).to_pylist()
    places = [0]
    for text, _ in planted:
        places.append(places[-1] + len(json.dumps({"text": text})) + 1)
    decided = {row["document"]: row["kind"] for row in rows if row["decision"] == "dropped"}
    return verify_controls([decided.get(place, "kept") for place in places[:-1]])


def _searched(wishes: DedupWishes, private: Path | None, progress: Progress | None, controls: int) -> Duplicates:
    from haipkit.adapters.corpus_files import gather
    from haipkit.detectors.shingles import engine_in_use

    found = surveyed(wishes.paths)
    out = str(wishes.out.resolve()) if wishes.out else None
    said = ["dedup", wishes.threshold, wishes.keep, wishes.fields, str(out)]
    with planned(found.files, said, private) as (state, units):
        open_out(wishes.out, wishes.paths, found.files, state)
        plan = DedupPlan(tuple(found.files), str(state), wishes.fields, wishes.engine, out)
        search = Search(wishes, plan, units, progress)
        read = search.run()
    faults = gather([*found.faults, *(fault for one in read for fault in one.faults)])
    tally = search.tally
    tally.files = len(found.files)
    lost = any(fault.lost for fault in faults)
    return Duplicates(
        outcome_of(tally, lost=lost, copied=wishes.out is not None),
        tally,
        faults,
        found.skipped,
        inputs_digest(digest for one in read for digest in one.digests.values()),
        engine_in_use(wishes.engine),
        controls,
        wishes,
        search.slices,
        len(units),
        search.resumed,
    )
