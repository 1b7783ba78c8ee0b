"""Witnessing over HTTP on the loopback: a signature comes back and is kept; refusals and rubbish change nothing."""

import http.client
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from haipkit.adapters.witness_http import MAX_BODY, WitnessServer
from haipkit.workspace.open import open_workspace
from haipkit.workspace.witnessing import watched, witness_server, witnessed_size
from helpers.commands import done, haip

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    for name in ("bakery", "mill"):
        done("init", folder / name, "--role", "deployer", "--country", "CA", "--name", name, "--unprotected-keys")
    return folder


@pytest.fixture
def place(two: Path, tmp_path: Path) -> Path:
    """Two workspaces; the mill watches the bakery, and the bakery trusts the mill."""
    shutil.copytree(two, tmp_path / "p")
    place = tmp_path / "p"
    done("-w", place / "mill", "witness", "watch", place / "bakery" / ".haip" / "keys" / "log.vkey")
    (place / "mill.vkey").write_text(done("-w", place / "mill", "witness", "key").out)
    return place


@contextmanager
def running(workspace_folder: Path) -> Iterator[WitnessServer]:
    with open_workspace(workspace_folder) as workspace, witness_server(workspace, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def owner(folder: Path, action: int) -> None:
    done("-w", folder, "add", "owner", str(action), "--office", "it")


def test_a_head_is_sent_signed_and_kept_and_the_next_one_continues_it(place: Path) -> None:
    bakery = place / "bakery"
    with running(place / "mill") as server:
        done("-w", bakery, "witness", "trust", place / "mill.vkey", "--url", server.url)
        assert "has signed the head of 3 records" in done("-w", bakery, "witness", "send").words
        owner(bakery, 5)
        assert "has signed the head of 4 records" in done("-w", bakery, "witness", "send").words
    assert "saw this head on" in done("-w", bakery, "verify", "--witness", place / "mill.vkey").words
    with open_workspace(place / "mill") as mill:
        assert watched(mill)["bakery.example/haip"].size == 4


def test_a_lost_answer_is_made_good_by_the_size_that_the_witness_names(place: Path) -> None:
    bakery = place / "bakery"
    done("-w", bakery, "witness", "trust", place / "mill.vkey")
    request = place / "request"
    done("-w", bakery, "witness", "request", "--out", request)
    done("-w", place / "mill", "witness", "cosign", request, "--out", place / "lost")
    owner(bakery, 5)
    with running(place / "mill") as server:
        done("-w", bakery, "witness", "send", server.url)
    with open_workspace(bakery) as workspace:
        assert witnessed_size(workspace) == 4


def test_a_rotated_key_is_witnessed_once_the_witness_knows_it(place: Path) -> None:
    bakery = place / "bakery"
    with running(place / "mill") as server:
        done("-w", bakery, "witness", "trust", place / "mill.vkey", "--url", server.url)
        done("-w", bakery, "witness", "send")
        done("-w", bakery, "keys", "rotate", "log")
        done("-w", bakery, "witness", "send")
        owner(bakery, 5)
        refused = haip("-w", bakery, "witness", "send")
        assert (refused.code, "did not sign (403)" in refused.words) == (77, True)
        done("-w", place / "mill", "witness", "watch", bakery / ".haip" / "keys" / "log.vkey")
        done("-w", bakery, "witness", "send")


def test_a_witness_can_be_told_that_an_earlier_key_counts_no_more(place: Path) -> None:
    bakery, thief = place / "bakery", place / "thief"
    shutil.copytree(bakery, thief)
    done("-w", bakery, "keys", "compromised", "log", "--since", "2026-01-01", "--reason", "stolen")
    done("-w", place / "mill", "witness", "watch", "--only", bakery / ".haip" / "keys" / "log.vkey")
    for folder in (bakery, thief):
        done("-w", folder, "witness", "trust", place / "mill.vkey")
    with running(place / "mill") as server:
        assert haip("-w", thief, "witness", "send", server.url).code == 77
        done("-w", bakery, "witness", "send", server.url)


def test_an_older_copy_is_noticed(place: Path) -> None:
    bakery, older = place / "bakery", place / "older"
    done("-w", bakery, "witness", "trust", place / "mill.vkey")
    shutil.copytree(bakery, older)
    owner(bakery, 5)
    with running(place / "mill") as server:
        done("-w", bakery, "witness", "send", server.url)
        outcome = haip("-w", older, "witness", "send", server.url)
    assert outcome.code == 77
    assert "has signed 4 records of this ledger, which has 3" in outcome.words


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/add-checkpoint", b"rubbish", {}, 400),
        ("POST", "/elsewhere", b"old 0\n\n", {}, 404),
        ("GET", "/add-checkpoint", None, {}, 405),
        ("POST", "/add-checkpoint", None, {"Content-Length": "x"}, 411),
        ("POST", "/add-checkpoint", None, {"Content-Length": "-1"}, 411),
        ("POST", "/add-checkpoint", None, {"Content-Length": str(MAX_BODY + 1)}, 413),
    ],
    ids=["rubbish", "another path", "GET", "no number", "a negative number", "too long"],
)
def test_bad_requests_get_one_answer_each(
    place: Path, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    with running(place / "mill") as server:
        call = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=5)
        call.request(method, path, body, headers)
        answer = call.getresponse()
        answer.read()
        call.close()
    assert answer.status == status
    with open_workspace(place / "mill") as mill:
        assert watched(mill)["bakery.example/haip"].size == 0


@pytest.mark.parametrize(
    ("url", "code", "fault"),
    [
        ("http://127.0.0.1:9", 66, "does not answer"),
        ("file:///etc/passwd", 65, "is not the address of a witness"),
        ("witness", 65, "is not the address of a witness"),
    ],
    ids=["nobody there", "another scheme", "no address"],
)
def test_a_witness_that_cannot_be_reached(place: Path, url: str, code: int, fault: str) -> None:
    done("-w", place / "bakery", "witness", "trust", place / "mill.vkey")
    outcome = haip("-w", place / "bakery", "witness", "send", url)
    assert (outcome.code, fault in outcome.words) == (code, True), outcome.words


def test_nothing_is_sent_without_an_address(place: Path) -> None:
    outcome = haip("-w", place / "bakery", "witness", "send")
    assert outcome.code == 64
    assert "to which witness?" in outcome.words


def test_a_port_that_is_taken(place: Path) -> None:
    with running(place / "mill") as server:
        outcome = haip("-w", place / "mill", "witness", "serve", "--port", str(server.server_address[1]))
    assert outcome.code == 75
    assert "nobody can listen there" in outcome.words
