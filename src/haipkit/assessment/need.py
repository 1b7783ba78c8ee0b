"""Whether records satisfy one need. Equality conditions here; what equality cannot say is a named rule below.

Decides. Does not read, write, sign or fetch.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from haipkit.assessment.finding import Ask
from haipkit.conduct.model import Need
from haipkit.kernel.errors import InternalFault
from haipkit.kernel.words import RISK_DOMAINS
from haipkit.records.kinds import KINDS
from haipkit.records.record import Record

SAME_NAME = "<short-name>"
"""A key that nobody chose yet, where two records have to agree on it."""

SYSTEM_BOUND = frozenset({"risk/1", "evaluation/1", "release/1", "test/1", "leak-test/1", "scan/1", "inventory/1"})
"""Kinds that speak about one system: without a system in the header they count for the organisation only."""

STATE_FIELDS = frozenset(
    {
        "status",
        "result",
        "outcome",
        "published",
        "treatment",
        "secure_environment",
        "performed_by",
        "assessed",
        "haip",
        "conformity",
        "shared",
        "duties",
        "ai_risks",
        "identifies",
        "covers",
        "covers_prompts_and_outputs",
        "opt_outs_respected",
        "with_community",
        "rewards",
        "anonymous",
    }
)
"""Fields that say how something stands, not what it is about. A record that differs only here speaks about the need."""


_EVENTS = frozenset(
    {"evaluation/1", "training/1", "sharing/1", "publication/1", "decision/1", "test/1", "scan/1", "inventory/1"}
)
"""Kinds of things that happened once: what is lacking has to happen, and an older record is not made to say so."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The records of one subject, by kind, and the day. `releases` are those of the subject, newest first."""

    as_of: date
    by_kind: Mapping[str, Sequence[Record]]
    expected_actions: frozenset[int] = frozenset()
    supplier: str | None = None
    system: Record | None = None
    _shelves: dict[tuple[str, str], dict[str, list[Record]]] = field(default_factory=dict, compare=False, repr=False)

    def about(self, kind: str, subject: Mapping[str, Any]) -> list[Record]:
        """Records of a kind that match every condition. Shelved once a field, so that needs do not scan again."""
        chosen, found = None, list(self.of(kind))
        for name, wanted in subject.items():
            if isinstance(wanted, str):
                shelf = self._shelf(kind, name).get(wanted, [])
                if chosen is None or len(shelf) < len(found):
                    chosen, found = name, shelf
        rest = {name: wanted for name, wanted in subject.items() if name != chosen}
        return [record for record in found if matches(record.body, rest)] if rest else found

    def _shelf(self, kind: str, name: str) -> dict[str, list[Record]]:
        shelf = self._shelves.get((kind, name))
        if shelf is None:
            shelf = self._shelves[kind, name] = {}
            for record in self.of(kind):
                value = record.body.get(name)
                for entry in value if isinstance(value, list | tuple) else (value,):
                    if isinstance(entry, str):
                        shelf.setdefault(entry, []).append(record)
        return shelf

    def of(self, kind: str) -> Sequence[Record]:
        found = self.by_kind.get(kind, ())
        if kind == "supplier/1" and self.system is not None:
            return [record for record in found if record.header.key == self.supplier]
        return found


@dataclass(slots=True)
class Index:
    """All records by kind and system, so that a subject's ground is found without a scan."""

    everything: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    by_system: dict[str, dict[str, list[Record]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    shared: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Index":
        index = cls()
        for record in records:
            kind, system = record.header.kind, record.header.system
            index.everything[kind].append(record)
            if system is None:
                if kind not in SYSTEM_BOUND:
                    index.shared[kind].append(record)
            else:
                index.by_system[system.partition("/")[0]][kind].append(record)
        return index

    def of_system(self, system: str) -> dict[str, list[Record]]:
        own = self.by_system.get(system, {})
        return {kind: [*own.get(kind, ()), *self.shared.get(kind, ())] for kind in {*own, *self.shared}}

    def of_release(self, system: str, version: str) -> dict[str, list[Record]]:
        """What counts for one release: its own records, and those of the system that name no other release."""
        name = f"{system}/{version}"
        ground: dict[str, list[Record]] = {}
        for kind, found in self.of_system(system).items():
            kept = [record for record in found if record.header.system in (None, system, name)]
            if kind == "release/1":
                kept = [record for record in kept if record.header.key == version]
            ground[kind] = kept
        return ground


def matches(body: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """True when every condition holds: equal, contained in a list field, or any of a list of wanted values."""
    for name, wanted in where.items():
        actual = body.get(name)
        if actual.__class__ is str and wanted.__class__ is str:
            if actual != wanted:
                return False
            continue
        choices = wanted if isinstance(wanted, (list, tuple)) else (wanted,)
        if not isinstance(actual, (list, tuple)):
            if actual not in choices:
                return False
            continue
        for choice in choices:
            if choice in actual:
                break
        else:
            return False
    return True


def in_force(record: Record, as_of: date, max_age_days: int | None) -> bool:
    """True when the record is valid on the day and not older than allowed."""
    return _counts(record, as_of.isoformat(), _oldest(as_of, max_age_days))


def _oldest(as_of: date, max_age_days: int | None) -> str:
    """The first day on which a record may have happened and still be young enough."""
    return "" if max_age_days is None else (as_of - timedelta(days=max_age_days)).isoformat()


def _counts(record: Record, day: str, oldest: str) -> bool:
    header = record.header
    # An instant sorts behind the day that it begins with.
    return (
        header.occurred_at >= oldest
        and (header.valid_until is None or header.valid_until >= day)
        and (header.valid_from is None or header.valid_from <= day)
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What counts towards a need, what would but is stale, what speaks about it at all, and whether it is enough."""

    counting: tuple[Record, ...]
    stale: tuple[Record, ...]
    about: tuple[Record, ...]
    satisfied: bool
    missing: str
    asks: tuple[Ask, ...] = ()


def weigh(need: Need, ground: Ground) -> Weighed:
    """Weigh one need. Silence never satisfies: with no counting record the answer is no."""
    subject = {name: value for name, value in need.where.items() if name not in STATE_FIELDS}
    standing = {name: value for name, value in need.where.items() if name in STATE_FIELDS}
    day, oldest = ground.as_of.isoformat(), _oldest(ground.as_of, need.max_age_days)
    about = [record for kind in (need.kind, *need.also) for record in ground.about(kind, subject)]
    fitting = [record for record in about if matches(record.body, standing)] if standing else about
    if need.origins:
        fitting = [record for record in fitting if record.header.origin in need.origins]
    counting = [record for record in fitting if _counts(record, day, oldest)]
    stale = [record for record in fitting if not _counts(record, day, oldest)] if len(counting) < len(fitting) else []
    enough = len(counting) >= max(need.at_least, 1)
    missing = "" if enough else _shortfall(need, counting, stale)
    asks: Sequence[Ask] = ()
    if need.test is not None:
        rule = RULES.get(need.test)
        if rule is None:
            raise InternalFault(f"no rule is called {need.test!r}", advice="Name it in assessment/need.py.")
        verdict = rule(need, counting, ground)
        counting, missing = verdict.counting, verdict.missing
        about += [record for record in verdict.wanting if record not in about]
        enough = bool(counting) and not missing
        asks = verdict.asks
        if not enough and not missing:
            missing = need.missing
    chosen = () if enough else tuple(asks) or _asks(need, about, ground, oldest)
    return Weighed(tuple(counting), tuple(stale), tuple(about), enough, missing, chosen)


def _asks(need: Need, about: Sequence[Record], ground: Ground, oldest: str) -> tuple[Ask, ...]:
    """The newest record that speaks about the need, to be amended; none where only a new one helps."""
    if need.kind == "system/1" and ground.system is not None:
        return (Ask(need.kind, ground.system.header.key, True, fields=need.where),)
    if need.kind == "supplier/1" and ground.system is not None and ground.supplier is None:
        link = Ask("system/1", ground.system.header.key, True, fields={"supplier": SAME_NAME})
        return (link, Ask(need.kind, SAME_NAME, fields=need.where))
    if need.kind == "supplier/1" and ground.system is not None and not about:
        return (Ask(need.kind, ground.supplier, bool(ground.of(need.kind)), fields=need.where),)
    if not about or need.at_least > 1 or need.kind in _EVENTS:
        return ()
    newest = max(about, key=lambda record: record.index)
    if newest.header.origin != "declared":
        return ()
    undated = KINDS[need.kind].day is None and newest.header.occurred_at[:10] < oldest
    return (_amend(newest, need, ground.as_of.isoformat(), *(["occurred_at"] if undated else [])),)


def _amend(record: Record, need: Need, day: str, *blanks: str) -> Ask:
    """Change `record` so that it says what the need wants, of a later day where its own has passed."""
    header, kind = record.header, KINDS[record.header.kind]
    fields = need.where if need.kind == header.kind else {}
    open_fields = {name: wanted for name, wanted in fields.items() if not matches(record.body, {name: wanted})}
    more = [kind.day] if kind.day and not blanks else []
    if (header.valid_until or day) < day:
        more.append("valid_until")
    return Ask(header.kind, header.key, True, header.system, open_fields, (*blanks, *more))


def _shortfall(need: Need, counting: Sequence[Record], stale: Sequence[Record]) -> str:
    if counting:
        return f"{need.missing} ({len(counting)} of {need.at_least} recorded)"
    if stale:
        newest = max(stale, key=lambda record: record.header.occurred_at)
        until = newest.header.valid_until
        gone = f"expired on {until}" if until else f"is of {newest.header.occurred_at[:10]}, which is too old"
        return f"“{newest.title}” {gone}."
    return need.missing


@dataclass(slots=True)
class RuleVerdict:
    """`wanting`: records of another kind than the need's that the rule looked at and found wrong. `asks`: what to
    record, where that is more than one more record of the need's kind."""

    counting: list[Record]
    missing: str = ""
    wanting: Sequence[Record] = ()
    asks: Sequence[Ask] = ()


MOST_ASKS = 5
"""So many of the records that a rule finds wanting are named at once."""

Rule = Callable[[Need, list[Record], Ground], RuleVerdict]
RULES: dict[str, Rule] = {}


def _rule(name: str) -> Callable[[Rule], Rule]:
    def enter(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return enter


@_rule("approved")
def _approved(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """An approval of each counted thing: of the version in force, or given or recorded after it."""
    passed = [
        record
        for record in counting
        if any(
            approval.body.get("subject") == record.header.key and _approves(approval, record)
            for approval in ground.of("approval/1")
        )
    ]
    if passed:
        return RuleVerdict(passed)
    waiting = f"“{counting[0].title}” has no approval." if counting else need.missing
    new = () if counting else (Ask(need.kind, SAME_NAME, fields=need.where),)
    subject = (counting[0].header.key or SAME_NAME) if counting else SAME_NAME
    return RuleVerdict([], waiting, asks=(*new, Ask("approval/1", subject)))


def _approves(approval: Record, record: Record) -> bool:
    version = approval.body.get("version")
    if version is not None:
        return bool(version == record.body.get("version"))
    return approval.index > record.index or approval.body.get("approved_on", "") >= record.header.occurred_at[:10]


@_rule("treated")
def _treated(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Every risk is treated, or accepted by an office until a day that has not passed."""
    day = ground.as_of.isoformat()
    open_ones = [
        risk
        for risk in counting
        if risk.body.get("treatment") != "in-place"
        and not (risk.body.get("accepted_by") and (risk.body.get("acceptance_expires") or day) >= day)
    ]
    if not open_ones:
        return RuleVerdict(counting)
    done = [risk for risk in counting if risk not in open_ones]
    names = ", ".join(f"“{risk.title}”" for risk in open_ones[:3])
    more = f" and {len(open_ones) - 3} more" if len(open_ones) > 3 else ""
    asks = [_amend(risk, need, day)._replace(fields={"treatment": "in-place"}) for risk in open_ones[:MOST_ASKS]]
    return RuleVerdict(done, f"Neither treated nor accepted: {names}{more}.", asks=asks)


@_rule("all-domains")
def _all_domains(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Each of the Code's seven risk domains was looked at, even if only to call the risk rare."""
    seen = {record.body.get("domain") for record in counting}
    left = {domain: title for domain, title in RISK_DOMAINS.items() if domain not in seen}
    asks = [Ask(need.kind, fields={**need.where, "domain": domain}) for domain in left]
    missing = "No risk is recorded for: " + "; ".join(left.values()) + "." if left and counting else ""
    return RuleVerdict(counting, missing, asks=asks)


@_rule("no-open-serious")
def _no_open_serious(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """No serious incident is open without an action; watching or a channel must exist, so silence does not pass."""
    left = [
        incident
        for incident in ground.of("incident/1")
        if incident.body.get("serious")
        and incident.body.get("status") == "open"
        and not incident.body.get("actions_taken")
    ]
    if left:
        sentence = f"The serious incident “{left[0].title}” is open and no action is recorded."
        return RuleVerdict([], sentence, left, _amended(left, "actions_taken"))
    return RuleVerdict(counting)


@_rule("incidents-documented")
def _incidents_documented(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Every incident older than 30 days names the actions taken; with none, a watch or a channel must exist."""
    limit = (ground.as_of - timedelta(days=30)).isoformat()
    bare = [
        incident
        for incident in ground.of("incident/1")
        if not incident.body.get("actions_taken") and incident.body.get("detected_on", "") < limit
    ]
    if bare:
        sentence = f"No action is recorded for “{bare[0].title}”, found more than 30 days ago."
        return RuleVerdict([], sentence, bare, _amended(bare, "actions_taken"))
    return RuleVerdict(_watched(need, ground), asks=(Ask("channel/1"),))


@_rule("incidents-told")
def _incidents_told(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Every serious incident names somebody who was told; with no incident, a watch or a channel must exist."""
    untold = [
        incident
        for incident in ground.of("incident/1")
        if incident.body.get("serious") and not incident.body.get("reported_to")
    ]
    if untold:
        sentence = f"Nobody is named who was told about the serious incident “{untold[0].title}”."
        return RuleVerdict([], sentence, untold, _amended(untold, "reported_to"))
    return RuleVerdict(_watched(need, ground), asks=(Ask("channel/1"),))


def _amended(records: Sequence[Record], field_name: str) -> list[Ask]:
    return [
        Ask(record.header.kind, record.header.key, True, record.header.system, blanks=(field_name,))
        for record in records[:MOST_ASKS]
    ]


def _watched(need: Need, ground: Ground) -> list[Record]:
    """What makes an absence of incidents an observation: incidents that were seen, watches and channels in force."""
    return [
        record
        for kind in ("incident/1", "monitoring/1", "channel/1")
        for record in ground.of(kind)
        if in_force(record, ground.as_of, need.max_age_days)
    ]


@_rule("fresh-publication")
def _fresh_publication(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """A publication not older than the latest significant release."""
    releases = [record for record in ground.of("release/1") if record.body.get("significant", True)]
    latest = max((record.body.get("released_on", "") for record in releases), default="")
    fresh = [record for record in counting if record.body.get("published_on", "") >= latest]
    if counting and not fresh:
        return RuleVerdict([], f"“{counting[0].title}” is older than the release of {latest}.")
    return RuleVerdict(fresh)


@_rule("owners-named")
def _owners_named(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """An office answers for each action that has an expected requirement."""
    named = {record.body.get("action") for record in counting}
    left = sorted(ground.expected_actions - named)
    missing = "No owner is named for action " + ", ".join(map(str, left)) + "." if left and counting else ""
    return RuleVerdict(counting, missing, asks=[Ask(need.kind, str(action)) for action in left])


@_rule("reviewed")
def _reviewed(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """The next review lies ahead; without one, the record is younger than a year."""
    fresh = []
    for record in counting:
        due = record.body.get("next_review") or record.body.get("review_on")
        if due is None:
            if in_force(record, ground.as_of, 365):
                fresh.append(record)
        elif due >= ground.as_of.isoformat():
            fresh.append(record)
    if counting and not fresh:
        late = counting[0]
        again = "next_review" if late.header.kind != "risk/1" else "review_on"
        looked = KINDS[late.header.kind].day
        asks = [_amend(late, need, ground.as_of.isoformat(), again, *([looked] if looked else []))]
        return RuleVerdict([], f"The review of “{late.title}” is overdue.", asks=asks)
    return RuleVerdict(fresh)


@_rule("suppliers-asked")
def _suppliers_asked(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Every supplier of a model or an application was asked about the Code."""
    relevant = [record for record in counting if record.body.get("relation") in ("model", "application")]
    silent = [record for record in relevant if record.body.get("haip") == "not-asked"]
    if silent:
        asked = [record for record in relevant if record not in silent]
        sentence = f"“{silent[0].title}” was not asked about the Code of Conduct."
        answers = {"haip": ("attests", "discloses-gaps", "reports-publicly", "no-answer")}
        asks = [Ask(need.kind, record.header.key, True, fields=answers, blanks=("answered_on",)) for record in silent]
        return RuleVerdict(asked, sentence, asks=asks)
    return RuleVerdict(relevant or counting)


@_rule("detector-offered")
def _detector_offered(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Marks that name an address where people can ask whether content came from the system."""
    bare = [record for record in counting if not record.body.get("detector")]
    asks = _amended(bare, "detector") or [Ask(need.kind, fields=need.where, blanks=("detector",))]
    return RuleVerdict([record for record in counting if record not in bare], asks=asks)


@_rule("or-named-tests")
def _or_named_tests(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """A run of tests that names the requirement, taken over from its tool, counts as well (the engine knows which)."""
    return RuleVerdict(counting)


@_rule("prohibited-uses-checked")
def _prohibited_uses_checked(need: Need, counting: list[Record], ground: Ground) -> RuleVerdict:
    """Each system was held against the uses that the preamble rules out, within the last year."""
    limit = (ground.as_of - timedelta(days=365)).isoformat()
    subjects = [ground.system] if ground.system is not None else counting
    unchecked = [record for record in subjects if (record.body.get("prohibited_uses_checked_on") or "") < limit]
    if unchecked:
        done = [record for record in subjects if record not in unchecked]
        sentence = f"“{unchecked[0].title}” was not held against the uses that the Code rules out."
        asks = [Ask("system/1", one.header.key, True, blanks=("prohibited_uses_checked_on",)) for one in unchecked]
        return RuleVerdict(done, sentence, asks=asks)
    return RuleVerdict(list(subjects))
