"""Another session for a booking: the old seats stay until the new ones are certain."""

from datetime import datetime, time, timedelta

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import BookingState, CancelledSide
from bookings.errors.requests import BookingOver, HoldGone, SameSession
from bookings.errors.reserving import AlreadyBooked, ConsentMissing, SessionStarted, StudentBusy
from bookings.errors.roll import NamesDue
from bookings.models import Booking, Place, SeatHold
from bookings.services import changes, holds, host_changes, lists, swapping
from bookings.services.companions import CompanionInput
from bookings.tasks import sweep_holds
from courses.choices import ReasonCode
from courses.errors import RoomFull, SessionCancelled, SessionFull
from courses.models import CourseSession
from notifications.models import Message
from rosters.choices import ConsentRule
from rosters.errors import NotYourClass
from rosters.models import SchoolSettings
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation


def counters(session: CourseSession) -> tuple[int, int, int]:
    """Seats taken, seats held, adults coming."""
    session.refresh_from_db()
    return session.seats_taken, session.seats_held, session.adults_coming


def booked(world: World, session: CourseSession, now: datetime, **more: object) -> Booking:
    return make_booking(by=world.teacher, session=session, class_group=world.group, now=now, **more)


@pytest.fixture
def old(world: World) -> CourseSession:
    return world.session()


@pytest.fixture
def new(world: World) -> CourseSession:
    return world.session(day=DAY + timedelta(days=1))


def test_kept_seats_leave_the_booking_as_it_is(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)

    (hold,) = swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)

    assert (hold.session_id, hold.seats, hold.expires_at) == (
        new.pk,
        5,
        now + timedelta(minutes=15),
    )
    assert (counters(old), counters(new)) == ((5, 0, 2), (0, 5, 0))
    booking.refresh_from_db()
    assert (booking.state, booking.edition) == (BookingState.CONFIRMED, 1)


def test_confirming_makes_seats_of_the_kept_ones_and_frees_the_old(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(
        world, old, now, companions=(CompanionInput("韦同行", "139"), CompanionInput("陆随行"))
    )
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)

    (made,) = swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)

    booking.refresh_from_db()
    assert (counters(old), counters(new)) == ((0, 0, 0), (5, 0, 2))
    assert (
        booking.state,
        booking.cancelled_side,
        booking.cancel_code,
        booking.why_cancelled,
        booking.is_late,
        booking.sequence,
    ) == (
        BookingState.CANCELLED,
        CancelledSide.SCHOOL,
        ReasonCode.CHANGE_OF_PLAN,
        "计划调整",
        False,
        1,
    )
    assert (made.reservation_id, made.session_id, made.seats, made.adults, made.sequence) == (
        booking.reservation_id,
        new.pk,
        5,
        2,
        0,
    )
    assert made.uid != booking.uid
    assert [(one.name, one.phone) for one in made.companions.order_by("pk")] == [
        ("韦同行", "139"),
        ("陆随行", ""),
    ]
    assert set(Place.objects.live().values_list("booking_id", "student_id")) == {
        (made.pk, student.pk) for student in world.students
    }
    assert not SeatHold.objects.standing().exists()
    assert AuditEntry.objects.get(verb="booking.swapped").facts == {
        "bookings": [booking.pk],
        "new_bookings": [made.pk],
        "sessions": [new.pk],
        "seats": 5,
    }


def test_calendars_drop_the_old_entry_and_get_the_new(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)

    (made,) = swapping.swap(
        by=world.teacher, booking=booking, session_ids=[new.pk], reason="撞了考试", now=now
    )

    told = Message.objects.filter(
        kind="booking_swapped", recipient_id=world.teacher_membership.user_id
    ).order_by("pk")
    assert [(one.calendar_method, one.subject.split("：")[0]) for one in told] == [
        ("CANCEL", "已换走"),
        ("REQUEST", "换场已确认"),
    ]
    assert f"UID:{booking.uid}" in told[0].calendar
    assert f"UID:{made.uid}" in told[1].calendar
    # One message to the host that has both.
    (to_host,) = Message.objects.filter(kind="booking_swapped", recipient_id=world.manager.user_id)
    assert "不再来：12 月 8 日" in to_host.body


def test_swapping_after_the_freeze_is_late(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    day_before = old.starts_at - timedelta(days=1)

    swapping.swap(
        by=world.teacher, booking=booking, session_ids=[new.pk], reason="", now=day_before
    )

    booking.refresh_from_db()
    assert booking.is_late is True


def test_seats_without_names_cannot_go_where_the_list_is_settled(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now, student_ids=None, seats=4)

    with pytest.raises(NamesDue):
        swapping.swap(
            by=world.teacher,
            booking=booking,
            session_ids=[new.pk],
            reason="",
            now=new.starts_at - timedelta(days=2),
        )


def test_unnamed_seats_go_along(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now, student_ids=[world.students[0].pk], seats=4)

    (made,) = swapping.swap(
        by=world.teacher, booking=booking, session_ids=[new.pk], reason="", now=now
    )

    assert (made.seats, counters(new)) == (4, (4, 0, 2))
    assert Place.objects.live().filter(booking=made, student=None).count() == 3


def test_a_session_that_overlaps_the_old_one_will_do(
    world: World, now: datetime, old: CourseSession
) -> None:
    booking = booked(world, old, now)
    same_time = world.session(starts=time(10))

    (made,) = swapping.swap(
        by=world.teacher, booking=booking, session_ids=[same_time.pk], reason="", now=now
    )

    assert counters(same_time) == (5, 0, 2)
    assert made.session_id == same_time.pk


def test_sets_are_swapped_whole(world: World, now: datetime, new: CourseSession) -> None:
    _camp, days = world.camp()
    other, other_days = world.camp()
    for day in other_days:
        world_day = timedelta(days=7)
        CourseSession.objects.filter(pk=day.pk).update(
            starts_at=day.starts_at + world_day, ends_at=day.ends_at + world_day
        )
    reservation = make_reservation(
        by=world.teacher, sessions=days, class_group=world.group, now=now
    )
    booking = reservation.bookings.order_by("pk").first()
    assert booking is not None

    kept = swapping.keep_seats(by=world.teacher, booking=booking, session_set_id=other.pk, now=now)
    made = swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)

    assert [one.session_id for one in kept] == [day.pk for day in other_days]
    assert [counters(day)[0] for day in [*days, *other_days]] == [0, 0, 5, 5]
    assert [one.session_id for one in made] == [day.pk for day in other_days]
    assert Booking.objects.live().count() == 2


def test_refusals_leave_the_old_booking_untouched(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    full = world.session(day=DAY + timedelta(days=2), capacity=4)
    crowded = world.session(day=DAY + timedelta(days=3))
    CourseSession.objects.filter(pk=crowded.pk).update(heads_limit=6)
    cancelled = world.session(day=DAY + timedelta(days=4))
    host_changes.cancel_session(by=world.manager, session=cancelled, reason="停电", now=now)
    has_already = world.session(day=DAY + timedelta(days=5))
    booked(world, has_already, now)
    at_same_time = world.session(day=DAY + timedelta(days=5), starts=time(10))
    before = counters(old)

    for session, refusal in (
        (old, SameSession),
        (full, SessionFull),
        (crowded, RoomFull),
        (cancelled, SessionCancelled),
        (has_already, AlreadyBooked),
        (at_same_time, StudentBusy),
    ):
        for act in (
            lambda pk: swapping.keep_seats(
                by=world.teacher, booking=booking, session_ids=[pk], now=now
            ),
            lambda pk: swapping.swap(
                by=world.teacher, booking=booking, session_ids=[pk], reason="", now=now
            ),
        ):
            with pytest.raises(refusal):
                act(session.pk)

    booking.refresh_from_db()
    assert (booking.state, booking.edition, counters(old)) == (BookingState.CONFIRMED, 1, before)
    assert not SeatHold.objects.exists()


def test_choosing_again_lets_the_first_seats_go(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    third = world.session(day=DAY + timedelta(days=2))
    (first,) = swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)

    (again,) = swapping.keep_seats(
        by=world.teacher, booking=booking, session_ids=[new.pk], now=now + timedelta(minutes=5)
    )
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[third.pk], now=now)

    assert (again.pk, again.expires_at) == (first.pk, first.expires_at)
    assert (counters(new)[1], counters(third)[1]) == (0, 5)


def test_giving_up_frees_the_kept_seats(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)

    swapping.give_up(by=world.teacher, booking=booking, now=now)
    swapping.give_up(by=world.teacher, booking=booking, now=now)

    assert (counters(old), counters(new)) == ((5, 0, 2), (0, 0, 0))
    assert AuditEntry.objects.filter(verb="booking.swap_given_up").count() == 1
    with pytest.raises(HoldGone):
        swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)


def test_kept_seats_expire(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)
    in_time, late = now + timedelta(minutes=14), now + timedelta(minutes=15)

    assert holds.sweep(now=in_time) == 0
    with pytest.raises(HoldGone):
        swapping.confirm(by=world.teacher, booking=booking, reason="", now=late)
    assert counters(new) == (0, 5, 0)
    assert [holds.sweep(now=late), holds.sweep(now=late)] == [1, 0]

    assert (counters(old), counters(new)) == ((5, 0, 2), (0, 0, 0))


def test_seats_kept_for_a_cancelled_booking_are_swept(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)
    changes.cancel_booking(by=world.teacher, booking=booking, reason="停课", now=now)

    with pytest.raises(BookingOver):
        swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)
    assert sweep_holds() == 1

    assert counters(new) == (0, 0, 0)


def test_a_cancelled_session_keeps_no_seats(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[new.pk], now=now)

    host_changes.cancel_session(by=world.manager, session=new, reason="停电", now=now)

    with pytest.raises(HoldGone):
        swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)
    assert holds.sweep(now=now + timedelta(hours=1)) == 0
    assert (counters(old), counters(new)) == ((5, 0, 2), (0, 0, 0))


def test_a_class_that_grew_meanwhile_needs_room_for_all(
    world: World, now: datetime, old: CourseSession
) -> None:
    few = [student.pk for student in world.students[:3]]
    booking = booked(world, old, now, student_ids=few)
    tight = world.session(day=DAY + timedelta(days=1), capacity=3)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[tight.pk], now=now)
    lists.change_booking(
        by=world.teacher,
        booking=booking,
        edition=1,
        student_ids=[*few, world.students[3].pk],
        now=now,
    )

    with pytest.raises(SessionFull):
        swapping.confirm(by=world.teacher, booking=booking, reason="", now=now)

    assert (counters(old), counters(tight)) == ((4, 0, 2), (0, 3, 0))


def test_who_may_swap_and_until_when(
    world: World, now: datetime, old: CourseSession, new: CourseSession
) -> None:
    booking = booked(world, old, now)
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
            swapping.check_can_swap(actor, booking, now)
        else:
            with pytest.raises(refusal):
                swapping.check_can_swap(actor, booking, now)
    with pytest.raises(SessionStarted):
        swapping.check_can_swap(world.teacher, booking, old.starts_at)


def test_a_swap_asks_for_consents_as_booking_does(world: World, now: datetime) -> None:
    booking = make_booking(
        by=world.teacher, session=world.session(), class_group=world.group, now=now
    )
    SchoolSettings.objects.update_or_create(
        school=world.school, defaults={"consent_rule": ConsentRule.YEAR, "consent_blocks": True}
    )
    other = world.session(day=DAY + timedelta(days=1))

    with pytest.raises(ConsentMissing):
        swapping.swap(
            by=world.teacher, booking=booking, session_ids=[other.pk], reason="换一天", now=now
        )

    booking.refresh_from_db()
    assert booking.is_live
