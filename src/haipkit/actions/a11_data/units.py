"""What a unit of work is: parts of files that one worker reads and answers for, and that can be done again alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

UNIT = 64 << 20
"""Bytes of a unit, about. Packed files cannot be split, so a unit may be larger."""


_LINES = frozenset({"jsonl", "ndjson", "gz", "zst", "bz2"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of file number `file`: bytes [start, stop) of JSON lines, row groups of Parquet, or all of it (0, None).

    `shard`: (number from 1, how many) parts that the file was split into; `weight`: bytes in the file, for progress.
    """

    file: int
    start: int = 0
    stop: int | None = None
    shard: tuple[int, int] = (1, 1)
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """Parts that are done together. `identity` changes when anything changes that could change the answer."""

    parts: tuple[Part, ...]
    identity: str

    @property
    def weight(self) -> int:
        return sum(part.weight for part in self.parts)


def split_bytes(size: int, unit: int = UNIT) -> list[tuple[int, int | None]]:
    """Ranges of about `unit` bytes; the last one is open."""
    number = max(1, round(size / unit))
    edges = [size * place // number for place in range(number)]
    return list(zip(edges, [*edges[1:], None], strict=True))


def split_groups(sizes: Sequence[int], unit: int = UNIT) -> list[tuple[int, int]]:
    """Ranges of row groups, of about `unit` unpacked bytes each."""
    ranges, start, held = [], 0, 0
    for place, size in enumerate(sizes):
        if held and held + size > unit:
            ranges.append((start, place))
            start, held = place, 0
        held += size
    return [*ranges, (start, len(sizes))]


def units_of(parts: Iterable[Part], facts: Callable[[Part], str], plan: str, unit: int = UNIT) -> list[Unit]:
    """Small parts together, large ones alone, in order. `facts` names a part's file with size and time of change."""
    found: list[Unit] = []
    held: list[Part] = []
    size = 0

    def close() -> None:
        if held:
            said = "\n".join([plan, *(f"{facts(part)} {part.start} {part.stop} {part.shard}" for part in held)])
            found.append(Unit(tuple(held), sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:32]))
            held.clear()

    for part in parts:
        if (held and size + part.weight > unit) or len(held) >= 2000:
            close()
            size = 0
        held.append(part)
        size += part.weight
    close()
    return found


def shard_name(name: str, shard: tuple[int, int]) -> str:
    """`a/b.jsonl.gz` and (2, 3) → `a/b-00002-of-00003.jsonl.gz`; a file that was not split keeps its name."""
    number, many = shard
    if many == 1:
        return name
    folder, _, last = name.rpartition("/")
    stem, dot, endings = last.partition(".")
    if not stem:
        stem, dot, endings = last, "", ""
    return f"{folder}{'/' if folder else ''}{stem}-{number:05d}-of-{many:05d}{dot}{endings}"


def table_name(name: str) -> str:
    """`a/b.jsonl.gz` → `a/b.parquet`: what a file of JSON lines is called as a table."""
    folder, _, last = name.rpartition("/")
    stem, _, endings = last.partition(".")
    while endings and endings.rpartition(".")[2].lower() in _LINES:
        endings = endings.rpartition(".")[0]
    return f"{folder}{'/' if folder else ''}{stem}{'.' if endings else ''}{endings}.parquet"
