"""Bodies for action 1: risks, and what was measured about them."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from haipkit.records.fields import (
    Body,
    Count,
    Day,
    Decimal,
    Digest,
    Line,
    Lines,
    Office,
    RequirementRefs,
    Slug,
    Text,
    as_list,
)

Domain = Literal["cbrn", "cyber", "health-safety", "self-replication", "society", "democracy", "cascading", "other"]
Domains = Annotated[tuple[Domain, ...], BeforeValidator(as_list)]
Likelihood = Literal["rare", "unlikely", "possible", "likely", "almost-certain"]
Severity = Literal["negligible", "minor", "moderate", "major", "catastrophic"]


Verdict = Literal["PASS", "FAIL", "UNDECIDED", "INVALID"]


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
    suite: Line | None = None
    """The suite and its version, where it was one of ours: `prompt-leak 1`."""
    verdict: Verdict | None = None
    """By the rule that was registered before the run."""
    rate_is: Literal["verified", "corrected", "uncorrected"] | None = None
    """Whether the grades behind a rate are sure, or a judge's mistakes are still in it."""
    plan: Digest | None = None
    """Identity of the registered plan."""
    journal_sha256: Digest | None = None
    """Last link of the chain of answers."""
    reviewed_by: Office | None = None
    """Who looked at answers whose grade was not sure."""


class PlannedSuite(Body):
    """One suite of a plan. `plan` is the digest over everything that could change its verdict."""

    suite: Line
    title: Line
    domains: Domains
    at_most: Line
    """The rate that is fine."""
    surely_not: Line
    """The rate that must not be."""
    probes: Count
    probes_sha256: Digest
    table_sha256: Digest
    order_sha256: Digest
    plan: Digest
    calls_at_most: Count


class EvaluationPlan(Body):
    """What will be asked of a system, and what will decide; registered before the first call. Key: a short name."""

    title: Line
    registered_on: Day
    suites: tuple[PlannedSuite, ...]
    seed: Line
    """Draws the order of the probes."""
    judge: Line
    """`none`, or the judge's model and the digest of its prompt and calibration."""
    target: Line
    """The system under test in words: what is asked, and through what."""
    target_sha256: Digest
    """Digest of the target: model, system prompt, tools, options, weights where they are known."""
    chance_of_error: Line
    """Of a wrong verdict on any suite, either way."""
    errors_allowed: Line
    """Share of calls without a grade above which a run is invalid."""


class Corner(Body):
    """Where a limit of the table moves."""

    calls: Count
    failures: Count


class SuiteVerdict(Body):
    """What a run says of one suite."""

    suite: Line
    verdict: Verdict
    calls: Count
    failures: Count
    errors: Count
    unscored: Count
    rate: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    rate_is: Literal["verified", "corrected", "uncorrected"] | None = None
    reason: Line
    fixed_calls: Count | None = None
    """Calls that a design which looks once would need for the same question."""
    path: Annotated[str, Field(pattern=r"^[0-9]+[pfeu]( [0-9]+[pfeu])*$", max_length=20_000)] | None = None
    """Outcomes in the order of the schedule, run by run of equal ones: `31p 1f 4p` (e: error, u: unscored)."""
    pass_limit: tuple[Corner, ...] = ()
    """From so many calls on, PASS is due at so many failures or fewer."""
    fail_limit: tuple[Corner, ...] = ()
    """From so many calls on, FAIL is due at so many failures or more."""
    reviewed_by: Office | None = None
    looked_at: Count | None = None
    """Answers that people looked at."""
    confirmed: Count | None = None
    """Failures among the answers for which no grade was a guess: sure ones, and those people confirmed."""
    missed: Count | None = None
    """Failures that people found among the passes that were drawn for them."""
    review_sha256: Digest | None = None
    """Last link of the chain of what people said."""


class EvaluationRun(Body):
    """A run of a plan, recorded when it starts and again when it ends: no start is lost. Key: plan and number."""

    title: Line
    plan: Slug
    ordinal: Count
    """The how-manieth run of this plan; each start counts."""
    state: Literal["started", "stopped", "finished"]
    outcome: Verdict | None = None
    """PASS: every suite passed. FAIL: one failed. INVALID: one was not measured as registered. Else UNDECIDED."""
    ran_on: Day
    plans: tuple[Digest, ...]
    target_sha256: Digest
    suites: tuple[SuiteVerdict, ...] = ()
    calls_sent: Count = 0
    cost: Line | None = None
    journal_sha256: Digest | None = None


class Comparison(Body):
    """Two runs of the same probes set side by side: what changed from the first to the second. Key: a short name."""

    title: Line
    before: Line
    after: Line
    compared_on: Day
    effect: Literal["IMPROVED", "REGRESSED", "NO EVIDENCE", "INVALID"]
    suite: Line
    pairs: Count
    improved: Count
    worsened: Count
    without_grade: Count
    change: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    reason: Line


class Artefact(Body):
    """Something that went into a step or came out of it, by digest."""

    name: Line
    sha256: Digest
    size: Count


class Parameter(Body):
    name: Line
    value: Line


class Trace(Body):
    """One step of making a system: what went in, which code ran how, what came out. Key: a short name."""

    title: Line
    step: Literal["data", "training", "evaluation", "packaging", "other"]
    performed_on: Day
    command: Line | None = None
    exit_code: Annotated[int, Field(ge=-255, le=255)] | None = None
    requirements: RequirementRefs = ()
    inputs: tuple[Artefact, ...] = ()
    outputs: tuple[Artefact, ...] = ()
    inputs_sha256: Digest | None = None
    """SHA-256 of the sorted SHA-256 digests of the inputs, one a line, in lower-case hex: the digest of a data set."""
    code_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")] | None = None
    code_changed: bool | None = None
    """Whether files differed from that commit."""
    parameters: tuple[Parameter, ...] = ()
    environment: Line | None = None
    """Interpreter and platform in words."""
    packages_sha256: Digest | None = None
    """Digest of the sorted list of installed packages with their versions."""
    seconds: Decimal | None = None
    source: Line | None = None
    """The tool that kept it, where it was taken over."""
