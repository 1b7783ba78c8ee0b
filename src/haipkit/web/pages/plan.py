"""What do I do next? Every open step with its date and its office, as one page to print."""

from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.pages.home import standing

_SHOWN = 40


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    systems = [record.title for record in view.of_kind("system/1")]
    risks = list(view.of_kind("risk/1"))
    return {
        "as_of": view.found.as_of,
        "standing": standing(view),
        "steps": view.steps if asked.one("all") else view.steps[:_SHOWN],
        "open_steps": len(view.steps),
        "counts": {number: view.found.count(number) for number in range(1, 13)},
        "systems": systems,
        "risks": risks,
        "head": view.size,
    }
