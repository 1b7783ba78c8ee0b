"""The named rules: each passes on the right records, fails on the wrong ones, and is never satisfied by silence."""

from datetime import date
from typing import Any

import pytest

from haipkit.assessment.engine import assess
from haipkit.assessment.need import RULES, Ground, weigh
from haipkit.conduct.model import Need
from haipkit.kernel.errors import InternalFault
from haipkit.kernel.words import Origin
from haipkit.records.history import by_kind
from haipkit.records.record import Record
from helpers.small_assessment import Maker, conduct_of, requirement

DAY = date(2026, 11, 20)
HOME = {
    "approved": "policy/1",
    "treated": "risk/1",
    "all-domains": "risk/1",
    "no-open-serious": "monitoring/1",
    "incidents-documented": "monitoring/1",
    "incidents-told": "monitoring/1",
    "fresh-publication": "publication/1",
    "owners-named": "owner/1",
    "reviewed": "policy/1",
    "suppliers-asked": "supplier/1",
    "prohibited-uses-checked": "system/1",
    "detector-offered": "marking/1",
    "or-named-tests": "evaluation/1",
}


def judged(rule: str, records: list[Record], **more: Any) -> tuple[bool, str]:
    need = Need(HOME[rule], "Missing.", {}, test=rule)
    weighed = weigh(need, Ground(DAY, by_kind(records), **more))
    return weighed.satisfied, weighed.missing


@pytest.mark.parametrize("rule", sorted(RULES))
def test_silence_satisfies_no_rule(rule: str) -> None:
    satisfied, missing = judged(rule, [])
    assert not satisfied
    assert missing == "Missing."


def test_every_rule_is_in_the_table_above() -> None:
    assert set(HOME) == set(RULES)


def test_an_unknown_rule_is_a_fault_of_ours(make: Maker) -> None:
    with pytest.raises(InternalFault, match="no rule"):
        weigh(Need("risk/1", "M.", {}, test="nonsense"), Ground(DAY, {}))


@pytest.mark.parametrize(
    ("approval", "good"),
    [
        ({"subject": "p", "approved_on": "2026-06-02"}, True),
        ({"subject": "p", "approved_on": "2026-06-02", "version": "1"}, True),
        ({"subject": "p", "approved_on": "2026-05-31", "version": "1"}, True),
        ({"subject": "p", "approved_on": "2026-06-02", "version": "0"}, False),
        ({"subject": "p", "approved_on": "2026-05-31"}, False),
        ({"subject": "q", "approved_on": "2026-06-02"}, False),
    ],
)
def test_approved(make: Maker, approval: dict[str, str], good: bool) -> None:
    given = make("approval/1", approval, key=approval["subject"])
    policy = make("policy/1", {"title": "P", "version": "1"}, key="p")
    assert judged("approved", [policy, given])[0] is good


def test_an_approval_recorded_after_the_thing_counts_whatever_its_date(make: Maker) -> None:
    policy = make("policy/1", {"title": "P", "version": "1"}, key="p")
    given = make("approval/1", {"subject": "p", "approved_on": "2026-05-31"}, key="p")
    assert judged("approved", [policy, given])[0]


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ({"treatment": "in-place"}, True),
        ({"treatment": "planned"}, False),
        ({"treatment": "none", "accepted_by": "owner", "acceptance_expires": "2026-11-20"}, True),
        ({"treatment": "none", "accepted_by": "owner", "acceptance_expires": "2026-11-19"}, False),
    ],
)
def test_treated(make: Maker, body: dict[str, str], good: bool) -> None:
    satisfied, missing = judged("treated", [make("risk/1", {"title": "Fire", **body}, key="r")])
    assert satisfied is good
    assert good or "“Fire”" in missing


def test_all_domains_names_the_ones_left_out(make: Maker) -> None:
    domains = ["cbrn", "cyber", "health-safety", "self-replication", "society", "democracy"]
    records = [make("risk/1", {"title": d, "domain": d}, key=d) for d in domains]
    satisfied, missing = judged("all-domains", records)
    assert not satisfied
    assert "Chain reactions" in missing
    records.append(make("risk/1", {"title": "c", "domain": "cascading"}, key="c"))
    assert judged("all-domains", records)[0]


def test_no_open_serious(make: Maker) -> None:
    watch = make("monitoring/1", {"title": "W"}, key="w")
    open_one = make("incident/1", {"title": "Leak", "serious": True, "status": "open"}, key="i")
    assert judged("no-open-serious", [watch])[0]
    assert judged("no-open-serious", [watch, open_one]) == (
        False,
        "The serious incident “Leak” is open and no action is recorded.",
    )


def test_incidents_documented(make: Maker) -> None:
    watch = make("monitoring/1", {"title": "W"}, key="w")
    old = make("incident/1", {"title": "Leak", "detected_on": "2026-10-01"}, key="i")
    new = make("incident/1", {"title": "Fresh", "detected_on": "2026-11-10"}, key="j")
    assert judged("incidents-documented", [watch, new])[0]
    assert not judged("incidents-documented", [watch, old])[0]


@pytest.mark.parametrize(
    ("incident", "good"),
    [
        ({"serious": True, "reported_to": ["supplier"]}, True),
        ({"serious": True}, False),
        ({"serious": True, "reported_to": []}, False),
        ({"serious": False}, True),
    ],
)
def test_incidents_told(make: Maker, incident: dict[str, Any], good: bool) -> None:
    record = make("incident/1", {"title": "Leak", **incident}, key="i")
    satisfied, missing = judged("incidents-told", [record])
    assert satisfied is good
    assert good or missing == "Nobody is named who was told about the serious incident “Leak”."


@pytest.mark.parametrize("kind", ["monitoring/1", "channel/1"])
def test_no_incident_counts_as_told_where_one_would_have_been_noticed(make: Maker, kind: str) -> None:
    assert judged("incidents-told", [make(kind, {"title": "W"}, key="w")])[0]


@pytest.mark.parametrize("rule", ["incidents-documented", "incidents-told"])
def test_an_old_watch_observes_nothing(make: Maker, rule: str) -> None:
    watch = make("monitoring/1", {"title": "W"}, key="w", occurred_at="2025-11-01T00:00:00Z")
    need = Need("monitoring/1", "Missing.", {}, test=rule, max_age_days=365)
    weighed = weigh(need, Ground(DAY, by_kind([watch])))
    assert not weighed.satisfied
    assert weighed.missing == "Missing."


@pytest.mark.parametrize("rule", ["no-open-serious", "incidents-documented", "incidents-told"])
def test_an_incident_found_wanting_was_looked_at_even_without_a_watch(make: Maker, rule: str) -> None:
    body = {"title": "Leak", "serious": True, "status": "open", "detected_on": "2026-10-01"}
    incident = make("incident/1", body, key="i")
    weighed = weigh(Need("monitoring/1", "Missing.", {}, test=rule), Ground(DAY, by_kind([incident])))
    assert weighed.about == (incident,)


def test_fresh_publication(make: Maker) -> None:
    release = make("release/1", {"version": "2", "released_on": "2026-08-01", "significant": True}, key="2", system="a")
    old = make("publication/1", {"title": "Card", "published_on": "2026-07-31"}, key="c")
    new = make("publication/1", {"title": "Card", "published_on": "2026-08-01"}, key="d")
    assert not judged("fresh-publication", [release, old])[0]
    assert judged("fresh-publication", [release, old, new])[0]


def test_owners_named(make: Maker) -> None:
    owner = make("owner/1", {"action": 1, "office": "owner"}, key="1")
    assert judged("owners-named", [owner], expected_actions=frozenset({1}))[0]
    assert judged("owners-named", [owner], expected_actions=frozenset({1, 2})) == (
        False,
        "No owner is named for action 2.",
    )


@pytest.mark.parametrize(
    ("body", "good"), [({"next_review": "2026-11-20"}, True), ({"next_review": "2026-11-19"}, False), ({}, True)]
)
def test_reviewed(make: Maker, body: dict[str, str], good: bool) -> None:
    assert judged("reviewed", [make("policy/1", {"title": "P", **body}, key="p")])[0] is good


def test_reviewed_without_a_date_lasts_a_year(make: Maker) -> None:
    assert not judged("reviewed", [make("policy/1", {"title": "P"}, key="p", occurred_at="2025-11-01T00:00:00Z")])[0]


def test_suppliers_asked(make: Maker) -> None:
    asked = make("supplier/1", {"name": "A", "relation": "model", "haip": "no-answer"}, key="a")
    silent = make("supplier/1", {"name": "B", "relation": "application", "haip": "not-asked"}, key="b")
    assert judged("suppliers-asked", [asked])[0]
    assert not judged("suppliers-asked", [asked, silent])[0]


@pytest.mark.parametrize(("day", "good"), [("2026-01-01", True), ("2025-11-01", False), (None, False)])
def test_prohibited_uses_checked(make: Maker, day: str | None, good: bool) -> None:
    record = make("system/1", {"name": "A", "prohibited_uses_checked_on": day}, key="a")
    assert judged("prohibited-uses-checked", [record], system=record)[0] is good


def test_detector_offered(make: Maker) -> None:
    bare = make("marking/1", {"title": "M"}, key="m")
    offered = make("marking/1", {"title": "M", "detector": "https://example.org/ask"}, key="n")
    assert not judged("detector-offered", [bare])[0]
    assert judged("detector-offered", [bare, offered])[0]


@pytest.mark.parametrize(
    ("run", "status"),
    [
        ({"requirements": ["1.2k"], "outcome": "pass"}, "met"),
        ({"requirements": ["1.2k"], "outcome": "fail", "failed": 1, "tests": 2}, "partly met"),
        ({"requirements": ["1.2k"], "outcome": "nothing ran"}, "not assessed"),
        ({"requirements": ["1.2l"], "outcome": "pass"}, "not assessed"),
    ],
    ids=["passed", "failed", "nothing ran", "another requirement"],
)
def test_a_run_that_names_the_requirement_stands_in_where_the_need_allows_it(
    make: Maker, run: dict[str, Any], status: str
) -> None:
    need = Need("evaluation/1", "Missing.", {"domains": "society"}, test="or-named-tests")
    conduct = conduct_of(requirement("1.2k", need))
    record = make("test/1", {"title": "T", **run}, origin=Origin.IMPORTED, files=1)
    (finding,) = assess(conduct, [record], DAY, roles=["deployer"]).findings
    assert str(finding.status) == status
