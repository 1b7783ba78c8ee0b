"""Bodies for action 11: data sets and the protections around them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from haipkit.records.fields import (
    Body,
    Count,
    Country,
    Day,
    Digest,
    Line,
    Lines,
    Office,
    RequirementRefs,
    Text,
    Url,
    as_list,
)
from haipkit.records.general import Media

Source = Literal["public", "licensed", "third-party", "crawled", "user-data", "synthetic", "other"]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class Dataset(Body):
    """Data that goes into a system. Key: a short name."""

    name: Line
    use: Literal["training", "fine-tuning", "retrieval", "evaluation"]
    origin: Text
    rights: Line
    """The licence or other ground for using it."""
    personal_data: Literal["none", "incidental", "present", "unknown"]
    documents: Count | None = None
    sha256: Digest | None = None
    quality_checks: Lines = ()
    bias_checks: Lines = ()
    opt_outs_respected: bool | None = None
    updated_on: Day
    source: Source | None = None
    """`licensed`: by contract with those who hold the rights. `third-party`: private, from somebody else. `user-data`:
    from people's use of your services."""
    modalities: Media = ()
    languages: Annotated[tuple[Language, ...], BeforeValidator(as_list)] = ()
    """BCP 47 tags, such as `en` or `pt-BR`."""
    description: Text | None = None
    """What the content is, in a sentence or two."""
    url: Url | None = None
    """Where the data set, or a page about it, can be found."""
    collected_from: Day | None = None
    collected_until: Day | None = None
    tokens: Count | None = None
    """Of text."""
    images: Count | None = None
    audio_hours: Count | None = None
    video_hours: Count | None = None
    crawlers: Lines = ()
    """Names by which the crawlers make themselves known."""
    crawler_conduct: Text | None = None
    """What the crawlers read and leave: robots.txt, reservations, pay walls."""
    domains: Lines = ()
    """The domain names that most of the content comes from."""
    services: Lines = ()
    """The services whose users' data this is."""
    generated_by: Lines = ()
    """The models that made synthetic data."""


class KindFound(Body):
    """How often a scan found one kind of value: confirmed by a check digit, or probable by form and context."""

    kind: Line
    country: Country | None = None
    confirmed: Count
    probable: Count


class DatasetScan(Body):
    """What a scan of a data set found: counts and digests, nothing personal. Key: the data set's."""

    name: Line
    scanned_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["clean", "findings", "treated", "fail", "incomplete"]
    """`treated`: all that was found was taken out of the copy. `fail`: it holds what must not be in it. `incomplete`:
    something could not be read, so the scan shows less than there may be."""
    treatment: Literal["none", "redacted", "dropped"]
    files: Count
    files_failed: Count
    """Files of which something could not be read."""
    files_damaged: Count
    """Files that were read whole although something is wrong with them, such as bytes that are not UTF-8."""
    files_skipped: Count
    """Files that hold no plain text and were not looked into."""
    bytes: Count
    """Of unpacked content."""
    documents: Count
    documents_with_findings: Count
    exact_copies: Count
    """Documents that are equal to another one."""
    found: tuple[KindFound, ...] = ()
    looked_for: Lines
    must_not_hold: Lines = ()
    controls: Count
    """Planted values that were found again before the scan began."""
    engine: Line
    rules_sha256: Digest
    inputs_sha256: Digest
    """SHA-256 of the sorted SHA-256 digests of the files, one a line, in lower-case hex."""


class Safeguard(Body):
    """A measure that protects data, people or rights. Key: a short name."""

    title: Line
    topic: Literal[
        "data-quality",
        "bias",
        "personal-data",
        "confidentiality",
        "leak-testing",
        "privacy-preserving-training",
        "copyright",
        "legal-review",
        "retention",
    ]
    description: Text
    status: Literal["absent", "planned", "in-place"]
    owner: Office
    last_checked_on: Day | None = None
    checked_how: Line | None = None
