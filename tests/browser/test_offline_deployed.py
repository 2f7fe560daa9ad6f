"""The door's page as it is deployed: DEBUG off, static files collected under names with a digest,
served by the real web server; and what becomes of an open page when a newer version is deployed."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.bookings.conftest import World
from tests.browser.conftest import ROOT, signed_in_session, wait_until
from tests.browser.test_desk import manager_of, session_at_the_door, world_today
from tests.browser.test_offline_door import OFFLINE, arrivals, register, type_code
from tests.factories.attendance import make_badges
from tests.ports import free_port

HASHED = re.compile(r"/static/.+\.[0-9a-f]{12}\.(js|css|svg|png|ico|wasm)")
# Not on these pages, and two thirds of the time that collecting takes.
ELSEWHERE = ("admin", "drf_spectacular_sidecar", "rest_framework", "django_htmx")


class Deployment:
    """The product in production on one port, in one version after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        database = {"password": ""} | connection.get_connection_params()
        where = {key: database[key] for key in ("host", "port") if key in database}
        self.environment = {
            **os.environ,
            "DATABASE_URL": "postgresql://{user}:{password}@/{dbname}?".format(**database)
            + urllib.parse.urlencode(where),
            "DEBUG": "0",
            "DEMO": "0",
            "WEB_PROCESS": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": settings.FIELD_KEYS,
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECURE_SSL_REDIRECT": "0",
            "TRUSTED_PROXIES": "0",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def deploy(self, version: str, changed: Path | None = None) -> None:
        """Collects the static files into a folder of their own and serves them instead."""
        environment = self.environment | {"VAR_DIR": str(self.folder / version)}
        (self.folder / version).mkdir()
        collecting = environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        if changed is not None:
            collecting["DJANGO_SETTINGS_MODULE"] = "tests.browser.next_version"
            collecting["NEXT_STATIC"] = str(changed)
        ignored = [word for name in ELSEWHERE for word in ("--ignore", name)]
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0", *ignored],
            cwd=ROOT,
            env=collecting,
            check=True,
        )
        self.stop()
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
                "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                "--blocking-threads", "4", "--no-ws", "--log-level", "error",
            ],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _attempt in range(600):
            assert self.process.poll() is None
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the server did not come up")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def has(self, address: str) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}{address}", timeout=30).close()  # noqa: S310 (our own)
        except urllib.error.HTTPError:
            return False
        return True


@pytest.fixture
def world(transactional_db: None) -> World:
    cache.clear()
    return world_today()


@pytest.fixture
def deployment(transactional_db: None, tmp_path: Path) -> Iterator[Deployment]:
    made = Deployment(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def open_at(browser: Browser) -> Iterator[Callable[[World, Deployment], BrowserContext]]:
    """The host manager's telephone, whose browser goes to the deployment."""
    opened: list[BrowserContext] = []

    def open_one(world: World, deployment: Deployment) -> BrowserContext:
        context = browser.new_context(
            base_url=deployment.url, viewport={"width": 390, "height": 844}, locale="zh-CN"
        )
        # Collecting beside this test may keep the machine busy.
        context.set_default_timeout(60_000)
        signed_in = {"name": settings.SESSION_COOKIE_NAME, "url": deployment.url}
        context.add_cookies([{**signed_in, "value": signed_in_session(manager_of(world))}])
        opened.append(context)
        return context

    yield open_one

    for context in opened:
        context.close()


def kept_files(page: Page) -> dict[str, list[str]]:
    """By the name of the worker's store, the paths in it."""
    found = page.evaluate(
        """async () => {
            const found = {};
            for (const name of await caches.keys()) {
                const requests = await (await caches.open(name)).keys();
                found[name] = requests.map((request) => new URL(request.url).pathname);
            }
            return found;
        }"""
    )
    assert isinstance(found, dict)
    return found


def loaded_files(page: Page) -> set[str]:
    """The paths of all that the page was drawn with and run by."""
    found = page.evaluate(
        """() => performance.getEntriesByType("resource")
            .filter((one) => !["fetch", "xmlhttprequest"].includes(one.initiatorType))
            .map((one) => new URL(one.name).pathname)"""
    )
    return set(found) - {"/desk/worker.js", "/desk/app.webmanifest"}


NEXT_SCRIPT = "\nwindow.version = 2;\n"
UPDATE = "navigator.serviceWorker.getRegistration().then((found) => found.update())"
IS_WAITING = "navigator.serviceWorker.getRegistration().then((found) => Boolean(found.waiting))"


def test_newer_version_waits_until_everything_was_sent(
    world: World,
    deployment: Deployment,
    open_at: Callable[[World, Deployment], BrowserContext],
    tmp_path: Path,
) -> None:
    session_at_the_door(world)
    badges = make_badges(world.group, now=timezone.now())
    deployment.deploy("one")
    context = open_at(world, deployment)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    register(page)

    # Under the names that the page uses, all of it is kept, and it opens without a network.
    ((first, files),) = kept_files(page).items()
    loaded = loaded_files(page)
    assert {path for path in loaded if not HASHED.fullmatch(path)} == set()
    assert len(loaded) >= 16
    assert loaded <= set(files)
    assert {path for path in files if not HASHED.fullmatch(path)} == {OFFLINE}
    browser_says = context.new_cdp_session(page)
    told = browser_says.send("Page.getAppManifest")
    assert (told["errors"], json.loads(told["data"])["start_url"]) == ([], OFFLINE)
    errors = browser_says.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Windows of a test are private ones, which install nothing.
    assert {error["errorId"] for error in errors} <= {"in-incognito"}
    context.set_offline(True)
    page.reload()
    expect(page.locator("#door-groups button.seat")).to_have_count(5)
    context.set_offline(False)
    page.reload()
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")

    # A badge is noted, which does not get through; meanwhile a newer version is deployed.
    refuse = "**/api/v1/desk/events/"
    context.route(refuse, lambda route: route.abort())
    type_code(page, badges[1].code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
    changed = tmp_path / "changed"
    for name, more in (("js/door/page.js", NEXT_SCRIPT), ("css/door.css", "\n.next{color:red}\n")):
        (changed / name).parent.mkdir(parents=True, exist_ok=True)
        before = (ROOT / "static" / name).read_text(encoding="utf-8")
        (changed / name).write_text(before + more, encoding="utf-8")
    deployment.deploy("two", changed)
    (script,) = (path for path in files if "/door/page." in path)
    assert not deployment.has(script)
    page.evaluate(UPDATE)
    wait_until(page, IS_WAITING)

    # The page goes on as it is, reloaded too, for longer than it takes to be quiet.
    page.wait_for_timeout(6_000)
    page.reload()
    expect(page.locator("#door-unsent")).to_have_text("未送出：1")
    assert page.evaluate("[window.version, document.styleSheets.length]") == [None, 6]
    assert page.evaluate(IS_WAITING)
    assert set(kept_files(page)) >= {first}
    type_code(page, badges[2].code)
    expect(page.locator("#door-unsent")).to_have_text("未送出：2")

    # Once all was sent the newer one takes over by itself, and the one before is gone.
    context.unroute(refuse)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(page, "window.version === 2")
    expect(page.locator("#door-unsent")).to_have_text("未送出：0")
    expect(page.locator("button.seat.in")).to_have_count(2)
    assert arrivals() == [(1, "typed"), (2, "typed")]
    ((second, newer),) = kept_files(page).items()
    assert second != first
    assert set(newer) ^ set(files) == {
        path for path in (*newer, *files) if re.search(r"/door/page\.|css/door\.", path)
    }
    context.set_offline(True)
    page.reload()
    expect(page.locator("#door-groups button.seat")).to_have_count(5)
    assert page.evaluate("window.version") == 2
    assert [text for text in complaints if "ERR_" not in text] == []
