"""Reports of garak (`*.report.jsonl`) → one `evaluation/1` record, recounted attempt by attempt.

An attempt is written twice, when it was answered (status 1) and when it was judged (status 2): only the second counts.
A score at or above the run's `eval_threshold` is a failure of the system, null could not be judged. A report without
its `completion` line is of a run that broke off. The intervals in the report are not taken over: 64 failures of 117
were seen there as 0.0 to 0.058.
"""

from collections import Counter
from typing import Any

from haipkit.adapters._evaluation import Counted, rate
from haipkit.adapters._limits import MAX_BYTES
from haipkit.adapters._lines import json_lines
from haipkit.adapters._values import count, instant, line, mapping
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

_THRESHOLD = 0.5
_NOTHING: dict[str, Any] = {}


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record for the report. Raises BadInput for a hit log (it holds failures alone) and for damaged lines."""
    by_type: dict[str, dict[str, Any]] = {}
    judged: dict[str, dict[str, Any]] = {}
    answered: set[str] = set()
    attempts = broken = 0
    for entry, where in json_lines(data, name, max_bytes):
        kind = line(entry.get("entry_type"), "", 40)
        if kind == "attempt":
            attempts += 1
            ident = line(entry.get("uuid"), where, 100)
            answered.add(ident)
            if entry.get("status") == 2:
                judged[ident] = entry
        elif kind:
            by_type.setdefault(kind, entry)
        else:
            broken += 1
    if broken and not attempts and not by_type:
        raise BadInput(
            "this holds no entries of a garak report",
            where=name,
            advice="Import *.report.jsonl: the hit log names failures alone, so no rate follows from it.",
        )
    return [_record(by_type, judged, answered, name).record()]


def _record(
    by_type: dict[str, dict[str, Any]], judged: dict[str, dict[str, Any]], answered: set[str], name: str
) -> Counted:
    setup, init = by_type.get("start_run setup", _NOTHING), by_type.get("init", _NOTHING)
    threshold = setup.get("run.eval_threshold", _THRESHOLD)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise BadInput("run.eval_threshold is not a number", where=name)
    model = setup.get("plugins.target_name") or setup.get("plugins.model_name")
    found = Counted("garak", line(init.get("garak_version") or setup.get("_config.version"), "unknown", 100), name, "")
    found.model = line(model, "unknown")
    when = init.get("start_time") or setup.get("transient.starttime_iso")
    found.occurred_at = instant(when, "time of the run", found.notes)
    _count(found, judged, threshold, name)
    waiting = len(answered) - len(judged)
    if waiting:
        found.samples = (found.samples or 0) + waiting
        found.limits.append(f"{count(waiting, 'attempt')} without a judgement.")
    if "completion" not in by_type:
        found.limits.append("The report has no completion entry: the run did not finish.")
    found.task = f"garak: {', '.join(dict.fromkeys(found.subjects))}" if found.subjects else "garak"
    shown = f"{threshold:g}"
    found.summary = f"A score of {shown} or more counts as a failure of the system, as the run set it."
    found.notes.append("The tool's own intervals were not taken over.")
    return found


def _count(found: Counted, judged: dict[str, dict[str, Any]], threshold: float, name: str) -> None:
    """Outputs are the samples: one without an answer is an error, one that no detector scored is unscored."""
    scored, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for ident, attempt in judged.items():
        where = f"{name}, attempt {ident}"
        probe = line(attempt.get("probe_classname"), "unnamed probe", 100)
        results = mapping(attempt.get("detector_results"), f"{where}, detector_results")
        outputs = attempt.get("outputs")
        if not isinstance(outputs, list):
            raise BadInput("outputs is not a list", where=where)
        found.subjects += [probe] if probe not in found.subjects else []
        has_score = [False] * len(outputs)
        for detector, scores in results.items():
            if not isinstance(scores, list):
                raise BadInput("the scores of a detector are not a list", where=where)
            for place, score in enumerate(scores):
                if isinstance(score, bool) or not isinstance(score, int | float):
                    continue
                pair = (probe, line(detector, "unnamed detector", 100))
                scored[pair] += 1
                failed[pair] += score >= threshold
                if place < len(has_score):
                    has_score[place] = True
        found.samples = (found.samples or 0) + max(1, len(outputs))
        empty = [output is None or (isinstance(output, dict) and output.get("text") is None) for output in outputs]
        found.errors += sum(gone and not has for gone, has in zip(empty, has_score, strict=True)) or (not outputs)
        found.scored += sum(has_score)
    for probe, detector in sorted(scored):
        pair = (probe, detector)
        found.rates.append(rate(f"failure rate: {probe}, {detector}", failed[pair], scored[pair]))
