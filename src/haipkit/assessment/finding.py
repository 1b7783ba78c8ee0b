"""What assessment says: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from haipkit.kernel.words import Status, Strength


@dataclass(frozen=True, slots=True)
class Basis:
    """A record that a finding rests on. `backed_by` are ids of evidence or attestations that lift its strength."""

    record_id: str
    index: int
    kind: str
    title: str
    strength: Strength
    backed_by: tuple[str, ...] = ()


class Ask(NamedTuple):
    """A record that would help towards a need.

    `key` names it; with `amend` it is the standing record of that key that has to say more. `fields` are what it must
    say (a list: one of these), `blanks` further fields that somebody has to fill in.
    """

    kind: str
    key: str | None = None
    amend: bool = False
    system: str | None = None
    fields: Mapping[str, Any] = MappingProxyType({})
    blanks: tuple[str, ...] = ()


class NeedResult(NamedTuple):
    """One need against the records: how many count, and in one sentence what is missing (empty when satisfied)."""

    satisfied: bool
    counted: int
    wanted: int
    missing: str
    stale: bool = False
    """True when records would count but for their age or an expired validity."""
    seen: bool = False
    """True when at least one record speaks about it, whatever it says."""
    basis: tuple[Basis, ...] = ()
    asks: tuple[Ask, ...] = ()
    """What to record; empty when satisfied, or when only a new record of the kind helps."""


class Finding(NamedTuple):
    """Requirement × subject × date. `subject` is None for the organisation, else `system` or `system/release`.

    `strength` is that of the weakest need that is satisfied, and None while nothing is. `sentence` explains the status
    in one sentence and names what is missing. `owner` is the office that answers for the action, if one is named.
    """

    requirement: str
    action: int
    subject: str | None
    status: Status
    strength: Strength | None
    sentence: str
    basis: tuple[Basis, ...] = ()
    needs: tuple[NeedResult, ...] = ()
    owner: str | None = None
    due: str | None = None
    stale: bool = False
    attested_only: bool = False
    level: str = "expected"
    """What the profile says: `expected`, `relevant` or `not expected`."""
    said: Ask | None = None
    """How a position that says `not-done` or `planned` is taken back; the finding follows it until then."""

    @property
    def open(self) -> bool:
        return self.status in (Status.PARTLY_MET, Status.NOT_MET, Status.NOT_ASSESSED)

    @property
    def id(self) -> str:
        return f"{self.requirement}@{self.subject}" if self.subject else self.requirement


class Clock(NamedTuple):
    """A deadline that runs. `kind` is `legal` or `chosen`; `started_by` names the trigger (a record id or a law)."""

    kind: str
    title: str
    due: str
    source: str
    started_by: str
    requirements: tuple[str, ...] = ()
    owner: str | None = None
    done: bool = False
    note: str = ""


class Step(NamedTuple):
    """One thing to do next. `moves` are the findings it would move; `why` says why now.

    `command` records the first part of it, `also` the other parts.
    """

    title: str
    how: str
    why: str
    command: str
    due: str | None
    legal: bool
    moves: tuple[str, ...]
    owner: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings as of a day, with the clocks that run. `count` counts findings by status within an action."""

    as_of: str
    roles: tuple[str, ...]
    findings: tuple[Finding, ...]
    clocks: tuple[Clock, ...] = ()
    owners: Mapping[int, str] = field(default_factory=dict)

    def of_action(self, action: int) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.action == action)

    def count(self, action: int | None = None) -> dict[Status, int]:
        chosen = self.findings if action is None else self.of_action(action)
        return {status: sum(finding.status is status for finding in chosen) for status in Status}

    def strengths(self, action: int | None = None) -> dict[Strength, int]:
        """How many met or partly met findings stand on each step of the ladder."""
        chosen = self.findings if action is None else self.of_action(action)
        return {strength: sum(finding.strength is strength for finding in chosen) for strength in Strength}

    def of_requirement(self, requirement: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.requirement == requirement)
