"""Test results of the AI Verify toolkit (JSON) → one `evaluation/1` record [format recalled].

Known by `gid`, `cid`, `startTime`, `testArguments` and `output`, as recalled and not checked against a file of the
tool. A result holds no samples, so its numbers are taken as reported and the record says that nothing was recounted.
"""

from collections.abc import Iterator
from typing import Any

from haipkit.adapters._evaluation import Counted
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._values import instant, line, mapping, number
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

_MAX_METRICS = 100


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record. Raises BadInput for what does not have the known fields."""
    log = read_json(data, name, max_bytes)
    fits = isinstance(log, dict) and {"gid", "cid", "startTime", "testArguments", "output"} <= set(log)
    if not fits or not isinstance(log["output"], dict):
        raise BadInput("this is not a test result of AI Verify: no gid, cid, startTime and output", where=f"{name}, $")
    arguments = mapping(log["testArguments"], f"{name}, $.testArguments")
    found = Counted("ai-verify", line(log.get("version"), "unknown", 100), name, line(log["cid"], "test", 200))
    found.method, found.samples = "benchmark", None
    found.model = line(arguments.get("modelType"), "unknown", 100)
    found.occurred_at = instant(log["startTime"], "time of the test", found.notes)
    found.limits.append("The file holds no samples, so nothing could be recounted.")
    found.limits.append("The format is recalled, not checked against a file that the tool made.")
    for label, value in _numbers(log["output"], ""):
        if len(found.metrics) == _MAX_METRICS:
            found.notes.append(f"Only the first {_MAX_METRICS} numbers were taken over.")
            break
        found.metrics.append({"name": line(label), "value": value, "unit": "as reported"})
    if not found.metrics:
        found.limits.append("The file holds no number: nothing was measured.")
    return [found.record()]


def _numbers(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Numbers of the output by their path; lists are left to the attached file."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers(part, f"{path}.{key}" if path else str(key))
    elif (text := number(value)) is not None:
        yield path, text
