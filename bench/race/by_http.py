"""The clients who come by the web API, through the real server."""

import http.client
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.errors import Refusal
from bench.race.clients import DATABASE, DEAD, REASON, WEB, Client, NoAnswer
from bench.race.place import School


class Told(Refusal):
    """A refusal as it came over the wire."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code


class WebClient(Client):
    way = "HTTP"

    def __init__(self, *args: Any, port: Callable[[], int]) -> None:
        super().__init__(*args)
        self.port = port

    def ask(
        self, method: str, path: str, secret: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> Any:
        return ask(self.port(), method, path, secret, body, key or self.key())

    def ask_for(self, school: School, asked: dict[str, Any], key: str) -> int:
        return reserved(self.port(), school, asked, key)

    def _one(self, secret: str) -> dict[str, Any] | None:
        rows = self.ask("GET", "bookings/", secret)["results"]
        return self.draw.choice(rows) if rows else None

    def change(self, school: School) -> None:
        booking = self._one(school.secret)
        if booking is not None:
            self.ask(
                "PATCH",
                f"bookings/{booking['id']}/",
                school.secret,
                {"edition": booking["edition"]} | self.who(school, booking["class_group"]),
            )

    def cancel(self, school: School) -> None:
        booking = self._one(school.secret)
        if booking is not None:
            self.ask(
                "POST",
                f"bookings/{booking['id']}/cancel/",
                school.secret,
                {"code": "other", "reason": REASON},
            )
            self.notes.cancelled.add(booking["id"])

    def swap(self, school: School) -> None:
        booking = self._one(school.secret)
        if booking is not None:
            made = self.ask(
                "POST",
                f"bookings/{booking['id']}/swap/",
                school.secret,
                {"sessions": [self.draw.choice(self.ground.sessions)], "reason": REASON},
            )
            self.notes.swapped.update(one["id"] for one in made)
            self.notes.cancelled.add(booking["id"])

    def move_session(self, _school: School) -> None:
        session = self.ask("GET", f"sessions/{self.a_session()}/", self.ground.manager_secret)
        starts, ends = self.hours()
        day = datetime.fromisoformat(session["starts_at"])
        self._move(
            session,
            starts_at=day.replace(hour=starts, minute=0).isoformat(),
            ends_at=day.replace(hour=ends, minute=0).isoformat(),
            room=self.room(session["room"]["id"]),
            instructor=self.draw.choice((None, *[one.pk for one in self.ground.instructors])),
        )

    def resize_session(self, _school: School) -> None:
        session = self.ask("GET", f"sessions/{self.a_session()}/", self.ground.manager_secret)
        self._move(session, capacity=self.capacity())

    def _move(self, session: dict[str, Any], **wanted: Any) -> None:
        """Half of the time one of those booked is sent elsewhere."""
        release = []
        if self.draw.random() < 0.5:
            rows = self.ask("GET", "bookings/", self.ground.manager_secret)["results"]
            booked = [
                one["id"]
                for one in rows
                if one["session"] == session["id"] and one["state"] == "confirmed"
            ]
            release = self.draw.sample(booked, min(1, len(booked)))
        self.ask(
            "POST",
            f"sessions/{session['id']}/move/",
            self.ground.manager_secret,
            wanted | {"sequence": session["sequence"], "code": "equipment", "release": release},
        )

    def cancel_session(self, _school: School) -> None:
        self.ask(
            "POST",
            f"sessions/{self.a_session_to_cancel()}/cancel/",
            self.ground.manager_secret,
            {"code": "equipment", "reason": "停电"},
        )


def reserved(port: int, school: School, asked: dict[str, Any], key: str) -> int:
    """The reservation that was asked for under the key."""
    made = ask(port, "POST", "reservations/", school.secret, asked, key)
    return int(made["id"])


def ask(
    port: int, method: str, path: str, secret: str, body: dict[str, Any] | None, key: str
) -> Any:
    """The answer's content. Raises Told for a refusal; NoAnswer where the web server is dead, or
    says by a 503 with Retry-After that PostgreSQL is; AssertionError for whatever else."""
    began = time.monotonic()
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request(
            method,
            f"/api/v1/{path}",
            body=json.dumps(body) if body else None,
            headers={
                "Authorization": f"Bearer {secret}",
                "Content-Type": "application/json",
                "Idempotency-Key": key,
                "X-Forwarded-Proto": "https",
            },
        )
        answer = link.getresponse()
        content = answer.read()
    except DEAD as error:
        raise NoAnswer(WEB, began) from error
    finally:
        link.close()
    found: Any = json.loads(content) if content else {}
    if answer.status == 503 and found["code"] == "unavailable" and answer.headers["Retry-After"]:
        raise NoAnswer(DATABASE, began)
    if answer.status in (409, 422):
        raise Told(found["code"])
    if answer.status >= 300:
        raise AssertionError(f"{method} {path.split('/')[0]} {answer.status}: {found}")
    return found
