"""The names of all kinds of record, with what a reader needs before any body is loaded.

`scope` says what a record of the kind speaks about: the organisation, a system, or one release of it (`any`: as its
header says). `key` names the field that gives the record its key when none is given; `None`: records of the kind do not
replace one another. `day` names the field that says when the thing happened: the record's age is counted from it.
"""

from dataclasses import dataclass

from haipkit.kernel.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    title: str
    action: int
    scope: str
    key: str | None
    summary: str
    day: str | None = None

    @property
    def short(self) -> str:
        return self.name.partition("/")[0]


_TABLE = (
    Kind(
        "organisation/1", "Organisation", 0, "organisation", "name", "Who you are, where you work, which roles you hold"
    ),
    Kind("system/1", "AI system", 0, "organisation", "name", "An AI system that you build or use"),
    Kind(
        "release/1",
        "Release",
        0,
        "system",
        "version",
        "A version of a system, with what it can and cannot do",
        day="released_on",
    ),
    Kind(
        "owner/1",
        "Owner of an action",
        5,
        "organisation",
        "action",
        "The office that answers for one of the twelve actions",
    ),
    Kind(
        "evidence/1",
        "Evidence",
        0,
        "any",
        None,
        "Files that back a statement, with the period they are valid for",
        day="collected_at",
    ),
    Kind(
        "attestation/1", "Attestation", 0, "any", None, "A statement by an independent party, signed with their own key"
    ),
    Kind(
        "position/1",
        "Position on a requirement",
        0,
        "any",
        "requirement",
        "Applies, does not apply, not done, or planned; with a reason",
    ),
    Kind("decision/1", "Decision", 0, "any", None, "What was decided, by which office, on what conditions, until when"),
    Kind("plan/1", "Planned step", 0, "any", "title", "A step with an owner and a due date"),
    Kind(
        "document/1", "Document", 0, "any", "title", "A document that exists and is kept up to date", day="reviewed_on"
    ),
    Kind("test/1", "Test result", 0, "any", None, "Counts from a test run"),
    Kind("scan/1", "Scan result", 0, "any", None, "Counts from a static or security scan"),
    Kind("inventory/1", "Parts inventory", 0, "any", None, "The components, models and data sets a system is made of"),
    Kind("redaction/1", "Redaction", 0, "organisation", None, "Fields of an earlier record that were erased, and why"),
    Kind("key-event/1", "Key event", 6, "organisation", "name", "A key was created, rotated, compromised or retired"),
    Kind("risk/1", "Risk", 1, "any", "title", "Something that could go wrong, for whom, and what is done about it"),
    Kind(
        "evaluation/1",
        "Evaluation",
        1,
        "any",
        "title",
        "A test of how a system behaves, with its result",
        day="performed_on",
    ),
    Kind(
        "evaluation-plan/1",
        "Evaluation plan",
        1,
        "any",
        "title",
        "What will be asked of a system and what decides, registered before the first call",
        day="registered_on",
    ),
    Kind(
        "evaluation-run/1",
        "Evaluation run",
        1,
        "any",
        "title",
        "A run of a registered plan: when it started, and what it came to",
        day="ran_on",
    ),
    Kind(
        "comparison/1",
        "Comparison",
        1,
        "any",
        "title",
        "Two runs of the same probes side by side, such as before and after a mitigation",
        day="compared_on",
    ),
    Kind(
        "trace/1",
        "Trace of a step",
        1,
        "any",
        "title",
        "One step of making a system: what went in, which code ran, what came out, by digest",
        day="performed_on",
    ),
    Kind(
        "incident/1",
        "Incident",
        2,
        "any",
        "title",
        "An incident, hazard, vulnerability or misuse after release",
        day="detected_on",
    ),
    Kind("channel/1", "Reporting channel", 2, "any", "title", "A way for people to report problems to you"),
    Kind(
        "monitoring/1",
        "Monitoring",
        2,
        "any",
        "title",
        "How a deployed system is watched, and the last look at it",
        day="reviewed_on",
    ),
    Kind(
        "publication/1",
        "Publication",
        3,
        "any",
        "title",
        "Something that the public or the users can read",
        day="published_on",
    ),
    Kind(
        "sharing/1",
        "Information shared",
        4,
        "any",
        "title",
        "What you told others, whom, and what you held back",
        day="shared_on",
    ),
    Kind("membership/1", "Shared mechanism joined", 4, "organisation", "name", "A forum or scheme you take part in"),
    Kind(
        "policy/1", "Policy", 5, "organisation", "title", "A policy in force, its version, its owner, its next review"
    ),
    Kind(
        "approval/1",
        "Approval",
        5,
        "organisation",
        "subject",
        "An office approved a policy, a plan or a release",
        day="approved_on",
    ),
    Kind(
        "commitment/1",
        "Commitment",
        5,
        "organisation",
        "to",
        "A commitment to the Code or to a programme",
        day="made_on",
    ),
    Kind(
        "supplier/1",
        "Supplier",
        5,
        "organisation",
        "name",
        "Who supplies what, and what they say about the Code",
        day="answered_on",
    ),
    Kind(
        "control/1",
        "Security measure",
        6,
        "any",
        "title",
        "A physical, cyber or insider-threat safeguard",
        day="last_checked_on",
    ),
    Kind(
        "marking/1",
        "Marking of AI content",
        7,
        "any",
        "title",
        "How people can recognise AI content or an AI system",
        day="last_checked_on",
    ),
    Kind("study/1", "Research", 8, "organisation", "title", "Research on risks and how to reduce them"),
    Kind("project/1", "Project", 9, "organisation", "title", "Work on a global challenge, with baseline and result"),
    Kind("standard/1", "Standard", 10, "organisation", "identifier", "A standard you use or help to write"),
    Kind(
        "dataset/1",
        "Data set",
        11,
        "any",
        "name",
        "Data that goes into a system, its origin and rights",
        day="updated_on",
    ),
    Kind(
        "dataset-scan/1",
        "Scan of a data set",
        11,
        "any",
        "name",
        "What a scan of a data set for personal data and secrets found, in counts",
        day="scanned_on",
    ),
    Kind(
        "dataset-duplicates/1",
        "Duplicates in a data set",
        11,
        "any",
        "name",
        "What a search for exact and near duplicates in a data set found, in counts",
        day="searched_on",
    ),
    Kind(
        "dataset-contamination/1",
        "Benchmarks in a data set",
        11,
        "any",
        "name",
        "How much of benchmarks stands in a data set, in counts",
        day="checked_on",
    ),
    Kind(
        "dataset-rights/1",
        "Rights in a data set",
        11,
        "any",
        "name",
        "What licences and reservations say about the use of a data set, in counts",
        day="checked_on",
    ),
    Kind(
        "dataset-quality/1",
        "Quality of a data set",
        11,
        "any",
        "name",
        "Languages, damage, repetition and representation in a data set, in counts",
        day="checked_on",
    ),
    Kind(
        "dataset-bias/1",
        "Groups in a data set",
        11,
        "any",
        "name",
        "Groups in a table compared: labels, selection rates, errors",
        day="checked_on",
    ),
    Kind(
        "data-removal/1",
        "Removal of data",
        11,
        "any",
        "selector_id",
        "A request to take data out, and what was done about it",
        day="requested_on",
    ),
    Kind(
        "canaries/1",
        "Canaries in training data",
        11,
        "any",
        "name",
        "Made-up codes planted in training data, registered by digest before training",
        day="made_on",
    ),
    Kind(
        "leak-test/1",
        "Leak test of a model",
        11,
        "any",
        "title",
        "What a trained model was made to give away, in counts and bits",
        day="performed_on",
    ),
    Kind(
        "private-training/1",
        "Private training",
        11,
        "any",
        "title",
        "A training run with differential privacy, and what its accountant counts",
        day="trained_on",
    ),
    Kind(
        "safeguard/1",
        "Safeguard for data and rights",
        11,
        "any",
        "title",
        "A measure that protects data, people or rights",
        day="last_checked_on",
    ),
    Kind(
        "training/1",
        "Training",
        12,
        "organisation",
        "title",
        "Training or awareness work, and its result",
        day="held_on",
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _TABLE}
_BY_SHORT = {kind.short: kind for kind in _TABLE}


def find_kind(name: str) -> Kind:
    """The kind called `risk` or `risk/1`. Raises UsageError with the nearest names."""
    kind = KINDS.get(name) or _BY_SHORT.get(name)
    if kind is not None:
        return kind
    from difflib import get_close_matches

    near = get_close_matches(name, _BY_SHORT, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`haip schema` lists all kinds."
    raise UsageError(f"there is no kind of record called {name!r}", advice=hint)
