"""Letting students in: once each, by the right badge, at the right door."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.choices import AttendanceState, EventKind, WayIn
from attendance.errors.badges import BadgeRevoked, UnknownBadge
from attendance.errors.desk import (
    BookedElsewhere,
    DeskNotOpenYet,
    NotBookedHere,
)
from attendance.errors.devices import EventOfAnother
from attendance.models import CheckIn, Desk
from attendance.selectors.states import attendance_of_session
from attendance.services import badges, check_in
from bookings.models import Place
from bookings.services import host_changes
from courses.errors import SessionCancelled
from courses.models import CourseSession
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.bookings.conftest import DAY
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import close_desk, let_in, make_badges
from tests.factories.bookings import make_booking


def scan(door: Door, code: str, *, after: timedelta = timedelta(), **changes: object):  # type: ignore[no-untyped-def]
    moment = door.now + after
    values = {
        "by": door.manager,
        "session": door.session,
        "code": code,
        "way_in": WayIn.CAMERA,
        "event_id": uuid4(),
        "happened_at": moment,
        "now": moment,
    } | changes
    return check_in.check_in(**values)  # type: ignore[arg-type]


def state_of(door: Door, seat_no: int) -> AttendanceState:
    student = next(one for one in door.students if one.seat_no == seat_no)
    return attendance_of_session(door.session)[student.pk].state


def test_badge_lets_its_bearer_in_and_opens_the_desk(door: Door) -> None:
    entry = scan(door, door.badges[2].code)

    event = CheckIn.objects.get()
    assert entry.is_new
    assert entry.event == event
    assert (event.student_id, event.place_id, event.kind, event.way_in) == (
        door.badges[2].student_id,
        door.place(2).pk,
        EventKind.IN,
        WayIn.CAMERA,
    )
    assert (event.happened_at, event.recorded_at, event.recorded_by_id) == (
        door.now,
        door.now,
        door.manager.membership_id,
    )
    assert Desk.objects.get().closed_at is None
    assert AuditEntry.objects.filter(verb="desk.opened").count() == 1
    assert AuditEntry.objects.filter(verb="attendance.in").count() == 1


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda code: code.lower(),
        lambda code: f" {code[:4]}-{code[4:8]} {code[8:12]} {code[12:]}\n",
        lambda code: code.replace("O", "0").replace("I", "1").replace("B", "8"),
        lambda code: "".join(chr(ord(one) + 0xFEE0) for one in code),
    ],
)
def test_typed_code_is_forgiven(door: Door, spoilt) -> None:  # type: ignore[no-untyped-def]
    entry = scan(door, spoilt(door.badges[1].code))

    assert entry.student == door.badges[1].student


def test_second_scan_finds_the_first(door: Door) -> None:
    first = scan(door, door.badges[2].code)

    again = scan(door, door.badges[2].code, after=7 * MINUTE)

    assert not again.is_new
    assert again.event == first.event
    assert CheckIn.objects.count() == 1


def test_event_sent_twice_exists_once_even_after_the_desk_closed(door: Door) -> None:
    event_id = uuid4()
    first = scan(door, door.badges[2].code, event_id=event_id)
    later = door.now + 30 * MINUTE
    close_desk(by=door.manager, session=door.session, now=later)

    again = scan(door, door.badges[2].code, event_id=event_id, after=40 * MINUTE)

    assert (again.event, again.is_new) == (first.event, True)


def test_event_id_of_something_else_is_refused(door: Door) -> None:
    event_id = uuid4()
    scan(door, door.badges[2].code, event_id=event_id)

    with pytest.raises(EventOfAnother):
        scan(door, door.badges[3].code, event_id=event_id)
    with pytest.raises(EventOfAnother):
        let_in(
            door.badges[3].student,
            by=door.manager,
            session=door.session,
            now=door.now,
            event_id=event_id,
        )


@pytest.mark.parametrize(
    "garbage",
    ["", " ", "HELLO", "A" * 16, "🎂" * 16, "<script>alert(1)</script>", "A" * 10_000, "\x00"],
)
def test_garbage_opens_nothing(door: Door, garbage: str) -> None:
    with pytest.raises((UnknownBadge, NotBookedHere)):
        scan(door, garbage)

    assert not CheckIn.objects.exists()


def test_revoked_badge_opens_nothing_and_the_new_one_does(door: Door) -> None:
    student = door.badges[2].student
    new = badges.reissue(by=door.world.coordinator, student=student, reason="遗失", now=door.now)

    with pytest.raises(BadgeRevoked):
        scan(door, door.badges[2].code)
    assert scan(door, new.code).student == student


def test_door_opens_an_hour_before(door: Door) -> None:
    opens = door.session.starts_at - 60 * MINUTE

    with pytest.raises(DeskNotOpenYet) as refused:
        scan(door, door.badges[2].code, now=opens - timedelta(seconds=1))
    scan(door, door.badges[2].code, now=opens)

    assert str(refused.value) == "本场 12 月 8 日（周二）8:00 开始签到。"
    assert CheckIn.objects.count() == 1


def test_cancelled_session_lets_nobody_in(door: Door) -> None:
    host_changes.cancel_session(
        by=door.manager, session=door.session, reason="停电", now=door.now - timedelta(days=1)
    )
    door.session.refresh_from_db()

    with pytest.raises(SessionCancelled) as refused:
        scan(door, door.badges[2].code)

    assert "停电" in str(refused.value)


def test_badge_of_another_room_says_where_to_go(door: Door) -> None:
    other = door.world.session(day=DAY, starts=time(13))
    group = door.world.new_group(4, 2)
    door.world.teach(group)
    make_booking(
        by=door.world.teacher,
        session=other,
        class_group=group,
        now=door.now - timedelta(days=5),
    )
    badges.issue_missing(by=door.world.coordinator, class_group=group, now=door.now)
    code = group.students.get(seat_no=1).badges.get().code

    with pytest.raises(BookedElsewhere) as refused:
        scan(door, code)

    assert str(refused.value) == (
        "这名学生约的是面包师，焙烤实训中心 2号实训室，12 月 8 日（周二）13:00–15:30。"
    )


def test_badge_of_another_hosts_session_says_nothing_of_it(door: Door, now: datetime) -> None:
    """The same hour at another host: no name and no place."""
    elsewhere = _session_of_another_host(door)
    group = door.world.new_group(4, 2)
    door.world.teach(group)
    make_booking(
        by=door.world.teacher,
        session=elsewhere,
        class_group=group,
        now=now,
    )
    badges.issue_missing(by=door.world.coordinator, class_group=group, now=now)

    with pytest.raises(NotBookedHere) as refused:
        scan(door, group.students.get(seat_no=1).badges.get().code)

    assert str(refused.value) == "不在今天的名单。"
    assert refused.value.facts == {}


def _session_of_another_host(door: Door) -> CourseSession:
    host = OrganisationFactory(vocational_school=True)
    session = door.world.session(day=DAY, starts=time(9))
    CourseSession.objects.filter(pk=session.pk).update(host=host)
    session.refresh_from_db()
    return session


def test_session_of_yesterday_and_one_that_is_over_are_no_place_to_go(door: Door) -> None:
    world = door.world
    group = world.new_group(4, 1)
    world.teach(group)
    for day, starts in ((DAY - timedelta(days=1), time(9)), (DAY, time(6))):
        make_booking(
            by=world.teacher,
            session=world.session(day=day, starts=starts, hours=2),
            class_group=group,
            now=door.now - timedelta(days=5),
        )
    badges.issue_missing(by=world.coordinator, class_group=group, now=door.now)

    with pytest.raises(NotBookedHere):
        scan(door, group.students.get().badges.get().code)


def test_ticking_a_student_of_no_place_is_refused(door: Door) -> None:
    stranger = door.world.new_group(4, 1).students.get()

    with pytest.raises(NotBookedHere):
        let_in(stranger, by=door.manager, session=door.session, now=door.now)


def test_only_who_keeps_the_door_may(door: Door, now: datetime) -> None:
    student = door.badges[2].student
    colleague = MembershipFactory(organisation=door.world.host, instructor=True)
    stranger = MembershipFactory(host_manager=True)
    ask = {"session": door.session, "now": door.now}

    assert let_in(student, by=actor_of(door.instructor), **ask).is_new  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        let_in(student, by=actor_of(colleague), **ask)  # type: ignore[arg-type]
    for other in (actor_of(stranger), door.world.teacher, door.world.coordinator):
        with pytest.raises(NotYours):
            let_in(student, by=other, **ask)  # type: ignore[arg-type]


def test_session_that_nobody_teaches_is_kept_by_any_instructor(door: Door) -> None:
    CourseSession.objects.filter(pk=door.session.pk).update(instructor=None)
    door.session.refresh_from_db()
    colleague = MembershipFactory(organisation=door.world.host, instructor=True)

    entry = let_in(
        door.badges[2].student, by=actor_of(colleague), session=door.session, now=door.now
    )

    assert entry.is_new


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (timedelta(minutes=-20), timedelta(minutes=-20)),
        (timedelta(days=-40), timedelta(hours=-12)),
        (timedelta(days=40), timedelta(minutes=2)),
    ],
)
def test_devices_clock_counts_within_bounds(door: Door, said: timedelta, kept: timedelta) -> None:
    entry = scan(door, door.badges[2].code, happened_at=door.now + said)

    assert entry.event.happened_at == door.now + kept


def test_events_cannot_be_changed_or_deleted_behind_the_services(door: Door) -> None:
    event = scan(door, door.badges[2].code).event

    for statement in (
        "UPDATE attendance_checkin SET kind = 'absent' WHERE id = %s",
        "DELETE FROM attendance_checkin WHERE id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [event.pk])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE attendance_checkin CASCADE")


def test_event_exists_once_whatever_code_is_not_yet_written(door: Door) -> None:
    event = scan(door, door.badges[2].code).event

    with pytest.raises(IntegrityError), transaction.atomic():
        CheckIn.objects.bulk_create([event])


def test_stranger_school_badge_is_on_no_list(door: Door) -> None:
    group = door.world.new_group(9, 1, school=OrganisationFactory())
    badge = make_badges(group, now=door.now)[1]

    with pytest.raises(NotBookedHere):
        scan(door, badge.code)


def test_place_given_back_is_no_place(door: Door) -> None:
    Place.objects.filter(pk=door.place(2).pk).update(is_live=False)

    with pytest.raises(NotBookedHere):
        scan(door, door.badges[2].code)
