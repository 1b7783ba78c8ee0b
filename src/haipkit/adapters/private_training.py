"""What an Opacus PrivacyEngine says of a private training run: (ε, δ), and how they came about.

The engine is handed over by the program that trains and is asked by the names of its parts; torch is not imported here.
DP-SGD: M. Abadi and others, "Deep Learning with Differential Privacy", CCS 2016. Checks nothing: a wrong sampler, or
data that was looked at outside the engine, spends privacy that no accountant sees.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from haipkit.kernel.errors import BadInput


@dataclass(frozen=True)
class PrivateRun:
    """One run. `history`: (noise multiplier, sample rate, steps) for each stretch of equal settings. The noise and rate
    are None where stretches differ."""

    epsilon: str
    delta: str
    accountant: str
    history: tuple[tuple[float, float, int], ...]
    clipping_norm: str | None
    secure_randomness: bool | None
    library: str
    library_version: str

    @property
    def steps(self) -> int:
        return sum(steps for _, _, steps in self.history)

    @property
    def noise_multiplier(self) -> str | None:
        return self._same(0)

    @property
    def sample_rate(self) -> str | None:
        return self._same(1)

    def _same(self, part: int) -> str | None:
        values = {stretch[part] for stretch in self.history}
        return plain(values.pop()) if len(values) == 1 else None


def read_engine(engine: Any, delta: float, *, optimizer: Any = None) -> PrivateRun:
    """Read an engine after training. `optimizer` is what `make_private` gave back; it knows the clipping norm.

    Raises BadInput when nothing was trained, δ is not between 0 and 1, or the engine is none.
    """
    if not 0 < delta < 1:
        raise BadInput(f"δ is {delta}", advice="Choose it between 0 and 1, well below one over the size of the data.")
    try:
        accountant = engine.accountant
        name = str(accountant.mechanism())
        history = tuple((float(noise), float(rate), int(steps)) for noise, rate, steps in accountant.history)
        epsilon = float(engine.get_epsilon(delta))
    except (AttributeError, TypeError, ValueError) as fault:
        raise BadInput(f"this is not an engine that accounts for privacy: {fault}") from fault
    if not history or not sum(steps for _, _, steps in history):
        raise BadInput("the engine has counted no step", advice="Record the run after training, with the same engine.")
    if not math.isfinite(epsilon) or epsilon < 0:
        raise BadInput(f"the accountant gives ε = {epsilon}", advice="Without noise there is no finite ε to record.")
    norm = getattr(optimizer, "max_grad_norm", None)
    secure = getattr(engine, "secure_mode", None)
    library = type(engine).__module__.partition(".")[0]
    return PrivateRun(
        rounded_up(epsilon),
        plain(delta),
        name,
        history,
        plain(float(norm)) if isinstance(norm, int | float) else None,
        secure if isinstance(secure, bool) else None,
        library,
        _version(library),
    )


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"


def plain(value: float) -> str:
    """A number without an exponent, at most 18 places."""
    text = f"{Decimal(repr(value)).quantize(Decimal(1).scaleb(-18)):f}"
    return text.rstrip("0").rstrip(".") or "0"


def rounded_up(epsilon: float) -> str:
    """To three places, never below what was counted."""
    return str(Decimal(epsilon).quantize(Decimal("0.001"), rounding=ROUND_CEILING))
