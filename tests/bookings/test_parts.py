"""Reservations of several parts: all or nothing, named or not, with the adults counted."""

import uuid
from datetime import datetime, time, timedelta

import pytest

from bookings.errors.reserving import (
    AlreadyBooked,
    FewerSeatsThanNamed,
    MoreThanClass,
    SessionsOverlap,
    StudentBusy,
    TooFewCompanions,
)
from bookings.errors.roll import NamesDue
from bookings.errors.sessions import NoSessions
from bookings.models import Booking, Place, Reservation
from bookings.services import reservations
from bookings.services.parts import Part
from courses.errors import RoomFull, SessionFull
from courses.models import CourseSession
from notifications.models import Message
from tests.bookings.conftest import DAY, World
from tests.factories.bookings import make_booking


def reserve(world: World, now: datetime, *parts: Part) -> Reservation:
    return reservations.reserve(
        by=world.coordinator, parts=parts, idempotency_key=uuid.uuid4().hex, now=now
    )


def part(world: World, session: CourseSession, **more: object) -> Part:
    more.setdefault("class_group", world.group)
    return Part(session_ids=[session.pk], **more)  # type: ignore[arg-type]


def counted(session: CourseSession) -> tuple[int, int]:
    session.refresh_from_db()
    return session.seats_taken, session.adults_coming


def test_two_classes_and_a_set_are_one_reservation(world: World, now: datetime) -> None:
    other = world.new_group(4, 3)
    camp, days = world.camp()
    session = world.session(day=DAY + timedelta(days=5))

    made = reserve(
        world,
        now,
        Part(world.group, session_set_id=camp.pk),
        part(world, session),
        part(world, session, class_group=other),
    )

    assert [
        (one.session_id, one.class_group_id, one.seats, one.adults)
        for one in made.bookings.order_by("session_id", "class_group_id")
    ] == [
        (days[0].pk, world.group.pk, 5, 2),
        (days[1].pk, world.group.pk, 5, 2),
        (session.pk, world.group.pk, 5, 2),
        (session.pk, other.pk, 3, 2),
    ]
    assert [counted(one) for one in (*days, session)] == [(5, 2), (5, 2), (8, 4)]
    assert Place.objects.live().count() == 18
    assert Message.objects.filter(kind="booking_made").count() == 1


def test_nothing_is_taken_where_one_of_the_parts_cannot_be_had(world: World, now: datetime) -> None:
    other = world.new_group(4, 3)
    roomy, tight = world.session(), world.session(day=DAY + timedelta(days=1), capacity=7)

    with pytest.raises(SessionFull) as refusal:
        reserve(
            world,
            now,
            part(world, roomy),
            part(world, tight),
            part(world, tight, class_group=other),
        )

    assert refusal.value.facts == {"seats": 8, "seats_left": 7}
    assert [counted(one) for one in (roomy, tight)] == [(0, 0), (0, 0)]
    assert not Reservation.objects.exists()


def test_a_class_goes_in_halves_at_the_same_time(world: World, now: datetime) -> None:
    first, second = world.session(capacity=3), world.session(capacity=2)
    keys = [student.pk for student in world.students]

    made = reserve(
        world,
        now,
        part(world, first, student_ids=keys[:3]),
        part(world, second, student_ids=keys[3:]),
    )

    assert [one.seats for one in made.bookings.order_by("session_id")] == [3, 2]
    assert set(Place.objects.live().values_list("student", flat=True)) == set(keys)


def test_halves_that_share_a_student_are_refused(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(10))
    keys = [student.pk for student in world.students]

    with pytest.raises(SessionsOverlap):
        reserve(
            world,
            now,
            part(world, first, student_ids=keys[:3]),
            part(world, second, student_ids=keys[2:]),
        )
    with pytest.raises(SessionsOverlap):
        reserve(
            world,
            now,
            part(world, first, student_ids=keys[:3]),
            part(world, first, student_ids=keys[3:]),
        )


def test_seats_are_taken_without_names(world: World, now: datetime) -> None:
    session = world.session()

    made = reserve(world, now, part(world, session, seats=4, student_ids=[world.students[0].pk]))

    booking = made.bookings.get()
    assert (booking.seats, counted(session)) == (4, (4, 2))
    assert sorted(booking.places.values_list("student", flat=True), key=lambda key: key or 0) == [
        None,
        None,
        None,
        world.students[0].pk,
    ]


def test_a_class_has_no_more_seats_at_once_than_students(world: World, now: datetime) -> None:
    first, second = world.session(), world.session(starts=time(10))
    third = world.session(starts=time(12, 30))
    reserve(world, now, part(world, first, seats=3))

    with pytest.raises(MoreThanClass) as refusal:
        reserve(world, now, part(world, second, seats=3))

    assert str(refusal.value) == (
        "七(3)班有 5 名学生，12 月 8 日（周二）10:00–12:30 一共要了 6 个名额，请减少。"
    )
    with pytest.raises(MoreThanClass):
        reserve(world, now, part(world, second))
    with pytest.raises(MoreThanClass):
        reserve(world, now, part(world, third, seats=6))
    reserve(world, now, part(world, second, seats=2), part(world, third, seats=5))
    assert Booking.objects.count() == 3


def test_seats_without_names_are_had_until_the_list_is_settled(world: World, now: datetime) -> None:
    session = world.session()
    settled = session.starts_at.replace(hour=0) - timedelta(days=2)

    with pytest.raises(NamesDue) as refusal:
        reserve(world, settled, part(world, session, seats=2))
    reserve(world, settled - timedelta(minutes=1), part(world, session, seats=2))

    assert str(refusal.value) == (
        "这一场的名单 12 月 6 日（周日）0:00 已定，现在预约须先选好学生。"
    )
    assert counted(session) == (2, 2)


def test_adults_are_as_many_as_the_course_asks_for(world: World, now: datetime) -> None:
    world.version.students_per_adult = 2
    world.version.save()
    session = world.session()

    with pytest.raises(TooFewCompanions) as refusal:
        reserve(world, now, part(world, session, adults=2))
    reserve(world, now, part(world, session))

    assert refusal.value.facts == {"students": 5, "needed": 3, "given": 2}
    assert counted(session) == (5, 3)


def test_the_room_holds_students_and_adults_together(world: World, now: datetime) -> None:
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(heads_limit=11)
    reserve(world, now, part(world, session, class_group=world.new_group(4, 3)))

    with pytest.raises(RoomFull) as refusal:
        reserve(world, now, part(world, session))
    reserve(world, now, part(world, session, student_ids=[one.pk for one in world.students[:4]]))

    assert refusal.value.facts == {"limit": 11, "present": 5, "seats": 5, "adults": 2}
    assert str(refusal.value) == (
        "这一场最多容纳 11 人（含成人），已有 5 人，再加 5 名学生和 2 位成人坐不下。"
        "没有约成，名额未扣。"
    )
    assert counted(session) == (7, 4)


def test_a_part_that_the_class_has_or_whose_student_is_elsewhere_is_refused(
    world: World, now: datetime
) -> None:
    session, free = world.session(), world.session(day=DAY + timedelta(days=1))
    make_booking(
        by=world.teacher,
        session=session,
        class_group=world.group,
        now=now,
        student_ids=[world.students[0].pk],
    )

    with pytest.raises(AlreadyBooked):
        reserve(world, now, part(world, free), part(world, session))
    with pytest.raises(StudentBusy):
        reserve(world, now, part(world, free), part(world, world.session(starts=time(11))))
    assert counted(free) == (0, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_a_reservation_takes_the_same_queries_for_one_and_three_parts_but_seats(
    world: World, now: datetime, count: int, django_assert_num_queries
) -> None:
    """Per session one conditional update."""
    parts = [
        part(world, world.session(day=DAY + timedelta(days=number))) for number in range(count)
    ]

    with django_assert_num_queries(14 + count):
        reserve(world, now, *parts)


def test_a_reservation_of_nothing_is_refused(world: World, now: datetime) -> None:
    with pytest.raises(NoSessions):
        reserve(world, now)

    assert not Reservation.objects.exists()


def test_fewer_seats_than_named_are_refused(world: World, now: datetime) -> None:
    keys = [student.pk for student in world.students[:3]]

    with pytest.raises(FewerSeatsThanNamed) as refused:
        reserve(world, now, part(world, world.session(), seats=2, student_ids=keys))

    assert str(refused.value) == "名单上有 3 名学生，名额却只要 2 个，请改成一致。"
