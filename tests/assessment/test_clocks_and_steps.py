"""Clocks start where they should, and steps come in the promised order."""

from datetime import date

import pytest

from haipkit.assessment.engine import assess
from haipkit.assessment.next_steps import next_steps
from haipkit.conduct.model import Duty, LegalDate, Need, Programme
from helpers.small_assessment import Maker, conduct_of, need, requirement

DAY = date(2026, 11, 20)


def practice() -> Programme:
    duty = Duty("gap", "Gap analysis", "Do it.", 60, None, need("policy/1"), "owner", ("5.1a",))
    yearly = Duty("report", "Report", "Publish.", 365, 365, need("publication/1"), "owner", ("3.1a",))
    return Programme("practice", "Practice", "Practice, not HAIP", "a source", "2026-11-20", (duty, yearly))


def law(day: str = "2026-12-02", **more: object) -> LegalDate:
    fields = {
        "id": "eu-50-2",
        "title": "Marking",
        "date": day,
        "citation": "Art. 50(2)",
        "status": "binding",
        "confidence": "secondary",
        "source": "s",
        "as_of": "2026-11-20",
        "countries": ("FR",),
        "when": {"makes_content": True},
        "requirements": ("7.1a",),
    }
    return LegalDate(**(fields | more))  # type: ignore[arg-type]


def home(make: Maker, **body: object) -> list[object]:
    return [
        make("organisation/1", {"name": "O", "roles": ["deployer"], "countries": ["FR"]}, key="o"),
        make(
            "system/1",
            {"name": "A", "roles": ["deployer"], "lifecycle": "deployed", "makes_content": True, **body},
            key="a",
        ),
    ]


def test_a_programme_counts_from_the_day_of_the_commitment(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1")), programmes={"practice": practice()})
    records = [make("commitment/1", {"to": "practice", "made_on": "2026-11-01"}, key="practice")]
    clocks = {clock.title: clock for clock in assess(conduct, records, DAY, roles=["deployer"]).clocks}
    assert clocks["Gap analysis"].due == "2026-12-31"
    assert clocks["Gap analysis"].kind == "chosen"
    assert "not HAIP" in clocks["Gap analysis"].source


def test_a_yearly_duty_starts_again_when_it_is_done(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1")), programmes={"practice": practice()})
    records = [
        make("commitment/1", {"to": "practice", "made_on": "2026-01-01"}, key="practice"),
        make("publication/1", {"title": "R", "type": "other", "published_on": "2026-06-01"}, key="r"),
    ]
    clocks = {clock.title: clock for clock in assess(conduct, records, DAY, roles=["deployer"]).clocks}
    assert (clocks["Report"].due, clocks["Report"].done) == ("2027-06-01", False)


def test_a_legal_date_concerns_only_those_it_is_for(make: Maker) -> None:
    conduct = conduct_of(requirement("7.1a", need("marking/1"), scope="system"), dates=(law(),))
    assert [c.kind for c in assess(conduct, home(make), DAY).clocks] == ["legal"]  # type: ignore[arg-type]
    assert assess(conduct, home(make, makes_content=False), DAY).clocks == ()  # type: ignore[arg-type]
    assert assess(conduct, home(make, countries=["JP"]), DAY).clocks == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("released", "runs"),
    [((), True), (("2025-08-01",), True), (("2025-08-02",), False), (("2026-01-01", "2024-01-01"), True)],
    ids=["no release on record", "before", "on the day", "an early one among later ones"],
)
def test_a_date_for_what_was_there_before_leaves_new_things_alone(
    make: Maker, released: tuple[str, ...], runs: bool
) -> None:
    entry = law(placed_before="2025-08-02")
    conduct = conduct_of(requirement("7.1a", need("marking/1"), scope="system"), dates=(entry,))
    releases = [make("release/1", {"version": d, "released_on": d}, key=d, system="a") for d in released]
    clocks = assess(conduct, [*home(make), *releases], DAY).clocks  # type: ignore[list-item]
    assert bool(clocks) is runs


def test_a_bill_is_not_a_clock(make: Maker) -> None:
    conduct = conduct_of(requirement("7.1a", need("marking/1"), scope="system"), dates=(law(status="bill"),))
    assert assess(conduct, home(make), DAY).clocks == ()  # type: ignore[arg-type]


def test_a_passed_date_stays_while_something_is_open(make: Maker) -> None:
    conduct = conduct_of(requirement("7.1a", need("marking/1"), scope="system"), dates=(law("2026-08-02"),))
    (clock,) = assess(conduct, home(make), DAY).clocks  # type: ignore[arg-type]
    assert "It has applied since that day." in clock.note
    done = [*home(make), make("marking/1", {"title": "M"}, key="m", system="a")]
    assert assess(conduct, done, DAY).clocks == ()  # type: ignore[arg-type]


def test_expiring_things_run_out_loud(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1")))
    records = [
        make(
            "evidence/1",
            {"title": "E", "supports": ["5.1a"], "collected_at": "2026-06-01"},
            valid_until="2026-12-24",
            files=1,
        ),
        make(
            "evidence/1",
            {"title": "Far", "supports": [], "collected_at": "2026-06-01"},
            valid_until="2028-01-01",
            files=1,
        ),
        make("risk/1", {"title": "R", "acceptance_expires": "2026-12-01"}, key="r", system="a"),
        make("publication/1", {"title": "H", "type": "haip-report", "published_on": "2026-03-01"}, key="h"),
    ]
    found = [(clock.due, clock.title) for clock in assess(conduct, records, DAY, roles=["deployer"]).clocks]
    assert found == [
        ("2026-12-01", "Decide again about the risk “R”"),
        ("2026-12-24", "Renew the evidence “E”"),
        ("2027-03-01", "Renew the HAIP report (at least every 12 months)"),
    ]


def test_steps_law_first_then_dates_then_reach(make: Maker) -> None:
    wide = need("policy/1", {"topic": "ai-governance"})
    conduct = conduct_of(
        requirement("5.1a", wide),
        requirement("5.2a", wide),
        requirement("6.1a", need("control/1", {"topic": "physical"})),
        requirement("6.2a", need("control/1", {"topic": "logging"})),
        requirement("7.1a", need("marking/1"), scope="system"),
        dates=(law(),),
    )
    plan = make(
        "plan/1",
        {"title": "Log", "owner": "owner", "due": "2026-11-25", "requirements": ["6.2a"], "status": "open"},
        key="l",
    )
    found = assess(conduct, [*home(make), plan], DAY)  # type: ignore[list-item]
    steps = next_steps(conduct, found)
    assert [step.moves for step in steps] == [("7.1a@a",), ("6.2a",), ("5.1a", "5.2a"), ("6.1a",)]
    assert steps[0].legal
    assert steps[0].command == "haip add marking --system a"
    assert "moves 2 findings" in steps[2].why


def test_nothing_open_means_no_step(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1")))
    found = assess(conduct, [make("policy/1", {"title": "P"}, key="p")], DAY, roles=["deployer"])
    assert next_steps(conduct, found) == ()


def test_parts_of_one_requirement_are_one_step(make: Maker) -> None:
    conduct = conduct_of(
        requirement("5.1a", need("policy/1", {"topic": "privacy"}), need("training/1", {"duties": True}))
    )
    (step,) = next_steps(conduct, assess(conduct, [], DAY, roles=["deployer"]))
    assert (step.command, step.also) == ("haip add policy --topic privacy", ("haip add training --duties",))


def test_a_missing_approval_is_asked_for_by_name(make: Maker) -> None:
    conduct = conduct_of(requirement("5.1a", need("policy/1", {"topic": "privacy"}, test="approved")))
    policy = make("policy/1", {"title": "P", "topic": "privacy", "version": "1"}, key="p")
    (step,) = next_steps(conduct, assess(conduct, [policy], DAY, roles=["deployer"]))
    assert step.command.startswith("haip add approval")


@pytest.mark.parametrize(
    ("wanted", "there", "command"),
    [
        pytest.param(
            need("control/1", {"topic": "physical", "status": "in-place"}, max_age_days=365),
            ("control/1", {"title": "C", "topic": "physical", "status": "planned"}),
            'haip add control k --amend --status in-place --last-checked-on "<last checked on>"',
            id="a measure that is only planned",
        ),
        pytest.param(
            need("risk/1", test="treated"),
            ("risk/1", {"title": "R", "treatment": "none"}),
            "haip add risk k --amend --treatment in-place",
            id="a risk that nobody treats",
        ),
        pytest.param(
            need("policy/1", {"topic": "privacy"}, test="reviewed"),
            ("policy/1", {"title": "P", "topic": "privacy", "next_review": "2026-01-01"}),
            'haip add policy k --amend --next-review "<next review>"',
            id="a review that is overdue",
        ),
        pytest.param(
            need("policy/1", {"topic": "privacy"}, test="reviewed"),
            None,
            "haip add policy --topic privacy",
            id="nothing there to amend",
        ),
    ],
)
def test_a_step_amends_what_is_there(
    make: Maker, wanted: Need, there: tuple[str, dict[str, str]] | None, command: str
) -> None:
    records = [make(there[0], there[1], key="k")] if there else []
    conduct = conduct_of(requirement("5.1a", wanted))
    (step,) = next_steps(conduct, assess(conduct, records, DAY, roles=["deployer"]))
    assert step.command == command


def test_expired_evidence_falls_to_the_office_of_its_action(make: Maker) -> None:
    conduct = conduct_of(requirement("6.1a", need("control/1")))
    records = [
        make("owner/1", {"action": 6, "office": "IT office"}, key="6"),
        make(
            "evidence/1", {"title": "E", "supports": ["6.1a"], "collected_at": "2026-06-01"}, valid_until="2026-07-01"
        ),
    ]
    (clock,) = assess(conduct, records, DAY, roles=["deployer"]).clocks
    assert clock.owner == "IT office"
