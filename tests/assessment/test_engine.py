"""What a finding says, for each thing that can be true of the records behind it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.assessment.engine import assess
from haipkit.assessment.finding import Finding
from haipkit.kernel.errors import BadInput, UsageError
from haipkit.kernel.words import Origin, Status, Strength
from haipkit.records.record import Header, Record
from helpers.small_assessment import Maker, conduct_of, need, requirement

DAY = date(2026, 11, 20)
POLICY = need("policy/1", {"topic": "ai-governance"})
CONTROL = need("control/1", {"topic": "physical", "status": "in-place"})


def finding_of(
    conduct: object, records: list[Record], name: str, *, day: date = DAY, roles: tuple[str, ...] = ("deployer",)
) -> Finding:
    found = assess(conduct, records, day, roles=roles)  # type: ignore[arg-type]
    return next(one for one in found.findings if one.requirement == name)


def test_nothing_asked_is_never_met() -> None:
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [], "5.1a")
    assert (found.status, found.strength, found.sentence) == (Status.NOT_ASSESSED, None, "No policy/1 is recorded.")


def test_an_empty_catalogue_is_an_error_and_not_a_clean_result() -> None:
    with pytest.raises(BadInput, match="no requirement"):
        assess(conduct_of(), [], DAY, roles=["deployer"])


def test_no_role_is_an_error() -> None:
    with pytest.raises(UsageError, match="no role"):
        assess(conduct_of(requirement("5.1a", POLICY)), [], DAY)


def test_a_declared_record_is_a_claim(make: Maker) -> None:
    found = finding_of(
        conduct_of(requirement("5.1a", POLICY)),
        [make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")],
        "5.1a",
    )
    assert (found.status, found.strength) == (Status.MET, Strength.CLAIMED)
    assert "“P”" in found.sentence


def test_a_record_about_something_else_does_not_speak(make: Maker) -> None:
    found = finding_of(
        conduct_of(requirement("5.1a", POLICY)), [make("policy/1", {"title": "P", "topic": "privacy"}, key="p")], "5.1a"
    )
    assert found.status is Status.NOT_ASSESSED


def test_a_record_that_says_no_is_not_met(make: Maker) -> None:
    absent = make("control/1", {"title": "Lock", "topic": "physical", "status": "absent"}, key="c")
    assert finding_of(conduct_of(requirement("6.1a", CONTROL)), [absent], "6.1a").status is Status.NOT_MET


def test_one_of_two_needs_is_partly_met(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY, CONTROL))
    found = finding_of(conduct, [make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")], "5.1a")
    assert found.status is Status.PARTLY_MET
    assert found.sentence == "No control/1 is recorded."


def test_too_few_records_say_how_many(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1", {}, at_least=2)))
    found = finding_of(conduct, [make("policy/1", {"title": "P"}, key="p")], "5.1a")
    assert found.status is Status.PARTLY_MET
    assert "(1 of 2 recorded)" in found.sentence


def test_files_lift_a_claim_and_their_loss_takes_the_lift_away(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY))
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    proof = {"title": "scan", "supports": ["5.1a"], "collected_at": "2026-06-01"}
    kept, gone = make("evidence/1", proof, files=1), make("evidence/1", proof, files=1, gone=True)
    assert finding_of(conduct, [policy, kept], "5.1a").strength is Strength.EVIDENCED
    assert finding_of(conduct, [policy, gone], "5.1a").strength is Strength.CLAIMED


@pytest.mark.parametrize(
    ("reference", "lifted"), [("5", True), ("5.1", True), ("5.1a", True), ("5.2", False), ("6", False)]
)
def test_evidence_backs_what_it_names(make: Maker, reference: str, lifted: bool) -> None:
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    proof = make("evidence/1", {"title": "s", "supports": [reference], "collected_at": "2026-06-01"}, files=1)
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [policy, proof], "5.1a")
    assert (found.strength is Strength.EVIDENCED) is lifted


def test_evidence_that_names_a_record_lifts_that_one_alone(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY), requirement("5.2a", need("policy/1", {"topic": "privacy"})))
    first = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    second = make("policy/1", {"title": "Q", "topic": "privacy"}, key="q")
    proof = make("evidence/1", {"title": "s", "supports": ["5"], "backs": ["p"], "collected_at": "2026-06-01"}, files=1)
    assert finding_of(conduct, [first, second, proof], "5.1a").strength is Strength.EVIDENCED
    assert finding_of(conduct, [first, second, proof], "5.2a").strength is Strength.CLAIMED


def test_evidence_alone_is_partly_met(make: Maker) -> None:
    proof = make("evidence/1", {"title": "s", "supports": ["5.1a"], "collected_at": "2026-06-01"}, files=1)
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [proof], "5.1a")
    assert found.status is Status.PARTLY_MET
    assert found.sentence.startswith("There is proof on file")


def test_imported_is_evidenced_and_measured_is_tested(make: Maker) -> None:
    conduct = conduct_of(requirement("1.1a", need("dataset/1")))
    body = {"name": "D"}
    assert (
        finding_of(conduct, [make("dataset/1", body, key="d", origin=Origin.IMPORTED, files=1)], "1.1a").strength
        is Strength.EVIDENCED
    )
    assert (
        finding_of(conduct, [make("dataset/1", body, key="d", origin=Origin.MEASURED)], "1.1a").strength
        is Strength.TESTED
    )


def test_an_imported_result_whose_file_is_gone_is_a_claim(make: Maker) -> None:
    record = make("dataset/1", {"name": "D"}, key="d", origin=Origin.IMPORTED, files=1, gone=True)
    assert finding_of(conduct_of(requirement("1.1a", need("dataset/1"))), [record], "1.1a").strength is Strength.CLAIMED


def test_only_a_foreign_key_verifies_independently(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY))
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    words = {"statement": "S", "result": "supports", "supports": ["5.1a"]}
    foreign = make("attestation/1", words, origin=Origin.ATTESTED, independent=True)
    own = make("attestation/1", words, origin=Origin.ATTESTED)
    assert finding_of(conduct, [policy, foreign], "5.1a").strength is Strength.INDEPENDENTLY_VERIFIED
    assert finding_of(conduct, [policy, own], "5.1a").strength is Strength.CLAIMED


def test_an_assessor_who_does_not_support_it_weighs_more_than_our_word(make: Maker) -> None:
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    refusal = make(
        "attestation/1",
        {"statement": "No.", "result": "does not support", "supports": ["5.1a"]},
        origin=Origin.ATTESTED,
        independent=True,
    )
    assert finding_of(conduct_of(requirement("5.1a", POLICY)), [policy, refusal], "5.1a").status is Status.NOT_MET


def test_the_weakest_need_gives_the_strength(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY, CONTROL))
    strong = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p", origin=Origin.MEASURED)
    weak = make("control/1", {"title": "C", "topic": "physical", "status": "in-place"}, key="c")
    assert finding_of(conduct, [strong, weak], "5.1a").strength is Strength.CLAIMED


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"valid_until": "2026-11-20"}, Status.MET),
        ({"valid_until": "2026-11-19"}, Status.NOT_MET),
        ({"valid_from": "2026-11-21"}, Status.NOT_MET),
        ({"occurred_at": "2025-11-20T00:00:00Z"}, Status.MET),
        ({"occurred_at": "2025-11-19T23:59:59Z"}, Status.NOT_MET),
    ],
)
def test_what_expired_is_stale_to_the_day(make: Maker, header: dict[str, str], status: Status) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1", {}, max_age_days=365)))
    found = finding_of(conduct, [make("policy/1", {"title": "P"}, key="p", **header)], "5.1a")
    assert found.status is status
    assert found.stale is (status is Status.NOT_MET)


def test_not_applicable_needs_a_reason_and_names_who_said_it(make: Maker) -> None:
    said = make(
        "position/1",
        {"requirement": "5.1a", "position": "not-applicable", "reason": "We train nothing.", "owner": "owner"},
        key="5.1a",
    )
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [said], "5.1a")
    assert found.status is Status.NOT_APPLICABLE
    assert found.sentence == "The owner says: We train nothing."


def test_a_no_is_heard_even_when_records_say_yes(make: Maker) -> None:
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    said = make(
        "position/1",
        {"requirement": "5.1", "position": "not-done", "reason": "It is outdated.", "owner": "owner"},
        key="5.1",
    )
    assert finding_of(conduct_of(requirement("5.1a", POLICY)), [policy, said], "5.1a").status is Status.NOT_MET


def test_a_promise_is_shown_with_the_record_that_makes_it(make: Maker) -> None:
    body = {"requirement": "5.1a", "position": "planned", "reason": "In spring.", "owner": "head of quality"}
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [make("position/1", body, key="5.1a")], "5.1a")
    assert (found.status, found.strength) == (Status.NOT_MET, None)
    assert found.sentence == "The head of quality says it is planned: In spring."
    assert [basis.kind for basis in found.basis] == ["position/1"]


def test_expired_evidence_is_named_until_something_replaces_it(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY))
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    old = make("evidence/1", {"title": "Old", "supports": ["5.1a"]}, files=1, valid_until="2026-10-31")
    found = finding_of(conduct, [policy, old], "5.1a")
    assert (found.status, found.strength) == (Status.MET, Strength.CLAIMED)
    assert found.sentence == "Rests on “P”. The evidence “Old” expired on 2026-10-31."
    new = make("evidence/1", {"title": "New", "supports": ["5.1a"]}, files=1)
    found = finding_of(conduct, [policy, old, new], "5.1a")
    assert (found.sentence, found.strength) == ("Rests on “P”.", Strength.EVIDENCED)


def test_the_profile_decides_who_is_asked(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY), levels={"deployer": {"5.1a": "not expected"}})
    found = finding_of(conduct, [], "5.1a")
    assert (found.status, found.sentence) == (Status.NOT_APPLICABLE, "why 5.1a for deployer")
    both = finding_of(conduct, [], "5.1a", roles=("deployer", "model-developer"))
    assert both.status is Status.NOT_ASSESSED


def system(make: Maker, name: str, **body: object) -> Record:
    return make("system/1", {"name": name, "roles": ["deployer"], "lifecycle": "deployed", **body}, key=name)


def test_each_system_gets_its_own_finding(make: Maker) -> None:
    conduct = conduct_of(requirement("1.1a", need("risk/1"), scope="system"))
    records = [
        system(make, "a"),
        system(make, "b"),
        make("risk/1", {"title": "R"}, key="r", system="a"),
        make("risk/1", {"title": "free"}, key="x"),
    ]
    found = {one.subject: one.status for one in assess(conduct, records, DAY, roles=["deployer"]).findings}
    assert found == {"a": Status.MET, "b": Status.NOT_ASSESSED}


def test_a_retired_system_is_not_asked(make: Maker) -> None:
    conduct = conduct_of(requirement("1.1a", need("risk/1"), scope="system"))
    found = assess(conduct, [system(make, "a", lifecycle="retired")], DAY, roles=["deployer"]).findings
    assert [one.subject for one in found] == [None]


def test_when_decides_by_the_system(make: Maker) -> None:
    conduct = conduct_of(requirement("7.1a", need("marking/1"), scope="system", when={"makes_content": True}))
    found = assess(
        conduct,
        [system(make, "a", makes_content=True), system(make, "b", makes_content=False)],
        DAY,
        roles=["deployer"],
    ).findings
    assert {one.subject: one.status for one in found} == {"a": Status.NOT_ASSESSED, "b": Status.NOT_APPLICABLE}


def test_the_latest_release_is_judged_with_its_own_records(make: Maker) -> None:
    conduct = conduct_of(requirement("3.1a", need("evaluation/1"), scope="release"))
    records = [
        system(make, "a"),
        make("release/1", {"version": "1", "released_on": "2026-01-01"}, key="1", system="a"),
        make("release/1", {"version": "2", "released_on": "2026-02-01"}, key="2", system="a"),
        make("evaluation/1", {"title": "old"}, key="e", system="a/1"),
    ]
    (found,) = assess(conduct, records, DAY, roles=["deployer"]).findings
    assert (found.subject, found.status) == ("a/2", Status.NOT_ASSESSED)
    records.append(make("evaluation/1", {"title": "new"}, key="e", system="a/2"))
    (found,) = assess(conduct, records, DAY, roles=["deployer"]).findings
    assert found.status is Status.MET


def test_a_failing_test_keeps_it_from_being_met(make: Maker) -> None:
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    failing = make(
        "test/1",
        {"title": "T", "requirements": ["5.1a"], "outcome": "fail", "tests": 9, "failed": 1, "errors": 1},
        origin=Origin.IMPORTED,
        files=1,
        system="a",
    )
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [policy, failing], "5.1a")
    assert (found.status, found.sentence) == (Status.PARTLY_MET, "The test run “T” fails: 2 of 9 tests.")


def test_a_run_in_which_nothing_ran_lifts_nothing(make: Maker) -> None:
    policy = make("policy/1", {"title": "P", "topic": "ai-governance"}, key="p")
    empty = make(
        "test/1", {"title": "T", "requirements": ["5.1a"], "outcome": "nothing ran"}, origin=Origin.IMPORTED, files=1
    )
    assert finding_of(conduct_of(requirement("5.1a", POLICY)), [policy, empty], "5.1a").strength is Strength.CLAIMED


def test_what_can_only_be_attested_says_so(make: Maker) -> None:
    conduct = conduct_of(requirement("8.1a", need("study/1"), attested_only=True))
    found = finding_of(conduct, [make("study/1", {"title": "S"}, key="s")], "8.1a")
    assert "cannot check the deed" in found.sentence


def test_owner_and_due_date_come_along(make: Maker) -> None:
    owner = make("owner/1", {"action": 5, "office": "head of quality"}, key="5")
    plan = make(
        "plan/1",
        {"title": "Write it", "owner": "owner", "due": "2026-12-01", "requirements": ["5"], "status": "open"},
        key="w",
    )
    found = finding_of(conduct_of(requirement("5.1a", POLICY)), [owner, plan], "5.1a")
    assert (found.owner, found.due) == ("head of quality", "2026-12-01")


@given(
    st.lists(
        st.tuples(st.sampled_from(["ai-governance", "privacy"]), st.sampled_from([None, "2026-01-01", "2027-01-01"])),
        max_size=6,
    )
)
def test_more_records_never_turn_met_into_less(pairs: list[tuple[str, str | None]]) -> None:
    conduct = conduct_of(requirement("5.1a", POLICY))
    rank = [Status.NOT_ASSESSED, Status.NOT_MET, Status.PARTLY_MET, Status.MET]
    records: list[Record] = []
    before = rank.index(finding_of(conduct, records, "5.1a").status)
    for place, (topic, until) in enumerate(pairs):
        header = Header(
            f"id{place}",
            "policy/1",
            "owner",
            Origin.DECLARED,
            "2026-06-01T00:00:00Z",
            "2026-06-01T00:00:00Z",
            key=str(place),
            valid_until=until,
        )
        records.append(Record(header, {"title": "P", "topic": topic}, place))
        after = rank.index(finding_of(conduct, records, "5.1a").status)
        assert after >= before
        before = after


def _scan(make: Maker, outcome: str = "clean", origin: Origin = Origin.MEASURED) -> Record:
    body = {"name": "faq", "scanned_on": "2026-06-01", "requirements": ["11.1b", "11.3a"], "outcome": outcome}
    return make("dataset-scan/1", body, key="faq", origin=origin)


@pytest.mark.parametrize(
    ("topic", "outcome", "origin", "strength"),
    [
        ("data-quality", "findings", Origin.MEASURED, Strength.TESTED),
        ("data-quality", "incomplete", Origin.MEASURED, Strength.CLAIMED),
        ("data-quality", "clean", Origin.DECLARED, Strength.CLAIMED),
        ("personal-data", "clean", Origin.MEASURED, Strength.TESTED),
        ("personal-data", "treated", Origin.MEASURED, Strength.TESTED),
        ("personal-data", "findings", Origin.MEASURED, Strength.CLAIMED),
        ("retention", "clean", Origin.MEASURED, Strength.CLAIMED),
    ],
)
def test_a_scan_lifts_the_safeguards_that_it_puts_to_the_test(
    make: Maker, topic: str, outcome: str, origin: Origin, strength: Strength
) -> None:
    conduct = conduct_of(requirement("11.3a", need("safeguard/1", {"topic": topic, "status": "in-place"})))
    safeguard = make("safeguard/1", {"title": "S", "topic": topic, "status": "in-place"}, key="s")
    assert finding_of(conduct, [safeguard, _scan(make, outcome, origin)], "11.3a").strength is strength


def test_a_scan_alone_is_partly_met_only_when_nothing_is_left_to_find(make: Maker) -> None:
    conduct = conduct_of(requirement("11.3a", need("safeguard/1", {"topic": "personal-data"})))
    assert finding_of(conduct, [_scan(make, "clean")], "11.3a").status is Status.PARTLY_MET
    assert finding_of(conduct, [_scan(make, "findings")], "11.3a").status is Status.NOT_ASSESSED
    assert finding_of(conduct, [_scan(make, "fail")], "11.3a").status is Status.NOT_MET


@pytest.mark.parametrize(
    ("used", "code", "strength"),
    [("ab" * 32, 0, Strength.TESTED), ("cd" * 32, 0, Strength.CLAIMED), ("ab" * 32, 1, Strength.CLAIMED)],
)
def test_a_trace_lifts_the_data_set_whose_very_bytes_went_in(
    make: Maker, used: str, code: int, strength: Strength
) -> None:
    conduct = conduct_of(requirement("1.1k", need("dataset/1", {"use": "training"})))
    listed = make("dataset/1", {"name": "faq", "use": "training", "sha256": "ab" * 32}, key="faq")
    step = {"title": "Train", "requirements": ["1.1k"], "exit_code": code, "inputs": [{"name": "f", "sha256": used}]}
    found = finding_of(conduct, [listed, make("trace/1", step, key="train", origin=Origin.MEASURED)], "1.1k")
    assert found.strength is strength
