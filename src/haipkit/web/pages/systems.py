"""Which AI do you build or use? Every recorded system, with what was found about it."""

from haipkit.kernel.words import Status
from haipkit.web.desk import Desk, View
from haipkit.web.page import Asked, Shown, page


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    return {
        "systems": [(record, counts(view, record.header.key or "")) for record in view.of_kind("system/1")],
        "as_of": view.found.as_of,
    }


def counts(view: View, system: str, action: int | None = None) -> dict[Status, int]:
    """Findings about a system and its releases, by status."""
    found = [
        finding.status
        for finding in view.found.findings
        if finding.subject is not None
        and finding.subject.partition("/")[0] == system
        and action in (None, finding.action)
    ]
    return {status: found.count(status) for status in Status}
