"""In which order probes are asked, and which answers may be read: those before the first gap, in that order. Pure.

The order is drawn before the first call, from a seed that is registered. A refusal is quick and a harmful answer is
slow, so whoever reads what is finished passes systems that fail.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

from haipkit.kernel.errors import BadInput

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unit:
    """One call: a probe of a stratum (domain and technique), asked for the `attempt`-th time, counted from 1."""

    probe: str
    stratum: str = ""
    attempt: int = 1


def order(units: Iterable[Unit], seed: str) -> list[Unit]:
    """All units in the order in which they are asked: random inside each stratum, strata in proportion from the start.

    With r the place of a unit inside its stratum, by SHA-256 of `seed`, stratum, probe and attempt (each on a line of
    its own), m the number of units there, and u the last 64 bits of the digest over 2⁶⁴, units are sorted by (r + u)
    / m. So any language can draw the order again. Raises BadInput on a unit named twice.
    """
    strata: dict[str, list[tuple[bytes, Unit]]] = {}
    seen: set[Unit] = set()
    for unit in units:
        if unit in seen:
            raise BadInput(f"the probe {unit.probe} is there twice", advice="Give every probe an id of its own.")
        seen.add(unit)
        said = f"{seed}\n{unit.stratum}\n{unit.probe}\n{unit.attempt}"
        strata.setdefault(unit.stratum, []).append((hashlib.sha256(said.encode()).digest(), unit))
    keyed = []
    for members in strata.values():
        members.sort(key=lambda one: one[0])
        for place, (digest, unit) in enumerate(members):
            jitter = int.from_bytes(digest[-8:], "big")
            keyed.append((Fraction((place << 64) + jitter, len(members)), digest, unit))
    keyed.sort(key=lambda one: one[:2])
    return [unit for _, _, unit in keyed]


@dataclass
class InOrder(Generic[T]):
    """Values that arrive in any order and are read in the order of their positions, from 0, up to the first gap."""

    size: int
    read: int = 0
    ahead: dict[int, T] = field(default_factory=dict)

    def put(self, position: int, value: T) -> None:
        """Raises BadInput for a position outside the plan, or one that came before."""
        if not 0 <= position < self.size:
            raise BadInput(f"position {position} is not in the plan", advice=f"It has {self.size} calls.")
        if position < self.read or position in self.ahead:
            raise BadInput(f"position {position} came twice", advice="Each call of a plan counts once.")
        self.ahead[position] = value

    def next(self) -> Iterator[T]:
        """Values that can be read by now."""
        while self.read in self.ahead:
            value = self.ahead.pop(self.read)
            self.read += 1
            yield value
