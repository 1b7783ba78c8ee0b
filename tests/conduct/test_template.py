"""Templates of documents that a law asks for."""

from pathlib import Path

import pytest

from haipkit.conduct.template import load_template
from haipkit.kernel.errors import BadInput, NotFound

SHIPPED = Path(__file__).parents[2] / "src/haipkit/conduct/instruments/eu-training-summary.toml"


def test_the_shipped_template_says_that_its_words_are_ours() -> None:
    template = load_template("eu-training-summary")
    assert template.wording_status == "paraphrase"
    assert template.source
    points = [point.id for section in template.sections for point in section.points]
    assert len(set(points)) == len(points) == 13


@pytest.mark.parametrize(("amount", "words"), [(0, 0), (999_999_999, 0), (1_000_000_000, 1), (10**13, 2)])
def test_an_amount_falls_into_one_band(amount: int, words: int) -> None:
    band = next(band for band in load_template("eu-training-summary").bands if band.field == "tokens")
    assert band.of(amount) == band.words[words]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("edges = [1_000_000_000, 10_000_000_000_000]", "edges = [2, 1]", "edges rise"),
        ('wording_status = "paraphrase"', 'wording_status = "true"', "none of"),
        ('topic = "Public data sets"', 'tpoic = "Public data sets"', "topic"),
        ('id = "eu-training-summary"', 'id = "other"', "none of"),
    ],
)
def test_broken_data_is_refused_with_its_place(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    (tmp_path / SHIPPED.name).write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput, match=complaint) as caught:
        load_template("eu-training-summary", tmp_path)
    assert SHIPPED.name in str(caught.value.where)


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(NotFound, match="'other'"):
        load_template("other")
