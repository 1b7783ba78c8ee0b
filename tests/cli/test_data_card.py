"""Croissant cards: the reference library of MLCommons is the judge."""

import gzip
import json
from pathlib import Path

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.exports.croissant import croissant
from helpers.commands import done, haip

MAIL = "jo@example.org"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"text": "Write to ' + MAIL + '", "n": 1, "tags": ["x"]}\n')
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "b"}\n'))
    (folder / "c.csv").write_text("id,name\n1,b\n")
    (folder / "d.txt").write_text("hello\n")
    pq.write_table(pa.table({"t": ["x"], "f": [1.5], "yes": [True]}), folder / "e.parquet")
    return folder


@pytest.fixture
def listed(bakery: Path) -> Path:
    done("add", "dataset", "faq", "--name", "Our FAQ", "--use", "retrieval", "--origin", "written by our staff",
         "--rights", "our own work", "--personal-data", "incidental", "--updated-on", "2026-11-01",
         "--languages", "en", "--source", "public")  # fmt: skip
    return bakery


def _judged(card: Path) -> mlcroissant.Metadata:
    issues = mlcroissant.Dataset(str(card)).metadata.ctx.issues
    assert not issues.errors
    return mlcroissant.Dataset(str(card)).metadata


@pytest.mark.filterwarnings("ignore")
def test_the_reference_library_accepts_the_card_and_reads_the_same_from_it(data: Path, listed: Path) -> None:
    done("scan", data, "--dataset", "faq")
    done("data", "card", "faq", data, "--out", "card.json")
    metadata = _judged(Path("card.json"))
    assert metadata.name == "Our FAQ"
    assert sorted(one.name for one in metadata.file_objects) == sorted(path.name for path in data.iterdir())
    fields = {record_set.id: [field.name for field in record_set.fields] for record_set in metadata.record_sets}
    assert fields["a.jsonl#records"] == ["text", "n", "tags"]
    assert fields["e.parquet#records"] == ["t", "f", "yes"]
    assert any("email: 1 confirmed" in one for one in metadata.personal_sensitive_information)


def test_a_card_holds_counts_and_never_values(data: Path, listed: Path) -> None:
    done("scan", data, "--dataset", "faq")
    text = done("data", "card", "faq", data).out
    assert MAIL not in text
    assert "1 confirmed" in text


def test_digests_are_those_of_the_files(data: Path, listed: Path) -> None:
    from hashlib import sha256

    card = json.loads(done("data", "card", "faq", data).out)
    for one in card["distribution"]:
        content = (data / one["contentUrl"]).read_bytes()
        assert one["sha256"] == sha256(content).hexdigest()
        assert one["contentSize"] == f"{len(content)} B"


def test_what_nobody_recorded_is_left_out() -> None:
    body = {"name": "d", "use": "training", "origin": "here", "rights": "ours", "personal_data": "unknown",
            "updated_on": "2026-11-01"}  # fmt: skip
    card = croissant(body, (), creator="Shop")
    assert not {"url", "inLanguage", "distribution", "recordSet", "rai:dataBiases", "datePublished"} & set(card)
    assert card["rai:personalSensitiveInformation"] == ["Whether it holds personal data is not known to its owner."]


def test_an_unknown_data_set_names_the_known_ones(listed: Path) -> None:
    outcome = haip("data", "card", "fqa")
    assert outcome.code == 66
    assert "Known: faq." in outcome.words


def test_a_file_that_is_gone_leaves_no_card(listed: Path, tmp_path: Path) -> None:
    assert haip("data", "card", "faq", tmp_path / "gone", "--out", "card.json").code == 66
    assert not Path("card.json").exists()
