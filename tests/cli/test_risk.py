"""`haip risk`: what was measured about a risk, and when it no longer holds."""

import json
from pathlib import Path

import pytest

from helpers.commands import done, haip

RISK = (
    *("--title", "It shows its instructions", "--description", "d", "--domain", "society", "--source", "workshop"),
    *("--likelihood", "possible", "--severity", "minor", "--treatment", "planned", "--owner", "owner"),
)


@pytest.fixture
def shop(bakery: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (bakery / "quiet.py").write_text("def answer(messages):\n    return 'We open at seven.'\n")
    monkeypatch.syspath_prepend(bakery)
    release("1.0", "2026-11-01")
    done("add", "risk", "shown", "--system", "helpdesk", *RISK, "--tested-by", "prompt-leak")
    return bakery


def release(version: str, day: str) -> None:
    words = ("--version", version, "--released-on", day, "--summary", "s")
    done("add", "release", version, "--system", "helpdesk", *words)


def measure(name: str, version: str = "1.0", *more: str) -> None:
    words = ("--system", f"helpdesk/{version}", "--callable", "quiet:answer", "--value", "canary=made-up-word-17")
    done("evaluate", "plan", "prompt-leak", *words, "--name", name, *more)
    done("evaluate", "run", name)


def rows() -> dict[str, object]:
    (row,) = json.loads(done("risk", "--json").out)
    return row  # type: ignore[no-any-return]


def test_a_risk_waits_for_the_tests_it_names(shop: Path) -> None:
    assert rows()["missing"] == ["prompt-leak"]
    assert "prompt-leak: no result yet" in done("risk").words


def test_a_measured_result_stands_beside_its_risk(shop: Path) -> None:
    measure("first")
    row = rows()
    assert row["missing"] == []
    (found,) = row["measured"]  # type: ignore[misc]
    assert (found["verdict"], found["rate"], found["stale"]) == ("PASS", "0.0 %, verified", "")


def test_a_later_release_makes_it_stale(shop: Path) -> None:
    measure("first")
    release("0.9", "2026-10-01")
    assert "Stale" not in done("risk").words
    release("1.1", "2026-11-15")
    assert "Stale: release 1.1 came after it" in done("risk").words


def test_a_system_described_anew_makes_it_stale(shop: Path) -> None:
    measure("first")
    (shop / "prompt.txt").write_text("Be brief.")
    words = ("--system", "helpdesk/1.0", "--callable", "quiet:answer", "--value", "canary=made-up-word-17")
    done("evaluate", "plan", "prompt-leak", *words, "--system-prompt", "prompt.txt", "--name", "second")
    assert "Stale: the system was registered anew" in done("risk").words


def test_an_unknown_risk_names_the_known_ones(shop: Path) -> None:
    outcome = haip("risk", "showm")
    assert outcome.code == 66
    assert "Known: shown." in outcome.words
