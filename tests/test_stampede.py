"""Fifty clients after the last seats of one session, through the real web server."""

import concurrent.futures
import http.client
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from bookings.models import Booking, Place
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day
from tests.factories.accounts import OrganisationFactory
from tests.factories.courses import make_season, make_session, make_version
from tests.factories.rosters import make_class, make_teacher_of
from tests.ports import free_port

CLIENTS, STUDENTS, CAPACITY = 50, 2, 24
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def server(transactional_db: None) -> Iterator[int]:
    """Granian with its workers and connection pool, on the test database."""
    port = free_port()
    database = connection.get_connection_params()
    url = "postgresql://{user}:{password}@/{dbname}?".format(
        **{"password": ""} | database
    ) + urllib.parse.urlencode({key: database[key] for key in ("host", "port") if key in database})
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
            "--blocking-threads", "4", "--backpressure", "64", "--no-ws", "--log-level", "error",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DEBUG": "1",
            "DEMO": "0",
            "WEB_PROCESS": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
    )  # fmt: skip
    try:
        for _attempt in range(600):
            try:
                _ask(port, "GET", "/accounts/login/")
                break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _ask(
    port: int, method: str, path: str, body: str = "", cookie: str = ""
) -> tuple[int, str, str]:
    """Status, location and text of one answer."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    link.request(method, path, body=body.encode() or None, headers=headers)
    answer = link.getresponse()
    text = answer.read().decode("utf-8", errors="replace")
    link.close()
    return answer.status, answer.getheader("Location") or "", text


def _teacher_with_form(
    port: int, group: ClassGroup, session: CourseSession
) -> tuple[str, str, str]:
    """A teacher of the class who has the booking form open: path, fields, cookies."""
    client = Client()
    client.force_login(make_teacher_of(group).user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    path = f"/sessions/{session.pk}/book/?class={group.pk}"
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", path, headers={"Cookie": cookie})
    answer = link.getresponse()
    text = answer.read().decode()
    token = re.search(r"csrftoken=([^;]+)", answer.getheader("Set-Cookie") or "")
    link.close()
    assert token is not None, text[:300]
    key = re.search(r'name="key"[^>]*value="([^"]+)"', text)
    assert key is not None, text[:300]
    fields = [
        ("csrfmiddlewaretoken", token[1]),
        ("key", key[1]),
        ("companion_0", "王老师"),
        *(("students", str(pk)) for pk in group.students.values_list("pk", flat=True)),
    ]
    return path, urllib.parse.urlencode(fields), f"{cookie}; csrftoken={token[1]}"


def test_fifty_clients_get_exactly_the_seats_there_are(server: int) -> None:
    now = timezone.now()
    season = make_season(
        name="抢座",
        opens_at=now - timedelta(days=30),
        closes_at=now + timedelta(days=60),
        runs_from=local_day(now - timedelta(days=30)),
        runs_until=local_day(now + timedelta(days=60)),
    )
    session = make_session(
        make_version(), season=season, starts_at=now + timedelta(days=7), capacity=CAPACITY, now=now
    )
    school = OrganisationFactory()
    groups = [
        make_class(school=school, students=STUDENTS, number=number + 1) for number in range(CLIENTS)
    ]
    forms = [_teacher_with_form(server, group, session) for group in groups]

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(
            pool.map(lambda form: _ask(server, "POST", form[0], form[1], form[2]), forms)
        )

    statuses = Counter(status for status, _location, _text in answers)
    session.refresh_from_db()
    assert statuses == {302: CAPACITY // STUDENTS, 409: CLIENTS - CAPACITY // STUDENTS}
    assert session.seats_taken == CAPACITY
    assert Place.objects.live().filter(session=session).count() == CAPACITY
    assert Booking.objects.live().filter(session=session).count() == CAPACITY // STUDENTS
    # Who came too late reads why, and the form still holds what was typed.
    refused = [text for status, _location, text in answers if status == 409]
    assert all("已满" in text or "名额不够" in text for text in refused)
    assert all("王老师" in text for text in refused)
