"""Bodies for the twelfth principle: learning, and its result."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from haipkit.records.fields import Body, Count, Day, Decimal, Line, Lines, as_list

Learners = Literal["staff", "managers", "developers", "customers", "public", "students", "suppliers"]


class Training(Body):
    """Training or awareness work that took place. Key: a short name. It goes stale with `valid_until`."""

    title: Line
    audience: Annotated[tuple[Learners, ...], BeforeValidator(as_list)]
    topics: Lines
    held_on: Day
    took_part: Count
    invited: Count | None = None
    assessed: bool = False
    passed: Count | None = None
    pass_mark: Decimal | None = None
    duties: bool = False
    """True when it taught people their own duties and the organisation's risk practices."""
    ai_risks: bool = False
    """True when it covered how AI can worsen or create risks, such as disinformation."""
