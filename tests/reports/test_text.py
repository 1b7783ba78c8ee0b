"""Small rules for words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.reports.text import (
    clip,
    count,
    day,
    first_sentences,
    join,
    one_line,
    ours,
    ranges,
    stop,
    time_left,
    visible,
)


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["a\n b", "c"], "a b and c")],
)
def test_join(words: list[str], text: str) -> None:
    assert join(words) == text


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("", ""),
        ("a", "a."),
        ("a.", "a."),
        ("a!", "a!"),
        ("パン。", "パン。"),
        ("he said “no.”", "he said “no.”"),
        (" a \n", "a."),
    ],
)
def test_stop(text: str, ended: str) -> None:
    assert stop(text) == ended


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-20", "due today"),
        ("2026-11-21", "1 day left"),
        ("2026-11-19", "1 day overdue"),
        ("2026-12-20", "30 days left"),
        ("2027-05-20", "6 months left"),
        ("2030-11-20", "4 years left"),
    ],
)
def test_time_left(due: str, words: str) -> None:
    assert time_left("2026-11-20", due) == words


@pytest.mark.parametrize(
    "hidden",
    ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028", "\ufeff", "\ud800"],
    ids=[
        "nul",
        "escape",
        "delete",
        "c1 control",
        "right-to-left override",
        "isolate",
        "line separator",
        "bom",
        "surrogate",
    ],
)
def test_what_hides_is_shown(hidden: str) -> None:
    assert visible(f"a{hidden}b") == "a\ufffdb"


def test_ordinary_text_stays() -> None:
    text = "Ünïcode 日本語 עברית 👩‍👩‍👧 tab\tline\nend"
    assert visible(text) == text


@given(st.text(), st.integers(min_value=2, max_value=80))
def test_clip_never_grows_and_marks_what_it_drops(text: str, limit: int) -> None:
    cut = clip(text, limit)
    assert len(cut) <= limit
    assert cut == one_line(text) or cut.endswith("…")


def test_first_sentences_keeps_whole_ones() -> None:
    assert first_sentences("One. Two. Three is longer than that.", 12) == "One. Two."
    assert first_sentences("One", 12) == "One"
    assert first_sentences("A first sentence that does not fit", 12).endswith("…")


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([4], "4"), ([9, 3, 8, 7], "3, 7–9"), ([1, 2], "1–2"), ([5, 5, 7], "5, 7")]
)
def test_ranges(numbers: list[int], text: str) -> None:
    assert ranges(numbers) == text


def test_count_and_day() -> None:
    assert [count(n, "entry", "entries") for n in (0, 1, 2)] == ["no entries", "1 entry", "2 entries"]
    assert day("2026-02-01T08:00:00Z") == "1 February 2026"
    assert day("soon") == "soon"
    assert day(None) == ""


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ("List the data that goes into your system", "List the data that goes into our system"),
        ("Give people a way to tell you about problems", "Give people a way to tell us about problems"),
        ("Try it out yourself; you may stop.", "Try it out ourselves; we may stop."),
        ("Your texts, and whatever is yours.", "Our texts, and whatever is ours."),
        ("Put up “You are chatting with an AI.” for you.", "Put up “You are chatting with an AI.” for us."),
        ("Run `haip status`.", "Run “haip status”."),
        ("A young crowd.", "A young crowd."),
    ],
)
def test_advice_to_the_reader_becomes_ours(advice: str, said: str) -> None:
    assert ours(advice) == said
