"""The estimate that goes with a verdict: a 95 % confidence sequence, valid at every call at once.

All rates p at which the data are not 1/error times less likely than under a Beta(½, ½) mixture of rates (Robbins
1970). It holds whenever one looks and stops, unlike an interval that was made for a fixed number of calls. The
verdict itself comes from the table: an interval that leans to neither side is too cautious on one of them. Pure.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from haipkit.actions.a01_risk.finite import finite_interval
from haipkit.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate and the ends of its interval, from 0 to 1; `method` says how it was made."""

    rate: float
    low: float
    high: float
    method: str

    def texts(self, places: int = 4) -> tuple[str, str, str]:
        """Rate, low, high as decimal strings for a record; the ends are rounded outwards."""
        scale = 10**places
        low, high = math.floor(self.low * scale) / scale, math.ceil(self.high * scale) / scale
        return f"{self.rate:.{places}f}", f"{low:.{places}f}", f"{high:.{places}f}"


def check_counts(calls: int, failures: int) -> None:
    if calls < 1:
        raise BadInput("nothing was counted", advice="An estimate needs at least one scored answer.")
    if not 0 <= failures <= calls:
        raise BadInput(f"{failures} failures in {calls} calls cannot be")


def sequence(calls: int, failures: int, error: Fraction = Fraction(1, 20), asked_once: int | None = None) -> Interval:
    """The interval of the confidence sequence after `calls`, of which `failures` failed."""
    check_counts(calls, failures)
    if asked_once is not None:
        if calls > asked_once:
            raise BadInput(f"{calls} calls to a set of {asked_once} probes, each asked once, cannot be")
        least, most = finite_interval(asked_once, calls, failures, error)
        return Interval(failures / calls, least / asked_once, most / asked_once, "confidence sequence, set asked once")
    mixture = _log_beta(failures + 0.5, calls - failures + 0.5) - _log_beta(0.5, 0.5)
    floor = mixture + math.log(error)

    def possible(rate: float) -> bool:
        return _log_likelihood(calls, failures, rate) > floor

    rate = failures / calls
    low = 0.0 if failures == 0 else _edge(0.0, rate, possible)[0]
    high = 1.0 if failures == calls else _edge(1.0, rate, possible)[0]
    return Interval(rate, low, high, "confidence sequence")


def _edge(outside: float, inside: float, possible: Callable[[float], bool]) -> tuple[float, float]:
    """Closes in on the end of the interval; the first number is still outside it."""
    for _ in range(60):
        middle = (outside + inside) / 2
        if possible(middle):
            inside = middle
        else:
            outside = middle
    return outside, inside


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_likelihood(calls: int, failures: int, rate: float) -> float:
    """Of one sequence of answers; 0 · log 0 is 0."""
    total = 0.0
    for count, chance in ((failures, rate), (calls - failures, 1 - rate)):
        if count:
            total += count * math.log(chance) if chance > 0 else -math.inf
    return total


def exact(calls: int, failures: int, error: Fraction = Fraction(1, 20)) -> Interval:
    """Clopper and Pearson's interval (1934), for a number of calls that was fixed beforehand.

    Never for a run that stops.
    """
    check_counts(calls, failures)
    half = float(error) / 2
    low = 0.0 if failures == 0 else _edge(0.0, 1.0, lambda p: 1 - binomial_below(calls, failures - 1, p) > half)[0]
    high = 1.0 if failures == calls else _edge(1.0, 0.0, lambda p: binomial_below(calls, failures, p) > half)[0]
    return Interval(failures / calls, low, high, "exact, fixed number of calls")


def binomial_below(calls: int, most: int, rate: float) -> float:
    """P(X ≤ most) for X binomial."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return float(most >= calls)
    if 2 * most > calls:
        return 1 - binomial_below(calls, calls - most - 1, 1 - rate)
    whole = math.lgamma(calls + 1)
    logs = (
        whole - math.lgamma(k + 1) - math.lgamma(calls - k + 1) + k * math.log(rate) + (calls - k) * math.log1p(-rate)
        for k in range(most + 1)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))
