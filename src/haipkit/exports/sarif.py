"""Checks that did not pass, as SARIF 2.1.0 (OASIS): code-scanning views show them."""

import json
from collections.abc import Sequence
from importlib.metadata import version

from haipkit.exports.junit import Case

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"FAIL": "error", "INVALID": "error", "UNDECIDED": "warning"}


def sarif_json(cases: Sequence[Case]) -> bytes:
    """One run; a rule for each check, a result for each that did not pass."""
    rules = [{"id": name, "shortDescription": {"text": title}} for name, title, _, _ in cases]
    results = [
        {
            "ruleId": name,
            "level": _LEVELS[verdict],
            "message": {"text": f"{verdict}: {reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "haip.toml"}}}],
        }
        for name, _, verdict, reason in cases
        if verdict in _LEVELS
    ]
    tool = {"driver": {"name": "haipkit", "version": version("haipkit"), "rules": rules}}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": tool, "results": results}]}
    return (json.dumps(log, ensure_ascii=False, indent=1) + "\n").encode()
