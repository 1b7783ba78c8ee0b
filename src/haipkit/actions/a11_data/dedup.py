"""What a search for duplicates found, added up, and as the body of a record: counts and digests, nothing personal."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from haipkit.kernel.errors import InternalFault, UsageError

KEEPS = ("first", "longest")
METHOD = "MinHash 128, 16 bands of 8 rows, shingles of 5 words or 5 letters, pairs compared as sets"
COMMON = 50
"""A line that stands in so many documents is boilerplate and is left out of the comparison."""
MARGIN = 0.12
"""Pairs whose signatures agree in this much less than the threshold are compared as sets all the same."""


@dataclass
class DedupTally:
    """Counts of a whole run. `kept` and `dropped` add up to `documents`."""

    files: int = 0
    bytes: int = 0
    documents: int = 0
    empty: int = 0
    exact: int = 0
    near: int = 0
    clusters: int = 0
    common_lines: int = 0
    compared: int = 0

    @property
    def dropped(self) -> int:
        return self.exact + self.near


def check_threshold(threshold: str) -> float:
    """The threshold as a number. Raises UsageError: below 0.5 the bands miss too much to promise anything."""
    try:
        number = Decimal(threshold)
    except ArithmeticError:
        number = Decimal(-1)
    if not number.is_finite() or not Decimal("0.5") <= number <= 1:
        raise UsageError(f"{threshold!r} is no threshold", advice="Write a number from 0.5 to 1, such as 0.8.")
    return float(number)


def outcome_of(tally: DedupTally, *, lost: bool, copied: bool) -> str:
    """`clean`: no duplicates. `treated`: they are not in the copy. `incomplete`: something, or all, was not read."""
    if lost or not tally.documents:
        return "incomplete"
    if not tally.dropped:
        return "clean"
    return "treated" if copied else "findings"


_WORDS = (
    "a measured record of what the data holds helps whoever has to answer for it because numbers can be checked by "
    "others later on and nobody has to trust a sentence that was written down in a hurry before the last review of it"
)
_LETTERS = (
    "この記録は、データに何が含まれているかを測定した結果であり、後で誰でも確認できる。担当者は数字を見て、"
    "重複した文書を除いてから学習に使うことができる。結果は毎回おなじ道すじで確かめられ、見落としがあれば止まる。"
)


def control_texts() -> list[tuple[str, str]]:
    """(text, what has to become of it): "kept", "exact" or "near". The same texts go through every run first."""
    words = _WORDS.split()
    other = " ".join(reversed(words))
    return [
        (_WORDS, "kept"),
        ("  " + _WORDS.replace(" on and ", "\non  and\t") + "\n", "exact"),
        (_WORDS + " again", "near"),
        (_LETTERS, "kept"),
        (_LETTERS.replace("できる。担当者", "できます。担当者"), "near"),
        (other, "kept"),
        (" ".join(words[:20] + words[26:]), "kept"),
    ]


def verify_controls(decisions: Sequence[str]) -> int:
    """How many controls there are. Raises InternalFault naming each that was decided wrongly."""
    wanted = [word for _, word in control_texts()]
    wrong = [
        f"text {number} was {got}, not {want}"
        for number, (got, want) in enumerate(zip(decisions, wanted, strict=True), 1)
        if got != want
    ]
    if wrong:
        raise InternalFault(
            f"the search does not find what was planted: {'; '.join(wrong)}",
            where="planted controls",
            advice="No result of this run can be trusted. Run `haip data warm` again or remove numba, and report this.",
        )
    return len(wanted)


def record_body(
    tally: DedupTally,
    *,
    name: str,
    day: str,
    requirements: Sequence[str],
    outcome: str,
    files: dict[str, int],
    threshold: str,
    keep: str,
    copied: bool,
    controls: int,
    engine: str,
    inputs: str,
) -> dict[str, Any]:
    """The body of `dataset-duplicates/1`. `files` holds files_failed, files_damaged and files_skipped."""
    return {
        "name": name,
        "searched_on": day,
        "requirements": list(requirements),
        "outcome": outcome,
        "treatment": "dropped" if copied else "none",
        "files": tally.files,
        **files,
        "bytes": tally.bytes,
        "documents": tally.documents,
        "documents_empty": tally.empty,
        "exact_duplicates": tally.exact,
        "near_duplicates": tally.near,
        "clusters": tally.clusters,
        "pairs_compared": tally.compared,
        "common_lines": tally.common_lines,
        "threshold": threshold,
        "kept": keep,
        "method": METHOD,
        "controls": controls,
        "engine": engine,
        "inputs_sha256": inputs,
    }
