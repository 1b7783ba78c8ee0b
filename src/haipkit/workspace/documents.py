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
"""Where a document has a field of one of these names, the first of them alone is its text."""
LONGEST = 64 << 20
"""Bytes of a document that are compared; what follows is named as a fault."""


@dataclass
class Texts:
    """The documents of a block: `data` (uint8), [begins, stops) of each text, its place, its number in the block.

    `block` is None for a document that was put together from several blocks.
    """

    data: Any
    begins: Any
    stops: Any
    places: list[int]
    owners: list[int]
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
    return Texts(data, np.array([0]), np.array([len(text)]), [place], [0], None)


def _texts_of(block: "Block", fields: Sequence[str]) -> Texts:
    import numpy as np

    from haipkit.adapters.corpus_blocks import CsvBlock, text_buffers

    column = block.batch.column("text")
    offsets, text = text_buffers(column)
    data = np.frombuffer(text, dtype=np.uint8) if len(text) else np.empty(0, dtype=np.uint8)
    places = block.batch.column("document").to_pylist()
    head = isinstance(block, CsvBlock) and block.documents < len(block.starts)
    rows: dict[int, list[int]] = {}
    for row in range(len(column)):
        owner = block.owner(row)
        if owner or not head:
            rows.setdefault(owner, []).append(row)
    chosen = {owner: _chosen(block, members, fields) for owner, members in rows.items()}
    owners = sorted(chosen)
    where = [places[rows[owner][0]] for owner in owners]
    if all(len(members) == 1 for members in chosen.values()):
        first = np.array([chosen[owner][0] for owner in owners], dtype=np.int64)
        return Texts(data, offsets[first], offsets[first + 1], where, owners, block)
    joined = [b"\n".join(block.value(row) for row in chosen[owner]) for owner in owners]
    stops = np.cumsum([len(one) for one in joined])
    begins = stops - np.array([len(one) for one in joined])
    return Texts(np.frombuffer(b"".join(joined) or b"\0", dtype=np.uint8), begins, stops, where, owners, block)


def _chosen(block: "Block", rows: list[int], fields: Sequence[str]) -> list[int]:
    if len(rows) == 1 and not fields:
        return rows
    names = [block.name(row) for row in rows]
    if fields:
        return [row for row, name in zip(rows, names, strict=True) if name in fields]
    for field in TEXT_FIELDS:
        if field in names:
            return [row for row, name in zip(rows, names, strict=True) if name == field]
    return rows
