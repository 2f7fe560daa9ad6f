"""A school shows each student her own hours, hears objections, answers them and locks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, Membership
from attendance.choices import EventKind, ObjectionState
from attendance.errors.notices import (
    NoSuchCohort,
    NoticeNotRunning,
    NoticeRunning,
    RequirementNotDue,
    TooManyObjections,
)
from attendance.models import Badge, Objection, PublicNotice
from attendance.selectors import notices as selectors
from attendance.services import desk, notices
from hours import period_locks
from hours.errors import PeriodLockedAlready
from hours.models import HourCredit, PracticumRequirement
from hours.services import ledger
from notifications.models import Message
from rosters.models import Student
from sites.calendar import SHANGHAI
from sites.choices import DayKind
from sites.models import CalendarDay
from tests.attendance.conftest import Door
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.hours import RequirementFactory, make_credit
from tests.factories.rosters import make_class, make_teacher_of

DAY = timedelta(days=1)


@dataclass
class Shown:
    """A notice of the requirement of a class, in which two have the four hours of one session, of
    its last day. It began on Wednesday, 9 December, and runs until Tuesday."""

    door: Door
    notice: PublicNotice
    now: datetime

    @property
    def student(self) -> Student:
        return Student.objects.select_related("class_group").get(
            pk=self.door.booking.places.order_by("student__seat_no")[0].student_id
        )

    @property
    def coordinator(self) -> Actor:
        return self.door.world.coordinator

    def object(self, text: str = "少记一场", *, seat: int = 1) -> Objection:
        student = Student.objects.get(class_group=self.door.world.group, seat_no=seat)
        return notices.object_to(student=student, notice=self.notice, text=text, now=self.now)


@pytest.fixture
def shown(door: Door) -> Iterator[Shown]:
    desk.open_desk(by=door.manager, session=door.session, now=door.now)
    for student in door.students[:2]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)
    now = door.now + DAY
    PracticumRequirement.objects.update(due_on=date(2026, 12, 8))
    notice = notices.start(
        by=door.world.coordinator,
        school=door.world.school,
        requirement=PracticumRequirement.objects.get(),
        days=5,
        now=now,
    )
    with time_machine.travel(now, tick=False):
        yield Shown(door, notice, now)


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(pk=actor.membership_id).user)
    return client


def fields(shown: Shown, **more: str) -> dict[str, str]:
    badge = Badge.objects.get(student=shown.student)
    return {"code": badge.code, "student_no": shown.student.student_no} | more


def secretary() -> Actor:
    return actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    )


# ── started ──


def test_a_notice_runs_for_so_many_school_days_today_included(shown: Shown) -> None:
    assert (shown.notice.starts_on, shown.notice.ends_on) == (
        date(2026, 12, 9),
        date(2026, 12, 15),
    )
    assert [shown.notice.is_running(date(2026, 12, day)) for day in (8, 9, 15, 16)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("first", "days", "last"),
    [
        (date(2026, 12, 9), 1, date(2026, 12, 9)),
        (date(2026, 12, 12), 1, date(2026, 12, 14)),
        (date(2026, 12, 11), 3, date(2026, 12, 16)),
    ],
)
def test_weekends_and_holidays_are_no_days_of_it(
    db: None, first: date, days: int, last: date
) -> None:
    CalendarDay.objects.create(day=date(2026, 12, 15), kind=DayKind.HOLIDAY, name="停课")

    assert notices.last_day(first, days) == last


def start(shown: Shown, by: Actor | None = None, **other: Any) -> PublicNotice:
    facts = {
        "school": shown.door.world.school,
        "requirement": shown.notice.requirement,
        "now": shown.now,
    }
    return notices.start(by=by or shown.coordinator, days=5, **facts | other)


def test_one_notice_of_a_period_at_a_time(shown: Shown) -> None:
    with pytest.raises(NoticeRunning):
        start(shown)


def test_a_locked_period_is_not_shown_again_before_it_is_reopened(shown: Shown) -> None:
    other = RequirementFactory(school_kind="public", due_on=date(2026, 12, 8))
    shown.door.world.school.school_kind = "public"
    shown.door.world.school.save()
    period_locks.lock_period(
        by=shown.coordinator, school=shown.door.world.school, requirement=other, now=shown.now
    )

    with pytest.raises(PeriodLockedAlready):
        start(shown, requirement=other)


def test_nothing_is_shown_before_the_last_day_is_over(shown: Shown) -> None:
    PublicNotice.objects.all().delete()

    with pytest.raises(RequirementNotDue) as refused:
        start(shown, now=shown.now - DAY)
    started = start(shown, now=datetime(2026, 12, 9, 0, 0, tzinfo=SHANGHAI))

    assert str(refused.value) == (
        "“初中职业体验”的学时记到 2026 年 12 月 8 日（周二）为止，"
        "12 月 9 日（周三）起才能公示和锁定。"
    )
    assert started.starts_on == date(2026, 12, 9)


def test_nothing_is_locked_where_the_last_day_was_put_off_meanwhile(shown: Shown) -> None:
    after = shown.now + 8 * DAY
    PracticumRequirement.objects.update(due_on=after.date())
    notice = PublicNotice.objects.select_related("requirement").get()

    with pytest.raises(RequirementNotDue) as refused:
        notices.lock(by=shown.coordinator, notice=notice, now=after)
    locked = notices.lock(by=shown.coordinator, notice=notice, now=after + DAY)

    assert "12 月 18 日（周五）起才能公示和锁定" in str(refused.value)
    assert locked.lock is not None


def test_the_page_says_from_which_day_on(shown: Shown) -> None:
    PublicNotice.objects.all().delete()
    PracticumRequirement.objects.update(due_on=date(2027, 6, 30))

    page = client_of(shown.coordinator).post(
        "/school/notices/new/", {"requirement": shown.notice.requirement_id, "days": 5}
    )

    assert page.status_code == 409
    assert "7 月 1 日（周四）起才能公示和锁定。" in page.content.decode()
    assert not PublicNotice.objects.exists()


@pytest.mark.parametrize("doors", [0, 1, 3])
def test_whoever_locks_reads_how_many_doors_are_not_closed(shown: Shown, doors: int) -> None:
    world = shown.door.world
    for number in range(doors):
        session = world.session(day=date(2026, 12, 1 + number))
        make_booking(
            by=world.coordinator, session=session, class_group=world.group,
            now=shown.now - 15 * DAY,
        )  # fmt: skip
    # Another school's, and a later day's, are none of hers.
    other = make_class(students=1, number=8)
    for group, day in ((other, 4), (world.group, 10)):
        make_booking(
            by=actor_of(make_teacher_of(group)), session=world.session(day=date(2026, 12, day)),
            class_group=group, now=shown.now - 15 * DAY,
        )  # fmt: skip
    client = client_of(shown.coordinator)

    page = client.get(f"/school/notices/{shown.notice.pk}/").content.decode()
    with time_machine.travel(shown.now + 8 * DAY, tick=False):
        asked = client.get(f"/school/notices/{shown.notice.pk}/lock/").content.decode()

    assert selectors.doors_not_closed(shown.notice) == doors
    sentence = f"还有 {doors} 场没有结束签到，学时还没有记。"
    assert [text.count("没有结束签到") for text in (page, asked)] == [bool(doors)] * 2
    assert [text.count(sentence) for text in (page, asked)] == [bool(doors)] * 2


def test_a_requirement_of_no_class_of_the_school_is_refused(shown: Shown) -> None:
    with pytest.raises(NoSuchCohort):
        start(shown, requirement=RequirementFactory(stage="senior"))


def test_who_may_start(shown: Shown) -> None:
    with pytest.raises(NotAllowed):
        start(shown, by=shown.door.world.teacher)
    with pytest.raises(NotYours):
        start(shown, by=actor_of(MembershipFactory(role=Role.SCHOOL_COORDINATOR)))


# ── looked up ──


def test_a_student_sees_her_own_entries_and_no_more_of_her_name_than_its_mask(
    shown: Shown,
) -> None:
    credit = HourCredit.objects.get(student=shown.student)
    ledger.reverse(by=shown.coordinator, credit=credit, reason="误记", now=shown.now)

    found = selectors.own_hours(shown.student)

    assert found is not None
    assert found.masked_name == shown.student.name[0] + "○○"
    assert [(line.day, line.class_hours, line.is_reversal) for line in found.lines] == [
        (date(2026, 12, 8), 4, False),
        (date(2026, 12, 8), -4, True),
    ]
    assert found.total == 0


def test_what_was_taken_off_is_said_in_plain_words_with_a_minus(shown: Shown) -> None:
    before = Client().post("/notice/", fields(shown)).content.decode()
    credit = HourCredit.objects.get(student=shown.student)
    ledger.reverse(by=shown.coordinator, credit=credit, reason="误记", now=shown.now)

    page = Client().post("/notice/", fields(shown)).content.decode()

    why = "先减去记错的那一笔，再按正确的重新记一笔"
    assert (why in before, why in page) == (False, True)
    assert page.count('· 减去记错的学时</td><td class="r num">−4</td>') == 1
    assert ">-4<" not in page
    assert "冲正" not in page


def test_entries_outside_the_period_and_by_hand(shown: Shown) -> None:
    for day in (date(2026, 8, 31), date(2026, 9, 1)):
        HourCredit.objects.create(
            student=shown.student,
            school=shown.door.world.school,
            kind="manual",
            class_hours=2,
            reason="补课",
            earned_on=day,
            credited_at=shown.now,
        )

    found = selectors.own_hours(shown.student)

    assert found is not None
    assert (found.lines[0].day, found.lines[0].what) == (date(2026, 9, 1), "人工补记")
    assert found.total == 6


def test_without_a_notice_or_a_requirement_there_is_nothing(shown: Shown) -> None:
    other = make_class(students=1, number=8).students.get()
    graduates = make_class(students=1, stage="senior", number=9).students.get()

    assert selectors.own_hours(other) is None
    assert selectors.own_hours(graduates) is None


@pytest.mark.parametrize("sessions", [1, 3])
def test_looking_up_asks_five_times_however_much_there_is(shown: Shown, sessions: int) -> None:
    for number in range(sessions - 1):
        session = shown.door.world.session(day=date(2026, 12, 2 + number))
        make_credit(by=shown.door.manager, student=shown.student, session=session, now=shown.now)
        shown.object(f"异议 {number}")
    student = shown.student

    with CaptureQueriesContext(connection) as queries:
        found = selectors.own_hours(student)

    assert found is not None
    assert len(found.lines) == sessions
    assert len(queries) == 5


@pytest.mark.parametrize("sessions", [1, 3])
def test_sessions_without_hours_are_shown_with_what_became_of_them(
    shown: Shown, sessions: int
) -> None:
    world, by = shown.door.world, shown.door.manager
    days = [date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)][:sessions]
    for number, day in enumerate(days):
        session = world.session(day=day)
        make_booking(
            by=world.coordinator, session=session, class_group=world.group,
            now=shown.now - 15 * DAY,
        )  # fmt: skip
        if number == 1:
            let_in(shown.student, by=by, session=session, now=session.starts_at)
            early = session.starts_at + (session.ends_at - session.starts_at) / 4
            mark(shown.student, EventKind.OUT, by=by, session=session, now=early)
        close_desk(by=by, session=session, now=session.ends_at)
    # Whose door is not closed has no hours yet, and no state to object to.
    later = world.session(day=date(2026, 12, 4))
    make_booking(
        by=world.coordinator, session=later, class_group=world.group, now=shown.now - 15 * DAY
    )
    student = shown.student

    with CaptureQueriesContext(connection) as queries:
        found = selectors.own_hours(student)

    assert found is not None
    assert [(line.day, line.class_hours, line.state) for line in found.lines] == [
        *[(day, 0, state) for day, state in zip(days, ["缺席", "早退", "缺席"], strict=False)],
        (date(2026, 12, 8), 4, ""),
    ]
    assert (found.total, len(queries)) == (4, 5)
    page = Client().post("/notice/", fields(shown)).content.decode()
    assert page.count("· 缺席</td>") == (sessions + 1) // 2


def test_the_list_of_a_class_has_seat_mask_and_hours(shown: Shown) -> None:
    with CaptureQueriesContext(connection) as queries:
        rows = selectors.class_list(shown.notice, shown.door.world.group)

    assert [(row.seat_no, row.class_hours) for row in rows] == [
        (1, 4), (2, 4), (3, 0), (4, 0), (5, 0),
    ]  # fmt: skip
    assert {row.masked_name for row in rows} == {"学○○"}
    assert len(queries) == 2


# ── objected to ──


def test_an_objection_reaches_the_coordinator_without_a_name(shown: Shown) -> None:
    made = shown.object("  12 月 8 日  应记 4 学时 ")

    message = Message.objects.get(kind="objection_made")
    entry = AuditEntry.objects.get(verb="objection.made")
    assert (made.text, made.state) == ("12 月 8 日 应记 4 学时", ObjectionState.OPEN)
    assert message.recipient_id == shown.coordinator.user_id
    assert made.student.name not in message.subject + message.body
    assert made.text not in message.subject + message.body
    assert (entry.actor_kind, entry.membership, entry.school) == (
        "badge",
        None,
        shown.door.world.school,
    )


def test_the_same_objection_twice_is_one(shown: Shown) -> None:
    assert shown.object() == shown.object()
    assert Objection.objects.count() == Message.objects.filter(kind="objection_made").count() == 1


def test_a_student_objects_three_times_at_most(shown: Shown) -> None:
    for number in range(3):
        shown.object(f"异议 {number}")

    with pytest.raises(TooManyObjections) as refusal:
        shown.object("再一条")

    assert str(refusal.value) == "每名学生最多提 3 条异议。请直接联系班主任。"
    assert shown.object("另一名学生", seat=2).pk


def test_nobody_objects_after_the_days_are_over(shown: Shown) -> None:
    shown.now += 7 * DAY

    with pytest.raises(NoticeNotRunning):
        shown.object()
