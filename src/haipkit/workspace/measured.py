"""Keeps what the program measured of a data set as a record of origin *measured*."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haipkit.workspace.do import Written
    from haipkit.workspace.open import Workspace


def keep_measured(
    workspace: "Workspace",
    kind: str,
    body: Callable[[str], dict[str, Any]],
    *,
    key: str,
    system: str | None,
    office: str | None = None,
) -> "Written":
    """Write the record; `body` makes its fields for the day of today. Raises what `workspace.do.add` raises."""
    from importlib.metadata import version

    from haipkit.kernel.clock import today
    from haipkit.kernel.words import Origin
    from haipkit.records.kinds import find_kind
    from haipkit.records.record import Tool
    from haipkit.workspace.do import add
    from haipkit.workspace.forms import Form

    form = Form(find_kind(kind), body(today().isoformat()), {"key": key, "system": system}, where=f"{kind} of {key}")
    return add(workspace, [form], origin=Origin.MEASURED, tool=Tool("haipkit", version("haipkit")), office=office)[0]
