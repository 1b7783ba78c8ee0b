"""The journal of a run: nothing that counted is lost, and nothing that was changed is believed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haipkit.adapters.call_journal import Journal
from haipkit.kernel.errors import BadInput, CannotWrite
from haipkit.kernel.outside import Answer, CallError, ToolCall, Trouble

ABOUT = {"plan": "ab" * 32, "ordinal": 1}
FULL = Answer(
    "Bonjour 🍞\n\u2028",
    (ToolCall("1", "pump.set_rate", '{"rate": 5}'),),
    "stop",
    12,
    7,
    "model-a",
    CallError(Trouble.TIMEOUT, "no answer", 504, 2.5),
    3,
    1.25,
)


def _kept(path: Path, answers: dict[str, Answer]) -> str:
    with Journal(path, ABOUT) as journal:
        for call, answer in answers.items():
            journal.keep(call, answer)
        return journal.head


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    answers = {"a/0": FULL, "a/1": Answer("x"), "b/0": Answer(error=CallError(Trouble.FAILED, "d"))}
    head = _kept(tmp_path / "run.jsonl", answers)
    with Journal(tmp_path / "run.jsonl", ABOUT) as again:
        assert again.answers == answers
        assert again.head == head


@settings(max_examples=40)
@given(texts=st.lists(st.text(st.characters(), max_size=40), max_size=6), cut=st.integers(0, 4000))
def test_a_cut_journal_keeps_every_whole_line(
    texts: list[str], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "run.jsonl"
    _kept(path, {f"a/{number}": Answer(text) for number, text in enumerate(texts)})
    data = path.read_bytes()[:cut]
    path.write_bytes(data)
    with Journal(path, ABOUT) as journal:
        whole = max(data.count(b"\n") - 1, 0)
        assert [one.text for one in journal.answers.values()] == texts[:whole]
        journal.keep("z", Answer("after"))
    with Journal(path, ABOUT) as again:
        assert again.answers["z"].text == "after"


@pytest.mark.parametrize("line", [1, 2, 3])
def test_one_flipped_byte_names_its_line(line: int, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    _kept(path, {"a/0": Answer("one"), "a/1": Answer("two")})
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b'"', b"'", 1)
    path.write_bytes(b"".join(lines))
    with pytest.raises(BadInput, match="not as it was written") as caught:
        Journal(path, ABOUT)
    assert f"line {line}" in str(caught.value.where)


def test_a_line_taken_out_or_moved_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    _kept(path, {f"a/{number}": Answer(str(number)) for number in range(3)})
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in ([lines[0], lines[2], lines[3]], [lines[0], lines[2], lines[1], lines[3]]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(BadInput, match="line 2"):
            Journal(path, ABOUT)


def test_the_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    _kept(tmp_path / "run.jsonl", {})
    with pytest.raises(BadInput, match="another run"):
        Journal(tmp_path / "run.jsonl", {**ABOUT, "ordinal": 2})


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.jsonl", ABOUT), pytest.raises(CannotWrite, match="going on"):
        Journal(tmp_path / "run.jsonl", ABOUT)


def test_a_killed_process_loses_no_answer_that_counted(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from haipkit.adapters.call_journal import Journal; from haipkit.kernel.outside import Answer\n"
        f"journal = Journal(Path({str(path)!r}), {ABOUT!r})\n"
        "for number in range(50): journal.keep(f'a/{number}', Answer(str(number)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    with Journal(path, ABOUT) as journal:
        assert len(journal.answers) == 50


def test_a_full_disk_is_said_and_leaves_the_journal_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    code = (
        "import resource, signal; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from haipkit.adapters.call_journal import Journal; from haipkit.kernel.outside import Answer\n"
        "from haipkit.kernel.errors import CannotWrite\n"
        f"journal = Journal(Path({str(path)!r}), {ABOUT!r})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    for number in range(50): journal.keep(f'a/{number}', Answer('x' * 100))\n"
        "except CannotWrite as fault: print(len(journal.answers), fault)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    counted = int(done.stdout.split()[0])
    assert "cannot be kept" in done.stdout
    with Journal(path, ABOUT) as journal:
        assert len(journal.answers) == counted > 0


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    _kept(tmp_path / "run.jsonl", {"a": Answer("secret")})
    assert os.stat(tmp_path / "run.jsonl").st_mode & 0o077 == 0  # noqa: PTH116
