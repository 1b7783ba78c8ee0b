"""How is this system doing, across the twelve actions?"""

from haipkit.kernel.errors import NotFound
from haipkit.kernel.words import Status, Strength
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.pages.systems import counts
from haipkit.web.words import say


@page("owner", tail="{key}")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    record = next((one for one in view.of_kind("system/1") if one.header.key == asked.tail), None)
    if record is None:
        raise NotFound(
            say("there is no system {name}", name=asked.tail[:60]), advice=say("The page “Systems” lists them.")
        )
    about = [one for one in view.found.findings if (one.subject or "").partition("/")[0] == asked.tail]
    kept = [one for one in view.shelf.records if (one.header.system or "").partition("/")[0] == asked.tail]
    return {
        "record": record,
        "body": record.body,
        "releases": view.shelf.releases(asked.tail),
        "counts": {number: counts(view, asked.tail, number) for number in range(1, 13)},
        "ladders": {
            number: {step: sum(one.strength is step for one in about if one.action == number) for step in Strength}
            for number in range(1, 13)
        },
        "open_findings": [one for one in about if one.open and one.status is not Status.NOT_ASSESSED][:8],
        "unseen": sum(one.status is Status.NOT_ASSESSED for one in about),
        "titles": desk.workspace.conduct.requirements,
        "kept": kept[:-11:-1],
        "kept_count": len(kept),
    }
