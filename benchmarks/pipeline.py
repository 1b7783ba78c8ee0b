"""A scan end to end: JSON lines → scan → redact → Parquet, beside a plain read and rewrite of the same data.

Run: python -m benchmarks.pipeline [--size 200MB] [--jobs 2] [--folder DIR]

The plain rewrite is pyarrow's (JSON → Parquet with Zstandard). Up to 1 GB both are done on one core and their processor
time is compared; above, the corpus is scanned alone, by several processes, and what counts is their memory: the sum
over all of them, sampled five times a second.
"""

import argparse
import itertools
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus import corpus

SIZE, PARTS, ALONE = "100MB", 8, 1_000_000_000
_UNITS = {"MB": 10**6, "GB": 10**9}


def read_size(text: str) -> int:
    return int(float(text[:-2]) * _UNITS[text[-2:].upper()])


def write_corpus(folder: Path, size: int) -> int:
    """Files of JSON lines of about `size` bytes together; 20 MB of text are made, then repeated under new numbers."""
    texts = [document.text.decode() for document in corpus(min(size, 20_000_000))]
    rows = [json.dumps(text, ensure_ascii=False).encode() for text in texts]
    written, number = 0, itertools.count()
    for part in range(PARTS):
        with (folder / f"part-{part}.jsonl").open("wb") as out:
            for row in itertools.cycle(rows):
                written += out.write(b'{"id": %d, "text": %s}\n' % (next(number), row))
                if written >= size * (part + 1) // PARTS:
                    break
    return written


def processes(parent: int) -> Iterator[int]:
    """The process and all below it (Linux)."""
    yield parent
    try:
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from processes(int(child))
    except OSError:
        return


def resident(process: int) -> int:
    """Bytes that the process alone keeps in memory, and its share of what it has in common with others."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class Peak:
    """The highest sum of memory over this process and its children while the block runs."""

    def __enter__(self) -> "Peak":
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            self.bytes = max(self.bytes, sum(map(resident, set(processes(os.getpid())))))

    def __exit__(self, *fault: object) -> None:
        self._stop.set()
        self._thread.join()


def rewrite(source: Path, target: Path) -> None:
    import pyarrow.json as reader
    import pyarrow.parquet as pq

    target.mkdir()
    for path in sorted(source.iterdir()):
        table = reader.read_json(str(path), read_options=reader.ReadOptions(use_threads=False))
        pq.write_table(table, target / f"{path.stem}.parquet", compression="zstd")


def scan_it(source: Path, target: Path, jobs: int) -> str:
    from haipkit.workspace.scan import Wishes, scan

    outcome = scan(Wishes((str(source),), redact=target, to="parquet", jobs=jobs))
    found = sum(outcome.tally.by_kind.values())
    return f"{outcome.tally.documents:,} documents, {found:,} values taken out, engine {outcome.engine}"


def compare(source: Path, folder: Path, size: int) -> None:
    """Processor time of both on one core, the better of three turns."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    best = {"plain": float("inf"), "scanned": float("inf")}
    words = ""
    for turn in range(3):
        for name in best:
            target = folder / f"{name}-{turn}"
            started = time.process_time()
            if name == "plain":
                rewrite(source, target)
            else:
                words = scan_it(source, target, 1)
            best[name] = min(best[name], time.process_time() - started)
            shutil.rmtree(target)
    plain, scanned = best["plain"], best["scanned"]
    print(f"  plain read and rewrite  {size / 1e6 / plain:6.0f} MB/s a core")
    print(f"  scanned and redacted    {size / 1e6 / scanned:6.0f} MB/s a core  (+{scanned / plain - 1:.0%})  {words}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default=SIZE, help="such as 200MB or 10GB")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder; it needs 1.5 times the size")
    chosen = parser.parse_args(arguments if arguments is not None else [])
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="haip-pipeline-") as name:
        source = Path(name) / "corpus"
        source.mkdir()
        size = write_corpus(source, read_size(chosen.size))
        print(f"pipeline: JSON lines → scan → redact → Parquet, {size / 1e6:,.0f} MB in {PARTS} files")
        if size <= ALONE:
            compare(source, Path(name), size)
        started = time.perf_counter()
        with Peak() as peak:
            words = scan_it(source, Path(name) / "copy", chosen.jobs)
        seconds = time.perf_counter() - started
        print(
            f"  {chosen.jobs} processes: {size / 1e6 / seconds:.0f} MB/s wall, "
            f"peak memory of all together {peak.bytes / 1e6:,.0f} MB  {words}"
        )


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
