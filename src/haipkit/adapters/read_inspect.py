"""Logs of Inspect (inspect_ai), `.json` or `.eval` → one `evaluation/1` record.

An `.eval` log is a ZIP file with `header.json` and `samples/*.json`; a run that was cut short has only
`_journal/start.json`. Samples are recounted: Inspect's metrics leave out samples that ended in an error, so the number
of samples, of scored samples and of errors come from the samples themselves. A log carries no pass or fail threshold,
so its result is always `informational`. The tool's own uncertainty figures are not taken over.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from haipkit.adapters._archive import Archive
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._values import count, file_name, instant, items, key_of, line, mapping, number, whole, words
from haipkit.adapters.imported import Imported, Rate
from haipkit.kernel.errors import BadInput
from haipkit.records.record import Tool

_UNFOLDS = 8
"""An archive may unfold to this many times the size limit."""
_UNCERTAINTY = re.compile(
    r"(^|_)(stderr|std_err|bootstrap_std|ci\d*|confidence_(interval|level|lower|upper|low|high))(_|$)"
)
_MAX_METRICS = 100
_OF_TWO = ("C", "I", "N", 1, 0)
"""Correct, incorrect, no answer; N counts as not correct. P (partly) is none of two."""
_NEWEST = 2


@dataclass(slots=True)
class _Samples:
    total: int = 0
    scored: int = 0
    errors: int = 0
    limited: int = 0
    retried: int = 0
    invalidated: int = 0
    by_scorer: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    """By scorer: samples scored C or 1, where every score of it is one of two."""
    of_two: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)

    def add(self, sample: dict[str, Any], where: str) -> None:
        self.total += 1
        self.ids.add(line(sample.get("id"), "", 200))
        self.errors += sample.get("error") is not None
        self.limited += sample.get("limit") is not None
        self.retried += bool(sample.get("error_retries"))
        self.invalidated += sample.get("invalidation") is not None
        scores = mapping(sample.get("scores"), f"{where}.scores")
        if not scores and sample.get("score") is not None:
            scores = {"": sample["score"]}
        names = [scorer for scorer, score in scores.items() if _has_value(score)]
        self.by_scorer.update(names)
        for scorer in names:
            value = scores[scorer].get("value") if isinstance(scores[scorer], dict) else scores[scorer]
            if isinstance(value, str | int | float) and value in _OF_TWO:
                self.of_two[scorer] += 1
                self.right[scorer] += value in ("C", 1)
        self.scored += bool(names)


def _has_value(score: Any) -> bool:
    """Whether a score holds something: NaN is Inspect's mark for what could not be scored."""
    value = score.get("value") if isinstance(score, dict) else score
    if isinstance(value, dict):
        return any(_has_value(part) for part in value.values())
    if isinstance(value, list):
        return any(_has_value(part) for part in value)
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def read(
    data: bytes,
    *,
    name: str,
    max_bytes: int = MAX_BYTES,
    domains: Sequence[str] = ("other",),
    method: str = "benchmark",
    performed_by: str = "internal",
    stage: str = "pre-deployment",
) -> list[Imported]:
    """One record with recounted samples. What no log says (domains, method, who, which stage) comes from the caller.

    Raises BadInput for other formats, damaged archives, and a log without any date.
    """
    if data[:2] == b"PK":
        archive = Archive(data, name, max_bytes, _UNFOLDS * max_bytes)
        log, notes = _header(archive, name, max_bytes)
        kept = [member for member in archive.names() if member.startswith("samples/") and member.endswith(".json")]
        samples: Iterator[tuple[dict[str, Any], str]] | None = _members(archive, kept, max_bytes) if kept else None
    else:
        log, notes = read_json(data, name, max_bytes), []
        if not isinstance(log, dict) or not isinstance(log.get("eval"), dict) or "status" not in log:
            raise BadInput("this is not an Inspect log: it has no eval and status", where=f"{name}, $")
        listed = log.get("samples")
        where = f"{name}, $.samples"
        samples = None
        if listed is not None:
            samples = ((sample, f"{where}[{n}]") for n, sample in enumerate(items(listed, where)))
    counts = _Samples()
    for sample, where in samples or ():
        counts.add(sample, where)
    about = {"domains": list(domains), "method": method, "performed_by": performed_by, "stage": stage}
    return [_record(log, counts if samples is not None else None, about, notes, name)]


def _header(archive: Archive, name: str, max_bytes: int) -> tuple[dict[str, Any], list[str]]:
    notes = []
    if archive.repeated:
        notes.append(f"The archive holds {count(archive.repeated, 'member')} twice; the last one was read.")
    for member in ("header.json", "_journal/start.json"):
        if member in archive:
            where = f"{name}, {member}"
            log = read_json(archive.read(member), where, max_bytes)
            if not isinstance(log, dict) or not isinstance(log.get("eval"), dict):
                raise BadInput("this is not an Inspect log: it has no eval", where=f"{where}, $")
            if member != "header.json":
                log["status"] = "started"
            return log, notes
    raise BadInput(
        "this ZIP archive is not an Inspect log: it has neither header.json nor _journal/start.json", where=name
    )


def _members(archive: Archive, kept: list[str], max_bytes: int) -> Iterator[tuple[dict[str, Any], str]]:
    for member in kept:
        where = f"{archive.name}, {line(member, limit=200)}"
        yield mapping(read_json(archive.read(member), where, max_bytes), f"{where}, $"), f"{where}, $"


def _record(
    log: dict[str, Any], counts: _Samples | None, about: dict[str, Any], notes: list[str], name: str
) -> Imported:
    where = f"{name}, $"
    details = mapping(log.get("eval"), f"{where}.eval")
    results = mapping(log.get("results"), f"{where}.results")
    task = line(details.get("task_display_name") or details.get("task"), "unnamed task")
    model = line(details.get("model"), "unknown")
    occurred_at = _when(log, details, where, notes)
    limits = _limitations(log, details, where)
    body: dict[str, Any] = {
        "title": line(f"{task} on {model}" if model != "unknown" else task),
        **about,
        "result": "informational",
        "performed_on": occurred_at[:10],
        "task": task,
        "summary": _summary(details, file_name(name), where),
    }
    if model != "unknown":
        body["model"] = model
    body |= _counted(counts, results, limits, notes, where)
    if log.get("status") == "success":
        body["metrics"] = _metrics(results, counts, notes, where)
    elif results:
        notes.append("The metrics of a run that did not end in success were not taken over.")
    body["limitations"] = [line(limit) for limit in limits]
    notes += limits
    if log.get("version") not in (1, 2):
        notes.append(
            f"The log has version {line(log.get('version'), 'unknown', 30)}; versions up to {_NEWEST} are known here."
        )
    notes.append(
        f"The log sets no threshold and does not say who evaluated at which stage: informational, "
        f"{about['performed_by']}, {about['stage']}, unless you say otherwise."
    )
    packages = mapping(details.get("packages"), f"{where}.eval.packages")
    tool = Tool("inspect_ai", line(packages.get("inspect_ai"), "unknown", 100))
    key = key_of(task, model)
    return Imported("evaluation/1", body, key, tool, occurred_at, tuple(notes), rates=_rates(counts))


def _rates(counts: _Samples | None) -> tuple[Rate, ...]:
    """Shares recounted from the samples. What C means (right, or an attack that worked) the log does not say."""
    if counts is None:
        return ()
    sure = [name for name, scored in counts.by_scorer.items() if counts.of_two[name] == scored]
    return tuple(Rate(line(f"share scored C or 1: {name}"), counts.right[name], counts.of_two[name]) for name in sure)[
        :_MAX_METRICS
    ]


def _when(log: dict[str, Any], details: dict[str, Any], where: str, notes: list[str]) -> str:
    stats = mapping(log.get("stats"), f"{where}.stats")
    for value in (stats.get("completed_at"), stats.get("started_at"), details.get("created")):
        moment = instant(value, "time of the evaluation", notes)
        if moment:
            return moment
    raise BadInput("the log does not say when the evaluation ran", where=f"{where}.eval.created")


def _limitations(log: dict[str, Any], details: dict[str, Any], where: str) -> list[str]:
    """What a reader of the record must know before leaning on it."""
    limits = []
    status = log.get("status")
    if status != "success":
        words_of = {"started": "did not finish", "cancelled": "was cancelled", "error": "ended in an error"}
        limits.append(f"The run {words_of.get(str(status), f'ended with status {line(status, limit=40)}')}.")
    if log.get("invalidated"):
        limits.append("The log is marked as invalidated.")
    config = mapping(details.get("config"), f"{where}.eval.config")
    dataset = mapping(details.get("dataset"), f"{where}.eval.dataset")
    if config.get("limit") is not None:
        size = whole(dataset.get("samples"))
        extent = f" of a data set of {size:,}" if size is not None else ""
        limits.append(f"Run on a selection of samples (limit {line(config['limit'], limit=40)}){extent}.")
    return limits


def _summary(details: dict[str, Any], file: str, where: str) -> str:
    dataset = mapping(details.get("dataset"), f"{where}.eval.dataset")
    parts = [f"Imported from the Inspect log {file}."]
    named = words(dataset.get("name")) or words(dataset.get("location"))
    if named:
        parts.append(f"Data set: {line(named)}.")
    version = details.get("task_version")
    if isinstance(version, int | str) and not isinstance(version, bool):
        parts.append(f"Task version: {line(version, limit=60)}.")
    revision = mapping(details.get("revision"), f"{where}.eval.revision")
    if words(revision.get("commit")):
        dirty = ", with local changes" if revision.get("dirty") else ""
        parts.append(f"Source revision: {line(revision['commit'], limit=80)}{dirty}.")
    return " ".join(parts)


def _counted(
    counts: _Samples | None, results: dict[str, Any], limits: list[str], notes: list[str], where: str
) -> dict[str, int]:
    """Samples, scored and errors from the samples; what the header counts beyond them stays in the denominator."""
    stated = whole(results.get("total_samples"))
    if counts is None:
        ended = whole(results.get("completed_samples"))
        claim = f" The header claims {count(stated, 'sample')}" if stated is not None else ""
        claim += f", {ended:,} of them completed." if claim and ended is not None else "." if claim else ""
        limits.append(f"The log holds no samples, so nothing could be recounted.{claim}")
        return {}
    total = counts.total
    if stated is not None and stated > counts.total:
        limits.append(f"Samples that the header counts but the log does not hold: {stated - total:,}.")
        total = stated
    if not total:
        limits.append("The log holds no sample: nothing was measured.")
    elif counts.errors >= total:
        limits.append("Every sample ended in an error: nothing was measured.")
    elif counts.errors:
        limits.append(f"{count(counts.errors, 'sample')} of {total:,} ended in an error.")
    unscored = counts.total - counts.scored
    if unscored:
        notes.append(f"Samples without a score, which stay in the number of samples: {unscored:,}.")
    if len(counts.ids) < counts.total:
        notes.append(f"Samples were run more than once: {counts.total:,} runs of {count(len(counts.ids), 'sample')}.")
    for entry in items(results.get("scores"), f"{where}.results.scores"):
        scored, left_out = whole(entry.get("scored_samples")), whole(entry.get("unscored_samples"))
        if scored is not None and left_out is not None and scored + left_out < len(counts.ids):
            dropped = count(len(counts.ids) - scored - left_out, "sample")
            notes.append(f"The tool's metrics for {line(entry.get('name'), limit=60)!r} leave out {dropped}.")
    for number_, what in (
        (counts.limited, "stopped by a limit"),
        (counts.retried, "repeated after an error"),
        (counts.invalidated, "marked as invalid"),
    ):
        if number_:
            notes.append(f"{count(number_, 'sample')} {what}.")
    return {"samples": total, "scored": counts.scored, "errors": counts.errors}


def _metrics(results: dict[str, Any], counts: _Samples | None, notes: list[str], where: str) -> list[dict[str, Any]]:
    scores = items(results.get("scores"), f"{where}.results.scores")
    if not scores and results.get("metrics"):
        scorer = mapping(results.get("scorer"), f"{where}.results.scorer")
        scores = [{"name": scorer.get("name"), "metrics": results["metrics"]}]
    taken: list[dict[str, Any]] = []
    left: list[str] = []
    rounded = uncertain = False
    for position, entry in enumerate(scores):
        prefix = _prefix(entry, scores)
        metrics = mapping(entry.get("metrics"), f"{where}.results.scores[{position}].metrics")
        for label, metric in metrics.items():
            value = metric.get("value") if isinstance(metric, dict) else metric
            own = words(metric.get("name")) if isinstance(metric, dict) else ""
            if _UNCERTAINTY.search(label.lower()) or _UNCERTAINTY.search(own.lower()):
                uncertain = True
                continue
            text = number(value)
            if text is None:
                left.append(line(f"{prefix}{label}", limit=80))
                continue
            rounded |= isinstance(value, float) and float(text) != value
            taken.append({"name": line(f"{prefix}{label}"), "value": text, "unit": "as reported", **_n(entry, counts)})
    if uncertain:
        notes.append("The tool's own uncertainty figures (standard errors, intervals) were not taken over.")
    if rounded:
        notes.append("Metrics are rounded to six significant digits.")
    if left:
        notes.append(f"Not a usable number, so not taken over: {', '.join(left[:5])}{' …' if len(left) > 5 else ''}.")
    if len(taken) > _MAX_METRICS:
        notes.append(f"Of {len(taken):,} metrics the first {_MAX_METRICS} were taken over.")
    if not taken:
        notes.append("The log holds no metric.")
    return taken[:_MAX_METRICS]


def _prefix(entry: dict[str, Any], scores: list[dict[str, Any]]) -> str:
    """Names the scorer (and how epochs were joined) where several stand beside one another."""
    if len(scores) < 2:
        return ""
    name, reducer = line(entry.get("name"), "unnamed", 100), words(entry.get("reducer"))
    alike = sum(other.get("name") == entry.get("name") for other in scores) > 1
    return f"{name}/{reducer}: " if alike and reducer else f"{name}: "


def _n(entry: dict[str, Any], counts: _Samples | None) -> dict[str, int]:
    """On how many samples the metric rests: as the tool states, else as counted."""
    stated = whole(entry.get("scored_samples"))
    if stated is not None:
        return {"n": stated}
    if counts is None:
        return {}
    scorer = next(
        (key for key in map(words, (entry.get("scorer"), entry.get("name"))) if key in counts.by_scorer), None
    )
    return {"n": counts.by_scorer[scorer]} if scorer is not None else {}
