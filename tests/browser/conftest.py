"""A real Chromium against the real server on the test database."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Playwright's own event loop runs in this thread; Django must not mistake it for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def chromium_path() -> str | None:
    """The Chromium named by CHROMIUM, else one on the PATH, else Playwright's own (None)."""
    named = os.environ.get("CHROMIUM", "")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser and needs committed rows."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium, with further command-line switches if given."""
    started: list[Browser] = []

    def start(*switches: str) -> Browser:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*ARGS, *switches]
        )
        started.append(browser)
        return browser

    yield start

    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Browser:
    return launch()


@pytest.fixture
def new_context(
    browser: Browser, live_server: LiveServer
) -> Iterator[Callable[..., BrowserContext]]:
    """A person's own browser window: ``new_context(membership)`` is signed in, in Chinese, on a
    phone unless ``width`` says otherwise. The device's clock zone is deliberately not ours."""
    opened: list[BrowserContext] = []

    def open_one(
        membership: Membership | None = None,
        *,
        width: int = 390,
        by: Browser | None = None,
        **options: Any,
    ) -> BrowserContext:
        context = (by or browser).new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 844 if width < 700 else 900},
            locale="zh-CN",
            timezone_id="America/New_York",
            **options,
        )
        context.set_default_timeout(15_000)
        if membership is not None:
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": signed_in_session(membership),
                        "url": live_server.url,
                    }
                ]
            )
        opened.append(context)
        return context

    yield open_one

    for context in opened:
        context.close()


def signed_in_session(membership: Membership) -> str:
    """The key of a session in which the membership's person is signed in."""
    client = Client()
    client.force_login(membership.user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def fits(page: Page) -> bool:
    """Nothing of the page lies beyond its window's right edge."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds on the page, a line each: rule and the first element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
