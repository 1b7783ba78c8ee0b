"""The table and the estimate for a finite set of probes, each asked once in random order (drawn without replacement).

What is tested is the number of failing probes of this very set. Each e-process is the likelihood ratio of
hypergeometric draws against the nearest excluded number, averaged over the numbers on the other side: a quarter of
the weight on the design point, the rest as Jeffreys' prior spreads it (Waudby-Smith and Ramdas, "Confidence sequences
for sampling without replacement", 2020). When the set is used up the number is known, so a verdict always comes.
Pure.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

from haipkit.actions.a01_risk.sequential import TIE, Table, columns

ATOM = Fraction(1, 4)


def finite_table(size: int, most_ok: int, least_bad: int, alpha: Fraction, beta: Fraction, calls: int) -> Table:
    """The table for a set of `size` probes of which at most `most_ok` may fail, and surely not `least_bad` or more."""
    passing = _crossings(size, least_bad, most_ok, 1 / beta, calls)
    failing = _crossings(size, size - most_ok, size - least_bad, 1 / alpha, calls)
    return columns(passing, failing, calls)


def _crossings(size: int, null: int, design: int, threshold: Fraction, calls: int) -> list[int]:
    """For each number of counts a = 0, 1, …: the least b of others with e-value ≥ threshold against `null` in the set.

    `design` is the number of counts in the set that carries the atom.
    """
    import numpy as np

    log = _log_factorials(size)
    inside = np.arange(null)
    weights = _log_weights(size)[:null]
    weights = weights - np.logaddexp.reduce(weights) + math.log(1 - ATOM)
    weights[design] = np.logaddexp(weights[design], math.log(ATOM))
    found, b = [], 0
    for a in range(min(calls, null) + 1):
        fits = inside >= a
        ahead = (weights + log[inside] - log[np.maximum(inside - a, 0)])[fits]
        others = size - inside[fits]
        behind = log[null] - log[null - a]
        while a + b <= calls:
            if b > size - null:
                break
            if not len(others):
                b = size
                break
            room = others >= b
            there = ahead[room] + log[others[room]] - log[others[room] - b]
            against = behind + log[size - null] - log[size - null - b]
            value = float(np.logaddexp.reduce(there) - against) - math.log(threshold)
            if value >= TIE or (value > -TIE and _crosses(size, null, design, a, b, threshold)):
                break
            b += 1
        found.append(b)
    return found


def _crosses(size: int, null: int, design: int, a: int, b: int, threshold: Fraction) -> bool:
    """The same comparison in whole numbers, for the few cells where floating point is too close to say."""
    weights = [math.comb(2 * k, k) * math.comb(2 * (size - k), size - k) for k in range(null)]
    ways = [math.perm(k, a) * math.perm(size - k, b) for k in range(null)]
    spread = Fraction(sum(weight * way for weight, way in zip(weights, ways, strict=True)), sum(weights))
    there = (1 - ATOM) * spread + ATOM * ways[design]
    return there >= threshold * math.perm(null, a) * math.perm(size - null, b)


@lru_cache(maxsize=8)
def _log_factorials(size: int) -> Any:
    import numpy as np

    return np.array([math.lgamma(k + 1) for k in range(2 * size + 1)])


def _log_weights(size: int) -> Any:
    """Logarithm of the beta-binomial weights (½, ½) of 0 … size failing probes: C(2k, k) · C(2(N-k), N-k) / 4ᴺ."""
    import numpy as np

    log, k = _log_factorials(size), np.arange(size + 1)
    middle = log[2 * k] - 2 * log[k]
    return middle + middle[::-1] - size * math.log(4)


def finite_interval(size: int, calls: int, failures: int, error: Fraction = Fraction(1, 20)) -> tuple[int, int]:
    """Least and largest number of failing probes in the set that `failures` of `calls` leave possible, at any time.

    All numbers whose posterior weight is more than `error` times the prior weight (prior-posterior ratio martingale).
    """
    import numpy as np

    log, k = _log_factorials(size), np.arange(size + 1)
    possible = (k >= failures) & (size - k >= calls - failures)
    inside = k[possible]
    outside = size - inside
    likelihood = log[inside] - log[inside - failures] + log[outside] - log[outside - (calls - failures)]
    total = np.logaddexp.reduce(_log_weights(size)[possible] + likelihood)
    kept = inside[likelihood - total > math.log(error) - TIE]
    return int(kept[0]), int(kept[-1])
