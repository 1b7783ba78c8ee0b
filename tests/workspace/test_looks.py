"""What the looks at a data set share: the same answer from any number of processes, stopping and going on, copies."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haipkit.actions.a11_data.removal import selector_of
from haipkit.workspace import pool, quality, removal, rights, scan

Look = Callable[..., Any]
TEXTS = ("The bakery opens at six and the bread is warm.", "Das Brot ist warm, wenn die Leute kommen.", "", "Hm.")


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files, many units: each holds some lines."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for file in ("a", "b"):
        rows = [
            {"url": f"https://h{n % 3}.example/{n}", "license": ("MIT", "")[n % 2], "text": f"{TEXTS[n % 4]} {n}"}
            for n in range(40)
        ]
        rows[3]["headers"] = {"tdm-reservation": "1"}
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "c.csv").write_text("region,text\nnorth,Bread is warm.\nsouth,\n")
    made = scan.plan_units
    monkeypatch.setattr(scan, "plan_units", lambda plan, said: made(plan, said, unit=900))
    return folder


def looks(corpus: Path, out: Path) -> dict[str, tuple[Any, Look]]:
    paths = (str(corpus),)
    chosen = selector_of("h1.example", None, None)
    return {
        "rights": (rights.Wishes(paths, drop=out / "rights"), rights.look),
        "quality": (quality.Wishes(paths), quality.look),
        "removal": (removal.Wishes(paths, chosen, "copyright", "legal office", out / "removal"), removal.remove),
    }


def told(name: str, outcome: Any) -> Any:
    return outcome.facts() if name == "removal" else outcome.body("d", "2026-11-20")


def copied(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["rights", "quality", "removal"])
def test_jobs_change_nothing(corpus: Path, tmp_path: Path, name: str) -> None:
    found, copies = [], []
    for jobs in (1, 2):
        wishes, look = looks(corpus, tmp_path / str(jobs))[name]
        found.append(told(name, look(replace(wishes, jobs=jobs))))
        copies.append(copied(tmp_path / str(jobs)))
    assert found[0] == found[1]
    assert copies[0] == copies[1]
    assert found[0]["documents"] == 82


@pytest.mark.parametrize("name", ["rights", "quality", "removal"])
def test_a_stopped_look_goes_on(corpus: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes, look = looks(corpus, tmp_path / "whole")[name]
    whole = told(name, look(replace(wishes, jobs=1)))
    wishes, look = looks(corpus, tmp_path / "out")[name]
    done: list[str] = []
    leave = pool._leave

    def stopped(work: Any, state: str, unit: Any) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(unit.identity)
        leave(work, state, unit)

    monkeypatch.setattr(pool, "_leave", stopped)
    with pytest.raises(KeyboardInterrupt):
        look(replace(wishes, jobs=1), private=tmp_path / "private")
    monkeypatch.setattr(pool, "_leave", leave)
    again = look(replace(wishes, jobs=1), private=tmp_path / "private")
    assert told(name, again) == whole
    if name != "removal":
        assert (again.resumed, again.units > 3) == (3, True)
    assert copied(tmp_path / "out") == copied(tmp_path / "whole")
    assert not list((tmp_path / "private/scans").iterdir())


def test_a_copy_that_was_deleted_is_written_anew(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes, look = looks(corpus, tmp_path / "out")["rights"]
    whole = told("rights", look(replace(wishes, jobs=1, drop=tmp_path / "whole")))
    leave = pool._leave
    many = [0]

    def stopped(work: Any, state: str, unit: Any) -> None:
        many[0] += 1
        if many[0] > 3:
            raise KeyboardInterrupt
        leave(work, state, unit)

    monkeypatch.setattr(pool, "_leave", stopped)
    with pytest.raises(KeyboardInterrupt):
        look(replace(wishes, jobs=1), private=tmp_path / "private")
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr(pool, "_leave", leave)
    again = look(replace(wishes, jobs=1), private=tmp_path / "private")
    assert (again.resumed, told("rights", again)) == (0, whole)
    assert copied(tmp_path / "out") == copied(tmp_path / "whole")
