"""Bodies that belong to no single action: who we are, what we run, and what backs a statement."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from haipkit.records.fields import (
    Body,
    Count,
    Country,
    Day,
    Decimal,
    Digest,
    Line,
    Lines,
    Office,
    RequirementRef,
    RequirementRefs,
    Slug,
    Text,
    as_list,
)

RoleName = Literal["model-developer", "application-developer", "deployer"]
Medium = Literal["text", "image", "audio", "video", "code", "data"]
Roles = Annotated[tuple[RoleName, ...], BeforeValidator(as_list)]
Media = Annotated[tuple[Medium, ...], BeforeValidator(as_list)]
Countries = Annotated[tuple[Country, ...], BeforeValidator(as_list)]


class Organisation(Body):
    """The organisation itself. Key: its short name."""

    name: Line
    roles: Roles
    size: Literal["micro", "small", "medium", "large"]
    countries: Countries
    sector: Line | None = None
    description: Text | None = None
    contact: Office | None = None


class System(Body):
    """An AI system that the organisation builds or uses. Key: its short name."""

    name: Line
    purpose: Text
    roles: Roles
    lifecycle: Literal["design", "development", "deployed", "retired"]
    people_affected: Lines = ()
    autonomy: Literal["none", "low", "medium", "high"] | None = None
    """How far it acts without a person: none (suggests only) to high (acts, people see it later)."""
    talks_to_people: bool = False
    makes_content: bool = False
    media: Media = ()
    uses_personal_data: bool = False
    trains_model: bool = False
    """True when the organisation itself trains or fine-tunes the model."""
    elevated_risk: bool = False
    """True when a failure could hurt people, rights or safety."""
    supplier: Slug | None = None
    model: Line | None = None
    countries: Countries = ()
    prohibited_uses_checked_on: Day | None = None
    """The day somebody checked it against the uses that the Code's preamble rules out."""


class Release(Body):
    """A version of a system. Key: `system/version`."""

    version: Line
    released_on: Day
    summary: Text
    significant: bool = True
    capabilities: Lines = ()
    limitations: Lines = ()
    appropriate_uses: Lines = ()
    inappropriate_uses: Lines = ()
    effects_on_society: Lines = ()
    """Known or assessed effects such as bias, discrimination, privacy, fairness."""
    instructions: Text | None = None
    changes: Lines = ()
    model: Line | None = None
    weights_sha256: Digest | None = None


class Owner(Body):
    """The office that answers for one action. Key: the action's number."""

    action: Annotated[int, Field(ge=1, le=12)]
    office: Office
    deputy: Office | None = None


class Evidence(Body):
    """Bytes that back something: the files are the record's attachments, its validity stands in the header."""

    title: Line
    collected_at: Day
    supports: RequirementRefs
    backs: Lines = ()
    """Keys or ids of the records that these bytes back; empty: the requirements as a whole."""
    source: Line | None = None
    summary: Text | None = None


class Attestation(Body):
    """A statement by somebody else about our conduct, signed with their own key."""

    statement: Text
    assessor: Line
    independence: Text
    """Why the assessor is independent of the people whose work was looked at."""
    method: Text
    result: Literal["supports", "supports in part", "does not support"]
    supports: RequirementRefs
    backs: Lines = ()
    not_covered: Text | None = None


class Position(Body):
    """What the organisation says about one requirement. Key: the requirement."""

    requirement: RequirementRef
    position: Literal["applies", "not-applicable", "not-done", "planned"]
    reason: Text
    owner: Office
    review_on: Day | None = None


class Decision(Body):
    """A decision that somebody took, about what, and under which conditions. It expires with `valid_until`."""

    question: Line
    outcome: Literal["accept", "accept-with-conditions", "reject", "defer", "other"]
    reason: Text
    decided_by: Office
    topic: Literal["release", "risk", "purchase", "policy", "incident", "sharing", "other"] = "other"
    conditions: Lines = ()
    about: Lines = ()


class Plan(Body):
    """One step that somebody will take. Key: a short name."""

    title: Line
    step: Text
    owner: Office
    due: Day
    requirements: RequirementRefs
    status: Literal["open", "done", "dropped"] = "open"
    done_on: Day | None = None


class Document(Body):
    """A document that exists and is kept. Key: a short name."""

    title: Line
    purpose: Literal[
        "technical-documentation",
        "instructions-for-use",
        "evaluation-protocol",
        "incident-procedure",
        "data-documentation",
        "design-decisions",
        "risk-assessment",
        "impact-assessment",
        "security-assessment",
        "provenance-roadmap",
        "supplier-questionnaire",
        "gap-analysis",
        "other",
    ]
    version: Line
    reviewed_on: Day
    owner: Office
    location: Line | None = None
    next_review: Day | None = None


class TestResult(Body):
    """Counts from a test run (JUnit XML, the pytest plugin). One record a run and set of requirements."""

    __test__ = False

    title: Line
    requirements: RequirementRefs = ()
    tests: Count
    passed: Count
    failed: Count
    errors: Count
    skipped: Count
    outcome: Literal["pass", "fail", "nothing ran"]
    failures: Lines = ()
    duration_seconds: Decimal | None = None


class ScanResult(Body):
    """Counts from a static or security scan (SARIF)."""

    title: Line
    requirements: RequirementRefs = ()
    rules: Count
    error: Count
    warning: Count
    note: Count
    suppressed: Count
    outcome: Literal["clean", "findings", "incomplete"]
    """`incomplete`: the scan found nothing but did not run to its end, so it shows nothing."""
    top_rules: Lines = ()


class Inventory(Body):
    """Parts that a system is made of (CycloneDX)."""

    title: Line
    requirements: RequirementRefs = ()
    spec_version: Line
    components: Count
    models: Lines = ()
    datasets: Lines = ()
    without_licence: Count
    vulnerabilities: Count | None = None
    """None: the file says nothing about vulnerabilities, which is not the same as zero."""


class Redaction(Body):
    """Fields of an earlier record whose disclosures were dropped, and why."""

    record: Line
    fields: Lines
    reason: Text
    decided_by: Office


class KeyEvent(Body):
    """Creation, rotation or compromise of a key. Key: the key's name."""

    name: Line
    event: Literal["created", "rotated", "compromised", "retired"]
    purpose: Literal["log", "actor", "content", "watermark", "registry"]
    verifier_key: Line
    """The public key as a C2SP vkey."""
    reason: Text | None = None
