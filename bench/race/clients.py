"""What every client of the race has: something to do at random, seeded, and a note of what it was
told."""

import http.client
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from accounts.api.problems import database_is_away
from accounts.errors import Refusal
from bench.race.place import Ground, School

REASON = "停课"
DATABASE, WEB = "PostgreSQL", "web server"
# A dead web server says so by these.
DEAD = (ConnectionError, http.client.HTTPException, TimeoutError)
# What no client should hear, since each asks only for its own and in the right shape.
NEVER = frozenset({"invalid", "not_found", "not_allowed", "not_authenticated", "throttled"})


@dataclass(frozen=True, slots=True)
class Gone:
    """An answer that did not come because a server was dead, as the client believes: it asked at
    ``began`` and knew at ``ended``."""

    server: str
    what: str
    began: float
    ended: float


@dataclass
class Notes:
    """What the clients did and were told, together."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    # By way and action; refusals by action and code.
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    gone: list[Gone] = field(default_factory=list)
    # Anything that should not have come, as it came.
    wrong: list[str] = field(default_factory=list)
    # What was confirmed to a client: reservations by key, new bookings, bookings cancelled.
    confirmed: dict[str, int] = field(default_factory=dict)
    swapped: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    # Asked for, and no answer came: by key, with the school and what was asked, or None where
    # only a basket knows.
    unanswered: dict[str, tuple[School, dict[str, Any] | None]] = field(default_factory=dict)


class NoAnswer(Exception):
    """The server that ``server`` names gave none."""

    def __init__(self, server: str, began: float) -> None:
        super().__init__(server)
        self.server = server
        self.began = began


class Client(threading.Thread):
    """One client until ``over``; what it asks for it draws from ``seed``.

    A subclass knows the way in, and has a method for each of ``ACTIONS``.
    """

    way = ""
    # Seconds between two actions.
    pause = 0.0
    # What is done, and how often.
    ACTIONS: dict[str, float] = {
        "book": 6,
        "book_several": 4,
        "book_set": 2,
        "change": 8,
        "cancel": 5,
        "swap": 6,
        "move_session": 3,
        "resize_session": 3,
        "cancel_session": 0.03,
    }

    def __init__(self, ground: Ground, notes: Notes, seed: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.notes = notes
        self.draw = random.Random(seed)  # noqa: S311  repeatable on purpose
        self.over = over

    def run(self) -> None:
        while not self.over.is_set():
            name = self.draw.choices(list(self.ACTIONS), list(self.ACTIONS.values()))[0]
            school = self.draw.choice(self.ground.schools)
            # As between requests: a connection that died meanwhile is not used again.
            close_old_connections()
            began = time.monotonic()
            try:
                getattr(self, name)(school)
            except Refusal as refusal:
                self.refused(name, refusal)
            except NoAnswer as none:
                self.gone(none.server, name, none.began)
            except (OperationalError, InterfaceError) as error:
                if database_is_away(error):
                    self.gone(DATABASE, name, began)
                else:
                    self.wrong(f"{self.way} {name}: {error!r} {error.__cause__!r}")
                connection.close()
            except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
                self.wrong(f"{self.way} {name}: {error!r}"[:400])
                connection.close()
            else:
                with self.notes.lock:
                    self.notes.done[self.way, name] += 1
            time.sleep(self.pause)
        connection.close()

    def refused(self, name: str, refusal: Refusal) -> None:
        if refusal.code in NEVER:
            self.wrong(f"{self.way} {name}: {refusal.code}")
            return
        with self.notes.lock:
            self.notes.refused[name, refusal.code] += 1

    def gone(self, server: str, name: str, began: float) -> None:
        what = f"{self.way} {name}"
        self.notes.gone.append(Gone(server, what, began, time.monotonic()))
        time.sleep(0.5)

    def wrong(self, sentence: str) -> None:
        self.notes.wrong.append(sentence)

    # What is drawn.

    def key(self) -> str:
        return uuid.UUID(int=self.draw.getrandbits(128)).hex

    def students(self, school: School, group: int) -> list[int]:
        everybody = school.students[group]
        return sorted(self.draw.sample(everybody, self.draw.randint(1, len(everybody))))

    def who(self, school: School, group: int) -> dict[str, Any]:
        """Students, or now and then a number of seats of which some are named."""
        named = self.students(school, group)
        if self.draw.random() < 0.7:
            return {"students": named}
        seats = self.draw.randint(len(named), len(school.students[group]))
        return {"students": named, "seats": seats}

    def a_part(self, school: School, sessions: int) -> dict[str, Any]:
        group = self.draw.choice(school.groups).pk
        return {
            "class_group": group,
            "sessions": self.draw.sample(self.ground.sessions, sessions),
        } | self.who(school, group)

    def several(self, school: School) -> dict[str, Any]:
        """A basket: parts of one class or more, now and then with the set among them."""
        parts = [self.a_part(school, 1) for _ in range(self.draw.choice((2, 2, 3)))]
        if self.draw.random() < 0.2:
            parts.append(self.the_set(school))
        return {"parts": parts}

    def the_set(self, school: School) -> dict[str, Any]:
        group = self.draw.choice(school.groups).pk
        return {
            "class_group": group,
            "session_set": self.ground.session_set,
        } | self.who(school, group)

    def a_session(self) -> int:
        return self.draw.choice(self.ground.sessions + self.ground.days_of_set)

    def a_session_to_cancel(self) -> int:
        # The last of each day only, so that there is something left to book.
        return self.draw.choice(self.ground.sessions[2::3])

    def hours(self) -> tuple[int, int]:
        start = self.draw.randint(8, 15)
        return start, start + self.draw.choice((1, 2, 2, 3))

    def room(self, own: int) -> int:
        """Mostly its own; now and then another, which is taken at some times and not at others."""
        return own if self.draw.random() < 0.7 else self.draw.choice(self.ground.rooms).pk

    def capacity(self) -> int:
        return self.draw.randint(10, 40)

    # The ways to book differ in what they ask for only.

    def book(self, school: School) -> None:
        self.reserve(school, self.a_part(school, self.draw.choice((1, 1, 2))))

    def book_several(self, school: School) -> None:
        self.reserve(school, self.several(school))

    def book_set(self, school: School) -> None:
        self.reserve(school, self.the_set(school))

    def reserve(self, school: School, asked: dict[str, Any]) -> None:
        key = self.key()
        self.notes.unanswered[key] = (school, asked)
        try:
            made = self.ask_for(school, asked, key)
        except Refusal:
            del self.notes.unanswered[key]
            raise
        self.notes.confirmed[key] = made
        del self.notes.unanswered[key]

    def ask_for(self, school: School, asked: dict[str, Any], key: str) -> int:
        """The reservation's primary key."""
        raise NotImplementedError
