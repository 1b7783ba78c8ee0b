"""What readers of evaluation logs share: one record from what was recounted, with its faults said as limitations.

No log read here carries a threshold that was set before the run, so the result is always `informational`. Intervals of
other tools are never taken over: a reader hands over counts (`imported.Rate`), and whoever keeps them computes its own.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from haipkit.adapters._values import count, file_name, key_of, line
from haipkit.adapters.imported import Imported, Rate
from haipkit.kernel.clock import now
from haipkit.records.record import Tool

MAX_RATES = 100


@dataclass
class Counted:
    """What a reader found. `samples` holds all that were run, also those that ended in an error (`errors`)."""

    tool: str
    version: str
    file: str
    task: str
    model: str = "unknown"
    occurred_at: str | None = None
    samples: int | None = 0
    scored: int = 0
    errors: int = 0
    method: str = "red-team"
    subjects: list[str] = field(default_factory=list)
    """The tool's own names for what was tested, by which the table of domains is read."""
    rates: list[Rate] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    summary: str = ""
    beside: tuple[str, ...] = ()

    def record(self) -> Imported:
        """The record, with what is missing said first."""
        limits = [*_faults(self), *self.limits]
        occurred = self.occurred_at
        if occurred is None:
            limits.append("The file does not say when the evaluation ran; the day of the import stands for it.")
        model = line(self.model, "unknown")
        task = line(self.task, "unnamed evaluation")
        domains, notes = _domains(self)
        kept = [rate for rate in self.rates if rate.n]
        if len(kept) > MAX_RATES:
            notes.append(f"Of {len(kept):,} rates the first {MAX_RATES} were taken over.")
        body: dict[str, Any] = {
            "title": line(f"{task} on {model}" if model != "unknown" else task),
            "method": self.method,
            "domains": domains,
            "performed_by": "internal",
            "stage": "pre-deployment",
            "result": "informational",
            "performed_on": occurred[:10] if occurred else now().date().isoformat(),
            "task": task,
            "summary": f"Imported from the {self.tool} file {file_name(self.file)}. {self.summary}".strip(),
            "metrics": self.metrics[:MAX_RATES],
            "limitations": [line(limit) for limit in limits],
        }
        if model != "unknown":
            body["model"] = model
        if self.samples is not None:
            body |= {"samples": self.samples, "scored": self.scored, "errors": self.errors}
        notes = [*self.notes, *notes, *limits]
        notes.append(
            "The file sets no threshold and does not say who evaluated at which stage: informational, internal, "
            "pre-deployment, unless you say otherwise."
        )
        tool = Tool(self.tool, line(self.version, "unknown", 100))
        key = key_of(self.tool, task.removeprefix(self.tool), model)
        rates = tuple(kept[:MAX_RATES])
        return Imported("evaluation/1", body, key, tool, occurred, tuple(notes), rates=rates, beside=self.beside)


def _faults(found: Counted) -> list[str]:
    if found.samples is None:
        return []
    if not found.samples:
        return ["The file holds no result: nothing was measured."]
    if found.errors >= found.samples:
        return [f"Every sample ended in an error ({found.samples:,}): nothing was measured."]
    if not found.scored:
        return [f"No sample has a score ({count(found.samples, 'sample')}): nothing was measured."]
    said = []
    if found.errors:
        said.append(f"{count(found.errors, 'sample')} of {found.samples:,} ended in an error.")
    if left := found.samples - found.errors - found.scored:
        said.append(f"{count(left, 'sample')} of {found.samples:,} could not be scored.")
    return said


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("haipkit.adapters").joinpath("evaluation_domains.toml").read_text("utf-8"))["domains"]  # type: ignore[no-any-return]


def _domains(found: Counted) -> tuple[list[str], list[str]]:
    """The domains that our table gives the tool's names; `other` where it knows none."""
    table = _table().get(found.tool.lower(), {})
    names = [subject.lower() for subject in found.subjects]
    hits = {domain for name in names for start, domain in table.items() if name.startswith(start)}
    if not hits:
        return ["other"], []
    shown = ", ".join(sorted(hits))
    return sorted(hits), [f"Domains by haipkit's own reading of the tool's names: {shown}. Say --domain for others."]


def rate(name: str, failures: int, scored: int) -> Rate:
    return Rate(line(name), failures, scored)
