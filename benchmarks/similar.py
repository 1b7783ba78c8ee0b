"""A set of documents with planted copies: exact ones, edited ones of known similarity, and shared boilerplate.

The same seed gives the same texts. The similarity of a pair is counted here on sets of strings, with rules of its own.
"""

import random
import re
from dataclasses import dataclass, field

_UNSPACED = r"\u0e00-\u0eff\u1780-\u17ff\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
_KANJI = "報告計画顧客部門合意確認年月日本語文章会社情報技術利用開発評価安全管理責任者国際標準試験結果"
_BOILERPLATE = (
    "Subscribe to our newsletter to receive the latest articles and offers in your inbox every week",
    "All rights reserved by the publisher and no part of this page may be copied without a written permission",
    "Home News Sport Weather Travel Culture Contact About us Privacy Cookies Imprint Accessibility Sitemap",
    "We use cookies and similar techniques to improve your visit and to measure how this page is used by readers",
)


@dataclass
class Planted:
    """The texts in random order, and the planted pairs: (number, number, similarity, exact?, Japanese?)."""

    texts: list[str] = field(default_factory=list)
    pairs: list[tuple[int, int, float, bool, bool]] = field(default_factory=list)


def shingles(text: str) -> set[tuple[str, ...]]:
    """Runs of five words in lower case; letters where a script has no blanks."""
    found = _TOKEN.findall(text.lower())
    return {tuple(found[at : at + 5]) for at in range(max(len(found) - 4, 1))}


def similarity(one: str, other: str) -> float:
    """The Jaccard similarity of two texts."""
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


def _vocabulary(rng: random.Random, count: int) -> list[str]:
    parts = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "on", "ist", "al")]
    return ["".join(rng.choices(parts, k=rng.choice((1, 2, 2, 3, 3, 4)))) for _ in range(count)]


class _Writer:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.words = _vocabulary(rng, 30_000)
        total = 0.0
        self.weights = [total := total + 1 / (rank + 20) for rank in range(len(self.words))]
        self.letters = _KANA * 2 + _KANJI

    def tokens(self, count: int, japanese: bool) -> list[str]:
        if japanese:
            return self.rng.choices(self.letters, k=count)
        return self.rng.choices(self.words, cum_weights=self.weights, k=count)

    def text(self, tokens: list[str], japanese: bool) -> str:
        """Sentences and paragraphs; where they end depends on the place alone, so that edits stay local."""
        if japanese:
            return "".join(
                word + ("。\n" if at % 240 == 239 else "、" if at % 20 == 19 else "") for at, word in enumerate(tokens)
            )
        marks = (".\n" if at % 60 == 59 else ". " if at % 15 == 14 else " " for at in range(len(tokens)))
        return "".join(word + mark for word, mark in zip(tokens, marks, strict=True))


def planted(count: int = 20_000, seed: int = 1) -> Planted:
    """`count` texts of about 3.3 kB: a tenth in Japanese, 5 % exact copies, 16 % edited to a similarity of 0.5 to 1."""
    rng = random.Random(seed)
    writer = _Writer(rng)
    made = Planted()
    exact, edited = count // 20, count * 4 // 25
    plain = count - exact - edited
    drawn: list[tuple[list[str], bool]] = []
    for number in range(plain):
        japanese = number % 10 == 0
        drawn.append((writer.tokens(rng.randint(150, 850), japanese), japanese))
        made.texts.append(writer.text(*drawn[-1]))
    for number in range(exact):
        made.pairs.append((number, len(made.texts), 1.0, True, drawn[number][1]))
        made.texts.append(made.texts[number])
    for number in range(exact, exact + edited):
        tokens, japanese = drawn[number]
        wanted = rng.uniform(0.5, 1.0)
        changed = list(tokens)
        edits = max(1, round(len(tokens) * (1 - wanted) / (5 * (1 + wanted))))
        for at in rng.sample(range(len(tokens)), edits):
            changed[at] = writer.tokens(1, japanese)[0]
        text = writer.text(changed, japanese)
        made.pairs.append((number, len(made.texts), similarity(made.texts[number], text), False, japanese))
        made.texts.append(text)
    for number in range(exact + edited, plain):
        if number % 8 == 0:
            lines = rng.sample(_BOILERPLATE, 3)
            made.texts[number] = "\n".join((lines[0], made.texts[number].rstrip("\n"), *lines[1:], ""))
    return _shuffled(made, rng)


def _shuffled(made: Planted, rng: random.Random) -> Planted:
    order = list(range(len(made.texts)))
    rng.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    pairs = [(*sorted((place[one], place[other])), *facts) for one, other, *facts in made.pairs]
    return Planted([made.texts[old] for old in order], pairs)  # type: ignore[arg-type]
