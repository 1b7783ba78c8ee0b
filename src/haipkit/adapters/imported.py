"""What a reader of another tool's file hands over. The workspace adds header and attachment and writes the record."""

from dataclasses import dataclass
from typing import Any

from haipkit.records.record import Tool


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that was recounted: `hits` of `n`. Whoever keeps it computes the interval."""

    name: str
    hits: int
    n: int


@dataclass(frozen=True, slots=True)
class Imported:
    """One record to be. `body` fits the model of `kind`; nothing in it was taken on trust that could be recounted.

    `tool` names program and version as the file does, `unknown` where it does not. `occurred_at` is an instant in UTC
    from the file. `notes` say in plain sentences what was left out or looked odd. `system` (`helpdesk` or
    `helpdesk/2.1`) is set only by formats that carry one. `rates` were counted from samples and become metrics with
    an interval of our own; `beside` names files of the same folder that were read too.
    """

    kind: str
    body: dict[str, Any]
    key: str | None
    tool: Tool
    occurred_at: str | None
    notes: tuple[str, ...] = ()
    system: str | None = None
    rates: tuple[Rate, ...] = ()
    beside: tuple[str, ...] = ()
