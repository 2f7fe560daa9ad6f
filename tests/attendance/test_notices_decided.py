"""Objections are answered, the period is locked, and opened again with a reason."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import NotAllowed
from accounts.models import AuditEntry
from attendance.errors.notices import (
    AnswerMissing,
    NoticeLocked,
    NoticeNotRunning,
    NoticeStillRunning,
    ObjectionDecided,
    ObjectionsOpen,
)
from attendance.models import Objection, PublicNotice
from attendance.selectors import notices as selectors
from attendance.services import erasure, merging, notices
from hours.errors import PeriodLocked
from hours.models import HourCredit
from hours.services import ledger
from notifications.models import Message
from rosters.models import Student
from tests.attendance.test_notices import DAY, Shown, client_of, secretary, shown, start
from tests.factories.hours import RequirementFactory
from tests.factories.rosters import make_class

__all__ = ["shown"]


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
