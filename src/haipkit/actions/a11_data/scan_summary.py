"""Adds up what the units of a scan found, and says it as the body of a record: counts and digests, nothing personal."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

SECRETS = frozenset({"secret"})
QUALITY, LEAKS, PERSONAL = "11.1b", "11.2a", "11.3a"


@dataclass
class Tally:
    """Counts of one unit, or of many added up. `found` maps (kind, country or "") to (confirmed, probable)."""

    bytes: int = 0
    documents: int = 0
    with_findings: int = 0
    treated: int = 0
    found: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def note(self, kind: str, country: str, confidence: str, count: int = 1) -> None:
        confirmed, probable = self.found.get((kind, country), (0, 0))
        sure = count if confidence == "confirmed" else 0
        self.found[kind, country] = (confirmed + sure, probable + count - sure)

    def add(self, other: "Tally") -> None:
        self.bytes += other.bytes
        self.documents += other.documents
        self.with_findings += other.with_findings
        self.treated += other.treated
        for key, (confirmed, probable) in other.found.items():
            before = self.found.get(key, (0, 0))
            self.found[key] = (before[0] + confirmed, before[1] + probable)

    @property
    def by_kind(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for (kind, _), (confirmed, probable) in self.found.items():
            counts[kind] += confirmed + probable
        return counts

    def to_json(self) -> dict[str, Any]:
        return {
            "bytes": self.bytes,
            "documents": self.documents,
            "with_findings": self.with_findings,
            "treated": self.treated,
            "found": [[*key, *counts] for key, counts in sorted(self.found.items())],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Tally":
        found = {(kind, country): (sure, likely) for kind, country, sure, likely in data["found"]}
        return cls(data["bytes"], data["documents"], data["with_findings"], data["treated"], found)


def inputs_digest(digests: Iterable[str]) -> str:
    """One digest for a set of files: `sha256sum FILES | cut -c1-64 | sort | sha256sum` prints the same."""
    return sha256("".join(f"{digest}\n" for digest in sorted(digests)).encode()).hexdigest()


def outcome_of(tally: Tally, *, lost: bool, treatment: str, fail_on: Collection[str]) -> str:
    """What the scan says about the data set.

    `fail`: a kind that must not be there is there, and was not taken out. `incomplete`: something was not looked at.
    `treated`: all that was found was taken out of the copy.
    """
    if treatment == "none" and any(tally.by_kind[kind] for kind in fail_on):
        return "fail"
    if lost:
        return "incomplete"
    if not tally.found:
        return "clean"
    return "findings" if treatment == "none" else "treated"


def speaks_to(kinds: Collection[str]) -> list[str]:
    """The requirements that a scan for these kinds has something to say about."""
    secrets = bool(SECRETS & set(kinds))
    personal = bool(set(kinds) - SECRETS)
    return [QUALITY, *([LEAKS] if secrets else []), *([PERSONAL] if personal else [])]


def found_rows(tally: Tally) -> list[dict[str, Any]]:
    """Counts by kind and country, as the record keeps them."""
    rows = []
    for (kind, country), (confirmed, probable) in sorted(tally.found.items()):
        place = {"country": country} if country else {}
        rows.append({"kind": kind, **place, "confirmed": confirmed, "probable": probable})
    return rows
