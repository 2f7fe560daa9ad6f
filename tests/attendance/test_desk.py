"""The door of a session: opened, closed with credits, reopened and brought in line."""

from datetime import datetime, timedelta

import pytest

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.choices import EventKind, Unseen
from attendance.errors.desk import DeskNotClosed, DeskNotOpenYet, DeskReasonMissing, SessionNotOver
from attendance.models import CheckIn, Desk
from attendance.selectors import desk as selectors
from attendance.selectors.closing import closing_of
from attendance.services import desk
from bookings.models import Place
from courses.models import CourseSession
from hours.models import HourCredit
from hours.selectors import earned_by_student
from insights.selectors import invariants
from notifications.models import Message
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door, actor_of
from tests.factories.accounts import MembershipFactory
from tests.factories.attendance import close_desk, let_in, mark


def earned(door: Door) -> list[int]:
    """Each student's hours in seat order."""
    hours = earned_by_student([student.pk for student in door.students], None)
    return [hours.get(student.pk, 0) for student in door.students]


def attend(door: Door) -> None:
    """Seat 1 in time, 2 late, 3 left early, 4 excused, 5 never seen."""
    at_door = {"by": door.manager, "session": door.session}
    starts = door.session.starts_at
    one, two, three, four, _five = door.students
    let_in(one, now=door.now, **at_door)  # type: ignore[arg-type]
    let_in(two, now=starts + 20 * MINUTE, **at_door)  # type: ignore[arg-type]
    let_in(three, now=door.now, **at_door)  # type: ignore[arg-type]
    mark(three, EventKind.OUT, now=starts + 60 * MINUTE, **at_door)  # type: ignore[arg-type]
    mark(four, EventKind.EXCUSED, now=door.now, **at_door)  # type: ignore[arg-type]


def close(door: Door, *, minutes: int = 0) -> Desk:
    return close_desk(
        by=door.manager, session=door.session, now=door.session.ends_at + minutes * MINUTE
    )


def test_desk_is_opened_once(door: Door) -> None:
    first = desk.open_desk(by=actor_of(door.instructor), session=door.session, now=door.now)
    again = desk.open_desk(by=door.manager, session=door.session, now=door.now + MINUTE)

    assert first == again
    assert (again.opened_at, again.opened_by_id) == (door.now, door.instructor.pk)
    assert AuditEntry.objects.filter(verb="desk.opened").count() == 1


def test_desk_stays_shut_until_an_hour_before(door: Door) -> None:
    with pytest.raises(DeskNotOpenYet):
        desk.open_desk(
            by=door.manager, session=door.session, now=door.session.starts_at - 61 * MINUTE
        )

    assert not Desk.objects.exists()


def test_closing_credits_those_the_rules_say(door: Door) -> None:
    attend(door)

    closed = close(door)

    assert earned(door) == [4, 4, 0, 0, 0]
    assert (closed.closed_at, closed.closed_by_id, closed.closings) == (
        door.session.ends_at,
        door.manager.membership_id,
        1,
    )
    five = CheckIn.objects.get(student=door.students[4])
    assert five.kind == EventKind.ABSENT
    entry = AuditEntry.objects.get(verb="desk.closed")
    assert entry.facts == {
        "expected": 5,
        "credited": 2,
        "class_hours": 8,
        "heads_in": 3,
        "heads_out": 1,
        "undecided": 0,
    }
    assert entry.reason == "整队离开，没有逐个签退"
    assert five.reason == Unseen.AT_CLOSING


def test_closing_twice_changes_nothing(door: Door) -> None:
    attend(door)
    close(door)

    close(door, minutes=5)

    assert earned(door) == [4, 4, 0, 0, 0]
    assert HourCredit.objects.count() == 2
    assert Desk.objects.get().closings == 1
    assert Message.objects.filter(kind="hours_credited").count() == 1


def test_closing_tells_the_schools_people_numbers_and_no_names(door: Door) -> None:
    attend(door)

    close(door)

    told = Message.objects.filter(kind="hours_credited")
    teacher = told.get(recipient=door.world.teacher_membership.user)
    assert {message.recipient.name for message in told} == {"周老师"}
    assert teacher.subject == "七(3)班的学时已记：面包师"
    assert teacher.body.startswith("2 人各得 4 学时，1 人缺席。")
    assert teacher.path == f"/classes/{door.world.group.pk}/"
    assert not any(student.name in teacher.body for student in door.students)


def test_closing_again_after_a_correction_brings_the_ledger_in_line(door: Door) -> None:
    attend(door)
    close(door)
    one, _two, three, _four, five = door.students
    later = door.session.ends_at + 10 * MINUTE
    at_door = {"by": door.manager, "session": door.session}

    desk.reopen_desk(reason="名单点错", now=later, **at_door)  # type: ignore[arg-type]
    mark(one, EventKind.ABSENT, now=later, **at_door)  # type: ignore[arg-type]
    let_in(five, now=later, **at_door)  # type: ignore[arg-type]
    close(door, minutes=20)

    assert earned(door) == [0, 4, 0, 0, 4]
    entries = HourCredit.objects.filter(student=one).order_by("pk")
    assert [(entry.kind, entry.class_hours) for entry in entries] == [
        ("attendance", 4),
        ("reversal", -4),
    ]
    assert Desk.objects.get().closings == 2
    assert three.pk not in HourCredit.objects.values_list("student_id", flat=True)

    desk.reopen_desk(reason="又点错", now=later + 20 * MINUTE, **at_door)  # type: ignore[arg-type]
    let_in(one, now=later + 21 * MINUTE, **at_door)  # type: ignore[arg-type]
    close(door, minutes=40)

    assert earned(door) == [4, 4, 0, 0, 4]
    assert HourCredit.objects.filter(student=one).count() == 3


def test_who_came_keeps_the_credit_where_her_place_is_gone(door: Door) -> None:
    attend(door)
    close(door)
    reopen_without_place(door)

    close(door, minutes=20)

    assert earned(door) == [4, 4, 0, 0, 0]
    # The booking misses the place, and the ledger nothing.
    assert "ledger" not in {found.kind for found in invariants.findings()}


def test_a_place_that_is_gone_keeps_no_arrival_that_was_taken_back(door: Door) -> None:
    attend(door)
    close(door)
    later = reopen_without_place(door)
    arrival = CheckIn.objects.get(student=door.students[0], kind=EventKind.IN)
    CheckIn.objects.create(
        session=door.session,
        student=door.students[0],
        kind=EventKind.VOID,
        voids=arrival,
        way_in=arrival.way_in,
        happened_at=later,
        recorded_at=later,
        recorded_by_id=door.manager.membership_id,
    )

    close(door, minutes=20)

    assert earned(door) == [0, 4, 0, 0, 0]


def test_the_page_counts_the_heads_that_the_record_will_have(door: Door) -> None:
    attend(door)
    close(door)
    later = reopen_without_place(door)

    page = closing_of(door.session, later)
    closed = close(door, minutes=20)

    assert (page.heads_in, page.heads_out) == (closed.heads_in, closed.heads_out)
    assert (page.heads_in, page.counts.arrived, page.earning.hours) == (3, 3, ((4, 2),))


def reopen_without_place(door: Door) -> datetime:
    later = door.session.ends_at + 10 * MINUTE
    desk.reopen_desk(by=door.manager, session=door.session, reason="名单有误", now=later)
    Place.objects.filter(pk=door.place(1).pk).update(is_live=False)
    return later


def test_session_is_not_closed_before_it_begins(door: Door) -> None:
    with pytest.raises(SessionNotOver) as refused:
        close_desk(by=door.manager, session=door.session, now=door.now)

    assert str(refused.value) == "本场 12 月 8 日（周二）9:00 开始，开始以后才能结束签到。"
    assert not Desk.objects.exists()


def test_desk_without_anybody_is_closed_all_the_same(door: Door) -> None:
    empty = door.world.session(day=local_day(door.session.starts_at))

    closed = close_desk(by=door.manager, session=empty, now=empty.ends_at)

    assert closed.closings == 1
    assert not HourCredit.objects.exists()


def test_reopening_needs_a_closed_desk_and_a_reason(door: Door) -> None:
    ask = {"by": door.manager, "session": door.session, "now": door.session.ends_at}

    with pytest.raises(DeskNotClosed):
        desk.reopen_desk(reason="试试", **ask)  # type: ignore[arg-type]
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    with pytest.raises(DeskNotClosed):
        desk.reopen_desk(reason="试试", **ask)  # type: ignore[arg-type]
    close(door)
    with pytest.raises(DeskReasonMissing):
        desk.reopen_desk(reason="  ", **ask)  # type: ignore[arg-type]
    found = desk.reopen_desk(reason=" 名单点错 ", **ask)  # type: ignore[arg-type]

    assert (found.closed_at, found.closed_by, found.reopen_reason) == (None, None, "名单点错")
    assert AuditEntry.objects.filter(verb="desk.reopened").count() == 1


def test_only_who_keeps_the_door_closes_and_reopens(door: Door) -> None:
    colleague = actor_of(MembershipFactory(organisation=door.world.host, instructor=True))
    stranger = actor_of(MembershipFactory(host_manager=True))
    ends = door.session.ends_at

    for actor, refusal in (
        (colleague, NotAllowed),
        (stranger, NotYours),
        (door.world.teacher, NotYours),
    ):
        with pytest.raises(refusal):
            close_desk(by=actor, session=door.session, now=ends)
        with pytest.raises(refusal):
            desk.reopen_desk(by=actor, session=door.session, reason="x", now=ends)
    close_desk(by=actor_of(door.instructor), session=door.session, now=ends)

    assert Desk.objects.get().closings == 1


def test_sessions_to_keep_are_the_days_own(door: Door) -> None:
    day = local_day(door.session.starts_at)
    nobodys = door.world.session(day=day)
    others = door.world.session(day=day)
    colleague = MembershipFactory(organisation=door.world.host, instructor=True)
    CourseSession.objects.filter(pk=others.pk).update(instructor=colleague)
    door.world.session(day=day + timedelta(days=1))
    stranger = actor_of(MembershipFactory(host_manager=True))

    def kept_by(actor) -> set[int]:  # type: ignore[no-untyped-def]
        return set(selectors.sessions_to_keep(actor, day).values_list("pk", flat=True))

    assert kept_by(door.manager) == {door.session.pk, nobodys.pk, others.pk}
    assert kept_by(actor_of(door.instructor)) == {door.session.pk, nobodys.pk}
    assert kept_by(stranger) == set()
    assert kept_by(door.world.teacher) == set()
