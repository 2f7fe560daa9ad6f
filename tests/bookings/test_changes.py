"""What the school changes about a booking, and who comes in at the door."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import BookingState, CancelledSide
from bookings.errors.requests import BookingOver, ReasonMissing, StaleBooking
from bookings.errors.reserving import (
    CompanionNameMissing,
    NoStudents,
    NotInClass,
    SessionStarted,
    StudentBusy,
    TooFewCompanions,
    WrongStage,
)
from bookings.errors.roll import AlreadyPlaced, NotInBooking, NoWalkInNow
from bookings.models import Booking, Place
from bookings.services import changes, lists
from bookings.services.companions import CompanionInput
from courses.errors import SessionCancelled, SessionFull
from courses.models import CourseSession
from notifications.models import Message
from rosters.errors import NotYourClass
from rosters.models import Student
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation

SECOND = timedelta(seconds=1)


def booked(world: World, now: datetime, first: int = 3, **more: object) -> Booking:
    """A booking of the first students of the class."""
    return make_booking(
        by=world.teacher,
        session=more.pop("session", None) or world.session(),  # type: ignore[arg-type]
        class_group=world.group,
        now=now,
        student_ids=[student.pk for student in world.students[:first]],
        **more,  # type: ignore[arg-type]
    )


def change(
    world: World, booking: Booking, now: datetime, students: list[Student], **more: object
) -> Booking:
    return lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=more.pop("edition", booking.edition),  # type: ignore[arg-type]
        student_ids=[student.pk for student in students],
        now=now,
        **more,  # type: ignore[arg-type]
    )


def placed(booking: Booking) -> list[Student | None]:
    return [
        place.student
        for place in booking.places.live().order_by("student_id")  # type: ignore[attr-defined]
    ]


def seats_taken(booking: Booking) -> int:
    return CourseSession.objects.get(pk=booking.session_id).seats_taken


def test_growing_takes_more_seats(world: World, now: datetime) -> None:
    booking = booked(world, now)

    changed = change(world, booking, now, world.students)

    assert (changed.seats, changed.edition, changed.sequence) == (5, 2, 1)
    assert (placed(booking), seats_taken(booking)) == (world.students, 5)


def test_growing_past_the_capacity_changes_nothing(world: World, now: datetime) -> None:
    booking = booked(world, now, session=world.session(capacity=4))

    with pytest.raises(SessionFull) as refusal:
        change(world, booking, now, world.students)

    assert refusal.value.facts == {"seats": 2, "seats_left": 1, "most": 4}
    assert str(refusal.value) == "这一场只余 1 位，这个预约最多 4 人。没有改动。"
    assert (placed(booking), seats_taken(booking)) == (world.students[:3], 3)


def test_growing_where_no_seat_is_left_says_how_many_it_may_be(world: World, now: datetime) -> None:
    booking = booked(world, now, session=world.session(capacity=3))

    with pytest.raises(SessionFull) as refusal:
        change(world, booking, now, world.students)

    assert str(refusal.value) == "这一场没有空位了，这个预约最多 3 人。没有改动。"


def test_shrinking_frees_the_seats_at_once(world: World, now: datetime) -> None:
    booking = booked(world, now)

    change(world, booking, now, world.students[1:2])

    assert (placed(booking), seats_taken(booking)) == (world.students[1:2], 1)
    assert Place.objects.filter(booking=booking, is_live=False).count() == 2


def test_other_students_of_the_same_number_take_no_seat(world: World, now: datetime) -> None:
    booking = booked(world, now)

    change(world, booking, now, world.students[2:])

    assert (placed(booking), seats_taken(booking)) == (world.students[2:], 3)


def test_companions_change_alone(world: World, now: datetime) -> None:
    booking = booked(world, now)

    changed = change(
        world, booking, now, world.students[:3], companions=[CompanionInput("赵老师", "137")]
    )

    assert [(one.name, one.phone) for one in changed.companions.all()] == [("赵老师", "137")]
    assert changed.edition == 2


def test_companions_stay_when_none_are_given(world: World, now: datetime) -> None:
    booking = booked(world, now)

    change(world, booking, now, world.students[:1])

    assert booking.companions.count() == 2


def test_the_same_change_twice_is_done_once(world: World, now: datetime) -> None:
    booking = booked(world, now)
    more = {"companions": [CompanionInput("赵老师")]}
    change(world, booking, now, world.students, **more)

    again = change(world, booking, now, world.students, **more, edition=1)

    assert (again.edition, again.seats) == (2, 5)
    assert AuditEntry.objects.filter(verb="booking.changed").count() == 1


def test_another_change_from_an_old_form_is_stale(world: World, now: datetime) -> None:
    booking = booked(world, now)
    change(world, booking, now, world.students)

    with pytest.raises(StaleBooking):
        change(world, booking, now, world.students[:1], edition=1)

    assert seats_taken(booking) == 5


def test_both_sides_are_told_of_a_change(world: World, now: datetime) -> None:
    booking = booked(world, now)

    change(world, booking, now, world.students)

    told = Message.objects.filter(kind="booking_changed").order_by("pk")
    assert [message.recipient_id for message in told] == [
        world.teacher_membership.user_id,
        world.manager.user_id,
    ]
    assert (told[0].calendar_method, "SEQUENCE:1" in told[0].calendar) == ("REQUEST", True)
    assert "5 名学生" in told[0].body
    assert told[1].calendar == ""


def test_a_set_is_changed_on_all_its_days(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )
    booking = reservation.bookings.select_related("session", "class_group").order_by("pk")[1]

    change(world, booking, now, world.students[:2])

    assert [one.seats for one in reservation.bookings.order_by("pk")] == [2, 2]
    assert [day.seats_taken for day in CourseSession.objects.order_by("pk")] == [2, 2]


def test_a_set_that_has_begun_is_not_changed(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )
    last = reservation.bookings.select_related("session", "class_group").order_by("pk")[1]

    with pytest.raises(SessionStarted):
        changes.check_can_change_booking(world.teacher, last, days[0].starts_at)


def test_a_day_of_a_set_that_the_host_cancelled_does_not_bind_the_other(
    world: World, now: datetime
) -> None:
    _camp, days = world.camp()
    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )
    first, last = reservation.bookings.select_related("session", "class_group").order_by("pk")
    changes.end_bookings([first], side=CancelledSide.HOST, reason="停电", now=now)

    changed = change(world, last, now, world.students[:2])

    assert changed.seats == 2
    first.refresh_from_db()
    with pytest.raises(BookingOver):
        change(world, first, now, world.students[:2])


def test_a_student_who_left_the_class_may_keep_the_place(world: World, now: datetime) -> None:
    booking = booked(world, now)
    other = world.new_group(4, 0)
    moved = world.students[0]
    Student.objects.filter(pk=moved.pk).update(class_group=other, seat_no=1)

    changed = change(world, booking, now, [moved])

    assert (changed.seats, placed(booking)) == (1, [moved])


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"adults": 1, "companions": []}, TooFewCompanions),
        ({"companions": [CompanionInput("", "139")]}, CompanionNameMissing),
    ],
)
def test_a_change_needs_companions(
    world: World, now: datetime, more: dict[str, object], refusal: type[Exception]
) -> None:
    booking = booked(world, now)

    with pytest.raises(refusal):
        change(world, booking, now, world.students, **more)


def test_a_change_refuses_nobody_and_strangers(world: World, now: datetime) -> None:
    booking = booked(world, now)
    stranger = world.new_group(3, 1, school=OrganisationFactory()).students.get()

    with pytest.raises(NoStudents):
        change(world, booking, now, [])
    with pytest.raises(NotInClass):
        change(world, booking, now, [world.students[0], stranger])


def test_a_change_refuses_a_student_who_is_elsewhere(world: World, now: datetime) -> None:
    booking = booked(world, now)
    make_booking(
        by=world.teacher,
        session=world.session(starts=time(10)),
        class_group=world.group,
        now=now,
        student_ids=[world.students[4].pk],
    )

    with pytest.raises(StudentBusy) as refusal:
        change(world, booking, now, world.students)

    assert refusal.value.facts["seats"] == "5"


def test_who_may_change_which_booking(world: World, now: datetime) -> None:
    """A truth table: the actor, the answer."""
    booking = booked(world, now)
    colleague = actor_of(MembershipFactory(organisation=world.school))
    stranger = actor_of(MembershipFactory(coordinator=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))
    answers = {
        world.teacher: None,
        world.coordinator: None,
        colleague: NotYourClass,
        stranger: NotYours,
        world.manager: NotAllowed,
        secretariat: NotAllowed,
    }

    for actor, refusal in answers.items():
        if refusal is None:
            changes.check_can_change_booking(actor, booking, now)
        else:
            with pytest.raises(refusal):
                changes.check_can_cancel_booking(actor, booking, now)


def test_cancelling_frees_seats_and_students(world: World, now: datetime) -> None:
    booking = booked(world, now)

    cancelled = changes.cancel_booking(
        by=world.teacher, booking=booking, reason=" 学校运动会 ", now=now
    )

    assert (cancelled.state, cancelled.seats, cancelled.cancel_reason) == (
        BookingState.CANCELLED,
        0,
        "学校运动会",
    )
    assert (cancelled.cancelled_side, cancelled.sequence) == (CancelledSide.SCHOOL, 1)
    assert seats_taken(booking) == 0
    assert not Place.objects.live().exists()
    assert booked(world, now, session=world.session()).seats == 3


def test_a_cancellation_is_told_with_who_and_why(world: World, now: datetime) -> None:
    booking = booked(world, now)

    changes.cancel_booking(by=world.coordinator, booking=booking, reason="学校运动会", now=now)

    told = Message.objects.filter(kind="booking_cancelled").order_by("pk")
    assert [message.recipient_id for message in told] == [
        world.teacher_membership.user_id,
        world.manager.user_id,
    ]
    assert told[0].body.startswith("清河中学的沈主任取消了这个预约。原因：学校运动会")
    assert told[0].calendar_method == "CANCEL"
    assert "STATUS:CANCELLED" in told[0].calendar


def test_cancelling_a_set_cancels_all_its_days(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )
    booking = reservation.bookings.select_related("session", "class_group").order_by("pk")[0]

    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    assert {one.state for one in Booking.objects.all()} == {BookingState.CANCELLED}
    assert [day.seats_taken for day in CourseSession.objects.order_by("pk")] == [0, 0]


def test_cancelling_twice_is_refused_with_the_state(world: World, now: datetime) -> None:
    booking = booked(world, now)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)
    booking.refresh_from_db()

    with pytest.raises(BookingOver) as refusal:
        changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    assert str(refusal.value) == "这个预约已是“已取消”，不能再改。"


def test_cancelling_needs_a_reason_and_a_session_to_come(world: World, now: datetime) -> None:
    booking = booked(world, now)

    with pytest.raises(ReasonMissing):
        changes.cancel_booking(by=world.teacher, booking=booking, reason="  ", now=now)
    with pytest.raises(SessionStarted):
        changes.cancel_booking(
            by=world.teacher, booking=booking, reason="停课", now=booking.session.starts_at
        )


def swap(world: World, booking: Booking, out: Student, entering: Student, now: datetime, **by):  # type: ignore[no-untyped-def]
    return changes.swap_student(
        by=by.get("by", world.teacher),
        booking=booking,
        out_student_id=out.pk,
        in_student_id=entering.pk,
        now=now,
        opens_at=booking.session.starts_at - timedelta(hours=1),
    )


def test_a_classmate_takes_the_seat(world: World, now: datetime) -> None:
    booking = booked(world, now)

    place = swap(world, booking, world.students[0], world.students[4], now)
    again = swap(world, booking, world.students[0], world.students[4], now)

    booking.refresh_from_db()
    assert again == place
    assert placed(booking) == [world.students[1], world.students[2], world.students[4]]
    assert (seats_taken(booking), booking.seats, booking.edition) == (3, 3, 2)


def test_the_host_swaps_only_while_its_door_is_open(world: World, now: datetime) -> None:
    booking = booked(world, now)
    starts_at = booking.session.starts_at
    out, entering = world.students[0], world.students[4]

    with pytest.raises(NoWalkInNow):
        swap(world, booking, out, entering, now, by=world.manager)
    place = swap(world, booking, out, entering, starts_at - timedelta(minutes=60), by=world.manager)

    assert place.student == entering


def test_swaps_are_refused_with_the_reason(world: World, now: datetime) -> None:
    booking = booked(world, now)
    students = world.students
    stranger = world.new_group(4, 1).students.get()
    strange_host = actor_of(MembershipFactory(host_manager=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))

    with pytest.raises(AlreadyPlaced):
        swap(world, booking, students[0], students[1], now)
    with pytest.raises(NotInBooking) as refusal:
        swap(world, booking, students[3], students[4], now)
    assert str(refusal.value) == "七(3)班 4号不在这个预约里，请看过最新的名单再换。"
    with pytest.raises(NotInBooking):
        swap(world, booking, stranger, students[4], now)
    with pytest.raises(NotInClass):
        swap(world, booking, students[0], stranger, now)
    with pytest.raises(NotYours):
        swap(world, booking, students[0], students[4], now, by=strange_host)
    with pytest.raises(NotAllowed):
        swap(world, booking, students[0], students[4], now, by=secretariat)
    with pytest.raises(SessionStarted):
        swap(world, booking, students[0], students[4], booking.session.ends_at)


def test_a_swap_of_a_cancelled_booking_is_refused(world: World, now: datetime) -> None:
    booking = booked(world, now)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    with pytest.raises(BookingOver):
        swap(world, booking, world.students[0], world.students[4], now)


def test_a_swap_refuses_a_student_who_is_elsewhere(world: World, now: datetime) -> None:
    booking = booked(world, now)
    make_booking(
        by=world.teacher,
        session=world.session(starts=time(10)),
        class_group=world.group,
        now=now,
        student_ids=[world.students[4].pk],
    )

    with pytest.raises(StudentBusy):
        swap(world, booking, world.students[0], world.students[4], now)


def walk_in(world: World, session: CourseSession, student: Student, **values: Any) -> Place:
    """At the start of the session, whose door has opened an hour before."""
    return changes.admit_walk_in(
        **{
            "by": world.manager,
            "session": session,
            "student": student,
            "now": session.starts_at,
            "opens_at": session.starts_at - timedelta(hours=1),
        }
        | values
    )


def test_who_came_in_time_is_admitted_when_that_is_heard_of(world: World, now: datetime) -> None:
    session = world.session()
    later = session.ends_at + timedelta(days=1)
    first, second = world.students[:2]

    for came_at in (session.starts_at - timedelta(minutes=61), session.ends_at):
        with pytest.raises(NoWalkInNow):
            walk_in(world, session, first, now=later, came_at=came_at)
    place = walk_in(world, session, first, now=later, came_at=session.starts_at)

    assert (place.is_walk_in, seats_taken(place.booking)) == (True, 1)
    with pytest.raises(NoWalkInNow):
        walk_in(world, session, second, now=later)


def test_door_opens_for_walk_ins_when_its_rules_say(world: World, now: datetime) -> None:
    session = world.session()
    opens_at = session.starts_at - timedelta(minutes=20)

    with pytest.raises(NoWalkInNow) as refusal:
        walk_in(world, session, world.students[0], now=opens_at - SECOND, opens_at=opens_at)
    assert str(refusal.value) == "这一场 12 月 8 日（周二）8:40 至 11:30 可以现场加人。"
    walk_in(world, session, world.students[0], now=opens_at, opens_at=opens_at)


def test_a_walk_in_joins_the_booking_of_the_class(world: World, now: datetime) -> None:
    booking = booked(world, now)
    session, student = booking.session, world.students[4]

    place = walk_in(world, session, student)
    again = walk_in(world, session, student)

    booking.refresh_from_db()
    assert (again, place.booking, place.is_walk_in) == (place, booking, True)
    assert (booking.seats, seats_taken(booking)) == (4, 4)


def test_a_walk_in_of_a_class_without_a_booking_gets_one(world: World, now: datetime) -> None:
    session = world.session()

    place = walk_in(world, session, world.students[0])

    booking = place.booking
    assert (booking.state, booking.seats, booking.class_group) == (
        BookingState.CONFIRMED,
        1,
        world.group,
    )
    assert (booking.school, booking.host) == (world.school, world.host)
    assert Booking.objects.visible_to(world.teacher).get() == booking
    assert seats_taken(booking) == 1


def test_walk_ins_are_refused_with_the_reason(world: World, now: datetime) -> None:
    session = world.session(capacity=1)
    at = session.starts_at
    first, second = world.students[:2]
    sixth = world.new_group(1, 1, entry_year=2026).students.get()

    def admit(student: Student, moment: datetime, by: Actor | None = None) -> Place:
        return walk_in(world, session, student, by=by or world.manager, now=moment)

    with pytest.raises(NoWalkInNow) as refusal:
        admit(first, at - timedelta(minutes=61))
    assert str(refusal.value) == "这一场 12 月 8 日（周二）8:00 至 11:30 可以现场加人。"
    with pytest.raises(NoWalkInNow):
        admit(first, session.ends_at)
    with pytest.raises(NotYours):
        admit(first, at, world.teacher)
    with pytest.raises(WrongStage):
        admit(sixth, at)
    admit(first, at)
    with pytest.raises(SessionFull):
        admit(second, at)


def test_a_walk_in_who_is_booked_elsewhere_is_refused(world: World, now: datetime) -> None:
    booking = booked(world, now)
    other = world.session(starts=time(10))

    with pytest.raises(StudentBusy) as refusal:
        walk_in(world, other, world.students[0])

    assert refusal.value.facts["when"] == "12 月 8 日（周二）9:00–11:30"
    assert booking.seats == 3


def test_a_walk_in_of_a_cancelled_session_is_refused(world: World, now: datetime) -> None:
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(
        state="cancelled", cancelled_at=now, cancel_reason="停电", room_hold=None
    )

    with pytest.raises(SessionCancelled):
        walk_in(world, session, world.students[0])


def test_days_do_not_clash(world: World, now: datetime) -> None:
    booked(world, now)

    booking = booked(world, now, session=world.session(day=DAY + timedelta(days=1)))

    assert booking.seats == 3


def test_a_form_sent_without_a_change_changes_nothing(world: World, now: datetime) -> None:
    booking = booked(world, now)

    same = change(world, booking, now, world.students[:3])

    assert (same.edition, same.sequence) == (1, 0)
    assert not Message.objects.filter(kind="booking_changed").exists()
