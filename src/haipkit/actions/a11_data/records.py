"""Bodies for action 11: data sets and the protections around them."""

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


class DatasetDuplicates(Body):
    """What a search for duplicates in a data set found: counts and digests. Key: the data set's."""

    name: Line
    searched_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["clean", "findings", "treated", "incomplete"]
    """`treated`: the copy is without the duplicates. `incomplete`: something could not be read."""
    treatment: Literal["none", "dropped"]
    files: Count
    files_failed: Count
    files_damaged: Count
    files_skipped: Count
    bytes: Count
    """Of unpacked content."""
    documents: Count
    documents_empty: Count
    exact_duplicates: Count
    """Documents that are equal to one that stays, but for white space."""
    near_duplicates: Count
    """Documents that are as similar as the threshold says, or more, to one that stays."""
    clusters: Count
    """Documents that stay in place of others."""
    pairs_compared: Count
    common_lines: Count
    """Lines that stand in many documents and were left out of the comparison."""
    threshold: Decimal
    kept: Literal["first", "longest"]
    method: Line
    controls: Count
    """Planted texts that were decided rightly before the search began."""
    engine: Line
    inputs_sha256: Digest
    """SHA-256 of the sorted SHA-256 digests of the files, one a line, in lower-case hex."""


class BenchmarkOverlap(Body):
    """How much of one benchmark stands in a data set."""

    name: Line
    sha256: Digest
    """Of the benchmark's file."""
    items: Count
    judged: Count
    """Items that are long enough to be told from chance."""
    overlapping: Count
    """Items of which at least one run stands in the data set."""
    contaminated: Count
    """Items of which at least half stands in the data set, or of which a whole line or document is the question."""
    exact: Count
    """Items of which a question or an answer is a line or a document."""


class DatasetContamination(Body):
    """How much of benchmarks stands in a data set: counts and digests. Key: the data set's."""

    name: Line
    checked_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["clean", "findings", "fail", "incomplete"]
    """`fail`: more of a benchmark than the limit that was set. `incomplete`: something could not be read."""
    files: Count
    files_failed: Count
    files_damaged: Count
    files_skipped: Count
    bytes: Count
    """Of unpacked content."""
    documents: Count
    benchmarks: tuple[BenchmarkOverlap, ...]
    limit: Line | None = None
    """The share of contaminated items that was allowed."""
    method: Line
    controls: Count
    """Planted items that were decided rightly before the search began."""
    engine: Line
    inputs_sha256: Digest
    """SHA-256 of the sorted SHA-256 digests of the files, one a line, in lower-case hex."""


class RightsSignal(Body):
    """In how many documents one carrier says one thing about their use."""

    carrier: Line
    says: Literal["deny", "doubt", "allow"]
    status: Literal["standard", "report", "draft", "convention", "yours"]
    documents: Count


class LicenceNamed(Body):
    """In how many documents one licence is named."""

    name: Line
    terms: Line
    documents: Count


class DatasetRights(Body):
    """What sources say about the use of their documents: counts, no addresses. Key: the data set's."""

    name: Line
    checked_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["clean", "unclear", "findings", "treated", "fail", "incomplete"]
    """`clean`: everything is allowed by something. `unclear`: nobody refuses, but not everything is allowed. `treated`:
    the copy leaves out what is refused."""
    treatment: Literal["none", "dropped"]
    use: Literal["training", "retrieval", "any"]
    """The use that robots.txt was asked about."""
    files: Count
    files_failed: Count
    media_files: Count
    bytes: Count
    documents: Count
    allowed: Count
    denied: Count
    unclear: Count
    without_source: Count
    sources: Count
    sources_denied: Count
    documents_dropped: Count
    signals: tuple[RightsSignal, ...] = ()
    licences: tuple[LicenceNamed, ...] = ()
    licences_unlisted: Count = 0
    with_notice: Count
    """Documents with a notice of copyright and a year."""
    signals_from: Day | None = None
    """When the first of the signals was stored, where that was kept."""
    signals_to: Day | None = None
    inputs_sha256: Digest


class DataRemoval(Body):
    """A request to take data out, and what was done about it. Key: made from the request."""

    stage: Literal["requested", "done"]
    name: Line
    """The data set."""
    reason: Literal["copyright", "opt-out", "licence", "personal-data", "confidential", "harmful", "error", "other"]
    requested_by: Office
    requested_on: Day
    requirements: RequirementRefs = ()
    selector: Literal["source", "document", "matching"]
    selector_id: Line
    """A keyed hash of what was asked for: equal requests can be told, their content cannot."""
    done_on: Day | None = None
    outcome: Literal["open", "removed", "not-found", "incomplete"]
    files: Count | None = None
    files_failed: Count | None = None
    documents: Count | None = None
    documents_removed: Count | None = None
    documents_left: Count | None = None
    """Documents that the copy still holds of what was asked for: looked for again after the removal."""
    inputs_sha256: Digest | None = None
    copy_sha256: Digest | None = None


class QualityFault(Body):
    """How many documents have one fault, and how often."""

    kind: Line
    documents: Count
    occurrences: Count


class LanguageShare(Body):
    """How many documents are taken for one language; `unknown` is an answer too."""

    language: Line
    documents: Count


class Mention(Body):
    """In how many documents words for a group stand. Mentions are not people. Interval: Wilson, 95 %."""

    group: Line
    documents: Count
    occurrences: Count
    share: Decimal
    low: Decimal
    high: Decimal


class GroupShare(Body):
    """The share of one value of a declared column, with its interval, and the share that was expected."""

    column: Line
    value: Line
    documents: Count
    share: Decimal
    low: Decimal
    high: Decimal
    expected: Decimal | None = None


class DatasetQuality(Body):
    """What a look at the quality of a data set gave: counts, nothing personal. Key: the data set's."""

    name: Line
    checked_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["clean", "findings", "fail", "incomplete"]
    files: Count
    files_failed: Count
    bytes: Count
    documents: Count
    documents_empty: Count
    documents_with_findings: Count
    characters_p1: Count
    characters_median: Count
    characters_p99: Count
    languages: tuple[LanguageShare, ...] = ()
    found: tuple[QualityFault, ...] = ()
    must_not_hold: Lines = ()
    mentions: tuple[Mention, ...] = ()
    columns: tuple[GroupShare, ...] = ()
    controls: Count
    """Planted faults that were found again before the look began."""
    lists_sha256: Digest
    """Of the thresholds and word lists."""
    inputs_sha256: Digest


class GroupRates(Body):
    """One group in a table. Rates are absent where they cannot be computed."""

    group: Lines
    rows: Count
    positives: Count
    selected: Count | None = None
    true_positives: Count | None = None
    base_rate: Decimal | None = None
    selection_rate: Decimal | None = None
    true_positive_rate: Decimal | None = None
    false_positive_rate: Decimal | None = None
    accuracy: Decimal | None = None
    small: bool = False


class FairnessFigure(Body):
    """A difference or ratio between groups, with its interval; or why it cannot be computed."""

    name: Line
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    why_not: Line | None = None
    limit: Decimal | None = None


class Grouping(Body):
    """A table seen by one column, or by several together."""

    columns: Lines
    groups: tuple[GroupRates, ...]
    groups_unlisted: Count = 0
    figures: tuple[FairnessFigure, ...]


class DatasetBias(Body):
    """Groups in a table compared. No verdict on what is fair. Key: the data set's."""

    name: Line
    checked_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["measured", "fail", "not-computable", "incomplete"]
    rows: Count
    rows_left_out: Count
    """Rows without a label, a prediction or a group."""
    label: Line
    prediction: Line | None = None
    positive: Line
    groupings: tuple[Grouping, ...]
    smallest: Count
    """Groups with fewer rows are marked as small."""
    inputs_sha256: Digest


class Canaries(Body):
    """Made-up codes planted in training data, registered before training. Key: the name of the set."""

    name: Line
    made_on: Day
    canaries: Count
    repeats: tuple[Count, ...]
    """How often canaries are planted; dealt out in turn."""
    code_digits: Count
    digests: tuple[Digest, ...]
    """SHA-256 of a secret salt and the planted text, one for each canary, in order."""


class CanaryGroup(Body):
    """Canaries that were planted equally often. `by_heart`: ranked so high that chance hardly does it (5 % a set)."""

    repeats: Count
    canaries: Count
    extracted: Count | None = None
    by_heart: Count | None = None
    median_bits: Decimal | None = None
    highest_bits: Decimal | None = None


class Continuations(Body):
    """Beginnings of training documents that a model was asked to continue."""

    prompts: Count
    prompt_characters: Count
    least_characters: Count
    """Shorter stretches do not count as verbatim."""
    continued: Count
    """Continued as the document does."""
    in_corpus: Count
    """Answered with a stretch that stands anywhere in the training data and not in the prompt."""
    longest: Count


class ValuesWritten(Body):
    """Different values of one kind that a model wrote, and those of them that stand in the training data."""

    kind: Line
    country: Country | None = None
    written: Count
    confirmed: Count


class MembershipSignal(Body):
    """How well a score tells training texts from held-out ones of the same source (0.5: not at all), 95 % interval."""

    score: Line
    auc: Decimal
    low: Decimal
    high: Decimal
    members: Count
    held_out: Count


class LeakLimits(Body):
    """What the test lets pass: canaries, confirmed values, and the share of verbatim continuations."""

    canaries: Count
    values: Count
    verbatim: Decimal


class LeakTest(Body):
    """What a model was made to give away: counts, bits and digests; no canary, no value, no text. Key: the title's."""

    title: Line
    performed_on: Day
    requirements: RequirementRefs = ()
    outcome: Literal["pass", "fail", "incomplete"]
    model: Line
    """As the model or its endpoint calls itself."""
    target: Literal["endpoint", "agent", "function", "application", "local model"]
    asked_as: Literal["text", "chat"]
    tried: Lines
    not_tried: Lines = ()
    limits: LeakLimits
    canaries: Line | None = None
    registered_on: Day | None = None
    candidates: Count | None = None
    """Codes that each canary was ranked among, itself included."""
    ceiling_bits: Decimal | None = None
    """No exposure can be measured above it."""
    groups: tuple[CanaryGroup, ...] = ()
    verbatim: Continuations | None = None
    outputs: Count | None = None
    values: tuple[ValuesWritten, ...] = ()
    membership: tuple[MembershipSignal, ...] = ()
    calls: Count
    calls_failed: Count
    seed: Count
    corpus_sha256: Digest | None = None
    """SHA-256 of the sorted SHA-256 digests of the files, one a line, in lower-case hex."""
    held_out_sha256: Digest | None = None


class PrivateTraining(Body):
    """A training run with differential privacy, as its accountant counts it. Key: the title's."""

    title: Line
    trained_on: Day
    requirements: RequirementRefs = ()
    dataset: Line | None = None
    unit: Literal["example", "person", "document", "other"]
    """What (ε, δ) protects: one such unit more or less in the training data."""
    epsilon: Decimal
    """Rounded up."""
    delta: Decimal
    accountant: Line
    noise_multiplier: Decimal | None = None
    clipping_norm: Decimal | None = None
    sample_rate: Decimal | None = None
    steps: Count
    secure_randomness: bool | None = None
    library: Line
    library_version: Line


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
