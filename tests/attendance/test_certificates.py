"""Certificates: who gets one, what is printed on it, and what its code says afterwards."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pypdfium2
import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from attendance.choices import CertificateState
from attendance.errors.certificates import NobodyReached, NothingRequired, RevokeReasonMissing
from attendance.models import Certificate
from attendance.selectors import certificates as selectors
from attendance.services import certificates, erasure, merging, throttle
from config.labels import class_label
from courses.models import CourseSession
from hours.models import HourCredit, PracticumRequirement
from hours.services import ledger
from rosters.models import Student
from tests.attendance.conftest import World
from tests.attendance.readers import by_zbar, by_zxing
from tests.browser.camera import page_picture
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.hours import make_credit
from tests.factories.rosters import make_class

LATER = timedelta(days=1)


@pytest.fixture
def world(world: World, now: datetime, settings: Settings) -> Iterator[World]:
    settings.BASE_URL = "https://classroom.example.org"
    with time_machine.travel(now, tick=False):
        yield world


@pytest.fixture
def sessions(world: World) -> list[CourseSession]:
    """Two days of seven class hours each: what is required."""
    return world.camp()[1]


def credit(world: World, students: list[Student], *sessions: CourseSession, now: datetime) -> None:
    for student in students:
        for session in sessions:
            make_credit(by=world.manager, student=student, session=session, now=now)


def take(world: World, now: datetime, **more: Any) -> list[Certificate]:
    return certificates.take_to_print(by=world.teacher, class_group=world.group, now=now, **more)


def reverse_one(world: World, student: Student, session: CourseSession, now: datetime) -> None:
    standing = HourCredit.objects.get(student=student, session=session, reversed_by=None,
                                      class_hours__gt=0)  # fmt: skip
    ledger.reverse(by=world.manager, credit=standing, reason="点错人", now=now)


# ── who gets one ──


def test_who_has_reached_the_hours_gets_one(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first, second, third, *_rest = world.students
    credit(world, [first, second], *sessions, now=now)
    credit(world, [third], sessions[0], now=now)

    found = take(world, now)

    assert [(one.student_id, one.class_hours, one.required_hours) for one in found] == [
        (first.pk, 14, 14),
        (second.pk, 14, 14),
    ]
    assert found[0].lines == [
        {"session": sessions[0].pk, "on": "2026-12-08", "hours": 7},
        {"session": sessions[1].pk, "on": "2026-12-09", "hours": 7},
    ]
    assert all(re.fullmatch("[A-Z2-7]{16}", one.code) for one in found)
    assert {one.issued_by_id for one in found} == {world.teacher.membership_id}
    entry = AuditEntry.objects.get(verb="certificates.issued")
    assert entry.facts == {"count": 2}


def test_printed_again_it_stays_as_it_is(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)
    before = [one.code for one in take(world, now)]

    again = take(world, now + LATER)

    assert [one.code for one in again] == before
    assert Certificate.objects.count() == 5


def test_other_hours_make_another_and_the_earlier_is_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first = world.students[0]
    credit(world, [first], *sessions, now=now)
    (before,) = take(world, now)
    credit(world, [first], world.session(day=sessions[1].starts_at.date() + LATER), now=now)

    (after,) = take(world, now + LATER)

    before.refresh_from_db()
    assert (after.class_hours, after.code != before.code) == (18, True)
    assert (before.revoked_at, before.revoke_reason) == (now + LATER, "已换发新证书")
    assert before.revoked_by_id == world.teacher.membership_id


def test_chosen_students_alone_get_theirs(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)

    found = take(world, now, student_ids=[world.students[1].pk])

    assert [one.student_id for one in found] == [world.students[1].pk]
    assert Certificate.objects.count() == 1


def test_nobody_reached_and_nothing_required_are_refused(world: World, now: datetime) -> None:
    with pytest.raises(NobodyReached):
        take(world, now)
    PracticumRequirement.objects.all().delete()
    with pytest.raises(NothingRequired):
        take(world, now)
    assert not Certificate.objects.exists()


def test_hours_of_too_few_occupations_are_not_enough(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    PracticumRequirement.objects.update(min_occupations=2)
    credit(world, world.students, *sessions, now=now)

    with pytest.raises(NobodyReached):
        take(world, now)


def test_only_the_school_and_the_classs_teachers_issue(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students, *sessions, now=now)
    colleague = actor_of(MembershipFactory(organisation=world.school))

    for actor, refusal in ((colleague, NotAllowed), (world.manager, NotYours)):
        with pytest.raises(refusal):
            certificates.take_to_print(by=actor, class_group=world.group, now=now)
    assert len(
        certificates.take_to_print(by=world.coordinator, class_group=world.group, now=now)
    ) == 5  # fmt: skip


def test_one_more_good_certificate_of_a_student_is_impossible(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    made.pk, made.code = None, "A" * 16

    with pytest.raises(IntegrityError, match="certificate_live_once"), transaction.atomic():
        made.save(force_insert=True)
    for change, name in (
        ({"class_hours": 13}, "certificate_hours_reached"),
        ({"revoke_reason": "x"}, "certificate_revoked_paired"),
        ({"revoked_at": now}, "certificate_revoked_paired"),
        ({"code": "0" * 16}, "certificate_code_base32"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Certificate.objects.update(**change)


# ── what its code says ──


def state_of(certificate: Certificate) -> CertificateState:
    found = selectors.by_code(certificate.code)
    assert found is not None
    return found[1]


def test_a_correction_afterwards_makes_it_out_of_date(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:2], *sessions, now=now)
    first, second = take(world, now)
    reverse_one(world, world.students[0], sessions[1], now + LATER)

    assert state_of(first) == CertificateState.OUT_OF_DATE
    assert state_of(second) == CertificateState.VALID

    # The mistake is put right: the ledger says again what the sheet says.
    credit(world, world.students[:1], sessions[1], now=now + 2 * LATER)
    assert state_of(first) == CertificateState.VALID


def test_hours_that_only_came_to_the_same_sum_do_not_make_it_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    reverse_one(world, world.students[0], sessions[1], now)
    other = world.session(day=sessions[1].starts_at.date() + LATER, class_hours=7)
    credit(world, world.students[:1], other, now=now)

    assert state_of(made) == CertificateState.OUT_OF_DATE


def test_hours_that_came_later_leave_it_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    credit(world, world.students[:1], world.session(starts=datetime.min.time()), now=now)

    assert state_of(made) == CertificateState.VALID


def test_revoked_with_a_reason_it_is_good_no_more(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:1], *sessions, now=now)
    (made,) = take(world, now)
    with pytest.raises(RevokeReasonMissing):
        certificates.revoke(by=world.teacher, certificate=made, reason=" ", now=now)
    with pytest.raises(NotYours):
        certificates.revoke(by=world.manager, certificate=made, reason="x", now=now)

    for reason in ("学生姓名有误", "again"):
        certificates.revoke(by=world.teacher, certificate=made, reason=reason, now=now)

    made.refresh_from_db()
    assert (made.revoked_at, made.revoke_reason) == (now, "学生姓名有误")
    assert state_of(made) == CertificateState.REVOKED
    assert AuditEntry.objects.filter(verb="certificate.revoked").count() == 1


def merged(world: World, now: datetime, *, same_name: bool = True) -> merging.Merged:
    """The second student of the class is the first."""
    if same_name:
        Student.objects.filter(class_group=world.group, seat_no__in=[1, 2]).update(name="李子涵")
    survivor, duplicate = world.students[:2]
    return merging.merge(by=world.coordinator, survivor=survivor, duplicate=duplicate, now=now)


def public_word(certificate: Certificate) -> str:
    """What the page behind the code says of it."""
    page = shown(Client().get(f"/verify/{certificate.code}/"))
    (word,) = [one for one in ("有效", "已过时", "已作废") if f" {one} " in page]
    return word


def test_merged_into_a_row_without_hours_the_same_sheet_stays_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    survivor, duplicate = world.students[:2]
    credit(world, [duplicate], *sessions, now=now)
    (made,) = take(world, now)

    done = merged(world, now + LATER)

    made.refresh_from_db()
    assert (made.student_id, done.revoked) == (survivor.pk, 0)
    assert public_word(made) == "有效"
    assert [one.code for one in take(world, now + LATER)] == [made.code]
    reverse_one(world, survivor, sessions[0], now)
    assert state_of(made) == CertificateState.OUT_OF_DATE


def test_merged_a_sheet_with_another_name_is_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    duplicate = world.students[1]
    credit(world, [duplicate], *sessions, now=now)
    (made,) = take(world, now)

    done = merged(world, now + LATER, same_name=False)

    made.refresh_from_db()
    assert (made.revoked_at, made.revoked_by_id, made.revoke_reason) == (
        now + LATER,
        world.coordinator.membership_id,
        "合并重复的学生",
    )
    assert done.revoked == 1
    assert public_word(made) == "已作废"
    assert AuditEntry.objects.get(verb="certificates.revoked").facts == {"count": 1}


def test_of_two_sheets_of_one_child_one_stays_good(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    credit(world, world.students[:2], *sessions, now=now)
    own, other = take(world, now)

    done = merged(world, now + LATER)

    assert done.revoked == 1
    assert [public_word(own), public_word(other)] == ["有效", "已作废"]


def test_sheets_that_the_ledger_no_longer_says_after_merging_are_revoked(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    """Each of the two reached the hours, partly elsewhere: neither sheet says it all."""
    first, second = world.students[:2]
    more = world.session(day=sessions[1].starts_at.date() + LATER)
    credit(world, [first], *sessions, now=now)
    credit(world, [second], *sessions, more, now=now)
    own, other = take(world, now)

    done = merged(world, now + LATER)

    assert done.hours == more.class_hours
    # The duplicate's says just what the survivor has now.
    assert (done.revoked, public_word(own), public_word(other)) == (1, "已作废", "有效")


def test_hours_that_came_before_merging_leave_the_sheet_as_true_as_it_was(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    first = world.students[0]
    credit(world, [first], *sessions, now=now)
    (own,) = take(world, now)
    credit(world, [first], world.session(day=sessions[1].starts_at.date() + LATER), now=now)

    done = merged(world, now + LATER)

    assert (done.revoked, public_word(own)) == (0, "有效")


def test_erased_nothing_is_certified_any_more(
    world: World, sessions: list[CourseSession], now: datetime
) -> None:
    student = world.students[0]
    credit(world, world.students[:2], *sessions, now=now)
    made, other = take(world, now)

    erasure.erase_student(by=world.coordinator, student=student, typed_name=student.name, now=now)

    assert state_of(made) == CertificateState.REVOKED
    assert state_of(other) == CertificateState.VALID
    entry = AuditEntry.objects.get(verb="certificates.revoked")
    assert entry.facts == {"count": 1}


# ── the public page ──


def shown(response: Any) -> str:
    text = re.sub(r"<[^>]+>", " ", response.content.decode().split("<main", 1)[1])
    return " ".join(text.split("<footer")[0].split())


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
