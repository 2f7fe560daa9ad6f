"""What a badge or a tapped seat means at the desk: in, out, or to the page of what can be done; as
a browser without scripts sends its forms."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from attendance.choices import EventKind, WayIn
from attendance.errors.desk import BookedElsewhere, DeskClosed, NotBookedHere, NotInYet
from attendance.errors.devices import EventOfAnother
from attendance.models import CheckIn
from attendance.services import check_in as check_ins
from attendance.services.check_out import check_out
from tests.attendance.conftest import MINUTE, Door
from tests.factories.accounts import OrganisationFactory
from tests.factories.attendance import close_desk, let_in, make_badges
from tests.factories.bookings import make_booking


@pytest.fixture(autouse=True)
def clock(door: Door) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(door.now, tick=False) as at:
        yield at


@pytest.fixture
def client(door: Door) -> Client:
    client = Client()
    client.force_login(door.manager_membership.user)
    return client


def address(door: Door, end: str = "") -> str:
    return f"/desk/{door.session.pk}/{end}"


def scan(client: Client, door: Door, code: str, mode: str) -> Any:
    sent = {"code": code, "event_id": str(uuid4()), "way_in": "typed", "mode": mode}
    return client.post(address(door, "check-in/"), sent)


def tap(client: Client, door: Door, seat: int, mode: str) -> Any:
    return client.post(address(door, "tick/"), {"place": door.place(seat).pk, "mode": mode})


def events() -> list[tuple[int, str, str]]:
    found = CheckIn.objects.order_by("recorded_at", "kind")
    return list(found.values_list("student__seat_no", "kind", "way_in"))


@pytest.mark.parametrize(
    ("mode", "current", "ready", "do"),
    [
        ("", "签到", "请扫胸牌", "签到"),
        ("?mode=out", "签退", "扫胸牌签退", "签退"),
        ("?mode=menu", "改状态", "改状态", "查看"),
        ("?mode=dance", "签到", "请扫胸牌", "签到"),
    ],
)
def test_page_says_in_which_mode_it_is_and_links_to_the_others(
    client: Client, door: Door, mode: str, current: str, ready: str, do: str
) -> None:
    page = client.get(address(door, mode)).content.decode()

    here = f'href="/desk/{door.session.pk}/'
    assert page.count('aria-current="page"') == 1
    assert f'aria-current="page">{current}</a>' in page
    assert [f"{here}{end}" in page for end in ('"', '?mode=out"', '?mode=menu"')] == [True] * 3
    assert f'<p class="w">{ready}</p>' in page
    assert f"</svg>{do}</button>" in page


def test_badge_leaves_and_the_page_stays_in_its_mode(
    client: Client, door: Door, clock: time_machine.Traveller
) -> None:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)
    clock.move_to(door.session.ends_at)

    left = scan(client, door, door.badges[2].code.lower(), "out")
    clock.shift(MINUTE)
    again = scan(client, door, door.badges[2].code, "out")

    assert (left.status_code, again.status_code) == (200, 200)
    results = [page.context["result"] for page in (left, again)]
    assert [(one.look, one.word, one.person) for one in results] == [
        ("in", "已签退", door.students[1].name),
        ("dup", "已签过退", door.students[1].name),
    ]
    assert [one.detail for one in results] == [
        "座号 2 · 七(3)班 · 11:30",
        "座号 2 · 七(3)班 · 11:30 已签退",
    ]
    assert events() == [(2, "in", "tick"), (2, "out", "typed")]
    page = left.content.decode()
    assert page.count('name="mode" value="out"') == 2
    assert 'class="seat in left now"' in page
    assert "现在在场 0 人，已签退 1 人。" in page
    assert "现在在场 0 人，已签退 1 人。" in again.content.decode()


def test_leaving_before_the_end_is_said(client: Client, door: Door) -> None:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)

    page = scan(client, door, door.badges[2].code, "out")

    assert page.context["result"].detail == "座号 2 · 七(3)班 · 8:50 · 早退"
    assert 'class="seat late left now"' in page.content.decode()


def test_who_did_not_come_does_not_leave(client: Client, door: Door) -> None:
    page = scan(client, door, door.badges[2].code, "out")

    assert page.status_code == 409
    result = page.context["result"]
    assert (result.look, result.word, result.detail) == (
        "out",
        "还没有签到",
        "这名学生还没有签到，不能签退。",
    )
    assert events() == []


def test_stranger_is_not_offered_to_join_on_leaving(client: Client, door: Door) -> None:
    stranger = make_badges(door.world.new_group(9, 1), now=door.now)[1]

    coming = scan(client, door, stranger.code, "in").context["result"]
    leaving = scan(client, door, stranger.code, "out").context["result"]

    assert (coming.word, coming.walk_in) == ("不在本场", stranger.code)
    assert (leaving.word, leaving.walk_in, leaving.why_not) == ("不在本场", "", "")


def test_tap_leaves_where_that_is_plain_else_asks(client: Client, door: Door) -> None:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)

    nobody = tap(client, door, 1, "out")
    left = tap(client, door, 2, "out")
    again = tap(client, door, 2, "out")
    asked = tap(client, door, 3, "menu")

    assert left.context["result"].word == "已签退"
    assert [page.url for page in (nobody, again, asked)] == [
        address(door, f"places/{door.place(1).pk}/?mode=out"),
        address(door, f"places/{door.place(2).pk}/?mode=out"),
        address(door, f"places/{door.place(3).pk}/?mode=menu"),
    ]
    assert events() == [(2, "in", "tick"), (2, "out", "tick")]


def test_badge_asks_in_the_third_mode_and_leads_back_to_it(client: Client, door: Door) -> None:
    there = address(door, f"places/{door.place(2).pk}/?mode=menu")

    asked = scan(client, door, door.badges[2].code, "menu")
    unknown = scan(client, door, "A" * 16, "menu")
    page = client.get(there)
    done = client.post(there, {"kind": "absent", "event_id": str(uuid4())})

    assert (asked.status_code, asked.url) == (302, there)
    assert (unknown.status_code, unknown.context["result"].word) == (409, "没有这个码")
    assert f'href="{address(door, "?mode=menu")}"' in page.content.decode()
    assert done.url == address(door, "?mode=menu")
    assert events() == [(2, "absent", "tick")]


def test_reference_of_a_class_leads_to_its_leaving(client: Client, door: Door) -> None:
    reference = door.booking.reservation.reference
    there = address(door, f"class/{reference}/")

    assert scan(client, door, reference, "in").url == there
    assert scan(client, door, reference, "out").url == f"{there}?mode=out"
    assert scan(client, door, reference, "menu").url == f"{there}?mode=menu"


# ── the service ──


def leave(door: Door, **more: Any) -> check_ins.Entry:
    sent = {"by": door.manager, "session": door.session, "way_in": WayIn.CAMERA} | more
    return check_out(**({"event_id": uuid4(), "now": door.now} | sent))


def test_departure_sent_twice_exists_once(door: Door) -> None:
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)
    sent = {"event_id": uuid4(), "code": door.badges[2].code}

    first = leave(door, **sent)
    second = leave(door, **sent, now=door.now + MINUTE)
    other = leave(door, code=door.badges[2].code, now=door.now + 2 * MINUTE)

    assert [one.is_new for one in (first, second, other)] == [True, True, False]
    assert {one.event.pk for one in (first, second, other)} == {sent["event_id"]}
    assert events() == [(2, "in", "tick"), (2, "out", "camera")]


def test_who_came_back_or_whose_departure_was_taken_back_leaves_anew(door: Door) -> None:
    student = door.students[1]
    let_in(student, by=door.manager, session=door.session, now=door.now)
    leave(door, student_id=student.pk, now=door.now + MINUTE)
    check_ins.undo_last(
        by=door.manager,
        session=door.session,
        student_id=student.pk,
        event_id=uuid4(),
        now=door.now + 2 * MINUTE,
    )

    after_undo = leave(door, student_id=student.pk, now=door.now + 3 * MINUTE)
    let_in(student, by=door.manager, session=door.session, now=door.now + 4 * MINUTE)
    after_return = leave(door, student_id=student.pk, now=door.now + 5 * MINUTE)

    assert (after_undo.is_new, after_return.is_new) == (True, True)
    assert [kind for _seat, kind, _way in events()] == ["in", "out", "void", "out", "in", "out"]


def test_departures_that_are_refused(door: Door) -> None:
    other = door.world.new_group(9, 2)
    door.world.teach(other)
    elsewhere = door.world.session(day=door.session.starts_at.date())
    make_booking(by=door.world.teacher, session=elsewhere, class_group=other, now=door.now)
    strange = make_badges(door.world.new_group(8, 1, school=OrganisationFactory()), now=door.now)
    let_in(door.students[1], by=door.manager, session=door.session, now=door.now)
    known = CheckIn.objects.get()

    with pytest.raises(BookedElsewhere):
        leave(door, code=make_badges(other, now=door.now)[1].code)
    with pytest.raises(NotBookedHere):
        leave(door, code=strange[1].code)
    with pytest.raises(NotInYet):
        leave(door, student_id=door.students[2].pk)
    with pytest.raises(EventOfAnother):
        leave(door, student_id=door.students[1].pk, event_id=known.pk)
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(DeskClosed):
        leave(door, student_id=door.students[1].pk, now=door.session.ends_at)

    assert CheckIn.objects.filter(kind=EventKind.OUT).count() == 0
