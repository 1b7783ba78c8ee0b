"""What does this action ask, and how far are you? One of the twelve, with its requirements."""

from haipkit.kernel.errors import NotFound
from haipkit.kernel.words import ACTIONS, Status
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.words import say

_SHOWN = 40


@page("owner", tail="{number}")
def show(desk: Desk, asked: Asked) -> Shown:
    if not (asked.tail.isascii() and asked.tail.isdigit() and int(asked.tail) in ACTIONS):
        raise NotFound(say("there is no action {name}", name=asked.tail[:20]), advice=say("They are numbered 1 to 12."))
    number = int(asked.tail)
    view = desk.view()
    findings = view.found.of_action(number)
    concern = [finding for finding in findings if finding.status is not Status.NOT_APPLICABLE]
    others = [finding for finding in findings if finding.status is Status.NOT_APPLICABLE]
    # What is open comes first where not all is shown.
    chosen = concern if asked.one("all") else sorted(concern, key=lambda finding: not finding.open)[:_SHOWN]
    return {
        "number": number,
        "title": ACTIONS[number][1],
        "counts": view.found.count(number),
        "ladder_counts": view.found.strengths(number),
        "owner": view.found.owners.get(number),
        "asked_of_you": sorted(chosen, key=findings.index),
        "concern": len(concern),
        "others": others if asked.one("all") else others[:_SHOWN],
        "others_count": len(others),
        "titles": desk.workspace.conduct.requirements,
    }
