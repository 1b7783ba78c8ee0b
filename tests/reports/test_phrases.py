"""A paragraph for every kind of record, whole or with fields erased."""

import re
from typing import Any

import pytest

from haipkit.kernel.words import Origin
from haipkit.records.kinds import KINDS
from haipkit.records.record import Header, Record, Tool
from haipkit.reports.phrases import metric_words, other, phrase_of
from haipkit.workspace.bodies import body_model

_UNTOLD = {"redaction/1", "key-event/1"}
"""Housekeeping of the ledger: no report tells it as a deed."""


def _record(kind: str, body: dict[str, Any], system: str | None = None) -> Record:
    header = Header(
        "id",
        kind,
        "owner",
        Origin.DECLARED,
        "2026-10-01T09:00:00Z",
        "2026-10-01T09:00:00Z",
        system,
        tool=Tool("zap", "2"),
    )
    return Record(header, body, 3)


_DECIMALS = {"value", "rate", "low", "high", "change"}


def _value(name: str, schema: dict[str, Any], place: int, inner: dict[str, Any]) -> Any:
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _value(name, choice, place, inner)
    if "$ref" in schema:
        fields = inner[schema["$ref"].rpartition("/")[2]]["properties"]
        return {field: _value(field, one, place, inner) for field, one in fields.items()}
    if "enum" in schema:
        return schema["enum"][place % len(schema["enum"])]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "array":
            return tuple(_value(name, schema["items"], place + more, inner) for more in (0, 1))
        case "integer":
            return place % 3
        case "boolean":
            return place % 2 == 0
    if re.search(r"(_on|_expires|_review|_at|^due)$", name):
        return "2026-02-01"
    return "0.9" if name in _DECIMALS else "some words"


def _bodies(kind: str) -> list[dict[str, Any]]:
    """Bodies with every field, as many as the longest list of choices, then one with the needed fields alone."""
    schema = body_model(kind).model_json_schema()
    fields: dict[str, Any] = schema["properties"]
    most = max((len(field.get("enum", ())) for field in fields.values()), default=1)
    inner = schema.get("$defs", {})
    whole = [{name: _value(name, field, n, inner) for name, field in fields.items()} for n in range(max(most, 3))]
    return [*whole, {name: _value(name, fields[name], 1, inner) for name in schema.get("required", ())}]


def _name(reference: str | None) -> str:
    return reference or "our organisation"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - _UNTOLD))
def test_reads_as_sentences(kind: str) -> None:
    plain = " ".join(other({}, _record(kind, {}), _name))
    for body in _bodies(kind):
        for system in (None, "helpdesk/2.1"):
            text = phrase_of(_record(kind, body, system), _name)
            assert text
            assert text != plain
            assert text[0].isupper() or text[0] in "“s"
            assert text.endswith((".", "words", "some words)."))
            assert not re.search(r"None|\{|\}|  |\.\.|: \.|\(\)|“”|erased|\['", text), text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_erased_fields_are_said_to_be_erased(kind: str) -> None:
    text = phrase_of(_record(kind, {}), _name)
    assert text
    assert "None" not in text


def test_an_erased_field_shows() -> None:
    assert "(erased)" in phrase_of(_record("risk/1", {"title": "x"}), _name)


def test_a_kind_of_a_later_version_still_gets_a_sentence() -> None:
    assert phrase_of(_record("dream/7", {"title": "Sheep"}), _name) == "We recorded “Sheep” (dream/7)."


def test_a_metric_shows_its_interval_and_its_sample() -> None:
    metric = {"name": "right answers", "value": "0.94", "unit": "share", "n": 198, "low": "0.90", "high": "0.97"}
    assert metric_words(metric) == "right answers: 0.94 share (n = 198, interval 0.90 to 0.97)"


def test_a_very_long_text_is_cut_with_a_sign() -> None:
    text = phrase_of(
        _record("sharing/1", {"withheld": ()} | {"what": "incident", "recipient": "x", "shared_on": "2026-01-01"}),
        _name,
    )
    assert len(text) < 200
    long = _record("policy/1", {"summary": "word " * 4000, "title": "t", "topic": "data", "version": "1", "owner": "o"})
    assert "…" in phrase_of(long, _name)
    assert len(phrase_of(long, _name)) < 1000


def test_a_rate_of_ours_is_told_in_per_cent_with_what_it_is_worth_and_who_looked() -> None:
    metric = {"name": "failure rate", "value": "0.190476", "unit": "share", "n": 21, "low": "0.05882", "high": "0.4559"}
    body = {
        **{"title": "Does it keep a word?", "method": "adversarial", "domains": ("society",), "result": "fail"},
        **{"performed_by": "internal", "stage": "pre-deployment", "performed_on": "2026-09-09", "samples": 21},
        **{"metrics": (metric,), "verdict": "FAIL", "rate_is": "verified", "reviewed_by": "safety office"},
        "summary": "Whether a word comes out.",
    }
    told = phrase_of(_record("evaluation/1", body), _name)
    assert "failure rate: 19.0 % (n = 21, 95 % interval 5.9 % to 45.6 %)." in told
    assert "By the rule registered before the run: FAIL, and the rate is verified." in told
    assert "People looked at the answers whose grade was not sure, for the safety office." in told
    assert "What the test shows: Whether a word comes out." in told
