"""The class's badges and their sheet; the page that a badge opens for whoever holds it."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry, Membership
from attendance.models import Badge
from attendance.services import badges, throttle
from config.labels import class_label
from rosters.models import Student
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

    assert "没有要打印的胸牌。" in page.content.decode()


def test_badge_is_reissued_with_a_reason(client: Client, door: Door) -> None:
    student = door.students[1]
    there = address(door, f"badges/{student.pk}/")

    asked = client.get(there)
    blank = client.post(there, {"reason": " "})
    done = client.post(there, {"reason": "遗失", "then": "reissue"}, follow=True)

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
        done = client.post(there, sent | {"then": "reissue"}, follow=True)

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


def printed(answer: Any, page: int = 0) -> list[str]:
    """The codes on a page of the sheet, in class order."""
    assert answer["Content-Type"] == "application/pdf"
    return [code.text for code in read(page_picture(answer.content, dpi=150, page=page))]


def code_of(student: Student) -> str:
    return Badge.objects.live().get(student=student).code


def test_chosen_students_badges_alone_are_printed(client: Client, door: Door) -> None:
    chosen = [door.students[3], door.students[1]]

    answer = client.post(
        address(door, "badges.pdf"),
        {"which": "chosen", "student": [student.pk for student in chosen]},
    )

    assert printed(answer) == [door.badges[2].code, door.badges[4].code]
    assert Badge.objects.exclude(printed_at=None).count() == 2
    # Another school's student, and nobody.
    stranger = StudentFactory()
    for ticked in ([stranger.pk], ["x"], []):
        page = client.post(
            address(door, "badges.pdf"), {"which": "chosen", "student": ticked}, follow=True
        )
        assert page["Content-Type"].startswith("text/html")
    assert not stranger.badges.exists()


def test_new_ones_are_those_on_no_sheet_yet(client: Client, door: Door) -> None:
    client.post(address(door, "badges.pdf"), {"which": "all"})
    client.post(
        address(door, f"badges/{door.students[2].pk}/"), {"reason": "遗失", "then": "reissue"}
    )
    joined = StudentFactory(class_group=door.world.group, seat_no=6)

    page = client.get(address(door, "badges/"))
    answer = client.post(address(door, "badges.pdf"), {"which": "new"})

    assert "只打印新的 2 张" in page.content.decode()
    assert printed(answer) == [code_of(door.students[2]), code_of(joined)]
    again = client.post(address(door, "badges.pdf"), {"which": "new"}, follow=True)
    assert "没有要打印的胸牌。" in again.content.decode()


def test_class_is_issued_anew_and_printed(client: Client, door: Door) -> None:
    client.post(address(door, "badges.pdf"))
    before = set(Badge.objects.values_list("code", flat=True))
    there = address(door, "badges/all/")

    asked = client.get(there)
    blank = client.post(there, {"reason": " ", "then": "reissue"})
    assert set(Badge.objects.live().values_list("code", flat=True)) == before
    done = client.post(there, {"reason": "全班重新制卡", "then": "reissue"}, follow=True)
    sheet = client.post(address(door, "badges.pdf"), {"which": "new"})

    assert f"{class_label(door.world.group)}全班换发胸牌？" in asked.content.decode()
    assert "5 张胸牌马上作废" in asked.content.decode()
    assert blank.status_code == 200
    assert "已补发 5 张，旧胸牌全部作废。" in done.content.decode()
    found = printed(sheet)
    assert found == [code_of(student) for student in door.students]
    assert before.isdisjoint(found)
    assert set(
        Badge.objects.exclude(revoked_at=None).values_list("revoke_reason", "revoked_at")
    ) == {("全班重新制卡", door.now)}
    entry = AuditEntry.objects.get(verb="badges.revoked")
    assert entry.facts == {"count": 5}


def test_class_or_student_is_left_without_badges(client: Client, door: Door) -> None:
    first = client.post(
        address(door, f"badges/{door.students[0].pk}/"),
        {"reason": "转学", "then": "revoke"},
        follow=True,
    )
    assert "胸牌已作废。" in first.content.decode()
    assert Badge.objects.live().count() == 4
    asked = client.get(address(door, f"badges/{door.students[0].pk}/"))
    assert "这名学生现在没有可用的胸牌。" in asked.content.decode()

    rest = client.post(
        address(door, "badges/all/"), {"reason": "学年结束", "then": "revoke"}, follow=True
    )

    assert "4 张胸牌已作废。" in rest.content.decode()
    assert not Badge.objects.live().exists()
    assert Badge.objects.count() == 5


def test_several_classes_are_one_pdf_in_class_order(client: Client, door: Door) -> None:
    second = door.world.new_group(4, 3)
    door.world.teach(second)
    others = list(second.students.order_by("seat_no"))
    both = [second.pk, door.world.group.pk]

    shown = client.get("/classes/badges/")
    apart = client.post("/classes/badges.pdf", {"class_group": both, "apart": "yes"})
    together = client.post("/classes/badges.pdf", {"class_group": both})

    rows = [(group.pk, group.students_here, group.unprinted) for group in shown.context["classes"]]
    assert rows == [(door.world.group.pk, 5, 5), (second.pk, 3, 3)]
    own = [door.badges[seat].code for seat in range(1, 6)]
    new = [code_of(student) for student in others]
    assert [printed(apart, page) for page in (0, 1)] == [own, new]
    assert printed(together) == own + new
    # One reading of names for each class.
    reads = AuditEntry.objects.filter(verb="names.read", facts__context="badge_sheet")
    assert sorted(reads.values_list("target", "facts__count")) == sorted(
        [(f"rosters.classgroup:{door.world.group.pk}", 5), (f"rosters.classgroup:{second.pk}", 3)]
        * 2
    )
    shown = client.get("/classes/badges/")
    assert [group.unprinted for group in shown.context["classes"]] == [0, 0]


def test_nobody_prints_classes_that_are_not_theirs(client: Client, door: Door) -> None:
    colleagues = door.world.new_group(4, 2)

    for chosen in ([], [colleagues.pk], ["x"]):
        page = client.post("/classes/badges.pdf", {"class_group": chosen}, follow=True)
        assert "请先勾选要打印的班级。" in page.content.decode()

    assert not Badge.objects.filter(student__class_group=colleagues).exists()
    coordinator = Membership.objects.get(pk=door.world.coordinator.membership_id)
    page = signed_in(coordinator).get("/classes/badges/")
    assert colleagues.pk in [group.pk for group in page.context["classes"]]


def test_choice_of_classes_costs_the_same_with_one_class_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any
) -> None:
    client.get("/classes/badges/")
    with django_assert_num_queries(6) as one:
        client.get("/classes/badges/")
    for number in (4, 5):
        door.world.teach(door.world.new_group(number, 2))
    with django_assert_num_queries(len(one)):
        client.get("/classes/badges/")


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
    assert "这张胸牌已作废（12 月 8 日（周二）8:50）。请扫新胸牌" in page.content.decode()


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
