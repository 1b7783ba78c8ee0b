"""Reads a part of a corpus file as blocks of text values, in bounded memory.

Bad input never stops a run and is never passed over in silence: it is named in the report with its place, and what can
be read of it is read. Numbers that are stored as numbers are not text and are not read.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from haipkit.adapters.corpus_blocks import Block, CsvBlock, RawBlock, TextBlock, batch_of, safe_name
from haipkit.adapters.corpus_files import CorpusFile, Fault, open_file, why
from haipkit.adapters.corpus_html import HtmlBlock, split_html
from haipkit.adapters.corpus_json import DECODER, JsonBlock, json_strings
from haipkit.adapters.corpus_lines import Guess
from haipkit.adapters.corpus_parquet import read_groups
from haipkit.adapters.unpack import CHUNK, Hashed, Unpacked

PIECE = 4 << 20
"""Bytes of text in a block, about."""
MAX_LINE = 32 << 20
"""Longer lines are not parsed; they are looked at as plain text."""
MAX_WHOLE = 64 << 20
"""Formats that are parsed as a whole (HTML, JSON that is not in lines) are looked at as plain text above this size."""
_TAIL = 1 << 16
_HARD = re.compile(rb"[\x80-\xbf](?=[\xc2-\xee\xf0-\xf4])")
"""Between two letters that are not ASCII, unless the second may be a full-width digit."""

Read = Callable[[int], bytes]


@dataclass
class PartReport:
    """What became of a part: faults, bytes of unpacked content, and the file's digest if the part begins the file."""

    found: dict[tuple[str, str], Fault] = field(default_factory=dict)
    content: int = 0
    sha256: str | None = None

    @property
    def faults(self) -> list[Fault]:
        """One fault of each sort and file, at its first place, with how many there are."""
        return list(self.found.values())

    def add(self, fault: Fault) -> None:
        known = self.found.get((fault.file, fault.what))
        if known is not None:
            fault = replace(known, count=known.count + fault.count, lost=known.lost or fault.lost)
        self.found[fault.file, fault.what] = fault


class Part:
    """One part under way: where faults and counts go, and what its lines of JSON are taken for."""

    def __init__(self, file: CorpusFile, report: PartReport, schema: Any = None) -> None:
        self.file = file
        self._report = report
        self.guess = Guess(schema)

    def fault(self, what: str, offset: int | None = None, *, lost: bool, count: int = 1, unit: str = "byte") -> None:
        self._report.add(Fault(self.file.name, what, offset, count, lost, unit))

    def seen(self, size: int) -> None:
        self._report.content += size

    def clean(self, data: bytes, offset: int) -> bytes:
        """`data` as valid UTF-8; what was not is named and becomes U+FFFD."""
        nul = data.find(b"\0")
        if nul >= 0:
            self.fault("a NUL byte in text", offset + nul, lost=False, count=data.count(b"\0"))
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as fault:
            text = data.decode("utf-8", "replace")
            self.fault("not UTF-8", offset + fault.start, lost=False)
            return text.encode("utf-8")
        return data


def read_part(
    file: CorpusFile, start: int, stop: int | None, report: PartReport, schema: Any = None
) -> Iterator[Block]:
    """The blocks of one part. `start` and `stop` are bytes of JSON lines or row groups of Parquet; 0 and None: all.

    Faults go to the report; `OSError`s of the file become faults too. Lines and text belong to the part they begin in.
    `schema` says what JSON lines are expected to be; without it that is guessed from block to block.
    """
    part = Part(file, report, schema)
    try:
        if file.format == "parquet":
            yield from read_groups(part, start, stop, report)
            return
        with open_file(file.path) as stream:
            if start or stop is not None:
                if not start:
                    with open_file(file.path) as whole:
                        report.sha256 = Hashed(whole).finish()
                stream.seek(max(start - 1, 0))
                yield from _json_lines(part, stream.read, start, stop)
                return
            hashed = Hashed(stream)
            unpacked = Unpacked(hashed, file.packing)
            yield from _READERS[file.format](part, unpacked.read)
            if unpacked.fault:
                part.fault(unpacked.fault, report.content, lost=True)
            report.sha256 = hashed.finish()
    except OSError as fault:
        part.fault(why(fault), report.content or None, lost=True)


def _line_blocks(read: Read, offset: int, stop: int | None) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, whole lines, True), and (offset, piece, False) for the pieces of a line that is too long."""
    waiting = b""
    if offset:
        offset -= 1
        while True:
            data = read(PIECE)
            cut = data.find(b"\n") + 1
            offset += cut or len(data)
            if cut or not data:
                waiting = data[cut:]
                break
    long = False
    while stop is None or offset < stop or long:
        data = read(PIECE)
        cut = 0 if long or (stop is not None and offset + len(waiting) + len(data) >= stop) else data.rfind(b"\n") + 1
        if cut and len(waiting) + cut <= MAX_LINE:
            yield offset, b"".join((waiting, memoryview(data)[:cut])) if waiting or cut < len(data) else data, True
            offset, waiting = offset + len(waiting) + cut, data[cut:]
            continue
        waiting += data
        if not waiting:
            return
        first = waiting.find(b"\n") + 1
        if long or (not first and len(waiting) > MAX_LINE) or first > MAX_LINE:
            cut = first or (_cut(waiting) if data else len(waiting))
            yield offset, waiting[:cut], False
            offset, waiting, long = offset + cut, waiting[cut:], not first
            continue
        cut = waiting.rfind(b"\n") + 1 if data else len(waiting)
        if stop is not None and offset + cut >= stop:
            cut = waiting.find(b"\n", max(stop - 1 - offset, 0)) + 1 or cut
        if cut:
            yield offset, waiting[:cut], True
            offset, waiting = offset + cut, waiting[cut:]


def _cut(data: bytes) -> int:
    """Where to cut text that is too long for one piece: where no value is likely to stand across the cut."""
    floor = max(len(data) - _TAIL, 0)
    for mark in (b"\n\n", b"\n", b" "):
        place = data.rfind(mark, floor)
        if place > floor:
            return place + len(mark)
    place = max(data.rfind(mark, floor) for mark in (b"\t", b",", b";", b"|", b"<", b">", b'"', b"'", b"(", b"[", b"{"))
    if place > floor:
        return place + 1
    last = None
    for last in _HARD.finditer(data, floor):  # noqa: B007 - the last one is wanted
        pass
    if last is not None:
        return last.end()
    place = max(data.rfind(b"/", floor), data.rfind(b"=", floor), data.rfind(b":", floor))
    if place > floor:
        return place + 1
    end = len(data)
    while end > floor + 1 and data[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if data[end - 1] >= 0xC0 else len(data)


def _text_block(part: Part, data: bytes, offset: int, place: int, kind: type[Block] = TextBlock) -> Block:
    text = part.clean(data, offset)
    import pyarrow as pa

    column = pa.array([text], pa.large_binary()).view(pa.large_string())
    batch = pa.record_batch({"document": pa.array([place], pa.int64()), "text": column})
    return kind(batch, (0,), ("(not parsed)" if kind is RawBlock else "text",), None)


def _pieces(part: Part, read: Read, waiting: bytes = b"") -> Iterator[tuple[int, bytes, bool]]:
    """(offset, piece, last?) of plain text."""
    offset = 0
    while True:
        data = read(PIECE)
        waiting += data
        if len(waiting) < PIECE and data:
            continue
        cut = _cut(waiting) if data else len(waiting)
        if data and cut == len(waiting) and (waiting[-1:].isalnum() or waiting[-1:] in b"._-@+"):
            part.fault("cut within a run of 64 kB without a break: a value may stand across", offset + cut, lost=False)
        if cut:
            part.seen(cut)
            yield offset, waiting[:cut], not data
        offset, waiting = offset + cut, waiting[cut:]
        if not data:
            return


def _text(part: Part, read: Read, waiting: bytes = b"") -> Iterator[Block]:
    while len(waiting) < 2 and (data := read(PIECE)):
        waiting += data
    if waiting[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        read, waiting = _recoded(read, waiting), b""
    first = True
    for offset, piece, last in _pieces(part, read, waiting):
        block = _text_block(part, piece, offset, offset)
        block.goes_on, block.ends_open = not first, not last
        first = False
        yield block


def _recoded(read: Read, waiting: bytes) -> Read:
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    ready = [waiting]

    def again(size: int) -> bytes:
        while True:
            data = ready.pop() if ready else read(size)
            text = decoder.decode(data, not data)
            if text or not data:
                return text.encode("utf-8", "replace")

    return again


def _json_lines(part: Part, read: Read, start: int = 0, stop: int | None = None) -> Iterator[Block]:
    unended = False
    for offset, data, whole in _line_blocks(read, start, stop):
        part.seen(len(data))
        if not whole:
            block = _text_block(part, data, offset, offset, RawBlock)
            block.goes_on, unended = unended, not data.endswith(b"\n")
            block.ends_open = unended
            if not block.goes_on:
                part.fault(f"a line longer than {MAX_LINE >> 20} MB, looked at as plain text", offset, lost=False)
            yield block
            continue
        table = part.guess.block(data, offset)
        if table is None:
            yield from _json_blocks(part, data, offset)
        else:
            yield table


def _json_blocks(part: Part, data: bytes, offset: int) -> Iterator[Block]:
    texts: list[str] = []
    places: list[int] = []
    starts: list[int] = []
    names: list[str] = []
    literals: list[int] = []
    lines: list[bytes] = []
    strange: list[bytes] = []
    strange_from = offset
    if b"\0" in data:
        part.fault("a NUL byte in text", offset + data.find(b"\0"), lost=False, count=data.count(b"\0"))
    for line in data.split(b"\n"):
        place, offset = offset, offset + len(line) + 1
        if not line.strip():
            continue
        before = len(texts)
        try:
            try:
                text = line.decode("utf-8-sig" if place == 0 else "utf-8")
            except UnicodeDecodeError as fault:
                part.fault("not UTF-8", place + fault.start, lost=False)
                text = line.decode("utf-8", "replace")
                line = text.encode()
            value = DECODER.decode(text)
            json_strings(value, texts, names, literals)
        except (ValueError, RecursionError):
            del texts[before:], names[before:], literals[before:]
            part.fault("a line that is not JSON, looked at as plain text", place, lost=False)
            strange_from = strange_from if strange else place
            strange.append(line)
            continue
        starts.append(before)
        lines.append(line)
        places += [place] * (len(texts) - before)
    if strange:
        yield _text_block(part, b"\n".join(strange), strange_from, strange_from, RawBlock)
    if lines:
        known = {name: code for code, name in enumerate(dict.fromkeys(names))}
        codes = [known[name] for name in names]
        yield JsonBlock(batch_of(texts, places), starts, tuple(known), codes, lines, literals)


def _json(part: Part, read: Read) -> Iterator[Block]:
    """One JSON value as one document; a file of JSON lines under the wrong name is read as lines."""
    data = b""
    while len(data) <= MAX_WHOLE and (more := read(CHUNK)):
        data += more
    again = _replayed(data, read)
    if len(data) <= MAX_WHOLE:
        try:
            DECODER.decode(data.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            pass
        else:
            part.seen(len(data))
            yield from _json_blocks(part, _one_line(data), 0)
            return
    first = data[: data.find(b"\n")] if b"\n" in data[:MAX_LINE] else b""
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        part.fault("not JSON, or too large to be parsed, looked at as plain text", lost=False)
        for offset, piece, _ in _pieces(part, again):
            yield _text_block(part, piece, offset, offset, RawBlock)
        return
    yield from _json_lines(part, again)


def _replayed(data: bytes, read: Read) -> Read:
    """`data` once more, then what follows it."""
    done = 0

    def again(size: int) -> bytes:
        nonlocal done
        piece = data[done : done + size]
        done += len(piece)
        return piece or read(size)

    return again


def _one_line(data: bytes) -> bytes:
    """JSON without line breaks: they may stand between values only, so that offsets of the bytes stay."""
    return data.replace(b"\r", b" ").replace(b"\n", b" ")


def _html(part: Part, read: Read) -> Iterator[Block]:
    data = b""
    while len(data) <= MAX_WHOLE and (more := read(CHUNK)):
        data += more
    if len(data) > MAX_WHOLE:
        part.fault(f"larger than {MAX_WHOLE >> 20} MB, looked at as plain text with its tags", lost=False)
        yield from _text(part, _replayed(data, read))
        return
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.decode("utf-16", "replace").encode()
    part.seen(len(data))
    data = part.clean(data, 0)
    texts = split_html(data)
    import pyarrow as pa

    values = [b"".join(text.parts) for text in texts]
    column = pa.array(values, pa.large_binary()).view(pa.large_string())
    yield HtmlBlock(pa.record_batch({"document": pa.array([0, 0], pa.int64()), "text": column}), data, texts)


class _CsvRows:
    """Lines of a CSV file as text for the csv module, with what had to be set aside."""

    def __init__(self, part: Part, read: Read) -> None:
        self._part = part
        self._blocks = _line_blocks(read, 0, None)
        self.aside: list[Block] = []
        self.offset = 0

    def __iter__(self) -> Iterator[str]:
        for offset, data, whole in self._blocks:
            self._part.seen(len(data))
            self.offset = offset
            if not whole:
                self._part.fault(f"a line longer than {MAX_LINE >> 20} MB, looked at as plain text", offset, lost=False)
                self.aside.append(_text_block(self._part, data, offset, offset, RawBlock))
                continue
            text = self._part.clean(data, offset).decode("utf-8")
            if not offset:
                text = text.removeprefix("\N{BYTE ORDER MARK}")
            lines = text.split("\n")
            last = lines.pop()
            yield from (line + "\n" for line in lines)
            if last:
                yield last


def _csv(part: Part, read: Read) -> Iterator[Block]:
    import csv

    head = read(PIECE)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        read, head = _recoded(read, head), b""
        head = read(PIECE)
    first_line = head[: head.find(b"\n") + 1 or len(head)]
    delimiter = max(",\t;|", key=lambda mark: first_line.count(mark.encode()))
    ending = "\r\n" if first_line.endswith(b"\r\n") else "\n"
    rows = _CsvRows(part, _replayed(head, read))
    csv.field_size_limit(MAX_LINE)
    reader = csv.reader(iter(rows), delimiter=delimiter)
    names: tuple[str, ...] | None = None
    gathered: list[list[str]] = []
    size, number = 0, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as fault:
            part.fault(f"not CSV ({fault}); the rest of it was not read", rows.offset, lost=True)
            cells = None
        yield from rows.aside
        rows.aside.clear()
        if cells is not None:
            gathered.append(cells)
            size += sum(map(len, cells))
        if gathered and (cells is None or size >= PIECE or len(gathered) >= 100_000):
            if names is None:
                names = tuple(safe_name(name) for name in gathered[0])
            yield _csv_block(gathered, number, names, delimiter, ending)
            number += len(gathered)
            gathered, size = [], 0
        if cells is None:
            return


def _csv_block(rows: list[list[str]], number: int, names: tuple[str, ...], delimiter: str, ending: str) -> Block:
    texts: list[str] = []
    places: list[int] = []
    starts: list[int] = []
    codes: list[int] = []
    columns: list[int] = []
    for place, cells in enumerate(rows, number):
        starts.append(len(texts))
        for column, cell in enumerate(cells):
            if cell:
                texts.append(cell)
                places.append(place)
                columns.append(column)
                codes.append(min(column, len(names)))
    return CsvBlock(
        batch_of(texts, places),
        starts,
        (*names, "(beyond the named columns)"),
        codes,
        columns,
        rows,
        delimiter=delimiter,
        ending=ending,
        head=not number,
    )


_READERS: dict[str, Callable[[Part, Read], Iterator[Block]]] = {
    "text": _text,
    "jsonl": _json_lines,
    "json": _json,
    "csv": _csv,
    "html": _html,
}
