"""JSON lines of other tools' logs, within the limits of `_limits`."""

from collections.abc import Iterator
from typing import Any

from haipkit.adapters._limits import MAX_BYTES, check_size, read_json
from haipkit.adapters._values import mapping


def json_lines(data: bytes, name: str, max_bytes: int = MAX_BYTES) -> Iterator[tuple[dict[str, Any], str]]:
    """(object, where) of every line that is not blank. Raises BadInput that names the line."""
    check_size(data, name, max_bytes)
    for number, text in enumerate(data.split(b"\n"), start=1):
        if text.strip():
            where = f"{name}, line {number:,}"
            yield mapping(read_json(text, where, max_bytes), where), where
