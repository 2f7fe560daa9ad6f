"""Seats are taken and given back by one conditional statement each."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from courses.services import seats
from sites.models import RoomHold
from tests.bookings.races import at_once
from tests.factories.courses import make_session, manager_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(now: datetime) -> CourseSession:
    """Twenty-four seats, of which two are held for somebody."""
    made = make_session(now=now)
    CourseSession.objects.filter(pk=made.pk).update(seats_held=2)
    return made


def taken(session: CourseSession) -> int:
    session.refresh_from_db()
    return session.seats_taken


def test_seats_are_taken_to_the_last_and_not_beyond(session: CourseSession) -> None:
    with CaptureQueriesContext(connection) as queries:
        seats.take_seats(session_id=session.pk, seats=20)
    seats.take_seats(session_id=session.pk, seats=2)
    with pytest.raises(SessionFull) as full:
        seats.take_seats(session_id=session.pk, seats=1)

    assert len(queries) == 1
    assert full.value.facts == {"seats": 1, "seats_left": 0}
    assert str(full.value) == "这一场已满，请另选一场。"
    assert taken(session) == 22


def test_too_many_are_refused_whole(session: CourseSession) -> None:
    seats.take_seats(session_id=session.pk, seats=12)

    with pytest.raises(SessionFull) as full:
        seats.take_seats(session_id=session.pk, seats=11)

    assert "还剩 10 位，您要 11 位" in str(full.value)
    assert taken(session) == 12


def test_seats_given_back_can_be_taken_again(session: CourseSession) -> None:
    seats.take_seats(session_id=session.pk, seats=22)

    with CaptureQueriesContext(connection) as queries:
        seats.release_seats(session_id=session.pk, seats=5)
    seats.take_seats(session_id=session.pk, seats=5)

    assert len(queries) == 1
    assert taken(session) == 22


def test_more_than_was_taken_cannot_be_given_back(session: CourseSession) -> None:
    seats.take_seats(session_id=session.pk, seats=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        seats.release_seats(session_id=session.pk, seats=4)

    assert taken(session) == 3


def test_cancelled_session_gives_no_seat_and_says_why(
    session: CourseSession, now: datetime
) -> None:
    seats.take_seats(session_id=session.pk, seats=3)

    seats.void_session(session=session, by=manager_of(session.host), reason="停电", now=now)
    with pytest.raises(SessionCancelled) as refusal:
        seats.take_seats(session_id=session.pk, seats=1)

    assert str(refusal.value) == "这一场已取消（停电），请另选一场。"
    assert (session.seats_taken, session.seats_held, session.sequence) == (0, 0, 1)
    assert not RoomHold.objects.exists()


def test_session_on_line_is_voided_though_it_holds_no_room(now: datetime) -> None:
    session = make_session(online_url="https://class.example.org/a", now=now)

    seats.void_session(session=session, by=manager_of(session.host), reason="停电", now=now)

    assert (session.state, session.cancel_reason, session.sequence) == ("cancelled", "停电", 1)


def test_seats_are_kept_to_the_last_and_not_beyond(session: CourseSession) -> None:
    seats.take_seats(session_id=session.pk, seats=12)

    seats.hold_seats(session_id=session.pk, seats=9)
    with pytest.raises(SessionFull) as full:
        seats.hold_seats(session_id=session.pk, seats=2)

    assert full.value.facts == {"seats": 2, "seats_left": 1}
    session.refresh_from_db()
    assert (session.seats_taken, session.seats_held) == (12, 11)


@pytest.mark.django_db(transaction=True)
def test_seats_that_come_free_after_the_refusal_are_not_promised(now: datetime) -> None:
    """The UPDATE found no room; when the reason is looked up there is room again."""
    session = make_session(now=now)
    seats.take_seats(session_id=session.pk, seats=24)
    freed: list[Any] = []

    def freed_meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if not freed and sql.lstrip().startswith("UPDATE courses_coursesession"):
            freed.extend(at_once(lambda: seats.release_seats(session_id=session.pk, seats=24)))
        return answer

    with (
        connection.execute_wrapper(freed_meanwhile),
        pytest.raises(SessionFull) as full,
        transaction.atomic(),
    ):
        seats.take_seats(session_id=session.pk, seats=1)

    assert freed == [None]
    assert full.value.facts == {"seats": 1, "seats_left": 0}
    assert taken(session) == 0
