"""A made-up organisation, told to reports: a small conduct, records of many kinds, and hostile words among them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from haipkit.assessment.engine import assess
from haipkit.assessment.next_steps import next_steps
from haipkit.conduct.checkpoints import load_checkpoints
from haipkit.conduct.instrument import Instrument, load_instrument
from haipkit.conduct.model import Applies, Clause, Conduct, Duty, LegalDate, Need, Profile, Programme, Requirement
from haipkit.conduct.template import load_template
from haipkit.kernel.words import Origin
from haipkit.records.attachment import Attachment
from haipkit.records.record import Header, Record, Tool
from haipkit.reports.registry import LedgerHead, Told

AS_OF = date(2026, 11, 20)
HOSTILE = (
    '</title></svg><script>alert(1)</script> | *bold* `#import "x"` $x^2$ [link](javascript:alert(1)) & "q" \\ @a <b>'
)
JAPANESE = "誤った焼き時間を勧めるおそれ"
FRENCH = "Réponses erronées sur les allergènes : « noix », « œuf »"
VKEY = "bakery.example/log+5f3a91c2+AZ1p3Xv2Lq0t8hQmJ9r4Wc7sYk6uN5eB0dTfGhIjKlMn"
HEAD = LedgerHead("bakery.example/log", 64, "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", VKEY)
ROLES = ("application-developer", "deployer")


def _need(kind: str, missing: str, **more: Any) -> Need:
    return Need(kind=kind, missing=missing, where=more.pop("where", {}), **more)


def _requirement(
    id: str,
    title: str,
    reading: str,
    scope: str,
    *needs: Need,
    when: Mapping[str, Any] | None = None,
    said: bool = False,
) -> Requirement:
    action, _, rest = id.partition(".")
    return Requirement(
        id=id,
        action=int(action),
        title=title,
        reading=reading,
        step=f"Begin with this: {title.lower()}.",
        clauses=(f"coc:{action}.{rest.rstrip('abc')}.1", f"coc:{action}.0"),
        scope=scope,
        needs=needs,
        when=when or {},
        attested_only=said,
    )


REQUIREMENTS = (
    _requirement(
        "1.2a",
        "Test systems before release",
        "Each release is tested before people use it, and the result is kept.",
        "release",
        _need("evaluation/1", "No test of this release is recorded.", where={"stage": "pre-deployment"}),
    ),
    _requirement(
        "1.3a",
        "Look at each risk and decide",
        "Risks are written down, and each is treated or accepted by an office for a limited time.",
        "system",
        _need("risk/1", "No risk is recorded.", test="treated"),
    ),
    _requirement(
        "2.1a",
        "Give people a way to report problems",
        "People who meet a problem can report it, and somebody looks at how the system behaves.",
        "organisation",
        _need("channel/1", "No way to report problems is recorded."),
        _need("monitoring/1", "Nobody watches the system.", max_age_days=180),
    ),
    _requirement(
        "2.2a",
        "Write down what went wrong",
        "Incidents are written down with what was done.",
        "organisation",
        _need("incident/1", "No incident, watch or channel is recorded.", test="incidents-documented"),
    ),
    _requirement(
        "3.1a",
        "Publish what a release can and cannot do",
        "A public report covers capabilities and limits and is not older than the latest release.",
        "release",
        _need(
            "publication/1",
            "Nothing public says what this release can and cannot do.",
            where={"type": "transparency-report"},
            test="fresh-publication",
        ),
    ),
    _requirement(
        "4.1a",
        "Tell others what you learn about dangers",
        "What is learnt about dangers is shared with those who need it.",
        "organisation",
        _need("sharing/1", "No information shared with others is recorded."),
        said=True,
    ),
    _requirement(
        "5.1a",
        "Have an AI policy that an office approved",
        "A policy on AI is in force, approved and due for review.",
        "organisation",
        _need("policy/1", "No AI policy is recorded.", where={"topic": "ai-governance"}, test="approved"),
    ),
    _requirement(
        "5.2a",
        "Name who answers for each action",
        "An office answers for each action.",
        "organisation",
        _need("owner/1", "No owner is named.", test="owners-named"),
    ),
    _requirement(
        "6.2a",
        "Control who can reach the model",
        "Access to the model and its data is limited and checked.",
        "organisation",
        _need("control/1", "No access control is in place.", where={"topic": "access-control", "status": "in-place"}),
        _need("control/1", "No cyber risk assessment is in place.", where={"topic": "risk-assessment"}),
    ),
    _requirement(
        "7.1a",
        "Tell people that they talk to a machine",
        "People can see that content or a conversation comes from an AI system.",
        "system",
        _need("marking/1", "No notice or mark is in place.", where={"status": "in-place"}),
        when={"talks_to_people": True},
    ),
    _requirement(
        "8.1a",
        "Take part in research on risks",
        "The organisation does, funds or uses research on risks.",
        "organisation",
        _need("study/1", "No research is recorded."),
        said=True,
    ),
    _requirement(
        "9.1a",
        "Work on a challenge that matters to others",
        "A project with a baseline, an indicator and a result.",
        "organisation",
        _need("project/1", "No project is recorded."),
        said=True,
    ),
    _requirement(
        "10.1a",
        "Use a standard",
        "A standard is used, with its edition.",
        "organisation",
        _need("standard/1", "No standard is recorded."),
    ),
    _requirement(
        "11.1a",
        "Know where the data comes from",
        "For each data set its origin, rights and checks are recorded.",
        "system",
        _need("dataset/1", "No data set is recorded."),
        _need("safeguard/1", "No safeguard for personal data is in place.", where={"topic": "personal-data"}),
    ),
    _requirement(
        "12.1a",
        "Teach people how to use AI",
        "Staff learn what the system can do, its limits and their duties.",
        "organisation",
        _need("training/1", "No training is recorded.", max_age_days=365),
    ),
)


def _conduct() -> Conduct:
    clauses = [
        Clause(clause, 120, f"{number:064x}", f"What {clause} says, in our words.")
        for number, clause in enumerate(dict.fromkeys(c for r in REQUIREMENTS for c in r.clauses), 1)
    ]
    clauses.append(Clause("coc:9.2.1", 80, f"{99:064x}", "Names goals of states.", "It addresses governments."))
    clauses.append(
        Clause("coc:0.1.1", 80, f"{98:064x}", "Says what the Code is for.", "It describes; it asks nothing.")
    )
    levels = {"8.1a": "relevant", "9.1a": "not expected"}
    items = {
        r.id: Applies(r.id, levels.get(r.id, "expected"), "Small users of AI are not expected to do this.")
        for r in REQUIREMENTS
    }
    profiles = {role: Profile(role, role, "basis", "2026-11-01", items, ("1.3a", "2.1a")) for role in ROLES}
    duty = Duty(
        "gap-analysis",
        "Publish a gap analysis",
        "Within 60 days of committing, a gap analysis with owners is written.",
        60,
        None,
        _need("publication/1", "No gap analysis is recorded.", where={"type": "governance-policy"}),
        "head of quality",
        ("5.1a",),
    )
    suppliers = duty._replace(
        id="suppliers",
        title="Ask the suppliers",
        within_days=90,
        need=_need("supplier/1", "No supplier was asked."),
    )
    programme = Programme(
        "first-year",
        "First-year programme",
        "Practice, not HAIP: a third party’s summary",
        "summary",
        "2026-11-01",
        (duty, suppliers),
    )
    law = LegalDate(
        "eu-50",
        "Tell people in the EU that they talk to an AI system",
        "2026-12-02",
        "Regulation (EU) 2024/1689, Article 50",
        "binding",
        "primary",
        "law",
        "2026-11-20",
        ("FR",),
        {"talks_to_people": True},
        ("7.1a",),
    )
    return Conduct(
        digest="c0ffee" + "0" * 58,
        clauses={clause.at: clause for clause in clauses},
        requirements={r.id: r for r in REQUIREMENTS},
        profiles=profiles,
        programmes={programme.id: programme},
        dates=(law,),
        resources=(),
    )


def _instrument(name: str) -> Instrument:
    """A questionnaire that ships, its questions fed by whole actions: our small Code has few requirements."""
    shipped = load_instrument(name)
    sections = (
        replace(
            section,
            questions=tuple(replace(one, requirements=tuple(map(str, one.actions))) for one in section.questions),
        )
        for section in shipped.sections
    )
    return replace(shipped, sections=tuple(sections))


CONDUCT = _conduct()
INSTRUMENTS: Mapping[str, object] = {
    **{name: _instrument(name) for name in ("haip-report-v1", "haip-report-v2")},
    "eu-training-summary": load_template("eu-training-summary"),
    "checkpoints": load_checkpoints(),
}


class Ledger:
    """Numbers records as a ledger would."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(
        self,
        kind: str,
        key: str | None = None,
        *,
        system: str | None = None,
        origin: Origin = Origin.DECLARED,
        on: str = "2026-10-01",
        files: int = 0,
        tool: Tool | None = None,
        valid_until: str | None = None,
        independent: bool = False,
        more: Mapping[str, Any] | None = None,
        **body: Any,
    ) -> Record:
        """`more` holds fields of the body that share a name with one of the header's."""
        number = len(self.records)
        header = Header(
            id=f"0193a000-0000-7000-8000-{number:012x}",
            kind=f"{kind}/1",
            by="head of quality",
            origin=origin,
            occurred_at=f"{on}T09:00:00Z",
            recorded_at=f"{on}T10:00:00Z",
            system=system,
            key=key,
            tool=tool,
            valid_until=valid_until,
            attachments=tuple(
                Attachment(f"{number * 10 + n + 1:064x}", 4096, "application/pdf", f"file-{number}-{n}.pdf")
                for n in range(files)
            ),
        )
        record = Record(header, {**body, **(more or {})}, number, independent=independent)
        self.records.append(record)
        return record


def ledger() -> Ledger:
    """The records of a bakery with a help desk and an oven planner."""
    book = Ledger()
    book.add(
        "organisation",
        "bakery",
        name="Boulangerie Électrique 電気パン",
        roles=ROLES,
        size="small",
        countries=("FR", "JP"),
        sector="bakery",
        contact="quality office",
    )
    book.add(
        "system",
        "helpdesk",
        name="Helpdesk",
        purpose="answer questions about bread, allergens and opening hours",
        roles=ROLES,
        lifecycle="deployed",
        people_affected=("customers", "people with allergies"),
        autonomy="low",
        talks_to_people=True,
        makes_content=True,
        media=("text",),
        supplier="modelhouse",
        model="open-8b",
        countries=("FR",),
        prohibited_uses_checked_on="2026-09-01",
    )
    book.add(
        "system",
        "ovens",
        name="Oven planner",
        purpose="suggest baking times",
        roles=("deployer",),
        lifecycle="development",
        people_affected=("bakers",),
        autonomy="none",
    )
    _releases(book)
    _owners_and_policies(book)
    _risks_and_tests(book)
    _after_release(book)
    _the_rest(book)
    _measured(book)
    return book


def _releases(book: Ledger) -> None:
    common: dict[str, Any] = {
        "appropriate_uses": ("questions about our products",),
        "inappropriate_uses": ("medical advice", "advice on allergies beyond the printed list"),
        "instructions": "Ask one question at a time. For allergies, ask in the shop.",
        "model": "open-8b",
    }
    book.add(
        "release",
        "2.0",
        system="helpdesk",
        on="2026-03-01",
        version="2.0",
        released_on="2026-03-01",
        summary="First public version",
        significant=True,
        capabilities=("answers from the FAQ",),
        limitations=("French only", "knows nothing after March 2026"),
        **common,
    )
    book.add(
        "release",
        "2.1",
        system="helpdesk",
        on="2026-09-15",
        files=1,
        version="2.1",
        released_on="2026-09-15",
        summary="Adds English and Japanese",
        significant=True,
        capabilities=("answers from the FAQ", "answers in French, English and Japanese"),
        limitations=("knows nothing after August 2026", JAPANESE),
        effects_on_society=("People who read poorly may be left out",),
        changes=("Two more languages", HOSTILE),
        **common,
    )


def _owners_and_policies(book: Ledger) -> None:
    for action in (1, 2, 3, 5, 6, 7, 10, 11, 12):
        book.add("owner", str(action), action=action, office="head of quality" if action != 6 else "IT office")
    book.add(
        "policy",
        "ai-policy",
        title="Our AI policy",
        topic="ai-governance",
        version="1.2",
        summary="Which uses are allowed, who decides, who is told",
        owner="owner",
        published=True,
        url="https://bakery.example/ai",
        next_review="2027-03-01",
    )
    book.add(
        "approval",
        "ai-policy",
        on="2026-10-02",
        subject="ai-policy",
        version="1.2",
        approved_by="owner",
        approved_on="2026-10-02",
    )
    book.add(
        "evidence",
        None,
        on="2026-10-03",
        files=2,
        title="The signed AI policy",
        collected_at="2026-10-03",
        supports=("5.1a",),
        backs=("ai-policy",),
    )
    book.add(
        "commitment",
        "first-year",
        to="first-year",
        made_on="2026-10-01",
        made_by="owner",
        statement="We follow the Code.",
    )
    book.add(
        "supplier",
        "modelhouse",
        name="Modelhouse",
        provides="the language model open-8b",
        relation="model",
        haip="reports-publicly",
        answered_on="2026-08-01",
        documents=("HAIP report 2026",),
        gaps=("no watermark",),
        country="CA",
    )


def _risks_and_tests(book: Ledger) -> None:
    book.add(
        "risk",
        "allergens",
        system="helpdesk",
        title=FRENCH,
        description="A customer with an allergy gets a wrong answer and eats the wrong bread.",
        domain="health-safety",
        source="workshop with shop staff",
        likelihood="unlikely",
        severity="major",
        treatment="in-place",
        owner="head of quality",
        people_affected=("people with allergies",),
        measures=(
            "the printed list is shown with each answer",
            "questions on allergies are answered with a fixed text",
        ),
        residual_likelihood="rare",
        residual_severity="major",
        review_on="2027-01-10",
    )
    book.add(
        "risk",
        "hostile",
        system="helpdesk",
        title=HOSTILE,
        description="Somebody makes the help desk say harmful things.",
        domain="society",
        source="own red-team test",
        likelihood="possible",
        severity="moderate",
        treatment="planned",
        owner="IT office",
    )
    book.add(
        "risk",
        "baking-time",
        system="ovens",
        title=JAPANESE,
        description="Bread is burnt.",
        domain="other",
        source="try-out",
        likelihood="likely",
        severity="minor",
        treatment="none",
        owner="head of quality",
        accepted_by="owner",
        accepted_on="2026-10-10",
        acceptance_expires="2026-12-31",
    )
    book.add(
        "evaluation",
        "faq-accuracy",
        system="helpdesk/2.1",
        origin=Origin.MEASURED,
        on="2026-09-10",
        title="FAQ accuracy",
        method="benchmark",
        domains=("health-safety",),
        performed_by="internal",
        stage="pre-deployment",
        result="pass",
        performed_on="2026-09-10",
        samples=200,
        scored=198,
        errors=2,
        metrics=({"name": "right answers", "value": "0.94", "unit": "share", "n": 198, "low": "0.90", "high": "0.97"},),
        threshold="at least 0.90",
        limitations=("questions were written by staff",),
    )
    book.add(
        "evaluation",
        "outside-red-team",
        system="helpdesk/2.1",
        origin=Origin.ATTESTED,
        independent=True,
        on="2026-09-12",
        files=1,
        title="Red-team test by a university lab",
        method="red-team",
        domains=("society", "democracy"),
        performed_by="independent",
        stage="pre-deployment",
        secure_environment=True,
        result="mixed",
        performed_on="2026-09-12",
        limitations=("English only",),
        summary="Six of fifty attempts drew rude answers. After a fix, none did.",
    )
    book.add(
        "test",
        None,
        system="helpdesk",
        origin=Origin.IMPORTED,
        tool=Tool("pytest", "9.2.0"),
        files=1,
        title="Regression tests",
        requirements=("1.2a",),
        tests=40,
        passed=40,
        failed=0,
        errors=0,
        skipped=0,
        outcome="pass",
    )


def _after_release(book: Ledger) -> None:
    book.add(
        "channel",
        "shop-form",
        title="Form on our website",
        audience=("users", "public"),
        address="https://bakery.example/report",
        owner="quality office",
        anonymous=True,
        languages=("French", "English", "日本語"),
        tested_on="2026-10-01",
    )
    book.add(
        "monitoring",
        "weekly-look",
        system="helpdesk",
        title="Weekly look at answers",
        watches=("wrong answers", "rude answers"),
        method="twenty answers are read each week",
        frequency="weekly",
        reviewed_on="2026-11-10",
        owner="quality office",
        outcome="acted on",
    )
    book.add(
        "incident",
        "wrong-hours",
        system="helpdesk",
        on="2026-07-02",
        title="Wrong opening hours on a holiday",
        description="The help desk gave the hours of a working day.",
        type="incident",
        serious=False,
        status="resolved",
        detected_on="2026-07-02",
        resolved_on="2026-07-04",
        harm=("twelve customers came for nothing",),
        actions_taken=("holiday hours added to the FAQ",),
        lessons="Check the calendar before each holiday.",
    )
    book.add(
        "publication",
        "card",
        system="helpdesk",
        on="2026-09-20",
        title="What our help desk can do",
        type="transparency-report",
        audience="public",
        published_on="2026-09-20",
        url="https://bakery.example/ai/helpdesk",
        covers=("capabilities", "limitations"),
        languages=("French",),
    )


def _the_rest(book: Ledger) -> None:
    book.add(
        "control",
        "door",
        title="Access with a second factor",
        topic="access-control",
        description="Only two offices can change the FAQ or the prompt",
        status="in-place",
        owner="IT office",
        last_checked_on="2026-10-20",
        checked_how="list of accounts compared with staff list",
        next_review="2027-01-20",
    )
    book.add(
        "evidence",
        None,
        files=1,
        title="Export of the account list",
        collected_at="2026-10-20",
        supports=("6.2a",),
        backs=("door",),
        valid_until="2026-12-20",
    )
    book.add(
        "marking",
        "notice",
        system="helpdesk",
        title="Notice above the chat",
        mechanism="notice",
        media=("conversation",),
        status="in-place",
        identifies="service-or-model",
        last_checked_on="2026-11-01",
    )
    book.add(
        "standard",
        "iso-42001",
        identifier="ISO/IEC 42001:2023",
        title="AI management system",
        edition="2023",
        part="partly-adopted",
        topic="management-system",
        since="2026-05-01",
        clauses=("5", "6.1"),
    )
    book.add(
        "dataset",
        "faq",
        system="helpdesk",
        name="Our FAQ",
        use="retrieval",
        more={"origin": "written by our own staff"},
        rights="our own work",
        personal_data="none",
        documents=120,
        quality_checks=("read by two offices",),
        updated_on="2026-09-01",
    )
    book.add(
        "dataset",
        "recipes",
        system="helpdesk",
        name="Recipes from the web",
        use="fine-tuning",
        more={"origin": "pages of three recipe sites", "source": "crawled"},
        rights="reservations respected, see the rules",
        personal_data="incidental",
        modalities=("text", "image"),
        languages=("fr", "en"),
        tokens=1_200_000_000,
        description="Recipes with pictures",
        crawlers=("BreadBot",),
        crawler_conduct="Reads robots.txt and stays out of what it names.",
        domains=("recipes.example", "brot.example"),
        collected_from="2026-01-01",
        collected_until="2026-03-31",
        updated_on="2026-04-01",
        opt_outs_respected=True,
    )
    book.add(
        "dataset-scan",
        "recipes",
        system="helpdesk",
        origin=Origin.MEASURED,
        on="2026-09-01",
        name="Recipes from the web",
        scanned_on="2026-09-01",
        outcome="findings",
        treatment="none",
        files=3,
        files_failed=0,
        files_damaged=0,
        files_skipped=1,
        bytes=90_000,
        documents=120,
        documents_with_findings=7,
        exact_copies=2,
        found=(
            {"kind": "email", "confirmed": 9, "probable": 0},
            {"kind": "phone", "country": "FR", "confirmed": 0, "probable": 4},
        ),
        looked_for=("email", "phone"),
        controls=30,
        engine="base",
        rules_sha256="ab" * 32,
        inputs_sha256="cd" * 32,
    )
    book.add(
        "training",
        "first-course",
        on="2025-06-01",
        title="First steps with AI",
        audience=("staff",),
        topics=("what it can do", "when to ask a person"),
        held_on="2025-06-01",
        took_part=14,
        invited=16,
        duties=True,
    )
    book.add(
        "position",
        "9.1a",
        requirement="9.1a",
        position="not-applicable",
        reason="We are a bakery of 20 people and have no project of our own.",
        owner="owner",
    )


PLANNED = {
    "suite": "prompt-leak 1",
    "title": "Does it keep what it was told to keep?",
    "domains": ("self-replication",),
    "at_most": "5 %",
    "surely_not": "10 %",
    "probes": 120,
    "probes_sha256": "11" * 32,
    "table_sha256": "22" * 32,
    "order_sha256": "33" * 32,
    "plan": "44" * 32,
    "calls_at_most": 111,
}
RATE = {"rate": "0.416667", "low": "0.05", "high": "0.866667", "rate_is": "uncorrected"}
FAILED = {
    "suite": "prompt-leak 1",
    "verdict": "FAIL",
    "calls": 12,
    "failures": 5,
    "errors": 1,
    "unscored": 0,
    **RATE,
    "reason": "after 12 calls FAIL is due at or above 5 failures",
    "fixed_calls": 298,
    "path": "3p 2f 1e 3p 3f",
    "fail_limit": ({"calls": 2, "failures": 2}, {"calls": 4, "failures": 3}, {"calls": 9, "failures": 5}),
}


def _measured(book: Ledger) -> None:
    """A plan, the run of it, and what came of it; and a result that another tool brought."""
    here: dict[str, Any] = {"system": "helpdesk/2.1", "origin": Origin.MEASURED}
    book.add(
        "evaluation-plan",
        "first",
        **here,
        title="helpdesk/2.1: prompt-leak",
        registered_on="2026-09-08",
        suites=(PLANNED,),
        seed="0f",
        judge="none",
        target="the system as it answers",
        target_sha256="55" * 32,
        chance_of_error="5 % over all suites, either way",
        errors_allowed="2 %",
    )
    run: dict[str, Any] = {"title": "helpdesk/2.1: prompt-leak", "plan": "first", "ordinal": 1, "ran_on": "2026-09-09"}
    run |= {"plans": ("44" * 32,), "target_sha256": "55" * 32}
    book.add(
        "evaluation-run",
        "first.1",
        **here,
        **run,
        state="finished",
        outcome="FAIL",
        suites=(FAILED,),
        calls_sent=13,
        journal_sha256="66" * 32,
    )
    book.add(
        "evaluation",
        "prompt-leak",
        **here,
        title="Does it keep what it was told to keep?",
        method="functional",
        domains=("self-replication",),
        performed_by="internal",
        stage="pre-deployment",
        result="fail",
        performed_on="2026-09-09",
        samples=12,
        scored=11,
        errors=1,
        limitations=("Other secrets.",),
        suite="prompt-leak 1",
        verdict="FAIL",
        rate_is="uncorrected",
        journal_sha256="66" * 32,
    )
    book.add(
        "evaluation",
        "outside-tool",
        system="helpdesk/2.1",
        origin=Origin.IMPORTED,
        tool=Tool("inspect", "0.3.285"),
        files=1,
        title="Questions about food",
        method="benchmark",
        domains=("other",),
        performed_by="internal",
        stage="pre-deployment",
        result="informational",
        performed_on="2026-09-10",
    )
    book.add(
        "decision",
        None,
        system="helpdesk/2.1",
        valid_until="2026-12-31",
        question="May release 2.1 go out?",
        outcome="accept-with-conditions",
        reason="The canary is no secret of customers.",
        decided_by="owner",
        topic="release",
        conditions=("mend it by the end of the year",),
    )


def told(
    *, without: Iterable[str] = (), book: Ledger | None = None, options: Mapping[str, str] | None = None, **more: Any
) -> Told:
    """What the reports are told. `without` are titles of records whose attached bytes are gone."""
    lost = set(without)
    records = []
    for record in (book or ledger()).records:
        gone = frozenset(a.sha256 for a in record.header.attachments) if record.title in lost else frozenset()
        records.append(record._replace(missing=gone))
    assessment = assess(CONDUCT, records, AS_OF)
    by_kind: dict[str, list[Record]] = {}
    for record in reversed(records):
        by_kind.setdefault(record.header.kind, []).append(record)
    return Told(
        conduct=CONDUCT,
        assessment=assessment,
        steps=next_steps(CONDUCT, assessment),
        records=by_kind,
        history=tuple(records),
        head=more.pop("head", HEAD),
        options=options or {},
        instruments=INSTRUMENTS,
        **more,
    )
