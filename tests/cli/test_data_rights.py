"""`haip data rights` and `haip data remove` as a person meets them: decisions, copies, tables, records."""

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from haipkit.kernel.words import Origin, Strength
from haipkit.workspace.ask import read_shelf
from haipkit.workspace.open import open_workspace
from helpers.commands import done, haip

DOCUMENTS = [
    {"url": "https://open.example/a", "text": "Hello.\nSPDX-License-Identifier: MIT"},
    {"url": "https://news.example/private/x", "text": "News of the day."},
    {"url": "https://news.example/free", "text": "More news."},
    {"url": "https://head.example/p", "headers": {"TDM-Reservation": "1"}, "text": "Reserved."},
    {"url": "https://a.shop.example/p", "text": "For sale."},
    {"url": "https://own.example/p", "robots": "User-agent: GPTBot\nDisallow: /", "text": "Own robots."},
    {"url": "https://page.example/p", "html": "<meta name='robots' content='noai'>", "text": "A page."},
    {"url": "https://words.example/p", "text": "All rights reserved."},
    {"id": "lone", "text": "Nobody says anything."},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "crawl.jsonl").write_text("".join(json.dumps(one) + "\n" for one in DOCUMENTS))
    return folder


@pytest.fixture
def side(tmp_path: Path) -> Path:
    host = tmp_path / "side" / "news.example"
    host.mkdir(parents=True)
    (host / "robots.txt").write_text("User-agent: *\nDisallow: /private\n")
    return tmp_path / "side"


def decisions(*words: str | Path) -> dict[str, str]:
    table = json.loads(haip("data", "rights", *words, "--json").out)["table"]
    return {row["source"] + ("!" if row["decision"] == "deny" else ""): row["carrier"] for row in table}


def test_each_carrier_decides_with_its_reason(corpus: Path, side: Path, tmp_path: Path) -> None:
    (tmp_path / "deny.txt").write_text("# ours\n*.shop.example\n")
    found = decisions(corpus, "--sources", side, "--domains", tmp_path / "deny.txt")
    assert found == {
        "news.example!": "robots.txt",
        "head.example!": "tdm-reservation header",
        "a.shop.example!": "your list of domains",
        "own.example!": "robots.txt",
        "page.example!": "noai in the page",
        "open.example": "licence",
        "news.example": "robots.txt",
        "words.example": "notice in the text",
        "(no address)": "",
    }
    assert "news.example!" not in decisions(corpus), "nothing is fetched: without the side files nobody knows"


def test_the_copy_leaves_out_what_is_refused_and_the_table_lists_all(corpus: Path, side: Path, tmp_path: Path) -> None:
    words = ("--sources", side, "--drop", tmp_path / "out", "--table", tmp_path / "t.parquet")
    assert done("data", "rights", corpus, *words).words
    kept = [json.loads(line) for line in (tmp_path / "out" / "crawl.jsonl").read_text().splitlines()]
    assert [one.get("url", "") for one in kept] == [
        "https://open.example/a",
        "https://news.example/free",
        "https://a.shop.example/p",
        "https://words.example/p",
        "",
    ]
    table = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert sum(row["documents"] for row in table) == len(DOCUMENTS)
    assert {row["in_copy"] for row in table if row["decision"] == "deny"} == {"left out"}
    assert haip("data", "rights", corpus, "--drop", tmp_path / "out").code == 64, "the folder is not empty"


def test_exit_codes(corpus: Path, tmp_path: Path) -> None:
    assert haip("data", "rights", corpus).code == 0
    assert haip("data", "rights", corpus, "--fail-on-deny").code == 1
    assert haip("data", "rights", corpus, "--sources", tmp_path / "none").code == 66
    assert haip("data", "rights", corpus, "--table", tmp_path / "t.xlsx").code == 64
    (tmp_path / "empty.txt").write_text("# nothing\n")
    assert haip("data", "rights", corpus, "--domains", tmp_path / "empty.txt").code == 64
    (corpus / "bad.jsonl").write_bytes(b'{"text": "\xff"}\n')
    assert haip("data", "rights", corpus).code == 2


def _warc(uri: str, body: bytes, headers: bytes = b"") -> bytes:
    content = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n" + body
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2026-10-01T09:00:00Z\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(content) + content + b"\r\n\r\n"


def test_side_files_of_every_form(corpus: Path, tmp_path: Path) -> None:
    lines = tmp_path / "crawl.jsonl"
    entries = [
        {"url": "https://open.example/a", "headers": {"Content-Usage": "train-ai=n"}, "fetched_at": "2026-10-02"},
        {"host": "words.example", "tdmrep": [{"location": "/", "tdm-reservation": 1}]},
    ]
    lines.write_text("".join(json.dumps(one) + "\n" for one in entries) + "no json\n")
    found = haip("data", "rights", corpus, "--sources", lines, "--json")
    rows = {row["source"]: row for row in json.loads(found.out)["table"]}
    assert found.code == 2, "a line was no JSON"
    assert (rows["open.example"]["carrier"], rows["open.example"]["from"]) == ("Content-Usage header", "2026-10-02")
    assert rows["words.example"]["carrier"] == "/.well-known/tdmrep.json"
    warc = tmp_path / "crawl.warc.gz"
    warc.write_bytes(
        gzip.compress(_warc("https://open.example/robots.txt", b"User-agent: CCBot\nDisallow: /\n"))
        + gzip.compress(_warc("https://words.example/p", b"<meta name='tdm-reservation' content='1'>"))
        + gzip.compress(_warc("https://page.example/other", b"x", b"tdm-reservation: 1\r\n"))
    )
    found = decisions(corpus, "--sources", warc)
    assert found["open.example!"] == "robots.txt"
    assert found["words.example!"] == "tdm-reservation in the page"
    assert haip("data", "rights", corpus, "--sources", corpus / "crawl.jsonl").code == 0
    (tmp_path / "x.bin").write_text("?")
    assert haip("data", "rights", corpus, "--sources", tmp_path / "x.bin").code == 65


def test_pictures_are_looked_at_for_assertions(corpus: Path) -> None:
    box = b"\0\0\0\x2bjson" + b'{"entries":{"c2pa.ai_training":{"use":"notAllowed"}}}'[:35]
    (corpus / "a.png").write_bytes(b"\x89PNG...c2pa.training-mining\0" + box)
    (corpus / "b.png").write_bytes(b"\x89PNG... nothing")
    rows = {row["source"]: row for row in json.loads(haip("data", "rights", corpus, "--json").out)["table"]}
    assert rows["(file) a.png"]["reason"] == "present, not read"
    assert "(file) b.png" not in rows, "what bears no sign is counted, and not listed one by one"


def test_the_record_holds_counts_and_no_addresses_and_moves_the_requirement(
    corpus: Path, side: Path, bakery: Path
) -> None:
    done("data", "rights", corpus, "--sources", side, "--dataset", "web", "--drop", bakery / "copy")
    with open_workspace(bakery) as workspace:
        (record,) = [r for r in read_shelf(workspace).records if r.header.kind == "dataset-rights/1"]
    assert (record.header.origin, record.strength) == (Origin.MEASURED, Strength.TESTED)
    assert (record.body["outcome"], record.body["denied"], record.body["documents_dropped"]) == ("treated", 4, 4)
    text = json.dumps([record.header.to_json(), dict(record.body)], default=list)
    assert "example/" not in text.replace("bakery.example/haip", "")
    assert "news.example" not in text


def test_a_planted_reservation_that_is_missed_stops_the_run(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from haipkit.kernel.errors import InternalFault
    from haipkit.workspace.rights import Wishes, look

    monkeypatch.setattr("haipkit.detectors.optout.headers", lambda fields: [])
    with pytest.raises(InternalFault, match="planted reservation was missed: tdm-header"):
        look(Wishes((str(corpus),)))


def test_removal_takes_out_looks_again_and_keeps_the_request(corpus: Path, bakery: Path) -> None:
    words = ("--source", "shop.example", "--reason", "copyright", "--requested-by", "legal office", "--dataset", "web")
    assert "would go" in done("data", "remove", corpus, *words).words
    with open_workspace(bakery) as workspace:
        (request,) = [r for r in read_shelf(workspace).records if r.header.kind == "data-removal/1"]
    assert (request.body["stage"], request.body["outcome"], request.strength) == ("requested", "open", Strength.CLAIMED)
    assert "1 document taken out" in done("data", "remove", corpus, *words, "--out", bakery / "copy").words
    assert "shop.example" not in (bakery / "copy" / "crawl.jsonl").read_text()
    assert len((bakery / "copy" / "crawl.jsonl").read_text().splitlines()) == len(DOCUMENTS) - 1
    with open_workspace(bakery) as workspace:
        (record,) = [r for r in read_shelf(workspace).records if r.header.kind == "data-removal/1"]
    assert (record.body["stage"], record.body["outcome"], record.body["documents_left"]) == ("done", "removed", 0)
    assert record.header.key == request.header.key
    assert record.strength is Strength.TESTED
    assert "shop.example" not in json.dumps([record.header.to_json(), dict(record.body)], default=list)


@pytest.mark.parametrize(
    ("selector", "removed"),
    [
        (("--source", "https://www.news.example/x"), 0),
        (("--source", "news.example"), 2),
        (("--document", "lone"), 1),
        (("--document", "https://news.example/free"), 1),
        (("--document", "crawl.jsonl"), len(DOCUMENTS)),
        (("--matching", "NEWS of"), 1),
        (("--matching", "nothing like it"), 0),
    ],
)
def test_what_a_removal_selects(corpus: Path, tmp_path: Path, selector: tuple[str, ...], removed: int) -> None:
    words = ("--reason", "other", "--requested-by", "owner", "--out", tmp_path / "out", "--json")
    found = json.loads(done("data", "remove", corpus, *selector, *words).out)
    assert found["documents_removed"] == removed
    assert found["outcome"] == ("removed" if removed else "not-found")


@pytest.mark.parametrize(
    "selector",
    [(), ("--source", "localhost"), ("--matching", "abc"), ("--document", " "), ("--source", "a.b", "--document", "c")],
)
def test_a_removal_that_selects_nothing_clear_is_refused(corpus: Path, selector: tuple[str, ...]) -> None:
    assert haip("data", "remove", corpus, *selector, "--reason", "other", "--requested-by", "owner").code == 64


def test_a_text_across_a_cut_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    cut = 4 << 20
    (folder / "long.txt").write_text("x " * ((cut - 6) // 2) + "secret phrase here " + "y " * 100)
    words = (
        "--matching",
        "secret phrase here",
        "--reason",
        "error",
        "--requested-by",
        "owner",
        "--out",
        tmp_path / "out",
    )
    assert json.loads(done("data", "remove", folder, *words, "--json").out)["documents_removed"] == 1
    assert not (tmp_path / "out" / "long.txt").exists()


def test_rights_move_a_requirement_from_claimed_to_tested(corpus: Path, bakery: Path) -> None:
    def status() -> str:
        return done("status", "11").words.split("11.3b ")[1].split(" 11.")[0]

    done("add", "system", "helpdesk", "--amend", "--trains-model")
    words = ("--use", "training", "--origin", "A crawl.", "--rights", "Text and data mining", "--personal-data", "none")
    done("add", "dataset", "web", "--name", "Web", *words, "--updated-on", "2026-06-01")
    words = ("--title", "Objections", "--topic", "copyright", "--description", "d", "--owner", "owner")
    done("add", "safeguard", "objections", *words, "--status", "in-place")
    assert "met ▁ claimed" in status()
    done("data", "rights", corpus, "--dataset", "web")
    assert "met ▁ claimed" in status(), "what is refused is still in the data"
    assert haip("data", "rights", corpus, "--dataset", "web", "--fail-on-deny").code == 1
    assert "their sources refuse" in status()
    done("data", "rights", corpus, "--dataset", "web", "--drop", bakery / "copy")
    assert "met ▅ tested" in status()
    done("report", "haip", "--to", "json")
    (path,) = (bakery / "reports").glob("haip-*.json")
    claim, *_ = [
        claim for claim in _claims(json.loads(path.read_text())) if "licences and reservations" in claim["text"]
    ]
    assert claim["strength"] == "tested"
    assert "left out of the copy that we use" in claim["text"]
    assert "These are signals, not legal findings." in claim["text"]


def _claims(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        own = [value] if {"text", "strength"} <= set(value) else []
        return own + [claim for inner in value.values() for claim in _claims(inner)]
    return [claim for inner in value for claim in _claims(inner)] if isinstance(value, list) else []
