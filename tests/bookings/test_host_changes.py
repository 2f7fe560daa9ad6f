"""What the host cancels for everybody booked, and the reminders before."""

from datetime import datetime, time, timedelta

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import BookingState, CancelledSide
from bookings.errors.requests import ReasonMissing
from bookings.errors.sessions import AlreadyCancelled, NothingToCancel, SessionOver
from bookings.models import Booking, Place
from bookings.services import host_changes, reminders
from bookings.tasks import send_due_reminders
from courses.choices import SessionState
from courses.models import CourseSession
from notifications.models import Message
from sites.calendar import at
from sites.models import RoomHold
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation


def booked(world: World, session: CourseSession, now: datetime, number: int = 0) -> Booking:
    group = world.new_group(number, 2) if number else world.group
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def test_cancelling_a_session_cancels_everything_in_it(world: World, now: datetime) -> None:
    session = world.session()
    booked(world, session, now)
    booked(world, session, now, 4)

    cancelled = host_changes.cancel_session(
        by=world.manager, session=session, reason=" 停电 ", now=now
    )

    assert (cancelled.state, cancelled.cancel_reason) == (SessionState.CANCELLED, "停电")
    assert (cancelled.seats_taken, RoomHold.objects.count()) == (0, 0)
    assert {
        (one.state, one.cancelled_side, one.cancel_reason, one.sequence)
        for one in Booking.objects.all()
    } == {(BookingState.CANCELLED, CancelledSide.HOST, "停电", 1)}
    assert not Place.objects.live().exists()
    assert AuditEntry.objects.get(verb="session.cancelled").facts == {
        "bookings": list(Booking.objects.order_by("pk").values_list("pk", flat=True))
    }


def test_everybody_booked_is_told_who_cancelled_and_why(world: World, now: datetime) -> None:
    session = world.session()
    booked(world, session, now)

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    told = Message.objects.filter(kind="booking_cancelled")
    assert {message.recipient_id for message in told} == {
        world.teacher_membership.user_id,
        world.coordinator.user_id,
    }
    assert {message.calendar_method for message in told} == {"CANCEL"}
    assert told[0].body.startswith("曹杨职业技术学校的李师傅取消了这个预约。原因：停电")


def test_the_secretariat_may_cancel_too(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    secretariat = actor_of(MembershipFactory(secretariat=True))

    host_changes.cancel_session(by=secretariat, session=session, reason="台风", now=now)

    booking.refresh_from_db()
    assert booking.cancelled_side == CancelledSide.ALLIANCE
    assert Message.objects.filter(recipient_id=world.manager.user_id, kind="booking_cancelled")


def test_who_may_cancel_a_session(world: World, now: datetime) -> None:
    session = world.session()
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    stranger = actor_of(MembershipFactory(host_manager=True))
    answers = {
        world.manager: None,
        instructor: NotAllowed,
        stranger: NotYours,
        world.coordinator: NotAllowed,
    }

    for actor, refusal in answers.items():
        if refusal is None:
            host_changes.check_can_cancel_session(actor, session, now)
        else:
            with pytest.raises(refusal):
                host_changes.check_can_cancel_session(actor, session, now)


def test_a_session_is_cancelled_once_and_before_it_begins(world: World, now: datetime) -> None:
    session = world.session()

    with pytest.raises(ReasonMissing):
        host_changes.cancel_session(by=world.manager, session=session, reason=" ", now=now)
    with pytest.raises(SessionOver):
        host_changes.cancel_session(
            by=world.manager, session=session, reason="停电", now=session.starts_at
        )
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)
    session.refresh_from_db()
    with pytest.raises(AlreadyCancelled) as refusal:
        host_changes.cancel_session(by=world.manager, session=session, reason="停水", now=now)
    assert str(refusal.value) == "这一场已取消（停电）。"


def test_cancelling_a_day_takes_what_has_not_begun(world: World, now: datetime) -> None:
    morning, afternoon = world.session(), world.session(starts=time(13))
    elsewhen = world.session(day=DAY + timedelta(days=1))
    booked(world, morning, now)
    booked(world, afternoon, now)
    booked(world, elsewhen, now)

    cancelled = host_changes.cancel_day(
        by=world.manager, day=DAY, reason="停电", now=morning.starts_at
    )

    assert cancelled == [afternoon]
    assert list(CourseSession.objects.order_by("pk").values_list("state", "seats_taken")) == [
        ("scheduled", 5),
        ("cancelled", 0),
        ("scheduled", 5),
    ]


def test_days_of_a_camp_are_cancelled_together(world: World, now: datetime) -> None:
    _camp, (first, second) = world.camp()
    world.session(day=DAY + timedelta(days=1), starts=time(16))
    make_reservation(
        by=world.coordinator, sessions=[first, second], class_group=world.group, now=now
    )

    cancelled = host_changes.cancel_session(
        by=world.manager, session=second, reason="停电", now=now
    )

    first.refresh_from_db()
    assert (cancelled.pk, first.cancel_reason) == (second.pk, "停电")
    assert not Booking.objects.live().exists()
    assert CourseSession.objects.scheduled().count() == 1


def test_cancelling_a_day_takes_the_other_days_of_its_camps(world: World, now: datetime) -> None:
    _camp, (first, second) = world.camp()
    other = world.session()

    cancelled = host_changes.cancel_day(by=world.manager, day=DAY, reason="停电", now=now)

    assert {one.pk for one in cancelled} == {first.pk, second.pk, other.pk}


def test_camp_that_has_begun_keeps_what_was(world: World, now: datetime) -> None:
    _camp, (first, second) = world.camp()
    make_reservation(
        by=world.coordinator, sessions=[first, second], class_group=world.group, now=now
    )

    host_changes.cancel_session(by=world.manager, session=second, reason="台风", now=first.ends_at)

    assert list(CourseSession.objects.order_by("pk").values_list("state", "seats_taken")) == [
        ("scheduled", 5),
        ("cancelled", 0),
    ]


def test_whoever_was_to_teach_is_told(world: World, now: datetime) -> None:
    session = world.session()
    instructor = MembershipFactory(instructor=True, organisation=world.host)
    assistant = MembershipFactory(instructor=True, organisation=world.host)
    CourseSession.objects.filter(pk=session.pk).update(instructor=instructor, assistant=assistant)
    by_herself = world.session(day=DAY + timedelta(days=1))
    CourseSession.objects.filter(pk=by_herself.pk).update(instructor=world.manager.membership_id)

    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)
    host_changes.cancel_session(by=world.manager, session=by_herself, reason="停电", now=now)

    told = Message.objects.filter(kind="session_cancelled").order_by("pk")
    assert [message.recipient_id for message in told] == [instructor.user_id, assistant.user_id]
    assert "李师傅取消了这一场。原因：停电" in told[0].body


def test_cancelling_a_day_leaves_other_hosts_alone(world: World, now: datetime) -> None:
    world.session()
    stranger = actor_of(MembershipFactory(host_manager=True))

    with pytest.raises(NothingToCancel) as refusal:
        host_changes.cancel_day(by=stranger, day=DAY, reason="停电", now=now)

    assert (
        str(refusal.value)
        == "12 月 8 日（周二）没有可取消的场次：没有安排，或都已开始、已取消。请看另一天。"
    )


def test_cancelling_a_day_needs_a_reason_and_the_manager(world: World, now: datetime) -> None:
    world.session()
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))

    with pytest.raises(ReasonMissing):
        host_changes.cancel_day(by=world.manager, day=DAY, reason="", now=now)
    with pytest.raises(NotAllowed):
        host_changes.cancel_day(by=instructor, day=DAY, reason="停电", now=now)


EVE = at(DAY - timedelta(days=1), time(12))


def test_a_reminder_goes_out_the_day_before_once(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)

    sent = [reminders.send_due_reminders(now=EVE) for _turn in range(2)]

    booking.refresh_from_db()
    told = Message.objects.filter(kind="booking_reminder")
    assert sent == [1, 0]
    assert booking.reminded_at == EVE
    assert {message.recipient_id for message in told} == {
        world.teacher_membership.user_id,
        world.coordinator.user_id,
    }
    assert told[0].subject == ("明天：12 月 8 日（周二）9:00–11:30 七(3)班《面包师：吐司与软欧》")


@pytest.mark.parametrize(
    "moment", [EVE - timedelta(minutes=1), EVE - timedelta(days=1), EVE + timedelta(days=1)]
)
def test_no_reminder_at_other_times(world: World, now: datetime, moment: datetime) -> None:
    booked(world, world.session(), now)

    assert reminders.send_due_reminders(now=moment) == 0


def test_no_reminder_of_what_was_cancelled(world: World, now: datetime) -> None:
    session = world.session()
    booked(world, session, now)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    assert reminders.send_due_reminders(now=EVE) == 0


def test_two_workers_remind_once(world: World, now: datetime) -> None:
    booking = booked(world, world.session(), now)

    assert reminders._remind(booking.pk, EVE) is True
    assert reminders._remind(booking.pk, EVE) is False


def test_the_task_reads_the_clock(world: World) -> None:
    assert send_due_reminders() == 0
