"""The page frame in a real browser: seen by axe, on phone and desk, without JavaScript too."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, expect

from tests.browser.conftest import drawn_width

from .conftest import axe_violations

pytestmark = pytest.mark.urls("tests.browser.gallery_urls")

NewContext = Callable[..., BrowserContext]


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize(
    "path", ["/gallery/", "/gallery/confirm/", "/gallery/desk/", "/gallery/print/"]
)
def test_gallery_is_accessible_and_fits_the_window(new_context: NewContext, path, width) -> None:
    page = new_context(width=width).new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", note)

    page.goto(path)

    assert axe_violations(page) == []
    assert drawn_width(page) == width
    assert complaints == []


def test_form_pressed_three_times_is_sent_once(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/gallery/confirm/")
    sent: list[str] = []

    def count(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    page.on("request", count)

    with page.expect_navigation():
        page.evaluate(
            "() => { const button = document.querySelector('.btn-danger');"
            " button.click(); button.click(); button.click(); }"
        )

    assert len(sent) == 1


def test_pressed_button_turns_busy_with_its_own_words(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/gallery/")
    page.evaluate(
        "() => { const form = document.querySelector('main form');"
        " form.removeAttribute('data-again'); form.target = 'elsewhere'; }"
    )
    button = page.locator("main form button[data-busy]")

    button.click()

    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_have_text("正在保存…")


def test_language_switch_works_without_javascript(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/gallery/confirm/?from=trips")

    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/gallery/confirm/?from=trips")
