"""Bytes that no reader may choke on. Each case: name, bytes, the readers it goes to, a part of the message."""

import json
import time
import tracemalloc
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haipkit.adapters import read_cyclonedx, read_inspect, read_junit, read_pytest, read_sarif
from haipkit.adapters.detect_format import read_any
from haipkit.kernel.errors import BadInput, HaipError
from helpers.foreign_files import SAMPLES, check, sample, zip_of

XML = (read_junit.read, read_cyclonedx.read, read_any)
JSON = (read_sarif.read, read_inspect.read, read_cyclonedx.read, read_pytest.read, read_any)
ZIP = (read_inspect.read, read_any)
EVERY = (read_junit.read, *JSON)

_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><testsuites name="&c;"/>'
)
_OUTSIDE = (
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><testsuites><system-out>&e;</system-out></testsuites>'
)
_BOMB = zip_of([("header.json", b" " * 70_000_000)])
_HEADER = json.dumps({"version": 2, "status": "success", "eval": {"created": "2026-11-18"}}).encode()
_INSPECT_ZIP = zip_of([("header.json", _HEADER)])

CASES: list[tuple[str, bytes, tuple[Callable[..., Any], ...], str]] = [
    ("empty", b"", EVERY, "the file is empty"),
    ("only blanks", b" \n\t ", EVERY, "the file is empty"),
    ("binary", bytes(range(256)), EVERY, "not well-formed XML|not a JSON text|not valid JSON|cannot be read"),
    ("truncated xml", sample("surefire.xml")[:700], XML, "not well-formed XML"),
    ("truncated json", sample("scan.sarif")[:900], (read_sarif.read, read_any), "ends too early|not valid JSON"),
    ("two documents", b"{}{}", JSON, "not valid JSON"),
    ("doubled field", b'{"runs": [], "version": "2.1.0", "runs": []}', JSON, "has the field 'runs' twice"),
    ("billion laughs", _LAUGHS, XML, "document type or entities"),
    ("file by entity", _OUTSIDE, XML, "document type or entities"),
    ("document type alone", b'<!DOCTYPE bom SYSTEM "bom.dtd"><testsuites/>', XML, "document type or entities"),
    ("undefined entity", b"<testsuites>&nothing;</testsuites>", (read_junit.read,), "not well-formed XML"),
    ("unknown encoding", b"<?xml version='1.0' encoding='klingon'?><testsuites/>", XML, "XML"),
    ("wrong encoding", b"<?xml version='1.0' encoding='utf-8'?><testsuites name='\xff'/>", XML, "not well-formed XML"),
    ("deep xml", b"<testsuite>" * 200 + b"</testsuite>" * 200, (read_junit.read,), "nested deeper than 100"),
    ("deep json", b"[" * 100_000 + b"]" * 100_000, JSON, "nested deeper than 100"),
    ("deep json unclosed", b'{"a":' * 5_000, JSON, "nested deeper than 100"),
    ("huge number", b'{"version": ' + b"9" * 5_000 + b', "runs": []}', JSON, "cannot be read"),
    ("another xml", b"<html/>", (read_junit.read, read_cyclonedx.read, read_any), "root element"),
    ("another json", b'{"a": 1}', JSON, "not SARIF|not an Inspect|not CycloneDX|not what pytest|no format known"),
    ("a json list", b"[]", JSON, "not SARIF|not an Inspect|not CycloneDX|not what pytest|no format known"),
    ("a json null", b"null", JSON, "not SARIF|not an Inspect|not CycloneDX|not what pytest|no format known"),
    ("zip bomb in one member", _BOMB, ZIP, "unfolds to more than the limit"),
    ("zip cut off", _INSPECT_ZIP[:-30], ZIP, "damaged or cut off"),
    ("zip start alone", b"PK\x03\x04", ZIP, "damaged or cut off"),
    ("zip of something else", zip_of([("a.txt", b"a")]), ZIP, "not an Inspect log"),
    ("zip with wrong checksum", zip_of([("header.json", _HEADER)], crc=1), ZIP, "size and checksum"),
    ("zip with wrong size", zip_of([("header.json", _HEADER)], size=5), ZIP, "size and checksum"),
    ("zip that overstates its size", zip_of([("header.json", _HEADER)], size=60_000_000), ZIP, "size and checksum"),
    ("zip that points nowhere", zip_of([("header.json", _HEADER)], offset=7), ZIP, "no member starts|damaged"),
    ("zip with a long member", zip_of([("header.json", _HEADER)], packed=9_999), ZIP, "cut off"),
    ("encrypted zip", zip_of([("header.json", _HEADER)], flags=1), ZIP, "encrypted"),
    ("zip in an unread method", zip_of([("header.json", _HEADER)], 12), ZIP, "compression method 12"),
    (
        "zip with broken zstd",
        zip_of([("header.json", _HEADER)], 93).replace(b"\x28\xb5\x2f\xfd", b"????"),
        ZIP,
        "decompress",
    ),
    ("zip header not json", zip_of([("header.json", b"hello")]), ZIP, "not valid JSON"),
    ("zip header a list", zip_of([("header.json", b"[]")]), ZIP, "has no eval"),
    ("zip sample a number", zip_of([("header.json", _HEADER), ("samples/1.json", b"1")]), ZIP, "expected an object"),
]


@pytest.mark.parametrize(("data", "readers", "what"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_bad_input(data: bytes, readers: tuple[Callable[..., Any], ...], what: str) -> None:
    for reader in readers:
        with pytest.raises(BadInput, match=what) as caught:
            reader(data, name="some file")
        assert caught.value.where.startswith("some file")
        assert caught.value.exit_code == 65


def test_places_are_exact() -> None:
    with pytest.raises(BadInput) as caught:
        read_junit.read(b"<testsuites>\n  <testsuite>\n</testsuites>", name="r.xml")
    assert caught.value.where == "r.xml, line 3, column 3"
    with pytest.raises(BadInput) as caught:
        read_sarif.read(b'{"version": "2.1.0",\n "runs": [}', name="r.sarif")
    assert caught.value.where == "r.sarif, line 2, column 11"
    with pytest.raises(BadInput) as caught:
        read_inspect.read(zip_of([("header.json", _HEADER), ("samples/7.json", b"{,}")]), name="r.eval")
    assert caught.value.where == "r.eval, samples/7.json, line 1, column 2"


def test_a_bomb_is_refused_without_unfolding_it() -> None:
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(BadInput):
        read_inspect.read(_BOMB, name="bomb.eval")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert time.process_time() - begun < 2


def test_a_bomb_spread_over_many_members_is_refused() -> None:
    filler = b'{"id": 1, "input": "' + b"x" * 900_000 + b'"}'
    members = [("header.json", _HEADER), *((f"samples/{n}_epoch_1.json", filler) for n in range(9))]
    check(read_inspect.read(zip_of(members[:9]), name="r.eval", max_bytes=1_000_000))
    with pytest.raises(BadInput, match="unfolds to more than the limit"):
        read_inspect.read(zip_of(members), name="r.eval", max_bytes=1_000_000)


def test_one_endless_tag_is_refused() -> None:
    with pytest.raises(BadInput, match="one tag or comment"):
        read_junit.read(b"<testsuites><!--" + b"x" * 9_000_000, name="r.xml")


def test_many_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haipkit.adapters._limits.MAX_PARTS", 50)
    with pytest.raises(BadInput, match="more than 50 elements"):
        read_junit.read(b"<testsuites>" + b"<testsuite/>" * 50 + b"</testsuites>", name="r.xml")
    with pytest.raises(BadInput, match="more than 50 objects"):
        read_sarif.read(b'{"version": "2.1.0", "runs": [' + b"{}," * 50 + b"{}]}", name="r.sarif")


def test_brackets_inside_strings_are_not_depth() -> None:
    text = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "x": '"\\[{' * 300 + '\\"'})
    check(read_cyclonedx.read(text.encode(), name="b"))


def _either(reader: Callable[..., Any], data: bytes) -> None:
    """The one promise: records that fit their kinds, or an error of ours."""
    try:
        records = reader(data, name="f")
    except HaipError:
        return
    check(records)


_calm = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_calm
@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    for reader in EVERY:
        _either(reader, data)
    _either(read_inspect.read, b"PK\x03\x04" + data)
    _either(read_junit.read, b"<testsuites>" + data + b"</testsuites>")


@_calm
@given(st.data())
def test_damaged_samples(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.*"))))
    original = sample(name)
    if data.draw(st.booleans()) and name == "inspect.json":
        original = zip_of(
            [("header.json", _HEADER), ("samples/1.json", b'{"id": 1}')], data.draw(st.sampled_from([0, 8, 93]))
        )
    start = data.draw(st.integers(0, len(original)))
    stop = data.draw(st.integers(start, min(len(original), start + 60)))
    _either(read_any, original[:start] + data.draw(st.binary(max_size=12)) + original[stop:])


_odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.just("x" * 700)
    | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_results = {
    "format": "haipkit-pytest",
    "version": 1,
    "notes": ["a"],
    "groups": [
        {
            "system": "helpdesk",
            "tool": {"name": "pytest", "version": "9"},
            "occurred_at": "2026-11-18T12:00:00Z",
            "body": {"title": "t", "requirements": ["1.2"], "duration_seconds": "0.1"},
            "tests": [{"id": "a", "outcome": "passed"}, {"id": "b", "outcome": "error"}],
        }
    ],
}
_documents = [json.loads(sample(name)) for name in ("scan.sarif", "inspect.json", "bom-1.6.json", "bom-1.4.json")]
_documents.append(_results)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in _places(child, (*path, key)))]


_all_places = [_places(document)[1:] for document in _documents]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_in_any_place(data: st.DataObject) -> None:
    """A well-formed document with one value replaced by any other, or left out."""
    number = data.draw(st.integers(0, len(_documents) - 1))
    document = deepcopy(_documents[number])
    *way, last = data.draw(st.sampled_from(_all_places[number]))
    holder = document
    for step in way:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[last] = data.draw(_odd)
    else:
        del holder[last]
    _either(read_any, json.dumps(document).encode())
