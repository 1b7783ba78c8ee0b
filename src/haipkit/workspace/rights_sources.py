"""Reads what a crawl stored beside its documents: JSON lines, WARC files, or a folder with the files of each host.

Nothing is fetched. What cannot be read is named; a protocol error in a file means that it said nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from haipkit.actions.a11_data.rights import Facts, Host, Stored, stored_entry
from haipkit.detectors import optout, optout_c2pa, optout_robots
from haipkit.kernel.errors import BadInput, NotFound

if TYPE_CHECKING:
    from haipkit.adapters.corpus_files import Fault

_FILES = {"robots.txt": "robots", "tdmrep.json": "tdm", "ai.txt": "ai_txt"}
_MOST_HEAD = 1 << 20
_MOST_BODY = 4 << 20
_MEDIA = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".svg", ".dng", ".jxl"),
        *(".mp4", ".mov", ".m4a", ".mp3", ".wav", ".avi", ".pdf", ".c2pa"),
    )
)
_LARGEST = 256 << 20


def read_sources(place: Path) -> tuple[Stored, "list[Fault]"]:
    """Side files under a path: one JSON-lines or WARC file, or a folder. Raises NotFound, BadInput."""
    from haipkit.adapters.corpus_files import Fault, why

    if not place.exists():
        raise NotFound(f"there is no file or folder {str(place)!r}", advice="--sources names what the crawl stored.")
    stored: Stored = Stored()
    faults: list[Fault] = []
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if not path.is_file():
            continue
        name = path.relative_to(place).as_posix() if place.is_dir() else path.name
        try:
            if not _take(path, name, stored, faults) and not place.is_dir():
                raise BadInput("this is neither JSON lines nor WARC", where=str(path))
        except OSError as fault:
            faults.append(Fault(name, why(fault)))
    if not stored.hosts:
        raise BadInput("no host is named in it", where=str(place), advice="See docs/do/check-rights.md for the forms.")
    return stored, faults


def facts_of_sources(place: Path | None) -> list[str]:
    """Names, sizes and times of change of the side files: a look goes on only where they are the same."""
    if place is None:
        return []
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    marks = [(path, path.stat()) for path in files if path.is_file()]
    return [f"{path} {mark.st_size} {mark.st_mtime_ns}" for path, mark in marks]


def _take(path: Path, name: str, stored: Stored, faults: "list[Fault]") -> bool:
    from haipkit.adapters.corpus_files import PACKINGS
    from haipkit.adapters.unpack import Unpacked

    plain = Path(name.lower())
    packing = PACKINGS.get(plain.suffix, "")
    ending = (plain.with_suffix("") if packing else plain).suffix
    if ending in (".jsonl", ".ndjson", ".warc"):
        with path.open("rb") as stream:
            unpacked = Unpacked(stream, packing)
            (_warc if ending == ".warc" else _lines)(unpacked, name, stored, faults)
            if unpacked.fault:
                from haipkit.adapters.corpus_files import Fault

                faults.append(Fault(name, unpacked.fault))
        return True
    host, kind = _named(name)
    if kind:
        text = path.read_bytes()[: optout_robots.LIMIT * 8].decode("utf-8", "replace")
        stored.hosts.setdefault(host, Host()).add(_host_of(kind, text))
    return bool(kind)


def _named(name: str) -> tuple[str, str]:
    """`example.org/robots.txt`, `example.org/.well-known/tdmrep.json` or `example.org.robots.txt` → (host, what)."""
    parts = [part for part in name.split("/") if part != ".well-known"]
    last = parts[-1].lower()
    if last in _FILES and len(parts) > 1:
        return parts[-2].lower(), _FILES[last]
    for ending, kind in _FILES.items():
        if last.endswith("." + ending):
            return last.removesuffix("." + ending), kind
    return "", ""


def _host_of(kind: str, text: str, day: str = "") -> Host:
    if kind == "robots":
        return Host(robots=text, day=day)
    if kind == "ai_txt":
        return Host(ai_txt=text, day=day)
    try:
        return Host(tdm=json.loads(text), day=day)
    except (ValueError, RecursionError):
        return Host(tdm=[], day=day)


def _lines(stream: Any, name: str, stored: Stored, faults: "list[Fault]") -> None:
    from haipkit.adapters.corpus_files import Fault

    bad, offset, first = 0, 0, None
    for line in _split(stream):
        try:
            value = json.loads(line)
            if not isinstance(value, dict):
                raise ValueError
            stored.add(stored_entry(value))
        except (ValueError, RecursionError):
            if line.strip():
                bad, first = bad + 1, offset if first is None else first
        offset += len(line)
    if bad:
        faults.append(Fault(name, "a line that is no JSON object", first, bad))


def _split(stream: Any) -> Iterator[bytes]:
    waiting = b""
    while data := stream.read(1 << 20):
        *lines, waiting = (waiting + data).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(waiting) > _MOST_BODY:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting


class _Warc:
    """The records of a WARC file (ISO 28500), one after another. Of a body, a first part is read."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._held = b""

    def _more(self) -> bool:
        data = self._stream.read(1 << 20)
        self._held += data
        return bool(data)

    def __iter__(self) -> Iterator[tuple[dict[str, str], bytes]]:
        while True:
            while (end := self._held.find(b"\r\n\r\n", 1)) < 0:
                if len(self._held) > _MOST_HEAD or not self._more():
                    return
            fields = _fields(self._held[:end])
            if not self._held.lstrip().startswith(b"WARC/"):
                return
            self._held = self._held[end + 4 :]
            try:
                size = int(fields.get("content-length", ""))
            except ValueError:
                return
            yield fields, self._body(size)

    def _body(self, size: int) -> bytes:
        while len(self._held) < min(size, _MOST_BODY) and self._more():
            pass
        body = self._held[: min(size, _MOST_BODY)]
        left = size - len(self._held)
        self._held = self._held[size:]
        while left > 0 and self._more():
            left, self._held = left - len(self._held), self._held[left:]
        self._held = self._held.lstrip(b"\r\n")
        return body


def _fields(head: bytes) -> dict[str, str]:
    found = {}
    for line in head.decode("utf-8", "replace").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _warc(stream: Any, name: str, stored: Stored, faults: "list[Fault]") -> None:
    from haipkit.adapters.corpus_files import Fault

    records = 0
    for fields, body in _Warc(stream):
        records += 1
        if fields.get("warc-type") == "response":
            _response(fields, body, stored)
    if not records:
        faults.append(Fault(name, "no WARC record could be read"))


def _response(fields: dict[str, str], body: bytes, stored: Stored) -> None:
    head, _, content = body.partition(b"\r\n\r\n")
    facts = Facts(url=fields.get("warc-target-uri", "").strip("<>"))
    facts.note("fetched_at", fields.get("warc-date", ""))
    host, path = facts.place
    status = head.split(b" ", 2)[1:2]
    kind = _FILES.get(path.rpartition("/")[2]) if path.count("/") <= 2 else None
    if host and kind and status == [b"200"]:
        stored.hosts.setdefault(host, Host()).add(_host_of(kind, content.decode("utf-8", "replace"), facts.day))
        return
    facts.headers = _fields(head)
    if b"<meta" in content[: 1 << 20].lower():
        facts.signals = optout.page(content.decode("utf-8", "replace"))
    stored.add(facts)


def media_of(paths: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Pictures, recordings and documents under local paths, which hold no plain text but may hold credentials."""
    for entry in paths:
        top = Path(entry)
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.suffix.lower() in _MEDIA and path.is_file():
                yield path.relative_to(top).as_posix() if top.is_dir() else path.name, path


def credentials(path: Path) -> "list[optout.Signal]":
    """Training assertions embedded in a file. Raises OSError. Of a very large file, the beginning is looked at."""
    stream: BinaryIO
    with path.open("rb") as stream:
        return optout_c2pa.in_file(stream.read(_LARGEST))
