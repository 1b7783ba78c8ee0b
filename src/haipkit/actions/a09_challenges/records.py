"""Bodies for action 9: work on global challenges. A project counts by baseline, indicator and result, not by label."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from haipkit.records.fields import Body, Day, Line, Lines, Text, as_list


class Project(Body):
    """A project. Key: a short name."""

    title: Line
    challenge: Literal["climate", "health", "education", "digital-literacy", "accessibility", "community", "other"]
    goals: Annotated[tuple[Annotated[int, Field(ge=1, le=17)], ...], BeforeValidator(as_list)] = ()
    """Numbers of the UN Sustainable Development Goals."""
    status: Literal["planned", "running", "finished", "stopped"]
    started_on: Day
    indicator: Line
    baseline: Line
    target: Line
    result: Text | None = None
    partners: Lines = ()
    with_community: bool = False
    """True when civil society or community groups helped to choose or shape it."""
