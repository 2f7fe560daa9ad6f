"""Seasons at the same moment."""

from datetime import date, datetime, timedelta

import pytest

from accounts.actors import SYSTEM
from courses.errors import SeasonNameTaken
from courses.models import Season
from courses.services import seasons
from tests.bookings.races import before_commit


@pytest.mark.django_db(transaction=True)
def test_a_season_saved_twice_by_a_doubled_click_is_one(now: datetime) -> None:
    def save() -> Season:
        return seasons.set_season(
            by=SYSTEM,
            season=None,
            name="2026 学年第二学期",
            school_year=2026,
            opens_at=now,
            closes_at=now + timedelta(days=90),
            runs_from=date(2027, 3, 1),
            runs_until=date(2027, 6, 30),
            now=now,
        )

    answer = before_commit(save, save)

    assert isinstance(answer, SeasonNameTaken)
    assert str(answer) == "已有名为“2026 学年第二学期”的预约季。"
    assert Season.objects.count() == 1
    with pytest.raises(SeasonNameTaken):
        save()
