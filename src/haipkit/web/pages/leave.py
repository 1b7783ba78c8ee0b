"""Leave: the session ends here and in the browser."""

from fastapi import Response
from fastapi.responses import HTMLResponse

from haipkit.web.desk import Desk
from haipkit.web.page import Asked, page
from haipkit.web.security import COOKIE
from haipkit.web.show import draw


@page("owner", method="POST")
def leave(desk: Desk, asked: Asked) -> Response:
    cookies = dict(part.strip().partition("=")[::2] for part in asked.headers.get("cookie", "").split(";"))
    desk.door.leave(cookies.get(COOKIE, ""))
    answer = HTMLResponse(draw("leave", {}, None))
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer
