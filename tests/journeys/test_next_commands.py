"""Every command that `haip next` prints is accepted once its places are filled in, and moves what it says it moves."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from haipkit.assessment.finding import Assessment, Step
from haipkit.kernel.clock import today
from haipkit.kernel.words import Status
from haipkit.workspace.ask import assessment, steps
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip

SAMPLES = Path(__file__).parent.parent / "adapters" / "samples"
ROLES = ("model-developer", "application-developer", "deployer")
FLAGS = ("--talks-to-people", "--makes-content", "--uses-personal-data", "--trains-model", "--elevated-risk")
PASSING = '<testsuite name="s" tests="1"><testcase classname="c" name="t"/></testsuite>'


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each name that an import may print."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "junit.xml").write_text(PASSING)
    shutil.copy(SAMPLES / "inspect.json", folder)
    shutil.copy(SAMPLES / "scan.sarif", folder)
    shutil.copy(SAMPLES / "bom-1.6.json", folder)
    return {
        "<junit.xml>": folder / "junit.xml",
        "<scan.sarif>": folder / "scan.sarif",
        "<bom.cdx.json>": folder / "bom-1.6.json",
        "<inspect-log.eval>": folder / "inspect.json",
    }


def filled(command: str, files: dict[str, Path], number: int = 0) -> list[str]:
    """The words of a command, each place `<…>` replaced by something that may stand there; names differ by `number`."""
    words = shlex.split(command)
    assert words[0] == "haip"
    return [_fill(word, files, number) for word in words[1:]]


def _fill(word: str, files: dict[str, Path], number: int) -> str:
    if word in files:
        return str(_another(files[word], number))
    place = re.fullmatch(r"<(.+)>", word)
    if place is None:
        return word
    inner = place[1]
    if inner == "YYYY-MM-DD":
        return today().isoformat()
    if inner == "number":
        return "3"
    if inner.startswith("https://"):
        return "https://example.org/a"
    return inner.split("|")[0] if "|" in inner else f"{inner.replace(' ', '-')}-{number}"


def _another(file: Path, number: int) -> Path:
    """The same results of another task: a log of the same one would take the first one's place."""
    if file.name != "inspect.json":
        return file
    log = json.loads(file.read_bytes())
    log["eval"]["task"] = log["eval"]["task_display_name"] = f"task-{number}"
    copy = file.with_name(f"inspect-{number}.json")
    copy.write_text(json.dumps(log))
    return copy


def start(folder: Path, role: str) -> None:
    done("init", folder, "--role", role, "--country", "FR", "--name", "Org", "--unprotected-keys")


def about(folder: Path, role: str) -> None:
    """One system that everything applies to, and its release."""
    words = ("--name", "Helper", "--purpose", "Helps", "--roles", role, "--lifecycle", "deployed", *FLAGS)
    done("-w", folder, "add", "system", "helper", *words)
    done(
        "-w", folder, "add", "release", "2.1", "--system", "helper", "--released-on", "2026-01-01", "--summary", "Works"
    )


def claim_all(folder: Path) -> None:
    """Say of every point that may concern the organisation that it does."""
    found, _ = look(folder)
    where = '{ requirement = "%s", position = "applies", reason = "It does.", owner = "owner" }'
    rows = [where % finding.requirement for finding in found.findings if finding.level == "relevant"]
    form = folder / "positions.toml"
    form.write_text("position = [\n" + ",\n".join(rows) + "]\n")
    done("-w", folder, "add", "--from", form)


def look(folder: Path) -> tuple[Assessment, tuple[Step, ...]]:
    with open_workspace(folder) as workspace:
        found = assessment(workspace)
        return found, steps(workspace, found)


def lines(step: Step) -> Iterator[str]:
    yield step.command
    yield from step.also


_BETTER = (Status.NOT_ASSESSED, Status.NOT_MET, Status.PARTLY_MET, Status.MET)


def moved(before: Assessment, after: Assessment, step: Step) -> list[str]:
    """Findings of the step that stand exactly as before."""
    old = {finding.id: finding for finding in before.findings}
    new = {finding.id: finding for finding in after.findings}
    return [
        name
        for name in step.moves
        if name in new
        and _BETTER.index(new[name].status) <= _BETTER.index(old[name].status)
        and sum(need.counted for need in new[name].needs) <= sum(need.counted for need in old[name].needs)
    ]


def test_without_a_system_the_first_step_names_one(tmp_path: Path, files: dict[str, Path]) -> None:
    start(tmp_path / "w", "deployer")
    _, todo = look(tmp_path / "w")
    (step,) = [step for step in todo if step.title.startswith("Name the AI systems")]
    done("-w", tmp_path / "w", *filled(step.command, files))
    found, todo = look(tmp_path / "w")
    assert not any(finding.sentence.startswith("No AI system") for finding in found.findings)
    (step,) = [step for step in todo if step.title.startswith("Name the release")]
    done("-w", tmp_path / "w", *filled(step.command, files))
    found, _ = look(tmp_path / "w")
    assert not any(finding.sentence.startswith("No release") for finding in found.findings)


def test_every_printed_command_is_accepted_and_moves_its_findings(tmp_path: Path, files: dict[str, Path]) -> None:
    ran: set[str] = set()
    asked: set[str] = set()
    for role in ROLES:
        folder = tmp_path / role
        start(folder, role)
        about(folder, role)
        claim_all(folder)
        if role == "deployer":
            done("-w", folder, "add", "system", "helper", "--amend", "--autonomy", "high")
        for _ in range(3):
            before, todo = look(folder)
            fresh = [(step, [words for words in lines(step) if words not in ran]) for step in todo]
            for number, (step, commands) in enumerate(fresh):
                for words in commands:
                    ran.add(words)
                    outcome = haip("-w", folder, *filled(words, files, number))
                    assert outcome.code == 0, f"{step.moves}: {words}\n{outcome.words}"
            after, _ = look(folder)
            for step, commands in fresh:
                asked |= {name.partition("@")[0] for name in step.moves}
                if len(commands) == 1 + len(step.also):
                    assert not moved(before, after, step), list(lines(step))
            if not any(commands for _, commands in fresh):
                break
        with open_workspace(folder) as workspace:
            known = set(workspace.conduct.requirements)
    assert known - asked == set()


LACKING = """
[[policy]]
title = "Old"
topic = "ai-governance"
version = "1"
summary = "S"
owner = "o"
next_review = "2026-01-01"
[[policy]]
key = "sec"
title = "Security"
topic = "security"
version = "1"
summary = "S"
owner = "o"
[[policy]]
title = "Privacy"
topic = "privacy"
version = "1"
summary = "S"
owner = "o"
next_review = "2099-01-01"
[[control]]
key = "front doors"
title = "Doors"
topic = "physical"
description = "D"
status = "planned"
owner = "o"
[[control]]
title = "Logs"
topic = "logging"
description = "D"
status = "in-place"
owner = "o"
last_checked_on = "2025-01-01"
[[control]]
title = "Backup"
topic = "backup"
description = "D"
status = "in-place"
owner = "o"
valid_until = "2026-02-01"
system = "helper"
[[channel]]
title = "Box"
audience = ["public"]
address = "a"
owner = "o"
occurred_at = "2024-01-01"
[[marking]]
title = "Mark"
mechanism = "watermark"
media = ["text"]
status = "in-place"
identifies = "nothing"
system = "helper"
[[risk]]
title = "R"
description = "D"
domain = "cascading"
source = "s"
likelihood = "rare"
severity = "minor"
treatment = "none"
owner = "o"
system = "helper"
review_on = "2026-01-01"
[[supplier]]
key = "house"
name = "Model house"
provides = "models"
relation = "model"
haip = "not-asked"
[[incident]]
title = "I"
description = "D"
type = "incident"
serious = true
status = "open"
detected_on = "2026-01-01"
system = "helper"
[[study]]
title = "S"
topic = "environment"
part = "funding"
status = "finished"
started_on = "2026-01-01"
[[position]]
requirement = "6.1a"
position = "planned"
reason = "Soon."
owner = "o"
"""


def test_commands_that_amend_name_what_is_there_and_move_it(tmp_path: Path, files: dict[str, Path]) -> None:
    folder = tmp_path / "w"
    start(folder, "model-developer")
    about(folder, "model-developer")
    done("-w", folder, "add", "system", "helper", "--amend", "--supplier", "house")
    (folder / "lacking.toml").write_text(LACKING)
    done("-w", folder, "add", "--from", folder / "lacking.toml")
    failing = folder / "failing.xml"
    failing.write_text(PASSING.replace("/></testsuite>", '><failure message="m"/></testcase></testsuite>'))
    done("-w", folder, "import", failing, "--supports", "7.1b", "--for", "helper")
    before, todo = look(folder)
    amending = [step for step in todo if any("--amend" in words for words in lines(step))]
    assert len(amending) > 12
    for number, step in enumerate(amending):
        for words in lines(step):
            assert "--amend" not in words or "<short-name>" not in words
            done("-w", folder, *filled(words, files, number))
    after, _ = look(folder)
    for step in amending:
        assert not moved(before, after, step), list(lines(step))


def test_what_was_not_filled_in_is_refused(tmp_path: Path) -> None:
    start(tmp_path / "w", "deployer")
    outcome = haip("-w", tmp_path / "w", "add", "owner", "6", "--office", "<office>")
    assert outcome.code == 65
    assert "office: still says <office>" in outcome.words


def test_a_refusal_names_the_options_that_are_needed(tmp_path: Path, files: dict[str, Path]) -> None:
    start(tmp_path / "w", "deployer")
    outcome = haip("-w", tmp_path / "w", "add", "owner", "6")
    assert outcome.code == 65
    needed = re.search(r"Add: (--\S+ \"<.*>\")\.", outcome.words)
    assert needed
    done("-w", tmp_path / "w", *filled(f"haip add owner 6 {needed[1]}", files))
