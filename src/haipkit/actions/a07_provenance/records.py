"""Bodies for action 7: how AI content and AI systems are made recognisable."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from haipkit.records.fields import Body, Day, Line, Lines, Text, Url, as_list

Marked = Literal["text", "image", "audio", "video", "code", "conversation"]


class Marking(Body):
    """A mechanism that lets people recognise AI content or an AI system. Key: a short name."""

    title: Line
    mechanism: Literal["content-credentials", "watermark", "fingerprint", "logging", "label", "notice"]
    media: Annotated[tuple[Marked, ...], BeforeValidator(as_list)]
    status: Literal["absent", "planned", "in-place"]
    identifies: Literal["service-or-model", "nothing"]
    carries_user_data: bool = False
    detector: Url | None = None
    """Where anybody can ask whether content came from this system."""
    standards: Lines = ()
    limits: Text | None = None
    last_checked_on: Day | None = None
