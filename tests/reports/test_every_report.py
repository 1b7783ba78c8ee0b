"""What holds for every report, whatever it tells."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from haipkit.kernel.errors import UsageError
from haipkit.kernel.words import Origin
from haipkit.reports.document import Bullets, Document, Heading, Paragraph
from haipkit.reports.registry import Told, find_report, report_names
from haipkit.reports.render import FORMATS, render
from haipkit.reports.shared import HOW_TO_VERIFY, NO_WITNESS, NOT_CHECKED
from helpers.told import HEAD, JAPANESE, VKEY, Ledger, ledger, told

from .conftest import NAMES, claims_of, words_of


def test_our_reports_come_through_the_public_door() -> None:
    assert set(NAMES) <= set(report_names())


def test_an_unknown_report_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no report called 'gap'") as caught:
        find_report("gap")
    assert "gaps" in caught.value.advice


def test_an_unknown_format_names_the_known_ones(documents: Mapping[str, Document]) -> None:
    with pytest.raises(UsageError, match="'docx'") as caught:
        render(documents["gaps"], "docx")
    assert "html, pdf, md, json" in caught.value.advice


def test_ends_with_what_was_not_checked_and_how_to_verify(document: Document) -> None:
    sections = [block.text for block in document.blocks if isinstance(block, Heading) and block.level == 2]
    assert sections[-2:] == [NOT_CHECKED, HOW_TO_VERIFY]
    assert VKEY in words_of(document)
    assert "verifier-go" in words_of(document)


def test_never_says_more_than_it_may(document: Document) -> None:
    assert not re.search(r"\b(certified|compliant|AI-powered|simply)\b", words_of(document), re.IGNORECASE)


def test_says_when_nobody_watches(document: Document) -> None:
    assert NO_WITNESS in words_of(document)
    watched = find_report(document.report)(told(head=replace(HEAD, witnesses=("witness.example/w",))))
    assert NO_WITNESS not in words_of(watched)
    assert "witness.example/w" in words_of(watched)


def test_anchors_are_unique(document: Document) -> None:
    anchors = [block.anchor for block in document.blocks if isinstance(block, Heading)]
    assert len(set(anchors)) == len(anchors)


def test_headings_skip_no_level(document: Document) -> None:
    level = 1
    for block in document.blocks:
        if isinstance(block, Heading):
            assert block.level <= level + 1, block.text
            level = block.level


def test_a_claim_with_proofs_has_a_strength(document: Document) -> None:
    claims = list(claims_of(document.blocks))
    assert all(claim.strength is not None for claim in claims if claim.proofs)
    assert all(claim.proofs for claim in claims if claim.strength is not None)


def test_every_record_behind_a_claim_is_in_the_register(document: Document) -> None:
    wanted = {proof.record_id for claim in claims_of(document.blocks) for proof in claim.proofs}
    register = document.blocks[-1]
    assert wanted <= {row[2].text for row in register.rows}  # type: ignore[union-attr]


@pytest.mark.parametrize("format", FORMATS)
def test_same_findings_same_bytes(document: Document, format: str) -> None:
    again = find_report(document.report)(told())
    assert render(document, format) == render(again, format)


_RENDER_ALL = f"""
import hashlib
from helpers.told import told
from haipkit.reports.registry import find_report
from haipkit.reports.render import FORMATS, render
for name in {NAMES!r}:
    document = find_report(name)(told())
    for format in FORMATS:
        print(name, format, hashlib.sha256(render(document, format)).hexdigest())
"""


def test_same_bytes_in_another_process_with_another_hash_seed(documents: Mapping[str, Document]) -> None:
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(tests), "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", _RENDER_ALL], env=environment, capture_output=True, text=True, check=True
    )
    here = [
        f"{name} {format} {hashlib.sha256(render(document, format)).hexdigest()}"
        for name, document in documents.items()
        for format in FORMATS
    ]
    assert sorted(done.stdout.splitlines()) == sorted(here)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("title", "file_backs"),
    [("The signed AI policy", "ai-policy"), ("Export of the account list", "door"), ("Regression tests", None)],
)
def test_losing_a_file_downgrades_exactly_what_rests_on_it(name: str, title: str, file_backs: str | None) -> None:
    before = list(claims_of(find_report(name)(told()).blocks))
    after = list(claims_of(find_report(name)(told(without=[title])).blocks))
    lost = next(record for record in ledger().records if record.title == title)
    assert [claim.text for claim in after] == [claim.text for claim in before]
    for old, new in zip(before, after, strict=True):
        rested = any(proof.record_id == lost.header.id for proof in old.proofs)
        only = rested and old.strength == lost.strength
        if not rested:
            assert new == old
        elif only and len(old.proofs) <= 2:
            assert new.strength is not None
            assert old.strength is not None
            assert new.strength < old.strength, old.text


def test_the_lost_file_is_named_among_what_was_not_checked() -> None:
    document = find_report("gaps")(told(without=["The signed AI policy"]))
    assert "“The signed AI policy” (ledger entry" in words_of(document)


def test_some_sentence_does_rest_on_each_lost_file() -> None:
    """Without this the test above could pass by never looking at anything."""
    for title in ("The signed AI policy", "Export of the account list", "Regression tests"):
        lost = next(record for record in ledger().records if record.title == title)
        found = [
            claim
            for name in NAMES
            for claim in claims_of(find_report(name)(told()).blocks)
            if lost.header.id in {proof.record_id for proof in claim.proofs}
        ]
        assert found, title


def _nearly_nothing() -> Told:
    book = Ledger()
    book.add("organisation", "shop", name="Shop", roles=("deployer",), size="micro", countries=("CA",))
    return told(book=book)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_ledger_still_tells(name: str, format: str) -> None:
    document = find_report(name)(_nearly_nothing())
    assert render(document, format)
    assert "None" not in words_of(document)


def test_an_empty_ledger_calls_nothing_met() -> None:
    document = find_report("gaps")(_nearly_nothing())
    lead = next(block for block in document.blocks if isinstance(block, Paragraph) and block.lead)
    assert re.search(r"\d+ have not been looked at yet\.$", lead.text)
    assert not re.search(r"\b(is|are) met", lead.text)
    assert "No risk is recorded" in words_of(document)


def test_imported_results_are_named_with_their_tool(document: Document) -> None:
    bullets = [block for block in document.blocks if isinstance(block, Bullets)]
    said = [item for block in bullets for item in block.items if isinstance(item, str)]
    assert any("pytest" in item and "not repeated" in item for item in said)
    assert any(record.header.origin is Origin.IMPORTED for record in ledger().records)


def test_names_in_other_scripts_survive(documents: Mapping[str, Document]) -> None:
    assert JAPANESE in render(documents["gaps"], "html").decode()
    assert JAPANESE in render(documents["gaps"], "md").decode()
    assert JAPANESE in render(documents["gaps"], "json").decode()
