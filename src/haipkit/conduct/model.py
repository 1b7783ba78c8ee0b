"""What is asked, as values: built and checked once by `conduct.load` from TOML, quick to read afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from haipkit.kernel.errors import UsageError


class OfficialDocument(NamedTuple):
    """A document whose clauses we read. `prefix` opens its locators (`coc`); `issued` is a year, a month or a day."""

    id: str
    prefix: str
    title: str
    publisher: str
    issued: str
    standing: str


class Clause(NamedTuple):
    """A citable place of an official document.

    `at` is document and place: `coc:6.2.1` (Code of Conduct, action 6, paragraph 2, sentence 1; `.0` a heading, `.b3` a
    bullet), `gpa:XII.1.1` (Principles for All AI Actors), `sme:c2.r4` (SME toolkit, challenge 2, resource 4).
    `sha256` is the digest of the official words after `conduct.official.normalise`; `length` their count of characters.
    `summary` is ours. `unchecked` says why software cannot check a clause that no requirement cites.
    """

    at: str
    length: int
    sha256: str
    summary: str
    unchecked: str | None = None

    @property
    def document(self) -> str:
        return self.at.partition(":")[0]

    @property
    def place(self) -> str:
        return self.at.partition(":")[2]


class Need(NamedTuple):
    """What kind of record would satisfy a requirement.

    `where`: field → value: equal, or contained where the record has a list; a list of values means any of them.
    `at_least` records, none older than `max_age_days`, with an origin among `origins` (empty: any). `test` names a rule
    of `assessment.need`, for what cannot be said with equality. `missing` is the sentence shown when the need is open.
    Records of the kinds in `also` count as well, on the same conditions.
    """

    kind: str
    missing: str
    where: Mapping[str, Any]
    at_least: int = 1
    max_age_days: int | None = None
    origins: tuple[str, ...] = ()
    test: str | None = None
    also: tuple[str, ...] = ()


class Requirement(NamedTuple):
    """Our reading of one or more clauses. `scope` is what a finding is about: organisation, system or release.

    `when`: field → value of the system's record; elsewhere the requirement does not apply. `attested_only`: software
    can keep the statement but not check the deed. `step` says what to do first; `reading` is what we take the clause
    to ask.
    """

    id: str
    action: int
    title: str
    reading: str
    step: str
    clauses: tuple[str, ...]
    scope: str
    needs: tuple[Need, ...]
    when: Mapping[str, Any]
    attested_only: bool = False

    @property
    def paragraph(self) -> str:
        """Official action and paragraph, `6.2` of `6.2a`."""
        return self.id.rstrip("abcdefghijklmnopqrstuvwxyz")


class Applies(NamedTuple):
    """What a profile says about one requirement: `expected`, `relevant` (where its `when` holds) or `not expected`."""

    requirement: str
    level: str
    why: str


class Profile(NamedTuple):
    """What is appropriate for whom, and why. `first` lists requirement ids to start with, in order."""

    id: str
    title: str
    basis: str
    as_of: str
    items: Mapping[str, Applies]
    first: tuple[str, ...] = ()


class Duty(NamedTuple):
    """One duty of a programme: due `within_days` of the commitment; done when a record like `need` exists."""

    id: str
    title: str
    text: str
    within_days: int | None
    repeats_days: int | None
    need: Need
    owner_hint: str
    requirements: tuple[str, ...]


class Programme(NamedTuple):
    """An optional, labelled set of duties. `standing` is shown wherever the programme is."""

    id: str
    title: str
    standing: str
    source: str
    as_of: str
    duties: tuple[Duty, ...]


class LegalDate(NamedTuple):
    """A date in law that may concern an organisation: `countries` and `when` (fields of a system) say whom.

    `placed_before`: it concerns only what was on the market before that day, as its earliest release on record says.
    """

    id: str
    title: str
    date: str
    citation: str
    status: str
    confidence: str
    source: str
    as_of: str
    countries: tuple[str, ...]
    when: Mapping[str, Any]
    requirements: tuple[str, ...]
    placed_before: str | None = None


class Crosswalk(NamedTuple):
    """Rows that relate our requirements to another framework. `note` says what was mapped, by whom, and what not."""

    id: str
    title: str
    framework: str
    publisher: str
    edition: str
    licence: str
    vocabulary: str
    mapped_by: str
    mapped_on: str
    as_of: str
    note: str
    rows: tuple["CrosswalkRow", ...]


class CrosswalkRow(NamedTuple):
    """One relation in NIST IR 8477 terms. `status`: `published`, `reviewed` or `draft`, which carries nothing over."""

    requirement: str
    reference: str
    relation: str
    reason: str
    status: str


class Resource(NamedTuple):
    """A resource that an official document names, with its state as of a day."""

    clause: str
    title: str
    publisher: str
    state: str
    as_of: str
    url: str | None
    helps: tuple[str, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Conduct:
    """Everything that is asked, at one version. `digest` is the SHA-256 over all its data files."""

    digest: str
    clauses: Mapping[str, Clause]
    requirements: Mapping[str, Requirement]
    profiles: Mapping[str, Profile]
    programmes: Mapping[str, Programme]
    dates: tuple[LegalDate, ...]
    resources: tuple[Resource, ...]
    documents: Mapping[str, OfficialDocument] = field(default_factory=dict)

    def places(self, reference: str) -> list[Clause]:
        """Clauses under `6` (action; 0 is the preamble), `6.3` (paragraph) or `6.0` (heading), those that `6.3a` reads,
        or those under a locator or the beginning of one: `coc:6.3`, `gpa:XII`, `sme:c2.r4`, `sme`. Empty: none."""
        wanted = reference.strip().lower()
        requirement = self.requirements.get(wanted)
        if requirement is not None:
            return [self.clauses[at] for at in requirement.clauses]
        if wanted[:1].isdigit():
            action, dot, rest = wanted.partition(".")
            wanted = f"gpa:xii{dot}{rest}" if action == "12" else f"coc:{wanted}"
        return [
            clause
            for clause in self.clauses.values()
            if wanted in (clause.document, f"{clause.document}:", clause.at.lower())
            or (":" in wanted and clause.at.lower().startswith(f"{wanted}."))
        ]

    def find(self, reference: str) -> list[Requirement]:
        """Requirements under `6` (action), `6.2` (paragraph) or `6.2a` (one). Raises UsageError when there is none."""
        found = [
            requirement
            for requirement in self.requirements.values()
            if reference
            in (requirement.id, str(requirement.action), requirement.id.rstrip("abcdefghijklmnopqrstuvwxyz"))
        ]
        if not found:
            raise UsageError(f"there is no requirement {reference!r}", advice="`haip conduct list` shows them all.")
        return found
