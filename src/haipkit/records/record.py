"""The envelope of every fact. Plain immutable values, so that reading ten thousand costs milliseconds.

The header stays clear in the ledger; each field of the body is a salted digest there (docs/spec/record.md).
Instants and days are text as in `kernel.clock`. Nothing personal belongs in a header.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from haipkit.kernel.words import Origin, Strength
from haipkit.records.attachment import Attachment

ENVELOPE_VERSION = 1


class Tool(NamedTuple):
    name: str
    version: str


class Header(NamedTuple):
    """`system` is `helpdesk` or, for one release, `helpdesk/2.1`. `by` is an office ("owner"), never a person's name.

    `key` names the thing the record is about: the newest record of a kind, system and key is its state.
    """

    id: str
    kind: str
    by: str
    origin: Origin
    occurred_at: str
    recorded_at: str
    system: str | None = None
    key: str | None = None
    supersedes: str | None = None
    tool: Tool | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    attachments: tuple[Attachment, ...] = ()
    v: int = ENVELOPE_VERSION

    def to_json(self) -> dict[str, Any]:
        """The header as claims; absent fields are left out."""
        claims: dict[str, Any] = {
            "v": self.v,
            "id": self.id,
            "kind": self.kind,
            "by": self.by,
            "origin": str(self.origin),
        }
        for name in ("system", "key", "supersedes", "occurred_at", "recorded_at", "valid_from", "valid_until"):
            value = getattr(self, name)
            if value is not None:
                claims[name] = value
        if self.tool is not None:
            claims["tool"] = {"name": self.tool.name, "version": self.tool.version}
        if self.attachments:
            claims["attachments"] = [attachment.to_json() for attachment in self.attachments]
        return claims

    @classmethod
    def from_json(cls, claims: Mapping[str, Any]) -> "Header":
        """Read claims kindly: fields of a later version are ignored here and stay in the signed bytes."""
        tool = claims.get("tool")
        return cls(
            id=claims["id"],
            kind=claims["kind"],
            by=claims["by"],
            origin=Origin(claims["origin"]),
            occurred_at=claims["occurred_at"],
            recorded_at=claims["recorded_at"],
            system=claims.get("system"),
            key=claims.get("key"),
            supersedes=claims.get("supersedes"),
            tool=Tool(tool["name"], tool["version"]) if tool else None,
            valid_from=claims.get("valid_from"),
            valid_until=claims.get("valid_until"),
            attachments=tuple(
                Attachment(a["sha256"], a["size"], a["media_type"], a["name"]) for a in claims.get("attachments", ())
            ),
            v=claims.get("v", ENVELOPE_VERSION),
        )


class Record(NamedTuple):
    """A record as read back: `index` is its place in the ledger; `missing` lists attachments whose bytes are gone.

    `independent` is true when the signature is by a key that this workspace does not hold.
    """

    header: Header
    body: Mapping[str, Any] = MappingProxyType({})
    index: int = -1  # type: ignore[assignment]  # instead of a tuple's method, which nobody asks of a record
    missing: frozenset[str] = frozenset()
    independent: bool = False

    @property
    def strength(self) -> Strength:
        """What the record is worth by itself: its origin, and whether bytes that back it are still there."""
        origin, attachments = self.header.origin, self.header.attachments
        if origin is Origin.DECLARED and not attachments:
            return Strength.CLAIMED
        if origin is Origin.ATTESTED:
            return Strength.INDEPENDENTLY_VERIFIED if self.independent else Strength.CLAIMED
        if origin is Origin.MEASURED:
            return Strength.TESTED
        kept = any(attachment.sha256 not in self.missing for attachment in attachments)
        if kept:
            return Strength.EVIDENCED
        return Strength.CLAIMED

    @property
    def title(self) -> str:
        """What people call the thing."""
        body = self.body
        for name in ("title", "name", "identifier", "question", "statement"):
            value = body.get(name)
            if value.__class__ is str and value:
                return str(value)
        made = _TITLES.get(self.header.kind)
        if made is not None and made[1] in body:
            return made[0].format_map(body)
        return self.header.key or self.header.kind


_TITLES = {
    "owner/1": ("{office} answers for action {action}", "office"),
    "release/1": ("Release {version}", "version"),
    "approval/1": ("Approval of {subject} by {approved_by}", "approved_by"),
    "commitment/1": ("Commitment to {to}", "to"),
    "position/1": ("Position on {requirement}", "requirement"),
    "redaction/1": ("Redaction of {record}", "record"),
}
"""Titles of kinds whose bodies have none, with the field that must be there: it may have been erased."""
