"""Units of work are done here or in worker processes, each once, whatever happens to a worker."""

import os
from functools import partial
from pathlib import Path

import pytest

from haipkit.actions.a11_data.units import Part, Unit
from haipkit.workspace.pool import run_units

UNITS = [Unit((Part(number, weight=1),), f"unit{number}") for number in range(4)]


def mark(folder: Path, unit: Unit) -> None:
    with (folder / unit.identity).open("a") as file:
        file.write("done\n")


def die_once(folder: Path, unit: Unit) -> None:
    if unit.identity == "unit2" and not (folder / "died").exists():
        (folder / "died").touch()
        os._exit(1)
    mark(folder, unit)


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_every_unit_is_done(jobs: int, tmp_path: Path) -> None:
    done = list(run_units(partial(mark, tmp_path), UNITS, jobs))
    assert sorted(unit.identity for unit in done) == [unit.identity for unit in UNITS]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"done\n"}


def test_a_worker_that_dies_is_made_up_for(tmp_path: Path) -> None:
    done = list(run_units(partial(die_once, tmp_path), UNITS, 2))
    assert {unit.identity for unit in done} == {unit.identity for unit in UNITS}
    assert (tmp_path / "died").exists()
    assert len([path for path in tmp_path.iterdir() if path.name.startswith("unit")]) == len(UNITS)


def test_nothing_to_do(tmp_path: Path) -> None:
    assert list(run_units(partial(mark, tmp_path), [], 2)) == []
