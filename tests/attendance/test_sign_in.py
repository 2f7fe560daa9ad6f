"""The sign-in sheet on paper: who is expected, masked, with room to write, and on the record."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, Membership
from bookings.models import Booking, Companion
from rosters import sealing
from rosters.choices import NeedKind
from rosters.models import Student, StudentNeed
from tests.attendance.conftest import Door
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def sheet(door: Door, membership: Membership | None = None) -> Any:
    client = signed_in(membership or door.manager_membership)
    return client.get(f"/desk/{door.session.pk}/sign-in.pdf")


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def second_class(door: Door, size: int) -> None:
    group = door.world.new_group(4, size)
    door.world.teach(group)
    make_booking(
        by=door.world.teacher,
        session=door.session,
        class_group=group,
        now=door.now - timedelta(days=5),
    )


def test_each_class_has_its_page_with_masked_names_in_seat_order(door: Door) -> None:
    Student.objects.filter(pk=door.students[0].pk).update(name="欧阳思远")
    second_class(door, 3)

    answer = sheet(door)

    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/pdf", "no-store")
    assert answer["Content-Disposition"] == f'inline; filename="sign-in-{door.session.pk}.pdf"'
    first, second = pages_of(answer.content)
    head = "签到表 面包师：吐司与软欧 12 月 8 日（周二）9:00–11:30 焙烤实训中心 1 号实训室"
    assert head in first
    assert head in second
    assert "清河中学 七(3)班 应到 5 人" in first.replace("班应", "班 应")
    assert "1 欧○○ 2 学○○ 3 学○○ 4 学○○ 5 学○○" in first
    assert "带队：王老师 13900000001、李老师" in first
    assert "指导教师：赵师傅" in first
    for words in ("进场点数", "离场点数", "签到时间", "签退时间", "带队教师签名", "1 / 1"):
        assert words in first
    assert "清河中学 李师傅 打印" not in first
    assert "曹杨职业技术学校 李师傅 打印，2026 年 12 月 8 日（周二）8:50" in first
    assert "1 学○○ 2 学○○ 3 学○○" in second
    assert "欧○" not in second
    assert "思远" not in first


def test_names_read_are_on_the_record_for_the_school(door: Door) -> None:
    sheet(door, door.instructor)

    entry = AuditEntry.objects.get(facts__context="sign_in_sheet")
    assert (entry.verb, entry.school_id, entry.facts["count"], entry.membership_id) == (
        "names.read",
        door.world.school.pk,
        5,
        door.instructor.pk,
    )


def test_needs_are_a_mark_for_who_teaches_the_session_alone(door: Door) -> None:
    need = StudentNeed(student=door.students[2], kind=NeedKind.DIET, noted_at=door.now)
    need.sealed = sealing.seal("不吃花生", owner=need.seal_owner)
    need.save()

    (hers,) = pages_of(sheet(door, door.instructor).content)
    (his,) = pages_of(sheet(door, door.manager_membership).content)

    assert "2 学○○ 3 学○○ ◆ 4 学○○" in hers
    assert "◆ 有需要照顾的事项" in hers
    assert "花生" not in hers
    assert "◆" not in his
    entry = AuditEntry.objects.get(verb="needs.read")
    assert (entry.facts["context"], entry.facts["count"]) == ("sign_in_sheet", 1)


def test_seats_without_names_are_lines_to_write_on(door: Door) -> None:
    Booking.objects.filter(pk=door.booking.pk).update(seats=32)

    first, second = pages_of(sheet(door).content)

    assert "应到 32 人" in first
    assert "5 学○○" in first
    # The lines take a second page, and nobody's name stands on them.
    assert "座号 姓名 注意" in second
    assert "学○○" not in second


def test_a_large_class_goes_on_to_a_second_page_of_its_own(door: Door) -> None:
    second_class(door, 32)
    Companion.objects.update(phone="")

    pages = pages_of(sheet(door).content)

    assert [re.findall(r"\d / \d", page) for page in pages] == [["1 / 1"], ["1 / 2"], ["2 / 2"]]
    assert "32 学○○" in pages[2]
    assert "座号 姓名 注意 签到时间 签名" in pages[2]


@pytest.mark.parametrize("days", [-5, 9])
def test_out_of_their_time_no_names_are_printed(door: Door, days: int) -> None:
    with time_machine.travel(door.now + timedelta(days=days), tick=False):
        answer = sheet(door)

    assert answer.status_code == 409
    assert not AuditEntry.objects.filter(facts__context="sign_in_sheet").exists()


def test_only_who_keeps_the_door_prints_it(door: Door) -> None:
    colleague = MembershipFactory(organisation=door.world.host, instructor=True)
    stranger = MembershipFactory(host_manager=True)

    assert sheet(door, door.instructor).status_code == 200
    assert sheet(door, colleague).status_code in (403, 404)
    assert sheet(door, stranger).status_code == 404
    assert sheet(door, door.world.teacher_membership).status_code == 403


def test_it_costs_the_same_with_one_class_and_with_three(
    door: Door, django_assert_num_queries: Any
) -> None:
    client = signed_in(door.manager_membership)
    address = f"/desk/{door.session.pk}/sign-in.pdf"
    client.get(address)

    with django_assert_num_queries(9):
        client.get(address)
    for number in (5, 6):
        group = door.world.new_group(number, 2)
        door.world.teach(group)
        make_booking(
            by=door.world.teacher,
            session=door.session,
            class_group=group,
            now=door.now - timedelta(days=5),
        )
    with django_assert_num_queries(9):
        client.get(address)


def test_desk_and_day_page_lead_to_it(door: Door) -> None:
    client = signed_in(door.manager_membership)
    link = f'href="/desk/{door.session.pk}/sign-in.pdf"'

    for page in (f"/desk/{door.session.pk}/", "/today/"):
        assert client.get(page).content.decode().count(link) == 1
