"""Results of lm-eval (`results_*.json`) → one `evaluation/1` record a task, recounted from `samples_*.jsonl`.

The samples lie in files beside the results where the run was told to log them. Without them nothing can be recounted,
and the record says so. The tool's standard errors are not taken over.
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from haipkit.adapters._evaluation import Counted, rate
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._lines import json_lines
from haipkit.adapters._values import count, file_name, line, mapping, number, whole
from haipkit.adapters.imported import Imported
from haipkit.kernel import clock
from haipkit.kernel.errors import BadInput

Beside = Callable[[str], bytes | None]
"""The bytes of a file of the same folder by its name, or None."""
_NAME = re.compile(r"results_(.+)\.json", re.DOTALL)


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES, beside: Beside | None = None) -> list[Imported]:
    """One record for each task, in the order of the file. Raises BadInput for other JSON and for damaged samples."""
    log = read_json(data, name, max_bytes)
    if not isinstance(log, dict) or not isinstance(log.get("results"), dict) or "lm_eval_version" not in log:
        raise BadInput("these are not results of lm-eval: no results with lm_eval_version", where=f"{name}, $")
    stamp = _NAME.fullmatch(file_name(name))
    tasks = mapping(log["results"], f"{name}, $.results")
    records = []
    for task, shown in tasks.items():
        logged = f"samples_{task}_{stamp[1]}.jsonl" if stamp else ""
        samples = beside(logged) if beside and logged and "/" not in logged else None
        found = _about(log, task, name)
        if samples is None:
            _as_stated(found, mapping(shown, f"{name}, $.results.{task}"))
        else:
            found.beside = (logged,)
            _recount(found, samples, logged, max_bytes)
            _compare(found, log, task)
        records.append(found.record())
    return records or [_about(log, "lm-eval", name).record()]


def _about(log: dict[str, Any], task: str, name: str) -> Counted:
    config = mapping(log.get("config"), f"{name}, $.config")
    model = log.get("model_name") or config.get("model")
    found = Counted("lm-eval", line(log.get("lm_eval_version"), "unknown", 100), name, task, line(model, "unknown"))
    found.method = "benchmark"
    found.occurred_at = _when(log.get("date"))
    if config.get("limit") is not None:
        found.limits.append(f"Run on a selection of samples (limit {line(config['limit'], limit=40)}).")
    version = mapping(log.get("versions"), f"{name}, $.versions").get(task)
    if version is not None:
        found.summary = f"Task version: {line(version, limit=60)}."
    return found


def _when(seconds: object) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return clock.write_instant(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return None


def _as_stated(found: Counted, results: dict[str, Any]) -> None:
    """The tool's own figures, where there are no samples to count."""
    found.samples = None
    stated = whole(results.get("sample_len"))
    claim = f" The file claims {count(stated, 'sample')}." if stated is not None else ""
    found.limits.append(f"No samples lie beside the results, so nothing could be recounted.{claim}")
    for label, value in results.items():
        metric, _, kind = label.partition(",")
        text = number(value)
        if kind and text is not None and not metric.endswith("_stderr"):
            about = {"n": stated} if stated is not None else {}
            found.metrics.append({"name": line(f"{metric}, {kind}"), "value": text, "unit": "as reported", **about})


def _recount(found: Counted, samples: bytes, name: str, max_bytes: int) -> None:
    asked: set[str] = set()
    scored: set[str] = set()
    values: dict[tuple[str, str], list[float]] = {}
    for sample, where in json_lines(samples, name, max_bytes):
        doc = line(sample.get("doc_id"), where, 100)
        asked.add(doc)
        for metric, value in _scores(sample, where):
            scored.add(doc)
            values.setdefault((metric, line(sample.get("filter"), "none", 100)), []).append(value)
    found.samples, found.scored = len(asked), len(scored)
    for (metric, kind), found_values in values.items():
        label = f"{metric}, {kind}"
        if all(value in (0, 1) for value in found_values):
            found.rates.append(rate(f"share scored 1: {label}", int(sum(found_values)), len(found_values)))
            continue
        text = number(math.fsum(found_values) / len(found_values))
        if text is not None:
            mean = {"name": line(f"mean: {label}"), "value": text, "unit": "recounted", "n": len(found_values)}
            found.metrics.append(mean)
    found.notes.append("The tool's standard errors were not taken over.")


def _scores(sample: dict[str, Any], where: str) -> Iterator[tuple[str, float]]:
    metrics = sample.get("metrics")
    if not isinstance(metrics, list):
        raise BadInput("a sample names no metrics", where=where)
    for metric in metrics:
        value = sample.get(metric) if isinstance(metric, str) else None
        if isinstance(value, int | float) and math.isfinite(value):
            yield line(metric, "unnamed", 100), float(value)


def _compare(found: Counted, log: dict[str, Any], task: str) -> None:
    sizes = mapping(mapping(log.get("n-samples"), "n-samples").get(task), "n-samples")
    stated = whole(sizes.get("effective"))
    if stated is not None and found.samples is not None and stated > found.samples:
        found.limits.append(f"Samples that the results count but the log does not hold: {stated - found.samples:,}.")
        found.samples = stated
