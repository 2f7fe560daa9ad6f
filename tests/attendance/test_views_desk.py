"""The desk's pages, as a browser without scripts sends its forms, and as the page's script does."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.choices import Role
from accounts.models import AuditEntry, Membership
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn, Conflict, Desk
from attendance.services import badges
from bookings.models import Companion, Place
from courses.models import CourseSession
from hours.models import HourCredit
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import make_tablet
from tests.factories.accounts import MembershipFactory, OrganisationFactory
from tests.factories.attendance import close_desk, let_in, make_badges
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory


@pytest.fixture(autouse=True)
def clock(door: Door) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(door.now, tick=False) as at:
        yield at


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


@pytest.fixture
def client(door: Door) -> Client:
    return signed_in(door.manager_membership)


def address(door: Door, end: str = "") -> str:
    return f"/desk/{door.session.pk}/{end}"


def scan(client: Client, door: Door, code: str, *, json: bool = False, **more: Any) -> Any:
    return client.post(
        address(door, "check-in/"),
        {"code": code, "event_id": str(uuid4()), "way_in": "typed"} | more,
        headers={"Accept": "application/json"} if json else {},
    )


def seats(page: Any) -> dict[int, str]:
    return {seat.seat_no: seat.mark for group in page.context["groups"] for seat in group.seats}


def test_desks_of_today_are_listed(client: Client, door: Door) -> None:
    page = client.get("/desk/")

    (row,) = page.context["rows"]
    assert row["session"] == door.session
    assert (row["headline"].occupation, row["where"]) == ("面包师", "焙烤实训中心 1号实训室")
    assert "9:00–11:30 面包师" in page.content.decode()


def test_day_without_sessions_says_so(
    client: Client, clock: time_machine.Traveller, door: Door
) -> None:
    clock.move_to(door.now + timedelta(days=1))

    assert "今天没有场次" in client.get("/desk/").content.decode()


def test_a_session_that_nobody_booked_says_so(client: Client, door: Door) -> None:
    assert "没有预约" not in client.get("/desk/").content.decode()

    door.world.session(day=local_day(door.now))

    assert client.get("/desk/").content.decode().count("没有预约") == 1


def test_list_costs_the_same_with_one_desk_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any
) -> None:
    client.get("/desk/")
    with django_assert_num_queries(7):
        client.get("/desk/")
    for _ in range(2):
        door.world.session(day=local_day(door.now))
    with django_assert_num_queries(7):
        client.get("/desk/")


def test_desk_shows_the_class_by_seat_and_records_the_reading(client: Client, door: Door) -> None:
    page = client.get(address(door))

    text = page.content.decode()
    assert page.status_code == 200
    assert seats(page) == {1: "", 2: "", 3: "", 4: "", 5: ""}
    assert all(student.name in text for student in door.students)
    assert door.students[0].name not in text.split("</head>")[0]
    assert "no-store" in page["Cache-Control"]
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["count"]) == ("desk", 5)


@pytest.mark.parametrize("count", [1, 3])
def test_desk_costs_the_same_with_one_student_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any, count: int
) -> None:
    Place.objects.filter(session=door.session, student__seat_no__gt=count).update(is_live=False)
    for student in door.students[:count]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    client.get(address(door))

    with django_assert_num_queries(11):
        page = client.get(address(door))

    assert seats(page) == dict.fromkeys(range(1, count + 1), "present")


def test_typed_code_lets_in_and_shows_who(client: Client, door: Door) -> None:
    page = scan(client, door, door.badges[2].code.lower())

    assert page.status_code == 200
    assert (page.context["result"].look, page.context["result"].word) == ("in", "已签到")
    assert page.context["result"].person == door.badges[2].student.name
    assert page.context["result"].detail == "座号 2 · 七(3)班 · 8:50"
    assert seats(page)[2] == "present"
    assert CheckIn.objects.get().way_in == WayIn.TYPED


def test_late_arrival_is_told_so(client: Client, door: Door, clock: time_machine.Traveller) -> None:
    clock.move_to(door.session.starts_at + 16 * MINUTE)

    page = scan(client, door, door.badges[2].code)

    assert page.context["result"].detail == "座号 2 · 七(3)班 · 9:16 · 迟到"
    assert seats(page)[2] == "late"


def test_scanned_badge_is_answered_in_parts(client: Client, door: Door) -> None:
    answer = scan(client, door, door.badges[2].code, json=True, way_in="camera")

    reply = answer.json()
    assert (answer.status_code, reply["look"]) == (200, "in")
    assert "已签到" in reply["html"]
    assert sorted(reply) == ["counts", "html", "look", "place", "seat"]
    assert reply["place"] == str(door.place(2).pk)
    assert reply["seat"].startswith(
        f'<button class="seat in now" type="submit" name="place" value="{door.place(2).pk}">'
    )
    assert re.findall(r"<b>(\d+)</b>", reply["counts"]) == ["1", "4", "0", "0"]
    assert "现在在场 1 人，已签退 0 人。" in reply["counts"]
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["students"]) == ("desk", [door.students[1].pk])
    assert CheckIn.objects.get().way_in == WayIn.CAMERA


@pytest.mark.parametrize("count", [1, 3])
def test_answer_to_a_scan_costs_the_same_with_one_student_inside_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any, count: int
) -> None:
    for student in door.students[:count]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
    client.get(address(door))

    with django_assert_num_queries(14):
        scan(client, door, door.badges[4].code, json=True)


def test_board_alone_is_what_every_device_did(client: Client, door: Door) -> None:
    ask: dict[str, Any] = {"headers": {"Accept": "application/json"}}
    before = client.get(address(door), **ask)
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    out = client.get(address(door, "?mode=out"), **ask).json()
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)

    closed = client.get(address(door, "?mode=out"), **ask).json()

    assert "no-store" in before["Cache-Control"]
    assert 'class="seat in"' not in before.json()["board"]
    assert out["board"].count('class="seat in"') == 1
    assert 'name="mode" value="out"' in out["board"]
    assert closed == {"go": f"/desk/{door.session.pk}/?mode=out"}


def test_second_scan_is_yellow_and_says_since_when(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    scan(client, door, door.badges[2].code)
    clock.shift(7 * MINUTE)

    page = scan(client, door, door.badges[2].code)

    assert page.status_code == 200
    assert (page.context["result"].look, page.context["result"].word) == ("dup", "已签过到")
    assert page.context["result"].detail == "座号 2 · 七(3)班 · 8:50 已签到，不重复计学时。"


def refusals(door: Door) -> dict[str, str]:
    """Codes that the door refuses, by why."""
    revoked = door.badges[5].code
    badges.reissue(
        by=door.world.coordinator, student=door.badges[5].student, reason="遗失", now=door.now
    )
    stranger = door.world.new_group(9, 1, school=OrganisationFactory())
    return {
        "胸牌已作废": revoked,
        "没有这个码": "A" * 16,
        "不在本场": make_badges(stranger, now=door.now)[1].code,
    }


@pytest.mark.parametrize("word", ["胸牌已作废", "没有这个码", "不在本场"])
def test_refused_badge_is_red_and_names_nobody(client: Client, door: Door, word: str) -> None:
    code = refusals(door)[word]
    name = door.badges[5].student.name

    page = scan(client, door, code)
    reply = scan(client, door, code, json=True)

    result = page.context["result"]
    assert (page.status_code, reply.status_code) == (409, 409)
    assert (result.look, result.word, result.person) == ("out", word, "")
    assert sorted(reply.json()) == ["html", "look"]
    assert reply.json()["look"] == "out"
    assert name not in reply.json()["html"]
    # What was typed is kept.
    assert f'value="{code}"' in page.content.decode()
    assert not CheckIn.objects.exists()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"code": ""}, "没有读到胸牌码"),
        ({"event_id": "no uuid"}, "没有读到胸牌码"),
        ({"way_in": "teleport"}, "没有读到胸牌码"),
        ({"code": "A" * 10_000}, "没有读到胸牌码"),
        ({"code": "\x00"}, "没有读到胸牌码"),
    ],
)
def test_misshapen_scan_is_a_sentence(
    client: Client, door: Door, values: dict[str, str], why: str
) -> None:
    page = scan(client, door, **({"code": "A" * 16} | values))

    assert page.status_code == 422
    assert page.context["result"].word == why


def test_early_desk_is_shut_with_the_reason(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    clock.move_to(door.session.starts_at - 61 * MINUTE)

    page = client.get(address(door))
    refused = scan(client, door, door.badges[2].code)

    assert "本场 12 月 8 日（周二）8:00 开始签到。" in page.content.decode()
    assert not page.context["is_open"]
    assert b"code-form" not in page.content
    assert refused.status_code == 409
    assert not CheckIn.objects.exists()


def test_names_are_for_a_few_days_only(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    clock.move_to(door.now + timedelta(days=8))

    page = client.get(address(door))

    assert page.status_code == 409
    assert door.students[0].name not in page.content.decode()


def test_tapped_seat_is_in_and_then_opens_the_students_page(client: Client, door: Door) -> None:
    place = door.place(3)

    first = client.post(address(door, "tick/"), {"place": place.pk, "mode": "in"})
    again = client.post(address(door, "tick/"), {"place": place.pk, "mode": "in"})

    assert first.context["result"].word == "已签到"
    assert again.url == f"/desk/{door.session.pk}/places/{place.pk}/"
    assert CheckIn.objects.get().way_in == WayIn.TICK


def test_tapped_seat_answers_the_script(client: Client, door: Door) -> None:
    place = door.place(3)
    ask = {"path": address(door, "tick/"), "headers": {"Accept": "application/json"}}

    first = client.post(data={"place": place.pk, "mode": "in"}, **ask).json()
    again = client.post(data={"place": place.pk, "mode": "in"}, **ask).json()
    menu = client.post(data={"place": door.place(4).pk, "mode": "menu"}, **ask).json()

    assert first["look"] == "in"
    assert again == {"go": f"/desk/{door.session.pk}/places/{place.pk}/"}
    assert menu == {"go": f"/desk/{door.session.pk}/places/{door.place(4).pk}/?mode=menu"}
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("place", ["", "x", "-1", "0", "９", "9" * 40])
def test_seat_that_is_none_is_not_found(client: Client, door: Door, place: str) -> None:
    assert client.post(address(door, "tick/"), {"place": place}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "mark", "sentence"),
    [
        ("absent", "absent", "3 号：记为缺席。"),
        ("excused", "excused", "3 号：记为请假。"),
    ],
)
def test_student_is_marked_on_the_own_page(
    client: Client, door: Door, kind: str, mark: str, sentence: str
) -> None:
    there = address(door, f"places/{door.place(3).pk}/")

    page = client.post(there, {"kind": kind, "event_id": str(uuid4())}, follow=True)

    assert seats(page)[3] == mark
    assert sentence in page.content.decode()


def test_leaving_and_undoing_on_the_own_page(client: Client, door: Door) -> None:
    there = address(door, f"places/{door.place(3).pk}/")
    before = client.get(there)
    nobody = client.post(there, {"kind": "out", "event_id": str(uuid4())})
    let_in(door.students[2], by=door.manager, session=door.session, now=door.now - MINUTE)

    left = client.post(there, {"kind": "out", "event_id": str(uuid4())}, follow=True)
    shown = client.get(there)
    undoing = {"kind": "void", "event_id": str(shown.context["event_id"])}
    undone = client.post(there, undoing, follow=True)
    twice = client.post(there, undoing, follow=True)
    nothing = client.post(there, {"kind": "juggle"}, follow=True)

    assert 'value="out"' not in before.content.decode()
    assert 'value="out"' in shown.content.decode()
    assert nobody.status_code == 409
    assert nobody.context["result"].detail == "这名学生还没有签到，不能签退。"
    assert seats(left)[3] == "left_early"
    assert "8:49 签到" in shown.content.decode()
    assert "8:50 签退" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert seats(undone)[3] == "present"
    assert seats(twice)[3] == "present"
    assert "没有改动。" in nothing.content.decode()


def test_classmate_is_offered_by_number_and_takes_the_seat(client: Client, door: Door) -> None:
    classmate = StudentFactory(class_group=door.world.group, seat_no=6, name="百里飞雪")
    place = door.place(2)
    there = address(door, f"places/{place.pk}/")

    shown = client.get(there)
    page = client.post(there, {"swap": str(classmate.pk)}, follow=True)

    assert shown.context["classmates"] == [(classmate.pk, 6)]
    assert "百里飞雪" not in shown.content.decode()
    assert seats(page) == {1: "", 3: "", 4: "", 5: "", 6: ""}
    assert client.get(there).status_code == 404


def test_place_page_costs_the_same_with_one_classmate_and_with_three(
    client: Client, door: Door, django_assert_num_queries: Any
) -> None:
    there = address(door, f"places/{door.place(2).pk}/")
    StudentFactory(class_group=door.world.group)
    client.get(there)
    with django_assert_num_queries(9):
        client.get(there)
    StudentFactory.create_batch(2, class_group=door.world.group)
    with django_assert_num_queries(9):
        client.get(there)


def test_tick_keeps_why_no_badge_was_shown(client: Client, door: Door) -> None:
    board = client.get(address(door)).content.decode()
    for seat, why in ((1, "lost"), (2, ""), (3, "<b>")):
        client.post(
            address(door, "tick/"), {"place": door.place(seat).pk, "mode": "in", "no_badge": why}
        )
    scan(client, door, door.badges[4].code)

    assert '<option value="not_shown" selected>没出示胸牌</option>' in board
    assert '<option value="lost">胸牌遗失</option>' in board
    kept = dict(CheckIn.objects.values_list("student__seat_no", "reason"))
    assert kept == {1: "lost", 2: "not_shown", 3: "not_shown", 4: ""}


def test_board_keeps_the_reason_that_was_chosen_last(client: Client, door: Door) -> None:
    answer = client.post(
        address(door, "tick/"),
        {"place": door.place(1).pk, "mode": "in", "no_badge": "forgotten"},
    ).content.decode()

    assert '<option value="forgotten" selected>忘带胸牌</option>' in answer
    assert answer.count(" selected") == 1


def test_students_page_lists_what_happened_and_why(client: Client, door: Door) -> None:
    there = address(door, f"places/{door.place(1).pk}/")
    assert "签到记录" not in client.get(there).content.decode()
    client.post(
        address(door, "tick/"), {"place": door.place(1).pk, "mode": "in", "no_badge": "lost"}
    )
    client.post(there, {"kind": "void", "event_id": str(uuid4())})
    scan(client, door, door.badges[1].code)

    events = client.get(there).context["events"]

    assert sorted((event.what, event.how, event.reason, event.is_void) for event in events) == [
        ("撤销", "", "", False),
        ("签到", "点座号", "胸牌遗失", True),
        ("签到", "输入胸牌码", "", False),
    ]


def test_revoked_badge_says_when_and_what_to_do(client: Client, door: Door) -> None:
    badges.reissue(
        by=door.world.coordinator, student=door.students[0], reason="遗失", now=door.now - MINUTE
    )

    page = scan(client, door, door.badges[1].code)

    assert page.status_code == 409
    assert (page.context["result"].word, page.context["result"].detail) == (
        "胸牌已作废",
        "这张胸牌已作废（12 月 8 日（周二）8:49）。"
        "请扫新胸牌，或输入新胸牌的码；没带的，请老师点座号签到。",
    )
    assert not CheckIn.objects.exists()


def test_walk_in_is_asked_once_and_let_in(client: Client, door: Door) -> None:
    group = door.world.new_group(4, 1)
    badge = make_badges(group, now=door.now)[1]
    offered = scan(client, door, badge.code)

    asked = client.post(address(door, "walk-in/"), {"code": badge.code})
    done = client.post(
        address(door, "walk-in/"),
        {"code": badge.code, "event_id": asked.context["event_id"]},
    )

    assert offered.context["result"].walk_in == badge.code
    assert "加入本场" in offered.content.decode()
    assert asked.status_code == 200
    assert "还有 35 个空位" in asked.content.decode()
    assert badge.student.name not in asked.content.decode()
    assert done.context["result"].word == "已签到"
    assert CheckIn.objects.get().student == badge.student


def test_walk_in_is_not_offered_where_there_is_no_seat(client: Client, door: Door) -> None:
    badge = make_badges(door.world.new_group(4, 1), now=door.now)[1]
    CourseSession.objects.filter(pk=door.session.pk).update(capacity=5)

    offered = scan(client, door, badge.code)
    asked = client.post(address(door, "walk-in/"), {"code": badge.code})
    forced = client.post(address(door, "walk-in/"), {"code": badge.code, "event_id": str(uuid4())})

    assert offered.context["result"].walk_in == ""
    assert "不能加入本场：这一场已满" in offered.content.decode()
    assert (asked.status_code, forced.status_code) == (409, 409)
    assert not CheckIn.objects.exists()


def test_walk_in_with_garbage_is_a_sentence(client: Client, door: Door) -> None:
    page = client.post(address(door, "walk-in/"), {"code": "\x00"})

    assert page.status_code == 409
    assert page.context["result"].word == "没有这个码"


def test_rest_is_asked_once_and_admitted(client: Client, door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)

    asked = client.get(address(door, "rest/"))
    done = client.post(address(door, "rest/"), follow=True)

    assert "其余 4 人记为已到？" in asked.content.decode()
    assert "4 人记为已到。" in done.content.decode()
    assert set(seats(done).values()) == {"present"}


def test_closing_says_what_will_happen_and_credits(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    early = client.get(address(door, "close/"))
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    clock.move_to(door.session.ends_at)

    asked = client.get(address(door, "close/"))
    still_inside = client.post(address(door, "close/"), follow=True)
    done = client.post(address(door, "close/"), {"everybody_left": "1"}, follow=True)

    assert early.status_code == 409
    assert "已到 1 人。 1 人记 4 学时。" in asked.content.decode()
    assert "到了 1 人，签退 0 人。" in asked.content.decode()
    assert "<li>七(3)班 1</li>" in asked.content.decode()
    assert "现在离开算早退" not in asked.content.decode()
    assert "还有 4 人未到，将记为缺席。" in asked.content.decode()
    assert still_inside.status_code == 422
    assert "到了 1 人，离开 0 人，对不上。" in still_inside.content.decode()
    assert "签到已结束，学时已记。" in done.content.decode()
    assert "李师傅于 12 月 8 日（周二）11:30 结束签到。" in done.content.decode()
    assert HourCredit.objects.get().class_hours == 4


def test_closing_too_soon_says_that_leaving_now_is_leaving_early(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    clock.move_to(door.session.ends_at - timedelta(minutes=40))

    asked = client.get(address(door, "close/"))

    assert "本场 11:30 结束，现在离开算早退：不记学时。" in asked.content.decode()


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ({"heads_out": "0"}, 422, "到了 1 人，离开 0 人，对不上。"),
        ({"heads_out": "-1"}, 422, "id_heads_out"),
        ({"heads_out": "0", "heads_note": "家长接走"}, 200, "人数说明：家长接走"),
        ({"heads_out": "1"}, 200, "到了 1 人，离开 1 人。"),
    ],
)
def test_heads_are_counted_or_explained_before_a_door_closes(
    client: Client,
    door: Door,
    clock: time_machine.Traveller,
    typed: dict[str, str],
    status: int,
    told: str,
) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    clock.move_to(door.session.ends_at)

    answer = client.post(address(door, "close/"), typed, follow=True)

    assert answer.status_code == status
    assert told in answer.content.decode()
    if status == 422:
        form = answer.context["form"]
        assert (list(form.errors), form.non_field_errors()) == (["heads_out"], [])
        assert "选填" not in answer.content.decode()
    assert Desk.objects.filter(closed_at__isnull=False).exists() is (status == 200)


def test_close_page_costs_the_same_with_one_student_and_with_three(
    client: Client, door: Door, clock: time_machine.Traveller, django_assert_num_queries: Any
) -> None:
    clock.move_to(door.session.ends_at)
    for student in door.students[:3]:
        let_in(student, by=door.manager, session=door.session, now=door.now)
        client.get("/desk/")
        with django_assert_num_queries(11):
            client.get(address(door, "close/"))


def test_close_page_asks_for_doubtful_events_first(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    """They are decided together or one after the other, and lead back to the closing."""
    badges = make_badges(door.world.new_group(4, 2), now=door.now)
    tablet = make_tablet(door)
    tablet.send([tablet.stranger(badges[seat_no].code) for seat_no in (1, 2)])
    first, second = Conflict.objects.order_by("received_at", "pk")
    clock.move_to(door.session.ends_at)
    here = f"/desk/conflicts/?session={door.session.pk}"

    asked = client.get(address(door, "close/")).content.decode()
    refused = client.post(address(door, "close/"))
    listed = client.get(here).content.decode()
    others = client.get(f"/desk/conflicts/?session={door.session.pk + 1}").content.decode()
    decided = client.post(
        f"/desk/conflicts/{first.pk}/?session={door.session.pk}", {"drop": "1", "reason": "不是"}
    )
    left = client.get(here).content.decode()

    assert "还有 2 条签到待定" in asked
    assert f'href="{here}"' in asked
    assert "结束签到，记学时？" not in asked
    assert refused.status_code == 409
    assert not Desk.objects.filter(closed_at__isnull=False).exists()
    assert f'href="/desk/conflicts/{first.pk}/together/?session={door.session.pk}"' in listed
    assert f'href="/desk/conflicts/{second.pk}/?session={door.session.pk}"' in left
    assert f'href="{address(door, "close/")}"' in listed
    assert "没有待定的签到" in others
    assert decided["Location"] == here


def test_door_is_closed_nevertheless_and_what_is_doubtful_waits(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    badge = make_badges(door.world.new_group(4, 1), now=door.now)[1]
    tablet = make_tablet(door)
    tablet.send([tablet.stranger(badge.code)])
    clock.move_to(door.session.ends_at)

    asked = client.get(address(door, "close/?leave_undecided=1")).content.decode()
    done = client.post(address(door, "close/"), {"leave_undecided": "1"}, follow=True)

    assert '<input type="hidden" name="leave_undecided" value="1">' in asked
    assert "1 条签到待定，留到以后决定。" in asked
    assert "签到已结束，学时已记。" in done.content.decode()
    assert Desk.objects.get().closed_at == door.session.ends_at
    assert Conflict.objects.open().count() == 1
    assert "1 条断网时的签到要您决定" in client.get("/desk/").content.decode()


def test_desk_shows_whom_to_call_about_each_class(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    """The companions, and the school's contact where none is named."""
    reservation = door.booking.reservation
    door.booking.companions.all().delete()
    contact = client.get(address(door)).content.decode()
    companion = Companion.objects.create(booking=door.booking, name="韦同行", phone="13900000001")

    named = client.get(address(door)).content.decode()

    assert contact.count(reservation.contact_name) == 1
    assert f'{companion.name} <a class="nw" href="tel:13900000001">13900000001</a>' in named
    assert reservation.contact_name not in named


def test_forgotten_door_is_asked_after_and_closed_when_names_are_shown_no_more(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    door.world.session(day=local_day(door.now))  # nobody booked it
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    today = client.get("/desk/")
    clock.move_to(door.session.ends_at + timedelta(days=10))

    listed = client.get("/desk/")
    asked = client.get(address(door, "close/"))
    done = client.post(address(door, "close/"), {"heads_out": "1"}, follow=True)

    assert today.context["left_open"] == []
    assert [row["session"] for row in listed.context["left_open"]] == [door.session]
    assert f'href="{address(door, "close/")}"' in listed.content.decode()
    assert "已到 1 人" in asked.content.decode()
    assert (done.status_code, done.redirect_chain[-1][0]) == (200, "/desk/")
    assert "签到已结束，学时已记。" in done.content.decode()
    assert done.context["left_open"] == []
    assert HourCredit.objects.get().student == door.students[0]


@pytest.mark.parametrize("count", [1, 3])
def test_forgotten_doors_cost_the_same_with_one_and_with_three(
    client: Client,
    door: Door,
    clock: time_machine.Traveller,
    django_assert_num_queries: Any,
    count: int,
) -> None:
    for number in range(count - 1):
        group = door.world.new_group(10 + number, 2)
        session = door.world.session(day=local_day(door.now))
        make_booking(by=door.world.coordinator, session=session, class_group=group, now=door.now)
    client.get("/desk/")
    clock.move_to(door.now + timedelta(days=1))

    with django_assert_num_queries(7):
        page = client.get("/desk/")

    assert len(page.context["left_open"]) == count


def test_closed_desk_tells_the_script_to_draw_the_page_anew(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    clock.move_to(door.session.starts_at)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)

    page = scan(client, door, door.badges[2].code)
    reply = scan(client, door, door.badges[2].code, json=True)

    assert page.context["result"].word == "已结束"
    assert b"code-form" not in page.content
    assert (reply.status_code, reply.json()) == (409, {"go": f"/desk/{door.session.pk}/"})


def test_reopening_asks_for_a_reason(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    clock.move_to(door.session.ends_at)
    too_soon = client.post(address(door, "reopen/"), {"reason": "试试"})
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)

    asked = client.get(address(door, "reopen/"))
    empty = client.post(address(door, "reopen/"), {"reason": ""})
    blank = client.post(address(door, "reopen/"), {"reason": "　"})
    done = client.post(address(door, "reopen/"), {"reason": "名单点错"}, follow=True)

    assert too_soon.status_code == 409
    assert "本场签到还没有结束" in too_soon.content.decode()
    assert [page.status_code for page in (asked, empty, blank)] == [200, 200, 200]
    assert "已重新打开" in done.content.decode()
    assert Desk.objects.get().closed_at is None
    assert CheckIn.objects.filter(kind=EventKind.ABSENT).count() == 5


def test_door_is_closed_to_everybody_else(door: Door) -> None:
    colleague = MembershipFactory(organisation=door.world.host, role=Role.INSTRUCTOR)
    stranger = MembershipFactory(host_manager=True)
    place = door.place(2).pk
    ends = ("", "close/", "rest/", "reopen/", f"places/{place}/")

    def statuses(membership: Membership) -> list[int]:
        client = signed_in(membership)
        posted = [
            client.post(address(door, end), {"code": "A" * 16, "place": str(place)}).status_code
            for end in ("check-in/", "tick/", "walk-in/", "rest/", "close/", "reopen/")
        ]
        return [client.get(address(door, end)).status_code for end in ends] + posted

    assert set(statuses(colleague)) == {403}
    assert set(statuses(stranger)) == {404}
    assert set(statuses(door.world.teacher_membership)) == {403}
    assert Client().get(address(door)).status_code == 302
    assert signed_in(door.instructor).get(address(door)).status_code == 200
    assert not CheckIn.objects.exists()
    assert not Desk.objects.exists()


def test_another_sessions_seat_is_not_found_here(client: Client, door: Door) -> None:
    other = door.world.session(day=local_day(door.now) + timedelta(days=1))
    place = door.place(2).pk

    assert client.get(f"/desk/{other.pk}/places/{place}/").status_code == 404
    assert client.post(f"/desk/{other.pk}/tick/", {"place": place}).status_code == 404
