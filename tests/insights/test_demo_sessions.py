"""The demonstration's session that is under way."""

from datetime import datetime

import pytest

from insights.demo.sessions import begun_about
from sites.calendar import SHANGHAI


@pytest.mark.parametrize(
    ("clock", "begun"),
    [
        ((0, 5), (9, 0)),
        ((7, 59), (9, 0)),
        ((8, 0), (8, 0)),
        ((10, 29), (10, 0)),
        ((17, 29), (17, 0)),
        ((17, 30), (13, 0)),
        ((23, 59), (13, 0)),
    ],
)
def test_nobody_teaches_at_night(clock: tuple[int, int], begun: tuple[int, int]) -> None:
    day = datetime(2026, 11, 24, tzinfo=SHANGHAI)
    now = day.replace(hour=clock[0], minute=clock[1], second=30)

    assert begun_about(now) == day.replace(hour=begun[0], minute=begun[1])
