"""What a block of a corpus holds, and the edits after which it holds no more of it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haipkit.actions.a11_data.redact import edits_by_row, placeholder, shape, value_id
from haipkit.actions.a11_data.scan_summary import Tally

if TYPE_CHECKING:
    from haipkit.adapters.corpus_blocks import Block, Edits
    from haipkit.workspace.scan_unit import Plan

CONTEXT = 40
"""Bytes of text on either side that a finding shows when values are asked for."""
MARGIN = 192
"""Bytes on either side of a mark that are looked at again: no rule looks further for context."""
_WORDS = ("file", "field", "kind", "country", "confidence", "rule", "shape", "value_id")
_NUMBERS = ("document", "start", "end")
_SHOWN = ("before", "value", "after")
_ORDER = ("file", "document", "field", "kind", "country", "start", "end", "confidence", "rule", "shape", "value_id")


@lru_cache(maxsize=4)
def rules_for(rules: tuple[str, str] | None, kinds: tuple[str, ...]) -> Any:
    """The rule table of a plan: with the user's file (name, content), cut down to the kinds wanted. Raises BadInput."""
    from haipkit.detectors.table import load_rules, only

    if rules is None:
        table = load_rules()
    else:
        with TemporaryDirectory(prefix="haip-rules-") as folder:
            path = Path(folder) / rules[0]
            path.write_text(rules[1], "utf-8")
            table = load_rules(path)
    return only(table, kinds) if kinds else table


def findings_in(batch: Any, plan: "Plan") -> Any:
    """Findings of a batch, as `haipkit.detectors.scan` gives them."""
    from haipkit.detectors.scan import scan_batch

    return scan_batch(batch, rules_for(plan.rules, plan.kinds))


class Findings:
    """Findings of a unit in columns, in the published order (docs/do/scan-a-data-set.md)."""

    def __init__(self, *, values: bool) -> None:
        self._values = values
        self._columns: dict[str, list[Any]] = {name: [] for name in (*_ORDER, *(_SHOWN if values else ()))}

    def add(self, name: str, block: "Block", found: dict[str, list[Any]], key: bytes) -> None:
        rows, starts, ends = found["document"], found["start"], found["end"]
        spans = [block.span(*place) for place in zip(rows, starts, ends, strict=True)]
        texts = [block.value(row) for row in rows]
        values = [text[start:end] for text, start, end in zip(texts, starts, ends, strict=True)]
        fresh: dict[str, list[Any]] = {
            "file": [name] * len(rows),
            "document": block.batch.column("document").take(rows).to_pylist() if rows else [],
            "field": [block.name(row) for row in rows],
            "start": [first for first, _ in spans],
            "end": [last for _, last in spans],
            "shape": [shape(value) for value in values],
            "value_id": [value_id(value, key) for value in values],
            **{word: found[word] for word in ("kind", "country", "confidence", "rule")},
        }
        if self._values:
            places = list(zip(texts, starts, ends, strict=True))
            fresh["before"] = [_shown(text[max(start - CONTEXT, 0) : start]) for text, start, _ in places]
            fresh["value"] = [_shown(value) for value in values]
            fresh["after"] = [_shown(text[end : end + CONTEXT]) for text, _, end in places]
        for column, more in fresh.items():
            self._columns[column] += more

    def join(self, other: "Findings") -> None:
        for column, more in other._columns.items():
            self._columns[column] += more

    def table(self) -> Any:
        """A record batch, in the order of files, documents and fields: the same in whatever order blocks gave them."""
        import pyarrow as pa

        types = {**dict.fromkeys((*_WORDS, *_SHOWN), pa.string()), **dict.fromkeys(_NUMBERS, pa.int64())}
        schema = pa.schema([(name, types[name]) for name in self._columns])
        batch = pa.RecordBatch.from_pydict(self._columns, schema=schema)
        return batch.sort_by([(name, "ascending") for name in ("file", "document", "field", "start", "end", "kind")])


def _shown(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")


def look(plan: "Plan", name: str, block: "Block", tally: Tally, findings: Findings | None) -> "Edits":
    """Note what a block holds; returns the edits that take it out, by row."""
    import numpy as np

    tally.documents += block.documents
    found = findings_in(block.batch, plan)
    if not found.num_rows:
        return {}
    kinds = _noted(found, tally)
    if findings is not None:
        findings.add(name, block, found.to_pydict(), plan.key)
    rows = found.column("document").to_numpy()
    documents = len(np.unique(block.owners()[rows]))
    tally.with_findings += documents
    if plan.treatment != "none":
        tally.treated += documents
    edits = _edits(rows, found.column("start").to_numpy(), found.column("end").to_numpy(), kinds)
    return _until_clean(plan, block, edits) if plan.treatment == "redacted" else edits


def _noted(found: Any, tally: Tally) -> list[str]:
    """Add findings to the tally; returns the kind of each. A rule has one kind, one country and one confidence."""
    import numpy as np

    coded = found.column("rule").dictionary_encode()
    codes = coded.indices.to_numpy()
    _, firsts, counts = np.unique(codes, return_index=True, return_counts=True)
    heads = found.take(firsts).to_pydict()
    for kind, country, sure, count in zip(
        heads["kind"], heads["country"], heads["confidence"], counts.tolist(), strict=True
    ):
        tally.note(kind, country or "", sure, count)
    kinds: list[str] = heads["kind"]
    return [kinds[code] for code in codes.tolist()]


def _edits(rows: Any, starts: Any, ends: Any, kinds: Sequence[str]) -> "Edits":
    from haipkit.adapters.corpus_blocks import EditColumns

    if ((rows[1:] == rows[:-1]) & (starts[1:] < ends[:-1])).any():
        places = zip(rows.tolist(), starts.tolist(), ends.tolist(), kinds, strict=True)
        return EditColumns.of(edits_by_row(places))
    return EditColumns(rows, starts, ends, [placeholder(kind) for kind in kinds])


def _until_clean(plan: "Plan", block: "Block", edits: "Edits") -> "Edits":
    """Edits after which nothing is found. Where joining what is left makes a new value, the whole text goes.

    Only what lies around a mark can be new. Where something is found there, the whole value is looked at to be sure.
    """
    import pyarrow as pa

    fresh, _ = block.spliced(edits)
    around, rows = _windows(block, edits)
    suspects = sorted(set(rows[findings_in(around, plan).column("document").to_numpy()].tolist()))
    if not suspects:
        return edits
    whole = pa.record_batch({"text": fresh.take(pa.array(suspects, pa.int64()))})
    sure = {suspects[place] for place in findings_in(whole, plan).column("document").to_pylist()}
    gone = {row: [(0, len(block.value(row)), b"<REMOVED>")] for row in sure}
    return {**edits, **gone} if gone else edits


def _windows(block: "Block", edits: "Edits") -> tuple[Any, Any]:
    """The text around all marks as a batch, one row a stretch, and the block's row (int64) of each stretch."""
    import numpy as np
    import pyarrow as pa

    from haipkit.adapters.corpus_blocks import EditColumns, text_buffers

    fresh, places = block.spliced(edits)
    offsets, text = text_buffers(fresh)
    columns = EditColumns.of(edits)
    rows = columns.rows
    sizes = np.array([len(mark) for mark in columns.marks], dtype=np.int64)
    begins = np.maximum(offsets[rows], places - MARGIN)
    ends = np.minimum(offsets[rows + 1], places + sizes + MARGIN)
    letters = np.frombuffer(text, dtype=np.uint8)
    for _ in range(3):
        begins -= (letters[np.minimum(begins, len(letters) - 1)] & 0xC0) == 0x80
    new = np.append(True, (rows[1:] != rows[:-1]) | (begins[1:] > ends[:-1]))
    firsts = np.flatnonzero(new)
    lasts = np.append(firsts[1:], len(rows)) - 1
    begins, ends = begins[firsts], ends[lasts]
    joined = b"".join([text[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)])
    bounds = np.append(0, np.cumsum(ends - begins))
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(joined)]
    column = pa.Array.from_buffers(pa.large_binary(), len(firsts), buffers)
    return pa.record_batch({"text": column}), rows[firsts]
