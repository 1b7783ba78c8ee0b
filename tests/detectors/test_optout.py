"""What sources say about their use: robots.txt by RFC 9309, reservations, preferences, assertions in credentials."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haipkit.detectors.optout import (
    ALLOW,
    DENY,
    DOUBT,
    Signal,
    carriers,
    crawlers,
    decide,
    headers,
    in_list,
    page,
    split_url,
    tdm_file,
    usage,
)
from haipkit.detectors.optout_c2pa import in_file, in_manifest
from haipkit.detectors.optout_robots import Robots, ai_txt, fits, group_for, normal_path, parse, rule_for

RULES = [
    # name, robots.txt, agent, path, allowed
    ("empty file", "", "bot", "/a", True),
    ("no group for it", "User-agent: other\nDisallow: /", "bot", "/a", True),
    ("the group that names it", "User-agent: *\nDisallow: /\n\nUser-agent: Bot\nAllow: /", "bOT", "/a", True),
    ("several names, one group", "User-agent: a\nUser-agent: bot\nDisallow: /x", "bot", "/x/y", False),
    (
        "groups of one name are joined",
        "User-agent: bot\nDisallow: /a\nUser-agent: bot\nDisallow: /b",
        "bot",
        "/b",
        False,
    ),
    ("longest match", "User-agent: *\nDisallow: /a\nAllow: /a/b", "bot", "/a/b/c", True),
    ("longest match the other way", "User-agent: *\nAllow: /a\nDisallow: /a/b", "bot", "/a/b/c", False),
    ("equal length: allowed", "User-agent: *\nDisallow: /a\nAllow: /a", "bot", "/a", True),
    ("wildcard", "User-agent: *\nDisallow: /*.gif$", "bot", "/x/y.gif", False),
    ("end mark", "User-agent: *\nDisallow: /*.gif$", "bot", "/x/y.gif?z", True),
    ("empty value", "User-agent: *\nDisallow:", "bot", "/a", True),
    ("comment", "User-agent: * # all\nDisallow: /a # b", "bot", "/a", False),
    ("case of paths counts", "User-agent: *\nDisallow: /A", "bot", "/a", True),
    ("percent codes are one letter", "User-agent: *\nDisallow: /foo/%62ar", "bot", "/foo/bar", False),
    ("letters beyond ASCII", "User-agent: *\nDisallow: /ツ", "bot", "/%E3%83%84", False),
    ("a rule before any group", "Disallow: /\nUser-agent: *\nAllow: /", "bot", "/a", True),
    ("old line ends", "User-agent: *\rDisallow: /a", "bot", "/a", False),
    ("sitemap does not end a group", "User-agent: bot\nSitemap: x\nDisallow: /a", "bot", "/a", False),
    ("robots.txt itself", "User-agent: *\nDisallow: /", "bot", "/robots.txt", True),
    ("version after the name", "User-agent: bot/2.1\nDisallow: /", "bot", "/a", False),
    ("byte order mark", "\N{BYTE ORDER MARK}User-agent: *\nDisallow: /a", "bot", "/a", False),
]


@pytest.mark.parametrize(("text", "agent", "path", "allowed"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_robots(text: str, agent: str, path: str, allowed: bool) -> None:
    assert rule_for(group_for(parse(text), agent), path)[0] is allowed


def _slow_fits(pattern: str, path: str) -> bool:
    ends = pattern.endswith("$")
    body = pattern[:-1] if ends else pattern

    def walk(at: int, place: int) -> bool:
        if at == len(body):
            return place == len(path) if ends else True
        if body[at] == "*":
            return any(walk(at + 1, later) for later in range(place, len(path) + 1))
        return place < len(path) and body[at] == path[place] and walk(at + 1, place + 1)

    return walk(0, 0)


@given(st.text("ab*/", max_size=7), st.booleans(), st.text("ab/", max_size=8))
def test_wildcards_mean_what_the_standard_says(pattern: str, ends: bool, path: str) -> None:
    pattern += "$" if ends else ""
    assert fits(pattern, path) is _slow_fits(pattern, path)


def test_one_refused_crawler_is_a_refusal_and_silence_says_nothing() -> None:
    agents = crawlers()["training"]
    refused = Robots("User-agent: *\nAllow: /\nUser-agent: GPTBot\nDisallow: /", agents).signals("/a")
    assert refused[0].says == DENY
    assert "GPTBot" in refused[0].reason
    assert Robots("User-agent: *\nDisallow: /x", agents).signals("/a")[0].says == ALLOW
    assert Robots("no rule at all", agents).signals("/a") == []


def test_preferences_in_robots_follow_the_draft() -> None:
    text = (
        "User-Agent: *\nAllow: /\nDisallow: /never/\nContent-Usage: / train-ai=n\nContent-Usage: /ai-ok/ train-ai=y\n"
        "\nUser-Agent: ExampleBot\nAllow: /\nContent-Usage: / train-ai=y\n"
    )

    def said(path: str, agent: str = "") -> list[tuple[str, str]]:
        found = Robots(text, [agent] if agent else []).signals(path)
        return [(signal.carrier, signal.says) for signal in found]

    assert ("aipref-robots", DENY) in said("/test")
    assert ("aipref-robots", ALLOW) in said("/ai-ok/test")
    assert said("/never/test") == [("robots", DENY)]
    assert Robots("User-agent: *\nContent-Signal: search=yes, ai-train=no", []).signals("/a")[-1].says == DENY


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train-ai=n", DENY),
        ("train-ai=y, search=n", ALLOW),
        ("search=n", None),
        ("train-ai", None),
        ("train-ai=?0", None),
        ("train-ai=n, ###", None),
        ("train-ai=n;x=1", DENY),
        ("bots=n", DENY),
        ("", None),
    ],
)
def test_usage(text: str, says: str | None) -> None:
    assert [signal.says for signal in usage(text, "aipref-header")] == ([says] if says else [])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"TDM-Reservation": "1"}, [DENY]),
        ({"tdm-reservation": " 0 "}, [ALLOW]),
        ({"tdm-reservation": "yes"}, []),
        ({"tdm-reservation": ""}, []),
        ({"X-Robots-Tag": "otherbot: noindex, noai"}, [DENY]),
        ({"X-Robots-Tag": "noindex"}, []),
        ({"Content-Usage": "train-ai=n"}, [DENY]),
    ],
)
def test_headers(fields: dict[str, str], says: list[str]) -> None:
    assert [signal.says for signal in headers(fields)] == says


@pytest.mark.parametrize(
    ("rules", "path", "says"),
    [
        ([{"location": "/", "tdm-reservation": 1}], "/a", [DENY]),
        ([{"location": "/open/*", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}], "/open/a", [ALLOW]),
        ([{"location": "/open/*", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}], "/b", [DENY]),
        ([{"location": "/", "tdm-reservation": True}], "/a", []),
        ([{"location": 5}], "/a", []),
        ({"tdm-reservation": 1}, "/a", []),
        ([], "/a", []),
        ("broken", "/a", []),
    ],
)
def test_a_protocol_error_means_unset(rules: Any, path: str, says: list[str]) -> None:
    assert [signal.says for signal in tdm_file(rules, path)] == says


def test_metadata_in_pages() -> None:
    assert [s.says for s in page('<META content="1" NAME=tdm-reservation>')] == [DENY]
    assert [s.carrier for s in page("<meta name='robots' content='index, noimageai'>")] == ["noai-meta"]
    assert page('<meta name="robots" content="index">') == []
    assert page('<p>write &lt;meta name="robots" content="noai"&gt;</p>') == []


def test_ai_txt() -> None:
    assert ai_txt("User-Agent: *\nDisallow: /", "/a")[0].says == DENY
    assert ai_txt("User-Agent: *\nDisallow: *.txt\nDisallow: *.jpg", "/a")[0].says == DOUBT
    assert ai_txt("User-Agent: *\nDisallow: *.jpg", "/a")[0].says == ALLOW
    assert ai_txt("hello", "/a") == []


def test_a_refusal_outweighs_permissions() -> None:
    allow, deny, doubt = (Signal("licence", says, "") for says in (ALLOW, DENY, DOUBT))
    assert decide([allow, deny])[0] == "deny"
    assert decide([allow, doubt])[0] == "unclear"
    assert decide([allow])[0] == "allow"
    assert decide([]) == ("unclear", None)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://A.example:8080/x?y#z", ("a.example", "/x?y")),
        ("http://user:word@a.example", ("a.example", "/")),
        ("//a.example?q", ("a.example", "/?q")),
        ("ftp://a.example/", None),
        ("not an address", None),
        ("https://[::1]/x", ("[::1]", "/x")),
    ],
)
def test_addresses(url: str, place: tuple[str, str] | None) -> None:
    assert split_url(url) == place


def test_a_domain_covers_those_below_it() -> None:
    domains = frozenset({"shop.example"})
    assert in_list("a.shop.example", domains) == "shop.example"
    assert in_list("ashop.example", domains) == ""


def _cbor(value: Any) -> bytes:
    if isinstance(value, str):
        data = value.encode()
        return (bytes([0x60 + len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data
    return bytes([0xA0 + len(value)]) + b"".join(_cbor(key) + _cbor(inner) for key, inner in value.items())


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def _embedded(kind: bytes, content: bytes, label: bytes = b"cawg.training-mining") -> bytes:
    description = _box(b"jumd", b"\0" * 16 + b"\x03" + label + b"\0")
    return b"\xff\xd8picture" + _box(b"jumb", description + _box(kind, content)) + b"rest"


@pytest.mark.parametrize(
    ("uses", "says"),
    [
        ({"cawg.ai_generative_training": "notAllowed"}, [DENY]),
        ({"cawg.data_mining": "notAllowed", "cawg.ai_training": "allowed"}, [DENY]),
        ({"cawg.ai_training": "constrained"}, [DOUBT]),
        ({"cawg.ai_training": "allowed"}, [ALLOW]),
        ({"cawg.ai_inference": "notAllowed"}, []),
    ],
)
def test_assertions_in_credentials(uses: dict[str, str], says: list[str]) -> None:
    data = {"entries": {name: {"use": use} for name, use in uses.items()}}
    manifest = {"manifests": {"x": {"assertions": [{"label": "c2pa.training-mining", "data": data}]}}}
    for found in (
        in_manifest(manifest),
        in_file(_embedded(b"cbor", _cbor(data))),
        in_file(_embedded(b"json", json.dumps(data).encode(), b"c2pa.training-mining__1")),
    ):
        assert [signal.says for signal in found] == says


def test_what_cannot_be_read_is_named_as_present() -> None:
    for data in (_embedded(b"cbor", b"\xff\xff"), _embedded(b"cbor", b"\xbf" * 100), _embedded(b"bidb", b"x")[:66]):
        assert [(signal.says, signal.reason) for signal in in_file(data)] == [(DOUBT, "present, not read")]
    assert in_file(b"a text about c2pa.training-mining assertions") == []


@given(st.binary(max_size=40))
def test_no_content_breaks_the_reading(content: bytes) -> None:
    assert all(signal.carrier == "c2pa" for signal in in_file(_embedded(b"cbor", content)))


def test_every_carrier_has_its_specification_and_status() -> None:
    for name, entry in carriers().items():
        assert entry["title"], name
        assert entry["status"] in ("standard", "report", "draft", "convention", "yours")
    assert normal_path("/a b") == "/a%20b"
