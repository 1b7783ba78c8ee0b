"""What a rate is worth when a judge graded the answers: verified, corrected or uncorrected, and it says which. Pure.

A judge that is right 95 times in 100, either way, reads a true failure rate of 1 % as 5.9 %. So a rate is shown with
one of three labels, and a corrected one has an interval that knows how few answers the judge was calibrated on. An
answer that the judge could not grade is unscored: the interval takes it for passed at its lower end and for failed at
its upper end.
"""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from haipkit.actions.a01_risk.confidence import Interval, exact, sequence
from haipkit.kernel.canonical import canonical_json, sha256_hex
from haipkit.kernel.errors import BadInput

Label = Literal["verified", "corrected", "uncorrected"]
ERROR = Fraction(1, 20)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a judge graded answers whose true grade is known, from people: counts.

    `found` and `overlooked`: true failures that it called failed, passed. `cleared` and `accused`: true passes that it
    called passed, failed.
    """

    found: int
    overlooked: int
    cleared: int
    accused: int

    def __post_init__(self) -> None:
        if min(self.found, self.overlooked, self.cleared, self.accused) < 0:
            raise BadInput("a calibration has negative counts")
        if not self.found + self.overlooked or not self.cleared + self.accused:
            raise BadInput(
                "a calibration needs true failures and true passes",
                advice="Have people grade some answers of both kinds, and let the judge grade the same ones.",
            )

    @property
    def sensitivity(self) -> float:
        return self.found / (self.found + self.overlooked)

    @property
    def specificity(self) -> float:
        return self.cleared / (self.cleared + self.accused)

    def reads_as(self, true_rate: float) -> float:
        """The failure rate that this judge shows, on average, for a system with this true one."""
        return true_rate * self.sensitivity + (1 - true_rate) * (1 - self.specificity)

    def to_json(self) -> dict[str, int]:
        return {
            "found": self.found,
            "overlooked": self.overlooked,
            "cleared": self.cleared,
            "accused": self.accused,
        }


@dataclass(frozen=True, slots=True)
class Judge:
    """A pinned judge: `model` with its version, digests of its prompt and of its calibration set, and the counts."""

    model: str
    prompt: str
    calibration_set: str = ""
    calibration: Calibration | None = None

    def to_json(self) -> dict[str, Any]:
        known = {"calibration_set": self.calibration_set} if self.calibration_set else {}
        counts = {"calibration": self.calibration.to_json()} if self.calibration else {}
        return {"model": self.model, "prompt": self.prompt, **known, **counts}

    @property
    def identity(self) -> str:
        """SHA-256 of the canonical JSON; changes with the model, the prompt and the calibration."""
        return sha256_hex(canonical_json(self.to_json()))


@dataclass(frozen=True, slots=True)
class Rate:
    """A failure rate with its 95 % interval, its label, and how many answers are behind it."""

    interval: Interval
    label: Label
    scored: int
    unscored: int
    note: str

    def text(self) -> str:
        """For display; never without the label."""
        rate, low, high = (f"{100 * one:.1f}" for one in (self.interval.rate, self.interval.low, self.interval.high))
        missing = f", {self.unscored} unscored" if self.unscored else ""
        return f"{rate} % ({low} to {high} %), {self.label}, n = {self.scored}{missing}"


def verified(scored: int, failures: int, unscored: int = 0) -> Rate:
    """Every grade is sure: scored without a judge (a planted word, a forbidden call), or looked at by people."""
    low, high = _apparent(scored, failures, unscored, ERROR)
    interval = Interval(failures / scored, low.low, high.high, low.method)
    return Rate(interval, "verified", scored, unscored, "graded without a judge, or by people")


def uncorrected(scored: int, hits: int, unscored: int = 0) -> Rate:
    """A judge's grades as they are. The interval covers chance alone, not the judge's mistakes."""
    rate = verified(scored, hits, unscored)
    return Rate(rate.interval, "uncorrected", scored, unscored, "the judge's mistakes are in this rate")


def corrected(scored: int, hits: int, calibration: Calibration, unscored: int = 0) -> Rate:
    """Rogan and Gladen's estimate (1978), 0 … 1: (hits/scored + specificity - 1) / (sensitivity + specificity - 1).

    The interval holds all rates that fit a confidence sequence of the hits and exact intervals of both judge rates,
    with a third of the error each: it covers whenever the run stopped and however small the calibration. At low rates
    it is wide, because little is known. Raises BadInput for a judge that is no better than a coin.
    """
    if calibration.sensitivity + calibration.specificity <= 1:
        raise BadInput("this judge is no better than chance", advice="Its grades carry nothing. Take another judge.")
    third = ERROR / 3
    least, most = _apparent(scored, hits, unscored, third)
    failures = calibration.found + calibration.overlooked
    passes = calibration.cleared + calibration.accused
    caught, clear = exact(failures, calibration.found, third), exact(passes, calibration.cleared, third)
    # The estimate rises with hits and specificity and falls with sensitivity, so the ends lie at the corners.
    low = _rogan_gladen(least.low, caught.high, clear.low, 0.0)
    high = _rogan_gladen(most.high, caught.low, clear.high, 1.0)
    rate = _rogan_gladen(hits / scored, calibration.sensitivity, calibration.specificity, 1.0)
    interval = Interval(rate, low, high, "confidence sequence and exact calibration, a third of the error each")
    return Rate(interval, "corrected", scored, unscored, f"judge calibrated on {failures} failures, {passes} passes")


def _rogan_gladen(shown: float, sensitivity: float, specificity: float, unknown: float) -> float:
    known = sensitivity + specificity - 1
    return min(1.0, max(0.0, (shown + specificity - 1) / known)) if known > 0 else unknown


def audited(scored: int, hits: int, confirmed: int, checked: int, missed: int, unscored: int = 0) -> Rate:
    """Two stages: of all hits `confirmed` were real; `checked` passes, drawn at random, held `missed` failures.

    The estimate weighs each missed failure by passes / checked. Its interval joins a confidence sequence of the
    confirmed, one of the passes, and an exact interval of the missed among the checked, with a third of the error
    each.
    """
    passes = scored - hits
    if not (0 <= confirmed <= hits <= scored and 0 <= missed <= checked <= passes):
        raise BadInput(
            f"{confirmed} of {hits} hits confirmed, {missed} missed in {checked} of {passes} passes: this cannot be"
        )
    if passes and not checked:
        raise BadInput(
            "no pass was looked at", advice="Audit a random share of the passes, or show the rate as uncorrected."
        )
    third = ERROR / 3
    least, most = _apparent(scored, confirmed, unscored, third)
    share = sequence(scored + unscored, passes, third)
    hidden = exact(checked, missed, third) if checked else Interval(0.0, 0.0, 0.0, "")
    rate = (confirmed + (missed * passes / checked if checked else 0)) / scored
    low = min(rate, least.low + share.low * hidden.low)
    high = max(rate, min(1.0, most.high + (1 - most.high) * hidden.high))
    interval = Interval(rate, low, high, "confirmed, passes and audit, a third of the error each")
    return Rate(interval, "verified", scored, unscored, f"{hits} hits and {checked} of {passes} passes looked at")


def in_audit(seed: str, probe: str, attempt: int, share: Fraction) -> bool:
    """Whether a pass is drawn for the audit: the first 64 bits of SHA-256 of the three, over 2⁶⁴, are below `share`."""
    digest = hashlib.sha256(f"{seed}\n{probe}\n{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def _apparent(scored: int, hits: int, unscored: int, error: Fraction) -> tuple[Interval, Interval]:
    """Sequences of the hits with the unscored taken for passed, and for failed."""
    if scored < 1:
        raise BadInput("no answer was scored", advice="A rate needs at least one. Look at what the judge returned.")
    every = scored + unscored
    return sequence(every, hits, error), sequence(every, hits + unscored, error)
