"""Recording from flags: names, lists, switches, amendments."""

import json
from pathlib import Path
from typing import Any

import pytest

from haipkit.cli.add import _MADE_ELSEWHERE
from haipkit.records.kinds import KINDS
from helpers.commands import done, haip


def shown(reference: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(done("records", "show", reference, "--json").out)
    return data


@pytest.mark.parametrize("kind", [kind.short for kind in KINDS.values()])
def test_every_kind_explains_its_fields(kind: str) -> None:
    text = done("schema", kind).out
    schema = json.loads(done("schema", kind, "--json").out)
    for name in schema["properties"]:
        assert name in text
    if kind not in _MADE_ELSEWHERE:
        helped = done("add", kind, "--help").out
        for name in schema["required"]:
            assert f"--{name.replace('_', '-')}" in helped


def test_lists_switches_and_numbers_come_from_flags(bakery: Path) -> None:
    done(
        *("add", "training", "intro", "--audience", "staff", "--audience", "managers", "--topics", "limits"),
        *("--held-on", "2026-10-01", "--took-part", "4", "--assessed", "--passed", "4", "--duties"),
    )
    body = shown("intro")["body"]
    assert body["audience"] == ["staff", "managers"]
    assert (body["took_part"], body["assessed"], body["duties"], body["ai_risks"]) == (4, True, True, False)


def test_metrics_are_given_as_json(bakery: Path) -> None:
    done(
        *("add", "evaluation", "trial", "--title", "Trial", "--method", "functional", "--domains", "society"),
        *(
            "--performed-by",
            "internal",
            "--stage",
            "pre-deployment",
            "--result",
            "pass",
            "--performed-on",
            "2026-10-02",
        ),
        *("--metrics", '{"name": "right answers", "value": "0.8", "unit": "share", "n": 44}'),
    )
    record = shown("trial")
    assert record["body"]["metrics"] == [{"name": "right answers", "value": "0.8", "unit": "share", "n": 44}]
    assert record["system"] == "helpdesk"
    assert record["occurred_at"].startswith("2026-10-02")


def test_an_amendment_keeps_what_it_does_not_name(bakery: Path) -> None:
    before = shown("helpdesk")
    done("add", "system", "helpdesk", "--amend", "--autonomy", "low")
    after = shown("helpdesk")
    assert after["body"] == {**before["body"], "autonomy": "low"}
    assert after["id"] != before["id"]
    history = json.loads(done("records", "--history", "--kind", "system", "--json").out)
    assert [record["id"] for record in history] == [before["id"], after["id"]]


def test_a_missing_field_is_named_with_the_others(bakery: Path) -> None:
    outcome = haip("add", "risk", "fire")
    assert outcome.code == 65
    for name in ("description: missing", "domain: missing", "owner: missing"):
        assert name in outcome.words


def test_a_title_without_latin_letters_gets_a_key(bakery: Path) -> None:
    done(
        *("add", "policy", "--title", "利用規約", "--topic", "privacy", "--version", "1", "--summary", "要約"),
        *("--owner", "owner"),
    )
    (record,) = json.loads(done("records", "--kind", "policy", "--json").out)
    assert record["key"].startswith("x")
    assert record["body"]["title"] == "利用規約"


def test_many_records_at_once_are_shown_as_a_table(bakery: Path) -> None:
    rows = "".join(f'[[owner]]\naction = {action}\noffice = "owner"\n' for action in range(1, 8))
    (bakery / "owners.toml").write_text(rows)
    first = done("add", "--from", bakery / "owners.toml").out
    assert "7 recorded." in first
    assert sum(line.startswith("#") for line in first.splitlines()) == 7
    (bakery / "owners.toml").write_text(rows + '[[owner]]\naction = 8\noffice = "shop manager"\n')
    again = done("add", "--from", bakery / "owners.toml").out
    assert "1 recorded, 7 unchanged." in again
    assert again.count("(unchanged)") == 7


def test_records_are_listed_by_the_name_that_amends_them(bakery: Path) -> None:
    risk = ("--domain", "society", "--source", "a workshop", "--likelihood", "rare", "--severity", "minor")
    done(
        "add",
        "risk",
        "old-prices",
        "--title",
        "Old prices",
        "--description",
        "D",
        *risk,
        "--owner",
        "owner",
        "--treatment",
        "none",
    )
    (row,) = [line for line in done("records", "-k", "risk").out.splitlines() if "Old prices" in line]
    assert "old-prices" in row
    done("add", "risk", "old-prices", "--amend", "--treatment", "in-place", "--system", "helpdesk")
    assert shown("old-prices")["body"]["treatment"] == "in-place"
