"""The class's badges and their sheet; the page that a badge opens for whoever holds it."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, Membership
from attendance.models import Badge
from attendance.services import badges, throttle
from tests.attendance.conftest import Door
from tests.attendance.test_documents import page_picture, read
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import StudentFactory


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


@pytest.fixture
def client(door: Door) -> Client:
    return signed_in(door.world.teacher_membership)


def address(door: Door, end: str) -> str:
    return f"/classes/{door.world.group.pk}/{end}"


def test_class_page_shows_who_has_a_badge(client: Client, door: Door) -> None:
    StudentFactory(class_group=door.world.group, seat_no=6)

    page = client.get(address(door, "badges/"))

    assert page.context["missing"] == 1
    assert [badge is not None for _student, badge in page.context["rows"]] == [True] * 5 + [False]
    assert "1 名学生还没有胸牌" in page.content.decode()
    assert not any(badge.code in page.content.decode() for badge in door.badges.values())
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["count"]) == ("badges", 6)


def test_class_page_costs_the_same_with_one_student_more_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any
) -> None:
    client.get(address(door, "badges/"))
    with django_assert_num_queries(9):
        client.get(address(door, "badges/"))
    StudentFactory.create_batch(2, class_group=door.world.group)
    with django_assert_num_queries(9):
        client.get(address(door, "badges/"))


def test_sheet_is_printed_with_the_classs_own_badges_in_seat_order(
    client: Client, door: Door
) -> None:
    answer = client.get(address(door, "badges.pdf"))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store"
    assert door.students[0].name not in answer["Content-Disposition"]
    found = read(page_picture(answer.content, dpi=150))
    assert [code.text for code in found] == [door.badges[seat].code for seat in range(1, 6)]
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["count"]) == ("badge_sheet", 5)


def test_looking_at_the_sheet_issues_nothing_and_printing_does(client: Client, door: Door) -> None:
    StudentFactory(class_group=door.world.group, seat_no=6)

    looked = client.get(address(door, "badges.pdf"))
    assert (looked.status_code, looked["Location"]) == (302, address(door, "badges/"))
    assert Badge.objects.count() == 5
    printed = client.post(address(door, "badges.pdf"))

    assert printed["Content-Type"] == "application/pdf"
    assert Badge.objects.live().count() == 6
    assert client.get(address(door, "badges.pdf")).status_code == 200


def test_class_without_students_has_nothing_to_print(client: Client, door: Door) -> None:
    group = door.world.new_group(7, 0)
    door.world.teach(group)

    page = client.post(f"/classes/{group.pk}/badges.pdf", follow=True)

    assert "班里还没有学生，没有可以打印的胸牌。" in page.content.decode()


def test_badge_is_reissued_with_a_reason(client: Client, door: Door) -> None:
    student = door.students[1]
    there = address(door, f"badges/{student.pk}/")

    asked = client.get(there)
    blank = client.post(there, {"reason": " "})
    done = client.post(there, {"reason": "遗失"}, follow=True)

    assert "给 2 号补发胸牌？" in asked.content.decode()
    assert blank.status_code == 200
    assert "已补发，旧胸牌作废。" in done.content.decode()
    assert Badge.objects.live().get(student=student).code != door.badges[2].code
    assert client.get(address(door, "badges.pdf")).status_code == 200


@pytest.mark.parametrize("seat", [2, 6], ids=["who has one", "who has none"])
def test_badge_form_sent_twice_issues_one_badge(client: Client, door: Door, seat: int) -> None:
    student = (
        door.badges[seat].student
        if seat in door.badges
        else StudentFactory(class_group=door.world.group, seat_no=seat)
    )
    there = address(door, f"badges/{student.pk}/")
    sent = client.get(there).context["form"].initial

    for _press in range(2):
        done = client.post(there, sent, follow=True)

    assert "已补发，旧胸牌作废。" in done.content.decode()
    assert Badge.objects.filter(student=student).count() == (2 if seat in door.badges else 1)
    assert AuditEntry.objects.filter(verb="badge.issued").count() == 1


def test_badges_of_a_class_are_for_its_school_and_its_teachers(door: Door) -> None:
    coordinator = Membership.objects.get(pk=door.world.coordinator.membership_id)
    colleague = MembershipFactory(organisation=door.world.school)
    stranger = MembershipFactory(coordinator=True)
    ends = ("badges/", "badges.pdf", f"badges/{door.students[0].pk}/")

    def statuses(client: Client) -> list[int]:
        return [client.get(address(door, end)).status_code for end in ends]

    assert statuses(signed_in(coordinator)) == [200, 200, 200]
    assert statuses(signed_in(stranger)) == [404, 404, 404]
    assert statuses(signed_in(door.manager_membership)) == [403, 403, 403]
    assert statuses(signed_in(MembershipFactory(secretariat=True))) == [403, 403, 403]
    assert statuses(Client()) == [302, 302, 302]
    # A teacher of the school who does not teach the class changes nothing in it.
    client = signed_in(colleague)
    posted = [client.post(address(door, end), {"reason": "x"}).status_code for end in ends[1:]]
    assert set(posted) <= {403, 404}
    assert Badge.objects.count() == 5


def test_student_of_another_class_is_not_found_here(client: Client, door: Door) -> None:
    other = door.world.new_group(4, 1).students.get()

    assert client.get(address(door, f"badges/{other.pk}/")).status_code == 404


def look(code: str, number: str = "", **more: Any) -> Any:
    return Client(REMOTE_ADDR=more.pop("ip", "10.0.0.1")).post(
        "/badge/", {"code": code, "student_no": number}
    )


def test_badge_page_shows_hours_and_a_date_and_no_more(door: Door) -> None:
    page = look(door.badges[1].code)

    text = page.content.decode()
    assert page.status_code == 200
    assert "12 月 8 日（周二）" in text
    assert (page.context["found"].required, page.context["found"].booked) == (14, 4)
    for secret in (door.students[0].name, "焙烤实训中心", "9:00", "面包师", "清河"):
        assert secret not in text
    assert "no-store" in page["Cache-Control"]
    # Stricter, the browser would send no origin with the form and be refused.
    assert page["Referrer-Policy"] == "same-origin"


def test_badge_page_shows_the_place_to_who_knows_the_number(door: Door) -> None:
    student = door.students[0]

    page = look(door.badges[1].code.lower(), f" {student.student_no} ")

    text = page.content.decode()
    assert "焙烤实训中心 1号实训室" in text
    assert "12 月 8 日（周二）9:00–11:30" in text
    assert student.name not in text


def test_wrong_number_is_said_and_shows_no_more(door: Door) -> None:
    page = look(door.badges[1].code, "999")

    text = page.content.decode()
    assert "学号与胸牌不符，只能看到学时和日期。" in text
    assert "焙烤实训中心" not in text


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("A" * 16, "没有这个胸牌码。请对照胸牌上的 16 个字符再试。"),
        ("🎂", "没有这个胸牌码。请对照胸牌上的 16 个字符再试。"),
        ("", "请输入胸牌上的 16 个字符。"),
    ],
)
def test_code_that_is_none_gets_a_sentence(door: Door, code: str, sentence: str) -> None:
    page = look(code)

    assert page.status_code == (409 if code else 200)
    assert sentence in page.content.decode()
    assert page.context["found"] is None


def test_html_in_the_code_stays_text(door: Door) -> None:
    page = look("<script>alert(1)</script>")

    assert "<script>alert" not in page.content.decode()
    assert "&lt;script&gt;alert(1)" in page.content.decode()


def test_revoked_badge_has_its_own_sentence(door: Door) -> None:
    badges.revoke(by=door.world.coordinator, badge=door.badges[1], reason="遗失", now=door.now)

    page = look(door.badges[1].code)

    assert page.status_code == 409
    assert "这张胸牌已作废，请用补发的新胸牌。" in page.content.decode()


def test_guessing_is_shut_out_and_own_badges_are_not_counted(door: Door) -> None:
    for _ in range(30):
        assert look(door.badges[1].code).status_code == 200
    for _ in range(throttle.MISSES):
        assert look("A" * 16).status_code == 409

    page = look(door.badges[1].code)

    assert page.status_code == 429
    assert "输入次数太多，请过 10 分钟再试。" in page.content.decode()
    assert look(door.badges[1].code, ip="10.0.0.2").status_code == 200


def test_guessing_numbers_shuts_the_badge(door: Door) -> None:
    for host in range(throttle.MISSES):
        look(door.badges[1].code, str(host), ip=f"10.0.1.{host}")

    assert look(door.badges[1].code, ip="10.0.2.1").status_code == 429
    assert look(door.badges[2].code, ip="10.0.2.1").status_code == 200


def test_badge_page_is_open_to_everybody_and_in_no_address(door: Door) -> None:
    page = Client().get(f"/badge/?code={door.badges[1].code}")

    assert page.status_code == 200
    assert page.context["found"] is None
