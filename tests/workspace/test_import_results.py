"""Other tools' results on their way into a ledger: kept whole, named, never worth more than *evidenced*."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from haipkit.kernel.errors import HaipError
from haipkit.kernel.words import Origin, Strength
from haipkit.records.record import Record
from haipkit.workspace.ask import read_shelf
from haipkit.workspace.do import import_results, record_test_results
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip
from helpers.foreign_files import SAMPLES, sample


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    done("init", folder, "--role", "deployer", "--country", "CA", "--name", "Corner Bakery", "--unprotected-keys")
    system = (
        "helpdesk",
        "--name",
        "FAQ chatbot",
        "--purpose",
        "Answers customers' questions",
        "--lifecycle",
        "deployed",
    )
    done("-w", folder, "add", "system", *system, "--roles", "deployer")
    return folder


def records(folder: Path) -> list[Record]:
    with open_workspace(folder) as workspace:
        return [record for record in read_shelf(workspace).records if record.header.origin is Origin.IMPORTED]


def group(*requirements: str) -> dict[str, Any]:
    return {
        "system": None,
        "tool": {"name": "pytest", "version": "9.2.0"},
        "occurred_at": "2026-11-18T12:00:00Z",
        "body": {"title": f"Tests for {', '.join(requirements)}", "requirements": list(requirements)},
        "tests": [{"id": "test_a", "outcome": "passed"}],
    }


def test_every_sample_becomes_a_record_with_its_bytes_kept(company: Path) -> None:
    paths = sorted(path for path in SAMPLES.iterdir() if path.is_file())
    with open_workspace(company) as workspace:
        for path in paths:
            assert import_results(workspace, path, system=None)[0]
    kept = records(company)
    assert len(kept) == len(paths) + 1, "the SARIF sample holds two runs"
    assert {record.strength for record in kept} == {Strength.EVIDENCED}
    assert all(record.header.tool for record in kept)
    digests = {attachment.sha256 for record in kept for attachment in record.header.attachments}
    assert digests == {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_recorded_test_results_are_evidenced_by_their_results_file(company: Path) -> None:
    ids = record_test_results(str(company), [group("1.1"), group("6.1")])
    kept = records(company)
    assert [record.header.id for record in kept] == ids
    for record in kept:
        assert record.header.tool is not None
        assert record.header.tool.name == "pytest"
        assert record.strength is Strength.EVIDENCED
        assert [attachment.name for attachment in record.header.attachments] == ["pytest-results.json"]


def test_one_unknown_requirement_and_nothing_is_recorded(company: Path, tmp_path: Path) -> None:
    groups = [group("1.1"), group("1.99")]
    with pytest.raises(HaipError, match=r"1\.99"):
        record_test_results(str(company), groups)
    (tmp_path / "results.json").write_text(
        json.dumps({"format": "haipkit-pytest", "version": 1, "notes": [], "groups": groups})
    )
    with open_workspace(company) as workspace, pytest.raises(HaipError, match=r"1\.99"):
        import_results(workspace, tmp_path / "results.json", system=None)
    assert records(company) == []


def test_a_truncated_file_changes_nothing(company: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.sarif").write_bytes(sample("scan.sarif")[:-40])
    with open_workspace(company) as workspace, pytest.raises(HaipError, match=r"ends too early|not valid JSON"):
        import_results(workspace, tmp_path / "cut.sarif", system=None)
    assert records(company) == []


def test_pytest_records_straight_into_the_ledger(company: Path, tmp_path: Path) -> None:
    (tmp_path / "test_chat.py").write_text(
        "import pytest\n"
        "@pytest.mark.haip('1.1')\ndef test_refuses(): pass\n"
        "@pytest.mark.haip('6.1', system='helpdesk')\ndef test_b(): assert 0\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=."]
    run = subprocess.run([*command, "--haip-record", str(company)], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    kept = records(company)
    assert [(record.body["requirements"], record.body["outcome"]) for record in kept] == [
        (["1.1"], "pass"),
        (["6.1"], "fail"),
    ]
    assert all(f"recorded in {company}: {record.header.id}" in run.stdout for record in kept)


def test_what_no_log_says_is_taken_from_whoever_imports_and_marked_as_theirs(company: Path) -> None:
    words = ("--stage", "deployment", "--method", "red-team", "--performed-by", "independent", "--domain", "cyber")
    done("-w", company, "import", SAMPLES / "inspect.json", *words, "--result", "fail", "--threshold", "none got out")
    (record,) = records(company)
    assert [record.body[name] for name in ("stage", "method", "performed_by", "result")] == [
        "deployment",
        "red-team",
        "independent",
        "fail",
    ]
    assert record.body["limitations"][-1].startswith("Not in the log, but said by whoever imported it: stage, method")
    assert record.strength is Strength.EVIDENCED


@pytest.mark.parametrize(
    ("file", "words", "fault"),
    [
        ("gtest.xml", ("--stage", "deployment"), "is a test result, which has no stage"),
        ("inspect.json", ("--result", "pass"), "against which threshold"),
        ("inspect.json", ("--stage", "later"), "stage:"),
    ],
    ids=["a test run has no stage", "a pass without a threshold", "a stage nobody knows"],
)
def test_what_does_not_fit_is_refused(company: Path, file: str, words: tuple[str, ...], fault: str) -> None:
    outcome = haip("-w", company, "import", SAMPLES / file, *words)
    assert (outcome.code, fault in outcome.words) == (65, True), outcome.words
    assert not records(company)


def test_a_named_result_takes_the_place_of_the_one_before(company: Path, tmp_path: Path) -> None:
    failing = tmp_path / "failing.xml"
    failing.write_text('<testsuite name="s"><testcase name="t"><failure message="m"/></testcase></testsuite>')
    (tmp_path / "passing.xml").write_text('<testsuite name="s"><testcase name="t"/></testsuite>')
    for name in ("failing", "passing"):
        done("-w", company, "import", tmp_path / f"{name}.xml", "--key", "nightly", "--for", "helpdesk")
    (record,) = records(company)
    assert (record.header.key, record.body["outcome"]) == ("nightly", "pass")
