"""Decides for each document of a data set whether its source lets it be used, from what was stored when it was read.

Decides. Does not fetch, read or write. A decision is about signals; it is not a legal finding. Silence is `unclear`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from haipkit.detectors import optout, optout_c2pa, optout_robots
from haipkit.detectors.licences import Rights, declared
from haipkit.detectors.optout import DENY, Signal

COPYRIGHT = "11.3b"
NO_SOURCE = "(no address)"
_SLOTS = {
    "url": ("url", "source_url", "uri", "link", "target_uri", "warc-target-uri", "warc_target_uri"),
    "host": ("domain", "host"),
    "day": ("fetched_at", "crawled_at", "fetch_time", "crawl_date", "date_download", "warc-date", "warc_date", "date"),
    "page": ("html", "raw_html", "markup", "page"),
    "licence": ("license", "licence", "license_id", "licence_id", "license_url", "spdx"),
    "robots": ("robots", "robots_txt", "robots.txt"),
    "tdm": ("tdmrep", "tdmrep.json", "tdmrep_json"),
    "ai_txt": ("ai_txt", "ai.txt"),
    "c2pa": ("c2pa", "c2pa_manifest", "manifest_store"),
    "header": (
        *("tdm-reservation", "tdm_reservation", "content-usage", "content_usage", "x-robots-tag", "x_robots_tag"),
    ),
}
_BAGS = ("headers", "http_headers", "response_headers")
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d{1,3}(?:\D|$))")


@lru_cache(maxsize=4096)
def slot_of(name: str) -> tuple[str, str]:
    """(what a field of this dotted name may say of the source, its short name); an empty text for nothing."""
    name = name.lower()
    for slot, names in _SLOTS.items():
        for one in names:
            if name == one or name.endswith("." + one):
                return slot, one
    path, _, last = name.rpartition(".")
    return ("header", last) if path.rpartition(".")[2] in _BAGS else ("", "")


@dataclass
class Facts:
    """What is known of one document's source. `page` and `c2pa` hold signals, as their texts are not kept."""

    url: str = ""
    host: str = ""
    day: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    robots: str | None = None
    tdm: Any = None
    ai_txt: str | None = None
    signals: list[Signal] = field(default_factory=list)

    def note(self, name: str, value: str) -> None:
        """Take in a field of the document, by its dotted name; most fields say nothing of the source."""
        slot, short = slot_of(name)
        if not value.strip():  # tables fill absent fields with empty texts
            return
        match slot:
            case "header":
                self.headers[short] = value
            case "url":
                self.url = self.url or value
            case "host":
                self.host = self.host or value.strip().lower()
            case "day":
                self.day = self.day or _day(value)
            case "robots":
                self.robots = value
            case "ai_txt":
                self.ai_txt = value
            case "tdm":
                self.tdm = _json(value)
            case "c2pa":
                self.signals += optout_c2pa.in_manifest(_json(value))
            case "licence":
                self.signals += declared(value)
            case "page":
                self.signals += optout.page(value)

    @property
    def place(self) -> tuple[str, str]:
        """(host, path) of the document's source; empty texts where nothing names it."""
        return optout.split_url(self.url) or (self.host, "/" if self.host else "")


def _day(value: str) -> str:
    found = _DAY.match(value.strip())
    return "-".join(found.groups()) if found else ""


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@dataclass
class Host:
    """What was stored for a whole host."""

    robots: str | None = None
    tdm: Any = None
    ai_txt: str | None = None
    day: str = ""

    def add(self, other: "Host") -> None:
        self.robots = other.robots if self.robots is None else self.robots
        self.tdm = other.tdm if self.tdm is None else self.tdm
        self.ai_txt = other.ai_txt if self.ai_txt is None else self.ai_txt
        self.day = self.day or other.day


@dataclass
class Stored:
    """Side files of a crawl: by host, and signals with their day by address."""

    hosts: dict[str, Host] = field(default_factory=dict)
    pages: dict[str, tuple[list[Signal], str]] = field(default_factory=dict)

    def add(self, facts: Facts) -> None:
        """Take in what one entry of a side file says of its address and its host."""
        host, _ = facts.place
        if not host:
            return
        found = Host(facts.robots, facts.tdm, facts.ai_txt, facts.day)
        self.hosts.setdefault(host, Host()).add(found)
        signals = [*facts.signals, *optout.headers(facts.headers)]
        if facts.url and signals:
            before = self.pages.get(facts.url, ([], ""))
            self.pages[facts.url] = ([*before[0], *signals], before[1] or facts.day)


class Judge:
    """Knows the side files, a list of domains that are refused, and which product tokens to ask robots.txt about."""

    def __init__(self, stored: Stored, domains: Iterable[str] = (), agents: Sequence[str] = ()) -> None:
        self._stored = stored
        self._domains = frozenset(domains)
        self._robots = lru_cache(maxsize=4096)(lambda text: optout_robots.Robots(text, agents))

    def judge(self, facts: Facts, texts: Iterable[Rights] = ()) -> "Verdict":
        """The decision for one document. `texts`: what its own texts say of rights."""
        host, path = facts.place
        page, day = self._stored.pages.get(facts.url, ([], ""))
        known = self._stored.hosts.get(host, Host())
        signals = [*facts.signals, *page, *optout.headers(facts.headers)]
        if host and (entry := optout.in_list(host, self._domains)):
            signals.insert(0, Signal("domain-list", DENY, f"{entry} is on your list"))
        if host:
            signals += self._of_host(facts, known, path)
        for rights in texts:
            signals += rights.signals()
        decision, signal = optout.decide(signals)
        return Verdict(host or NO_SOURCE, decision, signal, facts.day or day or known.day, tuple(signals))

    def _of_host(self, facts: Facts, known: Host, path: str) -> list[Signal]:
        robots = known.robots if facts.robots is None else facts.robots
        tdm = known.tdm if facts.tdm is None else facts.tdm
        ai_txt = known.ai_txt if facts.ai_txt is None else facts.ai_txt
        found = self._robots(robots).signals(path) if robots is not None else []
        found += optout.tdm_file(tdm, path) if tdm is not None else []
        return found + (optout_robots.ai_txt(ai_txt, path) if ai_txt is not None else [])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided for one document: source, decision, the signal that decided, its day, and all signals."""

    source: str
    decision: str
    signal: Signal | None
    day: str
    signals: tuple[Signal, ...] = ()


def read_domains(text: str) -> frozenset[str]:
    """A list of domains, one a line, `#` for comments; addresses and `*.` in front are understood."""
    found = set()
    for line in text.splitlines():
        word = line.partition("#")[0].strip().lower().rstrip(".").removeprefix("*.")
        if word:
            split = optout.split_url(word)
            found.add(split[0] if split else word.partition("/")[0])
    return frozenset(found)


def stored_entry(value: Mapping[str, Any]) -> Facts:
    """One object of a side file in JSON lines as facts: nested fields count, and numbers too."""
    facts = Facts()

    def walk(value: Mapping[str, Any], lead: str) -> None:
        for key, inner in value.items():
            name = f"{lead}.{key}" if lead else str(key)
            if str(key).lower() in (*_SLOTS["tdm"], *_SLOTS["c2pa"]) and not isinstance(inner, str):
                facts.note(name, json.dumps(inner))
            elif isinstance(inner, Mapping):
                walk(inner, name)
            elif isinstance(inner, str | int):
                facts.note(name, str(inner))

    walk(value, "")
    return facts
