"""A booked session moves, shrinks or changes hands: one action with a reason."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from bookings.choices import BookingState, CancelledSide
from bookings.errors.requests import ReasonMissing, SameAsBefore
from bookings.errors.reserving import MoreThanClass, StudentBusy
from bookings.errors.roll import NotOfSession
from bookings.errors.sessions import SchoolVenueFixed, SeatsStillTaken, TooManyHeads
from bookings.models import Booking, Place
from bookings.selectors import alternatives
from bookings.services import host_changes, host_moves, swapping
from bookings.services.move_checks import Change
from courses.choices import ReasonCode
from courses.errors import InstructorTaken, SessionBegun, SessionCancelled, StaleSession
from courses.models import CourseSession
from courses.services.sessions import Place as Where
from notifications.models import Message
from sites.errors import RoomClosed, RoomTaken
from sites.services import close_room
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.bookings import make_booking, make_reservation


def as_it_is(session: CourseSession, **differing: Any) -> Change:
    return replace(
        Change(
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            place=Where(room=session.room),
            capacity=session.capacity,
            instructor=session.instructor,
            assistant=session.assistant,
        ),
        **differing,
    )


def later(session: CourseSession, hours: float) -> Change:
    by = timedelta(hours=hours)
    return as_it_is(session, starts_at=session.starts_at + by, ends_at=session.ends_at + by)


def change(
    world: World, session: CourseSession, wanted: Change, now: datetime, reason: str = "设备检修"
) -> CourseSession:
    return host_moves.change_session(
        by=world.manager,
        session=session,
        sequence=session.sequence,
        change=wanted,
        reason=reason,
        now=now,
    )


def booked(world: World, session: CourseSession, now: datetime, number: int = 0) -> Booking:
    group = world.new_group(number, 4) if number else world.group
    return make_booking(by=world.coordinator, session=session, class_group=group, now=now)


def test_places_and_calendars_follow_a_moved_session(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    Booking.objects.update(reminded_at=now)
    wanted = later(session, 24)

    moved = change(world, session, wanted, now)

    booking.refresh_from_db()
    assert (moved.starts_at, moved.sequence) == (wanted.starts_at, 1)
    assert set(Place.objects.values_list("starts_at", "ends_at")) == {
        (wanted.starts_at, wanted.ends_at)
    }
    assert (booking.state, booking.edition, booking.sequence, booking.reminded_at) == (
        BookingState.CONFIRMED,
        2,
        1,
        None,
    )
    told = Message.objects.filter(kind="session_moved")
    assert {one.recipient_id for one in told} == {
        world.teacher_membership.user_id,
        world.coordinator.user_id,
    }
    entry = told[0].calendar
    assert told[0].calendar_method == "REQUEST"
    assert f"UID:{booking.uid}" in entry
    assert "SEQUENCE:1" in entry
    assert "DTSTART;TZID=Asia/Shanghai:20261209T090000" in entry
    assert told[0].body.splitlines()[:5] == [
        "曹杨职业技术学校的李师傅调整了这一场。原因：设备检修",
        "",
        "原来：12 月 8 日（周二）9:00–11:30",
        "原来的地点：焙烤实训中心 1号实训室",
        "",
    ]
    assert AuditEntry.objects.get(verb="session.changed").facts == {
        "reason_code": "other",
        "before": {
            "starts_at": "2026-12-08T01:00:00+00:00",
            "ends_at": "2026-12-08T03:30:00+00:00",
            "venue": "room",
            "site": world.site.pk,
            "room": session.room_id,
            "school": None,
            "seats": 40,
        },
        "after": {
            "starts_at": "2026-12-09T01:00:00+00:00",
            "ends_at": "2026-12-09T03:30:00+00:00",
            "venue": "room",
            "site": world.site.pk,
            "room": session.room_id,
            "school": None,
            "seats": 40,
        },
        "bookings": [booking.pk],
        "released": [],
    }


def test_another_teacher_changes_no_school_calendar(world: World, now: datetime) -> None:
    first, second = (
        MembershipFactory(instructor=True, organisation=world.host, user__name=name)
        for name in ("王师傅", "赵师傅")
    )
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(instructor=first)
    session.refresh_from_db()
    booking = booked(world, session, now)

    change(world, session, as_it_is(session, instructor=second), now, "王师傅出差")

    booking.refresh_from_db()
    assert (booking.edition, booking.sequence) == (1, 0)
    told = {
        one.recipient_id: one.body.splitlines()[-2:]
        for one in Message.objects.filter(kind="session_moved")
    }
    assert told == {
        first.user_id: ["", "这一场不再由您带。"],
        second.user_id: [
            "现在：12 月 8 日（周二）9:00–11:30",
            "地点：焙烤实训中心 1号实训室",
        ],
    }


def test_a_move_that_makes_students_clash_names_them(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    elsewhere = world.session(starts=time(13))
    make_booking(
        by=world.coordinator,
        session=elsewhere,
        class_group=world.group,
        student_ids=[world.students[1].pk, world.students[3].pk],
        now=now,
    )

    with pytest.raises(StudentBusy) as refusal:
        change(world, session, later(session, 4), now)

    assert str(refusal.value) == (
        "七(3)班 2、4号在 12 月 8 日（周二）13:00–15:30 已约面包师：吐司与软欧，时间冲突。"
    )
    seen = host_moves.preview(by=world.manager, session=session, change=later(session, 4), now=now)
    assert seen.clashes == {booking.pk: str(refusal.value)}
    assert seen.obstacles == []
    session.refresh_from_db()
    assert session.sequence == 0


def test_seats_without_names_clash_by_number(world: World, now: datetime) -> None:
    session, elsewhere = world.session(), world.session(starts=time(13))
    for one in (session, elsewhere):
        make_booking(by=world.coordinator, session=one, class_group=world.group, seats=4, now=now)

    with pytest.raises(MoreThanClass):
        change(world, session, later(session, 4), now)


def test_shrinking_is_refused_until_it_is_said_who_goes(world: World, now: datetime) -> None:
    session = world.session()
    first, second = booked(world, session, now), booked(world, session, now, 4)
    smaller = as_it_is(session, capacity=6)

    with pytest.raises(SeatsStillTaken) as refusal:
        change(world, session, smaller, now)
    assert refusal.value.facts == {"seats_taken": 9, "capacity": 6, "over": 3}
    change(world, session, replace(smaller, release=frozenset({second.pk})), now)

    session.refresh_from_db()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (session.capacity, session.seats_taken, session.adults_coming) == (6, 5, 2)
    assert (first.state, first.sequence) == (BookingState.CONFIRMED, 0)
    assert (second.state, second.cancelled_side, second.cancel_reason, second.sequence) == (
        BookingState.CANCELLED,
        CancelledSide.HOST,
        "设备检修",
        1,
    )
    assert Message.objects.filter(kind="booking_cancelled", calendar_method="CANCEL").exists()
    assert not Message.objects.filter(kind="session_moved").exists()


def test_seats_kept_for_a_swap_count_as_taken(world: World, now: datetime) -> None:
    session = world.session(day=DAY + timedelta(days=1))
    booking = booked(world, world.session(), now)
    swapping.keep_seats(by=world.teacher, booking=booking, session_ids=[session.pk], now=now)

    with pytest.raises(SeatsStillTaken) as refusal:
        change(world, session, as_it_is(session, capacity=4), now)

    assert refusal.value.facts == {"seats_taken": 5, "capacity": 4, "over": 1}


def test_a_released_class_of_a_set_gives_up_every_day(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    reservation = make_reservation(
        by=world.coordinator, sessions=days, class_group=world.group, now=now
    )
    first = reservation.bookings.get(session=days[0])

    change(world, days[0], as_it_is(days[0], capacity=4, release=frozenset({first.pk})), now)

    assert not Booking.objects.live().exists()
    for day in days:
        day.refresh_from_db()
    assert [(day.capacity, day.seats_taken, day.adults_coming) for day in days] == [
        (4, 0, 0),
        (40, 0, 0),
    ]


def test_what_is_in_the_way_of_a_move(world: World, now: datetime) -> None:
    person = MembershipFactory(instructor=True, organisation=world.host, user__name="王师傅")
    session, other = world.session(), world.session(starts=time(13))
    CourseSession.objects.filter(pk=other.pk).update(instructor=person)
    booked(world, session, now)
    closed, tiny = world.session(day=DAY + timedelta(days=3)), world.session(starts=time(18))
    close_room(
        by=world.manager,
        room=closed.room,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        reason="换灯",
        now=now,
    )
    assert tiny.room is not None
    tiny.room.heads_capacity = 6
    tiny.room.save()
    other_school = OrganisationFactory()

    cases = {
        RoomTaken: replace(later(session, 4), place=Where(room=other.room)),
        RoomClosed: as_it_is(session, place=Where(room=closed.room)),
        InstructorTaken: replace(later(session, 4), instructor=person),
        TooManyHeads: as_it_is(session, place=Where(room=tiny.room)),
        SchoolVenueFixed: as_it_is(session, place=Where(school=other_school)),
    }

    for refusal, wanted in cases.items():
        with pytest.raises(refusal) as raised:
            change(world, session, wanted, now)
        seen = host_moves.preview(by=world.manager, session=session, change=wanted, now=now)
        assert seen.obstacles == [str(raised.value)]
    session.refresh_from_db()
    assert session.sequence == 0


def test_a_room_that_holds_everybody_to_the_last_will_do(world: World, now: datetime) -> None:
    """Five students and two adults in a room for seven."""
    session, other = world.session(), world.session(starts=time(13))
    booked(world, session, now)
    assert other.room is not None
    other.room.heads_capacity = 7
    other.room.save()

    moved = change(world, session, as_it_is(session, place=Where(room=other.room)), now)

    assert (moved.room, moved.heads_limit) == (other.room, 7)
    assert (moved.seats_taken, moved.adults_coming) == (5, 2)


def test_who_may_change_a_session_and_when(world: World, now: datetime) -> None:
    session = world.session()
    instructor = actor_of(MembershipFactory(instructor=True, organisation=world.host))
    stranger = actor_of(MembershipFactory(host_manager=True))
    secretariat = actor_of(MembershipFactory(secretariat=True))
    for actor, refusal in {
        world.manager: None,
        instructor: NotAllowed,
        stranger: NotYours,
        world.coordinator: NotYours,
        secretariat: NotYours,
    }.items():
        if refusal is None:
            host_moves.check_can_change_session(actor, session, now)
        else:
            with pytest.raises(refusal):
                host_moves.check_can_change_session(actor, session, now)

    with pytest.raises(SessionBegun):
        host_moves.check_can_change_session(world.manager, session, session.starts_at)
    with pytest.raises(ReasonMissing):
        change(world, session, later(session, 1), now, " ")
    with pytest.raises(SameAsBefore):
        change(world, session, as_it_is(session), now)
    with pytest.raises(NotOfSession):
        change(world, session, as_it_is(session, release=frozenset({999})), now)
    change(world, session, later(session, 1), now)
    with pytest.raises(StaleSession):
        change(world, session, later(session, 2), now)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)
    session.refresh_from_db()
    with pytest.raises(SessionCancelled):
        change(world, session, later(session, 1), now)


def test_a_coded_reason_needs_no_words(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)

    host_moves.change_session(
        by=world.manager,
        session=session,
        sequence=0,
        change=as_it_is(session, capacity=4, release=frozenset({booking.pk})),
        code=ReasonCode.EQUIPMENT,
        reason="",
        now=now,
    )

    booking.refresh_from_db()
    assert (booking.cancel_code, booking.cancel_reason) == (ReasonCode.EQUIPMENT, "")
    assert booking.why_cancelled == "设备或场地"


def test_displaced_classes_learn_what_still_fits(world: World, now: datetime) -> None:
    session = world.session()
    booking = booked(world, session, now)
    near = world.session(day=DAY + timedelta(days=1))
    far = world.session(day=DAY - timedelta(days=4))
    world.session(day=DAY + timedelta(days=2), capacity=4)
    taken = world.session(day=DAY + timedelta(days=3))
    make_booking(by=world.coordinator, session=taken, class_group=world.group, now=now)
    world.session(day=DAY + timedelta(days=3), starts=time(10))

    offers = alternatives.offers_for(session, [booking], now)
    host_changes.cancel_session(by=world.manager, session=session, reason="停电", now=now)

    assert [offer.first.pk for offer in offers[booking.pk]] == [near.pk, far.pk]
    assert all(offer.is_same_course for offer in offers[booking.pk])
    told = Message.objects.filter(
        kind="booking_cancelled", recipient_id=world.teacher_membership.user_id
    ).get()
    assert told.body.splitlines()[-3:] == [
        "还有空位、适合这个班的场次，打开预约可以直接约：",
        "12 月 9 日（周三）9:00–11:30 面包师：吐司与软欧",
        "12 月 4 日（周五）9:00–11:30 面包师：吐司与软欧",
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_alternatives_cost_the_same_for_one_and_three_classes(
    world: World, now: datetime, count: int, django_assert_num_queries: Any
) -> None:
    session = world.session()
    bookings = [booked(world, session, now, number) for number in range(4, 4 + count)]
    for number in range(3):
        world.session(day=DAY + timedelta(days=1 + number))

    with django_assert_num_queries(4):
        offers = alternatives.offers_for(session, bookings, now)

    assert [len(found) for found in offers.values()] == [3] * count


def test_sets_are_offered_to_bookings_of_sets(world: World, now: datetime) -> None:
    _camp, days = world.camp()
    other, _other_days = world.camp()
    world.session(day=DAY + timedelta(days=20))
    reservation = make_reservation(
        by=world.coordinator, sessions=days, class_group=world.group, now=now
    )
    booking = reservation.bookings.select_related("class_group").get(session=days[0])

    offers = alternatives.offers_for(days[0], [booking], now)

    assert [(one.session_set_id, one.class_hours) for one in offers[booking.pk]] == [(other.pk, 14)]
