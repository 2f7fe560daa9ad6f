"""A class at the door at once, by its reservation's reference."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from accounts.errors import NotYours
from accounts.models import AuditEntry
from attendance.choices import AttendanceState, EventKind, WayIn
from attendance.errors.desk import DeskClosed, NotBookedHere
from attendance.models import CheckIn
from attendance.qr import letters_svg
from attendance.selectors.states import attendance_of_session
from attendance.selectors.whole_class import bookings_by_code
from attendance.services import whole_class
from bookings import references
from bookings.models import Booking
from sites.calendar import local_day
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.readers import by_zbar, by_zxing
from tests.attendance.test_views_room import drawn
from tests.factories.attendance import close_desk, let_in, mark
from tests.factories.bookings import make_booking
from tests.factories.rosters import StudentFactory


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


@pytest.fixture
def keeper(door: Door) -> Client:
    client = Client()
    client.force_login(door.manager_membership.user)
    return client


def reference(door: Door) -> str:
    return door.booking.reservation.reference


def keys(door: Door, *seats: int) -> set[int]:
    return {door.students[seat - 1].pk for seat in seats}


def arrive(door: Door, *seats: int, now: datetime | None = None) -> int:
    return whole_class.arrive(
        by=door.manager,
        session=door.session,
        bookings=[door.booking],
        here=keys(door, *seats),
        now=now or door.now,
    )


def states(door: Door) -> list[str]:
    found = attendance_of_session(door.session)
    return [found[student.pk].state if student.pk in found else "-" for student in door.students]


def test_all_but_those_tapped_are_in_and_again_is_once(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now - MINUTE)
    mark(door.students[4], EventKind.EXCUSED, by=door.manager, session=door.session, now=door.now)

    assert arrive(door, 1, 2, 3, 5) == 2
    assert arrive(door, 1, 2, 3, 5) == 0

    present, excused = AttendanceState.PRESENT, AttendanceState.EXCUSED
    assert states(door) == [present, present, present, "-", excused]
    events = CheckIn.objects.filter(way_in=WayIn.CLASS)
    assert [(event.kind, event.recorded_by_id) for event in events] == [
        (EventKind.IN, door.manager.membership_id)
    ] * 2
    # The first arrival stays the first.
    assert attendance_of_session(door.session)[door.students[0].pk].came_at == door.now - MINUTE


def test_leaving_is_the_same_for_those_who_are_in(door: Door) -> None:
    arrive(door, 1, 2, 3)
    end = door.session.ends_at

    def leave() -> int:
        return whole_class.leave(
            by=door.manager,
            session=door.session,
            bookings=[door.booking],
            leaving=keys(door, 1, 2, 4),
            now=end,
        )

    assert (leave(), leave()) == (2, 0)
    found = attendance_of_session(door.session)
    assert [found[student.pk].left_at for student in door.students[:3]] == [end, end, None]
    assert door.students[3].pk not in found
    entry = AuditEntry.objects.filter(verb="attendance.class_out").earliest("pk")
    assert entry.facts == {"count": 2}


def test_refusals(door: Door) -> None:
    stranger = StudentFactory(class_group=door.world.group, seat_no=9)
    with pytest.raises(NotBookedHere):
        whole_class.arrive(
            by=door.manager, session=door.session, bookings=[door.booking],
            here={stranger.pk, *keys(door, 1)}, now=door.now,
        )  # fmt: skip
    assert CheckIn.objects.count() == 0
    with pytest.raises(NotYours):
        whole_class.arrive(
            by=door.world.teacher, session=door.session, bookings=[door.booking], here=set(),
            now=door.now,
        )  # fmt: skip
    close_desk(by=door.manager, session=door.session, now=door.session.starts_at)
    with pytest.raises(DeskClosed):
        arrive(door, 1, now=door.session.starts_at)


def test_reference_is_read_as_it_was_meant_and_is_of_this_session(
    door: Door, django_assert_num_queries: Any
) -> None:
    own = reference(door)
    wide = "".join(chr(ord(one) + 0xFEE0) if one != "-" else one for one in own)
    for text in (own, own.lower(), own.replace("-", ""), f" {own} ", wide):
        assert bookings_by_code(door.session, text) == [door.booking]
    other = door.world.session(day=door.session.starts_at.date() + timedelta(days=1))
    assert bookings_by_code(other, own) == []
    with django_assert_num_queries(0):
        assert bookings_by_code(door.session, door.badges[1].code) == []
        assert bookings_by_code(door.session, "") == []
    assert references.tidy("EZ6W-8PF0") == ""


def test_teachers_code_is_read_by_readers_that_are_not_ours(door: Door) -> None:
    teacher = Client()
    teacher.force_login(door.world.teacher_membership.user)

    page = teacher.get(f"/trips/{door.booking.pk}/code/")

    assert reference(door) in page.content.decode()
    assert not any(student.name in page.content.decode() for student in door.students)
    picture = drawn(str(page.context["qr"]))
    expected = [[reference(door).replace("-", "")]]
    assert by_zxing([picture]) == expected
    assert by_zbar([picture]) == expected
    assert letters_svg("ABCDEFGH").count('viewBox="0 0 29 29"') == 1
    assert (
        f"/trips/{door.booking.pk}/code/"
        in teacher.get(f"/trips/{door.booking.pk}/").content.decode()
    )


def test_scanned_at_the_desk_it_leads_to_the_class(keeper: Client, door: Door) -> None:
    address = f"/desk/{door.session.pk}/class/{reference(door)}/"
    asked = {"code": reference(door).lower(), "event_id": "x"}

    plain = keeper.post(f"/desk/{door.session.pk}/check-in/", asked)
    script = keeper.post(
        f"/desk/{door.session.pk}/check-in/", asked, headers={"accept": "application/json"}
    )

    assert plain["Location"] == address
    assert script.json() == {"go": address}
    page = keeper.get(address)
    assert page.content.decode().count(" checked>") == 5
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["count"]) == ("class_at_door", 5)


def test_class_page_lets_in_and_out(keeper: Client, door: Door) -> None:
    address = f"/desk/{door.session.pk}/class/{reference(door)}/"
    here = [str(key) for key in keys(door, 1, 2, 4)]

    done = keeper.post(f"{address}?mode=in", {"student": here}, follow=True)

    assert "3 人已签到。" in done.content.decode()
    assert keeper.get(address).content.decode().count(" checked>") == 2
    assert keeper.get(f"{address}?mode=out").content.decode().count(" checked>") == 3
    done = keeper.post(f"{address}?mode=out", {"student": here}, follow=True)
    assert "3 人已签退。" in done.content.decode()
    again = keeper.post(f"{address}?mode=out", {"student": here}, follow=True)
    assert "没有改动。" in again.content.decode()


def test_nobody_ticked_is_asked_for_again(keeper: Client, door: Door) -> None:
    address = f"/desk/{door.session.pk}/class/{reference(door)}/"

    page = keeper.post(f"{address}?mode=in", {})

    assert page.status_code == 422
    assert "一个学生也没有勾选" in page.content.decode()
    assert page.content.decode().count(" checked>") == 0
    assert CheckIn.objects.count() == 0


def test_another_sessions_reference_says_so(keeper: Client, door: Door) -> None:
    opened = keeper.get(f"/desk/{door.session.pk}/class/AAAA-BBBB/")
    elsewhere = make_booking(
        by=door.world.coordinator,
        session=door.world.session(day=local_day(door.now) + timedelta(days=1)),
        class_group=door.world.group,
        now=door.now - timedelta(days=15),
    )
    assert elsewhere.reservation is not None
    scanned = keeper.post(
        f"/desk/{door.session.pk}/check-in/",
        {"code": elsewhere.reservation.reference, "event_id": str(uuid4())},
    )

    for page in (opened, scanned):
        assert page.status_code == 409
        assert "这个预约号不是约本场的" in page.content.decode()


def test_class_page_costs_the_same_with_another_class_in_the_room(
    keeper: Client, door: Door, django_assert_num_queries: Any
) -> None:
    address = f"/desk/{door.session.pk}/class/{reference(door)}/"
    keeper.get(address)
    with django_assert_num_queries(8):
        keeper.get(address)
    make_booking(
        by=door.world.coordinator,
        session=door.session,
        class_group=door.world.new_group(4, 3),
        now=door.now - timedelta(days=5),
    )
    assert Booking.objects.count() == 2
    with django_assert_num_queries(8):
        keeper.get(address)
    # The other class's names were not read.
    entry = AuditEntry.objects.filter(verb="names.read").latest("pk")
    assert (entry.facts["context"], entry.facts["count"]) == ("class_at_door", 5)


@pytest.mark.parametrize("half", ["AAAABBBB", "aaaa bbbb", "IIII7777"])
def test_half_a_badge_code_is_no_reservation(keeper: Client, door: Door, half: str) -> None:
    page = keeper.post(
        f"/desk/{door.session.pk}/check-in/", {"code": half, "event_id": str(uuid4())}
    )

    assert page.status_code == 409
    assert (page.context["result"].word, page.context["result"].detail) == (
        "还差一半",
        "胸牌码有 16 个字符，请把第二行也输进去。输的是预约号的，请核对预约单。",
    )
    assert page.context["form"]["code"].value() == half


def test_the_field_says_that_it_takes_a_reservation_too(keeper: Client, door: Door) -> None:
    page = keeper.get(f"/desk/{door.session.pk}/").content.decode()

    assert '<label class="lab" for="id_code">胸牌码，或带队教师的预约号</label>' in page
