"""Whether a model tells texts it was trained on from texts it was not: scores, and how well they separate.

A signal, never a proof: a score near one half does not show that nothing was learned by heart, and a high one may come
from how the two sets differ. Hence only against a held-out split of the same source, and always with its interval.

Scores: mean loss; loss over size under zlib (N. Carlini and others, "Extracting Training Data from Large Language
Models", 2021); mean of the least likely fifth of tokens (W. Shi and others, "Detecting Pretraining Data", 2024).
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

LOWEST = 0.2
"""The share of tokens that Min-K % looks at."""
SCORES = ("loss", "zlib ratio", "min-k % of 20")
_Z = 1.959963984540054


@dataclass(frozen=True)
class Separation:
    """How often a member scores as more familiar than a text that is none (0.5: no better than a coin), with a 95 %
    interval."""

    score: str
    auc: float
    low: float
    high: float
    members: int
    others: int


def scores_of(text: str, logprobs: Sequence[float]) -> tuple[float, float, float]:
    """The three scores of one text, each higher for a text that is more familiar to the model."""
    lowest = sorted(logprobs)[: max(1, round(LOWEST * len(logprobs)))]
    total = math.fsum(logprobs)
    return total / len(logprobs), total / len(zlib.compress(text.encode(), 9)), math.fsum(lowest) / len(lowest)


def separation(score: str, members: Sequence[float], others: Sequence[float]) -> Separation:
    """Area under the ROC curve (Mann-Whitney, ties count half), and its interval. Needs one text on either side."""
    auc = _auc(members, others)
    low, high = auc_interval(auc, len(members), len(others))
    return Separation(score, auc, low, high, len(members), len(others))


def _auc(members: Sequence[float], others: Sequence[float]) -> float:
    """By midranks, in n log n."""
    marked = sorted([(value, True) for value in members] + [(value, False) for value in others])
    ranks, at = 0.0, 0
    while at < len(marked):
        end = at
        while end < len(marked) and marked[end][0] == marked[at][0]:
            end += 1
        ranks += (at + 1 + end) / 2 * sum(member for _, member in marked[at:end])
        at = end
    m = len(members)
    return (ranks - m * (m + 1) / 2) / (m * len(others))


def auc_interval(auc: float, members: int, others: int) -> tuple[float, float]:
    """95 % score interval of an area: R. G. Newcombe, Statistics in Medicine 25 (2006) 559-573, method 5.

    It stays within 0 and 1 and has a width even where the area is 1.
    """

    def gap(theta: float) -> float:
        extra = (members + others) / 2 - 1
        spread = 1 + extra * (1 - theta) / (2 - theta) + extra * theta / (1 + theta)
        return (auc - theta) ** 2 - _Z**2 * theta * (1 - theta) * spread / (members * others)

    def edge(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if gap(middle) <= 0 else (inside, middle)
        return inside

    return (0.0 if auc <= 0 else edge(auc, 0.0)), (1.0 if auc >= 1 else edge(auc, 1.0))
