"""The Merkle tree of RFC 6962, section 2.1, over SHA-256, with tiles 256 hashes wide (C2SP tlog-tiles).

Pure: no storage, no clock. Hashes are 32 bytes. A *tile* (level, index) holds the hashes of 256 neighbouring
subtrees of 256**level leaves each; its root is a hash of the tile (level + 1, index // 256).
Proof builders ask for tiles through a callable and use of a tile only what the stated tree size covers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from haipkit.kernel.errors import BadInput

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
HASH_SIZE = 32
MAX_PROOF = 63
EMPTY_ROOT = sha256(b"").digest()

TileReader = Callable[[int, int], Sequence[bytes]]
"""(level, index) → the hashes of that tile that exist so far, 1 to 256 of them, in order."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 hashes joined (8192 bytes), and the root of the subtree they span."""

    level: int
    index: int
    hashes: bytes
    root: bytes


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes (or over the hashes of equally high full subtrees)."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        pairs = iter(level)
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def split_tile(hashes: bytes) -> list[bytes]:
    """The single hashes of a joined tile."""
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def join_entries(entries: Iterable[bytes]) -> bytes:
    """The entry bundle of C2SP tlog-tiles: each entry, up to 65,535 bytes, behind its length in two bytes."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def split_entries(bundle: bytes) -> list[bytes]:
    """The entries of an entry bundle. Raises BadInput if it does not end where its last entry does."""
    entries: list[bytes] = []
    at, end = 0, len(bundle)
    while at < end - 1:
        start = at + 2
        at = start + (bundle[at] << 8 | bundle[at + 1])
        entries.append(bundle[start:at])
    if at != end:
        raise BadInput("these are not whole entries, each behind its length")
    return entries


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, 255 hashes a level at most.

    `extend` costs one hash a leaf, a level of the tree at a time; `root` one hash a set bit of the size.
    """

    __slots__ = ("_partial", "_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._partial: list[list[bytes]] = [[]]
        # Of each height the last node, if it is a left child that still waits for its sibling: a set bit of the size.
        self._peaks: list[bytes] = []

    @classmethod
    def restore(cls, size: int, partial: Sequence[Sequence[bytes]]) -> "Frontier":
        """Rebuild from the partial tile of each level, level 0 first. Raises BadInput if they do not fit `size`."""
        widths = [(size >> (TILE_HEIGHT * level)) % TILE_WIDTH for level in range(len(partial))]
        if [len(hashes) for hashes in partial] != widths or size >> (TILE_HEIGHT * len(partial)):
            raise BadInput(f"the right edge of the tree does not fit its size {size}")
        frontier = cls()
        frontier.size = size
        frontier._partial = [list(hashes) for hashes in partial] or [[]]
        for hashes in frontier._partial:
            stop = len(hashes)
            for height in range(TILE_HEIGHT):
                width = 1 << height
                waits = bool(stop & width)
                frontier._peaks.append(root_of(hashes[stop - width : stop]) if waits else b"")
                stop -= width if waits else 0
        return frontier

    def copy(self) -> "Frontier":
        """An independent frontier of the same tree."""
        twin = Frontier()
        twin.size = self.size
        twin._partial = [hashes.copy() for hashes in self._partial]
        twin._peaks = self._peaks.copy()
        return twin

    def partial(self, level: int) -> list[bytes]:
        """The hashes of the unfinished tile of a level, possibly none."""
        return self._partial[level] if level < len(self._partial) else []

    def extend(self, hashes: Sequence[bytes]) -> list[Tile]:
        """Append leaf hashes; returns the tiles that became full, lower levels before the ones they fill."""
        if len(hashes) == 1:
            return self._append(hashes[0])
        full: list[Tile] = []
        filled: list[bytes] = []
        nodes: Sequence[bytes] = hashes
        index, height = self.size, 0
        self.size += len(hashes)
        while nodes:
            if height % TILE_HEIGHT == 0:
                level = height // TILE_HEIGHT
                # A node of this height is the root of a tile that became full one level below.
                full += [Tile(level - 1, index + at, *pair) for at, pair in enumerate(zip(filled, nodes, strict=False))]
                filled = self._fill_tiles(level, nodes)
            if height == len(self._peaks):
                self._peaks.append(b"")
            if index & 1:
                nodes = [self._peaks[height], *nodes]
            self._peaks[height] = nodes[-1] if len(nodes) & 1 else b""
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            index >>= 1
            height += 1
        return full

    def root(self) -> bytes:
        node = b""
        for peak in self._peaks:
            if peak:
                node = sha256(b"\x01" + peak + node).digest() if node else peak
        return node or EMPTY_ROOT

    def _append(self, node: bytes) -> list[Tile]:
        """`extend` by one leaf, which is what most commits do."""
        full: list[Tile] = []
        filled: list[bytes] = []
        index, height = self.size, 0
        self.size += 1
        while True:
            if height % TILE_HEIGHT == 0:
                full += [Tile(height // TILE_HEIGHT - 1, index, tile, node) for tile in filled]
                filled = self._fill_tiles(height // TILE_HEIGHT, (node,))
            if height == len(self._peaks):
                self._peaks.append(b"")
            if not index & 1:
                self._peaks[height] = node
                return full
            node = sha256(b"\x01" + self._peaks[height] + node).digest()
            self._peaks[height] = b""
            index >>= 1
            height += 1

    def _fill_tiles(self, level: int, hashes: Sequence[bytes]) -> list[bytes]:
        """Add to the unfinished tile of a level; returns the tiles that became full, joined."""
        if level == len(self._partial):
            self._partial.append([])
        row = self._partial[level]
        row.extend(hashes)
        if len(row) < TILE_WIDTH:
            return []
        whole = len(row) - len(row) % TILE_WIDTH
        self._partial[level] = row[whole:]
        return [b"".join(row[start : start + TILE_WIDTH]) for start in range(0, whole, TILE_WIDTH)]


def inclusion_proof(index: int, size: int, read_tile: TileReader) -> list[bytes]:
    """The audit path (RFC 6962, 2.1.1) of leaf `index` in the tree of `size` leaves, leaf's sibling first."""
    if not 0 <= index < size:
        raise BadInput(f"there is no entry {index} in a log of {size}")
    ranges: list[tuple[int, int]] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return [_range_root(start, stop, read_tile) for start, stop in reversed(ranges)]


def consistency_proof(old: int, new: int, read_tile: TileReader) -> list[bytes]:
    """The proof (RFC 6962, 2.1.2) that the tree of `new` leaves continues the tree of `old` leaves.

    Empty when old is 0 or equals new.
    """
    if not 0 <= old <= new:
        raise BadInput(f"a log of {new} entries cannot continue one of {old}")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    low, high = 0, new
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        ranges.append((low, high))
    return [_range_root(start, stop, read_tile) for start, stop in reversed(ranges)]


def tree_root(size: int, read_tile: TileReader) -> bytes:
    """The root of the first `size` leaves, read from tiles."""
    return _range_root(0, size, read_tile) if size else EMPTY_ROOT


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` (a leaf hash) stands at `index` in the tree of that size and root."""
    if not 0 <= index < size or any(len(item) != HASH_SIZE for item in proof):
        return False
    node, position, last = leaf, index, size - 1
    remaining = iter(proof)
    while last:
        if position & 1 or position < last:
            sibling = next(remaining, None)
            if sibling is None:
                return False
            node = node_hash(sibling, node) if position & 1 else node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return next(remaining, None) is None and node == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree (new, new_root) continues the tree (old, old_root)."""
    if not 0 <= old <= new or any(len(item) != HASH_SIZE for item in proof):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    remaining = iter(proof)
    # When the old tree is one full subtree, its root is where the walk starts and the proof leaves it out.
    first = next(remaining, None) if position else old_root
    if first is None:
        return False
    old_node = new_node = first
    while last:
        if position & 1 or position < last:
            sibling = next(remaining, None)
            if sibling is None:
                return False
            if position & 1:
                old_node = node_hash(sibling, old_node)
                new_node = node_hash(sibling, new_node)
            else:
                new_node = node_hash(new_node, sibling)
        position >>= 1
        last >>= 1
    return next(remaining, None) is None and old_node == old_root and new_node == new_root


def _split(width: int) -> int:
    """The largest power of two below `width` (width ≥ 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_root(start: int, stop: int, read_tile: TileReader) -> bytes:
    """The hash over leaves [start, stop), where start is a multiple of a power of two ≥ stop - start."""
    peaks: list[bytes] = []
    while start < stop:
        height = (stop - start).bit_length() - 1
        peaks.append(_subtree_root(height, start >> height, read_tile))
        start += 1 << height
    node = peaks.pop()
    while peaks:
        node = node_hash(peaks.pop(), node)
    return node


def _subtree_root(height: int, index: int, read_tile: TileReader) -> bytes:
    level, inside = divmod(height, TILE_HEIGHT)
    first = index << inside
    at = first % TILE_WIDTH
    hashes = read_tile(level, first // TILE_WIDTH)[at : at + (1 << inside)]
    if len(hashes) != 1 << inside:
        raise BadInput(f"tile {level}/{first // TILE_WIDTH} is too short for this proof")
    return root_of(hashes)
