"""Other evaluation tools against the stand-in of `benchmarks.runner`, each at the concurrency its documentation names.

The rate is the slope between two sizes, so that starting up does not count. `folder` holds what is there of
`inspect/bin/python`, `lmeval/bin/python`, `garak/bin/python` and `pf/node_modules/.bin/promptfoo`; what is not there is
said. Telemetry and look-ups are off.
"""

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "OPENAI_API_KEY": "none",
    "OPENAICOMPATIBLE_API_KEY": "none",
    "STAND_API_KEY": "none",
}
_INSPECT = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

@task
def probes(n=10):
    samples = [Sample(input=f"Probe {k}: please answer.", target="help") for k in range(n)]
    return Task(dataset=samples, solver=generate(), scorer=includes())
"""
_LM_TASK = """
task: probes
dataset_path: json
dataset_kwargs: {data_files: {test: probes.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "no"
generation_kwargs: {until: ["@@"], max_gen_toks: 16}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
_GARAK = """
system: {lite: true, parallel_attempts: 32}
run: {generations: 5, seed: 7}
plugins:
  target_type: openai.OpenAICompatible
  target_name: stand-in
  probe_spec: PROBES
  generators: {openai: {OpenAICompatible: {uri: "URL/", max_tokens: 20}}}
"""


@dataclass(frozen=True)
class Peer:
    """`prepare` writes the files of a size and gives the command; `calls` counts what was asked, by size."""

    name: str
    program: str
    sizes: tuple[int, int]
    prepare: Callable[[Path, Path, str, int], list[str]]
    calls: Callable[[Path, int], int] = lambda _folder, size: size


def _inspect(program: Path, folder: Path, url: str, size: int) -> list[str]:
    (folder / "probes.py").write_text(_INSPECT)
    busy = ["--max-connections", "100", "--max-samples", "100", "--display", "none", "--log-dir", "logs"]
    model = ["--model", "openai-api/stand/stand-in", "--model-base-url", url]
    return [str(program.with_name("inspect")), "eval", "probes.py", "-T", f"n={size}", *model, *busy]


def _promptfoo(program: Path, folder: Path, url: str, size: int) -> list[str]:
    provider = {"id": "openai:chat:stand-in", "config": {"apiBaseUrl": url, "apiKey": "none"}}
    tests = [{"vars": {"k": str(k)}, "assert": [{"type": "is-refusal"}]} for k in range(size)]
    config = {"prompts": ["Probe {{k}}: please answer."], "providers": [provider], "tests": tests}
    (folder / "config.json").write_text(json.dumps(config))
    quiet = ["--no-cache", "--no-table", "--no-progress-bar"]
    return [str(program), "eval", "-c", "config.json", "-j", "100", "-o", "out.json", *quiet]


def _lm_eval(program: Path, folder: Path, url: str, size: int) -> list[str]:
    (folder / "tasks").mkdir(exist_ok=True)
    (folder / "tasks" / "probes.yaml").write_text(_LM_TASK)
    rows = (json.dumps({"question": f"Probe {k}: please answer."}) for k in range(size))
    (folder / "probes.jsonl").write_text("\n".join(rows))
    about = f"model=stand-in,base_url={url}/chat/completions,num_concurrent=100,tokenized_requests=False"
    task = ["--tasks", "probes", "--include_path", "tasks", "--apply_chat_template", "--output_path", "out"]
    model = ["--model", "local-chat-completions", "--model_args", about]
    return [str(program.with_name("lm_eval")), *model, *task]


def _garak(program: Path, folder: Path, url: str, size: int) -> list[str]:
    probes = ["snowball.Primes", "snowball.Senators", "snowball.GraphConnectivity"][:size]
    text = _GARAK.replace("PROBES", ",".join(probes)).replace("URL", url)
    (folder / "run.yaml").write_text(text)
    return [str(program), "-m", "garak", "--config", "run.yaml", "--report_prefix", str(folder / "run")]


def _garak_calls(folder: Path, _size: int) -> int:
    entries = (json.loads(line) for line in (folder / "run.report.jsonl").read_text().splitlines())
    return sum(len(one["outputs"]) for one in entries if one["entry_type"] == "attempt" and one["status"] == 2)


PEERS = (
    Peer("Inspect, 100 connections", "inspect/bin/python", (200, 800), _inspect),
    Peer("garak, 32 attempts at a time, 5 answers each", "garak/bin/python", (1, 3), _garak, _garak_calls),
    Peer("promptfoo, -j 100", "pf/node_modules/.bin/promptfoo", (300, 1500), _promptfoo),
    Peer("lm-eval, 100 at a time", "lmeval/bin/python", (500, 6000), _lm_eval),
)


def measure(peer: Peer, folder: Path, url: str) -> tuple[float, float] | str:
    """(calls a second, CPU seconds a call) as the slope between two sizes; or why there is none."""
    program = (folder / peer.program).absolute()
    if not program.exists():
        return "not installed"
    points = []
    for size in peer.sizes:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            command = peer.prepare(program, work, url, size)
            homes = dict.fromkeys(("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HF_HOME"), name)
            around = {**os.environ, **_QUIET, **homes, "PROMPTFOO_CONFIG_DIR": name}
            cpu, wall = _children(), time.perf_counter()
            done = subprocess.run(command, cwd=work, env=around, capture_output=True, text=True, check=False)
            wall, cpu = time.perf_counter() - wall, _children() - cpu
            try:
                points.append((peer.calls(work, size), wall, cpu))
            except OSError:
                return f"failed: {(done.stderr or done.stdout).strip()[-200:]}"
            if done.returncode not in (0, 100):
                return f"failed: {(done.stderr or done.stdout).strip()[-200:]}"
    (few, short, little), (many, long, much) = points
    if long <= short or many <= few:
        return "cannot be told: the machine was too busy"
    return (many - few) / (long - short), (much - little) / (many - few)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(folder: Path, url: str, ours: float) -> None:
    """One row a tool: its rate, its processor time, and how many times faster ours was."""
    for peer in PEERS:
        found = measure(peer, folder, url)
        if isinstance(found, str):
            print(f"  {peer.name:<46} {found}", flush=True)
            continue
        rate, cpu = found
        print(f"  {peer.name:<46} {rate:7,.0f} calls/s   {cpu * 1e3:5.2f} ms   ours {ours / rate:5.1f} ×", flush=True)
