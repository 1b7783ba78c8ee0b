"""What a source says about its use for AI, read from headers, page metadata and side files that were stored with it.

Reads values; fetches nothing. A protocol error means that nothing was said. Misses: reservations in words, terms of
use, contracts, and everything that was not stored when the source was read.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

LISTS = Path(__file__).parent / "lists"
DENY, DOUBT, ALLOW = "deny", "doubt", "allow"


@dataclass(frozen=True, slots=True)
class Signal:
    """One statement: who carries it (a name in `carriers()`), what it says (deny, doubt, allow), and its words."""

    carrier: str
    says: str
    reason: str


@lru_cache(maxsize=1)
def carriers() -> dict[str, dict[str, str]]:
    """Each carrier with title, specification, version and status."""
    table: dict[str, dict[str, str]] = tomllib.loads((LISTS / "carriers.toml").read_text("utf-8"))["carrier"]
    return table


@lru_cache(maxsize=1)
def crawlers() -> dict[str, tuple[str, ...]]:
    """Product tokens of AI crawlers by purpose: `training`, `retrieval`."""
    table = tomllib.loads((LISTS / "ai-crawlers.toml").read_text("utf-8"))
    return {purpose: tuple(table[purpose]) for purpose in ("training", "retrieval")}


_URL = re.compile(r"(?:https?:)?//(?:[^/?#\s@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#\s:\[]+)(?::\d*)?([^#\s]*)", re.IGNORECASE)


def split_url(url: str) -> tuple[str, str] | None:
    """(host in lower case, path with query) of an http address; None for anything else."""
    found = _URL.match(url.strip())
    if found is None:
        return None
    path = found[2] if found[2].startswith("/") else "/" + found[2]
    return found[1].lower().rstrip("."), path


# TDM Reservation Protocol


def _reservation(value: Any, carrier: str) -> list[Signal]:
    word = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if word == "1":
        return [Signal(carrier, DENY, "tdm-reservation is 1")]
    return [Signal(carrier, ALLOW, "tdm-reservation is 0")] if word == "0" else []


def tdm_file(rules: Any, path: str) -> list[Signal]:
    """What `tdmrep.json`, read as JSON, says of a path: the first rule that fits counts."""
    for rule in rules if isinstance(rules, list) else []:
        if not isinstance(rule, Mapping) or not isinstance(rule.get("location"), str):
            return []
        from haipkit.detectors.optout_robots import fits, normal_path

        location = rule["location"]
        if fits(normal_path(location if location.startswith(("/", "*")) else "/" + location), normal_path(path)):
            return _reservation(rule.get("tdm-reservation"), "tdm-file")
    return []


# AI preferences (drafts)


def usage(text: str, carrier: str) -> list[Signal]:
    """A usage preference such as `train-ai=n, search=y`. Older drafts said `bots`, `train-genai` and `genai`."""
    said = {}
    for member in text.split(","):
        key, equals, value = member.strip().partition("=")
        if not re.fullmatch(r"[a-z*][a-z0-9_.*-]*", key):
            return []
        said[key] = value.partition(";")[0].strip() if equals else ""
    for key in ("train-ai", "train-genai", "genai", "ai", "bots"):
        if said.get(key) in ("y", "n"):
            return [Signal(carrier, ALLOW if said[key] == "y" else DENY, f"{key}={said[key]}")]
    return []


def headers(fields: Mapping[str, str]) -> list[Signal]:
    """What HTTP response headers say. Names in any case."""
    found: list[Signal] = []
    for name, value in fields.items():
        key = name.strip().lower().replace("_", "-")
        if key == "tdm-reservation":
            found += _reservation(value, "tdm-header")
        elif key == "content-usage":
            found += usage(str(value), "aipref-header")
        elif key == "x-robots-tag" and (word := _noai(str(value))):
            found.append(Signal("noai-header", DENY, word))
    return found


def _noai(value: str) -> str:
    words = set(re.split(r"[\s,:]+", value.lower()))
    return next((word for word in ("noai", "noimageai") if word in words), "")


# Metadata in pages

_META = re.compile(r"<meta\b([^<>]{0,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def page(markup: str) -> list[Signal]:
    """What the meta elements of an HTML page say."""
    found: list[Signal] = []
    for element in _META.finditer(markup):
        values = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(element[1])}
        name, content = values.get("name", "").lower(), values.get("content", "")
        if name == "tdm-reservation":
            found += _reservation(content, "tdm-meta")
        elif name == "robots" and (word := _noai(content)):
            found.append(Signal("noai-meta", DENY, word))
    return found


# Deciding


def decide(signals: Iterable[Signal]) -> tuple[str, Signal | None]:
    """(allow, deny or unclear, the signal that decided). One refusal outweighs every permission; silence is unclear."""
    known = list(signals)
    for says, decision in ((DENY, "deny"), (DOUBT, "unclear"), (ALLOW, "allow")):
        for signal in known:
            if signal.says == says:
                return decision, signal
    return "unclear", None


def in_list(host: str, domains: frozenset[str]) -> str:
    """The entry of a list of domains that covers a host, or an empty text."""
    while host:
        if host in domains:
            return host
        host = host.partition(".")[2]
    return ""
