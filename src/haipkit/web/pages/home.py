"""What is due? The answer in one sentence, then the next steps, what changed, and what went stale."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from haipkit.kernel.words import Status
from haipkit.web.desk import Desk, View
from haipkit.web.page import Asked, Shown, page
from haipkit.web.words import count, say

if TYPE_CHECKING:
    from haipkit.assessment.finding import Clock

_STEPS = 4
_CHANGES = 6


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    clocks = sorted((clock for clock in view.found.clocks if not clock.done), key=lambda clock: clock.due)
    as_of = view.found.as_of
    return {
        "answer": _answer(view, clocks),
        "standing": standing(view),
        "as_of": as_of,
        "clocks": clocks[:6],
        "steps": view.steps[:_STEPS],
        "open_steps": len(view.steps),
        "changed": view.shelf.records[: -_CHANGES - 1 : -1],
        "stale": [finding for finding in view.found.findings if finding.stale][:8],
        "expired": [one for one in view.shelf.records if (one.header.valid_until or as_of) < as_of][:-9:-1],
        "titles": desk.workspace.conduct.requirements,
        "no_system": not view.shelf.systems(),
    }


def _answer(view: View, clocks: "Sequence[Clock]") -> str:
    late = [clock for clock in clocks if clock.due < view.found.as_of]
    if late:
        overdue = count(len(late), say("date is"), say("dates are"))
        return say("{dates} overdue. The first: “{title}”.", dates=overdue, title=late[0].title)
    if not view.steps:
        return say("Nothing is open today.")
    steps = count(len(view.steps), say("step is"), say("steps are"))
    return say("Nothing is overdue. {steps} open; begin with “{title}”.", steps=steps, title=view.steps[0].title)


def standing(view: View) -> str:
    """Counts in one sentence, never a score."""
    counts = view.found.count()
    asked = sum(counts.values()) - counts[Status.NOT_APPLICABLE]
    return say(
        "Of {asked} points that concern you, {met} {are} met, {partly} partly, {failed} not, "
        "and nobody has looked at {unseen} yet.",
        asked=asked,
        met=counts[Status.MET],
        are=say("is") if counts[Status.MET] == 1 else say("are"),
        partly=counts[Status.PARTLY_MET],
        failed=counts[Status.NOT_MET],
        unseen=counts[Status.NOT_ASSESSED],
    )
