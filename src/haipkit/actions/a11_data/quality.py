"""Which documents of a data set stand out, in which languages it is, and which groups it mentions: counts.

Decides by limits that are data. Does not write. A document that stands out is for a person to look at; words for groups
are mentions, never people; rude words are a hint at the tone of a source.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import log2
from pathlib import Path
from typing import Any, cast

from haipkit.kernel.errors import BadInput
from haipkit.kernel.intervals import decimal, decimals, wilson

DATA_QUALITY, BIAS = "11.1b", "11.1c"
_STEPS = 16
"""Steps of the histogram of lengths for each doubling."""
_FAR = 2
"""Doublings: nothing less is far. Languages alone differ by more than one: Japanese says it in fewer letters."""
FAULTS = {
    "empty": "no text",
    "very short": "fewer characters than the limit",
    "unusually long": "far longer than most (by quartiles, on a logarithmic scale)",
    "unusually short": "far shorter than most",
    "repeated lines": "many lines stood before in the document",
    "repeated phrases": "many word groups stood before in the document",
    "many symbols": "a large share of characters that are neither letters, digits nor blanks",
    "many digits": "a large share of digits",
    "replacement characters": "U+FFFD: bytes were lost before",
    "NUL bytes": "NUL characters in text",
    "control characters": "control characters other than line breaks and tabs",
    "encoded twice": "UTF-8 that was taken for another encoding and encoded again",
}
"""What is looked for, in words."""
HINT = "rude words (hint)"


@dataclass(frozen=True)
class Lists:
    """Limits and word lists, with the digest of their contents."""

    limits: Mapping[str, float]
    rude: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    sha256: str


def read_lists(limits: Path | None = None, words: Path | None = None) -> Lists:
    """Our lists, or a user's files of the same form. Raises BadInput."""
    from haipkit.detectors.optout import LISTS

    texts = []
    tables = []
    for own, ours in ((limits, "quality.toml"), (words, "hints.toml")):
        path = own or LISTS / ours
        try:
            texts.append(path.read_text("utf-8"))
            tables.append(tomllib.loads(texts[-1]))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise BadInput(f"these lists cannot be read: {fault}", where=str(path)) from fault
    base = tomllib.loads((LISTS / "quality.toml").read_text("utf-8"))["limits"]
    given = tables[0].get("limits", {})
    wrong = [name for name, value in given.items() if name not in base or not isinstance(value, int | float)]
    if wrong:
        raise BadInput(f"there is no limit {wrong[0]!r}", where=str(limits), advice=f"There are: {', '.join(base)}.")
    digest = sha256("\0".join(texts).encode()).hexdigest()
    return Lists({**base, **given}, tables[1].get("rude", {}), tables[1].get("groups", {}), digest)


def by_script(lists: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """(words that blanks set apart, words in letters of Chinese, Japanese, Korean or Thai)."""
    words = [word for many in lists.values() for word in many]
    apart = [word for word in words if all(ord(letter) < 0x0E00 for letter in word)]
    return apart, [word for word in words if word not in apart]


@dataclass
class QualityTally:
    """Counts of documents; memory does not grow with their number."""

    documents: int = 0
    bytes: int = 0
    standing_out: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Fault → documents."""
    occurrences: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    """Step on a logarithmic scale → documents that are not empty."""
    groups: Counter[str] = field(default_factory=Counter)
    group_words: Counter[str] = field(default_factory=Counter)

    def note_empty(self, many: int) -> None:
        self.documents += many
        self.standing_out += many
        if many:
            self.faults["empty"] += many
            self.occurrences["empty"] += many

    def note(
        self, measures: Any, languages: Iterable[str], mentions: Mapping[str, Any], limits: Mapping[str, float]
    ) -> Any:
        """Take in the measures of documents that are not empty. Returns which stand out, and why: fault → mask.

        `mentions`: name of a list → how many of its words stand in each document.
        """
        import numpy as np

        found = flags(measures, limits)
        self.documents += measures.documents
        self.bytes += int(measures.bytes.sum())
        self.languages.update(languages)
        steps = np.floor(np.log2(np.maximum(measures.characters, 1)) * _STEPS).astype(int)
        self.lengths.update(dict(zip(*(part.tolist() for part in np.unique(steps, return_counts=True)), strict=True)))
        for name, (mask, counts) in found.items():
            if mask.any():
                self.faults[name] += int(mask.sum())
                self.occurrences[name] += int(counts[mask].sum())
        self.standing_out += int(np.logical_or.reduce([mask for mask, _ in found.values()]).sum())
        for name, counts in mentions.items():
            documents, words = int((counts > 0).sum()), int(counts.sum())
            if documents and name == HINT:
                self.faults[name] += documents
                self.occurrences[name] += words
            elif documents:
                self.groups[name] += documents
                self.group_words[name] += words
        return {name: mask for name, (mask, _) in found.items()}

    def add(self, other: "QualityTally") -> None:
        """Take in the counts of other documents."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def to_json(self) -> dict[str, Any]:
        return {name: [*value.items()] if isinstance(value, Counter) else value for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "QualityTally":
        read = {name: Counter(dict(value)) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**cast(dict[str, Any], read))

    def length_at(self, share: float) -> int:
        """About how many characters the document has below which a share of documents lies; 0 without any."""
        total, seen = sum(self.lengths.values()), 0
        for step, many in sorted(self.lengths.items()):
            seen += many
            if seen >= share * total:
                return round(2 ** ((step + 0.5) / _STEPS))
        return 0

    def length_outliers(self, spread: float) -> tuple[int, int]:
        """How many documents are far shorter and far longer than most."""
        if not self.lengths:
            return 0, 0
        low, high = (log2(max(self.length_at(share), 1)) for share in (0.25, 0.75))
        reach = max(spread * (high - low), _FAR)
        short = sum(many for step, many in self.lengths.items() if (step + 1) / _STEPS < low - reach)
        return short, sum(many for step, many in self.lengths.items() if step / _STEPS > high + reach)


def flags(measures: Any, limits: Mapping[str, float]) -> dict[str, tuple[Any, Any]]:
    """Fault → (which documents have it, how often each has it)."""
    import numpy as np

    characters = np.maximum(measures.characters, 1)
    again, lines = measures.lines
    grams_again, grams = measures.grams
    one = np.ones(measures.documents, dtype=np.int64)
    return {
        "very short": (measures.characters < limits["shortest_characters"], one),
        "repeated lines": (
            (lines >= limits["fewest_lines"]) & (again > limits["repeated_lines"] * np.maximum(lines, 1)),
            again,
        ),
        "repeated phrases": (
            (grams >= limits["fewest_grams"]) & (grams_again > limits["repeated_grams"] * np.maximum(grams, 1)),
            grams_again,
        ),
        "many symbols": (measures.symbols > limits["symbols"] * characters, one),
        "many digits": (measures.digits > limits["digits"] * characters, one),
        "replacement characters": (measures.replacements > 0, measures.replacements),
        "NUL bytes": (measures.nuls > 0, measures.nuls),
        "control characters": (measures.controls > 0, measures.controls),
        "encoded twice": (measures.twice >= limits["double_encoded"], measures.twice),
    }


def outcome_of(tally: QualityTally, *, lost: bool, fail_on: Iterable[str]) -> str:
    """`fail`: a fault that must not be there is there. `incomplete`: something was not read."""
    if any(tally.faults[name] for name in fail_on):
        return "fail"
    if lost or not tally.documents:
        return "incomplete"
    return "findings" if set(tally.faults) - {HINT} else "clean"


def body_of(tally: QualityTally) -> dict[str, Any]:
    """The parts of a `dataset-quality/1` body that come from the tally."""
    return {
        "bytes": tally.bytes,
        "documents": tally.documents,
        "documents_empty": tally.faults["empty"],
        "documents_with_findings": tally.standing_out,
        "characters_p1": tally.length_at(0.01),
        "characters_median": tally.length_at(0.5),
        "characters_p99": tally.length_at(0.99),
        "languages": [{"language": name, "documents": many} for name, many in _by_size(tally.languages)],
        "found": [
            {"kind": name, "documents": many, "occurrences": tally.occurrences[name]}
            for name, many in _by_size(tally.faults)
        ],
        "mentions": [
            {"group": name, "occurrences": tally.group_words[name], **share_of(many, tally.documents)}
            for name, many in _by_size(tally.groups)
        ],
    }


def _by_size(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(((name, many) for name, many in counts.items() if many), key=lambda item: (-item[1], item[0]))


def share_of(cases: int, out_of: int) -> dict[str, Any]:
    """Documents, their share, and its 95 % interval (Wilson), as a record keeps them."""
    low, high = decimals(*wilson(cases, out_of))
    return {"documents": cases, "share": decimal(cases / max(out_of, 1)), "low": low, "high": high}
