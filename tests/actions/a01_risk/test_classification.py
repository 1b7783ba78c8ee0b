"""Figures of classifiers agree with scikit-learn."""

import warnings
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.actions.a01_risk.classification import Robustness, figures, robustness

CLASSES = st.sampled_from(["cat", "dog", "eel"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CLASSES, CLASSES), min_size=1, max_size=40))
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    sk = pytest.importorskip("sklearn.metrics")
    true, said = [one[0] for one in pairs], [one[1] for one in pairs]
    found = figures(Counter(pairs))
    assert found.accuracy == pytest.approx(sk.accuracy_score(true, said))
    with warnings.catch_warnings():
        # It warns of classes that are said and never true.
        warnings.simplefilter("ignore")
        assert found.balanced_accuracy == pytest.approx(sk.balanced_accuracy_score(true, said))
    labels = [one.name for one in found.classes]
    rows = sk.precision_recall_fscore_support(true, said, labels=labels, zero_division=0)
    for place, one in enumerate(found.classes):
        assert (one.precision, one.recall, one.f1) == pytest.approx([float(row[place]) for row in rows[:3]])
        assert one.support == rows[3][place]
    assert found.macro_f1 == pytest.approx(sk.f1_score(true, said, average="macro", zero_division=0))


def test_robustness_counts_what_became_of_each_row() -> None:
    triples = {("a", "a", "a"): 5, ("a", "a", "b"): 2, ("a", "b", "a"): 1, ("a", "b", "c"): 3}
    assert robustness(triples) == Robustness(11, 5, 2, 1, 7, 6)
