"""Who sees rooms and what holds them, and how rows are written in a log."""

from datetime import date, datetime, timedelta

import pytest

from accounts.actors import SYSTEM
from accounts.selectors import actor_of
from sites import services
from sites.choices import DayKind
from sites.models import CalendarDay, Room, RoomHold, SchoolTerm
from tests.factories.accounts import MembershipFactory
from tests.factories.sites import RoomFactory


@pytest.mark.django_db
def test_who_sees_rooms_and_their_holds(now: datetime) -> None:
    room = RoomFactory()
    services.close_room(
        by=SYSTEM,
        room=room,
        starts_at=now,
        ends_at=now + timedelta(hours=2),
        reason="检修",
        now=now,
    )
    actors = {
        "system": SYSTEM,
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
        "its host": actor_of(MembershipFactory(host_manager=True, organisation=room.host)),
        "another host": actor_of(MembershipFactory(host_manager=True)),
        "teacher": actor_of(MembershipFactory(teacher=True)),
    }

    seen = {
        name: (
            Room.objects.visible_to(actor).exists(),
            RoomHold.objects.visible_to(actor).exists(),
        )
        for name, actor in actors.items()
    }

    assert seen == {
        "system": (True, True),
        "secretariat": (True, True),
        "its host": (True, True),
        "another host": (False, False),
        "teacher": (False, False),
    }


@pytest.mark.django_db
def test_rows_are_written_by_what_names_them(now: datetime) -> None:
    room = RoomFactory(name="焙烤一室", site__name="实训中心")

    texts = [
        str(one)
        for one in (
            room,
            room.site,
            RoomHold(room=room, kind="closure"),
            CalendarDay(day=date(2026, 10, 1), kind=DayKind.HOLIDAY, name="国庆节"),
            SchoolTerm(school_year=2026, term=1),
        )
    ]

    assert texts == ["焙烤一室", "实训中心", f"{room.pk} closure", "2026-10-01 国庆节", "2026-1"]
