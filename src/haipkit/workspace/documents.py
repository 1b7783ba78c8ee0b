"""Documents of a corpus as bytes: which values of a document are its text, and pieces of long ones put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haipkit.kernel.errors import HaipError

if TYPE_CHECKING:
    from haipkit.actions.a11_data.units import Part
    from haipkit.adapters.corpus_blocks import Block
    from haipkit.adapters.corpus_files import CorpusFile
    from haipkit.adapters.read_corpus import PartReport

TEXT_FIELDS = ("text", "content", "contents", "body", "raw_content", "document", "markdown")
"""Where a document has a field of one of these names, the first of them alone is its text, and an empty text where that
field is empty. In tables each column is a field of every row; in JSON lines a field that is null counts as absent."""
LONGEST = 64 << 20
"""Bytes of a document that are compared; what follows is named as a fault."""


@dataclass
class Texts:
    """The documents of a block: `data` (uint8), and int64 arrays: [begins, stops) of each text in it, and its place."""

    data: Any
    begins: Any
    stops: Any
    places: Any


def read_texts(file: "CorpusFile", part: "Part", report: "PartReport", fields: Sequence[str]) -> Iterator[Texts]:
    """The documents of one part of a file, in order, empty ones too. What is wrong with the file becomes a fault."""
    from haipkit.adapters.corpus_blocks import RawBlock
    from haipkit.adapters.corpus_files import Fault
    from haipkit.adapters.read_corpus import read_part

    held: list[bytes] = []
    seen: set[str] = set()
    place = size = 0
    try:
        for block in read_part(file, part.start, part.stop, report):
            if isinstance(block, RawBlock):
                place = block.batch.column("document")[0].as_py()
                report.add(Fault(file.name, "text that is no document of its format, left out of this look", place))
                continue
            if not block.goes_on and not block.ends_open:
                yield _texts_of(block, fields, seen)
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

    data = np.frombuffer(text or b"\0", dtype=np.uint8)
    return Texts(data, np.array([0]), np.array([len(text)]), np.array([place]))


def _texts_of(block: "Block", fields: Sequence[str], seen: set[str]) -> Texts:
    """The documents of a block; those without text are empty ones, with -1 where nothing tells their place.

    Values of a document stand in an order that does not depend on how they were read. `seen`: names of fields in the
    blocks before; blocks of CSV leave out empty cells, so that a column is known by them.
    """
    import numpy as np

    from haipkit.adapters.corpus_blocks import CsvBlock, TextBlock, text_buffers
    from haipkit.adapters.corpus_lines import LinesBlock

    if isinstance(block, TextBlock) and not fields:
        return _one(block.value(0), block.batch.column("document")[0].as_py())
    column = block.batch.column("text")
    offsets, text = text_buffers(column)
    data = np.frombuffer(text, dtype=np.uint8) if len(text) else np.zeros(1, dtype=np.uint8)
    rows, owners = block.in_order(), block.owners()
    if isinstance(block, LinesBlock):  # a table has rows for fields that a line does not have, too
        rows = rows[block._valid[rows]]
    head = int(isinstance(block, CsvBlock) and block.documents < len(block.starts))
    names = np.array([block.name(row) for row in rows.tolist()], dtype=object)
    if isinstance(block, CsvBlock) and not fields:
        seen.update(names)
        fields = tuple(name for name in TEXT_FIELDS if name in seen)[:1]
    places = np.full(block.documents, -1, dtype=np.int64)
    rows, names = rows[owners[rows] >= head], names[owners[rows] >= head]
    places[owners[rows] - head] = block.batch.column("document").to_numpy()[rows]
    rows = rows[_chosen(names, owners[rows], fields)] if len(rows) else rows
    rows = rows[np.diff(offsets)[rows] > 0]
    owner = owners[rows] - head
    many = np.bincount(owner, minlength=block.documents)
    begins, stops = np.zeros((2, block.documents), dtype=np.int64)
    if len(rows) and many.max() == 1:
        begins[owner], stops[owner] = offsets[rows], offsets[rows + 1]
        return Texts(data, begins, stops, places)
    edges = np.concatenate([[0], np.cumsum(many)])
    full = np.flatnonzero(many)
    joined = [
        b"\n".join(block.value(row) for row in rows[first:last].tolist())
        for first, last in zip(edges[full].tolist(), edges[full + 1].tolist(), strict=True)
    ]
    stops[full] = np.cumsum([len(one) for one in joined])
    begins[full] = stops[full] - np.array([len(one) for one in joined], dtype=np.int64)
    return Texts(np.frombuffer(b"".join(joined) or b"\0", dtype=np.uint8), begins, stops, places)


def _chosen(names: Any, owners: Any, fields: Sequence[str]) -> Any:
    """Of the rows of documents (at least one), those whose field is a document's text: a mask.

    A field that is there and empty is a document's text as well.
    """
    import numpy as np

    if fields:
        return np.isin(names.astype(str), list(fields))
    rank = {name: place for place, name in enumerate(TEXT_FIELDS)}
    ranks = np.array([rank.get(name, len(TEXT_FIELDS)) for name in names.tolist()])
    first = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    best = np.repeat(np.minimum.reduceat(ranks, first), np.diff(np.append(first, len(owners))))
    return ranks == best
