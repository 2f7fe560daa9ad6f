"""What a broken rule says in the log: which rule, never the row."""

import logging
import logging.config
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from config.logs import NamelessFormatter
from config.postgres import LOGGED
from rosters.models import Student
from tests.factories.rosters import StudentFactory

NAME = "标记壹㛃"


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


@pytest.mark.parametrize("name", LOGGED)
def test_the_embedded_servers_own_log_leaves_rows_out(db: None, name: str) -> None:
    if not str(settings.DATABASES["default"]["HOST"]).startswith("/"):
        pytest.skip("another server keeps its own log")
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (LOGGED[name],)
