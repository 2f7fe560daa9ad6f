"""What the log says of a page whose address lets its bearer in, and of a row that broke a rule."""

import logging
import logging.config
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from accounts.services import invitations
from config.logs import NamelessFormatter
from config.postgres import LOGGED
from rosters.models import Student
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.rosters import StudentFactory

pytestmark = pytest.mark.django_db

NAME = "标记壹㛃"


def test_no_log_line_holds_a_link_that_lets_in(caplog: pytest.LogCaptureFixture) -> None:
    coordinator = MembershipFactory(coordinator=True)
    _invitation, token = invitations.invite(
        by=actor_of(coordinator),
        organisation=coordinator.organisation,
        role=Role.TEACHER,
        email="zhou@example.org",
        now=timezone.now(),
    )
    another, stranger = Client(), Client(enforce_csrf_checks=True)
    another.force_login(coordinator.user)

    statuses = [
        another.get(f"/invitation/{token}/").status_code,
        stranger.post(f"/invitation/{token}/").status_code,
        Client().post(f"/invitation/{token}/", {"name": "周", "password": "1"}).status_code,
    ]

    lines = caplog.text
    assert statuses == [403, 403, 422]
    assert lines.count("/invitation/<str:token>/") == 3
    assert token not in lines


def test_the_log_names_other_pages_by_their_address(caplog: pytest.LogCaptureFixture) -> None:
    Client().get("/nowhere/at/all/")

    assert "Not Found: /nowhere/at/all/" in caplog.text


def written(formatter: logging.Formatter) -> str:
    """The log line of a row that broke a CHECK, whose error tells the whole row."""
    student = StudentFactory(name=NAME)
    try:
        with transaction.atomic():
            Student.objects.filter(pk=student.pk).update(seat_no=0)
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed", (), sys.exc_info())
    return formatter.format(record)


def test_a_row_that_broke_a_rule_is_left_out_of_the_log(db: None) -> None:
    without_us = written(logging.Formatter())
    ours = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        settings.LOGGING["formatters"]["line"]
    )

    assert NAME in without_us
    line = written(ours)
    assert isinstance(ours, NamelessFormatter)
    assert NAME not in line
    assert "student_seat_positive" in line
    assert line.count("DETAIL: left out") == 2


def test_details_of_several_lines_go_whole() -> None:
    try:
        raise ValueError("broken\nDETAIL:  Failing row contains (1, 甲\n乙, 丙).")
    except ValueError:
        text = NamelessFormatter().formatException(sys.exc_info())

    assert text.splitlines()[-2:] == ["ValueError: broken", "DETAIL: left out"]


def test_the_embedded_servers_own_log_leaves_rows_out(empty_server: str) -> None:
    with psycopg.connect(empty_server) as server:
        kept = {name: server.execute(f"SHOW {name}").fetchone() for name in LOGGED}  # type: ignore[call-overload]

    assert kept == {"log_error_verbosity": ("terse",), "log_min_error_statement": ("panic",)}
