"""How much of a benchmark stands in a data set: what an item is, which runs of it count, and how it is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from haipkit.kernel.errors import InternalFault, UsageError

METHOD = "runs of 13 words, or of 50 letters for scripts without blanks and for code; whole lines and documents"
SHARE = Decimal("0.5")
"""An item is contaminated when at least so much of its runs stand in the data set, or when a line or document is it."""
EXACT_WORDS, EXACT_LETTERS = 8, 24
"""Shorter questions and answers prove nothing when they stand in a text, and are not compared as a whole."""
SHARED = 10
"""A run that stands in more items of one benchmark belongs to its form, such as an instruction, and is left out."""
QUESTIONS = frozenset(
    {
        *("question", "questions", "problem", "prompt", "query", "input", "instruction", "goal", "sentence", "text"),
        *("stem", "task", "ctx_a", "ctx_b", "premise", "hypothesis", "turns"),
    }
)
ANSWERS = frozenset(
    {
        *("answer", "answers", "solution", "solutions", "completion", "choices", "options", "option", "target"),
        *("output", "response", "ending", "endings", "canonical_solution", "correct_answer", "best_answer"),
        *("correct_answers", "incorrect_answers", "explanation", "code", "test", "tests", "reference"),
        *("a", "b", "c", "d", "e", "sol1", "sol2", "option1", "option2", "chosen", "rejected"),
    }
)
_CODE = frozenset("{}()[];=<>")


def item_fields(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Which of an item's fields are looked for: the wanted ones; else question and answer by name; else all.

    Passages that a question is about are left out where the names tell: they come from public pages.
    """
    if wanted:
        return [place for place, name in enumerate(names) if name in wanted]
    heads = [name.partition(".")[0].partition("[")[0].lower() for name in names]
    chosen = [place for place, head in enumerate(heads) if head in QUESTIONS or head in ANSWERS]
    return chosen or list(range(len(names)))


def is_code(text: str) -> bool:
    """Does the text look like a program? By its punctuation, over several lines."""
    return "\n" in text.strip() and 20 * sum(text.count(mark) for mark in _CODE) >= len(text)


def shared_limit(items: int) -> int:
    """In so many items of a benchmark a run may stand and still count; fewer in a small benchmark."""
    return min(SHARED, max(2, items // 4))


@dataclass(frozen=True)
class ItemFound:
    """What was found of one item: `runs` that count, `found` of them, and whether a line or document is the item."""

    runs: int
    found: int
    exact: bool
    comparable: bool

    @property
    def judged(self) -> bool:
        return self.runs > 0 or self.comparable

    @property
    def share(self) -> Decimal:
        return Decimal(self.found) / self.runs if self.runs else Decimal(0)

    @property
    def overlapping(self) -> bool:
        return self.found > 0 or self.exact

    @property
    def contaminated(self) -> bool:
        return self.exact or (self.runs > 0 and self.share >= SHARE)


@dataclass(frozen=True)
class BenchmarkFound:
    """Counts of one benchmark. `judged`: items with something long enough to look for."""

    name: str
    sha256: str
    items: int
    judged: int
    overlapping: int
    contaminated: int
    exact: int

    @property
    def rate(self) -> Decimal:
        return Decimal(self.contaminated) / self.judged if self.judged else Decimal(0)

    def row(self) -> dict[str, Any]:
        return {**vars(self)}


def benchmark_found(name: str, sha256: str, items: Sequence[ItemFound]) -> BenchmarkFound:
    """The items of one benchmark added up."""
    return BenchmarkFound(
        name,
        sha256,
        len(items),
        sum(item.judged for item in items),
        sum(item.overlapping for item in items),
        sum(item.contaminated for item in items),
        sum(item.exact for item in items),
    )


def read_limit(limit: str) -> Decimal:
    """`1%` or `0.01` as a share. Raises UsageError."""
    try:
        number = Decimal(limit.strip().removesuffix("%").strip())
    except ArithmeticError:
        number = Decimal("NaN")
    share = number / 100 if limit.strip().endswith("%") else number
    if not share.is_finite() or not 0 <= share <= 1:
        raise UsageError(f"{limit!r} is no share", advice="Write a percentage such as 1%, or 0.")
    return share


def outcome_of(found: Sequence[BenchmarkFound], *, lost: bool, limit: str | None) -> str:
    """`fail`: more than the limit of one benchmark is contaminated. `incomplete`: something was not looked at."""
    if limit is not None and any(one.rate > read_limit(limit) for one in found):
        return "fail"
    if lost:
        return "incomplete"
    return "findings" if any(one.overlapping for one in found) else "clean"


_QUESTION = (
    "A baker sells forty loaves in the morning and twice as many in the afternoon; on which of the two days named "
    "below did the shop sell more than one hundred and ten loaves altogether?"
)
_JAPANESE = (
    "ある店では朝に四十個、午後にはその二倍のパンが売れました。次の二日のうち、あわせて百十個より多く"
    "売れたのはどちらの日でしょうか。その理由も一文で書いてください。"
)
_PROGRAM = (
    "def loaves(morning):\n    afternoon = 2 * morning\n    total = morning + afternoon\n"
    "    return [morning, afternoon, total]\n"
)
_CLEAN = (
    "Which of the following four rivers, taken from its source to the sea, crosses the largest number of borders "
    "between states that have each signed the convention on shared waters?"
)


def control_items() -> list[tuple[str, bool]]:
    """(question, whether it is planted in `control_documents`)."""
    return [(_QUESTION, True), (_JAPANESE, True), (_PROGRAM, True), (_CLEAN, False)]


def control_documents() -> list[str]:
    """Documents in which the planted items stand among other text, written otherwise."""
    return [
        "Yesterday in class. " + _QUESTION.upper().replace("; ", " -\n") + " Nobody knew.",
        "前書きです。\n「" + _JAPANESE.replace("、", " 、") + "」以上。",
        "# helpers\n" + _PROGRAM.replace("    ", "\t") + "\nprint(loaves(3))\n",
        "Which of the following four rivers is the longest one, taken from its source to the sea?",
    ]


def verify_controls(items: Sequence[ItemFound]) -> int:
    """How many controls there are. Raises InternalFault naming each that was decided wrongly."""
    planted = control_items()
    wrong = [
        f"item {number} was {'missed' if wanted else 'reported'}"
        for number, (item, (_, wanted)) in enumerate(zip(items, planted, strict=True), 1)
        if item.contaminated is not wanted
    ]
    if wrong:
        raise InternalFault(
            f"the search does not find what was planted: {'; '.join(wrong)}",
            where="planted controls",
            advice="No result of this run can be trusted. Run `haip data warm` again or remove numba, and report this.",
        )
    return len(planted)


def record_body(
    found: Sequence[BenchmarkFound],
    counts: Mapping[str, int],
    *,
    name: str,
    day: str,
    requirements: Sequence[str],
    outcome: str,
    limit: str | None,
    controls: int,
    engine: str,
    inputs: str,
) -> dict[str, Any]:
    """The body of `dataset-contamination/1`. `counts`: files and how many of which sort, bytes, documents."""
    more = {"limit": limit} if limit is not None else {}
    return {
        "name": name,
        "checked_on": day,
        "requirements": list(requirements),
        "outcome": outcome,
        **counts,
        "benchmarks": [one.row() for one in found],
        **more,
        "method": METHOD,
        "controls": controls,
        "engine": engine,
        "inputs_sha256": inputs,
    }
