"""The board's report: counts, order of risks, next steps, clocks, open points, programme."""

import re

import pytest

from haipkit.kernel.words import Status, Strength
from haipkit.reports.document import Document, Facts, Figure, Heading, Note, Paragraph, Table
from haipkit.reports.gaps import answer, merged_steps, risk_rank
from haipkit.reports.registry import find_report
from helpers.told import FRENCH, HOSTILE, JAPANESE, Ledger, ledger, told

from .conftest import words_of


def _table(document: Document, caption: str) -> Table:
    tables = [block.table if isinstance(block, Figure) else block for block in document.blocks]
    return next(table for table in tables if isinstance(table, Table) and table.caption.startswith(caption))


def test_first_comes_the_answer() -> None:
    document = find_report("gaps")(told())
    first = document.blocks[0]
    counts = told().assessment.count()
    assert isinstance(first, Paragraph)
    assert first.lead
    assert first.text.startswith(f"Of {sum(counts.values()) - counts[Status.NOT_APPLICABLE]} points that apply to us, ")
    assert f"{counts[Status.NOT_ASSESSED]} have not been looked at yet" in first.text


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ([Status.MET], "Of 1 point that applies to us, 1 is met."),
        ([Status.NOT_ASSESSED], "Of 1 point that applies to us, 1 has not been looked at yet."),
        (
            [Status.MET, Status.MET, Status.NOT_MET, Status.NOT_APPLICABLE],
            "Of 3 points that apply to us, 2 are met and 1 is not met.",
        ),
        (
            [Status.NOT_APPLICABLE],
            "Nothing that the Code asks applies to us as recorded, so there is nothing to report yet.",
        ),
        ([], "Nothing that the Code asks applies to us as recorded, so there is nothing to report yet."),
    ],
)
def test_the_answer_counts(statuses: list[Status], sentence: str) -> None:
    finding = told().assessment.findings[0]
    assert answer([finding._replace(status=status) for status in statuses]) == sentence


def test_each_action_has_its_owner_or_says_that_nobody_is_named() -> None:
    document = find_report("gaps")(told())
    owners = {row[0].text: row[1].text for row in _table(document, "Status by action").rows}
    assert owners["Action 6: Keep models, data and systems secure"] == "IT office"
    assert owners["Action 4: Share safety information and incidents responsibly"] == "nobody named"
    assert "Nobody is named yet for action 4." in words_of(document)
    assert "Nothing is asked of us in actions 8 and 9." in words_of(document)
    assert not any(name.startswith(("Action 8", "Action 9")) for name in owners)


def test_risks_open_first_then_treated_then_accepted() -> None:
    rows = _table(find_report("gaps")(told()), "Risks").rows
    assert [row[0].text for row in rows] == [HOSTILE, FRENCH, JAPANESE]
    assert "not accepted by anybody" in rows[0][3].text
    assert "accepted by owner until 31 December 2026" in rows[2][3].text


def test_an_acceptance_that_ended_is_no_acceptance() -> None:
    risk = next(record for record in ledger().records if record.header.key == "baking-time")
    assert risk_rank(risk, "2026-12-31")[0] == 2
    assert risk_rank(risk, "2027-01-01")[0] == 0


def test_worse_risks_come_first() -> None:
    book = Ledger()
    for severity in ("minor", "catastrophic", "moderate"):
        book.add("risk", severity, title=severity, severity=severity, likelihood="possible", treatment="none")
    ranked = sorted(book.records, key=lambda risk: risk_rank(risk, "2026-11-20"))
    assert [risk.header.key for risk in ranked] == ["catastrophic", "moderate", "minor"]


def test_every_risk_opens_its_record() -> None:
    for row in _table(find_report("gaps")(told()), "Risks").rows:
        assert row[0].strength is Strength.CLAIMED
        assert row[0].proofs


def test_steps_have_owner_and_date_and_are_said_once() -> None:
    facts = told()
    rows = _table(find_report("gaps")(facts), "Steps").rows
    assert len({row[1].text for row in rows}) == len(rows)
    assert rows[0][3].text == "IT office"
    assert rows[0][4].text == "2026-12-20"
    assert len(merged_steps(facts.steps)) < len(facts.steps)


def test_open_points_say_what_is_missing() -> None:
    rows = {row[0].text: row for row in _table(find_report("gaps")(told()), "Open points").rows}
    row = rows["6.2a Control who can reach the model"]
    assert row[2].status is Status.PARTLY_MET
    assert row[3].text == "No cyber risk assessment is in place."
    assert not any(row[2].status in (Status.MET, Status.NOT_APPLICABLE) for row in rows.values())


def test_a_programme_is_labelled_as_practice() -> None:
    document = find_report("gaps")(told())
    note = next(block for block in document.blocks if isinstance(block, Note) and block.title.startswith("Practice"))
    assert "Practice, not HAIP" in note.text
    duties = _table(document, "Duties of the programme")
    assert [(row[2].text, row[3].text) for row in duties.rows] == [
        ("2026-11-30", "open. No gap analysis is recorded."),
        ("2026-12-30", "done"),
    ]


def test_without_a_commitment_no_programme_is_shown() -> None:
    book = ledger()
    book.records = [record for record in book.records if record.header.kind != "commitment/1"]
    document = find_report("gaps")(told(book=book))
    assert not any(isinstance(block, Heading) and "programme" in block.anchor for block in document.blocks)


def test_clocks_name_their_source() -> None:
    table = _table(find_report("gaps")(told()), "Clocks")
    legal = next(row for row in table.rows if row[3].text == "law")
    assert legal[1].text == "2026-12-02"
    assert legal[2].text == "12 days left"
    assert "Regulation (EU) 2024/1689, Article 50" in legal[5].text


def test_what_is_done_is_listed_with_its_proof() -> None:
    document = find_report("gaps")(told())
    met = {finding.requirement for finding in told().assessment.findings if finding.status is Status.MET}
    rows = _table(document, "Points that are met").rows
    assert {row[0].text.split()[0] for row in rows} == met
    assert all(row[0].strength is not None and row[0].proofs for row in rows)


def test_proof_details_stand_after_the_answer() -> None:
    document = find_report("gaps")(told())
    assert [name for name, _ in document.identity.pairs] == ["Organisation", "Role", "As of"]
    (place,) = [block for block in document.blocks if isinstance(block, Facts)]
    assert told().head.root in dict(place.pairs)["Checkpoint"]


@pytest.mark.parametrize("name", ["gaps", "conformity"])
def test_the_report_speaks_as_we(name: str) -> None:
    document = find_report(name)(told())
    last = next(place for place, block in enumerate(document.blocks) if getattr(block, "anchor", "") == "verify")
    for block in document.blocks[:last]:
        if isinstance(block, Table):
            cells = [cell.text for row in block.rows for cell in row]
            assert not [text for text in cells if re.search(r"\byou(r|rs)?\b", re.sub("“[^”]*”", "", text))]
