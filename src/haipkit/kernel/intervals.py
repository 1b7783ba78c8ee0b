"""Intervals for a share: exact (Clopper and Pearson, 1934) and Wilson's (1927). Pure arithmetic."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import exp, lgamma, log, sqrt

Z95 = 1.959963984540054
_STEPS = 200


def wilson(cases: int, out_of: int, z: float = Z95) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was counted."""
    if not out_of:
        return 0.0, 1.0
    share = cases / out_of
    wide = 1 + z * z / out_of
    middle = (share + z * z / (2 * out_of)) / wide
    half = z * sqrt(share * (1 - share) / out_of + z * z / (4 * out_of * out_of)) / wide
    return (0.0 if not cases else max(middle - half, 0.0)), (1.0 if cases == out_of else min(middle + half, 1.0))


def exact(cases: int, out_of: int, level: float = 0.95) -> tuple[float, float]:
    """The interval that holds at least the level whatever the share is; (0, 1) where nothing was counted."""
    if not out_of:
        return 0.0, 1.0
    rest = (1 - level) / 2
    low = 0.0 if not cases else _quantile(rest, cases, out_of - cases + 1)
    high = 1.0 if cases == out_of else _quantile(1 - rest, cases + 1, out_of - cases)
    return low, high


def _quantile(chance: float, a: int, b: int) -> float:
    """Where the beta distribution reaches a chance: by halving, as its integral only grows."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _beta(middle, a, b) < chance else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: int, b: int) -> float:
    """The regularised incomplete beta function by its continued fraction (Lentz's method)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    tiny = 1e-300
    fraction, numerator, denominator = 1.0, 1.0, 0.0
    for step in range(10_000):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        denominator = 1 / (1 + term * denominator or tiny)
        numerator = 1 + term / (numerator or tiny)
        fraction *= numerator * denominator
        if abs(1 - numerator * denominator) < 1e-15:
            break
    return front * (fraction - 1)


def decimal(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """A number as the text that a record keeps: six places."""
    return str(Decimal(value).quantize(Decimal("0.000001"), rounding=rounding))


def decimals(low: float, high: float) -> tuple[str, str]:
    """An interval as text, rounded outwards."""
    return decimal(low, ROUND_FLOOR), decimal(high, ROUND_CEILING)
