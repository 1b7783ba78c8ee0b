"""Output of promptfoo (`-o out.json`) → one `evaluation/1` record a prompt and provider, recounted test by test.

`failureReason` 2 is an error and no failure: the tool's own exit code does not tell a dead target from a bad one.
"""

from typing import Any

from haipkit.adapters._evaluation import Counted, rate
from haipkit.adapters._limits import MAX_BYTES, read_json
from haipkit.adapters._values import instant, items, line, mapping, words
from haipkit.adapters.imported import Imported
from haipkit.kernel.errors import BadInput

_ERROR = 2


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> list[Imported]:
    """One record for each provider, in the order of the file. Raises BadInput for other JSON."""
    log = read_json(data, name, max_bytes)
    results = log.get("results") if isinstance(log, dict) else None
    if not isinstance(results, dict) or not isinstance(results.get("results"), list):
        raise BadInput("this is not output of promptfoo: it has no results.results", where=f"{name}, $")
    groups: dict[str, list[dict[str, Any]]] = {}
    for test in items(results["results"], f"{name}, $.results.results"):
        groups.setdefault(_provider(test, name), []).append(test)
    return [_record(log, tests, provider, name).record() for provider, tests in (groups or {"unknown": []}).items()]


def _provider(test: dict[str, Any], name: str) -> str:
    given = test.get("provider")
    about = {"id": given} if isinstance(given, str) else mapping(given, f"{name}, provider")
    return line(about.get("label") or about.get("id"), "unknown", 200)


def _record(log: dict[str, Any], tests: list[dict[str, Any]], provider: str, name: str) -> Counted:
    about = mapping(log.get("metadata"), f"{name}, $.metadata")
    config = mapping(log.get("config"), f"{name}, $.config")
    found = Counted("promptfoo", line(about.get("promptfooVersion"), "unknown", 100), name, "", provider)
    found.task = line(config.get("description"), "promptfoo evaluation", 200)
    when = mapping(log.get("results"), name).get("timestamp") or about.get("evaluationCreatedAt")
    found.occurred_at = instant(when, "time of the run", found.notes)
    failed = 0
    by_plugin: dict[str, list[int]] = {}
    for test in tests:
        found.samples = (found.samples or 0) + 1
        outcome = _outcome(test)
        if outcome is None:
            found.errors += bool(test.get("failureReason") == _ERROR or test.get("error"))
            continue
        found.scored += 1
        failed += not outcome
        plugin = words(mapping(test.get("metadata"), f"{name}, metadata").get("pluginId"))
        if plugin:
            found.subjects += [plugin] if plugin not in found.subjects else []
            tally = by_plugin.setdefault(plugin, [0, 0])
            tally[0] += not outcome
            tally[1] += 1
    found.method = "red-team" if by_plugin else "functional"
    found.rates.append(rate("failure rate", failed, found.scored))
    found.rates += [rate(f"failure rate: {plugin}", *tally) for plugin, tally in sorted(by_plugin.items())]
    stated = mapping(mapping(log.get("results"), name).get("stats"), f"{name}, $.results.stats").get("errors")
    if stated is None:
        found.notes.append("The file states no number of errors; they were counted from the tests.")
    return found


def _outcome(test: dict[str, Any]) -> bool | None:
    """Whether the system passed; None where the test was not decided."""
    if test.get("failureReason") == _ERROR:
        return None
    grading = test.get("gradingResult")
    if isinstance(grading, dict) and isinstance(grading.get("pass"), bool):
        return bool(grading["pass"])
    if test.get("error"):
        return None
    success = test.get("success")
    return success if isinstance(success, bool) else None
