"""Where do you stand? The twelve actions, each with its counts and the strength of what it rests on."""

from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page
from haipkit.web.pages.home import standing


@page("owner")
def show(desk: Desk, asked: Asked) -> Shown:
    view = desk.view()
    return {
        "standing": standing(view),
        "as_of": view.found.as_of,
        "roles": view.found.roles,
        "counts": {number: view.found.count(number) for number in range(1, 13)},
        "ladders": {number: view.found.strengths(number) for number in range(1, 13)},
        "owners": view.found.owners,
    }
