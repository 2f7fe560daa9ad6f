"""The pages of certificates, the public one and the class's, and what is printed on the sheets."""

import re
from datetime import datetime
from typing import Any

import pypdfium2
import pytest
from django.test import Client

from accounts.models import AuditEntry
from attendance.choices import CertificateState
from attendance.models import Certificate
from attendance.selectors import certificates as selectors
from attendance.services import certificates, throttle
from config.labels import class_label
from courses.models import CourseSession
from rosters.models import Student
from tests.attendance.conftest import World
from tests.attendance.readers import by_zbar, by_zxing
from tests.attendance.test_certificates import (
    LATER,
    credit,
    reverse_one,
    sessions,
    shown,
    take,
    world,
)
from tests.browser.camera import page_picture
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.rosters import make_class

__all__ = ["sessions", "world"]


# ── the public page ──


@pytest.mark.parametrize("typed", ["as it is", "small", "grouped"])
def test_valid_shows_masked_name_and_hours_alone(
    world: World, sessions: list[CourseSession], now: datetime, typed: str
) -> None:
    student = world.students[0]
    Student.objects.filter(pk=student.pk).update(name="欧阳思远")
    credit(world, [student], *sessions, now=now)
    (made,) = take(world, now)
    code = {
        "as it is": made.code,
        "small": made.code.lower(),
        "grouped": "-".join(re.findall("....", made.code)),
    }[typed]

    page = Client().get(f"/verify/{code}/")

    assert page.status_code == 200
    assert (page.context["state"], page.context["name"], page.context["hours"]) == (
        "valid", "欧○○", 14,
    )  # fmt: skip
    text = shown(page)
    assert "有效 欧○○ 14 学时 与学时记录一致。" in text
    for secret in (
        "欧阳", "清河", class_label(world.group), "面包师", world.host.name, student.student_no,
        made.code, "2026",
    ):  # fmt: skip
        assert secret not in text
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page["Cache-Control"]


def test_page_says_out_of_date_revoked_and_unknown(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:2], *sessions, now=now)
    first, second = take(world, now)
    reverse_one(world, world.students[0], sessions[0], now)
    certificates.revoke(by=world.teacher, certificate=second, reason="遗失", now=now)

    pages = [Client().get(f"/verify/{code}/") for code in (first.code, second.code, "A" * 16, "x")]

    assert [page.status_code for page in pages] == [200, 200, 404, 404]
    texts = [shown(page) for page in pages]
    assert "已过时 学○○ 14 学时 签发以后学时有更正" in texts[0]
    assert "已作废 学校已将这份证书作废，或换发了新证书。" in texts[1]
    assert "查无此证 没有这个编号的证书。" in texts[2]
    assert "查无此证 没有这个编号的证书。" in texts[3]
    # Of a revoked one nothing is said, not even why.
    assert "学○" not in texts[1]
    assert "遗失" not in texts[1]
    assert {page["X-Robots-Tag"] for page in pages} == {"noindex, nofollow"}


def test_typed_code_leads_to_its_page(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    client = Client()

    assert client.get("/verify/").status_code == 200
    found = client.post("/verify/", {"code": " ".join(re.findall("....", made.code.lower()))})
    assert (found.status_code, found["Location"]) == (302, f"/verify/{made.code}/")
    assert client.post("/verify/", {"code": ""}).status_code == 422
    assert client.post("/verify/", {"code": "shorter"}).status_code == 404
    assert client.post(f"/verify/{made.code}/").status_code == 405


def test_guessing_is_slowed_down_and_looking_at_real_ones_is_not(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    client = Client()

    for _again in range(throttle.MISSES + 5):
        assert client.get(f"/verify/{made.code}/").status_code == 200
    for number in range(throttle.MISSES):
        guess = "A" * 14 + "AB"[number // 16] + "ABCDEFGHIJKLMNOP"[number % 16]
        assert client.get(f"/verify/{guess}/").status_code == 404

    refused = client.get(f"/verify/{made.code}/")
    assert refused.status_code == 429
    assert "请过 10 分钟再试" in shown(refused)


def test_page_costs_two_queries(
    world: World, sessions: list[CourseSession], now: datetime, django_assert_num_queries: Any
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    client = Client()
    client.get(f"/verify/{made.code}/")

    with django_assert_num_queries(2):
        selectors.by_code(made.code)


# ── the class's page and the sheet ──


def teacher(world: World) -> Client:
    client = Client()
    client.force_login(world.teacher_membership.user)
    return client


def address(world: World, end: str = "/") -> str:
    return f"/classes/{world.group.pk}/certificates{end}"


def test_class_page_shows_whose_certificate_is_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first, second, third, *_rest = world.students
    credit(world, [first, second], *sessions, now=now)
    take(world, now)
    credit(world, [third], *sessions, now=now)
    reverse_one(world, second, sessions[0], now)

    page = teacher(world).get(address(world))

    rows = page.context["found"].rows
    assert [(row.earned, row.is_done, row.state, row.is_due) for row in rows] == [
        (14, True, CertificateState.VALID, False),
        (7, False, CertificateState.OUT_OF_DATE, False),
        (14, True, None, True),
        (0, False, None, False),
        (0, False, None, False),
    ]
    assert "1 人还没有有效的证书" in shown(page)
    entry = AuditEntry.objects.get(verb="names.read", facts__context="certificates")
    assert entry.facts["count"] == 5


def test_class_page_costs_the_same_at_one_and_at_three(
    world: World, sessions: list[CourseSession], now: datetime, django_assert_num_queries: Any
) -> None:
    client = teacher(world)
    credit(world, world.students[:1], *sessions, now=now)
    take(world, now)
    client.get(address(world))

    with django_assert_num_queries(12):
        client.get(address(world))
    credit(world, world.students[1:3], *sessions, now=now)
    take(world, now)
    with django_assert_num_queries(12):
        client.get(address(world))


def test_printing_costs_the_same_at_one_and_at_three(
    world: World, sessions: list[CourseSession], now: datetime, django_assert_num_queries: Any
) -> None:
    client = teacher(world)
    credit(world, world.students, *sessions, now=now)
    ask = {"which": "chosen", "student": [world.students[0].pk]}
    client.post(address(world, ".pdf"), ask)
    keys = [student.pk for student in world.students]

    counts = []
    for chosen in (keys[1:2], keys[2:5]):
        with django_assert_num_queries(16):
            answer = client.post(address(world, ".pdf"), ask | {"student": chosen})
        counts.append(len(pypdfium2.PdfDocument(answer.content)))

    assert counts == [1, 3]


def test_sheet_says_who_what_where_when_in_both_languages(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    student = world.students[0]
    Student.objects.filter(pk=student.pk).update(name="阿依古丽·买买提江")
    world.version.occupation_en = "Baker"
    world.version.save()
    credit(world, [student], *sessions, now=now)

    answer = teacher(world).post(address(world, ".pdf"), {"which": "all"})

    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/pdf", "no-store")
    text = re.sub(r"\s+", "", pdf_text(answer.content))
    made = Certificate.objects.get()
    for part in (
        "职业体验学时证书", "Certificate of Career Experience", "阿依古丽·买买提江",
        "清河中学七(3)班", "Qinghe School, Class 7(3)",
        "完成职业体验14学时，达到14学时的要求。",
        "completed 14 class hours of career experience; 14 are required.",
        "2026年12月8日（周二）", "Tue 8 Dec 2026", "2026年12月9日（周三）",
        "面包师", "Baker", "曹杨职业技术学校", "合计", "Total", "签发日期", "Date of issue",
        "2026年11月24日（周二）", "学校（盖章）", made.code,
        f"https://classroom.example.org/verify/{made.code}/",
    ):  # fmt: skip
        assert re.sub(r"\s+", "", part) in text, part
    entry = AuditEntry.objects.get(verb="names.read", facts__context="certificate_sheet")
    assert entry.facts["students"] == [student.pk]


def pdf_text(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return str(document[page].get_textpage().get_text_range())
    finally:
        document.close()


@pytest.mark.parametrize("reader", [by_zxing, by_zbar])
def test_code_on_each_sheet_leads_to_its_page(
    world: World, sessions: list[CourseSession], now: datetime, reader: Any
) -> None:
    credit(world, world.students, *sessions, now=now)

    pdf = teacher(world).post(address(world, ".pdf"), {"which": "all"}).content
    found = reader([page_picture(pdf, dpi=100, page=page) for page in range(5)])

    codes = list(Certificate.objects.order_by("student__seat_no").values_list("code", flat=True))
    assert found == [[f"https://classroom.example.org/verify/{code}/"] for code in codes]
    assert [Client().get(one.removeprefix("https://classroom.example.org")).context["state"]
            for (one,) in found] == ["valid"] * 5  # fmt: skip


def test_very_many_sessions_go_on_to_another_page(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first, second = world.students[:2]
    credit(world, [second], *sessions, now=now)
    for number in range(16):
        day = sessions[1].starts_at.date() + (number + 1) * LATER
        credit(world, [first], world.session(day=day), now=now)

    pdf = teacher(world).post(address(world, ".pdf"), {"which": "all"}).content

    document = pypdfium2.PdfDocument(pdf)
    ends = [pdf_text(pdf, page).split()[-3:] for page in range(len(document))]
    document.close()
    assert ends[:2] == [["1", "/", "2"], ["2", "/", "2"]]
    assert ends[2:] == [["1", "/", "1"]]
    assert "64" in pdf_text(pdf, 1)


def test_nobody_chosen_or_nobody_there_yet_leads_back(world: World) -> None:
    client = teacher(world)

    for ask in ({"which": "chosen"}, {"which": "all"}):
        answer = client.post(address(world, ".pdf"), ask)
        assert (answer.status_code, answer["Location"]) == (302, address(world))
    assert client.get(address(world, ".pdf")).status_code == 405
    assert not Certificate.objects.exists()


def test_revoking_asks_for_a_reason_first(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    student = world.students[0]
    credit(world, [student], *sessions, now=now)
    (made,) = take(world, now)
    client = teacher(world)
    page = address(world, f"/{student.pk}/revoke/")

    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": ""}).status_code == 200
    made.refresh_from_db()
    assert made.revoked_at is None
    answer = client.post(page, {"reason": "姓名有误"})

    made.refresh_from_db()
    assert (answer.status_code, made.revoke_reason) == (302, "姓名有误")
    # There is none any more to be revoked.
    assert client.get(page).status_code == 404


def test_teachers_of_other_classes_find_no_such_page(world: World) -> None:
    stranger = Client()
    stranger.force_login(MembershipFactory(organisation=world.school).user)

    assert stranger.get(address(world)).status_code == 404
    assert stranger.post(address(world, ".pdf")).status_code == 404


def test_the_schools_that_issued_and_that_have_the_student_see_it(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    student = world.students[0]
    credit(world, [student], *sessions, now=now)
    take(world, now)
    elsewhere = make_class(students=0)
    new_home = actor_of(MembershipFactory(coordinator=True, organisation=elsewhere.school))
    assert not Certificate.objects.visible_to(new_home).exists()

    Student.objects.filter(pk=student.pk).update(class_group=elsewhere, school=elsewhere.school)

    for actor, sees in (
        (world.coordinator, True),
        (new_home, True),
        (world.teacher, False),
        (world.manager, False),
    ):
        assert Certificate.objects.visible_to(actor).exists() is sees
