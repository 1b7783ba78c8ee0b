"""Adds up decisions about rights by source, and says them as the body of a record: counts, no addresses."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from haipkit.actions.a11_data.rights import COPYRIGHT, NO_SOURCE, Verdict
from haipkit.detectors.licences import Rights
from haipkit.detectors.optout import carriers

Row = tuple[str, str, str, str]
"""Source, decision, carrier, reason: memory grows with their number, not with that of the documents."""
_LICENCES_NAMED = 50


@dataclass
class RightsTally:
    """`rows` maps (source, decision, carrier, reason) to documents, bytes, first day and last day."""

    documents: int = 0
    bytes: int = 0
    rows: dict[Row, tuple[int, int, str, str]] = field(default_factory=dict)
    carriers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(carrier, deny | doubt | allow) → documents in which it says so."""
    licences: Counter[tuple[str, str]] = field(default_factory=Counter)
    notices: int = 0
    dropped: int = 0

    def note(self, verdict: Verdict, size: int, texts: Iterable[Rights], *, goes_on: bool = False) -> None:
        """Count a document; `goes_on`: a further piece of one that was counted."""
        self.documents += not goes_on
        self.bytes += size
        signal = verdict.signal
        key = (verdict.source, verdict.decision, signal.carrier if signal else "", signal.reason if signal else "")
        count, bytes_, first, last = self.rows.get(key, (0, 0, "", ""))
        days = [day for day in (first, last, verdict.day) if day]
        self.rows[key] = (count + (not goes_on), bytes_ + size, min(days, default=""), max(days, default=""))
        self.carriers.update({(one.carrier, one.says) for one in verdict.signals})
        texts = list(texts)
        self.licences.update({licence for rights in texts for licence in rights.licences})
        self.notices += any(rights.notices for rights in texts)

    def add(self, other: "RightsTally") -> None:
        """Take in the counts of other documents."""
        self.documents += other.documents
        self.bytes += other.bytes
        for key, (count, size, *days) in other.rows.items():
            known, bytes_, *more = self.rows.get(key, (0, 0, "", ""))
            kept = [day for day in (*days, *more) if day]
            self.rows[key] = (known + count, bytes_ + size, min(kept, default=""), max(kept, default=""))
        self.carriers += other.carriers
        self.licences += other.licences
        self.notices += other.notices
        self.dropped += other.dropped

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("documents", "bytes", "notices", "dropped")}
        tables = (("rows", self.rows), ("carriers", self.carriers), ("licences", self.licences))
        return plain | {name: [[key, value] for key, value in table.items()] for name, table in tables}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RightsTally":
        def table(name: str) -> dict[Any, Any]:
            return {tuple(key): tuple(value) if isinstance(value, list) else value for key, value in data[name]}

        named = {"rows": table("rows")} | {name: Counter(table(name)) for name in ("carriers", "licences")}
        return cls(**{**data, **named})

    @property
    def by_decision(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for (_, decision, _, _), (documents, *_) in self.rows.items():
            counts[decision] += documents
        return counts

    @property
    def sources(self) -> Counter[str]:
        """How many sources have documents of each decision, and `all` of them."""
        named = {(source, decision) for source, decision, _, _ in self.rows if source != NO_SOURCE}
        return Counter({"all": len({source for source, _ in named})}) + Counter(decision for _, decision in named)


def outcome_of(tally: RightsTally, *, lost: bool, treatment: str, fail_on: bool) -> str:
    """What was learnt. Only `clean` and `treated` speak for a safeguard; `unclear` means that nobody refused, and that
    for some documents nobody allowed it either."""
    denied = tally.by_decision["deny"]
    if denied and fail_on and treatment == "none":
        return "fail"
    if lost or not tally.documents:
        return "incomplete"
    if denied:
        return "treated" if treatment == "dropped" else "findings"
    return "unclear" if tally.by_decision["unclear"] else "clean"


def body_of(tally: RightsTally, requirements: Iterable[str]) -> dict[str, Any]:
    """The parts of a `dataset-rights/1` body that come from the tally."""
    decisions, sources = tally.by_decision, tally.sources
    licences = sorted(tally.licences.items(), key=lambda item: (-item[1], item[0]))
    days = [day for _, _, *pair in tally.rows.values() for day in pair if len(day) == 10]
    return {
        "requirements": list(requirements) or [COPYRIGHT],
        "bytes": tally.bytes,
        "documents": tally.documents,
        "allowed": decisions["allow"],
        "denied": decisions["deny"],
        "unclear": decisions["unclear"],
        "without_source": sum(row[0] for (source, *_), row in tally.rows.items() if source == NO_SOURCE),
        "sources": sources["all"],
        "sources_denied": sources["deny"],
        "documents_dropped": tally.dropped,
        "signals": [
            {"carrier": carrier, "says": says, "documents": count, "status": carriers()[carrier]["status"]}
            for (carrier, says), count in sorted(tally.carriers.items())
        ],
        "licences": [
            {"name": name[:200], "terms": terms, "documents": count}
            for (name, terms), count in licences[:_LICENCES_NAMED]
        ],
        "licences_unlisted": max(len(licences) - _LICENCES_NAMED, 0),
        "with_notice": tally.notices,
        "signals_from": min(days, default=None),
        "signals_to": max(days, default=None),
    }


def table_rows(tally: RightsTally) -> list[dict[str, Any]]:
    """The keep/drop table: what is refused first, then by size."""
    order = {"deny": 0, "unclear": 1, "allow": 2}
    rows = sorted(tally.rows.items(), key=lambda item: (order[item[0][1]], -item[1][0], item[0]))
    known = carriers()
    return [
        {
            "source": source,
            "decision": decision,
            "in_copy": "left out" if decision == "deny" else "kept",
            "documents": documents,
            "bytes": size,
            "carrier": known[carrier]["title"] if carrier else "",
            "status": known[carrier]["status"] if carrier else "",
            "reason": reason or "nothing was stored that says anything",
            "from": first,
            "to": last,
        }
        for (source, decision, carrier, reason), (documents, size, first, last) in rows
    ]
