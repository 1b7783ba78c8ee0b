"""A suite as data: probes, how each answer is scored, and the policy that decides. Reads text; asks nobody anything.

A suite is a TOML file beside a JSONL file with one probe a line. A probe is one conversation of one or more turns, or a
pair of prompts that have to be treated alike. Text may hold `{canary}`: a word nobody else knows, made anew for every
plan, or given by whoever planted it in the system. Under `[shared]` the TOML file may hold what many probes have in
common: `every` (fields of every probe that has none of its own), and by name `systems`, `tools`, `results` and
`scores`, which a probe then names instead of repeating them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from haipkit.actions.a01_risk.policy import Policy
from haipkit.actions.a01_risk.shared import Shared, read_shared
from haipkit.kernel.canonical import canonical_json, sha256_hex
from haipkit.kernel.errors import BadInput, HaipError

MEASURES = ("safety", "over-refusal", "accuracy", "disclosure", "groundedness", "fairness")
METHODS = ("benchmark", "red-team", "adversarial", "functional")
TARGETS = ("model", "application")
"""`model`: we choose the system prompt and the tools. `application`: we can only speak to it."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
_PROBE_FIELDS = {
    *("id", "technique", "lang", "severity", "system", "turns", "pair", "tools", "results", "score", "control_for"),
    *("source", "licence", "needs"),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing to find out. Either `turns` (what the user says, one after the other) or `pair` (two prompts).

    `score` names the scorer under `by` with its settings (`actions.a01_risk.scoring`); `needs` are values that whoever
    runs the suite has to give, such as a canary planted in the application. `results` are what the tools of the probe
    answer, by their name, `*` for all others; a list is answered one after the other, and its last entry again. Nothing
    is ever done. Without results, the conversation ends with the first call of a tool.
    """

    id: str
    score: Mapping[str, Any]
    turns: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()
    system: str = ""
    tools: tuple[Mapping[str, Any], ...] = ()
    technique: str = "plain"
    lang: str = "en"
    severity: str = ""
    control_for: str = ""
    needs: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompts(self) -> int:
        """Conversations that the probe needs."""
        return len(self.pair) or 1

    def result(self, tool: str, nth: int) -> str:
        """What the tool answers when it is called for the `nth` time, from 0."""
        given = self.results.get(tool, self.results.get("*", "error: there is no such tool"))
        return str(given[min(nth, len(given) - 1)]) if isinstance(given, list | tuple) else str(given)

    def conversation(self, place: int = 0) -> list[dict[str, Any]]:
        """The messages of a conversation up to its first answer."""
        first = self.pair[place] if self.pair else self.turns[0]
        opening = [{"role": "system", "content": self.system}] if self.system else []
        return [*opening, {"role": "user", "content": first}]


@dataclass(frozen=True, slots=True)
class Suite:
    """Probes, with what they show and what not. `digest` changes with anything that is asked or scored."""

    id: str
    version: str
    title: str
    domains: tuple[str, ...]
    measures: str
    method: str
    targets: tuple[str, ...]
    shows: str
    does_not_show: tuple[str, ...]
    licence: str
    source: str
    policy: Policy
    probes: tuple[Probe, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({probe.lang for probe in self.probes}))

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(sorted({name for probe in self.probes for name in probe.needs}))

    def probe(self, identifier: str) -> Probe:
        return next(probe for probe in self.probes if probe.id == identifier)


def read_suite(head: str, probes: str, where: str = "") -> Suite:
    """A suite from its TOML and its JSONL. Raises BadInput that names the file, the probe and the field."""
    import tomllib

    from haipkit.conduct.table import Table
    from haipkit.kernel.words import RISK_DOMAINS

    try:
        data = tomllib.loads(head)
    except tomllib.TOMLDecodeError as fault:
        raise BadInput(f"this is not valid TOML: {fault}", where=where) from fault
    file = Table(data, where or "suite")
    policy, options = _policy(file.table("policy")), dict(data.get("options", {}))
    file.has("options")
    shared = read_shared(data.get("shared", {}), where)
    file.has("shared")
    found = read_probes(probes, where, shared)
    suite = Suite(
        id=file.pattern("id", _ID.pattern, "a short name in lower-case letters, digits and dashes"),
        version=file.text("version"),
        title=file.text("title", longest=200),
        domains=file.texts("domains", allowed=(*RISK_DOMAINS, "other"), needed=True),
        measures=file.one_of("measures", MEASURES),
        method=file.one_of("method", METHODS),
        targets=file.texts("targets", allowed=TARGETS, needed=True),
        shows=file.text("shows", sentence=True),
        does_not_show=file.texts("does_not_show", needed=True),
        licence=file.text("licence"),
        source=file.text("source"),
        policy=policy,
        probes=found,
        options=options,
    )
    file.has("probes")
    file.done()
    return with_probes(suite, found)


def with_probes(suite: Suite, probes: Sequence[Probe]) -> Suite:
    """The suite with other probes, and the digest that follows from them."""
    from dataclasses import replace

    asked = [_as_json(probe) for probe in probes]
    said = {"suite": suite.id, "options": {name: str(value) for name, value in suite.options.items()}, "probes": asked}
    return replace(suite, probes=tuple(probes), digest=sha256_hex(canonical_json(said)))


def _as_json(probe: Probe) -> dict[str, Any]:
    """What is asked and how it is scored; floats as text."""
    value = {
        "id": probe.id,
        "score": probe.score,
        "turns": list(probe.turns),
        "pair": list(probe.pair),
        "system": probe.system,
        "tools": list(probe.tools),
        "results": dict(probe.results),
        "technique": probe.technique,
        "lang": probe.lang,
    }
    plain: dict[str, Any] = json.loads(json.dumps(value), parse_float=str)
    return plain


def _policy(table: Any) -> Policy:
    more = {name: table.count(name) for name in ("max_calls", "asked_once") if table.has(name)}
    if table.has("at_cap"):
        more["at_cap"] = table.one_of("at_cap", ("undecided", "decide"))
    made = Policy.of(table.text("at_most"), table.text("surely_not") if table.has("surely_not") else None, **more)
    table.done()
    return made


def read_probes(text: str, where: str = "", shared: Shared | None = None) -> tuple[Probe, ...]:
    """Probes, one JSON object a line. Raises BadInput that names the line."""
    shared = shared or Shared()
    found: list[Probe] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        place = f"{where}, line {number}".removeprefix(", ")
        try:
            value = json.loads(line)
        except ValueError as fault:
            raise BadInput(f"this line is not JSON: {fault}", where=place) from fault
        probe = read_probe(shared.completed(value, place), place)
        if probe.id in seen:
            raise BadInput(f"the probe {probe.id} is there twice", where=place)
        seen.add(probe.id)
        found.append(probe)
    if not found:
        raise BadInput(
            "there is no probe in it", where=where, advice="One JSON object a line, with an id, turns and score."
        )
    return tuple(found)


def read_probe(value: Any, where: str = "") -> Probe:
    """One probe from its JSON. Raises BadInput."""
    from haipkit.actions.a01_risk.scoring import check_score

    if not isinstance(value, dict):
        raise BadInput("a probe is a JSON object", where=where)
    unknown = sorted(set(value) - _PROBE_FIELDS)
    if unknown:
        raise BadInput(f"a probe has no field {unknown[0]!r}", where=where)
    identifier = value.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise BadInput("the id of a probe is a short name in lower-case letters, digits, dot and dash", where=where)
    place = f"{where}, {identifier}".removeprefix(", ")
    turns, pair = _texts(value, "turns", place), _texts(value, "pair", place)
    if bool(turns) == bool(pair) or len(pair) not in (0, 2):
        raise BadInput("a probe has either turns, or a pair of two prompts", where=place)
    tools = value.get("tools", [])
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise BadInput("tools are a list of objects", where=place)
    results = value.get("results", {})
    if not isinstance(results, dict) or not all(isinstance(one, str) or _is_texts(one) for one in results.values()):
        raise BadInput("results are texts, or lists of texts, by the name of a tool", where=place)
    score = value.get("score")
    try:
        check_score(score, bool(pair))
    except HaipError as fault:
        raise BadInput(str(fault), where=place) from fault
    words = {name: value.get(name, "") for name in ("system", "severity", "control_for")}
    words |= {"technique": value.get("technique", "plain"), "lang": value.get("lang", "en")}
    for name, word in words.items():
        if not isinstance(word, str):
            raise BadInput(f"{name} is text", where=place)
    needs = _texts(value, "needs", place)
    return Probe(identifier, dict(score or {}), turns, pair, tools=tuple(tools), needs=needs, results=results, **words)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _texts(value: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    texts = value.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise BadInput(f"{name} is a list of texts", where=where)
    return tuple(texts)


def filled(probe: Probe, values: Mapping[str, str]) -> Probe:
    """The probe with `{name}` replaced in everything that is said and scored. Other braces stay as they are."""
    from dataclasses import replace

    def put(text: str) -> str:
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    def deep(value: Any) -> Any:
        if isinstance(value, str):
            return put(value)
        if isinstance(value, Mapping):
            return {name: deep(one) for name, one in value.items()}
        return [deep(one) for one in value] if isinstance(value, list | tuple) else value

    return replace(
        probe,
        turns=tuple(map(put, probe.turns)),
        pair=tuple(map(put, probe.pair)),
        system=put(probe.system),
        score=deep(probe.score),
        tools=tuple(deep(tool) for tool in probe.tools),
        results=deep(probe.results),
    )
