"""Tokens, lines, shingles: what they are, and that the compiled and the numpy path give the same numbers."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.detectors import fast, minhash, ngrams, shingles, shingles_fast
from haipkit.kernel.errors import CannotWrite, InternalFault, Unavailable, UsageError
from helpers.laid_out import laid_out

needs_numba = pytest.mark.skipif(fast.cache_folder() is None, reason="numba is not installed")


def tokens(*texts: str, single: bool = False) -> list[list[int]]:
    made = shingles.tokens(*laid_out(list(texts)), single=single)
    ends = [0, *made.documents.tolist()]
    return [made.hashes[first:last].tolist() for first, last in itertools.pairwise(ends)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The quick, brown FOX.", "the quick brown fox"),
        ("été ÉTÉ", "ÉTÉ été"),
        ("ΩΜΈΓΑ Привет", "ωμέγα пРИВЕТ"),
        ("ＡＢＣ １２３", "abc 123"),
        ("ｱｲｳ", "アイウ"),
        ("“one”—two…", "one two"),
        ("データ、です。", "データです"),
        ("a\r\nb\u2028c", "a b c"),
        ("hello \U0001f600 world", "hello world"),
    ],
)
def test_case_width_and_punctuation_do_not_matter(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("one two_three four5", 3),
        ("日本語の文章", 6),
        ("ภาษาไทย", 7),
        ("ភាសា", 4),
        ("ພາສາ", 4),
        ("한국어 텍스트", 6),
        ("中文\U00020000", 3),
        ("PDFの3ページ", 6),
        ("naïve café", 2),
        ("हिन्दी", 1),
        ("", 0),
        ("…!?", 0),
    ],
)
def test_words_are_tokens_and_so_are_letters_where_there_are_no_blanks(text: str, count: int) -> None:
    assert len(tokens(text)[0]) == count


def test_different_letters_make_different_tokens() -> None:
    words = ["cat", "act", "tac", "cats", "a", "b", "ab", "ba", "日", "本", "1", "l"]
    assert len({tokens(word)[0][0] for word in words}) == len(words)


def test_each_letter_alone_when_asked() -> None:
    assert len(tokens("ab_1 é日", single=True)[0]) == 6
    assert tokens("if (x) {y}", single=True) == tokens("IFXY", single=True)


def test_lines_are_those_with_words_in_them() -> None:
    made = shingles.tokens(*laid_out(["one two\n\n  \nthree\n", "", "one TWO"]))
    first, second, third = shingles.line_hashes(made).tolist()
    assert made.lines.tolist() == [2, 3, 5]
    assert first == third != second


def test_common_lines_go_unless_most_of_a_document_would() -> None:
    made = shingles.tokens(*laid_out(["menu\none two three four", "menu\nmenu\none", "menu"]))
    lines = shingles.line_hashes(made)
    left = shingles.without_lines(made, lines == lines[0])
    assert np.diff(left.documents, prepend=0).tolist() == [4, 3, 1]


def test_a_short_text_is_one_shingle_and_an_empty_one_none() -> None:
    made = shingles.tokens(*laid_out(["one two", "", "a b c d e", "a b c d e f"]))
    assert shingles.shingles(made)[1].tolist() == [1, 1, 2, 4]


def test_digests_see_all_but_white_space() -> None:
    data = laid_out(["a  b\n", " a\tb", "a b.", "A b", "ab", " \n", ""])
    found = [bytes(row) for row in shingles.digests(*data)]
    assert found[0] == found[1]
    assert len(set(found[1:5])) == 4
    assert found[5] == found[6] == bytes(16)


ALPHABET = "aAbZ9_ .,\n\r\té É日本カｶ０Ａภ한\u2028\u00a0\u0301—😀\U00020000Ω"


@needs_numba
@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(ALPHABET, max_size=120) | st.text(max_size=30), max_size=6), st.integers(0, 3))
def test_both_paths_agree(texts: list[str], chosen: int) -> None:
    data = laid_out([text.encode("utf-8", "replace").decode() for text in texts])
    seen = []
    for engine in ("base", "fast"):
        made = shingles.tokens(*data, engine=engine)
        lines = shingles.line_hashes(made, engine=engine)
        common = lines == (lines[min(chosen, len(lines) - 1)] if len(lines) else 0)
        left = shingles.without_lines(made, common, engine=engine)
        values, ends = shingles.shingles(left, engine=engine)
        table = ngrams.table_of(3, ngrams.runs(made, 3)[0][::2])
        pairs = np.array(list(itertools.product(range(len(texts)), repeat=2)), dtype=np.int64).reshape(-1, 2)
        seen.append(
            [
                *vars(made).values(),
                shingles.tokens(*data, single=True, engine=engine).hashes,
                lines,
                shingles.document_hashes(made, engine=engine),
                left.hashes,
                left.documents,
                values,
                ends,
                minhash.signatures(left, engine=engine),
                minhash.similarities(values, ends, pairs[:, 0].copy(), pairs[:, 1].copy(), engine=engine),
                shingles.digests(*data, engine=engine),
                ngrams.lookups(made, table, engine=engine),
            ]
        )
    for one, other in zip(*seen, strict=True):
        assert np.array_equal(one, other)


def test_the_engine_is_fast_only_when_it_lies_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shingles_fast, "cache_folder", lambda: tmp_path / "cold")
    assert shingles.engine_in_use() == "base"
    (tmp_path / "cold").mkdir()
    (tmp_path / "cold" / "ready").touch()
    assert shingles.engine_in_use() == "fast"
    with pytest.raises(UsageError):
        shingles.engine_in_use("steam")


def test_without_numba_the_base_path_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shingles_fast, "cache_folder", lambda: None)
    assert shingles.engine_in_use() == "base"
    for ask in (shingles_fast.warm, lambda: shingles.engine_in_use("fast")):
        with pytest.raises(Unavailable, match="needs numba"):
            ask()


@needs_numba
def test_paths_that_disagree_are_never_called_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shingles_fast, "cache_folder", lambda: tmp_path / "near")
    monkeypatch.setattr(minhash, "agree", lambda: False)
    with pytest.raises(InternalFault, match="do not agree"):
        shingles_fast.warm()
    assert not shingles_fast.is_warm()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(shingles_fast, "cache_folder", lambda: tmp_path / "file" / "near")
    with pytest.raises(CannotWrite):
        shingles_fast.warm()
