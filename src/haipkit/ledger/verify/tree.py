"""Audits a static tile tree: a folder in the layout of C2SP tlog-tiles (docs/spec/ledger.md)."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from haipkit.kernel.errors import BadInput, NotFound
from haipkit.ledger.checkpoint import MAX_NOTE_BYTES, parse_checkpoint, parse_note
from haipkit.ledger.merkle import TILE_WIDTH, Frontier, split_entries
from haipkit.ledger.verify.heads import (
    Keys,
    check_cosignatures,
    in_entries,
    known_heads_of,
    log_keys,
    trusted_head,
    witness_keys,
)
from haipkit.ledger.verify.log import Progress, RecordReader, rebuild
from haipkit.ledger.verify.verdict import Findings, Verdict


def verify_export(
    folder: str | Path,
    vkeys: Keys,
    *,
    known_heads: Sequence[bytes] = (),
    witnesses: Keys = (),
    signers: Keys = (),
    retired: Keys = (),
    progress: Progress | None = None,
) -> Verdict:
    """Audit a static tile tree (C2SP tlog-tiles): every entry, every tile, and that no file is there besides.

    `retired` are keys that the log used before; they count for `known_heads` alone.
    """
    tree = StaticTree(Path(folder))
    findings = Findings()
    keys = log_keys(vkeys)
    with findings.closing():
        with findings.step("checkpoint"):
            note = tree.checkpoint()
        signed, head = trusted_head(findings, note, keys, "checkpoint")
        check_cosignatures(findings, signed, witness_keys(witnesses))
        earlier = known_heads_of(findings, known_heads, [*keys, *log_keys(retired)], head)
        reader = RecordReader(findings, head.origin, [*keys, *log_keys(signers)])
        with findings.step("files"):
            tree.check_names(head.size)
            frontier = rebuild(findings, tree, head, earlier, tree.tile, reader, progress)
            tree.check_partial_tiles(frontier)
        findings.passed("files", "Every tile of the folder is what the entries hash to, and no tile is superfluous.")
    return findings.verdict()


def tile_path(level: int | Literal["entries"], index: int, width: int = TILE_WIDTH) -> str:
    """Where C2SP tlog-tiles puts a tile, e.g. `tile/0/x001/234` or, 5 hashes wide, `tile/0/x001/234.p/5`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def entries_of(bundle: bytes, count: int, *, where: str) -> list[bytes]:
    """The `count` entries of an entry bundle. Raises BadInput."""
    with suppress(BadInput):
        entries = split_entries(bundle)
        if len(entries) == count:
            return entries
    raise BadInput(f"this file should hold {count} whole entries", where=where)


class StaticTree:
    """A folder with a log in the layout of C2SP tlog-tiles: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`.

    Reads only files whose names follow from the tree's size, and no links. A `LogSource`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "checkpoint").is_file():
            raise NotFound("this folder has no file named checkpoint, so it is no exported log", where=str(folder))

    def checkpoint(self) -> bytes:
        return self._read("checkpoint", MAX_NOTE_BYTES)

    def size(self) -> int:
        return parse_checkpoint(parse_note(self.checkpoint()).text).size

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        size = self.size()
        for index in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
            first = index * TILE_WIDTH
            width = min(TILE_WIDTH, size - first)
            name = tile_path("entries", index, width)
            entries = entries_of(self._read(name, TILE_WIDTH * 65_537), width, where=name)
            yield from entries[max(start - first, 0) : stop - first]

    def tile(self, level: int, index: int) -> bytes | None:
        """A full tile's 8192 bytes, or None if its file is missing."""
        name = tile_path(level, index)
        return self._read(name, TILE_WIDTH * 32) if (self.folder / name).exists() else None

    def check_names(self, size: int) -> None:
        """That the folder `tile` holds only files of a tree of this size. Raises BadInput."""
        allowed: set[str] = set()
        for level, (full, width) in enumerate(_widths(size)):
            for kind in ("entries", level) if level == 0 else (level,):
                allowed.update(tile_path(kind, index) for index in range(full))
                allowed.update(tile_path(kind, full, part) for part in range(1, width + 1))
        for root, folders, files in os.walk(self.folder / "tile"):
            for name in (*folders, *files):
                path = Path(root) / name
                relative = path.relative_to(self.folder).as_posix()
                if path.is_symlink() or (name in files and relative not in allowed):
                    raise BadInput(f"this is not a file of a log of {in_entries(size)}", where=relative)

    def check_partial_tiles(self, frontier: Frontier) -> None:
        """The unfinished tiles, at their present width and at any earlier one that is still there. Raises BadInput."""
        for level, (full, width) in enumerate(_widths(frontier.size)):
            hashes = b"".join(frontier.partial(level))
            last = self._read(tile_path("entries", full, width), TILE_WIDTH * 65_537) if width and not level else b""
            for part in range(1, width + 1):
                name = tile_path(level, full, part)
                if part == width or (self.folder / name).exists():
                    self._compare(name, hashes[: part * 32])
                name = tile_path("entries", full, part)
                if not level and part < width and (self.folder / name).exists():
                    content = self._read(name, len(last))
                    entries_of(content, part, where=name)
                    self._compare(name, last[: len(content)])

    def _compare(self, name: str, expected: bytes) -> None:
        if self._read(name, len(expected)) != expected:
            raise BadInput("this tile is not what the entries hash to", where=name)

    def _read(self, name: str, limit: int) -> bytes:
        """A plain file's bytes. Raises BadInput if it is missing, longer than `limit`, a link or a device."""
        try:
            # Without O_NONBLOCK, opening a named pipe would wait forever.
            number = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as fault:
            raise BadInput(f"this file cannot be read: {fault.strerror}", where=name) from fault
        with os.fdopen(number, "rb") as file:
            found = os.fstat(number)
            if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
                raise BadInput("this is not the file that belongs here", where=name)
            return file.read(limit + 1)


def _widths(size: int) -> list[tuple[int, int]]:
    """For each level: how many full tiles, and how wide the unfinished one is."""
    widths = []
    while size:
        widths.append(divmod(size, TILE_WIDTH))
        size //= TILE_WIDTH
    return widths
