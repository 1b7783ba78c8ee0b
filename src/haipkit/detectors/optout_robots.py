"""robots.txt as RFC 9309 has it: groups, product tokens, the longest match. With the rules that drafts add for AI use.

Reads a text that was stored; fetches nothing. Of a file, the first 500 KiB count (section 2.5).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from haipkit.detectors.optout import ALLOW, DENY, DOUBT, Signal, usage

LIMIT = 500 * 1024
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_CODED = re.compile(r"%([0-9A-Fa-f]{2})")


@dataclass
class Group:
    """Rules for some product tokens, in lower case. A rule: (allowed?, pattern)."""

    agents: set[str] = field(default_factory=set)
    rules: list[tuple[bool, str]] = field(default_factory=list)
    usages: list[tuple[str, str]] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)


def normal_path(path: str) -> str:
    """A path or pattern as it is compared: unreserved letters plain, all else outside ASCII as %XX (section 2.2.2)."""

    def plain(found: re.Match[str]) -> str:
        letter = chr(int(found[1], 16))
        return letter if letter in _UNRESERVED else found[0].upper()

    text = "".join(
        letter if " " < letter < "\x7f" else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))
        for letter in path
    )
    return _CODED.sub(plain, text)


def fits(pattern: str, path: str) -> bool:
    """Does the pattern match the path from its start? `*` stands for anything, `$` at the end for the end."""
    ends = pattern.endswith("$")
    first, *others = (pattern[:-1] if ends else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not others:
        return at == len(path) if ends else True
    last = others.pop() if ends else ""
    for piece in others:
        place = path.find(piece, at)
        if place < 0:
            return False
        at = place + len(piece)
    return len(path) - len(last) >= at and path.endswith(last) if ends else True


def _token(name: str) -> str:
    return name.strip().partition("/")[0].strip().lower()


def parse(text: str) -> list[Group]:
    """The groups of a robots.txt. Lines that are not understood are passed over, as the standard asks."""
    groups: list[Group] = []
    naming = False
    for raw in re.split(r"\r\n|\r|\n", text[:LIMIT].removeprefix("\N{BYTE ORDER MARK}")):
        name, colon, value = raw.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            if not naming:
                groups.append(Group())
            groups[-1].agents.add(_token(value))
            naming = True
        elif name in ("allow", "disallow", "content-usage", "content-signal"):
            naming = False
            if groups:
                _rule(groups[-1], name, value)
    return groups


def _rule(group: Group, name: str, value: str) -> None:
    if name == "content-usage":
        pattern, _, preference = value.partition(" ") if value.startswith("/") else ("/", "", value)
        group.usages.append((normal_path(pattern.strip()), preference.strip()))
    elif name == "content-signal":
        group.signals.append(value)
    elif value:
        group.rules.append((name == "allow", normal_path(value)))


def group_for(groups: Sequence[Group], agent: str) -> Group:
    """All groups that name the agent as one; else those for `*`; else an empty group (section 2.2.1)."""
    token = _token(agent)
    chosen = [one for one in groups if token in one.agents] or [one for one in groups if "*" in one.agents]
    merged = Group({token})
    for one in chosen:
        merged.rules += one.rules
        merged.usages += one.usages
        merged.signals += one.signals
    return merged


def rule_for(group: Group, path: str) -> tuple[bool, str]:
    """(allowed?, the pattern that decided). The longest pattern counts; of two equal ones the one that allows."""
    path = normal_path(path)
    if path == "/robots.txt":
        return True, ""
    best = (-1, True, "")
    for allowed, pattern in group.rules:
        if (len(pattern), allowed) > best[:2] and fits(pattern, path):
            best = (len(pattern), allowed, pattern)
    return best[1], best[2]


class Robots:
    """A parsed robots.txt and some product tokens that it is asked about."""

    def __init__(self, text: str, agents: Iterable[str]) -> None:
        groups = parse(text)
        named = {agent for one in groups for agent in one.agents}
        self._asked: dict[str, Group] = {}
        others = group_for(groups, "*")
        for agent in agents:
            if _token(agent) in named:
                self._asked[agent] = group_for(groups, agent)
        self._asked["*"] = others
        self.known = bool(groups)

    def signals(self, path: str) -> list[Signal]:
        """What the file says of a path: one refusal of an agent that was asked about is a refusal."""
        if not self.known:
            return []
        found: list[Signal] = []
        refused: dict[str, str] = {}
        for agent, group in self._asked.items():
            allowed, pattern = rule_for(group, path)
            if not allowed:
                refused[agent] = pattern
            else:
                found += _preferences(group, path)
        if refused:
            agents = ", ".join(sorted(refused)[:4]) + (" and others" if len(refused) > 4 else "")
            pattern = next(iter(refused.values()))
            return [
                Signal("robots", DENY, f"disallows {pattern[:80]} for {agents.replace('*', 'all crawlers')}"),
                *found,
            ]
        return [Signal("robots", ALLOW, "disallows none of the crawlers asked about"), *found]


def _preferences(group: Group, path: str) -> list[Signal]:
    found: list[Signal] = []
    path = normal_path(path)
    fitting = [(len(pattern), said) for pattern, said in group.usages if fits(pattern, path)]
    for size, said in fitting:
        if size == max(fitting)[0]:
            found += usage(said, "aipref-robots")
    for said in group.signals:
        for member in said.split(","):
            key, _, value = (part.strip().lower() for part in member.partition("="))
            if key == "ai-train" and value in ("yes", "no"):
                found.append(Signal("content-signal", ALLOW if value == "yes" else DENY, f"ai-train={value}"))
    return found


def ai_txt(text: str, path: str) -> list[Signal]:
    """What an `ai.txt` in the form of robots.txt says: everybody is meant. Patterns may name endings (`*.txt`)."""
    group = group_for(parse(text), "*")
    if not group.rules:
        return []
    allowed, pattern = rule_for(group, path)
    if not allowed:
        return [Signal("ai-txt", DENY, f"disallows {pattern[:80]}")]
    endings = [pattern for allows, pattern in group.rules if not allows and pattern in ("*.txt", "*.htm", "*.html")]
    if endings:
        return [Signal("ai-txt", DOUBT, f"disallows {', '.join(endings)}; the page's address has no such ending")]
    return [Signal("ai-txt", ALLOW, "does not disallow it")]
