"""The demonstration's session that is under way."""

from datetime import datetime

import pytest

from insights.demo.sessions import begun_about
from sites.calendar import SHANGHAI


@pytest.mark.parametrize(
    ("clock", "begun"),
    [
        ((0, 5), (0, 0)),
        ((3, 0), (3, 0)),
        ((10, 29), (10, 0)),
        ((17, 30), (17, 30)),
        ((20, 0), (20, 0)),
        ((23, 59), (23, 30)),
    ],
)
def test_it_began_within_the_last_half_hour_whatever_the_time(
    clock: tuple[int, int], begun: tuple[int, int]
) -> None:
    day = datetime(2026, 11, 24, tzinfo=SHANGHAI)
    now = day.replace(hour=clock[0], minute=clock[1], second=30)

    assert begun_about(now) == day.replace(hour=begun[0], minute=begun[1])
