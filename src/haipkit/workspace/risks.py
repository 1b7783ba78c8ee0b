"""The risk register with what was measured about each risk, and whether those results still hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haipkit.workspace.ask import read_shelf

if TYPE_CHECKING:
    from haipkit.records.record import Record
    from haipkit.workspace.open import Workspace

Releases = dict[str, dict[str, str]]
"""System → version → day on which it was released."""


@dataclass(frozen=True)
class Measured:
    """One result that speaks about a risk. `stale` says why it no longer holds; empty while it does."""

    key: str
    system: str
    verdict: str
    rate: str
    record: int
    stale: str


@dataclass(frozen=True)
class RiskRow:
    """One risk. `level` is what is left of it where that was judged; `missing` names results that it waits for."""

    key: str
    title: str
    system: str
    domain: str
    level: str
    treatment: str
    accepted: str
    measured: tuple[Measured, ...]
    effects: tuple[str, ...]
    missing: tuple[str, ...]


def risk_register(workspace: "Workspace") -> list[RiskRow]:
    """All risks, the most severe first."""
    by_kind: dict[str, list[Record]] = {}
    for record in read_shelf(workspace).records:
        by_kind.setdefault(record.header.kind, []).append(record)
    releases: Releases = {}
    for record in by_kind.get("release/1", ()):
        key = (record.header.system or "").partition("/")[0]
        releases.setdefault(key, {})[str(record.body["version"])] = str(record.body["released_on"])
    rows = [_row(risk, by_kind, releases) for risk in by_kind.get("risk/1", ())]
    return sorted(rows, key=lambda row: (_severity(row.level), row.title))


_SEVERITIES = ("catastrophic", "major", "moderate", "minor", "negligible")


def _severity(level: str) -> int:
    return next((place for place, word in enumerate(_SEVERITIES) if word in level), len(_SEVERITIES))


def _row(risk: "Record", by_kind: "dict[str, list[Record]]", releases: Releases) -> RiskRow:
    body, about = risk.body, (risk.header.system or "").partition("/")[0]
    likelihood = body.get("residual_likelihood") or body["likelihood"]
    severity = body.get("residual_severity") or body["severity"]
    wanted = tuple(body.get("tested_by") or ())
    results = [r for r in by_kind.get("evaluation/1", ()) if r.header.key in wanted and _same(r, about)]
    effects = [
        f"{r.body['effect']} ({r.body['improved']} better, {r.body['worsened']} worse of {r.body['pairs']}, #{r.index})"
        for r in by_kind.get("comparison/1", ())
        if r.body["suite"] in wanted and _same(r, about)
    ]
    accepted = f"by {body['accepted_by']}" if body.get("accepted_by") else ""
    if accepted and body.get("acceptance_expires"):
        accepted += f" until {body['acceptance_expires']}"
    found = {str(r.header.key) for r in results}
    return RiskRow(
        key=str(risk.header.key),
        title=risk.title,
        system=about,
        domain=str(body["domain"]),
        level=f"{likelihood}, {severity}",
        treatment=str(body["treatment"]),
        accepted=accepted,
        measured=tuple(_measured(r, by_kind.get("evaluation-plan/1", ()), releases) for r in results),
        effects=tuple(effects),
        missing=tuple(name for name in wanted if name not in found),
    )


def _same(record: "Record", system: str) -> bool:
    return not system or (record.header.system or "").partition("/")[0] == system


def _measured(record: "Record", plans: "Iterable[Record]", releases: Releases) -> Measured:
    body = record.body
    metric = next((m for m in body.get("metrics") or () if m.get("name") == "failure rate"), None)
    rate = f"{float(metric['value']) * 100:.1f} %" if metric else ""
    if rate and body.get("rate_is"):
        rate += f", {body['rate_is']}"
    system = record.header.system or ""
    return Measured(
        str(record.header.key),
        system,
        str(body.get("verdict") or body["result"]),
        rate,
        record.index,
        _why_stale(record, plans, releases),
    )


def _why_stale(record: "Record", plans: "Iterable[Record]", releases: Releases) -> str:
    """A result holds for the system that was tested: not for a later release, nor for a changed description of it."""
    name, _, version = (record.header.system or "").partition("/")
    if version:
        newest = max(releases.get(name, {}).items(), key=lambda item: item[1], default=None)
        if newest is not None and newest[0] != version and newest[1] > releases[name].get(version, ""):
            return f"release {newest[0]} came after it"
    mine = next((p for p in plans if record.body.get("plan") in [s.get("plan") for s in p.body["suites"]]), None)
    if mine is not None:
        for plan in plans:
            changed = plan.body["target_sha256"] != mine.body["target_sha256"]
            if plan.header.system == mine.header.system and plan.index > mine.index and changed:
                return f"the system was registered anew as another one (#{plan.index})"
    return ""
