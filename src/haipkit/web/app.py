"""The web application of one workspace: routes, sign-in, headers, errors as pages. Decides nothing about records."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from fastapi.responses import HTMLResponse

from haipkit.kernel.errors import (
    BadInput,
    Busy,
    CannotWrite,
    HaipError,
    InternalFault,
    NotAllowed,
    NotFound,
    Unavailable,
    UsageError,
)
from haipkit.web.desk import Desk
from haipkit.web.page import Asked, Route, Upload, load_pages
from haipkit.web.security import COOKIE, HEADERS, MAX_BODY, comes_from_us, host_is_ours
from haipkit.web.show import css, draw, mark
from haipkit.web.words import say

_CODES: tuple[tuple[type[HaipError], int], ...] = (
    (NotFound, 404),
    (UsageError, 404),
    (BadInput, 422),
    (NotAllowed, 403),
    (Busy, 503),
    (Unavailable, 501),
    (CannotWrite, 507),
)
_MAX_FIELDS = 2000


def create_app(folder: Path) -> FastAPI:
    """The workbench of the workspace in `folder`. Raises NotFound, BadConfig when it or its ledger is not there."""
    desk = Desk(folder)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.state.routes = load_pages()
    for route in app.state.routes:
        app.add_api_route(
            route.path, _endpoint(desk, route), methods=[route.method], name=f"{route.name}-{route.method}"
        )
    app.add_api_route("/static/workbench.css", _style, methods=["GET"])
    app.add_api_route("/static/mark.svg", _mark, methods=["GET"])
    app.add_exception_handler(HTTPException, _http_fault)
    app.add_exception_handler(404, _http_fault)
    app.add_exception_handler(405, _http_fault)
    app.add_exception_handler(HaipError, _fault)
    app.middleware("http")(_guard)
    return app


def _endpoint(desk: Desk, route: Route) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        inside = desk.door.knows(request.cookies.get(COOKIE))
        if route.role == "owner" and not inside:
            if route.method == "POST":
                raise NotAllowed(
                    say("you are not signed in, so nothing was saved"),
                    advice=say(
                        "Open the link that `haip serve` shows on its terminal, then go back and send it again."
                    ),
                )
            desk.door.knock()
            return HTMLResponse(draw("sign-in", {}, None), 401)
        asked = await _asked(request)
        return await run_in_threadpool(_answer, desk, route, asked, inside)

    return answer


def _answer(desk: Desk, route: Route, asked: Asked, inside: bool) -> Response:
    shown = route.handler(desk, asked)
    if isinstance(shown, Response):
        return shown
    status = int(shown.pop("http_status", 200))
    return HTMLResponse(draw(route.name, shown, desk if inside else None), status)


async def _asked(request: Request) -> Asked:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).append(value)
    form: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    if request.method == "POST":
        async with request.form(max_files=20, max_fields=_MAX_FIELDS, max_part_size=1_000_000) as sent:
            for name, part in sent.multi_items():
                if isinstance(part, str):
                    form.setdefault(name, []).append(part.replace("\r\n", "\n"))
                elif part.filename:
                    shown = part.filename.replace("\\", "/").rpartition("/")[2]
                    files.setdefault(name, []).append(Upload(shown, await part.read()))
    tail = next((str(value) for value in request.path_params.values()), "")
    return Asked(tail, query, form, files, {name.lower(): value for name, value in request.headers.items()})


async def _guard(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    """Every request passes here: the name it was sent to, where a form comes from, its size; and every answer."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    refusal = _refusal(request.method, headers)
    if refusal is not None:
        response: Response = HTMLResponse(draw("fault", _words(refusal[1]), None), refusal[0])
    else:
        try:
            response = await call(request)
        except Exception as fault:
            response = _unforeseen(fault)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refusal(method: str, headers: Mapping[str, str]) -> tuple[int, HaipError] | None:
    if not host_is_ours(headers):
        advice = say("Use the address that `haip serve` shows: it begins with http://127.0.0.1.")
        return 421, NotAllowed(say("this workbench answers on this machine alone"), advice=advice)
    if method != "POST":
        return None
    if not comes_from_us(headers):
        advice = say("Open the page again and send the form from there. Nothing was saved.")
        return 403, NotAllowed(say("this form did not come from a page of this workbench"), advice=advice)
    size = headers.get("content-length", "")
    if not size.isdigit():
        return 411, BadInput(say("the browser did not say how large the form is"), advice=say("Nothing was saved."))
    if int(size) > MAX_BODY:
        what = say("the form and its files are larger than {limit} million bytes", limit=MAX_BODY // 1_000_000)
        return 413, BadInput(what, advice=say("Nothing was saved. Keep large files with `haip evidence add FILE`."))
    return None


def _unforeseen(fault: Exception) -> Response:
    what = say("this is a fault in haipkit: {name}", name=type(fault).__name__)
    advice = say("Nothing was written by this step. Please report it, with what you did before.")
    return HTMLResponse(draw("fault", _words(InternalFault(what, advice=advice)), None), 500)


async def _fault(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HaipError)
    code = next((code for kind, code in _CODES if isinstance(fault, kind)), 500)
    return HTMLResponse(draw("fault", _words(fault), _inside(request)), code)


def _inside(request: Request) -> Desk | None:
    """The desk, for whoever has a session: errors then keep the way to the other pages."""
    desk: Desk = request.app.state.desk
    return desk if desk.door.knows(request.cookies.get(COOKIE)) else None


async def _http_fault(request: Request, fault: Exception) -> Response:
    code = getattr(fault, "status_code", 500)
    if code == 404:
        error: HaipError = NotFound(
            say("there is no such page"), where=request.url.path[:200], advice=say("Start from the first page.")
        )
    elif code == 405:
        error = UsageError(say("this page does not take that"), where=request.url.path[:200])
    else:
        error = BadInput(
            say("the form could not be read: {why}", why=getattr(fault, "detail", "")), advice=say("Nothing was saved.")
        )
    return HTMLResponse(draw("fault", _words(error), _inside(request)), code)


def _words(fault: HaipError) -> dict[str, Any]:
    return {"what": fault.what, "where": fault.where, "advice": fault.advice}


async def _style(request: Request) -> Response:
    text, digest = css()
    cached = {"Cache-Control": "max-age=31536000, immutable"} if request.query_params.get("v") == digest else {}
    return Response(text, media_type="text/css", headers=cached)


async def _mark(request: Request) -> Response:
    return Response(mark(), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
