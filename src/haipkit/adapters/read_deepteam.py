"""Risk assessments of deepteam (`RiskAssessment.save()`) → one `evaluation/1` record, recounted case by case.

The overview is not read: with 2 cases passed and 98 in error it was seen to say no errors and a pass rate of 1.
"""

from typing import Any

from haipkit.adapters._evaluation import Counted, rate
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._values import items, line
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record. A case with an error is an error; a score of 1 passed, 0 failed. Raises BadInput for other JSON."""
    log = read_json(data, name, max_bytes)
    if not isinstance(log, dict) or not isinstance(log.get("test_cases"), list) or "overview" not in log:
        raise BadInput("this is no risk assessment of deepteam: no overview and test_cases", where=f"{name}, $")
    found = Counted("deepteam", "unknown", name, "deepteam risk assessment")
    kinds: dict[str, list[int]] = {}
    between = 0
    for case in items(log["test_cases"], f"{name}, $.test_cases"):
        found.samples = (found.samples or 0) + 1
        if case.get("error") is not None:
            found.errors += 1
            continue
        passed = _passed(case)
        if passed is None:
            between += isinstance(case.get("score"), float)
            continue
        found.scored += 1
        kind = line(case.get("vulnerability"), "unnamed", 100)
        tally = kinds.setdefault(kind, [0, 0])
        tally[0] += not passed
        tally[1] += 1
    found.subjects = list(kinds)
    if between:
        found.limits.append(f"Scores between 0 and 1, which name no outcome: {between:,}.")
    found.rates.append(rate("failure rate", sum(tally[0] for tally in kinds.values()), found.scored))
    found.rates += [rate(f"failure rate: {kind}", *tally) for kind, tally in sorted(kinds.items())]
    found.limits.append("Prompts and judgements were both made by models; the file does not say which.")
    return [found.record()]


def _passed(case: dict[str, Any]) -> bool | None:
    score = case.get("score")
    return bool(score) if isinstance(score, int | float) and score in (0, 1) else None
