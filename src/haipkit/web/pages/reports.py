"""What do you tell others? The reports that can be made from the records, each to read here or to give away."""

from haipkit.reports.registry import report_names
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.words import say

ABOUT = {
    "gaps": (say("Gaps"), say("Where you stand with every point, and what to do first. For yourselves.")),
    "conformity": (say("Conformity"), say("What you do under each action, sentence by sentence, with its proof.")),
    "transparency": (say("Transparency"), say("What your systems can and cannot do, for the public (action 3).")),
    "haip": (say("HAIP report"), say("A draft of answers for the OECD's reporting framework.")),
    "data": (say("Data"), say("What is in your data sets, and how it was looked at (action 11).")),
    "training-summary": (say("Training content"), say("A draft of the EU summary of training content.")),
}
"""Name → title and what it is for. A report of somebody else's goes by its name."""


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    return {"reports": [(name, *about(name)) for name in sorted(report_names(), key=_place)]}


def about(name: str) -> tuple[str, str]:
    return ABOUT.get(name, (name, ""))


def _place(name: str) -> tuple[int, str]:
    return (list(ABOUT).index(name) if name in ABOUT else len(ABOUT), name)
