"""`haip trace`: the way back from a release to its data, by digest; the prov library judges what is exported."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from prov.model import ProvDocument

from haipkit.workspace.open import open_workspace
from haipkit.workspace.tracing import trace
from helpers.commands import done, haip


@pytest.fixture
def lab(bakery: Path) -> Path:
    (bakery / "raw").mkdir()
    (bakery / "raw/a.txt").write_text("flour\n")
    (bakery / "raw/b.txt").write_text("water\n")
    return bakery


def traced(title: str, code: str, *options: str) -> int:
    return haip("trace", "run", "--title", title, *options, "--", sys.executable, "-c", code).code


CLEAN = "import pathlib; pathlib.Path('clean.txt').write_text(pathlib.Path('raw/a.txt').read_text().upper())"
TRAIN = "import pathlib; pathlib.Path('model.bin').write_bytes(pathlib.Path('clean.txt').read_bytes() * 2)"


def two_steps() -> None:
    assert traced("Clean", CLEAN, "--step", "data", "--in", "raw", "--out", "clean.txt") == 0
    words = ("--step", "training", "--in", "clean.txt", "--out", "model.bin", "--param", "rate=0.1")
    assert traced("Train", TRAIN, *words) == 0


def body(key: str) -> dict[str, object]:
    from haipkit.workspace.ask import standing

    with open_workspace(None) as workspace:
        return dict(standing(workspace, "trace/1", key).body)


def test_a_step_names_what_went_in_and_out_by_digest(lab: Path) -> None:
    two_steps()
    train = body("train")
    digest = sha256((lab / "clean.txt").read_bytes()).hexdigest()
    assert [one["sha256"] for one in train["inputs"]] == [digest]  # type: ignore[attr-defined]
    assert [one["name"] for one in train["outputs"]] == ["model.bin"]  # type: ignore[attr-defined]
    assert train["parameters"] == [{"name": "rate", "value": "0.1"}]
    assert train["exit_code"] == 0
    assert [one["name"] for one in body("clean")["inputs"]] == ["raw/a.txt", "raw/b.txt"]  # type: ignore[attr-defined]


def test_steps_are_linked_where_the_bytes_are_the_same(lab: Path) -> None:
    two_steps()
    rows = json.loads(done("trace", "show", "--json").out)
    assert [(row["step"], row["made_from"]) for row in rows] == [
        ("Clean", ["raw/a.txt", "raw/b.txt"]),
        ("Train", ["Clean"]),
    ]
    (lab / "clean.txt").write_text("something else")
    traced("Train again", TRAIN, "--step", "training", "--in", "clean.txt", "--out", "model.bin")
    assert json.loads(done("trace", "show", "--json").out)[-1]["made_from"] == ["clean.txt"]


def test_ends_as_the_command_ends_and_says_that_it_failed(lab: Path) -> None:
    assert traced("Fails", "import sys; sys.exit(3)") == 3
    assert body("fails")["exit_code"] == 3
    done("report", "data", "--to", "md", "--out", "out")
    (report,) = (lab / "out").iterdir()
    assert "The step failed, with exit code 3." in report.read_text()


def test_without_named_outputs_what_changed_counts(lab: Path) -> None:
    assert traced("Loose", "open('new.txt', 'w').write('x')", "--in", "raw") == 0
    assert [one["name"] for one in body("loose")["outputs"]] == ["new.txt"]  # type: ignore[attr-defined]


def test_a_command_that_is_not_there_is_said_and_nothing_recorded(lab: Path) -> None:
    outcome = haip("trace", "run", "--title", "T", "--", "no-such-command")
    assert outcome.code == 66
    assert "no-such-command" in outcome.words
    assert "No step is traced yet" in done("trace", "show").words


def test_an_input_that_is_not_there_stops_before_the_command(lab: Path) -> None:
    assert traced("T", "open('ran', 'w')", "--in", "gone") == 66
    assert not (lab / "ran").exists()


def test_a_block_of_python_is_traced_and_its_exception_goes_on(lab: Path) -> None:
    with open_workspace(None) as workspace:
        with trace(workspace, "Block", step="data", rate=0.5) as step:
            step.inputs.append(lab / "raw")
            (lab / "out.txt").write_text("y")
            step.outputs.append(lab / "out.txt")
        with pytest.raises(ValueError, match="no"), trace(workspace, "Broken"):
            raise ValueError("no")
    assert body("block")["parameters"] == [{"name": "rate", "value": "0.5"}]
    assert body("broken")["exit_code"] == 1


def test_prov_is_read_by_the_prov_library(lab: Path) -> None:
    two_steps()
    text = done("trace", "export", "--to", "prov").out
    document = ProvDocument.deserialize(content=text, format="json")
    kinds = [str(record.get_type()) for record in document.get_records()]
    assert kinds.count("prov:Activity") == 2
    assert kinds.count("prov:Usage") == 3
    assert kinds.count("prov:Generation") == 2


def test_openlineage_events_share_names_of_data_sets(lab: Path) -> None:
    two_steps()
    first, second = json.loads(done("trace", "export", "--to", "openlineage").out)
    assert first["eventType"] == "COMPLETE"
    assert first["outputs"][0]["name"] == second["inputs"][0]["name"]
    assert set(first) >= {"eventTime", "producer", "schemaURL", "run", "job"}


def test_in_toto_is_about_one_step(lab: Path) -> None:
    two_steps()
    assert haip("trace", "export", "--to", "in-toto").code == 64
    statement = json.loads(done("trace", "export", "train", "--to", "in-toto").out)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"]["sha256"] == sha256((lab / "model.bin").read_bytes()).hexdigest()
    parameters = statement["predicate"]["buildDefinition"]["externalParameters"]["parameters"]
    assert parameters == {"rate": "0.1"}


@pytest.mark.parametrize("form", ["folder", "json"])
def test_a_run_of_mlflow_is_taken_over_as_imported(form: str, lab: Path) -> None:
    run = lab / "mlruns/0/abc"
    for folder in ("params", "tags", "artifacts/model"):
        (run / folder).mkdir(parents=True)
    (run / "meta.yaml").write_text(
        "run_id: abc\nrun_name: fine-tune\nstart_time: 1762000000000\nend_time: 1762000090500\n"
    )
    (run / "params/lr").write_text("0.1")
    (run / "tags/mlflow.source.git.commit").write_text("ab" * 20)
    (run / "artifacts/model/weights.bin").write_bytes(b"123")
    path = run
    if form == "json":
        info = {"run_id": "abc", "run_name": "fine-tune", "start_time": 1762000000000, "end_time": 1762000090500}
        data = {"params": {"lr": "0.1"}, "tags": {"mlflow.source.git.commit": "ab" * 20}, "metrics": {}}
        path = lab / "run.json"
        path.write_text(json.dumps({"info": info, "data": data}))
    assert "as imported" in done("trace", "import", "mlflow", path).words
    kept = body("fine-tune")
    assert kept["code_commit"] == "ab" * 20
    assert kept["parameters"] == [{"name": "lr", "value": "0.1"}]
    assert kept["seconds"] == "90.500"
    if form == "folder":
        assert [one["name"] for one in kept["outputs"]] == ["model/weights.bin"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"[]", b'{"info": 1, "data": 2}', b'{"info": {"start_time": "x"}, "data": {}}']
)
def test_what_is_no_run_of_mlflow_is_refused(content: bytes, lab: Path) -> None:
    (lab / "bad.json").write_bytes(content)
    assert haip("trace", "import", "mlflow", "bad.json").code == 65
    os.mkdir("empty")  # noqa: PTH102
    assert haip("trace", "import", "mlflow", "empty").code == 65
    assert haip("trace", "import", "mlflow", "gone").code == 66
