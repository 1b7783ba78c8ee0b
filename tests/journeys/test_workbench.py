"""A shop owner's half hour: from an empty workspace to the printed list, with JavaScript off and on, on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.commands import done
from helpers.serving import CHROMIUM, served

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


def _say(page: Any, *answers: str) -> None:
    """Answer the question on the page: type it where there is a field, else choose what reads so."""
    field = page.locator("#answer")
    if field.count():
        field.fill(answers[0] if answers else "")
    else:
        for words in answers:
            page.get_by_label(words, exact=True).check()
    page.get_by_role("button", name="Keep and go on").click()


def _first_part(page: Any) -> None:
    page.get_by_role("link", name="Start with what AI you use").click()
    page.get_by_role("link", name="Begin").click()
    _say(page, "Shop chatbot")
    _say(page, "Answers customers' questions about bread")
    _say(page, "Example Shop Chat")
    _say(page, "Yes")
    _say(page, "Customers")
    _say(page, "Yes")
    _say(page, "Text")
    page.get_by_role("link", name="Back", exact=True).click()
    assert page.get_by_label("Text", exact=True).is_checked()
    _say(page)
    _say(page, "No")
    _say(page, "It acts; a person can step in")
    _say(page, "No")
    _say(page, "No, none of these")
    _say(page, "No")
    assert page.locator("h1").inner_text() == "Is this right?"
    page.get_by_role("button", name="Record it").click()


def _second_part(page: Any) -> None:
    page.get_by_role("link", name="Go on").click()
    _say(page, "It says something wrong, and somebody relies on it")
    _say(page, "It may well happen some time this year.")
    _say(page, "An annoyance that is put right the same day.")
    _say(page, "Not yet, but we will")
    _say(page, "We look at ten answers each month")
    _say(page, "owner")
    page.get_by_role("button", name="Record it").click()
    assert page.locator("h1").inner_text() == "What do I do next?"


@pytest.mark.parametrize("script", [False, True], ids=["without JavaScript", "with JavaScript"])
def test_from_nothing_to_the_printed_list(browser: Any, tmp_path: Path, script: bool) -> None:
    folder = tmp_path / "bakery"
    done("init", folder, "--role", "deployer", "--country", "FR", "--name", "Corner Bakery", "--unprotected-keys")
    said: list[str] = []
    with served(folder) as (address, app):
        context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}/enter?code={app.state.desk.door.new_code()}")
        _first_part(page)
        _second_part(page)
        assert "We look at ten answers" not in page.content()
        page.get_by_role("link", name="It says something wrong").click()
        assert page.get_by_text("We look at ten answers each month").is_visible()
        page.get_by_text("Inclusion proof").click()
        page.goto(f"{address}/plan")
        assert page.pdf(format="A4").startswith(b"%PDF")
        letter = tmp_path / "letter.txt"
        letter.write_text("We follow the Code.", "utf-8")
        page.goto(f"{address}/requirement/5.1b")
        page.get_by_role("link", name="Keep a file that shows it").click()
        page.get_by_label("Title").fill("Letter of the supplier")
        page.get_by_label("Collected at").fill("2026-01-02")
        page.get_by_label("Files that show it").set_input_files(letter)
        page.get_by_label("Until").fill("2030-01-02")
        page.get_by_role("button", name="Record it").click()
        assert page.get_by_text("Recorded. It is signed").is_visible()
        page.get_by_role("link", name="Ledger", exact=True).click()
        page.get_by_role("button", name="Verify now").click()
        assert page.get_by_role("heading", name="Valid").is_visible()
        page.get_by_role("button", name="Leave").click()
        assert page.goto(f"{address}/").status == 401
        context.close()
    assert [line for line in said if "401" not in line] == []
    assert "valid" in done("-w", folder, "verify").words.lower()
