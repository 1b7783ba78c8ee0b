"""The integer table that decides: after n calls with f failures PASS, FAIL, or go on.

Two one-sided e-processes for independent calls. Each is the likelihood ratio against the nearest excluded rate,
averaged over the rates on the other side: half of the weight on the design point, half on Jeffreys' prior cut at the
excluded rate (Ville 1939; Robbins 1970; Ramdas et al., "Game-theoretic statistics and safe anytime-valid inference",
2023). Where it reaches 1/error the side is decided, at any time, whoever stops for whatever reason. It depends on n
and f alone, so the rule is a table of whole numbers, made and registered before the first call. Pure.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any, Literal

from haipkit.kernel.canonical import canonical_json, sha256_hex

Decision = Literal["PASS", "FAIL"]
ATOM = Fraction(1, 2)
TIE = 1e-8
"""Relative distance to the threshold within which floating point does not decide; its own error stays below 1e-10."""


@dataclass(frozen=True, slots=True)
class Table:
    """PASS when failures ≤ passing[n], FAIL when failures ≥ failing[n], for n = 0 … calls.

    `passing[n]` is -1 where nothing passes yet, `failing[n]` is n + 1 where nothing fails yet.
    """

    passing: tuple[int, ...]
    failing: tuple[int, ...]

    @property
    def calls(self) -> int:
        """The largest number of calls that can be read."""
        return len(self.passing) - 1

    def decide(self, calls: int, failures: int) -> Decision | None:
        if failures <= self.passing[calls]:
            return "PASS"
        return "FAIL" if failures >= self.failing[calls] else None

    def passes_after(self, failures: int) -> int | None:
        """The smallest number of calls after which `failures` of them pass; none if the table ends before."""
        from bisect import bisect_left

        place = bisect_left(self.passing, failures)
        return place if place <= self.calls else None

    def steps(self) -> dict[str, list[list[int]]]:
        """Rows [n, f] at which a column changes: from n calls on, PASS at f or fewer, FAIL at f or more."""
        failing = [f if f <= n else -1 for n, f in enumerate(self.failing)]
        return {"pass": list(_changes(self.passing)), "fail": list(_changes(failing))}

    def to_json(self) -> dict[str, Any]:
        """What is registered before the run."""
        return {"form": "boundary-table/1", "calls": self.calls, **self.steps()}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of `to_json()`."""
        return sha256_hex(canonical_json(self.to_json()))

    def lines(self) -> Iterator[str]:
        """The table for reading: one line for each call at which a limit moves."""
        yield f"{'after calls':>11}  {'PASS at or below':>16}  {'FAIL at or above':>16}"
        before = (-1, -1)
        for n in range(1, self.calls + 1):
            now = (self.passing[n], self.failing[n] if self.failing[n] <= n else -1)
            if now != before:
                low, high = ("–" if one < 0 else str(one) for one in now)
                yield f"{n:>11}  {low:>16}  {high:>16}"
            before = now


def _changes(column: Sequence[int]) -> Iterator[list[int]]:
    before = -1
    for n, limit in enumerate(column):
        if limit != before:
            yield [n, limit]
        before = limit


def sequential_table(
    p_ok: Fraction, p_bad: Fraction, alpha: Fraction, beta: Fraction, calls: int, atom: Fraction = ATOM
) -> Table:
    """The table for independent calls.

    `p_ok` may equal `p_bad` only without an atom (there is no design point then).
    """
    passing = crossings(p_bad, p_ok, 1 / beta, calls, calls, atom)
    width = min(calls, int(calls * p_bad + 4 * math.sqrt(calls)) + 20)
    while True:
        failing = crossings(1 - p_ok, 1 - p_bad, 1 / alpha, calls, width, atom)
        if width >= calls or failing[calls - width] <= width:
            break
        width = min(calls, 2 * width)
    return columns(passing, failing, calls)


def columns(passing: Sequence[int], failing: Sequence[int], calls: int) -> Table:
    """The table from crossings. passing[f]: successes that f failures need; failing[s]: failures that s successes need.

    The table ends where its limits meet: no run gets any further, what comes later was decided on the way.
    """
    low, high, least, most = [-1], [1], -1, 0
    for n in range(1, calls + 1):
        while least + 1 < len(passing) and least + 1 + passing[least + 1] <= n:
            least += 1
        while most <= n and (n - most >= len(failing) or most < failing[n - most]):
            most += 1
        low.append(least)
        high.append(max(most, least + 1))
        if most <= least + 1:
            break
    return Table(tuple(low), tuple(high))


def crossings(
    null: Fraction, design: Fraction, threshold: Fraction, calls: int, width: int, atom: Fraction
) -> list[int]:
    """For each number of counts a = 0, 1, …: the least number of others b with e-value ≥ threshold (width + 1: none).

    A count has the chance `null` under the excluded rate and less under the others; `design` is the point of the atom.
    Beyond a > null × calls no b within `calls` can cross, so the list ends there.
    """
    import numpy as np

    x, weight = float(null), float(atom)
    others = np.arange(width + 1.0)
    up = (math.log(design / null), math.log((1 - design) / (1 - null))) if weight else (0.0, 0.0)
    limit = float(threshold)
    last = min(calls, int(null * calls) + 1)
    found: list[int] = []
    with np.errstate(over="ignore"):
        for a, mixture in _mixtures(x, last, width):
            value = mixture if not weight else weight * np.exp(a * up[0] + others * up[1]) + (1 - weight) * mixture
            near = _first(value >= limit * (1 - TIE))
            sure = _first(value >= limit * (1 + TIE))
            while near < sure and not _crosses(a, near, null, design, threshold, atom):
                near += 1
            found.append(near)
    return found[::-1]


def _first(hits: Any) -> int:
    place = int(hits.argmax())
    return place if hits[place] else len(hits)


def _mixtures(x: float, last: int, width: int) -> Iterator[tuple[int, Any]]:
    """(a, mixture e-values for b = 0 … width) for a = last … 0.

    ∫₀ˣ θᵃ(1-θ)ᵇ dπ / (xᵃ(1-x)ᵇ) with π = Beta(½, ½) on (0, x) is g(a, b) / g(0, 0), where
    g(a, b) = Σₖ Πⱼ₌₀..ₖ₋₁ (a+b+1+j)x/(a+3/2+j) / (a+½) = (1 + (a+b+1)·x·g(a+1, b)) / (a+½). All terms are positive.
    """
    import numpy as np

    others = np.arange(width + 1.0)
    # From this row on the terms fall from the start, so the sum is short and cannot overflow.
    top = max(last, int(x * width / (1 - x)) + 1)
    row, a = _series(top + 0.5, others + top + 1, x), top
    start = float(_series(0.5, np.ones(1), x)[0])
    while True:
        if a <= last:
            yield a, row / start
        if a == 0:
            return
        a -= 1
        row = (1 + (a + 1 + others) * x * row) / (a + 0.5)


def _series(half: float, total: Any, x: float) -> Any:
    """g: the terms fall, so the rest after a term is at most term · r / (1 - r) with r the next ratio."""
    import numpy as np

    term, added, k = np.ones_like(total), np.ones_like(total), 0
    while True:
        term = term * ((total + k) * x / (half + 1 + k))
        added += term
        k += 1
        ratio = (total + k) * x / (half + 1 + k)
        if ratio.max() < 1 and (term * ratio / (1 - ratio)).max() < 1e-17:
            return added / half


def _crosses(a: int, b: int, null: Fraction, design: Fraction, threshold: Fraction, atom: Fraction) -> bool:
    """The same comparison with 60 digits, for the few cells where floating point is too close to say."""
    with localcontext() as digits:
        digits.prec = 60
        x, one, half = _decimal(null), Decimal(1), Decimal("0.5")

        def g(counts: int, total: int) -> Decimal:
            term = added = one
            k = 0
            while True:
                ratio = (total + 1 + k) * x / (counts + half + 1 + k)
                if ratio < 1 and term * ratio / (1 - ratio) < added * Decimal("1e-55"):
                    return added / (counts + half)
                term *= ratio
                added += term
                k += 1

        value = _decimal(1 - atom) * g(a, a + b) / g(0, 0)
        if atom:
            value += _decimal(atom * (design / null) ** a * ((1 - design) / (1 - null)) ** b)
        return value >= _decimal(threshold)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
