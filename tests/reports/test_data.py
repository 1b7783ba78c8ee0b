"""The report on data: what was looked at, what was found, and what nobody has looked at."""

from types import SimpleNamespace

import pytest

from haipkit.kernel.words import Strength
from haipkit.reports.data_figures import figures
from haipkit.reports.document import Bullets, Claim, Document, Figure, Heading
from haipkit.reports.registry import find_report
from helpers.told import Ledger, told

from .conftest import words_of


def _report(**options: str) -> Document:
    return find_report("data")(told(options=options))


def _headings(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Heading)]


def test_names_the_data_sets_that_no_scan_has_looked_into() -> None:
    assert "2 data sets on record; not scanned: “Our FAQ”." in words_of(_report())


def test_a_scan_is_told_as_tested_with_its_counts_as_bars() -> None:
    document = _report(dataset="recipes")
    claim = next(b for b in document.blocks if isinstance(b, Claim) and "we scanned the data set" in b.text)
    assert claim.strength is Strength.TESTED
    figure = next(block for block in document.blocks if isinstance(block, Figure))
    assert [[cell.text for cell in row] for row in figure.table.rows] == [["email", "9", "0"], ["phone (FR)", "0", "4"]]
    assert "email 9 and phone (FR) 4" in figure.description


def test_what_nobody_looked_at_names_the_command_to_do_it() -> None:
    bullets = [block for block in _report(dataset="recipes").blocks if isinstance(block, Bullets)]
    texts = [item.text for block in bullets for item in block.items if isinstance(item, Claim)]
    assert any("haip data dedup PATHS --dataset recipes" in text for text in texts)
    assert not any("haip scan" in text for text in texts)


def test_one_system_or_one_data_set_can_be_asked_for() -> None:
    assert "Recipes from the web" in _headings(_report(system="helpdesk"))
    assert "Our FAQ" not in _headings(_report(dataset="recipes"))
    assert "Our FAQ" not in _headings(_report(system="ovens"))


def test_without_data_sets_it_says_how_to_begin() -> None:
    book = Ledger()
    book.add("organisation", "shop", name="Shop", roles=("deployer",), size="micro", countries=("CA",))
    words = words_of(find_report("data")(told(book=book)))
    assert "No data set is on record yet." in words
    assert "haip add dataset" in words


def _drawn(kind: str, **body: object) -> list[Figure]:
    return list(figures(SimpleNamespace(header=SimpleNamespace(kind=kind), body=body, index=7), "web"))  # type: ignore[arg-type]


FIGURES = [
    ("dataset-duplicates/1", {"documents": 9, "exact_duplicates": 2, "near_duplicates": 3}, ["2", "3", "4"]),
    ("dataset-rights/1", {"allowed": 4, "unclear": 1, "denied": 0}, ["4", "1", "0"]),
    ("dataset-quality/1", {"languages": [{"language": "ja", "documents": 5}]}, ["5"]),
    (
        "dataset-bias/1",
        {
            "prediction": "p",
            "groupings": [
                {"columns": ["sex"], "groups": [{"group": ["f"], "rows": 40, "positives": 9, "selected": 20}]}
            ],
        },
        ["40"],
    ),
    ("leak-test/1", {"ceiling_bits": "10.0", "groups": [{"repeats": 64, "median_bits": "3.2"}]}, ["3.2"]),
    (
        "dataset-contamination/1",
        {"benchmarks": [{"name": "exam", "contaminated": 2, "overlapping": 5}]},
        ["2"],
    ),
]


@pytest.mark.parametrize(("kind", "body", "numbers"), FIGURES, ids=[one[0] for one in FIGURES])
def test_each_look_is_drawn_with_its_numbers_beside_it(kind: str, body: dict[str, object], numbers: list[str]) -> None:
    (figure,) = _drawn(kind, **body)
    assert [row[1].text for row in figure.table.rows] == numbers
    assert "<svg" in figure.svg


def test_rates_have_their_interval_in_the_table() -> None:
    (figure,) = _drawn(FIGURES[3][0], **FIGURES[3][1])
    assert [cell.text for cell in figure.table.rows[0]] == ["f", "40", "50.0 %", "33.8 % to 66.2 %"]


@pytest.mark.parametrize("kind", [one[0] for one in FIGURES])
def test_nothing_is_drawn_where_fields_were_erased(kind: str) -> None:
    assert _drawn(kind) == []


def test_a_removal_stands_in_the_chapter_of_its_data_set() -> None:
    book = Ledger()
    book.add("organisation", "shop", name="Shop", roles=("deployer",), size="micro", countries=("CA",))
    book.add("dataset", "recipes", name="Our recipes", use="training", more={"origin": "here"}, rights="ours",
             personal_data="none", updated_on="2026-01-01")  # fmt: skip
    book.add("data-removal", "0a1b2c", name="Our recipes", stage="requested", requested_on="2026-02-01",
             requested_by="owner", reason="copyright")  # fmt: skip
    document = find_report("data")(told(book=book))
    headings = _headings(document)
    assert "Complaints and removals" in headings
    assert [heading for heading in headings if "0a1b2c" in heading] == []
