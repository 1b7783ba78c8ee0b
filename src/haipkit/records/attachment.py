"""A file that a record points at: named by digest, kept beside the log, never inside it."""

from typing import Any, NamedTuple


class Attachment(NamedTuple):
    """`sha256` lower-case hex, `size` in bytes, `media_type` as in RFC 6838, `name` the file name without folders."""

    sha256: str
    size: int
    media_type: str
    name: str

    def to_json(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "size": self.size, "media_type": self.media_type, "name": self.name}
