"""The pages of notices: for the student, the school and the secretariat."""

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.choices import Role
from accounts.models import AuditEntry
from attendance.models import Objection, PublicNotice
from attendance.services import notices
from rosters.models import Student
from tests.attendance.test_notices import DAY, Shown, client_of, fields, secretary, shown
from tests.factories.accounts import MembershipFactory, actor_of

__all__ = ["shown"]


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
