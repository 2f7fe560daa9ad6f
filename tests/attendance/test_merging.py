"""One child entered twice becomes one: hours, seats, badge and what is kept go together."""

from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, User
from attendance.choices import AttendanceState, EventKind
from attendance.errors.badges import BadgeRevoked
from attendance.errors.students import NotOneChild
from attendance.models import Badge
from attendance.selectors.states import attendance_of_session
from attendance.services import check_in, desk, merging
from bookings.models import Booking, Place
from bookings.selectors import consents as trip_selectors
from bookings.services import consents as trip_consents
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit
from hours.selectors import earned_by_student
from rosters.models import SchoolSettings, Student
from rosters.selectors import signed_for_year
from rosters.services import care, consents, students, transfers
from tests.attendance.conftest import DAY, Door
from tests.bookings.conftest import World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory, make_class

NEXT = DAY + timedelta(days=7)


@pytest.fixture(autouse=True)
def _clock(door: Door):  # type: ignore[no-untyped-def]
    with time_machine.travel(door.now + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def after(door: Door) -> datetime:
    """The morning after the session."""
    return door.now + timedelta(days=1)


def seat(door: Door, number: int) -> Student:
    return Student.objects.get(class_group=door.world.group, seat_no=number)


def closed(door: Door, *seats: int) -> None:
    """The session is over: those seats were there."""
    for number in seats:
        let_in(seat(door, number), by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)


def hours(*students: Student) -> list[int]:
    earned = earned_by_student([one.pk for one in students], None)
    return [earned.get(one.pk, 0) for one in students]


def coming(
    world: World, now: datetime, students: list[Student], *, starts: time = time(9)
) -> Booking:
    return make_booking(
        by=world.teacher,
        session=world.session(day=NEXT, starts=starts),
        class_group=world.group,
        now=now,
        student_ids=[one.pk for one in students],
    )


def seats_agree() -> bool:
    return all(
        session.seats_taken == Place.objects.live().filter(session=session).count()
        for session in CourseSession.objects.all()
    ) and all(
        booking.seats == Place.objects.live().filter(booking=booking).count()
        for booking in Booking.objects.all()
    )


def merge(door: Door, after: datetime, survivor: Student, duplicate: Student) -> merging.Merged:
    return merging.merge(
        by=door.world.coordinator, survivor=survivor, duplicate=duplicate, now=after
    )


@pytest.mark.parametrize(
    ("present", "carried", "ends"),
    [((1,), 0, 4), ((2,), 4, 4), ((1, 2), 0, 4), ((), 0, 0)],
)
def test_a_session_counts_once_whoever_of_the_two_was_there(
    door: Door, after: datetime, present: tuple[int, ...], carried: int, ends: int
) -> None:
    closed(door, *present)
    survivor, duplicate = seat(door, 1), seat(door, 2)
    before = HourCredit.objects.count()

    told = merging.preview(survivor=survivor, duplicate=duplicate, now=after)
    merged = merge(door, after, survivor, duplicate)

    assert (told.hours, merged.hours) == (carried, carried)
    assert hours(survivor, duplicate) == [ends, 0]
    # Nothing of the ledger was changed: reversals and credits were added.
    assert HourCredit.objects.count() == before + (2 in present) + bool(carried)
    duplicate.refresh_from_db()
    assert duplicate.merged_into == survivor
    assert seats_agree()


def test_a_move_of_the_duplicate_to_another_school_is_off(door: Door, after: datetime) -> None:
    survivor, duplicate = seat(door, 1), seat(door, 2)
    office = MembershipFactory(coordinator=True, organisation=make_class(students=0).school)
    stays, goes = (
        transfers.ask(
            by=door.world.coordinator, student=one, to_school=office.organisation, now=after
        )
        for one in (survivor, duplicate)
    )

    merge(door, after, survivor, duplicate)

    goes.refresh_from_db()
    stays.refresh_from_db()
    assert (goes.state, goes.answered_at) == ("withdrawn", after)
    assert (stays.state, stays.answered_at) == ("asked", None)
    assert AuditEntry.objects.filter(verb="transfer.withdrawn").count() == 1


def test_manual_credits_are_all_carried_over(door: Door, after: datetime) -> None:
    survivor, duplicate = seat(door, 1), seat(door, 2)
    for reason in ("校外实践", "补记"):
        HourCredit.objects.create(
            student=duplicate,
            school=door.world.school,
            kind=CreditKind.MANUAL,
            class_hours=2,
            reason=reason,
            earned_on=DAY,
            credited_at=after,
        )

    assert merge(door, after, survivor, duplicate).hours == 4
    assert hours(survivor, duplicate) == [4, 0]
    own = HourCredit.objects.filter(student=survivor)
    assert set(own.values_list("reason", "earned_on")) == {("校外实践", DAY), ("补记", DAY)}


def test_reopening_the_door_afterwards_changes_no_hours(door: Door, after: datetime) -> None:
    """The duplicate was let in, the survivor was marked absent: they are one who was there."""
    closed(door, 2)
    survivor, duplicate = seat(door, 1), seat(door, 2)
    merge(door, after, survivor, duplicate)

    desk.reopen_desk(by=door.manager, session=door.session, reason="更正", now=after)
    states = attendance_of_session(door.session)
    close_desk(by=door.manager, session=door.session, now=after)

    assert duplicate.pk not in states
    assert hours(survivor, duplicate) == [4, 0]


def test_events_of_both_are_one_child_s(door: Door, after: datetime) -> None:
    let_in(seat(door, 2), by=door.manager, session=door.session, now=door.now)
    survivor = seat(door, 1)
    merge(door, door.now, survivor, seat(door, 2))

    again = let_in(survivor, by=door.manager, session=door.session, now=door.now)
    check_in.undo_last(
        by=door.manager,
        session=door.session,
        student_id=survivor.pk,
        event_id=uuid4(),
        now=door.now,
    )

    assert not again.is_new
    assert attendance_of_session(door.session)[survivor.pk].state == AttendanceState.EXPECTED
    mark(survivor, EventKind.ABSENT, by=door.manager, session=door.session, now=after)


def test_seats_go_over_or_are_freed_where_she_has_one(door: Door, after: datetime) -> None:
    world = door.world
    survivor, duplicate, third = seat(door, 1), seat(door, 2), seat(door, 3)
    both = coming(world, after, [survivor, duplicate, third])
    only = coming(world, after, [duplicate, third], starts=time(13))
    lone_group = world.new_group(9, 0)
    world.teach(lone_group)
    Student.objects.filter(pk=duplicate.pk).update(class_group=lone_group)
    elsewhere_at_nine = world.session(day=NEXT + timedelta(days=1))
    lone = make_booking(
        by=world.teacher,
        session=elsewhere_at_nine,
        class_group=lone_group,
        now=after,
    )
    Student.objects.filter(pk=duplicate.pk).update(class_group=world.group)
    make_booking(
        by=world.teacher,
        session=world.session(day=NEXT + timedelta(days=1)),
        class_group=world.group,
        now=after,
        student_ids=[survivor.pk],
    )

    told = merging.preview(survivor=survivor, duplicate=duplicate, now=after)
    merged = merge(door, after, survivor, duplicate)

    assert (told.moved, told.released) == (merged.moved, merged.released) == (1, 2)
    of = {
        booking.pk: set(
            Place.objects.live().filter(booking=booking).values_list("student_id", flat=True)
        )
        for booking in (both, only, lone)
    }
    now_in = {survivor.pk, third.pk}
    assert of == {both.pk: now_in, only.pk: now_in, lone.pk: set()}
    lone.refresh_from_db()
    assert not lone.is_live
    assert seats_agree()


def test_the_duplicate_s_badge_opens_nothing(door: Door, after: datetime) -> None:
    survivor, duplicate = seat(door, 1), seat(door, 2)
    code = Badge.objects.live().get(student=duplicate).code

    told = merging.preview(survivor=survivor, duplicate=duplicate, now=after)
    merge(door, after, survivor, duplicate)

    assert (told.has_badge, told.keeps_badge) == (True, True)
    with pytest.raises(BadgeRevoked):
        check_in.bearer(code)
    assert Badge.objects.live().filter(student=survivor).count() == 1


def test_what_is_kept_goes_over_where_she_has_none(door: Door, after: datetime) -> None:
    world = door.world
    SchoolSettings.objects.create(school=world.school, keeps_guardian_phones=True)
    survivor, duplicate = seat(door, 1), seat(door, 2)
    booking = coming(world, after, [duplicate])
    office = world.coordinator
    care.set_guardian_phone(by=office, student=duplicate, phone="13812345678", now=after)
    care.set_needs(
        by=office, student=duplicate, needs={"diet": "花生过敏", "mobility": "用轮椅"}, now=after
    )
    care.set_needs(by=office, student=survivor, needs={"diet": "不吃猪肉"}, now=after)
    for year in (2025, 2026):
        consents.record_consents(
            by=office,
            class_group=world.group,
            student_ids=[duplicate.pk] if year == 2025 else [survivor.pk, duplicate.pk],
            school_year=year,
            now=after,
        )
    trip_consents.record_trip_consents(
        by=office, booking=booking, student_ids=[duplicate.pk], now=after
    )

    merge(door, after, survivor, duplicate)

    assert care.masked_phone(survivor) == "****5678"
    assert care.read_needs(by=office, student=survivor, now=after, context="t") == {
        "diet": "不吃猪肉",
        "mobility": "用轮椅",
    }
    assert not duplicate.needs.exists()
    for year in (2025, 2026):
        assert survivor.pk in signed_for_year([survivor.pk], year)
    assert trip_selectors.signed_for_trip(booking) == {survivor.pk}


def test_a_chain_of_merges_ends_at_one(door: Door, after: datetime) -> None:
    closed(door, 3)
    first, second, third = seat(door, 1), seat(door, 2), seat(door, 3)

    merge(door, after, second, third)
    merge(door, after, first, Student.objects.get(pk=second.pk))

    assert set(
        Student.objects.filter(pk__in=[second.pk, third.pk]).values_list(
            "merged_into_id", flat=True
        )
    ) == {first.pk}
    assert hours(first, second, third) == [4, 0, 0]
    assert attendance_of_session(door.session)[first.pk].is_credited
    # Again it changes nothing.
    assert merge(door, after, first, Student.objects.get(pk=second.pk)).hours == 0
    assert AuditEntry.objects.filter(verb="student.merged").count() == 2


def test_who_cannot_be_one(door: Door, after: datetime) -> None:
    survivor, duplicate, left = seat(door, 1), seat(door, 2), seat(door, 3)
    students.remove_student(by=door.world.coordinator, student=left, now=after)
    left.refresh_from_db()
    outsider = StudentFactory(class_group=make_class(students=0))

    for stays, goes in [(survivor, survivor), (survivor, outsider), (left, survivor)]:
        with pytest.raises(NotOneChild):
            merge(door, after, stays, goes)
    for by, refusal in [
        (door.world.teacher, NotAllowed),
        (actor_of(MembershipFactory(coordinator=True)), NotYours),
        (door.manager, NotYours),
    ]:
        with pytest.raises(refusal):
            merging.merge(by=by, survivor=survivor, duplicate=duplicate, now=after)
    # One who left may be the duplicate.
    merge(door, after, survivor, left)
    with pytest.raises(NotOneChild):
        merge(door, after, duplicate, Student.objects.get(pk=left.pk))


def test_the_page_chooses_previews_and_merges(door: Door, after: datetime) -> None:
    survivor, duplicate = seat(door, 1), seat(door, 2)
    Student.objects.filter(pk__in=[survivor.pk, duplicate.pk]).update(name="李子涵")
    client = Client()
    client.force_login(User.objects.get(pk=door.world.coordinator.user_id))
    url = f"/school/students/{survivor.pk}/merge/"

    chosen = client.get(url)
    nothing = client.post(url, {})
    preview = client.post(url, {"duplicate": duplicate.pk})
    unchanged = Student.objects.get(pk=duplicate.pk).merged_into_id
    done = client.post(url, {"duplicate": duplicate.pk, "confirm": "1"})

    assert list(chosen.context["candidates"]) == [duplicate]
    assert "请选择哪一行是同一名学生。" in nothing.content.decode()
    assert "合并后不能恢复，请核对" in preview.content.decode()
    assert unchanged is None
    assert done.status_code == 302
    assert Student.objects.get(pk=duplicate.pk).merged_into_id == survivor.pk
