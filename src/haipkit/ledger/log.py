"""The append-only log: entries become durable, hashed and covered by a signed head, in one commit or not at all.

Decides the order of things and keeps the tree's right edge in memory. Knows no database: a `Store` does the keeping,
and `ledger.open` joins the two. Safe for threads; other processes may append to the same store at any time.

    append   → wait in line → one thread commits for all who wait: entries, tiles, checkpoint, query rows
    recovery → the same `_apply` over what the store holds beyond the tree in memory; never a head we cannot re-derive
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from typing import Any

from haipkit.kernel.errors import BadConfig, BadInput, CannotWrite, HaipError, InternalFault, NotAllowed, NotFound
from haipkit.ledger.checkpoint import (
    Checkpoint,
    NoteSignature,
    Signer,
    VerifierKey,
    checkpoint_text,
    head_signer,
    parse_checkpoint,
    parse_note,
    sign_note,
    verify_note,
)
from haipkit.ledger.disclosure import MAX_ENTRY, disclosed_field, withhold
from haipkit.ledger.merkle import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hashes,
    split_tile,
    tree_root,
)
from haipkit.ledger.projection import Entry, Row, project_leaf
from haipkit.ledger.store import Query, Store, damaged

CHUNK = 2048
MAX_GROUP = 8192
PUBLISH_SECONDS = 1.0


class _Request:
    __slots__ = ("done", "entries", "error", "first", "hashes", "promoted", "wake")

    def __init__(self, entries: Sequence[Entry], hashes: list[bytes]) -> None:
        self.entries = entries
        self.hashes = hashes
        self.first = -1
        self.error: HaipError | None = None
        self.done = False
        self.promoted = False
        self.wake: threading.Lock | None = None


class Log:
    """A log in a store. Opened by `ledger.open`; without a signer it only reads.

    A `LogSource`: `size`, `entries`, `checkpoint`.
    """

    def __init__(
        self,
        store: Store,
        origin: str,
        key: VerifierKey,
        signer: Signer | None = None,
        *,
        publish: Callable[[bytes], None] | None = None,
    ) -> None:
        """`publish` is given the newest checkpoint now and then, and for certain before `close` returns."""
        self.origin = origin
        self.key = key
        self._store = store
        self._sign_head = None if signer is None else head_signer(origin, signer)
        self._publish = publish
        self._published_at = float("-inf")
        self._unpublished = False
        self._frontier: Frontier | None = None
        self._others_wrote = True
        self._mutex = threading.Lock()
        self._queue: list[_Request] = []
        self._leading = False
        self._crowded = False
        self._closed = False
        self._full_tile = lru_cache(maxsize=128)(self._read_full_tile)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, entries: Sequence[Entry]) -> range:
        """Add entries, all or none, in order; returns their indexes once they are durable and under a signed head.

        Raises BadInput (an entry is too long, an id is taken), CannotWrite (disk), Busy, NotAllowed (opened to read).
        """
        if self._sign_head is None:
            raise NotAllowed("this ledger was opened for reading", advice="Open it with its key to append.")
        for entry in entries:
            if not 0 < len(entry.leaf) <= MAX_ENTRY:
                raise BadInput(f"an entry has 1 to {MAX_ENTRY} bytes; this one has {len(entry.leaf)}")
        if not entries:
            return range(0)
        # Hashed here, by the waiting thread: it overlaps with the disk writes of the commit before.
        request = _Request(entries, leaf_hashes([entry.leaf for entry in entries]))
        with self._mutex:
            if self._closed:
                raise NotAllowed("this ledger is closed")
            self._queue.append(request)
            if self._leading:
                request.wake = threading.Lock()
                request.wake.acquire()
            self._leading = True
        if request.wake is not None:
            self._wait(request, request.wake)
        if not request.done:
            self._lead(request)
        if request.error is not None:
            raise request.error
        return range(request.first, request.first + len(entries))

    def erase(self, index: int, fields: Collection[str] | None = None) -> tuple[str, ...]:
        """Forget body fields of a record for good (None: all of them); returns the names of those erased.

        The entry, its signature and all proofs stay valid. There is no way back. Raises NotFound; BadInput (no such
        field); Busy when the text is gone from the tables but a reader keeps it in the database's journal: call again.
        """
        if self._sign_head is None:
            raise NotAllowed("this ledger was opened for reading", advice="Open it with its key to erase.")
        leaf = self.entry(index)
        with self._transaction():
            held = self._store.disclosures(index, index + 1).get(index, ())
            kept = () if fields is None else withhold(held, fields)
            self._store.set_disclosures(index, kept, project_leaf(leaf, kept))
        self._store.scrub()
        return tuple(disclosed_field(item)[0] for item in held if item not in kept)

    def rebuild_projections(self) -> int:
        """Write the query rows anew from entries and disclosures; returns how many there are."""
        count = 0

        def projected() -> Iterator[tuple[Any, ...]]:
            nonlocal count
            seen: set[str] = set()
            size = self._store.size()
            for start in range(0, size, CHUNK):
                stop = min(start + CHUNK, size)
                beside = self._store.disclosures(start, stop)
                for index, leaf in enumerate(self._store.leaves(start, stop), start):
                    row = project_leaf(leaf, beside.get(index, ()))
                    if row is not None and row[0] not in seen:
                        seen.add(row[0])
                        count += 1
                        yield (index, *row)

        with self._transaction():
            self._store.replace_rows(projected())
        return count

    def add_cosignatures(self, size: int, signatures: Sequence[NoteSignature], witnesses: Iterable[VerifierKey]) -> int:
        """Keep witness lines on the checkpoint of `size`; returns how many were by one of `witnesses`, and kept.

        Raises BadInput when a line claims a given witness and is false.
        """
        stored = self._store.checkpoint(size)
        if stored is None:
            raise NotFound(f"this ledger has no checkpoint of {size} entries")
        note = parse_note(stored[1] + "".join(map(str, signatures)).encode())
        names = {(found.key.name, found.key.key_id) for found in verify_note(note, witnesses)}
        lines = [str(line) for line in note.signatures if (line.name, line.key_id) in names]
        with self._transaction():
            self._store.add_cosignatures(size, lines)
        return len(lines)

    def hand_over(self, to: Signer) -> bytes:
        """Let the key of `to` sign the newest head beside the present key, and go on under it alone.

        Returns that head: whoever trusts the present key sees in it which key comes next (docs/spec/ledger.md).
        This object appends no more. Raises NotAllowed if opened to read, BadInput if `to` has another name.
        """
        if self._sign_head is None:
            raise NotAllowed("this ledger was opened for reading", advice="Open it with its key to hand it over.")
        if to.name != self.origin:
            raise BadInput(f"the key {to.name!r} cannot sign for the log {self.origin!r}")
        with self._transaction():
            frontier = self._frontier = self._caught_up()
            text = checkpoint_text(self.origin, frontier.size, frontier.root())
            (line,) = parse_note(sign_note(text, to)).signatures
            self._store.add_cosignatures(frontier.size, [str(line)])
            self._store.set_key(str(VerifierKey(to.name, to.public_key)))
        self._sign_head, self._unpublished = None, True
        self.flush_checkpoint()
        return self.checkpoint(frontier.size)

    def flush_checkpoint(self) -> None:
        """Publish the newest checkpoint now."""
        if self._publish is not None and self._unpublished:
            self._published_at = time.monotonic()
            self._publish(self.checkpoint())
            self._unpublished = False

    def close(self) -> None:
        """Publish the last checkpoint and let go of the store. Appends that wait are finished first."""
        with self._mutex:
            self._closed = True
        while self._leading:
            time.sleep(0.001)
        try:
            self.flush_checkpoint()
        finally:
            self._store.close()

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def writable(self) -> bool:
        return self._sign_head is not None

    def size(self) -> int:
        """How many entries the newest signed head covers."""
        newest = self._store.checkpoint(None)
        return newest[0] if newest else 0

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed head (of that size), with the witness lines kept for it. Raises NotFound."""
        stored = self._store.checkpoint(size)
        if stored is None:
            raise NotFound("this ledger has no signed head" + ("" if size is None else f" of {size} entries"))
        return stored[1] + "".join(self._store.cosignatures(stored[0])).encode()

    def checkpoint_sizes(self) -> list[int]:
        """The sizes of all signed heads, ascending."""
        return self._store.checkpoint_sizes()

    def cosigned_sizes(self) -> list[int]:
        """The sizes of the signed heads that carry at least one witness line, ascending."""
        return self._store.cosigned_sizes()

    def entry(self, index: int) -> bytes:
        """The leaf at `index`. Raises NotFound."""
        if not 0 <= index < self.size():
            raise NotFound(f"there is no entry {index} in this ledger")
        return self._store.leaves(index, index + 1)[0]

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves [start, stop), read in large pieces. Raises BadConfig if one is missing."""
        return chain.from_iterable(self._store.leaves(at, min(at + CHUNK, stop)) for at in range(start, stop, CHUNK))

    def disclosures(self, index: int) -> tuple[str, ...]:
        """What is still held beside the entry: one text a body field that was not erased."""
        return self._store.disclosures(index, index + 1).get(index, ())

    def tile(self, level: int, index: int) -> bytes | None:
        """A stored full tile, 256 hashes joined, or None."""
        return self._store.tile(level, index)

    def read_tile(self, level: int, index: int) -> Sequence[bytes]:
        """The hashes of a tile that exist so far (a `merkle.TileReader`)."""
        try:
            return self._full_tile(level, index)
        except NotFound:
            return self._partial_tile(level, index, self._store.size())

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of entry `index` in the log's first `size` entries (default: all)."""
        return self.inclusion_proofs([index], size)[0]

    def inclusion_proofs(self, indexes: Sequence[int], size: int | None = None) -> list[list[bytes]]:
        """Many audit paths at once; tiles are read once."""
        within = self._size_within(size)
        read_tile = lru_cache(maxsize=64)(self.read_tile)
        return [inclusion_proof(index, within, read_tile) for index in indexes]

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the first `new` entries (default: all) continue the first `old`."""
        return consistency_proof(old, self._size_within(new), lru_cache(maxsize=64)(self.read_tile))

    def root(self, size: int) -> bytes:
        """The Merkle root of the first `size` entries, from tiles. For the signed one see `checkpoint`."""
        return tree_root(self._size_within(size), self.read_tile)

    def row(self, index: int) -> Row | None:
        return self._store.row(index)

    def rows(
        self,
        *,
        kinds: Collection[str] | None = None,
        key: str | None = None,
        system: str | None = None,
        as_of_instant: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Row]:
        """History: every row that fits, in the log's order (or backwards)."""
        chosen = None if kinds is None else frozenset(kinds)
        return self._store.rows(Query(chosen, key, system, as_of_instant, limit, newest_first))

    def every_row(self) -> Iterator[Row]:
        """All rows in the log's order, read in pieces: for an audit of the rows against the entries."""
        after: int | None = None
        while rows := self._store.rows(Query(limit=CHUNK, after=after)):
            yield from rows
            after = rows[-1].idx

    def by_id(self, prefix: str) -> Row:
        """The record whose id begins so. Raises NotFound, or BadInput when several do."""
        found = self._store.rows_by_id(prefix.lower(), 4)
        if not found or not prefix:
            raise NotFound(f"no record's id begins with {prefix!r}")
        if len(found) > 1:
            candidates = ", ".join(row.id for row in found[:3]) + (", …" if len(found) > 3 else "")
            raise BadInput(f"{prefix!r} is the beginning of several ids", advice=f"Write more of it: {candidates}.")
        return found[0]

    def state(self, kinds: Collection[str] | None = None, as_of_instant: str | None = None) -> list[Row]:
        """What holds now, or held at an instant, in the log's order.

        Of each (kind, key, system) with a key the newest row recorded by then; every row without a key; never a row
        that another one, recorded by then and later in the log, supersedes.
        """
        return self._store.state(kinds, as_of_instant)

    # ── the commit ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _wait(self, request: _Request, turn: threading.Lock) -> None:
        """Sleep until somebody committed this request, or until it is this thread's turn to commit for the others."""
        try:
            turn.acquire()
        except BaseException:
            # Interrupted: give up the place in line, and hand on the turn if it came just now.
            with self._mutex:
                if request in self._queue:
                    self._queue.remove(request)
                if request.promoted and not request.done:
                    self._hand_on()
            raise

    def _hand_on(self) -> None:
        """With the mutex held: wake the next in line to lead, or note that nobody leads."""
        self._leading = bool(self._queue)
        if self._queue and (wake := self._queue[0].wake) is not None:
            self._queue[0].promoted = True
            wake.release()

    def _lead(self, own: _Request) -> None:
        """Commit for everybody who waits, `own` among them, then let the next in line lead."""
        group: list[_Request] = []
        try:
            waiting = 0
            while self._crowded and len(self._queue) > waiting:
                # Those who were just answered may come back at once: while they do, let them share this commit.
                waiting = len(self._queue)
                time.sleep(0)
            self._fill(group)
            self._commit_group(group)
        finally:
            with self._mutex:
                for request in group:
                    if request.first < 0 and request.error is None:
                        request.error = InternalFault("the commit was interrupted before it was done")
                    request.done = True
                    if request.wake is not None and not request.promoted:
                        request.wake.release()
                if own in self._queue:
                    self._queue.remove(own)
                self._hand_on()

    def _fill(self, group: list[_Request]) -> None:
        """Move requests from the line into the group, in order."""
        total = 0
        with self._mutex:
            while self._queue and (not group or total + len(self._queue[0].entries) <= MAX_GROUP):
                total += len(self._queue[0].entries)
                group.append(self._queue.pop(0))
            self._crowded = len(group) > 1

    def _commit_group(self, group: list[_Request]) -> None:
        try:
            self._commit(group)
        except (BadInput, CannotWrite) as fault:
            if len(group) == 1:
                group[0].error = fault
                return
            # One of them may be at fault, or too large: each gets its own answer.
            for request in group:
                self._commit_group([request])
        except HaipError as fault:
            for request in group:
                request.error = fault

    def _commit(self, group: Sequence[_Request]) -> None:
        sign_head = self._sign_head
        if sign_head is None:
            raise NotAllowed("this ledger was opened for reading")
        if len(group) == 1:
            entries, hashes = group[0].entries, group[0].hashes
        else:
            entries = [entry for request in group for entry in request.entries]
            hashes = [item for request in group for item in request.hashes]
        self._begin()
        # Not `with self._transaction()`, which is the same: this is the path where each function call shows.
        try:
            frontier = self._frontier = self._caught_up()
            first = start = frontier.size
            tiles = frontier.extend(hashes)
            note = sign_head(frontier.size, frontier.root())
            self._store.insert(start, entries, tiles, frontier.size, note)
            self._store.commit()
        except BaseException:
            self._give_up()
            raise
        for request in group:
            request.first = first
            first += len(request.entries)
        self._unpublished = True
        if time.monotonic() - self._published_at >= PUBLISH_SECONDS:
            # The entries are durable whether or not their head could be written out; closing tries again, and tells.
            with suppress(HaipError):
                self.flush_checkpoint()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Be the only writer; commit at the end, or keep nothing and forget the tree in memory."""
        self._begin()
        try:
            yield
            self._store.commit()
        except BaseException:
            self._give_up()
            raise

    def _begin(self) -> None:
        if self._store.begin():
            self._others_wrote = True

    def _give_up(self) -> None:
        self._frontier = None
        self._store.rollback()

    def _caught_up(self) -> Frontier:
        """The tree's right edge for what the store holds, checked against its newest head, which must be ours.

        Within the transaction. Refuses to continue a log whose head does not follow from its entries.
        """
        if self._frontier is not None and not self._others_wrote:
            return self._frontier
        newest = self._store.checkpoint(None)
        size = self._store.size()
        if newest is None or newest[0] != size:
            raise damaged(f"it holds {size} entries, but its signed head covers {newest[0] if newest else 'none'}")
        if self._store.meta().get("key") != str(self.key):
            raise NotAllowed("the key of this ledger was replaced meanwhile", advice="Open it again, with the new key.")
        head = self._checked_head(self.checkpoint(size))
        frontier = self._frontier
        if frontier is None:
            frontier = self._stored_edge(size)
        elif size < frontier.size:
            raise damaged(f"it held {frontier.size} entries and now holds {size}")
        self._apply(frontier, size)
        if (head.size, head.root) != (size, frontier.root()):
            raise damaged("its entries do not hash to its signed head")
        self._others_wrote = False
        return frontier

    def _stored_edge(self, size: int) -> Frontier:
        """The right edge at the last full tile, from the roots of full tiles: no more than 255 a level are read."""
        full = size - size % TILE_WIDTH
        partial: list[list[bytes]] = [[]]
        level = 1
        while full >> (TILE_HEIGHT * level):
            stop = full >> (TILE_HEIGHT * level)
            partial.append(self._store.tile_roots(level - 1, stop - stop % TILE_WIDTH, stop))
            level += 1
        try:
            return Frontier.restore(full, partial)
        except BadInput as fault:
            raise damaged(fault.what) from fault

    def _apply(self, frontier: Frontier, size: int) -> None:
        """Extend the tree by the stored entries it does not have yet. Their tiles are stored already."""
        for start in range(frontier.size, size, CHUNK):
            frontier.extend(leaf_hashes(self._store.leaves(start, min(start + CHUNK, size))))

    def _checked_head(self, note: bytes) -> Checkpoint:
        try:
            parsed = parse_note(note)
            if not verify_note(parsed, [self.key]):
                raise BadInput(f"its signed head is not signed by {self.key.kid}")
            head = parse_checkpoint(parsed.text)
        except BadInput as fault:
            raise damaged(fault.what) from fault
        if head.origin != self.origin:
            raise damaged(f"its signed head is of {head.origin!r}")
        return head

    def recover(self, published: bytes | None) -> None:
        """Bring the tree in memory up to the store, as every append does. `published`: the head written out last.

        Raises BadConfig if the log contradicts itself or does not continue that head.
        """
        with self._transaction():
            frontier = self._frontier = self._caught_up()
        self._unpublished = True
        if published is not None:
            head = self._checked_head(published)
            if head.size > frontier.size or tree_root(head.size, self.read_tile) != head.root:
                raise self.behind(head.size)
            self._unpublished = head.size < frontier.size

    def behind(self, size: int) -> BadConfig:
        """The error for a log that does not continue a head of `size` that it published."""
        return BadConfig(
            f"this ledger has {self.size()} entries and does not continue the head of {size} that it published",
            advice="An older copy was restored, or it was changed. Restore the newest copy, and verify it before use.",
        )

    # ── tiles ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _size_within(self, size: int | None) -> int:
        present = self.size()
        if size is None:
            return present
        if not 0 <= size <= present:
            raise BadInput(f"this ledger has {present} entries, not {size}")
        return size

    def _read_full_tile(self, level: int, index: int) -> Sequence[bytes]:
        joined = self._store.tile(level, index)
        if joined is None:
            raise NotFound(f"there is no full tile {level}/{index}")
        return split_tile(joined)

    def _partial_tile(self, level: int, index: int, size: int) -> Sequence[bytes]:
        start = index * TILE_WIDTH
        stop = min(start + TILE_WIDTH, size >> (TILE_HEIGHT * level))
        if level:
            return self._store.tile_roots(level - 1, start, stop)
        return leaf_hashes(self._store.leaves(start, stop)) if start < stop else []
