"""What has to be decided, and how surely: two rates, two chances of error, and a limit on the number of calls.

Does not decide, and does not count.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from haipkit.kernel.errors import BadInput

AtCap = Literal["undecided", "decide"]
Share = Fraction | Decimal | int | float | str
"""A share as people write it: "5 %", "0.05". A float counts as the number it is written with."""

BARE = (
    "A bare limit cannot be decided at the limit: a system that fails at exactly that rate would be tested for ever. "
    'Name both numbers: the rate that is fine, and the rate that must not be. For example at_most = "5 %", '
    'surely_not = "10 %".'
)

_SHARE = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(%?)", re.ASCII)


def share(value: Share, where: str = "") -> Fraction:
    """`value` as an exact fraction from 0 to 1. Raises BadInput for anything else."""
    if isinstance(value, Fraction):
        found = value
    else:
        match = _SHARE.fullmatch(str(value).strip())
        if isinstance(value, bool) or not match:
            raise BadInput(f"{value!r} is not a share", where=where, advice='Write "5 %" or "0.05".')
        found = Fraction(match[1]) / (100 if match[2] else 1)
    if not 0 <= found <= 1:
        raise BadInput(f"{value} is not between 0 and 1", where=where, advice='Write "5 %" or "0.05".')
    return found


def share_text(value: Fraction) -> str:
    """An exact text for a record: a decimal where there is one, or a fraction."""
    digits = value.denominator
    for prime in (2, 5):
        while digits % prime == 0:
            digits //= prime
    if digits != 1:
        return f"{value.numerator}/{value.denominator}"
    return format(Decimal(value.numerator) / Decimal(value.denominator), "f")


@dataclass(frozen=True, slots=True)
class Policy:
    """PASS needs proof of a rate below `p_bad`, FAIL needs proof of a rate above `p_ok`.

    `alpha`: chance of FAIL for a system at `p_ok` or better. `beta`: chance of PASS for one at `p_bad` or worse. Both
    hold whenever the run ends. `max_calls`: none means as many as the table has, which always decides (about five times
    what a fixed design needs; hardly a run comes near). `at_cap`: at the last call allowed say UNDECIDED, or decide
    (then the limit is part of the proof and cannot be raised later). `asked_once`: size of a finite set of probes of
    which each is asked once, in random order; the rates are then shares of this set.
    """

    p_ok: Fraction
    p_bad: Fraction
    alpha: Fraction = Fraction(1, 20)
    beta: Fraction = Fraction(1, 20)
    max_calls: int | None = None
    at_cap: AtCap = "undecided"
    asked_once: int | None = None

    def __post_init__(self) -> None:
        if not self.p_ok < self.p_bad:
            raise BadInput(f"{share_text(self.p_ok)} is not below {share_text(self.p_bad)}", advice=BARE)
        if self.p_ok == 0 or self.p_bad == 1:
            raise BadInput(
                "the rate that is fine is above 0, and the rate that must not be is below 1",
                advice="No number of calls proves that something never happens. Name a small rate, such as 0.1 %.",
            )
        for name, error in (("alpha", self.alpha), ("beta", self.beta)):
            if not 0 < error < Fraction(1, 2):
                raise BadInput(f"{name} is {share_text(error)}", advice="A chance of error lies between 0 and 50 %.")
        if self.at_cap not in ("undecided", "decide"):
            raise BadInput(f"at_cap is {self.at_cap!r}", advice="Write undecided or decide.")
        for name, number in (("max_calls", self.max_calls), ("asked_once", self.asked_once)):
            if number is not None and not 1 <= number <= MOST_CALLS:
                raise BadInput(f"{name} is {number}", advice=f"Write a number from 1 to {MOST_CALLS}.")
        if self.at_cap == "decide" and self.max_calls is None:
            raise BadInput("at_cap is decide, but there is no limit", advice="Name max_calls, or leave at_cap out.")
        self._check_set()

    def _check_set(self) -> None:
        if self.asked_once is None:
            return
        if self.most_ok + 1 >= self.least_bad:
            raise BadInput(
                f"a set of {self.asked_once} probes cannot tell {share_text(self.p_ok)} from {share_text(self.p_bad)}",
                advice="Take more probes, or rates that are further apart.",
            )
        if self.max_calls is not None and self.max_calls > self.asked_once:
            raise BadInput(
                f"max_calls is {self.max_calls}, but there are {self.asked_once} probes, each asked once",
                advice="Leave max_calls out: the whole set is the limit.",
            )

    @classmethod
    def of(
        cls, at_most: Share, surely_not: Share | None = None, *, alpha: Share = "5 %", beta: Share = "5 %", **more: Any
    ) -> "Policy":
        """A policy from what people write: `Policy.of("5 %", "10 %", max_calls=500)`."""
        if surely_not is None:
            raise BadInput(f"only one number is named: at most {at_most}", advice=BARE)
        return cls(
            share(at_most, "at_most"),
            share(surely_not, "surely_not"),
            share(alpha, "alpha"),
            share(beta, "beta"),
            **more,
        )

    @property
    def most_ok(self) -> int:
        """With `asked_once`: the largest number of failing probes that is fine."""
        return int(self.p_ok * (self.asked_once or 0))

    @property
    def least_bad(self) -> int:
        """With `asked_once`: the smallest number of failing probes that must not be."""
        return -int(-self.p_bad * (self.asked_once or 0) // 1)

    def extended(self, max_calls: int) -> "Policy":
        """The same question with more calls:

        what was decided stays decided. Not for a plan that decides at its limit.
        """
        if self.at_cap == "decide":
            raise BadInput(
                "a plan that decides at its limit cannot be extended",
                advice="Its limit is part of the proof. Plan a new run, which will be shown as a second one.",
            )
        return replace(self, max_calls=max_calls)

    def to_json(self) -> dict[str, Any]:
        """For a record: no floats. `from_json` reads it."""
        return {
            "p_ok": share_text(self.p_ok),
            "p_bad": share_text(self.p_bad),
            "alpha": share_text(self.alpha),
            "beta": share_text(self.beta),
            "at_cap": self.at_cap,
            **({"max_calls": self.max_calls} if self.max_calls is not None else {}),
            **({"asked_once": self.asked_once} if self.asked_once is not None else {}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Policy":
        p_ok, p_bad, alpha, beta = (Fraction(data[name]) for name in ("p_ok", "p_bad", "alpha", "beta"))
        return cls(p_ok, p_bad, alpha, beta, data.get("max_calls"), data["at_cap"], data.get("asked_once"))


MOST_CALLS = 50_000


def fixed_calls(policy: Policy) -> int:
    """Calls of the smallest design that looks once, at the end, and keeps alpha and beta (exact binomial tails)."""
    import numpy as np

    p_ok, p_bad, alpha, beta = (float(one) for one in (policy.p_ok, policy.p_bad, policy.alpha, policy.beta))
    good, bad = np.ones(1), np.ones(1)
    for calls in range(1, MOST_CALLS + 1):
        good, bad = _one_more(good, p_ok), _one_more(bad, p_bad)
        # The smallest cut that keeps alpha is the best for beta.
        cut = int(np.argmax(np.cumsum(good) >= 1 - alpha))
        if bad[: cut + 1].sum() <= beta:
            return calls
    raise BadInput(
        f"{share_text(policy.p_ok)} and {share_text(policy.p_bad)} are too close",
        advice=f"More than {MOST_CALLS} calls would be needed. Take rates that are further apart.",
    )


def _one_more(chances: Any, rate: float) -> Any:
    import numpy as np

    grown = np.zeros(len(chances) + 1)
    grown[:-1] += chances * (1 - rate)
    grown[1:] += chances * rate
    return grown
