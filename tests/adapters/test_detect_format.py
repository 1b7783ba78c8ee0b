import json

import pytest

from haipkit.adapters.detect_format import detect, read_any
from haipkit.adapters.read_pytest import write
from haipkit.kernel.errors import BadInput
from helpers.foreign_files import SAMPLES, check, sample, zip_of

_FORMATS = {
    "surefire.xml": "junit",
    "jest.xml": "junit",
    "gtest.xml": "junit",
    "nested.xml": "junit",
    "scan.sarif": "sarif",
    "inspect.json": "inspect",
    "bom-1.4.json": "cyclonedx",
    "bom-1.6.json": "cyclonedx",
    "bom-1.7.xml": "cyclonedx",
    "evaluations/inspect-0.3.285.eval": "inspect",
    "evaluations/garak-0.17.1.report.jsonl": "garak",
    "evaluations/promptfoo-0.121.20.json": "promptfoo",
    "evaluations/promptfoo-0.121.20-errors.json": "promptfoo",
    "evaluations/results_2026-11-20T23-06-22.074456.json": "lm_eval",
}
_READ_WITH_ANOTHER = {"evaluations/samples_opening_hours_2026-11-20T23-06-22.074456.jsonl", "evaluations/README.md"}


def test_every_sample_has_its_format_here() -> None:
    found = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file()}
    assert found - _READ_WITH_ANOTHER == set(_FORMATS)


@pytest.mark.parametrize(("name", "expected"), _FORMATS.items())
def test_formats_are_told_by_content_whatever_the_name(name: str, expected: str) -> None:
    assert detect(sample(name), "renamed.txt") == expected
    check(read_any(sample(name), name=name))


def test_marks_in_front_of_the_text_do_not_matter() -> None:
    assert detect(b"\xef\xbb\xbf" + sample("scan.sarif"), "x") == "sarif"
    assert detect(b"\xef\xbb\xbf\n" + b"<testsuites/>", "x") == "junit"
    assert detect(sample("bom-1.6.json").decode().encode("utf-16"), "x") == "cyclonedx"
    assert detect("<testsuites/>".encode("utf-16"), "x") == "junit"


def test_archives_and_our_own_results() -> None:
    assert detect(zip_of([("header.json", b"{}")]), "x") == "inspect"
    assert detect(zip_of([("_journal/start.json", b"{}")], 93), "x") == "inspect"
    assert detect(write([]), "x") == "pytest"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<html><body/></html>", "<html>"),
        (b"<coverage line-rate='1'/>", "<coverage>"),
        (b'{"hello": 1}', "no format known"),
        (b"[1, 2]", "no format known"),
        (b"name,score\na,1\n", "not valid JSON"),
        (b'{"line": 1}\n{"line": 2}\n', "not valid JSON"),
        (zip_of([("word/document.xml", b"<x/>")]), "ZIP"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "not a JSON text"),
    ],
)
def test_what_is_not_known_is_refused_with_what_was_expected(data: bytes, what: str) -> None:
    with pytest.raises(BadInput, match=what) as caught:
        detect(data, "file")
    assert "JUnit XML" in caught.value.advice
    assert "SARIF" in caught.value.advice


def test_the_size_limit_can_be_set() -> None:
    data = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6"}).encode()
    assert read_any(data, name="x", max_bytes=len(data))
    with pytest.raises(BadInput, match="the limit is"):
        read_any(data, name="x", max_bytes=len(data) - 1)
