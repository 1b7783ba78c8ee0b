"""`haip serve`: what it refuses to start with, and that it answers on this machine alone."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.commands import done, haip


def test_it_needs_a_workspace_and_makes_none(tmp_path: Path) -> None:
    outcome = haip("-w", tmp_path, "serve")
    assert outcome.code == 66
    assert "haip init" in outcome.words
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_passphrase_shows_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAIP_PASSPHRASE", "open sesame")
    done("init", tmp_path / "shop", "--role", "deployer", "--country", "FR")
    monkeypatch.setenv("HAIP_PASSPHRASE", "wrong")
    assert haip("-w", tmp_path / "shop", "serve").code == 77


@pytest.mark.network
def test_a_port_that_is_taken_is_said(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        outcome = haip("-w", folder, "serve", "--port", str(other.getsockname()[1]))
    assert outcome.code == 64
    assert "--port 0" in outcome.words


@pytest.mark.network
def test_it_prints_a_link_that_works_and_signs_with_the_passphrase(tmp_path: Path) -> None:
    settings = os.environ | {"HAIP_PASSPHRASE": "open sesame", "PYTHONUNBUFFERED": "1"}
    haip_words = [sys.executable, "-m", "haipkit.cli.main"]
    shop = str(tmp_path / "shop")
    subprocess.run([*haip_words, "init", shop, "--role", "deployer", "--country", "FR"], env=settings, check=True)
    words = [*haip_words, "-w", shop, "serve", "--port", "0"]
    with subprocess.Popen(words, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = next(hit for line in process.stdout if (hit := re.search(r"http://127\.0\.0\.1:(\d+)(/\S+)", line)))
        visitor = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
        visitor.request("GET", found[2])
        answer = visitor.getresponse()
        answer.read()
        assert answer.status == 303
        cookie = str(answer.getheader("set-cookie")).partition(";")[0]
        headers = {
            "Cookie": cookie,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        visitor.request("POST", "/add/owner", "action=5&office=owner", headers)
        answer = visitor.getresponse()
        answer.read()
        assert answer.status == 303
        assert "server" not in {name.lower() for name, _ in answer.getheaders()}
        visitor.close()
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    listed = subprocess.run(
        [*haip_words, "-w", shop, "records"], env=settings, check=True, capture_output=True, text=True
    )
    assert "owner answers for action 5" in listed.stdout
