"""Writes a log as a static tile tree (C2SP tlog-tiles), for any file server to offer and anybody to audit.

Everything is hashed afresh from the entries and compared with the signed head before `checkpoint` is written, last; so
the folder is at every moment a whole log of the size its checkpoint says. A second export adds what is new.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Literal

from haipkit.kernel.errors import BadInput, CannotWrite
from haipkit.kernel.outside import LogSource
from haipkit.ledger.checkpoint import Checkpoint, parse_checkpoint, parse_note
from haipkit.ledger.files import replace_file
from haipkit.ledger.merkle import TILE_WIDTH, Frontier, join_entries, leaf_hashes
from haipkit.ledger.verify.tree import tile_path


def export_tree(log: LogSource, folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Checkpoint:
    """Write the log into `folder`, creating it. Returns the head that was exported.

    Raises BadInput, and leaves the folder as it was, if it holds another log or one that this log does not continue;
    BadInput if the log does not hash to its own head; CannotWrite when the disk refuses.
    """
    note = log.checkpoint()
    head = parse_checkpoint(parse_note(note).text)
    earlier = _present(folder, head)
    if earlier is not None:
        _check_continues(log, earlier, folder)
    try:
        _write_tiles(log, head, folder, progress)
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / "checkpoint", note)
        _drop_finished_partials(folder, head.size)
    except OSError as fault:
        raise CannotWrite(f"the log could not be exported: {fault.strerror}", where=str(folder)) from fault
    return head


def _present(folder: Path, head: Checkpoint) -> Checkpoint | None:
    """The head of the log that is already in the folder."""
    try:
        earlier = parse_checkpoint(parse_note((folder / "checkpoint").read_bytes()).text)
    except FileNotFoundError:
        return None
    if earlier.origin != head.origin or earlier.size > head.size:
        raise BadInput(
            f"this folder holds the log {earlier.origin} with {earlier.size} entries; "
            f"it cannot become {head.origin} with {head.size}",
            where=str(folder),
            advice="Export into an empty folder.",
        )
    return earlier


def _check_continues(log: LogSource, earlier: Checkpoint, folder: Path) -> None:
    frontier, entries = Frontier(), log.entries(0, earlier.size)
    while batch := list(islice(entries, TILE_WIDTH)):
        frontier.extend(leaf_hashes(batch))
    if frontier.size != earlier.size or frontier.root() != earlier.root:
        raise BadInput(
            f"this log does not continue the one of {earlier.size} entries that was exported here before",
            where=str(folder),
            advice="Keep that folder: its signed checkpoint shows that the log was changed.",
        )


def _write_tiles(log: LogSource, head: Checkpoint, folder: Path, progress: Callable[[int, int], None] | None) -> None:
    frontier, entries = Frontier(), log.entries(0, head.size)
    for start in range(0, head.size, TILE_WIDTH):
        batch = list(islice(entries, min(TILE_WIDTH, head.size - start)))
        _put(folder / tile_path("entries", start // TILE_WIDTH, len(batch)), join_entries(batch))
        for tile in frontier.extend(leaf_hashes(batch)):
            _put(folder / tile_path(tile.level, tile.index), tile.hashes)
        if progress is not None:
            progress(frontier.size, head.size)
    if frontier.size != head.size or frontier.root() != head.root:
        raise BadInput(
            "the entries do not hash to the signed head, so nothing was published", advice="Run `haip verify`."
        )
    level = 0
    while index := head.size >> 8 * level:
        if hashes := frontier.partial(level):
            _put(folder / tile_path(level, index // TILE_WIDTH, len(hashes)), b"".join(hashes))
        level += 1


def _drop_finished_partials(folder: Path, size: int) -> None:
    """Remove the partial forms of tiles that are full by now; tlog-tiles allows it, and audits then stay exact."""
    level = 0
    while count := size >> 8 * level:
        kinds: tuple[int | Literal["entries"], ...] = (level, "entries") if level == 0 else (level,)
        for kind in kinds:
            for index in range(count // TILE_WIDTH):
                parts = folder / f"{tile_path(kind, index)}.p"
                if parts.is_dir():
                    for file in parts.iterdir():
                        file.unlink()
                    parts.rmdir()
        level += 1


def _put(path: Path, data: bytes) -> None:
    """Write a file in one step, unless it is there already with these bytes.

    Not flushed to the disk: what a power cut spoils differs, and the next export writes it again.
    """
    with suppress(FileNotFoundError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)
