"""PDF: tagged, titled, the same bytes, and nothing that a person wrote is markup."""

import io
import re
import shutil
import subprocess
import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from haipkit.kernel.words import Strength
from haipkit.reports.document import (
    Bullets,
    Cell,
    Claim,
    Code,
    Document,
    Facts,
    Figure,
    Heading,
    Note,
    Paragraph,
    Proof,
    Table,
)
from haipkit.reports.registry import find_report
from haipkit.reports.render.pdf import render_pdf
from helpers.told import JAPANESE, VKEY, told

NAMES = ("gaps", "conformity", "transparency", "haip")
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not here")


@cache
def _pdf(name: str) -> bytes:
    return render_pdf(find_report(name)(told()), system_fonts=False)


def _text(pdf: bytes) -> str:
    """All words, ligatures undone, on one line."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(unicodedata.normalize("NFKC", done.stdout.decode()).split())


def _minimal(*blocks: object, title: str = "Title") -> Document:
    return Document("x", title, "", "en", "2026-11-20", "haip verify", Facts((("Organisation", "We"),)), blocks)  # type: ignore[arg-type]


def _root(pdf: bytes) -> Any:
    return PdfReader(io.BytesIO(pdf)).trailer["/Root"]


def _tags(pdf: bytes) -> dict[str, int]:
    found: dict[str, int] = {}

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for kid in node:
                walk(kid)
        elif isinstance(node, dict):
            if "/S" in node:
                found[node["/S"]] = found.get(node["/S"], 0) + 1
            if "/K" in node:
                walk(node["/K"])

    walk(_root(pdf)["/StructTreeRoot"])
    return found


def _alternatives(pdf: bytes) -> list[str]:
    return [
        str(thing["/Alt"])
        for thing in (
            PdfReader(io.BytesIO(pdf)).get_object(number)
            for number in range(1, len(PdfReader(io.BytesIO(pdf)).xref[0]) + 1)
        )
        if isinstance(thing, dict) and "/Alt" in thing
    ]


@pytest.mark.parametrize("name", NAMES)
def test_is_tagged_titled_and_has_a_language(name: str) -> None:
    document = find_report(name)(told())
    root = _root(_pdf(name))
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712 - a pypdf object
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] == True  # noqa: E712
    information = PdfReader(io.BytesIO(_pdf(name))).metadata
    assert information is not None
    assert str(information.title).startswith(document.title)


@pytest.mark.parametrize("name", NAMES)
def test_declares_pdf_ua(name: str) -> None:
    metadata = _root(_pdf(name))["/Metadata"].get_data().decode()
    assert re.search(r"<pdfuaid:part>1</pdfuaid:part>", metadata)


def test_headings_tables_notes_and_figures_are_tags() -> None:
    tags = _tags(_pdf("gaps"))
    for tag in ("/H1", "/Table", "/TH", "/TD", "/Figure", "/L"):
        assert tags.get(tag), tag
    assert _tags(_pdf("haip")).get("/Note")


def test_it_is_dated_by_what_it_speaks_for() -> None:
    information = PdfReader(io.BytesIO(_pdf("gaps"))).metadata
    assert information is not None
    assert information.creation_date == datetime(2026, 11, 20, tzinfo=UTC)


@needs_poppler
def test_the_sentences_are_there() -> None:
    text = _text(_pdf("gaps"))
    assert (
        "Of 17 points that apply to us, 8 are met, 4 are partly met, 1 is not met and 4 have not been looked at yet."
        in text
    )
    assert "No witness has countersigned this log" in text


@needs_poppler
def test_claims_carry_footnotes_with_record_and_entry() -> None:
    text = _text(_pdf("haip"))
    assert "ledger entry 14, record 0193a000-0000-7000-8000-00000000000e (policy/1, evidenced)" in text
    assert "ledger entry 16, record 0193a000-0000-7000-8000-000000000010 (evidence/1, evidenced)" in text


@needs_poppler
def test_commands_and_keys_can_be_copied_whole() -> None:
    assert f"haip verify bundle.zip --key '{VKEY}'" in _text(_pdf("gaps"))


@needs_poppler
def test_hostile_words_are_shown_as_words() -> None:
    """With the spaces taken out: a line may break inside a long word."""
    text = _text(_pdf("gaps")).replace(" ", "")
    for part in (
        "<script>alert(1)</script>",
        "*bold*",
        '`#import"x"`',
        "$x^2$",
        "[link](javascript:alert(1))",
        "@a<b>",
    ):
        assert part in text


def test_charts_have_a_description() -> None:
    assert any(alt.startswith("Status by action. Of what applies to us") for alt in _alternatives(_pdf("gaps")))


def test_characters_without_a_glyph_keep_their_meaning() -> None:
    assert any(alt == JAPANESE for alt in _alternatives(_pdf("gaps")))
    if shutil.which("pdftotext"):
        assert "characters as boxes because neither its own fonts" in _text(_pdf("gaps"))


@needs_poppler
def test_without_such_characters_no_note() -> None:
    assert "as boxes" not in _text(render_pdf(_minimal(Paragraph("Grüße, œuvre, Ωμέγα, Привет"))))


OWN_FONTS = "Libertinus|NewCM|DejaVuSansMono"


def test_fonts_of_the_machine_only_where_they_are_needed() -> None:
    assert _named(render_pdf(_minimal(Paragraph("Grüße, œuvre")))) <= {"own"}
    assert _named(render_pdf(_minimal(Paragraph(JAPANESE)), system_fonts=False)) <= {"own"}


JAPANESE_FONT = Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf")


@needs_poppler
@pytest.mark.skipif(not JAPANESE_FONT.exists(), reason="the machine has no Japanese font")
def test_a_font_of_the_machine_shows_japanese() -> None:
    made = render_pdf(_minimal(Paragraph(JAPANESE)))
    assert "other" in _named(made)
    assert JAPANESE in _text(made)
    assert "as boxes" not in _text(made)
    assert made == render_pdf(_minimal(Paragraph(JAPANESE)))


def _named(made: bytes) -> set[str]:
    fonts = {font for page in PdfReader(io.BytesIO(made)).pages for font in _fonts(page)}
    return {"own" if re.search(OWN_FONTS, font) else "other" for font in fonts}


def _fonts(page: Any) -> list[str]:
    return [str(font.get_object()["/BaseFont"]) for font in page["/Resources"].get("/Font", {}).values()]


@needs_poppler
@pytest.mark.parametrize(
    "text",
    [
        '#import "evil.typ": *',
        "#panic()",
        "$ sum_(i=1)^n $",
        "*strong* _emph_ `raw` <label> @ref",
        "= Heading",
        "// comment /* more */",
        "\\u{41} \\ #{1+1}",
        '"] #eval("1+1") [',
        "https://example.org/#a~b",
        "-- --- ... 'quotes' \"quotes\"",
    ],
)
def test_typst_words_stay_words(text: str) -> None:
    shown = _text(render_pdf(_minimal(Paragraph("Before " + text + " after"), Code(text))))
    assert f"Before {text} after".replace(" ", "") in shown.replace(" ", "")


_PROOF = Proof("0193a000-0000-7000-8000-000000000000", 7, "risk/1", "t", Strength.CLAIMED, ("ab" * 32,))


@given(st.text(max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_sets(text: str) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="1" height="1"/></svg>'
    blocks = (
        Heading(2, text, "a", text),
        Paragraph(text, lead=True),
        Code(text),
        Claim(text, Strength.CLAIMED, (_PROOF,)),
        Bullets((text, Claim(text, None)), ordered=True),
        Table(text, (text, "b"), ((Cell(text, mono=True), Cell(text, strength=Strength.TESTED, proofs=(_PROOF,))),)),
        Figure(text, text, svg, Table("c", ("x",), ())),
        Note("draft", text, text),
        Facts(((text, text),)),
    )
    assert render_pdf(_minimal(*blocks, title=text)).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("length", [30, 200, 2000])
def test_a_word_without_end_does_not_leave_the_page(length: int) -> None:
    word = "a" * length
    table = Table("c", ("x", "y", "z"), ((Cell(word), Cell("short"), Cell(word)),))
    pdf = render_pdf(_minimal(Paragraph(word), table))
    reader = PdfReader(io.BytesIO(pdf))
    right = float(reader.pages[0].mediabox.right)
    ends: list[float] = []

    def visit(text: str, user: Any, matrix: Any, font: Any, size: float) -> None:
        if text.strip():
            ends.append(matrix[4] + user[4])

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    assert ends
    assert max(ends) < right
    if shutil.which("pdftotext"):
        boxes = subprocess.run(
            ["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True
        ).stdout.decode()
        assert max(float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)) <= right - 60
