"""`haip evaluate export` and `import`: our runs as logs of Inspect, and other tools' logs as records."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from haipkit.adapters.detect_format import read_any
from haipkit.exports.inspect_log import Asked, Exported, Judged, as_eval, as_json
from haipkit.records.record import Record
from haipkit.workspace.ask import history
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip
from helpers.foreign_files import SAMPLES, check

WORD = "canary-lemon-basket-4711"
SYSTEM = f"""
def leaky(messages):
    return "My notes say {WORD}" if "debug" in messages[-1]["content"].lower() else "How can I help?"

def broken(messages):
    raise RuntimeError("out of order")
"""


@pytest.fixture
def shop(bakery: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (bakery / "answering.py").write_text(SYSTEM)
    monkeypatch.syspath_prepend(bakery)
    monkeypatch.delitem(sys.modules, "answering", raising=False)
    words = ("--system", "helpdesk", "--version", "1.0", "--released-on", "2026-11-01", "--summary", "The help desk")
    done("add", "release", "1.0", *words)
    return bakery


def ran(function: str) -> None:
    words = ("--system", "helpdesk/1.0", "--callable", f"answering:{function}", "--value", f"canary={WORD}")
    done("evaluate", "plan", "prompt-leak", *words, "--name", "leak")
    haip("evaluate", "run", "leak")


def evaluations() -> list[Record]:
    with open_workspace() as workspace:
        return history(workspace, kinds=["evaluation/1"])


@pytest.mark.parametrize("suffix", [".eval", ".json"])
def test_a_run_goes_out_and_reads_back_with_the_same_counts(shop: Path, suffix: str) -> None:
    ran("leaky")
    ours = evaluations()[-1].body
    path = shop / f"run{suffix}"
    said = done("evaluate", "export", "leak", path).out
    assert "planted words included" in said
    (back,) = read_any(path.read_bytes(), name=path.name)
    check([back])
    assert back.tool.name == "inspect_ai"
    assert back.body["samples"] == back.body["scored"]
    assert back.body["samples"] >= ours["samples"]
    failed = back.rates[0].n - back.rates[0].hits
    assert failed >= 1
    metrics = {entry["name"]: entry["value"] for entry in back.body["metrics"]}
    assert metrics["verdict FAIL"] == "1"
    assert float(metrics["failure rate"]) == pytest.approx(float(ours["metrics"][0]["value"]), abs=1e-4)
    log = json.loads(path.read_bytes()) if suffix == ".json" else header(path)
    assert log["metadata"]["journal_sha256"] == ours["journal_sha256"]
    assert log["metadata"]["plans_sha256"] == [ours["plan"]]


def header(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        assert {"_journal/start.json", "summaries.json", "header.json"} <= set(archive.namelist())
        found: dict[str, Any] = json.loads(archive.read("header.json"))
        return found


def test_errors_stay_samples_with_their_error(shop: Path) -> None:
    ran("broken")
    path = shop / "run.json"
    done("evaluate", "export", "leak.1", path)
    log = json.loads(path.read_bytes())
    assert all("out of order" in sample["error"]["message"] for sample in log["samples"])
    assert "verdict INVALID" in log["results"]["scores"][0]["metrics"]
    (back,) = read_any(path.read_bytes(), name="run.json")
    assert back.body["errors"] == back.body["samples"] > 0
    assert "nothing was measured" in " ".join(back.body["limitations"])


def test_where_there_is_no_run_or_no_such_form(shop: Path) -> None:
    ran("leaky")
    assert "neither .eval nor .json" in haip("evaluate", "export", "leak", shop / "run.txt").err
    assert "no run of 'other'" in haip("evaluate", "export", "other", shop / "run.eval").err
    assert not (shop / "run.txt").exists()


def a_run() -> Exported:
    user = {"role": "user", "content": "May I?"}
    call = {"id": "c1", "type": "function", "function": {"name": "valve.open", "arguments": '{"by": 3}'}}
    torn = {"id": "c2", "type": "function", "function": {"name": "valve.open", "arguments": '{"by"'}}
    tools = [user, {"role": "assistant", "content": "", "tool_calls": [call, torn]}]
    tools += [{"role": "tool", "tool_call_id": "c1", "content": "done"}, {"role": "assistant", "content": "Opened."}]
    probes = [
        Asked("tools", 0, "t-1", [tools], "fail", "opened it", True, True, "m", "stop", 5, 3, 0.5),
        Asked("tools", 1, "t-2", [[{"role": "system", "content": "Be kind."}, user]], "error", "time-out", True, True),
        Asked("tools", 2, "t-3", [[user, {"role": "assistant", "content": "Hm."}]], "unscored", "unclear", False, True),
        Asked("tools", 3, "t-4", [[user, {"role": "assistant", "content": "No."}]], "pass", "refused", True, False),
    ]
    numbers = {"failure rate": 0.5, "calls": 4.0}
    suites = [Judged("tools", "UNDECIDED", numbers, 2, 1, {"reason": "not sure yet"})]
    identity = {"plan": "p", "run": 1, "journal_sha256": "ab" * 32}
    return Exported("helpdesk/1.0: p", "m", "2026-11-20T08:00:00Z", "0.1.0", True, identity, suites, probes)


def test_tools_errors_and_what_has_no_grade() -> None:
    log = json.loads(as_json(a_run()))
    first, second, third, fourth = log["samples"]
    made = first["messages"][1]["tool_calls"]
    assert made[0]["arguments"] == {"by": 3}
    assert (made[1]["arguments"], "parse_error" in made[1]) == ({}, True)
    assert first["scores"]["tools"]["value"] == "I"
    assert first["output"]["choices"][0]["stop_reason"] == "stop"
    assert (second["error"]["message"], "scores" in second) == ("time-out", False)
    assert ("scores" in third, third["metadata"]["unscored"]) == (False, "unclear")
    assert (fourth["scores"]["tools"]["value"], fourth["metadata"]["read_by_verdict"]) == ("C", False)
    assert as_eval(a_run()) == as_eval(a_run())


_CHECK = """
import json, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
for path in sys.argv[1:]:
    log = read_eval_log(path)
    short = read_eval_log_sample_summaries(path)
    print(json.dumps([log.status, len(log.samples), len(short), sorted(log.results.scores[0].metrics),
          [bool(s.error) for s in short], log.samples[0].messages[1].tool_calls[0].arguments]))
"""


# Asked only where the interpreter of an environment with inspect_ai is named: it is too large for every run.
if "HAIP_INSPECT_PYTHON" in os.environ:

    def test_the_loader_of_inspect_reads_it(tmp_path: Path) -> None:
        for name, data in (("run.eval", as_eval(a_run())), ("run.json", as_json(a_run()))):
            (tmp_path / name).write_bytes(data)
        command = [
            os.environ["HAIP_INSPECT_PYTHON"],
            "-c",
            _CHECK,
            str(tmp_path / "run.eval"),
            str(tmp_path / "run.json"),
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        metrics = ["calls", "failure rate", "verdict UNDECIDED"]
        assert [json.loads(line) for line in told] == [
            ["success", 4, 4, metrics, [False, True, False, False], {"by": 3}]
        ] * 2


def test_other_tools_results_become_records_with_an_interval_of_our_own(shop: Path) -> None:
    folder = SAMPLES / "evaluations"
    results = next(folder.glob("results_*.json"))
    names = (folder / "garak-0.17.1.report.jsonl", folder / "promptfoo-0.121.20.json", results)
    done("evaluate", "import", *names, "--for", "helpdesk/1.0", "--domain", "society")
    garak, promptfoo, lm_eval = evaluations()
    assert [record.header.tool.name for record in (garak, promptfoo, lm_eval)] == ["garak", "promptfoo", "lm-eval"]  # type: ignore[union-attr]
    safe = next(metric for metric in garak.body["metrics"] if "always.Pass" in metric["name"])
    assert (safe["value"], safe["low"]) == ("0.0000", "0.0000")
    assert float(safe["high"]) > 0.25
    (rate,) = promptfoo.body["metrics"]
    assert float(rate["low"]) < 1 / 3 < float(rate["high"])
    assert len(lm_eval.header.attachments) == 2
    assert garak.body["domains"] == ["society"]


def stand_in(folder: Path, text: str) -> Path:
    """A program that takes the place of a Python with inspect_ai."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\nwhile [ "$1" != "--log-dir" ]; do shift; done\n{text}\n')
    path.chmod(0o755)
    return path


def test_a_task_of_inspect_runs_and_its_log_is_kept(shop: Path) -> None:
    log = SAMPLES / "evaluations" / "inspect-0.3.285.eval"
    python = stand_in(shop, f'mkdir -p "$2"; cp "{log}" "$2/run.eval"')
    words = ("task.py", "--model", "openai/stand-in", "--for", "helpdesk/1.0", "--python", python)
    assert "opening_hours" in done("evaluate", "inspect", *words, "--stage", "deployment").out
    kept = evaluations()[-1]
    assert (kept.header.origin, kept.body["stage"], kept.body["samples"]) == ("imported", "deployment", 4)
    stand_in(shop, f'cp "{log}" "$2/second.eval"; exit 3')
    assert haip("evaluate", "inspect", *words, "--key", "again").code == 1
    stand_in(shop, f'cp "{log}" "$2/third.eval"')
    lost = haip("evaluate", "inspect", *words[:-3], "nobody", *words[-2:])
    assert (lost.code, "third.eval" in lost.err) == (66, True)


def test_inspect_that_is_missing_or_writes_nothing(shop: Path) -> None:
    words = ("evaluate", "inspect", "task.py", "--model", "m", "--for", "helpdesk/1.0")
    missing = haip(*words)
    assert (missing.code, "--python" in missing.err) == (69, True)
    assert haip(*words, "--python", shop / "nowhere").code == 65
    silent = haip(*words, "--python", stand_in(shop, 'echo "no such task" >&2; exit 1'))
    assert silent.code == 69
    assert "no such task" in silent.err
