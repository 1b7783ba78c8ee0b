"""Documents of a corpus as bytes: which values of a document are its text, and pieces of long ones put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from haipkit.kernel.errors import HaipError

if TYPE_CHECKING:
    from haipkit.actions.a11_data.units import Part
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import CorpusFile
    from haipkit.adapters.read_corpus import PartReport

TEXT_FIELDS = ("text", "content", "contents", "body", "raw_content", "document", "markdown")
"""Where a document has a field of one of these names, the first of them alone is its text."""
LONGEST = 64 << 20
"""Bytes of a document that are compared; what follows is named as a fault."""


@dataclass
class Texts:
    """The documents of a block: `data` (uint8), and int64 arrays: [begins, stops) of each text in it, and its place.

    `block` is None for a document that was put together from several blocks.
    """

    data: Any
    begins: Any
    stops: Any
    places: Any
    block: "Block | None"


def read_texts(file: "CorpusFile", part: "Part", report: "PartReport", fields: Sequence[str]) -> Iterator[Texts]:
    """The documents of one part of a file, in order. Whatever is wrong with the file becomes a fault of the report."""
    from haipkit.adapters.corpus_blocks import RawBlock
    from haipkit.adapters.corpus_files import Fault
    from haipkit.adapters.read_corpus import read_part

    held: list[bytes] = []
    place = size = 0
    try:
        for block in read_part(file, part.start, part.stop, report):
            if isinstance(block, RawBlock):
                continue
            if not block.goes_on and not block.ends_open:
                yield _texts_of(block, fields)
                continue
            if not block.goes_on:
                held, place, size = [], block.batch.column("document")[0].as_py(), 0
            piece = block.value(0)
            if size < LONGEST <= size + len(piece):
                report.add(Fault(file.name, f"longer than {LONGEST >> 20} MB, compared by its beginning", lost=False))
            if size < LONGEST:
                held.append(_whole(piece[: LONGEST - size]))
            size += len(piece)
            if not block.ends_open:
                yield _one(b"".join(held), place)
                held = []
    except HaipError:
        raise
    except Exception as fault:
        report.add(Fault(file.name, f"reading it failed ({type(fault).__name__})", report.content))


def _whole(piece: bytes) -> bytes:
    """Without a letter that was cut at the end."""
    return piece.decode("utf-8", "ignore").encode()


def _one(text: bytes, place: int) -> Texts:
    import numpy as np

    data = np.frombuffer(text, dtype=np.uint8)
    return Texts(data, np.array([0]), np.array([len(text)]), np.array([place]), None)


def _texts_of(block: "Block", fields: Sequence[str]) -> Texts:
    """Documents that hold any text, their values in an order that does not depend on how they were read."""
    import numpy as np

    from haipkit.adapters.corpus_blocks import CsvBlock, text_buffers

    column = block.batch.column("text")
    offsets, text = text_buffers(column)
    data = np.frombuffer(text, dtype=np.uint8) if len(text) else np.zeros(1, dtype=np.uint8)
    rows, owners = block.in_order(), block.owners()
    rows = rows[np.diff(offsets)[rows] > 0]
    if isinstance(block, CsvBlock) and block.documents < len(block.starts):
        rows = rows[owners[rows] > 0]
    rows = _chosen(block, rows, owners[rows], fields)
    owner = owners[rows]
    first = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(rows) else rows
    places = block.batch.column("document").to_numpy()[rows[first]]
    if len(first) == len(rows):
        return Texts(data, offsets[rows], offsets[rows + 1], places, block)
    edges = [*first.tolist(), len(rows)]
    joined = [b"\n".join(block.value(row) for row in rows[one:other].tolist()) for one, other in pairwise(edges)]
    stops = np.cumsum([len(one) for one in joined])
    begins = stops - np.array([len(one) for one in joined])
    return Texts(np.frombuffer(b"".join(joined), dtype=np.uint8), begins, stops, places, block)


def _chosen(block: "Block", rows: Any, owners: Any, fields: Sequence[str]) -> Any:
    """Of the rows of documents, those whose field is a document's text."""
    import numpy as np

    if not len(rows):
        return rows
    nothing = len(TEXT_FIELDS)
    if fields:
        return rows[[block.name(row) in fields for row in rows.tolist()]]
    rank = {name: place for place, name in enumerate(TEXT_FIELDS)}
    ranks = np.array([rank.get(block.name(row), nothing) for row in rows.tolist()])
    first = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    best = np.repeat(np.minimum.reduceat(ranks, first), np.diff(np.append(first, len(rows))))
    return rows[ranks == best]
