"""Rules of the product are complete; rules of a user are read with care."""

import tomllib
from pathlib import Path

import pytest

from haipkit.detectors.model import LANGUAGES
from haipkit.detectors.table import load_rules
from haipkit.kernel.errors import BadInput
from helpers.detecting import ENGINES, values_in

GOOD = """
[words.badge]
en = ["badge"]
fr = ["matricule"]

[[rule]]
name = "our.badge"
kind = "badge"
priority = 5
proof = "form+context"
shapes = ['B\\d{3}~\\d{3}']
context = "badge"
misses = "Old badges."
source = "Staff handbook"
"""
FAULTS = [
    ("toml", "[[rule", "is not TOML"),
    ("field", GOOD + 'colour = "red"', "unknown field colour"),
    ("no name", "[[rule]]\nkind = 'x'", "needs a name"),
    ("check", GOOD + 'check = "luhnn"', "check cannot be 'luhnn'"),
    ("context", GOOD.replace('context = "badge"', 'context = "bagde"'), "context cannot be 'bagde'"),
    ("no context", GOOD.replace('context = "badge"\n', ""), "needs a context"),
    ("proof", GOOD.replace("form+context", "hearsay"), "proof cannot be 'hearsay'"),
    ("shape", GOOD.replace("B\\d{3}~\\d{3}", "B\\d{3,2}"), "repeats an item 3 to 2 times"),
    ("ambiguous", GOOD.replace("B\\d{3}~\\d{3}", "\\d{2,4}\\d{3}"), "read in two ways"),
    ("class", GOOD.replace("B\\d{3}~\\d{3}", "[a-"), "does not close it"),
    (
        "anchor",
        GOOD.replace("B\\d{3}~\\d{3}", "[A-Za-z0-9]{12}"),
        "has to begin with a digit or with a fixed character",
    ),
    ("length", GOOD + 'check = "jp_my_number"', "does not read values of the shape"),
    ("groups", GOOD + "groups = [[4, 0]]", "groups are lists of lengths"),
    ("twice", GOOD + GOOD[GOOD.index("[[rule]]") :], "two rules are called our.badge"),
    ("no shapes", GOOD.replace("shapes = ['B\\d{3}~\\d{3}']\n", ""), "needs shapes or groups"),
    ("words", GOOD.replace('["badge"]', '"badge"'), "by language"),
    ("reach", GOOD + "reach = 81", "reach is a number of bytes"),
    ("joins", GOOD + 'joins = "-?"', "joins is made of the marks"),
    ("other", GOOD + "\n[rulez]\nx = 1", "not rulez"),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_user_adds_a_rule_without_code(tmp_path: Path, engine: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(GOOD)
    rules = load_rules(file)
    assert rules.version != load_rules().version
    texts = ["badge B123 456", "matriculeはB123-456", "B123 456", "le matricule : B123456"]
    assert values_in(texts, engine, rules) == [
        [("badge", "B123 456")],
        [("badge", "B123-456")],
        [],
        [("badge", "B123456")],
    ]


@pytest.mark.parametrize(("text", "message"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_faulty_rule_file_is_named_with_its_rule(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=message) as raised:
        load_rules(file)
    assert "own.toml" in raised.value.where or "our.badge" in str(raised.value)


def test_a_missing_rule_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_rules(tmp_path / "none.toml")


def test_every_rule_says_what_it_misses_and_where_it_comes_from() -> None:
    for rule in load_rules().rules:
        assert rule.misses.endswith("."), rule.name
        assert rule.source, rule.name


def test_every_word_list_has_the_five_languages() -> None:
    folder = Path(load_rules.__wrapped__.__code__.co_filename).parent / "rules"
    for path in folder.glob("*.toml"):
        for name, lists in tomllib.loads(path.read_text(encoding="utf-8")).get("words", {}).items():
            assert tuple(lists) == LANGUAGES, name
            assert all(lists.values()), name


def test_every_word_list_is_used() -> None:
    folder = Path(load_rules.__wrapped__.__code__.co_filename).parent / "rules"
    assert set(tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))["words"]) == set(load_rules().words)
