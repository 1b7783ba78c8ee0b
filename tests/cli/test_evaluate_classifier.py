"""A classifier at the command line, from files of predictions."""

import json
from pathlib import Path

import pytest

from haipkit.workspace.ask import history
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip

HEAD = "id,true,said,sex\n"
ROWS = [(n, int(n % 3 == 0), int(n % 3 == 0 and n % 5 > 0), "f" if n % 2 else "m") for n in range(300)]
WORDS = ("--label", "true", "--prediction", "said")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text(HEAD + "".join(f"{n},{true},{said},{sex}\n" for n, true, said, sex in ROWS))
    disturbed = "".join(f"{n},{true},{1 - said if n < 30 else said},{sex}\n" for n, true, said, sex in ROWS[:290])
    (tmp_path / "q.csv").write_text(HEAD + disturbed)
    return tmp_path


def test_figures_of_predictions_of_groups_and_of_disturbed_inputs(folder: Path) -> None:
    metrics = pytest.importorskip("fairlearn.metrics")
    more = ("--groups", "sex", "--disturbed", "q.csv", "--id", "id", "--json")
    data = json.loads(done("evaluate", "classifier", "p.csv", *WORDS, *more).out)
    found = {one["name"]: one for one in data["figures"]}
    assert found["accuracy"]["value"] == pytest.approx(sum(true == said for _, true, said, _ in ROWS) / 300)
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]
    assert found["same answer when disturbed"]["value"] == pytest.approx(260 / 290)
    assert data["unmatched"] == 10
    true, said, sex = zip(*(row[1:] for row in ROWS), strict=True)
    wanted = metrics.demographic_parity_difference(true, said, sensitive_features=sex)
    assert found["demographic_parity_difference by sex"]["value"] == pytest.approx(wanted)
    assert done("evaluate", "classifier", "p.csv", *WORDS).out.count("accuracy") == 2


def test_it_is_kept_as_a_measured_evaluation_that_decides_nothing(bakery: Path) -> None:
    (bakery / "p.jsonl").write_text("".join(json.dumps({"true": n % 2, "said": n % 4}) + "\n" for n in range(80)))
    done("add", "release", "1.0", "--system", "helpdesk", "--released-on", "2026-11-01", "--summary", "s")
    done("evaluate", "classifier", "p.jsonl", *WORDS, "--system", "helpdesk/1.0")
    with open_workspace(None) as workspace:
        (record,) = history(workspace, kinds=["evaluation/1"])
    assert record.body["result"] == "informational"
    assert record.body["samples"] == 80
    assert record.body["metrics"][0]["name"] == "accuracy"
    assert "verdict" not in record.body


def test_rows_without_a_value_are_counted_and_left_out(folder: Path) -> None:
    (folder / "h.csv").write_text("true,said\n1,1\n0,\nnan,1\n")
    data = json.loads(done("evaluate", "classifier", "h.csv", *WORDS, "--json").out)
    assert (data["rows"], data["left_out"]) == (1, 2)


@pytest.mark.parametrize(
    ("text", "more", "code", "said"),
    [
        ("true,other\n1,1\n", (), 65, "no column 'said'"),
        ("true,said\n1,\n", (), 65, "no row has both"),
        ("true,said\n" + "".join(f"{n},{n}\n" for n in range(300)), (), 64, "no classes"),
        ("true,said\n1,1\n", ("--disturbed", "q.csv"), 64, "--id COLUMN"),
        ("id,true,said\n1,1,1\n1,1,1\n", ("--disturbed", "q.csv", "--id", "id"), 65, "twice"),
        ("id,true,said\nx,1,1\n", ("--disturbed", "q.csv", "--id", "id"), 65, "no row in common"),
        ("true,said\n1,1,1\n", (), 65, "line 2"),
        ("", (), 65, "empty"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    folder: Path, text: str, more: tuple[str, ...], code: int, said: str
) -> None:
    (folder / "bad.csv").write_text(text)
    outcome = haip("evaluate", "classifier", "bad.csv", *WORDS, *more)
    assert outcome.code == code
    assert said in outcome.words


def test_a_file_that_is_not_there(folder: Path) -> None:
    assert haip("evaluate", "classifier", "gone.csv", *WORDS).code == 66
