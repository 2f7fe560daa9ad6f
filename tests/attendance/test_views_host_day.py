"""The host's day knows whose door is closed."""

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from attendance.models import CheckIn
from attendance.services import desk as desks
from bookings.models import Booking
from tests.attendance.conftest import Door
from tests.factories.attendance import close_desk


def _shown(door: Door) -> list[str]:
    client = Client()
    client.force_login(door.manager_membership.user)
    page = client.get("/today/").content.decode()
    return [word for word in ("进行中", "已结束", "看签到", "btn-primary") if word in page]


def test_state_of_a_session_follows_the_clock_and_its_door(door: Door) -> None:
    """A door closed with nobody there gives no hours, and is closed all the same."""
    starts, ends = door.session.starts_at, door.session.ends_at

    with time_machine.travel(door.now):
        before = _shown(door)
    with time_machine.travel(starts):
        running = _shown(door)
        close_desk(by=door.manager, session=door.session, now=starts)
        closed = _shown(door)
        desks.reopen_desk(by=door.manager, session=door.session, reason="误关", now=starts)
        again = _shown(door)
    with time_machine.travel(ends):
        over = _shown(door)

    assert set(CheckIn.objects.values_list("kind", flat=True)) == {"absent"}
    assert Booking.objects.get().seats == 5
    assert (before, running) == (["btn-primary"], ["进行中", "btn-primary"])
    assert closed == over == ["已结束", "看签到"]
    assert again == running


@pytest.mark.parametrize(
    ("day", "status"),
    [("2026-12-08", 200), ("9999-12-31", 404), ("0001-01-01", 404), ("2026-13-40", 404)],
)
def test_a_day_outside_the_calendar_is_not_there(door: Door, day: str, status: int) -> None:
    client = Client()
    client.force_login(door.manager_membership.user)

    assert client.get(f"/today/{day}/").status_code == status


def test_the_next_door_alone_is_the_main_button(door: Door) -> None:
    door.world.session(day=date(2026, 12, 8), starts=(door.session.starts_at.time()))
    client = Client()
    client.force_login(door.manager_membership.user)

    with time_machine.travel(door.now - timedelta(hours=1)):
        page = client.get("/today/").content.decode()

    assert page.count('class="btn btn-primary"') == 1
