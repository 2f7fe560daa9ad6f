"""Until when a list is open, by the days of its season."""

from datetime import datetime, timedelta

import pytest

from bookings.errors.roll import ListSettled
from bookings.services import freeze
from sites.calendar import SHANGHAI
from tests.bookings.conftest import World

# The session is on Tuesday 8 December 2026 from nine.
BEGINS = datetime(2026, 12, 8, 9, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("days", "settles"),
    [
        (0, BEGINS),
        (1, datetime(2026, 12, 8, tzinfo=SHANGHAI)),
        (2, datetime(2026, 12, 7, tzinfo=SHANGHAI)),
        (3, datetime(2026, 12, 6, tzinfo=SHANGHAI)),
        (60, datetime(2026, 10, 10, tzinfo=SHANGHAI)),
    ],
)
def test_a_list_is_open_until_its_season_says(world: World, days: int, settles: datetime) -> None:
    world.season.freeze_days = days
    session = world.session()

    assert session.starts_at == BEGINS
    assert freeze.settles_at(session) == settles
    freeze.check_open(session, settles - timedelta(microseconds=1))
    with pytest.raises(ListSettled):
        freeze.check_open(session, settles)
