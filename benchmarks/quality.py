"""Rights and quality: processor time from JSON lines to counts, on one core, beside reading alone.

Run: python -m benchmarks.quality [--size MB]

The best of several runs in one process; the first one, which loads the libraries, is not counted.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import corpus
from haipkit.adapters.corpus_files import survey
from haipkit.adapters.read_corpus import PartReport, read_part
from haipkit.workspace import quality, rights

SIZE = 60
GOAL = 50
"""MB/s that a look at quality should reach."""
RUNS = 3


def write(path: Path, size: int) -> float:
    """A generated corpus in five languages as JSON lines, each with an address; returns MB in the file."""
    with path.open("w", encoding="utf-8") as stream:
        for number, document in enumerate(corpus(size * 1_000_000)):
            row = {"url": f"https://h{number % 3000}.example/p{number}", "text": document.text.decode()}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path.stat().st_size / 1e6


def fastest(work: Callable[[], object]) -> float:
    """Seconds of processor time, the best of some runs after one that is not counted."""
    work()
    taken = []
    for _ in range(RUNS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def read(path: Path) -> None:
    (file,) = survey([str(path)]).files
    for _ in read_part(file, 0, None, PartReport()):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=SIZE, help="MB of text")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        size = write(path, parser.parse_known_args()[0].size)
        print(f"Rights and quality, {size:.0f} MB of JSON lines, one core")
        for name, work in (
            ("reading alone", lambda: read(path)),
            ("quality", lambda: quality.look(quality.Wishes((str(path),)))),
            ("rights", lambda: rights.look(rights.Wishes((str(path),)))),
        ):
            speed = size / fastest(work)
            goal = f"  (goal {GOAL}: {'reached' if speed >= GOAL else 'not reached'})" if name == "quality" else ""
            print(f"  {name:<14} {speed:6.0f} MB/s{goal}")


if __name__ == "__main__":
    main()
