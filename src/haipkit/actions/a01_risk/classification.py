"""How often a classifier is right, from counts of what is true and what it said. Pure.

Figures are those of scikit-learn: `accuracy_score`, `balanced_accuracy_score`, and precision, recall and F1 of each
class with their plain mean over the classes (`average="macro"`, `zero_division=0`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

Pair = tuple[str, str]
"""(what is true, what was said)."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class. `support`: rows of which it is true; `said`: rows of which it was said; `right`: both."""

    name: str
    support: int
    said: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        both = self.support + self.said
        return 2 * self.right / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole table. Classes are those that are true of a row or were said of one, in the order of their names."""

    rows: int
    right: int
    classes: tuple[ClassFigures, ...]

    @property
    def accuracy(self) -> float:
        return self.right / self.rows

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the classes that are true of a row."""
        recalls = [one.recall for one in self.classes if one.support]
        return sum(recalls) / len(recalls)

    @property
    def macro_f1(self) -> float:
        return sum(one.f1 for one in self.classes) / len(self.classes)


def figures(counts: Mapping[Pair, int]) -> Figures:
    """From how often each pair stands in a table of at least one row."""
    support: dict[str, int] = {}
    said: dict[str, int] = {}
    right: dict[str, int] = {}
    for (true, answer), many in counts.items():
        support[true] = support.get(true, 0) + many
        said[answer] = said.get(answer, 0) + many
        if true == answer:
            right[true] = right.get(true, 0) + many
    names = sorted({*support, *said})
    classes = tuple(ClassFigures(name, support.get(name, 0), said.get(name, 0), right.get(name, 0)) for name in names)
    return Figures(sum(counts.values()), sum(right.values()), classes)


@dataclass(frozen=True, slots=True)
class Robustness:
    """The same rows with their inputs disturbed: how many answers stayed, and how many became wrong or right."""

    rows: int
    stayed: int
    broken: int
    mended: int
    right_before: int
    right_after: int


def robustness(triples: Mapping[tuple[str, str, str], int]) -> Robustness:
    """From how often (true, said before, said after) stands in the joined tables."""
    rows = stayed = broken = mended = before = after = 0
    for (true, first, second), many in triples.items():
        rows += many
        stayed += many * (first == second)
        before += many * (first == true)
        after += many * (second == true)
        broken += many * (first == true != second)
        mended += many * (first != true == second)
    return Robustness(rows, stayed, broken, mended, before, after)
