"""Every page in a real browser: axe-core with no rule off, a phone's width, light and dark, and no broken policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.serving import CHROMIUM, faults_of, served

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not here"),
]

PAGES = (
    *("/", "/actions", "/action/6", "/requirement/6.1a", "/systems", "/system/helpdesk", "/records", "/record/3"),
    *("/add/risk", "/add/evaluation", "/add/evidence", "/ledger", "/reports", "/report/gaps", "/plan", "/nothing-here"),
    *("/start", "/start/s0.name", "/start/s0.people", "/start/check-1"),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Any, folder: Path, width: int, dark: bool) -> None:
    # Each look has half of the pages, and each page is seen wide and narrow, light and dark.
    chosen = PAGES[::2] if (width == 1280) == dark else PAGES[1::2]
    with served(folder) as (address, app):
        scheme = "dark" if dark else "light"
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{address}/enter?code={app.state.desk.door.new_code()}")
        for path in chosen:
            page.goto(address + path)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, path
            assert faults_of(page) == []
        wrong = page.goto(f"{address}/add/risk")
        assert wrong.ok
        page.click("text=Record it")
        assert page.locator(".wrong-words").count() >= 5
        assert faults_of(page) == []
        context.close()


def test_no_page_breaks_its_policy_or_asks_elsewhere(browser: Any, folder: Path) -> None:
    said: list[str] = []
    asked: list[str] = []
    with served(folder) as (address, app):
        context = browser.new_context()
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda fault: said.append(str(fault)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/enter?code={app.state.desk.door.new_code()}")
        for path in (*PAGES, "/read/gaps.html"):
            page.goto(address + path)
        context.close()
    # A page that is not there answers 404, which the browser itself notes.
    assert [line for line in said if "404" not in line] == []
    assert {url for url in asked if not url.startswith(address)} == set()


def test_the_first_stop_of_the_keyboard_leads_to_the_page(browser: Any, folder: Path) -> None:
    with served(folder) as (address, app):
        context = browser.new_context(java_script_enabled=True)
        page = context.new_page()
        page.goto(f"{address}/enter?code={app.state.desk.door.new_code()}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        context.close()
