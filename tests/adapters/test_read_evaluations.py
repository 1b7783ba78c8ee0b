"""Readers of other evaluation tools: on files that pinned releases wrote, and on made-up ones for known faults."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from haipkit.adapters.detect_format import read_any
from haipkit.adapters.imported import Imported, Rate
from haipkit.kernel.errors import BadInput
from helpers.foreign_files import SAMPLES, check, sample

RESULTS = "results_2026-11-20T23-06-22.074456.json"
SAMPLES_OF_IT = "samples_opening_hours_2026-11-20T23-06-22.074456.jsonl"


def beside(name: str) -> bytes | None:
    path = SAMPLES / "evaluations" / name
    return path.read_bytes() if path.is_file() else None


def read(data: bytes, name: str = "log", **more: Any) -> list[Imported]:
    records = read_any(data, name=name, **more)
    check(records)
    assert all(record.body["result"] == "informational" for record in records)
    return records


def lines(*entries: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(entry).encode() for entry in entries)


def counts(record: Imported) -> tuple[int | None, ...]:
    return tuple(record.body.get(name) for name in ("samples", "scored", "errors"))


def limits(record: Imported) -> str:
    return " ".join(record.body["limitations"])


@pytest.mark.parametrize(
    ("name", "tool", "counted", "rates"),
    [
        ("inspect-0.3.285.eval", ("inspect_ai", "0.3.285"), (4, 4, 0), [("share scored C or 1: includes", 4, 4)]),
        (
            "garak-0.17.1.report.jsonl",
            ("garak", "0.17.1"),
            (9, 9, 0),
            [("failure rate: test.Blank, any.AnyOutput", 1, 1), ("failure rate: test.Test, always.Pass", 0, 8)],
        ),
        ("promptfoo-0.121.20.json", ("promptfoo", "0.121.20"), (3, 3, 0), [("failure rate", 1, 3)]),
        ("promptfoo-0.121.20-errors.json", ("promptfoo", "0.121.20"), (1, 0, 1), []),
        (RESULTS, ("lm-eval", "0.4.13"), (4, 4, 0), [("share scored 1: exact_match, none", 3, 4)]),
    ],
)
def test_logs_that_the_tools_wrote(
    name: str, tool: tuple[str, str], counted: tuple[int, ...], rates: list[tuple[str, int, int]]
) -> None:
    (record,) = read(sample(f"evaluations/{name}"), name, beside=beside)
    assert (record.tool.name, record.tool.version) == tool
    assert counts(record) == counted
    assert list(record.rates) == [Rate(*entry) for entry in rates]
    assert record.body["performed_on"] == "2026-11-20"
    assert "stand-in" in record.body["model"]


GARAK = (
    {"entry_type": "start_run setup", "run.eval_threshold": 0.5, "plugins.target_name": "m"},
    {"entry_type": "init", "garak_version": "0.17.1", "start_time": "2026-11-20T08:00:00"},
)
ENDED = {"entry_type": "completion", "end_time": "2026-11-20T09:00:00"}


def attempt(number: int, status: int, *scores: float | None, gone: bool = False) -> dict[str, Any]:
    outputs = [None if gone else {"text": "x"} for _ in scores]
    results = {"d.D": list(scores)} if status == 2 else {}
    probe = {"probe_classname": "malwaregen.Evasion", "outputs": outputs, "detector_results": results}
    return {"entry_type": "attempt", "uuid": str(number), "status": status, **probe}


def test_garak_counts_an_attempt_once_and_reads_no_interval() -> None:
    twice = [attempt(n, status, float(n < 64)) for n in range(117) for status in (1, 2)]
    said = {"entry_type": "eval", "passed": 117, "fails": 0, "confidence_lower": 0.0, "confidence_upper": 0.058}
    (record,) = read(lines(*GARAK, *twice, said, ENDED))
    assert record.rates == (Rate("failure rate: malwaregen.Evasion, d.D", 64, 117),)
    assert counts(record) == (117, 117, 0)
    assert record.body["domains"] == ["cyber"]
    assert "0.058" not in json.dumps(record.body)


def test_garak_on_the_threshold_unscored_without_answer_and_cut_off() -> None:
    entries = [attempt(1, 2, 0.5, 0.49), attempt(2, 2, None), attempt(3, 2, None, gone=True), attempt(4, 1, 1.0)]
    (record,) = read(lines(*GARAK, *entries))
    assert record.rates[0] == Rate("failure rate: malwaregen.Evasion, d.D", 1, 2)
    assert counts(record) == (5, 2, 1)
    assert "did not finish" in limits(record)
    assert "1 attempt without a judgement" in limits(record)


def test_garak_where_nothing_ran() -> None:
    (record,) = read(lines(*GARAK, ENDED))
    assert record.rates == ()
    assert "nothing was measured" in limits(record)


def test_promptfoo_errors_are_no_failures_and_providers_stand_apart() -> None:
    def test(provider: str, reason: int, passed: bool | None, plugin: str) -> dict[str, Any]:
        grading = None if passed is None else {"pass": passed}
        about = {"failureReason": reason, "gradingResult": grading, "metadata": {"pluginId": plugin}}
        return {"provider": {"id": provider}, "success": False, "error": "words", **about}

    tests = [
        test("a", 1, False, "bias:age"),
        test("a", 0, True, "bias:age"),
        test("a", 2, None, ""),
        test("b", 2, None, ""),
    ]
    log = {"results": {"version": 3, "timestamp": "2026-11-20T08:00:00Z", "results": tests}, "metadata": {}}
    first, second = read(json.dumps(log).encode())
    assert first.rates == (Rate("failure rate", 1, 2), Rate("failure rate: bias:age", 1, 2))
    assert counts(first) == (3, 2, 1)
    assert (first.body["domains"], first.body["method"]) == (["society"], "red-team")
    assert second.rates == ()
    assert "Every sample ended in an error (1)" in limits(second)


def test_promptfoo_where_nothing_ran() -> None:
    (record,) = read(json.dumps({"results": {"results": []}}).encode())
    assert "nothing was measured" in limits(record)
    assert "does not say when" in limits(record)


def test_lm_eval_without_its_samples_recounts_nothing_and_says_so() -> None:
    (record,) = read(sample(f"evaluations/{RESULTS}"), RESULTS)
    assert counts(record) == (None, None, None)
    assert record.rates == ()
    assert record.body["metrics"] == [{"name": "exact_match, none", "value": "0.75", "unit": "as reported", "n": 4}]
    assert "nothing could be recounted" in limits(record)


def test_lm_eval_keeps_what_the_log_does_not_hold_in_the_denominator() -> None:
    log = json.loads(sample(f"evaluations/{RESULTS}"))
    log["n-samples"]["opening_hours"]["effective"] = 9
    log["config"]["limit"] = 9
    means = lines(*({"doc_id": n, "filter": "none", "metrics": ["f1"], "f1": n / 4} for n in range(4)))
    (record,) = read(json.dumps(log).encode(), RESULTS, beside=lambda name: means)
    assert counts(record) == (9, 4, 0)
    assert record.body["metrics"] == [{"name": "mean: f1, none", "value": "0.375", "unit": "recounted", "n": 4}]
    assert "does not hold: 5" in limits(record)
    assert "limit 9" in limits(record)


def case(score: float | None, error: str | None = None) -> dict[str, Any]:
    return {"vulnerability": "Bias", "vulnerability_type": "race", "score": score, "error": error}


def test_deepteam_with_two_passes_and_98_errors_is_no_full_score() -> None:
    overview = {"vulnerability_type_results": [{"pass_rate": 1.0, "errored": 0}], "errored": 0}
    log = {"overview": overview, "test_cases": [case(1), case(1), *(case(None, "time-out") for _ in range(98))]}
    (record,) = read(json.dumps(log).encode())
    assert counts(record) == (100, 2, 98)
    assert record.rates[0] == Rate("failure rate", 0, 2)
    assert "98 samples of 100 ended in an error" in limits(record)
    assert record.body["domains"] == ["society"]


def test_deepteam_scores_between_name_no_outcome() -> None:
    (record,) = read(json.dumps({"overview": {}, "test_cases": [case(0), case(0.4)]}).encode())
    assert counts(record) == (2, 1, 0)
    assert record.rates[0] == Rate("failure rate", 1, 1)
    assert "between 0 and 1" in limits(record)


def memory(folder: Path, *statements: str, journal: str = "DELETE") -> bytes:
    path = folder / "memory.db"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA journal_mode = {journal}")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path.read_bytes()


ATTACKS = (
    "CREATE TABLE AttackResultEntries (id TEXT, outcome TEXT, timestamp TEXT, targeted_harm_categories TEXT)",
    "INSERT INTO AttackResultEntries SELECT value, 'failure', '2026-11-20 08:00:00', '[\"hate\"]' "
    "FROM json_each('[1,2,3]')",
    "INSERT INTO AttackResultEntries VALUES (4, 'success', '2026-11-20 09:00:00', NULL)",
    "INSERT INTO AttackResultEntries VALUES (5, 'error', '2026-11-20 09:00:00', NULL)",
    "INSERT INTO AttackResultEntries VALUES (6, 'undetermined', '2026-11-20 09:00:00', NULL)",
    "CREATE TABLE PromptMemoryEntries (id TEXT, pyrit_version TEXT)",
    "INSERT INTO PromptMemoryEntries VALUES (1, '1.1.0')",
)


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_pyrit_success_is_that_of_the_attack(tmp_path: Path, journal: str) -> None:
    (record,) = read(memory(tmp_path, *ATTACKS, journal=journal))
    assert (record.tool.name, record.tool.version) == ("PyRIT", "1.1.0")
    assert record.rates == (Rate("failure rate (the attack succeeded)", 1, 4),)
    assert counts(record) == (6, 4, 1)
    assert record.occurred_at == "2026-11-20T09:00:00Z"
    assert record.body["domains"] == ["society"]


def test_pyrit_of_an_earlier_form_with_fewer_columns(tmp_path: Path) -> None:
    statements = (
        "CREATE TABLE AttackResultEntries (outcome TEXT)",
        "INSERT INTO AttackResultEntries VALUES ('FAILURE')",
    )
    (record,) = read(memory(tmp_path, *statements))
    assert record.rates[0].n == 1
    assert record.tool.version == "unknown"


def test_moonshot_and_ai_verify_say_that_their_form_is_recalled() -> None:
    entries = [{"prompt": "p", "predicted_result": "r", "target": "t"}, {"prompt": "p", "predicted_result": ""}]
    run = {"id": "run", "start_time": "2026-11-20 08:00:00", "end_time": "", "status": "completed"}
    (record,) = read(json.dumps({**run, "raw_results": {"recipe": [{"data": entries}]}}).encode())
    assert counts(record) == (2, 0, 1)
    assert "recalled" in limits(record)
    test = {"gid": "g", "cid": "fairness", "startTime": "2026-11-20T08:00:00Z", "testArguments": {}}
    (record,) = read(json.dumps({**test, "output": {"gap": {"age": 0.25}, "rows": [1]}}).encode())
    assert record.body["metrics"] == [{"name": "gap.age", "value": "0.25", "unit": "as reported"}]
    assert "recalled" in limits(record)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lines({"goal": "g", "attempt_id": "1", "probe": "p", "detector": "d"}), "hit log"),
        (lines({"doc_id": 1, "filtered_resps": []}), "do not say what was run"),
        (lines({"entry_type": "init"}) + b"\n{cut", "line 2"),
        (lines({"entry_type": "init"}, {"entry_type": "attempt", "status": 2, "outputs": 3}), "outputs is not a list"),
        (lines({"entry_type": "start_run setup", "run.eval_threshold": "high"}), "not a number"),
        (b"SQLite format 3\x00" + b"\x01" * 200, "cannot be read"),
        (json.dumps({"results": {"results": [3]}}).encode(), "expected an object"),
        (json.dumps({"overview": {}, "test_cases": [[]]}).encode(), "expected an object"),
        (
            json.dumps({"id": "x", "start_time": "", "status": "", "raw_results": {"a": 3}}).encode(),
            "expected an object",
        ),
        (json.dumps({"id": "x", "start_time": "", "status": "", "raw_results": {"a": [{}]}}).encode(), "no data"),
        (json.dumps({"gid": "", "cid": "", "testArguments": {}, "output": 3, "startTime": ""}).encode(), "not a test"),
        (json.dumps({"results": {"t": 3}, "lm_eval_version": "1"}).encode(), "expected an object"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_any(data, name="log")


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE other (a)", "CREATE VIEW AttackResultEntries AS SELECT 'success' AS outcome"],
)
def test_other_databases_are_refused(tmp_path: Path, statement: str) -> None:
    with pytest.raises(BadInput, match="no results of attacks"):
        read_any(memory(tmp_path, statement), name="memory.db")
