"""The clients of the race: each does what people do, at random and seeded, by the services or by
the web API, and remembers what it was told."""

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.errors import Refusal
from bench.race.place import Ground, School
from bookings.models import Booking
from bookings.services import changes, host_changes, lists, reservations
from bookings.services.parts import Part
from courses.models import CourseSession

REASON = "停课"
# A dead server says so by these.
GONE = (ConnectionError, http.client.HTTPException, TimeoutError)
# What a client does, and how often. Swaps and sessions moved by the host belong here as soon as
# there are services for them: add the method, name it here.
ACTIONS = {"book": 10, "change": 6, "cancel": 5, "cancel_session": 0.05}


@dataclass
class Notes:
    """What the clients did and were told, together."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    # When a 5xx or anything unforeseen came, and what it was.
    wrong: list[tuple[float, str]] = field(default_factory=list)
    # Reference by key: what was confirmed to a client.
    confirmed: dict[str, int] = field(default_factory=dict)
    # Asked for, and no answer came: by key, with the school and what was asked.
    unanswered: dict[str, tuple[School, dict[str, Any]]] = field(default_factory=dict)

    def count(self, what: Counter[str], name: str) -> None:
        with self.lock:
            what[name] += 1


class Client(threading.Thread):
    """One client until ``until``; what it may ask for it draws from ``seed``."""

    way = ""

    def __init__(self, ground: Ground, notes: Notes, seed: int, until: float) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.notes = notes
        self.draw = random.Random(seed)  # noqa: S311  repeatable on purpose
        self.until = until

    def run(self) -> None:
        while time.monotonic() < self.until:
            name = self.draw.choices(list(ACTIONS), list(ACTIONS.values()))[0]
            school = self.draw.choice(self.ground.schools)
            try:
                getattr(self, name)(school)
            except Refusal as refusal:
                self.notes.count(self.notes.refused, refusal.code)
            except (*GONE, OperationalError, InterfaceError) as error:
                self._gone(name, error)
            except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
                self.notes.wrong.append((time.monotonic(), f"{self.way} {name}: {error!r}"[:300]))
            else:
                self.notes.count(self.notes.done, f"{self.way} {name}")
        connection.close()

    def _gone(self, name: str, error: Exception) -> None:
        state = getattr(error.__cause__, "sqlstate", None)
        if isinstance(error, DatabaseError) and state is not None and state[:2] not in ("57", "08"):
            # A deadlock or the like that got through to the client.
            self.notes.wrong.append((time.monotonic(), f"{self.way} {name}: {state} {error!r}"))
            return
        self.notes.count(self.notes.dead, f"{self.way} {name}")
        connection.close()
        time.sleep(0.1)

    def students(self, school: School, group: int) -> list[int]:
        everybody = school.students[group]
        return sorted(self.draw.sample(everybody, self.draw.randint(1, len(everybody))))

    def a_booking(self, school: School) -> Booking | None:
        """One of the school's, perhaps over already. By the services' way in: where that is dead
        it raises as they do."""
        keys = list(
            Booking.objects.visible_to(school.coordinator)
            .order_by("-pk")
            .values_list("pk", flat=True)[:40]
        )
        if not keys:
            return None
        return (
            Booking.objects.select_related("session", "class_group")
            .filter(pk=self.draw.choice(keys))
            .first()
        )


class ServiceClient(Client):
    way = "services"

    def book(self, school: School) -> None:
        group = self.draw.choice(school.groups)
        sessions = self.draw.sample(self.ground.sessions, self.draw.choice((1, 1, 2)))
        key = uuid.UUID(int=self.draw.getrandbits(128)).hex
        students = self.students(school, group.pk)
        asked = {"class_group": group.pk, "sessions": sessions, "students": students}
        self.notes.unanswered[key] = (school, asked)
        try:
            made = reservations.reserve(
                by=school.coordinator,
                parts=[Part(class_group=group, session_ids=sessions, student_ids=students)],
                idempotency_key=key,
                now=timezone.now(),
            )
        except Refusal:
            del self.notes.unanswered[key]
            raise
        self.notes.confirmed[key] = made.pk
        del self.notes.unanswered[key]

    def change(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            lists.change_booking(
                by=school.coordinator,
                booking=booking,
                edition=booking.edition,
                student_ids=self.students(school, booking.class_group_id),
                now=timezone.now(),
            )

    def cancel(self, school: School) -> None:
        booking = self.a_booking(school)
        if booking is not None:
            changes.cancel_booking(
                by=school.coordinator, booking=booking, reason=REASON, now=timezone.now()
            )

    def cancel_session(self, _school: School) -> None:
        # The last of each day only, so that there is something left to book.
        session = CourseSession.objects.get(pk=self.draw.choice(self.ground.sessions[2::3]))
        host_changes.cancel_session(
            by=self.ground.manager, session=session, reason="停电", now=timezone.now()
        )


class WebClient(Client):
    way = "HTTP"

    def __init__(self, *args: Any, port: Callable[[], int]) -> None:
        super().__init__(*args)
        self.port = port

    def ask(
        self, method: str, path: str, secret: str, body: dict[str, Any], key: str = ""
    ) -> dict[str, Any]:
        return ask(self.port(), method, path, secret, body, key, self.notes)

    def book(self, school: School) -> None:
        group = self.draw.choice(school.groups)
        asked = {
            "class_group": group.pk,
            "sessions": self.draw.sample(self.ground.sessions, self.draw.choice((1, 1, 2))),
            "students": self.students(school, group.pk),
        }
        key = uuid.UUID(int=self.draw.getrandbits(128)).hex
        self.notes.unanswered[key] = (school, asked)
        try:
            made = self.ask("POST", "/api/v1/reservations/", school.secret, asked, key)
        except Refusal:
            del self.notes.unanswered[key]
            raise
        if made:
            self.notes.confirmed[key] = made["id"]
            del self.notes.unanswered[key]

    def _one(self, school: School) -> dict[str, Any] | None:
        page = self.ask("GET", "/api/v1/bookings/", school.secret, {})
        rows = page.get("results", [])
        return self.draw.choice(rows) if rows else None

    def change(self, school: School) -> None:
        booking = self._one(school)
        if booking is not None:
            self.ask(
                "PATCH",
                f"/api/v1/bookings/{booking['id']}/",
                school.secret,
                {
                    "edition": booking["edition"],
                    "students": self.students(school, booking["class_group"]),
                },
            )

    def cancel(self, school: School) -> None:
        booking = self._one(school)
        if booking is not None:
            self.ask(
                "POST",
                f"/api/v1/bookings/{booking['id']}/cancel/",
                school.secret,
                {"code": "other", "reason": REASON},
            )

    def cancel_session(self, _school: School) -> None:
        session = self.draw.choice(self.ground.sessions[2::3])
        self.ask(
            "POST",
            f"/api/v1/sessions/{session}/cancel/",
            self.ground.manager_secret,
            {"code": "equipment", "reason": "停电"},
        )


class Told(Refusal):
    """A refusal as it came over the wire."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code


def ask(
    port: int,
    method: str,
    path: str,
    secret: str,
    body: dict[str, Any],
    key: str,
    notes: Notes,
) -> dict[str, Any]:
    """The answer's content; a refusal is raised, a 5xx noted and answered with nothing."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request(
            method,
            path,
            body=json.dumps(body) if body else None,
            headers={
                "Authorization": f"Bearer {secret}",
                "Content-Type": "application/json",
                "Idempotency-Key": key or uuid.uuid4().hex,
                "X-Forwarded-Proto": "https",
            },
        )
        answer = link.getresponse()
        content = answer.read()
    finally:
        link.close()
    if answer.status >= 500:
        notes.wrong.append(
            (time.monotonic(), f"HTTP {method} {path.split('/')[3]} {answer.status}")
        )
        return {}
    found: dict[str, Any] = json.loads(content) if content else {}
    if answer.status >= 400:
        raise Told(str(found.get("code", answer.status)))
    return found
