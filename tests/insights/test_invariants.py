# ruff: noqa: S608  (keys of rows made here)
"""Each kind of difference, planted past the database's guards, is found; sound rows give none."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from accounts.choices import Role
from attendance.services import desk as desks
from bookings.models import Booking, Place, SeatHold
from courses.models import CourseSession
from hours.models import HourCredit
from insights.selectors import invariants
from insights.tasks import check_invariants
from notifications.models import Message
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import close_desk, let_in
from tests.factories.bookings import make_booking

Planted = tuple[World, CourseSession, Booking]


@pytest.fixture
def planted(db: None, now: datetime) -> Planted:
    """A class of five with a booking, three of whom came and were credited."""
    world = make_world(now)
    session = world.session()
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    with time_machine.travel(session.starts_at, tick=False):
        desks.open_desk(by=world.manager, session=session, now=session.starts_at)
        for student in world.students[:3]:
            let_in(student, by=world.manager, session=session, now=session.starts_at)
        close_desk(by=world.manager, session=session, now=session.ends_at)
    return world, session, booking


def plant(*statements: str) -> None:
    """Runs the statements with every trigger off; what checks remain they drop themselves."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def drop(table: str, *constraints: str) -> list[str]:
    return [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in constraints]


def said() -> list[tuple[str, str]]:
    return [(found.kind, str(found)) for found in invariants.findings()]


def test_sound_rows_give_no_finding(planted: Planted) -> None:
    assert said() == []


def test_seats_and_capacity(planted: Planted) -> None:
    _world, session, _booking = planted
    plant(
        *drop("courses_coursesession", "session_never_oversold"),
        f"UPDATE courses_coursesession SET seats_taken = 41 WHERE id = {session.pk}",
    )

    assert said() == [
        ("seats", f"场次 {session.pk}：记 41 位已约，名额有 5 位。"),
        ("capacity", f"场次 {session.pk}：名额 40 位，已约和留座共 41 位。"),
    ]


def test_holds(planted: Planted, now: datetime) -> None:
    _world, session, _booking = planted
    for ended_at in (None, now):
        SeatHold.objects.create(
            session=session,
            seats=3,
            adults=2,
            held_for="swap",
            made_at=now,
            expires_at=now + timedelta(hours=1),
            ended_at=ended_at,
        )

    assert said() == [
        ("holds", f"场次 {session.pk}：记 0 位留座，留座单有 3 位。"),
        ("adults held", f"场次 {session.pk}：记为 0 位成人留了位置，留座单有 2 位。"),
    ]
    CourseSession.objects.filter(pk=session.pk).update(seats_held=3, adults_held=2)
    assert said() == []


def test_adults_and_heads(planted: Planted) -> None:
    _world, session, booking = planted
    known = Booking.objects.get(pk=booking.pk).adults
    Booking.objects.filter(pk=booking.pk).update(adults=known + 4)
    plant(
        *drop("courses_coursesession", "session_heads_fit"),
        f"UPDATE courses_coursesession SET heads_limit = 4 WHERE id = {session.pk}",
    )

    assert said() == [
        ("adults", f"场次 {session.pk}：记 {known} 位成人，预约里有 {known + 4} 位。"),
        ("heads", f"场次 {session.pk}：最多容纳 4 人，连成人共 {5 + known} 人。"),
    ]


def test_bookings(planted: Planted) -> None:
    _world, _session, booking = planted
    Booking.objects.filter(pk=booking.pk).update(seats=6)

    assert said() == [("bookings", f"预约 {booking.pk}：记 6 位，名额有 5 位。")]


def test_places_and_times(planted: Planted) -> None:
    world, session, booking = planted
    place = Place.objects.filter(booking=booking).order_by("pk").first()
    assert place is not None
    plant(
        f"UPDATE bookings_place SET school_id = {world.host.pk},"
        f" ends_at = ends_at + interval '1 minute' WHERE id = {place.pk}"
    )

    assert said() == [
        ("places", f"名额 {place.pk} 与预约 {booking.pk} 的场次、学校或开课单位不同。"),
        ("times", f"名额 {place.pk} 的时间与场次 {session.pk} 不同。"),
    ]


def test_cancelled_sessions_hold_no_place(planted: Planted) -> None:
    _world, session, _booking = planted
    plant(
        *drop("courses_coursesession", "session_cancelled_paired"),
        "UPDATE courses_coursesession SET state = 'cancelled', room_hold_id = NULL"
        f" WHERE id = {session.pk}",
    )

    assert said() == [("cancelled", f"场次 {session.pk} 已取消，还有 5 个名额。")]


def test_rooms_and_what_they_hold(planted: Planted) -> None:
    world, session, _booking = planted
    other = world.session()
    plant(f"UPDATE courses_coursesession SET room_id = {session.room_id} WHERE id = {other.pk}")

    assert said() == [
        ("room holds", f"场次 {other.pk} 占用的实训室或时间与场次不同。"),
        ("rooms", f"实训室 {session.room_id} 同时有两场。"),
    ]


@pytest.mark.parametrize("roles", [("instructor", "instructor"), ("instructor", "assistant"),
                                   ("assistant", "assistant")])  # fmt: skip
def test_instructors_and_assistants(planted: Planted, roles: tuple[str, str]) -> None:
    world, session, _booking = planted
    person = MembershipFactory(organisation=world.host, role=Role.INSTRUCTOR)
    other = world.session(day=DAY)
    plant(
        *drop(
            "courses_coursesession",
            "session_instructor_one_at_a_time",
            "session_assistant_one_at_a_time",
        ),
        *(
            f"UPDATE courses_coursesession SET {role}_id = {person.pk} WHERE id = {one.pk}"
            for role, one in zip(roles, (session, other), strict=True)
        ),
    )

    assert said() == [("people", f"指导教师或助教 {person.pk} 同时在两场。")]


def test_students(planted: Planted, now: datetime) -> None:
    world, _session, _booking = planted
    later = world.session(day=DAY + timedelta(days=1))
    make_booking(by=world.teacher, session=later, class_group=world.group, now=now)
    student = world.students[4]
    plant(
        *drop("bookings_place", "place_student_one_at_a_time"),
        "UPDATE bookings_place SET starts_at = starts_at - interval '1 day',"
        f" ends_at = ends_at - interval '1 day' WHERE session_id = {later.pk}"
        f" AND student_id = {student.pk}",
    )

    assert ("students", f"学生 {student.pk} 同时在两场。") in said()
    assert [kind for kind, _sentence in said()] == ["times", "students"]


def test_sessions_one_after_the_other_are_no_clash(planted: Planted) -> None:
    world, session, _booking = planted
    person = MembershipFactory(organisation=world.host, role=Role.INSTRUCTOR)
    following = world.session(day=DAY)
    plant(
        f"UPDATE courses_coursesession SET starts_at = '{session.ends_at.isoformat()}',"
        f" ends_at = '{(session.ends_at + timedelta(hours=1)).isoformat()}',"
        f" instructor_id = {person.pk} WHERE id = {following.pk}",
        f"UPDATE courses_coursesession SET assistant_id = {person.pk} WHERE id = {session.pk}",
        "UPDATE sites_roomhold SET period = tstzrange(s.starts_at, s.ends_at, '[)')"
        f" FROM courses_coursesession s WHERE s.room_hold_id = sites_roomhold.id"
        f" AND s.id = {following.pk}",
    )

    assert said() == []


def test_the_ledger_against_the_attendance(planted: Planted) -> None:
    world, session, _booking = planted
    kept, more, absent = world.students[0], world.students[1], world.students[4]
    undesked = world.session(day=DAY + timedelta(days=3))
    credit = HourCredit.objects.get(student=kept)
    plant(
        f"DELETE FROM hours_hourcredit WHERE id = {credit.pk}",
        f"UPDATE hours_hourcredit SET class_hours = 9 WHERE student_id = {more.pk}",
        "INSERT INTO hours_hourcredit (student_id, school_id, session_id, kind, class_hours,"
        " revision, rule_version, reason, earned_on, credited_at)"
        f" SELECT {absent.pk}, {world.school.pk}, id, 'attendance', 4, 1, 1, '', now(), now()"
        f" FROM courses_coursesession WHERE id IN ({session.pk}, {undesked.pk})",
    )

    assert said() == [
        ("ledger", f"场次 {session.pk} 学生 {kept.pk}：出席应得 4 学时，账上 0 学时。"),
        ("ledger", f"场次 {session.pk} 学生 {more.pk}：出席应得 4 学时，账上 9 学时。"),
        ("ledger", f"场次 {session.pk} 学生 {absent.pk}：出席应得 0 学时，账上 4 学时。"),
        ("ledger", f"场次 {undesked.pk} 学生 {absent.pk}：出席应得 0 学时，账上 4 学时。"),
    ]


def test_reversals(planted: Planted, now: datetime) -> None:
    world, _session, _booking = planted
    credit = HourCredit.objects.get(student=world.students[0])
    reversal = HourCredit.objects.create(
        student=credit.student,
        school=credit.school,
        session=credit.session,
        kind="reversal",
        class_hours=-3,
        reverses=credit,
        reason="认错人",
        earned_on=credit.earned_on,
        credited_at=now,
    )

    assert said()[0] == (
        "reversals",
        f"冲正 {reversal.pk} 与它冲正的学时 {credit.pk} 不相抵。",
    )


def test_every_kind_is_planted_here() -> None:
    kinds = {one.kind for one in invariants.INVARIANTS} | {"ledger"}

    assert kinds == {
        "seats", "holds", "adults", "adults held", "capacity", "heads", "bookings", "places",
        "times", "cancelled", "room holds", "rooms", "people", "students", "reversals", "ledger",
    }  # fmt: skip


def test_the_command_prints_differences_and_exits_with_one(planted: Planted) -> None:
    _world, _session, booking = planted
    sound = StringIO()
    call_command("check_invariants", stdout=sound)
    Booking.objects.filter(pk=booking.pk).update(seats=6)
    differing = StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("check_invariants", stdout=differing)

    assert sound.getvalue() == "17 invariants hold.\n"
    assert caught.value.returncode == 1
    assert differing.getvalue() == (
        f"bookings: Booking {booking.pk} records 6 seats but has 5 places.\n"
    )


def test_the_secretariat_is_told_once_a_night_and_only_of_differences(
    planted: Planted, now: datetime
) -> None:
    _world, _session, booking = planted
    secretary = MembershipFactory(
        organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT
    )
    assert check_invariants() == 0
    Booking.objects.filter(pk=booking.pk).update(seats=6)

    with translation.override("en"), time_machine.travel(now, tick=False):
        told = [check_invariants(), check_invariants()]

    message = Message.objects.get(kind="invariants_broken")
    assert told == [1, 1]
    assert message.recipient == secretary.user
    assert message.subject == "数据核对：1 处不一致"
    assert message.body.endswith(f"预约 {booking.pk}：记 6 位，名额有 5 位。")
