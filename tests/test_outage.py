"""PostgreSQL goes away and comes back under the real web server: who asks meanwhile is told so,
who asks afterwards notices nothing."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from accounts.api import problems
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = "系统连不上数据库，正在恢复，请过几秒再试。"
ENGLISH = (
    "The database cannot be reached and is being brought back. Please try again in a few seconds."
)
# What the web server calls itself to PostgreSQL: its connections alone are dropped.
NAME = "the server of test_outage"
# A visitor who has been here before: the page looks for the session in the database.
COOKIE = {"Cookie": "sessionid=somebody"}


@pytest.fixture
def server(transactional_db: None) -> Iterator[int]:
    """Granian with one worker and its connection pool, on the test database."""
    port = free_port()
    database = {"password": ""} | connection.get_connection_params()
    url = "postgresql://{user}:{password}@/{dbname}?".format(**database) + urllib.parse.urlencode(
        {key: database[key] for key in ("host", "port") if key in database}
        | {"application_name": NAME},
        quote_via=urllib.parse.quote,
    )
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--blocking-threads", "4", "--no-ws", "--log-level", "error",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DEBUG": "1",
            "DEMO": "1",
            "WEB_PROCESS": "1",
            "SECRET_KEY": settings.SECRET_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _attempt in range(1200):
        assert process.poll() is None
        try:
            ask(port, "/sign-in/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not come up")


def ask(port: int, path: str, **headers: str) -> tuple[int, str | None, str]:
    """Status, Retry-After and content."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        return answer.status, answer.headers["Retry-After"], answer.read().decode()
    finally:
        link.close()


@contextmanager
def operator() -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Somebody on the server beside the test database."""
    parameters = connection.get_connection_params()
    with psycopg.connect(
        **{
            key: parameters[key]
            for key in ("user", "password", "host", "port")
            if key in parameters
        },
        dbname="postgres",
        autocommit=True,
    ) as db:
        yield db


def drop_connections(db: "psycopg.Connection[tuple[object, ...]]") -> int:
    """As a restart does: every connection of the web server is gone; says how many."""
    gone = db.execute(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = %s AND application_name = %s",
        [connection.settings_dict["NAME"], NAME],
    ).fetchone()
    assert gone is not None
    assert isinstance(gone[0], int)
    return gone[0]


def test_dropped_connections_reach_no_request(server) -> None:
    def answers() -> list[int]:
        return [ask(server, "/api/v1/bookings/", Authorization="Bearer x")[0] for _ in range(6)]

    assert answers() == [401] * 6
    with operator() as db:
        assert drop_connections(db) >= 1

    assert answers() == [401] * 6


def test_database_away_is_503_and_afterwards_all_is_well(server) -> None:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with operator() as db:
        db.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            drop_connections(db)
            status, wait, page = ask(server, "/", **COOKIE)
        finally:
            db.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    assert (status, wait) == (503, "5")
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["系统暂时用不了"]
    assert f'<p class="mute">{SENTENCE}' in page
    # At the latest for who comes back when she was told to: the pool looks again now and then.
    if (status := ask(server, "/", **COOKIE)[0]) == 503:
        time.sleep(int(wait))
        status = ask(server, "/", **COOKIE)[0]
    assert status == 302


@pytest.fixture
def unreachable(transactional_db: None) -> Iterator[None]:
    """No PostgreSQL listens where the settings say."""
    connection.close()
    kept = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["HOST"] = kept


@pytest.mark.parametrize(("language", "sentence"), [("zh-hans", SENTENCE), ("en", ENGLISH)])
def test_api_says_that_the_database_is_away(unreachable, language, sentence) -> None:
    answer = Client(raise_request_exception=False).get(
        "/api/v1/bookings/",
        headers={"Authorization": "Bearer x", "Accept-Language": language},
    )

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content) == {
        "type": "urn:career-classroom:problem:unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": sentence,
        "code": "unavailable",
    }


@pytest.mark.parametrize(
    ("language", "heading"),
    [("zh-hans", "系统暂时用不了"), ("en", "Out of service for the moment")],
)
def test_page_says_that_the_database_is_away(unreachable, language, heading) -> None:
    answer = Client(raise_request_exception=False).get(
        "/", headers=COOKIE | {"Accept-Language": language}
    )

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert re.findall(r"<h1>(.*?)</h1>", answer.content.decode()) == [heading]


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (_caused(OperationalError(), psycopg.OperationalError()), True),
        (_caused(InterfaceError(), psycopg.InterfaceError()), True),
        (_caused(OperationalError(), psycopg.errors.AdminShutdown()), True),
        (_caused(OperationalError(), psycopg.errors.CrashShutdown()), True),
        (_caused(OperationalError(), psycopg.errors.CannotConnectNow()), True),
        (_caused(OperationalError(), psycopg.errors.TooManyConnections()), True),
        (_caused(OperationalError(), psycopg.errors.ConnectionFailure()), True),
        (_caused(OperationalError(), psycopg.errors.DeadlockDetected()), False),
        (_caused(OperationalError(), psycopg.errors.QueryCanceled()), False),
        (_caused(OperationalError(), psycopg.errors.DiskFull()), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_which_errors_say_that_the_database_is_away(error, is_away) -> None:
    assert problems.database_is_away(error) is is_away


def test_what_nobody_foresaw_stays_500(rf) -> None:
    def answer_to(path: str) -> HttpResponse:
        try:
            raise ValueError
        except ValueError:
            return problems.server_error(rf.get(path))

    page, problem = answer_to("/"), answer_to("/api/v1/bookings/")

    assert (page.status_code, problem.status_code) == (500, 500)
    assert "Retry-After" not in problem
    assert re.findall(r"<h1>(.*?)</h1>", page.content.decode()) == ["系统出错了"]
    assert json.loads(problem.content)["code"] == "server_error"
