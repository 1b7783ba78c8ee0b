"""“Do not train” assertions of content credentials: from a manifest in JSON, or embedded in a file.

Finds the assertion by its label, in whatever container it stands, and reads the CBOR or JSON box behind it. Does not
check hashes or signatures: who made the statement is not known. An assertion that cannot be read is named as present.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from haipkit.detectors.optout import ALLOW, DENY, DOUBT, Signal

LABELS = ("c2pa.training-mining", "cawg.training-mining")
ENTRIES = ("ai_generative_training", "ai_training", "data_mining")
"""Which entries speak about training, after their prefix `c2pa.` or `cawg.`; `ai_inference` does not."""
_LABEL = re.compile(rb"(?:c2pa|cawg)\.training-mining(?:\.v\d+)?(?:__\d+)?\0")
_DEEPEST = 16


def said(data: Any) -> list[Signal]:
    """What the data of an assertion says; DOUBT when it is not what the specification describes."""
    entries = data.get("entries") if isinstance(data, Mapping) else None
    if not isinstance(entries, Mapping):
        return [Signal("c2pa", DOUBT, "present, not read")]
    uses = {}
    for name, entry in entries.items():
        short = str(name).rpartition(".")[2]
        if short in ENTRIES:
            uses[short] = str(entry.get("use") if isinstance(entry, Mapping) else entry)
    refused = [name for name, use in uses.items() if use == "notAllowed"]
    bound = [name for name, use in uses.items() if use == "constrained"]
    if refused:
        return [Signal("c2pa", DENY, f"{', '.join(refused)} not allowed")]
    if bound:
        return [Signal("c2pa", DOUBT, f"{', '.join(bound)} under conditions")]
    allowed = [name for name, use in uses.items() if use == "allowed" and name != "data_mining"]
    return [Signal("c2pa", ALLOW, f"{', '.join(allowed)} allowed")] if allowed else []


def in_manifest(value: Any) -> list[Signal]:
    """Training assertions anywhere in a manifest store that was read from JSON."""
    found: list[Signal] = []
    for one in _objects(value, 0):
        label = one.get("label")
        if isinstance(label, str) and label.partition("__")[0].partition(".v")[0] in LABELS:
            found += said(one.get("data"))
        found += [signal for name in LABELS if isinstance(one.get(name), Mapping) for signal in said(one[name])]
    return found


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _objects(one, depth + 1)


def in_file(data: bytes) -> list[Signal]:
    """Training assertions embedded in a picture, recording or document."""
    found: list[Signal] = []
    for label in _LABEL.finditer(data):
        found += said(_box(data, label.end()))
    return found


def _box(data: bytes, at: int) -> Any:
    """The content box that follows a description box; a salt box may stand between. None when it cannot be read."""
    for _ in range(3):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size < 8 or at + size > len(data):
            return None
        content = data[at + 8 : at + size]
        try:
            if kind == b"cbor":
                return _Cbor(content).value()
            if kind == b"json":
                return json.loads(content)
        except (ValueError, IndexError, RecursionError):
            return None
        at += size
    return None


class _Cbor:
    """Reads the part of CBOR (RFC 8949) that assertions use. Raises ValueError or IndexError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        first = self._data[self._at]
        self._at += 1
        major, short = first >> 5, first & 31
        if major == 7:
            return self._simple(short)
        if short == 31:
            return self._open(major, depth)
        number = self._number(short)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._take(number)
            case 3:
                return self._take(number).decode("utf-8")
            case 4:
                return [self.value(depth + 1) for _ in range(self._bounded(number))]
            case 5:
                return dict(self._pair(depth) for _ in range(self._bounded(number)))
            case _:
                return self.value(depth + 1)

    def _pair(self, depth: int) -> tuple[str, Any]:
        return str(self.value(depth + 1)), self.value(depth + 1)

    def _open(self, major: int, depth: int) -> Any:
        """Arrays and maps without a length, up to the break code."""
        found: list[Any] = []
        while self._data[self._at] != 0xFF:
            found.append(self._pair(depth) if major == 5 else self.value(depth + 1))
        self._at += 1
        if major not in (4, 5):
            return "".join(one for one in found if isinstance(one, str))
        return dict(found) if major == 5 else found

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise ValueError("no such length")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def _bounded(self, number: int) -> int:
        if number > len(self._data):
            raise ValueError("longer than its box")
        return number

    def _take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise ValueError("longer than its box")
        self._at += size
        return self._data[self._at - size : self._at]

    def _simple(self, short: int) -> Any:
        if short in (20, 21):
            return short == 21
        if short >= 24:
            self._take({24: 1, 25: 2, 26: 4, 27: 8}.get(short, len(self._data) + 1))
        return None
