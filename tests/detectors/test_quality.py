"""Measures of documents against a slow reading of the same definitions; languages of texts written for this test."""

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.detectors.language import languages, short_words
from haipkit.detectors.quality import GRAM, Measures, measure, undone
from haipkit.detectors.quality_words import Lookup, number_of

PIECES = st.sampled_from(
    [
        "word",
        "Two",
        "café",
        "日本",
        "かな",
        "a",
        " ",
        "\n",
        "\n\n",
        "9",
        "12",
        "#",
        "…",
        "\N{REPLACEMENT CHARACTER}",
        "\0",
        "\x07",
        "Ã©",
    ]
)
TEXTS = st.lists(st.lists(PIECES, min_size=1, max_size=30).map("".join), min_size=1, max_size=6)


def measured(texts: list[str]) -> Measures:
    data = [text.encode() for text in texts]
    stops = np.cumsum([len(one) for one in data])
    begins = stops - np.array([len(one) for one in data])
    return measure(np.frombuffer(b"".join(data), dtype=np.uint8), begins, stops)


def spoken(texts: list[str]) -> list[str]:
    found = measured(texts)
    return languages(found, Lookup(short_words()).counts(found.words, found.documents)[0])


def _words(text: str) -> list[str]:
    """Runs of ASCII letters and of everything beyond ASCII; a letter of Chinese or Japanese begins a word."""
    return re.findall(
        r"[\u3000-\ud7ff](?:[a-zA-Z\x80-\u2fff\ue000-\U0010ffff])*|[a-zA-Z\x80-\u2fff\ue000-\U0010ffff]+", text
    )


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_counts_are_those_of_a_slow_reading(texts: list[str]) -> None:
    found = measured(texts)
    for place, text in enumerate(texts):
        assert found.bytes[place] == len(text.encode())
        assert found.characters[place] == len(text)
        assert found.digits[place] == sum(one in "0123456789" for one in text)
        assert found.symbols[place] == text.count("#")
        assert found.replacements[place] == text.count("\N{REPLACEMENT CHARACTER}")
        assert found.nuls[place] == text.count("\0")
        assert found.controls[place] == text.count("\x07")
        assert found.scripts[1][place] == text.count("か") + text.count("な")
        assert found.scripts[2][place] == text.count("日") + text.count("本")
        assert np.diff(found.words.place)[place] == len(_words(text))
        lines = Counter(tuple(word.lower() for word in _words(line)) for line in text.split("\n"))
        del lines[()]
        assert found.lines[1][place] == lines.total()
        assert found.lines[0][place] == lines.total() - len(lines)


def test_repeated_phrases() -> None:
    once = "one two three four five six seven eight nine ten"
    found = measured([once, f"{once} {once}", once.upper() + " " + once])
    assert found.grams[1].tolist() == [10 - GRAM + 1, 20 - GRAM + 1, 20 - GRAM + 1]
    assert found.grams[0].tolist() == [0, 6, 6], "case does not matter, and no phrase stands across two documents"


@pytest.mark.parametrize("text", ["café", "naïve", "über", "Größe", "l’été", "日本語", "東京", "€ 5", "“so”"])
def test_text_that_was_encoded_twice_is_seen(text: str) -> None:
    spoilt = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )
    assert measured([f"some {spoilt} words"]).twice[0] > 0
    assert measured([f"some {text} words"]).twice[0] == 0


@pytest.mark.parametrize("text", ["MENÜ – SÃO PAULO", "Ärger, «Öl», “À la carte”", "Ångström", "LIBERTÉ”", "ÄÖÜ"])
def test_capitals_and_quotation_marks_are_no_damage(text: str) -> None:
    assert measured([text]).twice[0] == 0


def test_a_fragment_is_no_damage() -> None:
    assert not undone("Ã".encode())
    assert not undone(b"")


LANGUAGES = {
    "en": "The baker opens the shop at six, and when the first people come in, the bread is still warm from the oven.",
    "fr": "Le boulanger ouvre la boutique à six heures, et quand les premiers clients arrivent, le pain est chaud.",
    "de": "Der Bäcker öffnet den Laden um sechs Uhr, und wenn die ersten Leute kommen, ist das Brot noch warm.",
    "it": "Il fornaio apre il negozio alle sei, e quando arrivano i primi clienti il pane è ancora caldo di forno.",
    "ja": "パン屋は朝六時に店を開けます。最初のお客さんが来るころ、パンはまだ温かいです。",
    "ko": "빵집은 아침 여섯 시에 문을 엽니다. 첫 손님이 올 때 빵은 아직 따뜻합니다.",
}


def test_languages() -> None:
    assert dict(zip(LANGUAGES, spoken(list(LANGUAGES.values())), strict=True)) == {name: name for name in LANGUAGES}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hm.",
        "0x3f 0x77 [12, 13]",
        "Anna Otto Emil Ida Karl Berta Hans Grete",
        "Пекарь открывает лавку в шесть часов утра.",
    ],
)
def test_what_is_not_known_is_unknown(text: str) -> None:
    assert spoken([text or " "]) == ["unknown"]


def test_words_are_looked_up_whole_in_any_case_and_length() -> None:
    long = "donaudampfschifffahrtsgesellschaft"
    lookup = Lookup({"a": ["idiot", "Ärger"], "b": [long, "abcdefgh", "abcdefghi"]})
    found = measured(["IDIOT, idiots and an idiot", f"{long} abcdefgh abcdefghi abcdefghij ärger Ärger", "none"])
    counts = {name: many.tolist() for name, many in lookup.counts(found.words, found.documents)[0].items()}
    assert counts == {"a": [2, 1, 0], "b": [0, 3, 0]}
    assert number_of("abc") != number_of("ab")
