"""`haip data quality` and `haip data bias` as a person meets them: exit codes, records, and what they do to status."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.kernel.words import Origin, Strength
from haipkit.workspace.ask import read_shelf
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip

PROSE = "The baker opens the shop at six, and when the first people come in, the bread is still warm from the oven."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    texts = [PROSE, "", PROSE + " cafÃ©", "one and the same line\n" * 9, PROSE + " The women and the children came."]
    rows = [{"text": text, "gender": "w" if place % 2 else "m"} for place, text in enumerate(texts * 4)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = ["sex,age,y,p"] + [
        f"{'mf'[n % 2]},{'old' if n % 3 else 'young'},{n % 5 < 2:d},{(n + n % 2) % 5 < 2:d}" for n in range(400)
    ]
    path = tmp_path / "loans.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def report(command: str, *words: str | Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(haip("data", command, *words, "--json").out)
    return found


def safeguard(topic: str) -> None:
    words = ("--title", f"Care for {topic}", "--topic", topic, "--description", "d", "--owner", "owner")
    done("add", "safeguard", topic, *words, "--status", "in-place")


def status(requirement: str) -> str:
    return done("status", "11").words.split(requirement + " ")[1].split(" 11.")[0]


def test_what_stands_out_is_counted(corpus: Path) -> None:
    found = report("quality", corpus)
    counts = {row["kind"]: row["documents"] for row in found["found"]}  # type: ignore[attr-defined]
    assert counts == {"empty": 4, "encoded twice": 4, "repeated lines": 4, "repeated phrases": 4}
    assert found["documents"] == 20
    assert {row["language"]: row["documents"] for row in found["languages"]}["en"] >= 12  # type: ignore[attr-defined]
    mentions = {row["group"]: row for row in found["mentions"]}  # type: ignore[attr-defined]
    assert mentions["women"]["documents"] == 4
    assert (mentions["women"]["low"], mentions["women"]["high"]) == ("0.080657", "0.416018")


def test_exit_codes_of_quality(corpus: Path, tmp_path: Path) -> None:
    assert haip("data", "quality", corpus).code == 0
    assert haip("data", "quality", corpus, "--fail-on", "empty,NUL bytes").code == 1
    assert haip("data", "quality", corpus, "--fail-on", "NUL bytes").code == 0
    assert haip("data", "quality", corpus, "--fail-on", "boredom").code == 64
    assert haip("data", "quality", tmp_path / "gone").code == 66
    (tmp_path / "limits.toml").write_text("[limits]\nrepeated_lines = 0.99\nrepeated_grams = 0.99\n")
    counts = {row["kind"] for row in report("quality", corpus, "--limits", tmp_path / "limits.toml")["found"]}  # type: ignore[attr-defined]
    assert "repeated lines" not in counts
    (tmp_path / "limits.toml").write_text("[limits]\nspeed = 1\n")
    assert haip("data", "quality", corpus, "--limits", tmp_path / "limits.toml").code == 65
    (corpus / "bad.jsonl").write_bytes(b"caf\xe9 and no JSON\n")
    assert haip("data", "quality", corpus).code == 2


def test_representation_stands_beside_what_was_expected(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "expected.toml").write_text("[gender]\nw = 0.9\nm = 0.5\n")
    assert haip("data", "quality", corpus, "--columns", "gender", "--reference", tmp_path / "expected.toml").code == 65
    (tmp_path / "expected.toml").write_text("[gender]\nw = 0.05\nx = 0.1\n")
    words = ("--columns", "gender", "--reference", tmp_path / "expected.toml")
    rows = {row["value"]: row for row in report("quality", corpus, *words)["columns"]}  # type: ignore[attr-defined]
    assert (rows["m"]["documents"], rows["w"]["documents"], rows["x"]["documents"]) == (10, 10, 0)
    assert rows["w"]["expected"] == "0.050000"
    shown = done("data", "quality", corpus, *words).words
    assert "w: the expected share lies outside the interval" in shown
    assert haip("data", "quality", corpus, "--columns", "shoe").code == 64


def test_a_planted_fault_that_is_missed_stops_the_run(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from haipkit.kernel.errors import InternalFault
    from haipkit.workspace.quality import Wishes, look

    monkeypatch.setattr("haipkit.detectors.quality._twice", lambda buffer, beyond: beyond[:0])
    with pytest.raises(InternalFault, match="encoded twice"):
        look(Wishes((str(corpus),)))


def test_quality_moves_a_requirement_from_claimed_to_tested(corpus: Path, bakery: Path) -> None:
    safeguard("data-quality")
    safeguard("bias")
    assert "claimed" in status("11.1b")
    done("data", "quality", corpus, "--dataset", "faq")
    assert "met ▅ tested" in status("11.1b")
    assert "met ▁ claimed" in status("11.1c"), "nobody asked who is represented"
    done("data", "quality", corpus, "--dataset", "faq", "--columns", "gender")
    assert "met ▅ tested" in status("11.1c")
    assert haip("data", "quality", corpus, "--dataset", "faq", "--fail-on", "empty").code == 1
    assert "partly met" in status("11.1b")
    with open_workspace(bakery) as workspace:
        (record,) = [r for r in read_shelf(workspace).records if r.header.kind == "dataset-quality/1"]
    assert (record.header.origin, record.strength) == (Origin.MEASURED, Strength.TESTED)
    assert "baker" not in json.dumps(dict(record.body), default=list)


def test_bias_moves_a_requirement_and_a_limit_holds_it(table: Path, bakery: Path) -> None:
    safeguard("bias")
    words = (table, "--label", "y", "--prediction", "p", "--groups", "sex,age", "--dataset", "loans")
    assert "claimed" in status("11.1c")
    done("data", "bias", *words)
    assert "met ▅ tested" in status("11.1c")
    assert haip("data", "bias", *words, "--limit", "equalized_odds_difference=0.01").code == 1
    assert "groups differ by more" in status("11.1c")
    with open_workspace(bakery) as workspace:
        (record,) = [r for r in read_shelf(workspace).records if r.header.kind == "dataset-bias/1"]
    assert [list(one["columns"]) for one in record.body["groupings"]] == [["sex"], ["age"], ["sex", "age"]]
    assert record.body["rows"] == 400


def test_the_same_table_gives_the_same_figures_in_every_format(table: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in table.read_text().splitlines()]
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    typed = {name: [int(cell) if cell.isdigit() else cell for cell in cells] for name, cells in columns.items()}
    pq.write_table(pa.table({**typed, "y": pa.array(typed["y"], pa.float64())}), tmp_path / "loans.parquet")
    lines = [dict(zip(typed, row, strict=True)) for row in zip(*typed.values(), strict=True)]
    (tmp_path / "loans.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ("--label", "y", "--prediction", "p", "--groups", "sex,age")
    found = [
        report("bias", tmp_path / f"loans.{ending}", *words)["groupings"] for ending in ("csv", "parquet", "jsonl")
    ]
    assert found[0] == found[1] == found[2]


BAD_TABLES = [
    ("empty", "", 65),
    ("no rows", "sex,y\n", 65),
    ("no such column", "sex,z\nm,1\n", 64),
    ("no clear positive", "sex,y\nm,good\nf,bad\n", 64),
    ("too many groups", "sex,y\n" + "".join(f"{n},1\n" for n in range(300)), 64),
    ("ragged", "sex,y\nm,1\nf,1,2,3\n", 65),
    ("a column twice", "sex,y,y\nm,1,1\n", 65),
    ("not UTF-8", b"sex,y\nm\xe9,1\n", 65),
]


@pytest.mark.parametrize(("text", "code"), [bad[1:] for bad in BAD_TABLES], ids=[bad[0] for bad in BAD_TABLES])
def test_bad_tables_are_named(tmp_path: Path, text: str | bytes, code: int) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert haip("data", "bias", path, "--label", "y", "--groups", "sex").code == code


def test_what_cannot_be_computed_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sex,y,p\n" + "m,1,1\nm,0,0\n" * 20 + "f,0,0\nf,0,1\n" * 20)
    shown = done("data", "bias", path, "--label", "y", "--prediction", "p", "--groups", "sex").words
    assert "f: no positive labels" in shown
    path.write_text("sex,y,p\n" + "m,1,1\nm,0,0\n" * 3)
    shown = done("data", "bias", path, "--label", "y", "--prediction", "p", "--groups", "sex").words
    assert "there is only one group" in shown
    assert "m: 6 rows" in shown, "a small group is named"
    assert haip("data", "bias", path, "--label", "y", "--groups", "sex", "--limit", "accuracy=2").code == 64
    assert haip("data", "bias", path, "--label", "y", "--groups", "sex", "--limit", "happiness=0.1").code == 64


def test_words_without_blanks_are_found_where_they_stand(tmp_path: Path) -> None:
    texts = [PROSE, "女性と男性が高齢者の家に集まりました。", PROSE, "この子どもの母親は女性です。バカと言わないで。"]
    path = tmp_path / "ja.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    found = report("quality", path)
    mentions = {row["group"]: (row["documents"], row["occurrences"]) for row in found["mentions"]}  # type: ignore[attr-defined]
    assert mentions["women"] == (2, 3)
    assert mentions["children"] == mentions["older-people"] == (1, 1)
    assert {row["kind"]: row["documents"] for row in found["found"]}["rude words (hint)"] == 1  # type: ignore[attr-defined]
