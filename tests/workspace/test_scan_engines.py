"""Processes here, Ray and Spark: the same units, the same findings, the same copies; also when a worker is killed.

Each scan runs in a Python of its own, as it would for a user: engines leave threads and settings behind.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from haipkit.kernel.errors import Unavailable, UsageError
from haipkit.workspace.scan import Wishes, scan
from haipkit.workspace.scan_engines import check_engine

pytestmark = pytest.mark.network

SCAN = """
import sys
from pathlib import Path
from haipkit.workspace import scan as scanning

def told(on, corpus, out, rules, progress=None):
    planned = scanning.plan_units
    scanning.plan_units = lambda plan, said: planned(plan, said, unit=2000)
    wishes = scanning.Wishes(
        (corpus,), redact=Path(out) / "copy", findings=Path(out) / "f.parquet", rules=Path(rules), jobs=2, on=on
    )
    return scanning.scan(wishes, private=Path(out).parent, progress=progress)
"""
ALONE = """
if __name__ == "__main__":
    outcome = told(*sys.argv[1:])
    assert "RAY_USAGE_STATS_ENABLED" not in __import__("os").environ
    print("ANSWER", __import__("json").dumps([outcome.outcome, outcome.units, outcome.inputs, outcome.tally.to_json()]))
"""
LOSS = """
import os, signal, socket, subprocess, time

def node(*words):
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--node-ip-address=127.0.0.2", "--block"]
    return subprocess.Popen([*command, "--disable-usage-stats", "--object-store-memory=80000000", *words],
                            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        port = free.getsockname()[1]
    nodes = [node("--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false")]
    for _ in range(300):
        with socket.socket() as door:
            if not door.connect_ex(("127.0.0.2", port)):
                break
        time.sleep(0.1)
    nodes += [node(f"--address=127.0.0.2:{port}", "--num-cpus=1") for _ in range(2)]
    killed = []

    def step(done, total):
        if done * 3 > total and not killed:
            killed.append(nodes[2].pid)
            os.killpg(nodes[2].pid, signal.SIGKILL)

    try:
        outcome = told(f"ray://127.0.0.2:{port}", *sys.argv[2:], progress=step)
        assert killed
        told = [outcome.outcome, outcome.units, outcome.inputs, outcome.tally.to_json()]
        print("ANSWER", __import__("json").dumps(told))
    finally:
        for one in nodes:
            os.killpg(one.pid, signal.SIGKILL) if one.poll() is None else None
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines")
    data = folder / "corpus"
    data.mkdir()
    lines = [{"n": n, "text": f"Line {n}: jo{n}@example.org, badge XQ-{n:05}, no more."} for n in range(240)]
    (data / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (data / "b.txt").write_text("caf\xe9, jo@example.org\n", "latin-1")
    (folder / "own.toml").write_text(
        '[[rule]]\nname = "badge"\nkind = "badge"\npriority = 900\nproof = "form"\nshapes = [\'XQ-\\d{5}\']\n'
        'misses = "other badges"\nsource = "our own"\n'
    )
    return folder


def answer(script: str, corpus: Path, on: str) -> tuple[Any, Any, dict[str, bytes]]:
    """What a scan told, its findings, and the files of its copy."""
    out = corpus / (on or "pool")
    arguments = [on, str(corpus / "corpus"), str(out), str(corpus / "own.toml")]
    (corpus / "scan_on.py").write_text(script)
    done = subprocess.run(
        [sys.executable, corpus / "scan_on.py", *arguments],
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_cluster_auth": "0", "RAY_AUTH_MODE": "disabled"}
        if script.endswith(LOSS)
        else os.environ,
        capture_output=True,
        text=True,
        timeout=400,
    )
    told = [line[7:] for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    assert told, done.stderr[-3000:]
    copies = {path.name: path.read_bytes() for path in (out / "copy").iterdir()}
    return json.loads(told[0]), pq.read_table(out / "f.parquet").to_pylist(), copies


@pytest.fixture(scope="module")
def pooled(corpus: Path) -> tuple[Any, Any, dict[str, bytes]]:
    told, findings, copies = answer(SCAN + ALONE, corpus, "")
    assert told[0] == "treated"
    assert told[1] >= 5
    assert {row["kind"] for row in findings} == {"email", "badge"}
    assert len(findings) == 240 * 2 + 1
    assert all(b"@" not in data and b"XQ-" not in data for data in copies.values())
    return told, findings, copies


@pytest.mark.parametrize("on", ["ray", "spark"])
def test_an_engine_gives_what_processes_here_give(on: str, corpus: Path, pooled: Any) -> None:
    assert answer(SCAN + ALONE, corpus, on) == pooled


def test_a_cluster_that_loses_a_worker_half_way_finishes_with_the_same(corpus: Path, pooled: Any) -> None:
    (corpus / "ray").rename(corpus / "ray-before") if (corpus / "ray").exists() else None
    assert answer(SCAN + LOSS, corpus, "ray") == pooled


def test_an_engine_that_is_not_there_is_named_with_its_extra(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no engine 'dask'"):
        check_engine("dask")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for on, extra in (("ray", "haipkit[ray]"), ("spark://host:7077", "haipkit[spark]")):
        with pytest.raises(Unavailable) as told:
            scan(Wishes((str(corpus / "corpus"),), on=on))
        assert extra in told.value.advice
