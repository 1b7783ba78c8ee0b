"""Finding personal data: speed, recall and precision on a labelled corpus that this repository makes.

haipkit's engines, Python's `re` and, with `--peers`, five other scanners read the same documents and are scored alike.

Run: python -m benchmarks.scan [megabytes] [--peers PYTHON]

PYTHON is the interpreter of a virtual environment with hyperscan, presidio-analyzer, scrubadub, datatrove and dolma; it
is never haipkit's own. Slow tools read the first part of the corpus only, and their rows say how much.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import scan_peers
from benchmarks.corpus import Document, corpus
from haipkit.detectors.model import Rules
from haipkit.detectors.scan import ENGINES, engine_in_use, scan_batch
from haipkit.detectors.table import load_rules
from haipkit.kernel.errors import HaipError

MEGABYTES = 20
SAMPLE = 1_000_000
TURNS = 3
Found = dict[int, list[tuple[str, int, int, str]]]


@dataclass(slots=True)
class Row:
    """One scanner: bytes it read, its seconds of CPU, and by kind its labels, hits and false findings."""

    name: str
    size: int
    seconds: float
    labels: Counter[str]
    hits: Counter[str]
    false: Counter[str]


def batches(documents: list[Document], rows: int = 1000) -> list[pa.RecordBatch]:
    made = []
    for at in range(0, len(documents), rows):
        texts = pa.array([one.text for one in documents[at : at + rows]], pa.large_binary())
        made.append(pa.record_batch([texts], names=["text"]))
    return made


def score(
    documents: list[Document], found: list[pa.RecordBatch], rows: int = 1000
) -> tuple[Counter[str], Counter[str], Counter[str], list[str]]:
    """Labels, hits and false findings by kind, and what went wrong, in words; for batches of findings."""
    here: Found = {}
    for number, batch in enumerate(found):
        for one in batch.to_pylist():
            here.setdefault(number * rows + one["document"], []).append(
                (one["kind"], one["start"], one["end"], one["rule"])
            )
    return score_found(documents, here)


def score_found(documents: list[Document], found: Found) -> tuple[Counter[str], Counter[str], Counter[str], list[str]]:
    """As `score`, for (kind, start, end, rule) by document. A hit overlaps a label of its kind; the rest is false."""
    labels: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    false: Counter[str] = Counter()
    wrong: list[str] = []
    for number, document in enumerate(documents):
        here = found.get(number, [])
        used = set()
        for start, end, kind in document.labels:
            labels[kind] += 1
            match = [n for n, one in enumerate(here) if one[0] == kind and one[1] < end and start < one[2]]
            used |= set(match)
            if match:
                hits[kind] += 1
            else:
                wrong.append(f"missed {kind}: {document.text[max(0, start - 30) : end + 15]!r}")
        for n, (kind, start, end, rule) in enumerate(here):
            if n not in used:
                false[kind] += 1
                wrong.append(f"false {rule}: {document.text[max(0, start - 30) : end + 15]!r}")
    return labels, hits, false, wrong


def own(documents: list[Document], made: list[pa.RecordBatch], rules: Rules) -> list[Row]:
    """The engines of haipkit, one core; the fallback on a sample."""
    rows = []
    for engine in ENGINES[1:]:
        try:
            engine_in_use(engine)
        except HaipError as fault:
            print(f"  {engine}: not measured, {fault.what}")
            continue
        some = made if engine != "fallback" else batches(documents[: SAMPLE // 3400])
        scan_batch(some[0].slice(0, 50), rules, engine=engine)
        best = 0.0
        for _ in range(TURNS if engine != "fallback" else 1):
            started = time.process_time()
            found = [scan_batch(batch, rules, engine=engine) for batch in some]
            spent = time.process_time() - started
            best = min(best or spent, spent)
        size = sum(batch.column(0).nbytes for batch in some)
        labels, hits, false, _ = score(documents[: sum(batch.num_rows for batch in some)], found)
        rows.append(Row(f"haipkit {engine}", size, best, labels, hits, false))
    return rows


def as_row(documents: list[Document], result: dict[str, Any]) -> Row:
    found: Found = {}
    for document, kind, start, end in result["found"]:
        found.setdefault(document, []).append((kind, start, end, result["name"]))
    labels, hits, false, _ = score_found(documents[: result["documents"]], found)
    return Row(result["name"], result["bytes"], result["seconds"], labels, hits, false)


def peers(documents: list[Document], interpreter: Path) -> list[Row]:
    """The other scanners, in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "documents.jsonl"
        file.write_text("".join(json.dumps(one.text.decode()) + "\n" for one in documents), encoding="utf-8")
        done = subprocess.run(
            [interpreter, Path(scan_peers.__file__), file], capture_output=True, text=True, check=False
        )
    rows = []
    for line in done.stdout.splitlines():
        result = json.loads(line)
        if "missing" in result:
            print(f"  {result['name']}: not measured, {result['missing'][:120]}")
        else:
            rows.append(as_row(documents, result))
    if done.returncode:
        print(f"  the other scanners ended early: {done.stderr.strip().splitlines()[-1:]}")
    return rows


def threads(made: list[pa.RecordBatch], rules: Rules) -> None:
    """Wall-clock time of one and of two threads over the same batches."""
    for engine in ("fast", "base"):
        try:
            engine_in_use(engine)
        except HaipError:
            continue
        one, two = (_best_wall(partial(_threaded, made, rules, engine, count)) for count in (1, 2))
        size = sum(batch.column(0).nbytes for batch in made) / 1e6
        print(f"  haipkit {engine:<5} one thread {size / one:.0f} MB/s, two {size / two:.0f} MB/s: {one / two:.2f} ×")


def _threaded(made: list[pa.RecordBatch], rules: Rules, engine: str, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(lambda batch: scan_batch(batch, rules, engine=engine).num_rows, made):
            pass


def _best_wall(work: Callable[[], None]) -> float:
    spent = []
    for _ in range(TURNS):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return min(spent)


def share(part: int, rest: int) -> str:
    return f"{part / (part + rest):.3f}" if part + rest else "·"


def overview(rows: list[Row]) -> None:
    slow = next(row for row in rows if row.name == "re")
    slowest = slow.size / slow.seconds
    print(f"  {'':<17}{'MB/s':>7}{'× re':>8}{'sample':>9}{'recall':>9}{'precision':>11}   kinds")
    for row in rows:
        speed = row.size / row.seconds
        hits, missed = row.hits.total(), row.labels.total() - row.hits.total()
        kinds = sum(row.hits[kind] > 0 for kind in row.labels)
        print(
            f"  {row.name:<17}{speed / 1e6:>7.2f}{speed / slowest:>8.1f}{row.size / 1e6:>6.1f} MB"
            f"{share(hits, missed):>9}{share(hits, row.false.total()):>11}{kinds:>8} of {len(row.labels)}"
        )


def by_kind(rows: list[Row]) -> None:
    """Recall/precision of every scanner by kind; "·" where it has none of the kind."""
    shown = [row for row in rows if row.name != "haipkit fallback"]
    print("\n  recall/precision by kind")
    print(f"  {'':<29}" + "".join(f"{row.name.removeprefix('haipkit '):>11}" for row in shown))
    for kind in sorted(set().union(*(row.labels for row in shown))):
        cells = [
            f"{row.hits[kind] / row.labels[kind]:.2f}/{share(row.hits[kind], row.false[kind])[:4]}"
            if row.hits[kind] + row.false[kind] and row.labels[kind]
            else "·"
            for row in shown
        ]
        print(f"  {kind:<29}" + "".join(f"{cell:>11}" for cell in cells))


def main(megabytes: int = MEGABYTES, interpreter: Path | None = None) -> None:
    documents = list(corpus(megabytes * 1_000_000))
    rules = load_rules()
    made = batches(documents)
    size = sum(len(one.text) for one in documents)
    planted = sum(len(one.labels) for one in documents)
    print(f"scan: {size / 1e6:.0f} MB, {len(documents):,} documents, {planted:,} labelled values; CPU time, one core")
    rows = own(documents, made, rules)
    plain = scan_peers.measure(
        scan_peers.regular_expressions(), [one.text for one in documents], 3 * SAMPLE, reads_bytes=True
    )
    rows.append(as_row(documents, {"name": "re", **plain}))
    if interpreter:
        rows += peers(documents, interpreter)
    overview(rows)
    by_kind(rows)
    print("\n  wall-clock time")
    threads(made, rules)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scan", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("megabytes", nargs="?", type=int, default=MEGABYTES)
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="interpreter with the other scanners")
    options = parser.parse_args()
    main(options.megabytes, options.peers)
