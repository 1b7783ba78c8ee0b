"""What stands for the fields of a kind, kept in a cache that can only save time."""

from pathlib import Path

import pytest

from haipkit.records.kinds import KINDS
from haipkit.workspace.blanks import kept_blanks
from haipkit.workspace.forms import blanks


def test_the_cache_says_what_the_models_say(tmp_path: Path) -> None:
    for _ in range(2):
        known = kept_blanks(tmp_path / "cache")
        assert {kind: known(kind) for kind in KINDS} == {kind: blanks(kind) for kind in KINDS}
    assert known("no-such-kind/1") == {}
    assert known("policy/1")["title"] == ("<title>", True)


@pytest.mark.parametrize("change", ["nothing left", "another state", "cut short", "another form", "not text"])
def test_a_cache_that_cannot_be_used_is_made_anew(tmp_path: Path, change: str) -> None:
    kept_blanks(tmp_path)
    file = tmp_path / "blanks.json"
    good = file.read_bytes()
    state = good.partition(b"\n")[0]
    spoilt = {
        "nothing left": b"",
        "another state": b"0" + good[1:],
        "cut short": good[:-9],
        "another form": state + b"\n[1, 2]\n",
        "not text": b"\xff\xfe",
    }
    file.write_bytes(spoilt[change])
    assert kept_blanks(tmp_path)("policy/1") == blanks("policy/1")
    assert file.read_bytes() == good


def test_where_no_cache_can_be_written_it_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    assert kept_blanks(tmp_path / "cache")("policy/1") == blanks("policy/1")
