"""What the door writes is tried again where PostgreSQL asks for it: a press that met a deadlock
has done its work once, and nobody at the door hears of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import AuditEntry
from attendance import room_codes
from attendance.choices import EventKind
from attendance.models import CheckIn, Desk, RoomScan
from attendance.services import check_in, desk, door_list, room, whole_class
from rosters.models import Student
from tests.attendance.conftest import Door, make_door
from tests.bookings.conftest import World, make_world
from tests.bookings.races import before_commit
from tests.factories.attendance import let_in, make_badges
from tests.factories.rosters import StudentFactory

pytestmark = pytest.mark.django_db(transaction=True)

Press = Callable[[], Any]


@pytest.fixture
def world(transactional_db: None, now: datetime) -> World:
    return make_world(now)


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    made = make_door(world, now)
    desk.open_desk(by=made.manager, session=made.session, now=made.now)
    return made


def marking(door: Door) -> Press:
    """The second student is excused."""
    key, event_id = door.students[1].pk, uuid4()
    return lambda: check_in.mark(
        by=door.manager,
        session=door.session,
        student_id=key,
        kind=EventKind.EXCUSED,
        event_id=event_id,
        now=door.now,
    )


def undoing(door: Door) -> Press:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)
    key, event_id = door.students[1].pk, uuid4()
    return lambda: check_in.undo_last(
        by=door.manager, session=door.session, student_id=key, event_id=event_id, now=door.now
    )


def admitting(door: Door) -> Press:
    return lambda: whole_class.admit_rest(by=door.manager, session=door.session, now=door.now)


def bringing(door: Door) -> Press:
    """The whole class is in."""
    here = {student.pk for student in door.students}
    return lambda: whole_class.arrive(
        by=door.manager, session=door.session, bookings=[door.booking], here=here, now=door.now
    )


def confirming(door: Door) -> Press:
    """The second student scanned the room's code."""
    code = room.put_up(by=door.manager, session=door.session, now=door.now)
    shown = room_codes.code_at(code.salt, room_codes.step_of(door.now))
    ticket = room.enter(code=shown, now=door.now)
    return lambda: room.confirm(
        ticket=ticket,
        code=door.badges[2].code,
        does=EventKind.IN,
        browser=uuid4(),
        now=door.now,
    )


def swapping(door: Door) -> Press:
    classmate = StudentFactory(class_group=door.world.group)
    place = door.place(2)
    return lambda: door_list.swap(
        by=door.manager,
        session=door.session,
        place=place,
        in_student_id=classmate.pk,
        now=door.now,
    )


def hold_the_students() -> None:
    with connection.cursor() as cursor:
        # So it is the press that PostgreSQL ends.
        cursor.execute("SET LOCAL deadlock_timeout = '1min'")
    list(Student.objects.select_for_update())


def want_the_doors() -> None:
    """Against the order in which all of ours lock. Of the table and not the row: whoever waits for
    that is next, before a press that begins again."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Desk._meta.db_table} IN EXCLUSIVE MODE")


@pytest.mark.parametrize(
    ("making", "verb", "kinds"),
    [
        (marking, "attendance.excused", ["excused"]),
        (undoing, "attendance.voided", ["in", "void"]),
        (admitting, "attendance.rest_admitted", ["in"] * 5),
        (bringing, "attendance.class_in", ["in"] * 5),
        (confirming, "attendance.in", ["in"]),
        (swapping, "place.swapped", []),
    ],
)
def test_a_press_that_met_a_deadlock_is_done_once(
    door: Door, making: Callable[[Door], Press], verb: str, kinds: list[str]
) -> None:
    press = making(door)
    held: list[str] = []

    def noting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """The door's row is asked for once each time: a foreign key meets the deadlock only as
        the transaction ends, and that is no statement."""
        if "attendance_desk" in sql and " FOR " in sql.replace("\n", " "):
            held.append(sql)
        return execute(sql, params, many, context)

    def pressed() -> Any:
        with connection.execute_wrapper(noting):
            return press()

    answer = before_commit(hold_the_students, pressed, want_the_doors)

    assert not isinstance(answer, Exception), answer
    assert len(held) == 2
    assert AuditEntry.objects.filter(verb=verb).count() == 1
    assert sorted(CheckIn.objects.values_list("kind", flat=True)) == kinds
    assert RoomScan.objects.count() == (making is confirming)


def test_who_comes_without_a_place_is_let_in_once_after_a_deadlock(door: Door) -> None:
    walker = make_badges(door.world.new_group(4, 1), now=door.now)[1]
    event_id = uuid4()

    def letting_in() -> Any:
        return door_list.let_in(
            by=door.manager,
            session=door.session,
            code=walker.code,
            event_id=event_id,
            now=door.now,
        )

    answer = before_commit(hold_the_students, letting_in, want_the_doors)

    assert answer.event.pk == CheckIn.objects.get().pk == event_id
    assert door.session.places.filter(student=walker.student_id, is_live=True).count() == 1


def test_within_somebody_elses_transaction_nothing_is_tried_again(door: Door) -> None:
    """The retry is the outermost's: a press inside a transaction is that one's to begin again."""
    press = marking(door)

    def pressed() -> None:
        with transaction.atomic():
            press()

    answer = before_commit(hold_the_students, pressed, want_the_doors)

    assert isinstance(answer, OperationalError)
    assert not CheckIn.objects.exists()
