"""Bodies for action 3: what was published."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from haipkit.records.fields import Body, Day, Digest, Line, Lines, Url, as_list

Topic = Literal[
    "evaluations",
    "capabilities",
    "limitations",
    "appropriate-use",
    "effects-on-society",
    "red-team-results",
    "instructions",
    "training-data",
    "privacy",
    "governance",
    "contact",
]
Topics = Annotated[tuple[Topic, ...], BeforeValidator(as_list)]


class Publication(Body):
    """Something the public (or the users) can read. Key: a short name."""

    title: Line
    type: Literal[
        "transparency-report",
        "instructions-for-use",
        "technical-documentation",
        "privacy-policy",
        "governance-policy",
        "notice",
        "haip-report",
        "research",
        "incident-report",
        "other",
    ]
    audience: Literal["public", "users", "customers", "authorities"]
    published_on: Day
    url: Url | None = None
    covers: Topics = ()
    languages: Lines = ()
    sha256: Digest | None = None
