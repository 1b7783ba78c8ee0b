"""Results of Moonshot's runs (JSON) → one `evaluation/1` record for each recipe's model [format recalled].

Known are the arguments of a result (`id`, `start_time`, `end_time`, `status`, `raw_results` …); the inside of
`raw_results`, a list of entries with `prompt`, `predicted_result` and `target`, is recalled and not checked against a
file of the tool. What does not fit is refused. A grade is not in it, so what is counted is answers, not failures.
"""

from typing import Any

from haipkit.adapters._evaluation import Counted
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._values import instant, items, line, mapping
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

RECALLED = "The inside of this format is recalled, not checked against a file that the tool made."


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record. Raises BadInput for what does not have the known arguments of a result."""
    log = read_json(data, name, max_bytes)
    fits = isinstance(log, dict) and {"id", "start_time", "status", "raw_results"} <= set(log)
    if not fits or not isinstance(log["raw_results"], dict):
        raise BadInput(
            "this is not a result of Moonshot: no id, start_time, status and raw_results", where=f"{name}, $"
        )
    found = Counted("moonshot", "unknown", name, line(log["id"], "Moonshot run", 200))
    found.method = "benchmark"
    when = log.get("end_time") or log["start_time"]
    found.occurred_at = instant(str(when).replace(" ", "T"), "time of the run", found.notes)
    for key, groups in log["raw_results"].items():
        for place, group in enumerate(_groups(groups, f"{name}, raw_results")):
            _count(found, group, f"{name}, raw_results.{line(key, limit=60)}[{place}]")
    found.limits.append(RECALLED)
    if found.samples:
        found.limits.append("The answers carry no grade of their own, so no rate follows from them.")
    if line(log["status"], "", 40).lower() not in ("completed", "success"):
        found.limits.append(f"The run has the status {line(log['status'], 'unknown', 40)}.")
    return [found.record()]


def _groups(value: Any, where: str) -> list[dict[str, Any]]:
    return items(value, where) if isinstance(value, list) else [mapping(value, where)]


def _count(found: Counted, group: dict[str, Any], where: str) -> None:
    entries = group.get("data")
    if not isinstance(entries, list):
        raise BadInput("a group of results has no data", where=where, advice=RECALLED)
    for entry in items(entries, f"{where}.data"):
        if "predicted_result" not in entry:
            raise BadInput("an entry has no predicted_result", where=where, advice=RECALLED)
        found.samples = (found.samples or 0) + 1
        found.errors += entry["predicted_result"] in (None, "")
