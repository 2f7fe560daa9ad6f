"""``python -m bench.camera``: how many different badges a second the door's camera lets in.

A film of a class's own printed badges is Chromium's camera: sharp, blurred, tilted, under-lit in
turn, 2, 4 or 6 of them a second, and without end. Counted is who was let in at the first showing,
and how many that makes a second; beside it what a frame takes from its leaving the page to its
answer. Both pages of the door, the desk's on line and the other off line, at this machine's speed,
with the page slowed four times as DevTools does it, and with its whole process, the decoder's
worker too, running a quarter of the time.

``PACES`` (2,4,6), ``PAGES`` (desk,offline), ``SPEEDS`` (1x,page 4x,all 4x) make it shorter.
"""

import contextlib
import io
import json
import os
import shutil
import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from bench.booking import stage
from bench.camera import slowing
from config import postgres

PACES = [int(one) for one in os.environ.get("PACES", "2,4,6").split(",")]
PAGES = os.environ.get("PAGES", "desk,offline").split(",")
SPEEDS = os.environ.get("SPEEDS", "1x,page 4x,all 4x").split(",")
STUDENTS = 24
TARGET, TARGET_SPEED = 2.0, "all 4x"
RESULT = stage.VAR / "camera.json"

# How long each question to the decoder took, as the page sees it.
STOPWATCH = """
window.took = [];
window.Worker = class extends Worker {
  constructor(source) {
    super(source);
    this.addEventListener("message", () => window.took.push(performance.now() - this.begun));
  }
  postMessage(question, handedOver) {
    this.begun = performance.now();
    super.postMessage(question, handedOver);
  }
};
"""


@dataclass(frozen=True)
class Run:
    page: str
    speed: str
    shown_per_second: int
    let_in: int
    of: int
    per_second: float
    frame_ms: float
    frame_ms_p95: float
    page_slower: float
    worker_slower: float
    load: float


def at_first_showing(moments: list[float], pace: int) -> tuple[int, float]:
    """Who was let in before the film began again, and how many that makes a second."""
    seconds = STUDENTS / pace + 1
    first = [moment for moment in moments if moment - moments[0] < seconds]
    if len(first) < 2:
        return len(first), 0.0
    return len(first), (len(first) - 1) / (first[-1] - first[0])


class Bench:
    def __init__(self, playwright: Playwright, server: stage.Server, film: Path) -> None:
        # Only now are the settings those of the environment.
        from bench.camera.door import LEAD_SECONDS, Doors  # noqa: PLC0415

        self.playwright, self.film = playwright, film
        self.base = f"http://127.0.0.1:{server.port}"
        self.doors = Doors()
        self.lead = LEAD_SECONDS

    def warm(self) -> None:
        """The server has answered before."""
        self.run("desk", "1x", 6)

    def run(self, page_name: str, speed: str, pace: int) -> Run:
        door = self.doors.open(STUDENTS, shown_a_second=pace, film=self.film)
        browser = self.playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={self.film}",
            ],
        )
        context = browser.new_context(
            base_url=self.base, viewport={"width": 390, "height": 844}, locale="zh-CN"
        )
        context.set_default_timeout(120_000)
        name, value = settings.SESSION_COOKIE_NAME, self.doors.cookie
        context.add_cookies([{"name": name, "value": value, "url": self.base}])
        page = context.new_page()
        page.add_init_script(STOPWATCH)
        try:
            self._go(page, context, page_name, door.session)
            plain = slowing.spins(page)
            if speed == "page 4x":
                slowing.throttle(page, 4)
            slow = slowing.quarter(browser) if speed == "all 4x" else contextlib.nullcontext()
            with slow:
                slowed = slowing.spins(page)
                # The decoder is there before the film begins that counts.
                page.locator("#camera-start").click()
                while not page.evaluate("window.took.length > 1"):
                    page.wait_for_timeout(100)
                page.locator("#camera-stop").click()
                page.wait_for_timeout(1000)
                page.evaluate("window.took.length = 0")
                page.locator("#camera-start").click()
                page.wait_for_timeout((self.lead + STUDENTS / pace + 4) * 1000)
                took = sorted(page.evaluate("window.took"))
            if page_name == "desk":
                moments = self.doors.arrivals(door)
            else:
                kept = page.evaluate(f"window.Door.queue.of({door.session}).map((one) => one.at)")
                moments = sorted(moment / 1000 for moment in kept)
        finally:
            browser.close()
            self.doors.end(door)
        let_in, per_second = at_first_showing(moments, pace)
        return Run(
            page=page_name,
            speed=speed,
            shown_per_second=pace,
            let_in=let_in,
            of=STUDENTS,
            per_second=round(per_second, 2),
            frame_ms=round(statistics.median(took), 1),
            frame_ms_p95=round(took[int(len(took) * 0.95)], 1),
            page_slower=round(slowed[0] / plain[0], 1),
            worker_slower=round(slowed[1] / plain[1], 1),
            load=round(os.getloadavg()[0], 1),
        )

    def _go(self, page: Page, context: BrowserContext, page_name: str, session: int) -> None:
        if page_name == "desk":
            page.goto(f"/desk/{session}/")
            return
        page.goto("/desk/devices/")
        page.get_by_label("设备名称").fill("门口平板")
        page.get_by_role("button", name="在本机离线使用").click()
        page.wait_for_url("**/desk/offline/")
        page.locator("#door-groups button.seat").first.wait_for()
        page.evaluate("navigator.serviceWorker.ready")
        context.set_offline(True)
        page.reload()
        page.locator("#door-groups button.seat").first.wait_for()


def measure(surroundings: dict[str, str], var: Path) -> list[Run]:
    server = stage.serve("camera", surroundings, settings="config.settings")
    runs = []
    try:
        with sync_playwright() as playwright:
            bench = Bench(playwright, server, var / "badges.y4m")
            bench.warm()
            for page in PAGES:
                for speed in SPEEDS:
                    for pace in PACES:
                        run = bench.run(page, speed, pace)
                        print(
                            f"{run.page:8}{run.speed:8} shown {run.shown_per_second}/s: "
                            f"{run.let_in} of {run.of} let in, {run.per_second} a second; a frame "
                            f"{run.frame_ms} ms, p95 {run.frame_ms_p95} ms (page {run.page_slower}"
                            f" x, worker {run.worker_slower} x; load {run.load})",
                            flush=True,
                        )
                        runs.append(run)
    finally:
        server.stop()
    return runs


def main() -> int:
    var = stage.ROOT / "var" / "bench-camera"
    # Left by a run that was killed itself.
    if var.exists():
        postgres.stop(var)
        shutil.rmtree(var)
    # Plain HTTP on this machine: the settings of development. What is measured is the browser.
    surroundings = stage.environment(var) | {"DEBUG": "1"}
    os.environ.update(surroundings, DJANGO_SETTINGS_MODULE="config.settings")
    # Playwright's own event loop runs in this thread; Django must not mistake it for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with stage.database(var):
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("ensure_schedules", stdout=io.StringIO())
        runs = measure(surroundings, var)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n")
    slow = [run.per_second for run in runs if run.speed == TARGET_SPEED]
    if slow:
        print(f"At a quarter of the speed at best {max(slow)} a second; wanted are {TARGET}.")
    return 0 if not slow or max(slow) >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
