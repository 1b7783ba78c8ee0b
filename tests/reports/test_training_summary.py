"""The draft of the EU's public summary of training content."""

import pytest

from haipkit.conduct.template import load_template
from haipkit.kernel.errors import UsageError
from haipkit.reports.document import Claim, Document, Heading, Note
from haipkit.reports.registry import find_report
from helpers.told import Ledger, told

from .conftest import words_of


@pytest.fixture(scope="module")
def summary() -> Document:
    return find_report("training-summary")(told())


def _answers(document: Document, point: str) -> list[Claim]:
    """The claims under the heading of one point."""
    found: list[Claim] = []
    inside = False
    for block in document.blocks:
        if isinstance(block, Heading):
            inside = block.anchor == f"point-{point.replace('.', '-')}"
        elif inside and isinstance(block, Claim):
            found.append(block)
    return found


def test_every_point_of_the_template_is_there_once(summary: Document) -> None:
    points = [point.id for section in load_template("eu-training-summary").sections for point in section.points]
    anchors = [block.anchor for block in summary.blocks if isinstance(block, Heading)]
    assert [f"point-{point.replace('.', '-')}" for point in points] == [a for a in anchors if a.startswith("point-")]
    assert all(_answers(summary, point) for point in points)


def test_only_training_data_counts(summary: Document) -> None:
    assert "The draft rests on 1 data set used for training or tuning." in words_of(summary)
    assert "Our FAQ" not in words_of(summary)


def test_amounts_fall_into_the_bands_of_the_template(summary: Document) -> None:
    texts = [claim.text for claim in _answers(summary, "1.3")]
    assert "Text: 1 billion to 10 trillion tokens (1,200,000,000 counted)." in texts
    assert "Image is part of the data; its amount is not recorded." in texts
    assert "Languages (BCP 47): en and fr." in texts
    assert "The latest data was acquired on 31 March 2026." in texts


def test_crawled_data_names_crawlers_conduct_period_and_domains(summary: Document) -> None:
    (claim,) = _answers(summary, "2.3")
    for words in ("BreadBot", "Reads robots.txt", "1 January 2026 to 31 March 2026", "recipes.example"):
        assert words in claim.text
    assert [claim.strength for claim in _answers(summary, "2.1")] == [None]


def test_what_nobody_recorded_is_not_made_up(summary: Document) -> None:
    assert any("Code of Practice is not recorded" in claim.text for claim in _answers(summary, "3.1"))
    assert any("representative in the Union is not recorded" in claim.text for claim in _answers(summary, "1.1"))
    note = next(block for block in summary.blocks if isinstance(block, Note) and block.kind == "draft")
    assert "were not available to us" in note.text


def test_an_unknown_system_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'oven'") as caught:
        find_report("training-summary")(told(options={"system": "oven"}))
    assert "helpdesk" in caught.value.advice


def test_two_models_with_data_have_to_be_told_apart() -> None:
    book = Ledger()
    book.add("organisation", "shop", name="Shop", roles=("deployer",), size="micro", countries=("CA",))
    for name in ("one", "two"):
        book.add("system", name, name=name, purpose="p", roles=("deployer",), lifecycle="development")
        book.add(
            "dataset",
            name,
            system=name,
            name=name,
            use="training",
            more={"origin": "here"},
            rights="ours",
            personal_data="none",
            updated_on="2026-01-01",
        )
    with pytest.raises(UsageError, match="which model") as caught:
        find_report("training-summary")(told(book=book))
    assert "one and two" in caught.value.advice
