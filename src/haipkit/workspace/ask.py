"""Everything that reads. Light: no pydantic, no signature is checked here (that is `haip verify` and every report)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from haipkit.kernel.clock import end_of_day, today
from haipkit.kernel.errors import NotFound, UsageError
from haipkit.kernel.words import Origin
from haipkit.records.attachment import Attachment
from haipkit.records.record import Header, Record, Tool
from haipkit.workspace.open import Workspace

if TYPE_CHECKING:
    from haipkit.assessment.finding import Assessment, Step
    from haipkit.ledger.projection import Row


@dataclass
class Shelf:
    """The state of all records on a day, with what writers look up in it."""

    records: list[Record] = field(default_factory=list)
    _by_name: dict[tuple[str, str | None, str | None], list[Record]] = field(default_factory=dict)

    def note(self, record: Record) -> None:
        header = record.header
        self.records.append(record)
        self._by_name.setdefault((header.kind, header.system, header.key), []).append(record)

    def twin(self, header: Header, body: Mapping[str, Any], *, dated: bool = False) -> Record | None:
        """The standing record that already says exactly this; with `dated`, of the same day."""
        for record in self._by_name.get((header.kind, header.system, header.key), ()):
            other = record.header
            same = (
                record.body == body
                and (other.valid_from, other.valid_until, other.origin)
                == (header.valid_from, header.valid_until, header.origin)
                and [a.sha256 for a in other.attachments] == [a.sha256 for a in header.attachments]
                and not record.missing
                and not (dated and other.occurred_at[:10] != header.occurred_at[:10])
            )
            if same:
                return record
        return None

    def systems(self) -> list[str]:
        return sorted({r.header.key for r in self.records if r.header.kind == "system/1" and r.header.key})

    def releases(self, system: str) -> list[str]:
        return sorted(
            r.header.key
            for r in self.records
            if r.header.kind == "release/1" and r.header.system == system and r.header.key
        )

    def by_id(self, prefix: str) -> Record:
        """The record whose id, ledger index (`#12`) or key is given. Raises NotFound, UsageError when several fit."""
        if prefix.startswith("#") and prefix[1:].isdigit():
            found = [record for record in self.records if record.index == int(prefix[1:])]
        else:
            found = [record for record in self.records if record.header.id.startswith(prefix.lower())]
            found = found or [record for record in self.records if record.header.key == prefix]
        if not found:
            raise NotFound(f"there is no record {prefix!r}", advice="`haip records` lists them with their ids.")
        if len(found) > 1:
            raise UsageError(f"{len(found)} records fit {prefix!r}", advice="Give more of the id.")
        return found[0]

    def names(self, reference: str) -> bool:
        """True when a standing record goes by this key, `kind:key` or id: the names that evidence may use."""
        return any(
            reference in (r.header.id, r.header.key, f"{r.header.kind.partition('/')[0]}:{r.header.key}")
            for r in self.records
        )

    def digests_in_use(self, *, without: str) -> set[str]:
        return {a.sha256 for r in self.records if r.header.id != without for a in r.header.attachments}


def read_shelf(workspace: Workspace, as_of: date | None = None) -> Shelf:
    shelf = Shelf()
    for record in state(workspace, as_of):
        shelf.note(record)
    return shelf


def state(workspace: Workspace, as_of: date | None = None, kinds: Iterable[str] | None = None) -> list[Record]:
    """Records that count on `as_of` (default: now), oldest first."""
    limit = end_of_day(as_of) if as_of is not None else None
    chosen = None if kinds is None else frozenset(kinds)
    distrusted = compromised(workspace)
    if not distrusted:
        return _records(workspace, workspace.log.state(chosen, limit))
    rows = workspace.log.rows(as_of_instant=limit)
    standing_rows = _standing([row for row in rows if not _distrusts(distrusted, row)])
    return _records(workspace, [row for row in standing_rows if chosen is None or row.kind in chosen])


def compromised(workspace: Workspace) -> dict[str, str]:
    """Keys that are marked as compromised: key id → since when. What they signed from then on does not count."""
    found = {}
    for row in workspace.log.rows(kinds={"key-event/1"}):
        if '"compromised"' in row.body:
            body = json.loads(row.body)
            name, _, rest = str(body.get("verifier_key")).partition("+")
            if body.get("event") == "compromised":
                found[f"{name}+{rest[:8]}"] = row.occurred_at
    return found


def distrusted_rows(workspace: Workspace) -> "list[Row]":
    """What a compromised key signed after it was one, in the log's order."""
    keys = compromised(workspace)
    return [row for row in workspace.log.rows() if _distrusts(keys, row)] if keys else []


def _distrusts(keys: Mapping[str, str], row: "Row") -> bool:
    since = keys.get(row.signer)
    return since is not None and row.recorded_at >= since


def _standing(rows: "Sequence[Row]") -> "list[Row]":
    """As `Log.state`, among these rows alone: of each kind, key and system the newest, and nothing superseded."""
    newest = {(row.kind, row.key, row.system): row.idx for row in rows if row.key is not None}
    replaced = {row.supersedes: row.idx for row in rows if row.supersedes is not None}
    return [
        row
        for row in rows
        if (row.key is None or newest[row.kind, row.key, row.system] == row.idx) and replaced.get(row.id, -1) < row.idx
    ]


def history(workspace: Workspace, kinds: Iterable[str] | None = None) -> list[Record]:
    """All records ever, oldest first."""
    return _records(workspace, workspace.log.rows(kinds=None if kinds is None else frozenset(kinds)))


def standing(workspace: Workspace, kind: str, key: str, system: str | None = None) -> Record:
    """The record that is the state of `key`. Raises NotFound; UsageError when several systems have one of that key."""
    found = [
        record
        for record in state(workspace, kinds=[kind])
        if record.header.key == key and system in (None, record.header.system)
    ]
    if not found:
        raise NotFound(
            f"there is no {kind.partition('/')[0]} {key!r} to amend", advice="`haip records` lists what there is."
        )
    if len(found) > 1:
        raise UsageError(f"several systems have a {kind.partition('/')[0]} {key!r}", advice="Say which with --system.")
    return found[0]


def find_record(workspace: Workspace, reference: str) -> Record:
    """Any record, also superseded ones: by id prefix, `#index` or key of a standing one."""
    shelf = Shelf()
    for record in history(workspace):
        shelf.note(record)
    try:
        return shelf.by_id(reference)
    except UsageError:
        return read_shelf(workspace).by_id(reference)


def record_at(workspace: Workspace, index: int) -> Record:
    """The record at a place in the ledger, also a superseded one. Raises NotFound."""
    row = workspace.log.row(index)
    if row is None:
        raise NotFound(f"there is no record at ledger entry {index}", advice="`haip records` lists them.")
    return _records(workspace, [row])[0]


def _records(workspace: Workspace, rows: "Sequence[Row]") -> list[Record]:
    """Rows as records. One call parses all bodies: ten thousand small ones cost three times as much."""
    bodies = json.loads("[" + ",".join([row.body for row in rows]) + "]")
    own = _own_key_names(workspace)
    present: dict[str, bool] = {}
    origins = {str(origin): origin for origin in Origin}
    built = []
    for row, body in zip(rows, bodies, strict=True):
        attachments: tuple[Attachment, ...] = ()
        missing: frozenset[str] = frozenset()
        if row.attachments:
            attachments, missing = _attachments(workspace, row.attachments, present)
        header = Header(
            row.id,
            row.kind,
            row.actor,
            origins[row.origin],
            row.occurred_at,
            row.recorded_at,
            row.system,
            row.key,
            row.supersedes,
            _tool(row.tool) if row.tool else None,
            row.valid_from,
            row.valid_until,
            attachments,
            row.v,
        )
        built.append(Record(header, body, row.idx, missing, not row.signer.startswith(own)))
    return built


def _own_key_names(workspace: Workspace) -> str:
    """Keys of this workspace are named after its log; every other signer is somebody else."""
    return workspace.config.origin + "/office/"


def _attachments(
    workspace: Workspace, text: str, present: dict[str, bool]
) -> tuple[tuple[Attachment, ...], frozenset[str]]:
    """Attachments, and the digests of those whose bytes are gone."""
    found = tuple(Attachment(a["sha256"], a["size"], a["media_type"], a["name"]) for a in json.loads(text))
    for attachment in found:
        if attachment.sha256 not in present:
            present[attachment.sha256] = workspace.blobs.has(attachment.sha256)
    return found, frozenset(a.sha256 for a in found if not present[a.sha256])


def _tool(text: str) -> Tool:
    tool = json.loads(text)
    return Tool(tool["name"], tool["version"])


def assessment(workspace: Workspace, as_of: date | None = None) -> "Assessment":
    """All findings as of a day (default: today)."""
    from haipkit.assessment.engine import assess

    day = as_of or today()
    records = state(workspace, day)
    if not records:
        raise UsageError(
            f"nothing was recorded by {day}", advice="`haip records --history` shows since when there are records."
        )
    return assess(workspace.conduct, records, day, roles=workspace.config.roles)


def steps(workspace: Workspace, found: "Assessment") -> "tuple[Step, ...]":
    from haipkit.assessment.next_steps import next_steps
    from haipkit.workspace.blanks import kept_blanks

    blanks = kept_blanks(workspace.config.private / "cache")
    return next_steps(workspace.conduct, found, profile=workspace.config.start, blanks=blanks)


def resolve_requirements(workspace: Workspace, references: Sequence[str]) -> list[str]:
    return [requirement.id for reference in references for requirement in workspace.conduct.find(reference)]
