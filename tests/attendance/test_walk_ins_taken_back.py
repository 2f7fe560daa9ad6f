"""Somebody without a booking was let in by mistake: taken back, the seat is free again."""

from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from attendance.choices import EventKind
from attendance.models import Badge, CheckIn, Conflict
from attendance.services import check_in, conflicts, desk, door_list
from bookings.choices import BookingState, CancelledSide
from bookings.models import Booking, Place
from courses.errors import SessionFull
from courses.models import CourseSession
from hours.models import HourCredit
from insights.selectors import invariants
from rosters.models import Student
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import make_tablet
from tests.factories.attendance import close_desk, let_in, make_badge, make_badges, mark
from tests.factories.rosters import StudentFactory


@pytest.fixture
def walker(door: Door) -> Badge:
    """A pupil of another seventh class, on no list; one seat is free."""
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=6)
    return make_badges(door.world.new_group(4, 2), now=door.now)[1]


def walk_in(door: Door, badge: Badge) -> Place:
    return door_list.let_in(
        by=door.manager, session=door.session, code=badge.code, event_id=uuid4(), now=door.now
    ).place


def undo(door: Door, student: Student) -> None:
    check_in.undo_last(
        by=door.manager,
        session=door.session,
        student_id=student.pk,
        event_id=uuid4(),
        now=door.now + MINUTE,
    )


def seats(door: Door) -> tuple[int, int]:
    """As counted on the session, and as there are."""
    door.session.refresh_from_db()
    return door.session.seats_taken, Place.objects.live().filter(session=door.session).count()


def test_the_seat_is_somebody_elses_again(door: Door, walker: Badge) -> None:
    other = make_badge(StudentFactory(class_group=walker.student.class_group), now=door.now)
    place = walk_in(door, walker)
    with pytest.raises(SessionFull):
        walk_in(door, other)
    void = uuid4()

    for _press in range(2):
        check_in.undo_last(
            by=door.manager,
            session=door.session,
            student_id=walker.student_id,
            event_id=void,
            now=door.now + MINUTE,
        )

    assert seats(door) == (5, 5)
    assert Booking.objects.filter(pk=place.booking_id).values_list(
        "state", "seats", "cancelled_side"
    ).get() == (BookingState.CANCELLED, 0, CancelledSide.HOST)
    assert AuditEntry.objects.filter(verb="place.walk_in_taken_back").count() == 1
    assert invariants.findings() == []
    walk_in(door, other)
    undo(door, other.student)
    walk_in(door, walker)
    assert seats(door) == (6, 6)
    assert invariants.findings() == []


def test_who_joined_her_classs_booking_leaves_it_as_it_was(door: Door, walker: Badge) -> None:
    classmate = StudentFactory(class_group=door.world.group, seat_no=6)
    walk_in(door, make_badge(classmate, now=door.now))
    assert seats(door) == (6, 6)

    undo(door, classmate)

    door.booking.refresh_from_db()
    assert (door.booking.state, door.booking.seats) == (BookingState.CONFIRMED, 5)
    assert seats(door) == (5, 5)
    assert invariants.findings() == []


def test_as_long_as_anything_is_on_record_the_seat_stays(door: Door, walker: Badge) -> None:
    walk_in(door, walker)
    mark(walker.student, EventKind.OUT, by=door.manager, session=door.session, now=door.now)

    undo(door, walker.student)
    still = seats(door)
    undo(door, walker.student)

    assert (still, seats(door)) == ((6, 6), (5, 5))


def test_whoever_has_a_place_keeps_it(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)

    undo(door, door.students[0])

    assert seats(door) == (5, 5)
    assert Place.objects.live().filter(student=door.students[0]).exists()


def test_a_door_that_is_closed_afterwards_knows_nothing_of_her(door: Door, walker: Badge) -> None:
    walk_in(door, walker)
    start = door.session.starts_at
    close_desk(by=door.manager, session=door.session, now=start)
    assert HourCredit.objects.filter(student=walker.student).count() == 1
    desk.reopen_desk(by=door.manager, session=door.session, reason="误记", now=start)

    undo(door, walker.student)
    close_desk(by=door.manager, session=door.session, now=start)

    credits = HourCredit.objects.filter(student=walker.student).order_by("pk")
    assert list(credits.values_list("class_hours", flat=True)) == [4, -4]
    assert not CheckIn.objects.filter(student=walker.student, kind=EventKind.ABSENT).exists()
    assert invariants.findings() == []


def test_a_tablet_that_takes_it_back_frees_the_seat(door: Door, walker: Badge) -> None:
    tablet = make_tablet(door)
    arrival = tablet.stranger(walker.code)
    tablet.send([arrival], after=MINUTE)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=door.now + 2 * MINUTE)
    assert seats(door) == (6, 6)

    answers = tablet.send([tablet.undo(arrival)], after=3 * MINUTE)

    assert [one.outcome.value for one in answers] == ["accepted"]
    assert seats(door) == (5, 5)
    assert invariants.findings() == []


def test_a_tablet_that_is_late_frees_it_once_somebody_agrees(door: Door, walker: Badge) -> None:
    tablet = make_tablet(door)
    arrival = tablet.stranger(walker.code)
    tablet.send([arrival], after=MINUTE)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=door.now + 2 * MINUTE)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    tablet.send([tablet.undo(arrival)], after=200 * MINUTE)
    over = door.now + 210 * MINUTE
    assert seats(door) == (6, 6)

    desk.reopen_desk(by=door.manager, session=door.session, reason="补传", now=over)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.open().get(), now=over)

    assert seats(door) == (5, 5)
    assert invariants.findings() == []


def test_the_page_says_that_the_seat_is_free_and_bears_a_second_press(
    door: Door, walker: Badge
) -> None:
    place = walk_in(door, walker)
    client = Client()
    client.force_login(door.manager_membership.user)
    url = reverse("attendance:desk_place", args=[door.session.pk, place.pk])
    press = {"kind": "void", "event_id": str(uuid4())}

    with time_machine.travel(door.now + MINUTE, tick=False):
        first = client.post(url, press, follow=True)
        again = client.post(url, press, follow=True)

    assert [str(one) for one in first.context["messages"]] == [
        f"{walker.student.seat_no} 号：已撤销签到，临时占用的名额已退回。"
    ]
    assert [str(one) for one in again.context["messages"]] == ["这名学生已不在本场名单里。"]
    assert seats(door) == (5, 5)
