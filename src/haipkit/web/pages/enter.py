"""Come in: the link from the terminal works once and becomes a session."""

from fastapi import Response

from haipkit.kernel.errors import NotAllowed
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Shown, page, to
from haipkit.web.security import COOKIE, SESSION_SECONDS, typed_by_hand
from haipkit.web.words import say


@page("nobody")
def show(desk: Desk, asked: Asked) -> Shown | Response:
    """A link opened by hand lets in at once; one that another page opened asks first."""
    if typed_by_hand(asked.headers):
        return _enter(desk, asked.one("code"))
    return {"code": asked.one("code")}


@page("nobody", method="POST")
def enter(desk: Desk, asked: Asked) -> Response:
    return _enter(desk, asked.one("code"))


def _enter(desk: Desk, code: str) -> Response:
    session = desk.door.enter(code)
    if session is None:
        desk.door.knock()
        raise NotAllowed(
            say("this link was used already, or it is not one of ours"),
            advice=say("`haip serve` shows a fresh link on its terminal now. Open that one."),
        )
    answer = to("/")
    answer.set_cookie(COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/")
    return answer
