"""A browser made slow: its page's thread as DevTools does it, or all that a page's process does."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

import psutil
from playwright.sync_api import Browser, Page

# The process runs so long, then stands three times as long.
RUNS = 0.004

# What a thread needs for the same work, in milliseconds: the page's own and a worker's.
SPIN = "const spin = () => { const t = performance.now(); let x = 0; \
for (let i = 0; i < 5e7; i++) x += i % 7; return performance.now() - t + 0 * x; };"
ON_PAGE = f"() => {{ {SPIN} return spin(); }}"
IN_WORKER = f"""() => new Promise((resolve) => {{
  const source = {SPIN!r} + "onmessage = () => postMessage(spin());";
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  worker.onmessage = ({{ data }}) => {{ worker.terminate(); resolve(data); }};
  worker.postMessage(0);
}})"""


def spins(page: Page) -> tuple[float, float]:
    """The best of three, on the page's thread and in a worker."""
    on_page, in_worker = (
        min(float(page.evaluate(script)) for _try in range(3)) for script in (ON_PAGE, IN_WORKER)
    )
    return on_page, in_worker


def throttle(page: Page, rate: int) -> None:
    """As DevTools does it. It slows the page's thread alone: a worker's session answers
    "Operation is only supported for pages, not workers"."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


@contextlib.contextmanager
def quarter(browser: Browser) -> Iterator[None]:
    """The processes that draw pages, workers and all, stand still three quarters of the time."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    (first,) = [one["id"] for one in processes if one["type"] == "browser"]
    drawing = [
        child.pid for child in psutil.Process(first).children(recursive=True) if _draws(child)
    ]
    over = threading.Event()

    def halt() -> None:
        while not over.is_set():
            _tell(drawing, signal.SIGSTOP)
            time.sleep(3 * RUNS)
            _tell(drawing, signal.SIGCONT)
            time.sleep(RUNS)

    thread = threading.Thread(target=halt, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _draws(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.NoSuchProcess:
        # It has ended meanwhile.
        return False


def _tell(processes: list[int], what: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)
