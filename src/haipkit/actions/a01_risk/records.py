"""Bodies for action 1: risks, and what was measured about them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from haipkit.records.fields import Body, Count, Day, Decimal, Line, Lines, Office, Slug, Text, as_list

Domain = Literal["cbrn", "cyber", "health-safety", "self-replication", "society", "democracy", "cascading", "other"]
Domains = Annotated[tuple[Domain, ...], BeforeValidator(as_list)]
Likelihood = Literal["rare", "unlikely", "possible", "likely", "almost-certain"]
Severity = Literal["negligible", "minor", "moderate", "major", "catastrophic"]


class Risk(Body):
    """Something that could go wrong, for whom, and what is done about it. Key: a short name.

    Domains are the seven risk bullets of the Code (action 1, paragraph 2), or `other`. Levels are words: no product of
    numbers is formed from them.
    """

    title: Line
    description: Text
    domain: Domain
    source: Line
    """Where the risk was found: a workshop, a catalogue, an incident, a supplier's warning."""
    likelihood: Likelihood
    severity: Severity
    treatment: Literal["none", "planned", "in-place"]
    owner: Office
    people_affected: Lines = ()
    measures: Lines = ()
    residual_likelihood: Likelihood | None = None
    residual_severity: Severity | None = None
    accepted_by: Office | None = None
    accepted_on: Day | None = None
    acceptance_expires: Day | None = None
    tested_by: tuple[Slug, ...] = ()
    """Keys of the evaluations that test it."""
    review_on: Day | None = None


class Metric(Body):
    """One number with its unit; `low` and `high` are the ends of its interval where one was computed."""

    name: Line
    value: Decimal
    unit: Line
    n: Count | None = None
    low: Decimal | None = None
    high: Decimal | None = None


class Evaluation(Body):
    """A test of a system's behaviour. Key: a short name."""

    title: Line
    method: Literal["benchmark", "red-team", "adversarial", "human-study", "functional", "audit", "other"]
    domains: Domains
    performed_by: Literal["internal", "independent"]
    stage: Literal["design", "training", "pre-deployment", "deployment", "post-deployment"]
    secure_environment: bool = False
    result: Literal["pass", "fail", "mixed", "informational"]
    performed_on: Day
    model: Line | None = None
    task: Line | None = None
    samples: Count | None = None
    scored: Count | None = None
    errors: Count | None = None
    metrics: tuple[Metric, ...] = ()
    threshold: Line | None = None
    limitations: Lines = ()
    summary: Text | None = None
