"""Bodies for action 2: what happened, how people can tell us, and how we watch."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from haipkit.records.fields import Body, Day, Line, Lines, Office, Text, as_list

Audience = Literal["users", "customers", "public", "researchers", "staff", "authorities", "affected-people"]
Audiences = Annotated[tuple[Audience, ...], BeforeValidator(as_list)]


class Incident(Body):
    """An incident, hazard, vulnerability or pattern of misuse after release. Key: a short name."""

    title: Line
    description: Text
    type: Literal["incident", "hazard", "vulnerability", "misuse"]
    serious: bool
    status: Literal["open", "mitigating", "resolved"]
    detected_on: Day
    resolved_on: Day | None = None
    harm: Lines = ()
    actions_taken: Lines = ()
    reported_to: Lines = ()
    lessons: Text | None = None


class Channel(Body):
    """A way for people to report problems. Key: a short name."""

    title: Line
    audience: Audiences
    address: Line
    owner: Office
    anonymous: bool = False
    languages: Lines = ()
    rewards: bool = False
    """True for bounties, contests or prizes."""
    tested_on: Day | None = None


class Monitoring(Body):
    """How a deployed system is watched, and the last look. Key: a short name."""

    title: Line
    watches: Lines
    method: Text
    frequency: Literal["continuous", "daily", "weekly", "monthly", "quarterly"]
    reviewed_on: Day
    owner: Office
    outcome: Literal["nothing found", "acted on", "open points"]
    notes: Text | None = None
