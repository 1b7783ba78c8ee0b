"""Who comes in, who does not, and what the browser is told."""

import re
from pathlib import Path

import pytest

from haipkit.kernel.errors import NotFound
from haipkit.web.app import create_app
from haipkit.web.page import FOLDER, Route, load_pages

from .browsing import HOST, Browser

ROUTES = load_pages()
EXAMPLES = {
    "action": "6",
    "requirement": "6.1a",
    "system": "helpdesk",
    "record": "3",
    "add": "risk",
    "file": "3-1",
    "report": "gaps",
    "read": "gaps.json",
    "start": "s0.name",
}
OPEN = {("enter", "GET"), ("enter", "POST")}
"""Every route that nobody in particular may use. A new one is put here on purpose, or the test below fails."""


def address(route: Route) -> str:
    return re.sub(r"\{\w+\}", EXAMPLES.get(route.name, ""), route.path)


def names(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_every_page_has_a_route_and_every_route_a_role() -> None:
    assert {route.name for route in ROUTES} == {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {(route.name, route.method) for route in ROUTES if route.role == "nobody"} == OPEN


@pytest.mark.parametrize("route", [route for route in ROUTES if route.role == "owner"], ids=names)
def test_nobody_is_sent_to_the_sign_in_page(stranger: Browser, route: Route) -> None:
    if route.method == "GET":
        answer = stranger.get(address(route))
        assert answer.status == 401
        assert "Come in by your link" in answer.words
    else:
        answer = stranger.post(address(route), {"title": "x"})
        assert answer.status == 403
        assert "not signed in" in answer.words
    assert "Corner Bakery" not in answer.text
    assert "helpdesk" not in answer.text


@pytest.mark.parametrize("route", [route for route in ROUTES if route.role == "owner"], ids=names)
def test_the_owner_gets_an_answer(owner: Browser, route: Route) -> None:
    if route.method == "GET":
        answer = owner.get(address(route))
        assert answer.status == (404 if route.name == "file" else 200)
    else:
        answer = owner.post(address(route))
        assert answer.status in (200, 303, 422)
    assert "fault in haipkit" not in answer.words


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=names)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "", "origin": "http://evil.example"},
        {"sec_fetch_site": "", "origin": "null"},
        {"sec_fetch_site": ""},
    ],
    ids=str,
)
def test_forms_of_others_are_refused(owner: Browser, route: Route, headers: dict[str, str]) -> None:
    answer = owner.post(address(route), {"name": "x"}, **headers)
    assert answer.status == 403
    assert "did not come from a page of this workbench" in answer.words


def test_an_old_browser_is_known_by_its_origin(owner: Browser) -> None:
    assert owner.post("/ledger", sec_fetch_site="", origin=f"http://{HOST}").status == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7:8390", "[", ""])
def test_another_name_for_this_machine_is_refused(owner: Browser, host: str) -> None:
    answer = owner.get("/", host=host or "-")
    assert answer.status == 421
    assert "FAQ chatbot" not in answer.text


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/enter?code=x", "/static/workbench.css", "/read/gaps.html"])
def test_every_answer_carries_the_rules(owner: Browser, path: str) -> None:
    headers = owner.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_a_link_works_once(stranger: Browser) -> None:
    code = stranger.app.state.desk.door.new_code()
    first = stranger.get(f"/enter?code={code}")
    assert first.status == 303
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    other = Browser(stranger.app)
    assert other.get(f"/enter?code={code}").status == 403
    assert other.get("/").status == 401


def test_a_link_that_another_site_opens_asks_first(stranger: Browser) -> None:
    code = stranger.app.state.desk.door.new_code()
    for headers in ({"sec_fetch_site": "cross-site"}, {"sec_purpose": "prefetch"}):
        answer = stranger.get(f"/enter?code={code}", **headers)
        assert answer.status == 200
        assert "set-cookie" not in answer.headers
    assert stranger.post("/enter", {"code": code}).status == 303


def test_a_new_link_is_told_when_somebody_stands_at_the_door(stranger: Browser) -> None:
    told: list[str] = []
    stranger.app.state.desk.door.announce = told.append
    assert stranger.enter().status == 303
    other = Browser(stranger.app)
    other.get("/")
    other.get("/")
    assert len(told) == 1
    assert other.get(f"/enter?code={told[0]}").status == 303


def test_leaving_ends_the_session(owner: Browser) -> None:
    kept = dict(owner.cookies)
    assert owner.post("/leave").status == 200
    again = Browser(owner.app, kept)
    assert again.get("/").status == 401


def test_a_session_ends_after_twelve_hours(owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner.get("/reports").status == 200
    monkeypatch.setenv("HAIP_NOW", "2036-01-01T00:00:00Z")
    assert owner.get("/reports").status == 401


def test_a_form_that_is_too_large_is_refused_before_it_is_read(owner: Browser) -> None:
    answer = owner.post("/add/risk", {"title": "x"}, content_length="60000000")
    assert answer.status == 413
    assert "50 million bytes" in answer.words


@pytest.mark.parametrize(
    "path",
    ["/action/13", "/action/x", "/requirement/99.9z", "/system/none", "/record/99999", "/record/-1", "/record/1e3",
     "/report/none", "/read/gaps.exe", "/read/none.html", "/file/3-99", "/file/x", "/add/unicorn", "/start/s9.name",
     "/records?from=-1&kind=none", "/static/../app.py"],
)  # fmt: skip
def test_what_is_not_there_is_said_and_never_shown_as_a_fault(owner: Browser, path: str) -> None:
    answer = owner.get(path)
    assert answer.status in (404, 200 if path.startswith("/records") else 404)
    assert "Traceback" not in answer.text
    assert "fault in haipkit" not in answer.words


def test_a_fault_of_ours_shows_no_traceback(owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(owner.app.state.desk), "view", lambda self: 1 / 0)
    answer = owner.get("/")
    assert answer.status == 500
    assert "ZeroDivisionError" in answer.words
    assert "Traceback" not in answer.text


def test_nothing_starts_without_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        create_app(tmp_path)
    assert list(tmp_path.iterdir()) == []
