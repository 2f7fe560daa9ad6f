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

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry, Membership
from attendance.choices import EventKind, ObjectionState
from attendance.errors.notices import (
    AnswerMissing,
    NoSuchCohort,
    NoticeLocked,
    NoticeNotRunning,
    NoticeRunning,
    NoticeStillRunning,
    ObjectionDecided,
    ObjectionsOpen,
    RequirementNotDue,
    TooManyObjections,
)
from attendance.models import Badge, Objection, PublicNotice
from attendance.selectors import notices as selectors
from attendance.services import desk, erasure, merging, notices
from hours import period_locks
from hours.errors import PeriodLocked, PeriodLockedAlready
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


# ── decided and locked ──


def decide(
    shown: Shown, objection: Objection, *, upheld: bool = True, answer: str = "已更正"
) -> Any:
    return notices.decide(
        by=shown.coordinator, objection=objection, upheld=upheld, answer=answer, now=shown.now
    )


@pytest.mark.parametrize(("upheld", "state"), [(True, "upheld"), (False, "dismissed")])
def test_the_student_reads_the_decision_and_its_reason(
    shown: Shown, upheld: bool, state: str
) -> None:
    decided = decide(shown, shown.object(), upheld=upheld, answer=" 核对过签到 ")

    found = selectors.own_hours(shown.student)
    assert found is not None
    assert [(one.state, one.answer) for one in found.objections] == [(state, "核对过签到")]
    assert (decided.decided_at, decided.decided_by_id) == (
        shown.now,
        shown.coordinator.membership_id,
    )
    assert AuditEntry.objects.filter(verb=f"objection.{state}").count() == 1


def test_a_decision_has_a_reason_and_stands(shown: Shown) -> None:
    objection = shown.object()

    with pytest.raises(AnswerMissing):
        decide(shown, objection, answer=" ")
    with pytest.raises(NotAllowed):
        notices.decide(
            by=shown.door.world.teacher, objection=objection, upheld=True, answer="x", now=shown.now
        )
    decide(shown, objection)
    with pytest.raises(ObjectionDecided):
        decide(shown, objection, upheld=False)


def test_the_period_is_locked_once_the_days_are_over_and_all_is_decided(shown: Shown) -> None:
    objection = shown.object()
    after = datetime.combine(date(2026, 12, 16), shown.now.timetz())

    with pytest.raises(NoticeStillRunning) as early:
        notices.lock(by=shown.coordinator, notice=shown.notice, now=shown.now + 6 * DAY)
    with pytest.raises(ObjectionsOpen) as waiting:
        notices.lock(by=shown.coordinator, notice=shown.notice, now=after)
    decide(shown, objection)
    locked = notices.lock(by=shown.coordinator, notice=shown.notice, now=after)

    assert str(early.value) == "公示到 12 月 15 日（周二）为止，之后才能锁定。"
    assert str(waiting.value) == "还有 1 条异议没有处理。"
    assert locked.lock is not None
    with pytest.raises(NoticeLocked):
        notices.lock(by=shown.coordinator, notice=locked, now=after)
    with pytest.raises(NoticeNotRunning):
        notices.object_to(student=shown.student, notice=locked, text="晚了", now=shown.now)
    with pytest.raises(PeriodLocked):
        ledger.reverse(
            by=shown.coordinator,
            credit=HourCredit.objects.get(student=shown.student),
            reason="误记",
            now=after,
        )


def secretary() -> Actor:
    return actor_of(
        MembershipFactory(organisation=OrganisationFactory(alliance=True), role=Role.SECRETARIAT)
    )


def test_the_secretariat_reopens_and_the_school_is_told_why(shown: Shown) -> None:
    locked = notices.lock(by=shown.coordinator, notice=shown.notice, now=shown.now + 8 * DAY)
    assert locked.lock is not None

    with pytest.raises(NotAllowed):
        notices.reopen(by=shown.coordinator, period_lock=locked.lock, reason="漏记", now=shown.now)
    notices.reopen(by=secretary(), period_lock=locked.lock, reason="漏记一场", now=shown.now)
    again = start(shown)

    message = Message.objects.get(kind="period_reopened")
    assert message.recipient_id == shown.coordinator.user_id
    assert message.body == (
        "秘书处重新开放了“初中职业体验”的学时，更正后请再次公示。\n\n原因：漏记一场"
    )
    assert again.pk != shown.notice.pk


def test_the_notices_page_says_that_the_period_is_open_again(shown: Shown) -> None:
    after = shown.now + 8 * DAY
    locked = notices.lock(by=shown.coordinator, notice=shown.notice, now=after)
    assert locked.lock is not None
    client = client_of(shown.coordinator)
    before = client.get(f"/school/notices/{shown.notice.pk}/").content.decode()
    notices.reopen(by=secretary(), period_lock=locked.lock, reason="漏记一场", now=after)

    page = client.get(f"/school/notices/{shown.notice.pk}/").content.decode()
    begun = client.get(f"/school/notices/new/?requirement={shown.notice.requirement_id}")
    start(shown)
    then = client.get(f"/school/notices/{shown.notice.pk}/").content.decode()

    new = f'href="/school/notices/new/?requirement={shown.notice.requirement_id}"'
    assert ("已锁定" in before, "开始新的公示" in before) == (True, False)
    assert ("已锁定" in page, page.count("已重新开放</"), new in page) == (False, 2, True)
    assert "原因：漏记一场" in page
    assert f'<option value="{shown.notice.requirement_id}" selected>' in begun.content.decode()
    assert (new in then, "这项要求的公示正在进行。" in then) == (False, True)


@pytest.mark.parametrize("more", [1, 3])
def test_only_what_can_start_is_offered_the_others_with_the_reason(shown: Shown, more: int) -> None:
    PublicNotice.objects.all().delete()
    school = shown.door.world.school
    school.school_kind = "public"
    school.save()
    for number in range(more):
        # Another cohort of the school, whose hours are still earned.
        group = make_class(school=school, entry_year=2020 + number, number=9)
        RequirementFactory(
            name=f"要求{number}", school_kind="public", due_on=date(2027, 6, 30),
            entry_year_from=group.entry_year, entry_year_to=group.entry_year,
        )  # fmt: skip
    RequirementFactory(name="高中的", stage="senior")
    client = client_of(shown.coordinator)

    with CaptureQueriesContext(connection) as queries:
        offered, barred = notices.offers(shown.coordinator, school.pk, shown.now)
    asked = len(queries)
    page = client.get("/school/notices/new/").content.decode()
    start(shown)
    nothing = client.get("/school/notices/new/").content.decode()

    assert offered == [shown.notice.requirement]
    assert [(one.name, why.code) for one, why in barred] == [
        (f"要求{number}", "requirement_not_due") for number in range(more)
    ]
    assert asked == 6
    assert (page.count("<option"), page.count("起才能公示和锁定。")) == (1, more)
    assert "高中的" not in page
    assert (nothing.count("<option"), nothing.count("这项要求的公示正在进行。")) == (0, 1)
    assert "现在没有可以公示的学时要求" in nothing


@pytest.mark.parametrize("count", [1, 2])
def test_open_objections_wait_on_the_coordinators_home_page(shown: Shown, count: int) -> None:
    coordinator, teacher = client_of(shown.coordinator), client_of(shown.door.world.teacher)
    made = [shown.object(f"少记一场 {number}") for number in range(count)]

    waiting = coordinator.get("/")
    others = teacher.get("/").content.decode()
    for one in made:
        notices.decide(
            by=shown.coordinator, objection=one, upheld=False, answer="已核对", now=shown.now
        )
    done = coordinator.get("/").content.decode()

    todo = waiting.context["todos"][0]
    assert (todo.text, todo.url) == (
        f"{count} 条学时公示的异议等您处理",
        f"/school/notices/{shown.notice.pk}/",
    )
    assert todo.text in waiting.content.decode()
    assert ("的异议等您处理" in others, "的异议等您处理" in done) == (False, False)


def test_erasing_a_student_takes_her_objections(shown: Shown) -> None:
    shown.object()
    student = shown.student

    erasure.erase_student(
        by=shown.coordinator, student=student, typed_name=student.name, now=shown.now
    )

    assert not Objection.objects.exists()


def merged(shown: Shown, duplicate: int = 1, survivor: int = 3) -> Student:
    """The row of one seat is merged into that of another, which is returned."""
    seats = {one.seat_no: one for one in Student.objects.filter(class_group=shown.door.world.group)}
    return merging.merge(
        by=shown.coordinator, survivor=seats[survivor], duplicate=seats[duplicate], now=shown.now
    ).student


def test_objections_of_a_merged_row_are_the_childs(shown: Shown) -> None:
    waiting = shown.object("又少一场")
    decide(shown, shown.object("两边都写了"), upheld=False, answer="核对无误")
    shown.object("两边都写了", seat=3)
    own = shown.object("另一边先有答复", seat=3)
    shown.object("另一边先有答复")
    decide(shown, own, answer="已补记")
    late = shown.student

    survivor = merged(shown)

    found = selectors.own_hours(Student.objects.select_related("class_group").get(pk=survivor.pk))
    assert found is not None
    assert {(one.text, one.state, one.answer) for one in found.objections} == {
        ("又少一场", "open", ""),
        ("两边都写了", "dismissed", "核对无误"),
        ("另一边先有答复", "upheld", "已补记"),
    }
    assert Objection.objects.count() == 3
    assert AuditEntry.objects.get(verb="student.merged").facts["objections"] == 2
    # Sent by the page that the bearer of the old badge still had open.
    again = notices.object_to(student=late, notice=shown.notice, text="又少一场", now=shown.now)
    assert (again.pk, again.student_id) == (waiting.pk, survivor.pk)


# ── pages ──


def client_of(actor: Actor) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(pk=actor.membership_id).user)
    return client


def fields(shown: Shown, **more: str) -> dict[str, str]:
    badge = Badge.objects.get(student=shown.student)
    return {"code": badge.code, "student_no": shown.student.student_no} | more


def test_code_and_number_together_show_the_hours_and_nobody_elses(shown: Shown) -> None:
    page = Client().post("/notice/", fields(shown))

    text = page.content.decode()
    assert page.status_code == 200
    assert "学○○" in text
    assert shown.student.name not in text
    assert text.count('<td class="r num">4</td>') == 1
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_a_wrong_number_and_an_unknown_code_hear_the_same(shown: Shown) -> None:
    wrong = Client().post("/notice/", fields(shown, student_no="0"))
    unknown = Client().post("/notice/", fields(shown, code="AAAA AAAA AAAA AAAA"))
    empty = Client().post("/notice/", fields(shown, student_no=""))

    sentence = "胸牌码和学号不符，请核对后再试。"
    assert [page.status_code for page in (wrong, unknown, empty)] == [409, 409, 200]
    assert [sentence in page.content.decode() for page in (wrong, unknown, empty)] == [
        True,
        True,
        False,
    ]
    assert not any("学○○" in page.content.decode() for page in (wrong, unknown, empty))


def test_numbers_are_not_guessed(shown: Shown) -> None:
    for number in range(20):
        Client().post("/notice/", fields(shown, student_no=str(number)))

    page = Client().post("/notice/", fields(shown))

    assert page.status_code == 429
    assert "学○○" not in page.content.decode()


def test_classmates_are_not_guessed_by_objecting(shown: Shown) -> None:
    classmate = Student.objects.exclude(pk=shown.student.pk).filter(
        class_group=shown.student.class_group
    )[0]
    naming = fields(shown, do="object", text=f"{classmate.name}的学时记错了")

    pages = [Client().post("/notice/", naming).status_code for _ in range(20)]
    after = Client().post("/notice/", fields(shown, do="object", text="少记一场"))

    assert pages == [422] * 20
    assert after.status_code == 429
    assert not Objection.objects.exists()


def test_nothing_is_told_by_an_address(shown: Shown) -> None:
    page = Client().get("/notice/", fields(shown))

    assert "学○○" not in page.content.decode()


def test_objecting_on_the_page(shown: Shown) -> None:
    page = Client().post("/notice/", fields(shown, do="object", text="少记一场"))
    empty = Client().post("/notice/", fields(shown, do="object", text=""))

    assert "异议已提交。" in page.content.decode()
    assert "请写明异议。" in empty.content.decode()
    assert list(Objection.objects.values_list("text", flat=True)) == ["少记一场"]


def test_the_fourth_objection_is_refused_on_the_page(shown: Shown) -> None:
    for number in range(3):
        shown.object(f"异议 {number}")

    page = Client().post("/notice/", fields(shown, do="object", text="再一条"))

    assert page.status_code == 409
    assert "每名学生最多提 3 条异议。" in page.content.decode()


def test_after_the_days_the_hours_are_read_and_nothing_is_objected_to(shown: Shown) -> None:
    with time_machine.travel(shown.now + 8 * DAY, tick=False):
        page = Client().post("/notice/", fields(shown)).content.decode()

    assert "公示期已过" in page
    assert "提出异议" not in page.split("</form>", 1)[1]


def test_a_school_without_a_notice_says_so(shown: Shown) -> None:
    PublicNotice.objects.all().delete()

    assert "现在没有公示" in Client().post("/notice/", fields(shown)).content.decode()


def test_the_schools_way_from_start_to_lock(shown: Shown) -> None:
    PublicNotice.objects.all().delete()
    client = client_of(shown.coordinator)

    started = client.post(
        "/school/notices/new/", {"requirement": shown.notice.requirement_id, "days": 5}
    )
    notice = PublicNotice.objects.get()
    again = client.post(
        "/school/notices/new/", {"requirement": shown.notice.requirement_id, "days": 5}
    )
    shown.notice = notice
    objection = shown.object()
    page = client.get(f"/school/notices/{notice.pk}/").content.decode()
    wrong = client.post(
        f"/school/notices/{notice.pk}/objections/{objection.pk}/", {"upheld": "yes", "answer": ""}
    )
    client.post(
        f"/school/notices/{notice.pk}/objections/{objection.pk}/",
        {"upheld": "no", "answer": "核对过签到"},
    )
    decided = client.post(
        f"/school/notices/{notice.pk}/objections/{objection.pk}/",
        {"upheld": "yes", "answer": "改主意"},
    )
    early = client.get(f"/school/notices/{notice.pk}/lock/")
    with time_machine.travel(shown.now + 8 * DAY, tick=False):
        asked = client.get(f"/school/notices/{notice.pk}/lock/")
        client.post(f"/school/notices/{notice.pk}/lock/")
        listed = client.get("/school/notices/").content.decode()

    assert (started.status_code, again.status_code) == (302, 409)
    assert "这项要求的公示正在进行。" in again.content.decode()
    assert shown.student.name in page
    assert "公示到 12 月 15 日（周二）为止，之后才能锁定。" in page
    assert "请写明处理说明" in wrong.content.decode()
    assert decided.status_code == 409
    assert (early.status_code, asked.status_code) == (409, 200)
    assert f'href="/school/notices/{notice.pk}/">返回公示</a>' in early.content.decode()
    assert "回首页" not in early.content.decode()
    assert "已锁定" in listed
    objection.refresh_from_db()
    notice.refresh_from_db()
    assert (objection.state, objection.answer) == ("dismissed", "核对过签到")
    assert notice.lock_id is not None


def test_a_teacher_prints_her_class_and_sees_no_objections(shown: Shown) -> None:
    shown.object("她家长写的话")
    other = shown.door.world.new_group(8, 2)
    client = client_of(shown.door.world.teacher)

    page = client.get(f"/school/notices/{shown.notice.pk}/").content.decode()
    printed = client.get(
        f"/school/notices/{shown.notice.pk}/classes/{shown.door.world.group.pk}/print/"
    )
    not_hers = client.get(f"/school/notices/{shown.notice.pk}/classes/{other.pk}/print/")

    assert "她家长写的话" not in page
    assert f"/classes/{shown.door.world.group.pk}/print/" in page
    assert f"/classes/{other.pk}/print/" not in page
    text = printed.content.decode()
    assert text.count("<tr>") == 6
    assert shown.student.name not in text
    assert shown.student.student_no not in text
    assert not_hers.status_code == 404
    entry = AuditEntry.objects.get(verb="names.read", facts__context="notice_print")
    assert len(entry.facts["students"]) == 5


def test_the_secretariat_reopens_on_its_page(shown: Shown) -> None:
    locked = notices.lock(by=shown.coordinator, notice=shown.notice, now=shown.now + 8 * DAY)
    client = client_of(secretary())

    before = client.get("/locks/").content.decode()
    asked = client.get(f"/locks/{locked.lock_id}/reopen/").content.decode()
    client.post(f"/locks/{locked.lock_id}/reopen/", {"reason": "漏记一场"})
    again = client.post(f"/locks/{locked.lock_id}/reopen/", {"reason": "漏记一场"})
    after = client.get("/locks/").content.decode()

    assert shown.door.world.school.name in before
    assert f"重新开放{shown.door.world.school.name}的学时？" in asked
    assert again.status_code == 409
    assert "漏记一场" in after


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_ask_as_often_however_long_they_are(shown: Shown, count: int) -> None:
    for number in range(count):
        shown.object(f"异议 {number}")
    client = client_of(shown.coordinator)
    client.get("/school/notices/")

    with CaptureQueriesContext(connection) as listing:
        client.get("/school/notices/")
    with CaptureQueriesContext(connection) as showing:
        client.get(f"/school/notices/{shown.notice.pk}/")

    assert (len(listing), len(showing)) == (6, 12)


def test_who_sees_notices_and_objections(shown: Shown) -> None:
    objection = shown.object()
    stranger = actor_of(MembershipFactory(role=Role.SCHOOL_COORDINATOR))
    world = shown.door.world

    seen = {
        name: (
            list(PublicNotice.objects.visible_to(actor)),
            list(Objection.objects.visible_to(actor)),
        )
        for name, actor in {
            "coordinator": shown.coordinator,
            "teacher": world.teacher,
            "system": SYSTEM,
            "stranger": stranger,
            "host": world.manager,
            "secretariat": secretary(),
        }.items()
    }

    assert seen == {
        "coordinator": ([shown.notice], [objection]),
        "teacher": ([shown.notice], []),
        "system": ([shown.notice], [objection]),
        "stranger": ([], []),
        "host": ([], []),
        "secretariat": ([], []),
    }
    assert (str(shown.notice), str(objection)) == (
        f"{world.school.pk} 2026-12-09",
        f"{shown.notice.pk} {objection.pk}",
    )


def test_the_notices_lead_back_to_the_page_they_were_opened_from(shown: Shown) -> None:
    ways = [
        client_of(actor)
        .get("/school/notices/")
        .content.decode()
        .split('<p class="crumb"><a href="')[1]
        .split('"')[0]
        for actor in (shown.coordinator, shown.door.world.teacher)
    ]

    assert ways == ["/school/", "/classes/"]
