"""Which documents a request to take data out is about: all of a source, one document, or those that hold a text.

Decides. Does not read or write. What was asked for is kept nowhere: records hold a keyed hash of it.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from haipkit.actions.a11_data.rights import COPYRIGHT, Facts, slot_of
from haipkit.detectors.optout import in_list, split_url
from haipkit.kernel.errors import UsageError

PERSONAL = "11.3a"
LEAKS = "11.2a"
QUALITY = "11.1b"
SPEAKS_TO = {
    "copyright": (COPYRIGHT,),
    "opt-out": (COPYRIGHT,),
    "licence": (COPYRIGHT,),
    "personal-data": (PERSONAL,),
    "confidential": (LEAKS,),
    "harmful": (QUALITY,),
    "error": (QUALITY,),
    "other": (),
}
"""Reasons, and the requirements that a removal for them speaks to."""
ID_FIELDS = ("id", "doc_id", "document_id", "docid", "uid", "uuid", "key", "sha256", "url", "source_url")


@dataclass(frozen=True, slots=True)
class Selector:
    """What is to be taken out. `value` in the form it is compared in."""

    kind: Literal["source", "document", "matching"]
    value: str

    def identity(self, dataset: str, key: bytes) -> str:
        """Sixteen hex digits that are equal for equal requests about a data set, and mean nothing without the key."""
        said = "\0".join((dataset, self.kind, self.value)).encode("utf-8", "surrogatepass")
        return hmac.new(key, said, "sha256").hexdigest()[:16]

    def asks(self, name: str) -> bool:
        """Has a field of this name to be read to know whose document it is?"""
        if self.kind == "source":
            return slot_of(name)[0] in ("url", "host")
        return self.kind == "document" and name.rpartition(".")[2].lower() in ID_FIELDS

    def named(self, fields: Iterable[tuple[str, str]], file: str) -> bool:
        """Is it the document with these fields (dotted name, value), from this file?"""
        if self.kind == "source":
            facts = Facts()
            for name, value in fields:
                facts.note(name, value)
            return bool(in_list(facts.place[0], frozenset({self.value})))
        if self.kind == "document":
            return self.value == file or any(value.strip() == self.value for name, value in fields if self.asks(name))
        return False

    def rows(self, column: Any) -> list[int]:
        """Rows of a column of text that hold the text that was asked for, in any case."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.kind != "matching" or not len(column):
            return []
        hits = pc.match_substring(column, self.value, ignore_case=True)
        found: list[int] = pc.indices_nonzero(hits.cast(pa.uint8())).to_pylist()
        return found


def selector_of(source: str | None, document: str | None, matching: str | None) -> Selector:
    """The one selector that was given. Raises UsageError for none, several, or one that would take too much."""
    given = [value for value in (source, document, matching) if value is not None]
    if len(given) != 1:
        raise UsageError("what shall be taken out?", advice="Say one of --source, --document or --matching.")
    if source is not None:
        split = split_url(source if "//" in source else f"//{source.strip().removeprefix('*.')}")
        host = split[0] if split else ""
        if "." not in host.strip("."):
            raise UsageError(f"{source!r} is no domain", advice="Write it as news.example.")
        return Selector("source", host)
    if document is not None:
        if not document.strip():
            raise UsageError("the name of the document is empty")
        return Selector("document", document.strip())
    if len((matching or "").strip()) < 4:
        raise UsageError("fewer than four characters would match too much")
    return Selector("matching", matching or "")
