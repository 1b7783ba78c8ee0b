"""Which text a document has: the same rule in every format, for fields that are there, empty, null or absent."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from haipkit.actions.a11_data.units import Part
from haipkit.adapters.corpus_files import survey
from haipkit.adapters.read_corpus import PartReport
from haipkit.workspace.documents import read_texts

ROWS: list[dict[str, Any]] = [
    {"title": "A bridge", "text": "The bridge is closed."},
    {"title": "Nothing to say", "text": ""},
    {"title": "A bakery", "text": "It opens on Saturday."},
]
TEXTS = ["The bridge is closed.", "", "It opens on Saturday."]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return path


def texts(path: Path, *fields: str) -> list[str]:
    (file,) = survey([str(path)]).files
    return [
        bytes(found.data[begin:stop]).decode()
        for found in read_texts(file, Part(0), PartReport(), fields)
        for begin, stop in zip(found.begins.tolist(), found.stops.tolist(), strict=True)
    ]


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
def test_an_empty_text_is_the_text(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    assert texts(write(path, ROWS)) == TEXTS
    assert texts(write(path, ROWS[1:2])) == [""], "also where no other document of the file has one"
    assert texts(path, "title") == ["Nothing to say"]
    assert texts(path, "nowhere") == [""]


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
def test_without_such_a_field_all_strings_are_the_text(tmp_path: Path, ending: str) -> None:
    rows = [{"b": "two", "a": "one"}, {"b": "", "a": "lone"}, {"b": "", "a": ""}]
    assert texts(write(tmp_path / f"a.{ending}", rows)) == ["one\ntwo", "lone", ""]


def test_null_is_absent_in_json_lines_and_empty_in_a_table(tmp_path: Path) -> None:
    rows = [{"title": "One", "text": "First."}, {"title": "Two", "text": None}, {"title": "Three"}]
    assert texts(write(tmp_path / "a.jsonl", rows)) == ["First.", "Two", "Three"]
    strange = tmp_path / "b.jsonl"
    strange.write_text((tmp_path / "a.jsonl").read_text().replace("{", '{"n": 1, "n": 2, '))
    assert texts(strange) == ["First.", "Two", "Three"], "the exact reader says the same"
    assert texts(write(tmp_path / "a.parquet", rows)) == ["First.", "", ""]
    assert texts(write(tmp_path / "a.csv", rows)) == ["First.", "", ""]


def test_documents_without_any_text_are_empty_ones(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.jsonl", [{"n": 1}, {"text": "One."}, {"n": 2}])) == ["", "One.", ""]


def test_of_two_such_fields_the_first_counts(tmp_path: Path) -> None:
    rows = [{"content": "no", "text": "yes"}, {"content": "no", "text": ""}, {"content": "only"}]
    assert texts(write(tmp_path / "a.jsonl", rows)) == ["yes", "", "only"]
