"""The training data as a leak test reads it: once to draw pieces from, once to hold the model's words against."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.leak_match import KnownValues, Stretches
from haipkit.actions.a11_data.scan_summary import inputs_digest
from haipkit.kernel.errors import NotFound

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import Fault

PIECE = 1_000
"""Characters of a drawn piece at most."""
_STRIDE = 4_096
"""A long document is drawn from as often as it has so many bytes."""
Progress = Callable[[int, int], None]


@dataclass
class Drawn:
    """Pieces of training text, the digest of all files, and what was wrong with them."""

    pieces: list[str] = field(default_factory=list)
    sha256: str = ""
    faults: "list[Fault]" = field(default_factory=list)


def draw(paths: Sequence[str], count: int, least: int, seed: int, progress: Progress | None = None) -> Drawn:
    """`count` pieces of at least `least` characters, each place as likely as another; the same seed draws the same.

    Raises NotFound when the paths hold no text, or none that is long enough.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    kept: list[tuple[float, int, str]] = []
    drawn, digests, serial = Drawn(), [], 0
    for digest, blocks, faults in _files(paths, progress):
        for block in blocks:
            for text in _texts(block):
                if len(text) < least:
                    continue
                for key in random.random(1 + len(text) // _STRIDE).tolist():
                    start = int(random.integers(0, len(text) - least + 1))
                    serial += 1
                    # The ones with the highest keys stay: a sample without knowing how many there will be.
                    if len(kept) < count:
                        heappush(kept, (key, serial, _piece(text, start)))
                    elif key > kept[0][0]:
                        heapreplace(kept, (key, serial, _piece(text, start)))
        drawn.faults += faults
        digests += digest
    if not kept:
        raise NotFound(f"there is no text of {least:,} characters in it", where=", ".join(paths))
    drawn.pieces = [piece for _, _, piece in sorted(kept)]
    drawn.sha256 = inputs_digest(digests)
    return drawn


def _piece(text: str, start: int) -> str:
    return text[start : start + PIECE]


def _texts(block: "Block") -> Iterator[str]:
    from haipkit.adapters.corpus_blocks import text_buffers

    offsets, data = text_buffers(block.batch.column("text"))
    for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        yield bytes(data[start:end]).decode("utf-8", "replace")


def _files(
    paths: Sequence[str], progress: Progress | None
) -> "Iterator[tuple[list[str], Iterator[Block], list[Fault]]]":
    """File by file: its digest and faults are there when its blocks have been read."""
    from haipkit.adapters.corpus_files import survey
    from haipkit.adapters.read_corpus import PartReport, read_part

    found = survey(paths)
    total, done = sum(file.size for file in found.files), 0
    if not found.files:
        raise NotFound("there is no text in it", where=", ".join(paths))
    for number, file in enumerate(found.files):
        report = PartReport()
        digests: list[str] = []
        faults = list(found.faults) if not number else []

        def blocks(file: Any = file, report: Any = report, digests: Any = digests, faults: Any = faults) -> Any:
            yield from read_part(file, 0, None, report)
            digests += [report.sha256] if report.sha256 else []
            faults += report.faults

        yield digests, blocks(), faults
        done += file.size
        if progress is not None:
            progress(done, total)


def match(paths: Sequence[str], stretches: Stretches, values: KnownValues, progress: Progress | None = None) -> None:
    """Let the whole training data go by, and note what of the model's words is in it."""
    from haipkit.adapters.corpus_blocks import text_buffers
    from haipkit.workspace.scan_unit import Plan, scanned

    plan = Plan((), "")
    for _, blocks, _ in _files(paths, progress):
        for block in blocks:
            offsets, data = text_buffers(block.batch.column("text"))
            stretches.look(data[int(offsets[0]) : int(offsets[-1])] if len(offsets) else b"")
            if len(values):
                for row, _, _, start, end, _, _ in scanned(block.batch, plan):
                    values.look(block.value(row)[start:end])
