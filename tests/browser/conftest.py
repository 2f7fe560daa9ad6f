"""A real Chromium against the real server on the test database."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# What is still moving is looked at when it has come to rest.
FINDINGS = """
Promise.race([
  Promise.allSettled(document.getAnimations()
    .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime))
    .map((one) => one.finished)),
  new Promise((done) => { setTimeout(done, 3000); }),
]).then(() => axe.run(document, { resultTypes: ["violations"] })).then(
  ({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`)
)
"""
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# How long a page is waited for, in milliseconds: only what fails takes that long. The machine may
# have much else to do.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

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


def _start(playwright: Playwright, *switches: str) -> Browser:
    return playwright.chromium.launch(executable_path=chromium_path(), args=[*ARGS, *switches])


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    shared = _start(playwright)
    yield shared
    shared.close()


@pytest.fixture
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium with further command-line switches, which ends with the test: one that
    goes on showing its film takes the machine from all that follow."""
    started: list[Browser] = []

    def start(*switches: str) -> Browser:
        started.append(_start(playwright, *switches))
        return started[-1]

    yield start

    for one in started:
        one.close()


class RequestsInHand:
    """The server's application, of which one can wait until it answers nobody any more."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.count = 0
        self.changed = threading.Condition()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        self._count(1)
        try:
            answer: Iterable[bytes] = self.application(environ, start)
            try:
                yield from answer
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self.changed:
            self.count += step
            self.changed.notify_all()

    def wait(self) -> None:
        """What a closed window had asked for is answered, so that nothing of it holds a table
        that is about to be emptied, or writes into the next test's."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.count == 0, timeout=30), self.count


@pytest.fixture(scope="session")
def requests_in_hand(live_server: LiveServer) -> RequestsInHand:
    server = live_server.thread.httpd
    in_hand = RequestsInHand(server.get_app())
    server.set_app(in_hand)
    return in_hand


@pytest.fixture(autouse=True)
def _all_answered(requests_in_hand: RequestsInHand) -> Iterator[None]:
    """Set up before any window is opened, so torn down when all of them are closed."""
    yield
    requests_in_hand.wait()


@pytest.fixture
def new_context(
    browser: Browser, launch: Callable[..., Browser], live_server: LiveServer
) -> Iterator[Callable[..., BrowserContext]]:
    """A person's own browser window: ``new_context(membership)`` is signed in, in Chinese, on a
    phone unless ``width`` says otherwise. The device's clock zone is deliberately not ours.

    ``launch`` comes first, so that windows are closed before their browsers."""
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
        context.set_default_timeout(PATIENCE)
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


def read(page: Page, script: str) -> Any:
    """What the script says of the page once it is loaded.

    A page that makes way for another while it is read is no answer: the other is read.
    """
    for _ in range(3):
        try:
            page.wait_for_load_state()
            return page.evaluate(script)
        except Error as error:
            moved_on = error
    raise moved_on


def fits(page: Page) -> bool:
    """Nothing of the page lies beyond its window's right edge."""
    return bool(read(page, "document.documentElement.scrollWidth <= window.innerWidth"))


def drawn_width(page: Page) -> int:
    """How wide the page is, with what lies beyond its window's edge."""
    return int(read(page, "document.documentElement.scrollWidth"))


def follow(link: Locator) -> None:
    """Presses it and waits for the page that it leads to: what is asked next, is asked of that."""
    with link.page.expect_navigation():
        link.click()


def wait_until(page: Page, claim: str) -> None:
    """Playwright's own waiting evaluates text inside the page, which our policy forbids."""
    for _attempt in range(600):
        # The page may be on its way to the next one.
        with suppress(Error):
            if page.evaluate(claim):
                return
        time.sleep(0.1)
    pytest.fail(f"never true: {claim}")


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds on the page, a line each: rule and the first element."""
    return list(read(page, f"{AXE.read_text(encoding='utf-8')}\n{FINDINGS}"))
