"""The language of documents: by script, and for Latin letters by common short words.

Pure. Says `unknown` rather than guess: short texts, lists of names, mixtures and languages that are not in
`lists/languages.toml`. Japanese without kana is not told from Chinese.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from haipkit.detectors.optout import LISTS
from haipkit.detectors.quality import SCRIPTS, Measures

UNKNOWN = "unknown"
_SHARE_KANA = 0.05
_LEAST_LETTERS = 10


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads((LISTS / "languages.toml").read_text("utf-8"))


def short_words() -> dict[str, Sequence[str]]:
    """Common short words of languages in Latin letters, by code."""
    words: dict[str, Sequence[str]] = _table()["words"]
    return words


def languages(measures: Measures, counts: Mapping[str, Any]) -> list[str]:
    """One code (ISO 639-1) or `unknown` a document. `counts`: language → its short words in each document."""
    found = np.full(measures.documents, UNKNOWN, dtype=object)
    letters = measures.letters
    share = {name: measures.scripts[place] for place, name in enumerate(SCRIPTS)}
    enough = letters >= _LEAST_LETTERS
    east = share["kana"] + share["han"]
    mostly_east = enough & (2 * east > letters)
    japanese = mostly_east & (share["kana"] > _SHARE_KANA * east)
    found[japanese] = "ja"
    found[mostly_east & (share["kana"] == 0)] = "zh"
    found[enough & (2 * share["hangul"] > letters)] = "ko"
    latin = enough & (2 * share["latin"] > letters)
    table = _table()
    matrix = np.array(list(counts.values()))
    words = np.diff(measures.words.place)
    order = np.sort(matrix, axis=0)
    best, next_best = order[-1], order[-2]
    sure = (
        (words >= table["least_words"])
        & (best >= table["least_share"] * words)
        & (best >= table["least_lead"] * next_best)
    )
    names = np.array(list(counts), dtype=object)
    chosen = latin & sure
    found[chosen] = names[matrix.argmax(axis=0)[chosen]]
    return [str(name) for name in found]
