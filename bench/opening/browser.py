"""A teacher at her browser: looks, refreshes, opens a course, books, looks at what she has."""

import http.client
import random
import re
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser

TIMEOUT = 60
# Somebody looks at the list so many times before she opens a course.
REFRESHES = (1, 2, 3)

COURSE = re.compile(r'href="(/courses/\d+/\?class=\d+)"')
BOOK = re.compile(r'href="(/sessions/\d+/book/\?class=\d+)"')


@dataclass
class Notes:
    """What all of them were answered."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, page: str, status: int, milliseconds: float) -> None:
        with self.lock:
            self.took[page].append(milliseconds)
            self.statuses[page][status] += 1
            if status >= 500:
                self.wrong.append(f"{page}: {status}")

    def fail(self, sentence: str) -> None:
        with self.lock:
            self.wrong.append(sentence)


class Form(HTMLParser):
    """What the page's booking form would send, untouched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.candidates: list[list[tuple[str, str]]] = []
        self.feed(text)
        self.fields = max(self.candidates, key=len, default=[])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.candidates.append([])
        if not self.candidates or not given.get("name"):
            return
        is_sent = given.get("type") not in ("checkbox", "radio") or "checked" in given
        if tag == "textarea" or (tag == "input" and is_sent):
            self.candidates[-1].append((str(given["name"]), given.get("value") or ""))


class Teacher(threading.Thread):
    """Acts until the time is over; what is under way is finished."""

    def __init__(
        self, port: int, cookie: str, group: int, notes: Notes, *, seed: int, until: float,
        pause: float,
    ) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.cookies = {"sessionid": cookie}
        self.find = f"/find/?class={group}"
        self.notes, self.until, self.pause = notes, until, pause
        self.draw = random.Random(seed)  # noqa: S311  repeatable on purpose

    def run(self) -> None:
        try:
            while time.monotonic() < self.until:
                self.visit()
        except (OSError, http.client.HTTPException) as error:
            self.notes.fail(f"no answer: {error!r}")
        finally:
            self.link.close()

    def visit(self) -> None:
        """Once from the list to a booking, as far as it goes."""
        cards: list[str] = []
        for _look in range(self.draw.choice(REFRESHES)):
            cards = COURSE.findall(self.open("catalogue", self.find))
            self.read()
        if not cards:
            return
        sessions = BOOK.findall(self.open("course", self.draw.choice(cards)))
        self.read()
        if not sessions or time.monotonic() > self.until:
            return
        # Like everybody, one of the first.
        path = self.draw.choice(sessions[:4])
        form = Form(self.open("booking form", path))
        self.read()
        if not any(name == "key" for name, _value in form.fields):
            return
        self.ask("book", "POST", path, urllib.parse.urlencode(form.fields))
        if self.location:
            self.open("trip", self.location)
            self.read()

    def read(self) -> None:
        time.sleep(self.draw.uniform(0, 2 * self.pause))

    def open(self, page: str, path: str) -> str:
        return self.ask(page, "GET", path, "")

    def ask(self, page: str, method: str, path: str, body: str) -> str:
        headers = {
            "X-Forwarded-Proto": "https",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if method == "POST":
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"https://127.0.0.1:{self.link.port}",
                "Referer": f"https://127.0.0.1:{self.link.port}{path}",
            }
        begun = time.perf_counter()
        self.link.request(method, path, body=body.encode() or None, headers=headers)
        answer = self.link.getresponse()
        text = answer.read().decode("utf-8", "replace")
        self.notes.note(page, answer.status, (time.perf_counter() - begun) * 1000)
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.split(";", 1)[0].partition("=")
            self.cookies[name] = value
        self.location = answer.headers.get("Location") or ""
        return text
