"""A host's week as a grid of rooms and half-days."""

from datetime import date, datetime, timedelta

import pytest

from courses.selectors.week import week_of
from sites.services import close_room
from tests.factories.courses import make_room, make_session, make_version, manager_of

MONDAY = date(2026, 12, 7)
TUESDAY_NINE = datetime.fromisoformat("2026-12-08T09:00+08:00")


@pytest.mark.django_db
def test_week_puts_sessions_and_closures_where_they_are(now: datetime) -> None:
    version = make_version()
    by = manager_of(version.host)
    room = make_room(version.host, name="焙烤一室")
    morning = make_session(version, room=room, now=now)
    afternoon = make_session(
        version, room=room, starts_at=TUESDAY_NINE + timedelta(hours=4), now=now
    )
    whole = make_session(
        version, room=room, starts_at=TUESDAY_NINE + timedelta(days=1), hours=6.5, now=now
    )
    online = make_session(
        version,
        online_url="https://class.example.org/a",
        starts_at=TUESDAY_NINE + timedelta(days=4),
        now=now,
    )
    close_room(
        by=by,
        room=room,
        starts_at=TUESDAY_NINE + timedelta(days=2),
        ends_at=TUESDAY_NINE + timedelta(days=3, hours=1),
        reason="设备检修",
        now=now,
    )

    week = week_of(by, MONDAY)

    grid = {
        (row.room.name if row.room else "", cell.day.day): (
            [block.session for block in cell.halves[0]],
            [block.session for block in cell.halves[1]],
            [block.session for block in cell.whole],
            cell.closures,
        )
        for row in week.rows
        for cell in row.cells
    }
    empty = ([], [], [], [])
    assert grid == {
        ("焙烤一室", 7): empty,
        ("焙烤一室", 8): ([morning], [afternoon], [], []),
        ("焙烤一室", 9): ([], [], [whole], []),
        ("焙烤一室", 10): ([], [], [], ["设备检修"]),
        ("焙烤一室", 11): ([], [], [], ["设备检修"]),
        ("焙烤一室", 12): empty,
        **{("", day): empty for day in range(7, 12)},
        ("", 12): ([online], [], [], []),
    }
    assert (week.sessions, week.seats_taken) == (4, 0)


@pytest.mark.django_db
def test_week_without_a_session_is_five_days_of_the_rooms() -> None:
    version = make_version()
    room = make_room(version.host)

    week = week_of(manager_of(version.host), MONDAY)

    assert [(row.room, len(row.cells)) for row in week.rows] == [(room, 5)]
