"""What the probes of a suite have in common: written once in its TOML file, and named by the probes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haipkit.kernel.errors import BadInput

_TABLES = ("systems", "tools", "results", "scores")
_TYPES = {"text": "string", "number": "number", "whole": "integer", "boolean": "boolean"}


@dataclass(frozen=True)
class Shared:
    """`every`: fields of each probe that does not have them itself. The others are by name."""

    every: Mapping[str, Any] = field(default_factory=dict)
    systems: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)

    def completed(self, value: Any, where: str) -> Any:
        """The probe with what it names put in place. Raises BadInput for a name that stands for nothing."""
        if not isinstance(value, dict):
            return value
        whole = {**self.every, **value}
        system = whole.get("system")
        if isinstance(system, str) and system.startswith("@"):
            whole["system"] = self._found("systems", system[1:], where)
        for name, table in (("score", "scores"), ("results", "results")):
            if isinstance(whole.get(name), str):
                whole[name] = self._found(table, whole[name], where)
        if isinstance(whole.get("tools"), list):
            tools = whole["tools"]
            whole["tools"] = [self._found("tools", one, where) if isinstance(one, str) else one for one in tools]
        return whole

    def _found(self, table: str, name: str, where: str) -> Any:
        known = getattr(self, table)
        if name not in known:
            raise BadInput(
                f"there is no {name!r} under [shared.{table}]",
                where=where,
                advice=f"There are: {', '.join(known)}." if known else "Add it to the TOML file.",
            )
        return known[name]


def read_shared(data: Any, where: str = "") -> Shared:
    """From the `[shared]` table of a suite. A tool there is a sentence under `does`, and `arguments` with their types
    (text, number, whole, boolean, or a list of the words allowed). Raises BadInput."""
    if not isinstance(data, dict) or not all(isinstance(value, dict) for value in data.values()):
        raise BadInput("[shared] holds tables", where=where)
    unknown = sorted(set(data) - {"every", *_TABLES})
    if unknown:
        raise BadInput(f"[shared] has no table {unknown[0]!r}", where=where, advice=f"every, {', '.join(_TABLES)}")
    tools = {name: _tool(name, given, where) for name, given in data.get("tools", {}).items()}
    rest = {name: data.get(name, {}) for name in ("every", "systems", "results", "scores")}
    return Shared(tools=tools, **rest)


def _tool(name: str, given: Any, where: str) -> dict[str, Any]:
    """As the chat completions API describes a function."""
    place = f"{where}, shared.tools.{name}".removeprefix(", ")
    if not isinstance(given, dict) or set(given) - {"does", "arguments"} or not isinstance(given.get("does"), str):
        raise BadInput("a tool has a sentence under does, and arguments", where=place)
    properties: dict[str, Any] = {}
    for argument, kind in given.get("arguments", {}).items():
        if isinstance(kind, list):
            properties[argument] = {"type": "string", "enum": kind}
        elif kind in _TYPES:
            properties[argument] = {"type": _TYPES[kind]}
        else:
            raise BadInput(f"{argument} is none of {', '.join(_TYPES)}, nor a list of words", where=place)
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": given["does"], "parameters": parameters}}
