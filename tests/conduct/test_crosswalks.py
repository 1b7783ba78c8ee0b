"""Crosswalk files: references that exist, relations from the vocabulary, and marks that do not claim too much."""

import json
import tomllib
from pathlib import Path

import pytest

import haipkit.conduct
from haipkit.conduct.crosswalk import load_crosswalks
from haipkit.conduct.load import load_conduct
from haipkit.kernel.errors import BadInput
from helpers.commands import done, haip

FILES = sorted((Path(haipkit.conduct.__file__).parent / "crosswalks").glob("*.toml"))
RELATIONS = {"concept crosswalk", "subset of", "intersects with", "equal", "superset of", "no relationship"}
"""Of NIST IR 8477: a bare link, and the terms of set theory."""
SUBCATEGORIES = {
    "GV": (7, 3, 2, 3, 2, 2),
    "MP": (6, 3, 5, 2, 2),
    "MS": (3, 13, 3, 3),
    "MG": (4, 4, 2, 3),
}
"""NIST AI RMF 1.0: how many subcategories each category has; 72 in all."""


def _known(reference: str) -> bool:
    function, _, number = reference.partition(" ")
    category, subcategory = map(int, number.split("."))
    counts = SUBCATEGORIES[function]
    return 1 <= category <= len(counts) and 1 <= subcategory <= counts[category - 1]


def test_the_list_of_subcategories_is_whole() -> None:
    assert sum(sum(counts) for counts in SUBCATEGORIES.values()) == 72


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_can_be_followed(path: Path) -> None:
    conduct = load_conduct()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert data["vocabulary"] == "NIST IR 8477"
    for row in data["row"]:
        assert set(row) == {"requirement", "reference", "relation", "reason", "status"}
        assert conduct.find(row["requirement"])
        assert _known(row["reference"]), row
        assert row["relation"] in RELATIONS
        assert row["status"] in ("published", "reviewed", "draft")
        assert row["reason"].endswith(".")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_row_says_no_more_than_that_two_texts_share_a_topic(path: Path) -> None:
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["row"]:
        if row["status"] == "published":
            assert row["relation"] == "concept crosswalk"
            assert row["requirement"].isdigit(), "the published crosswalk knows actions, not our requirements"
            assert row["requirement"] not in ("6", "9", "10", "12"), "it never names these"


def test_the_command_shows_rows_with_their_marks() -> None:
    words = done("conduct", "crosswalk", "nist-ai-rmf").words
    assert "● published: Published topic “Safety” names item I" in words
    assert "○ draft, carries no evidence over:" in words
    assert "Draft rows never carry evidence over." in words


def test_one_requirement_shows_its_own_rows_and_those_of_its_action() -> None:
    (shown,) = json.loads(done("conduct", "crosswalk", "--requirement", "6.3a", "--json").out)
    assert shown["rows"]
    assert {row["requirement"].partition(".")[0] for row in shown["rows"]} == {"6"}
    assert {row["carries_evidence"] for row in shown["rows"] if row["status"] == "draft"} == {False}


@pytest.mark.parametrize(
    ("words", "fault"),
    [(("iso-1",), "no crosswalk to"), (("--requirement", "99"), "no requirement")],
    ids=["an unknown framework", "an unknown requirement"],
)
def test_what_is_not_there(words: tuple[str, ...], fault: str) -> None:
    outcome = haip("conduct", "crosswalk", *words)
    assert (outcome.code, fault in outcome.words) == (64, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"draft"', '"sure"'),
        ('"concept crosswalk"', '"same"'),
        ("reason", "because"),
        ('requirement = "1"', 'requirement = "13"'),
    ],
    ids=["status", "relation", "unknown field", "requirement"],
)
def test_a_wrong_row_is_refused(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "x.toml").write_text(FILES[0].read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput):
        load_crosswalks(tmp_path)
