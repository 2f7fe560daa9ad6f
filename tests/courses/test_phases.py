"""Where a season stands, and what is open then: the table of actions decides alone."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from courses import phases
from courses.choices import SEASON_ACTIONS, SeasonAction, SeasonPhase
from courses.errors import NoLongerInSeason, NotYetInSeason, OutsideSeason
from courses.models import Season
from sites.calendar import SHANGHAI


def moment(month: int, day: int, hour: int = 8) -> datetime:
    return datetime(2026 if month > 6 else 2027, month, day, hour, tzinfo=SHANGHAI)


def season(**changes: Any) -> Season:
    values: dict[str, Any] = {
        "name": "秋季",
        "publishes_at": moment(8, 1),
        "wishes_from": moment(8, 10),
        "wishes_until": moment(8, 20),
        "opens_at": moment(9, 1),
        "closes_at": moment(12, 1),
        "runs_from": date(2026, 9, 15),
        "runs_until": date(2027, 1, 20),
    }
    return Season(**(values | changes))


@pytest.mark.parametrize(
    ("begins", "phase", "before"),
    [
        (moment(8, 1), SeasonPhase.PUBLISHING, SeasonPhase.PLANNED),
        (moment(8, 10), SeasonPhase.WISHING, SeasonPhase.PUBLISHING),
        (moment(8, 20), SeasonPhase.ALLOTTING, SeasonPhase.WISHING),
        (moment(9, 1), SeasonPhase.BOOKING, SeasonPhase.ALLOTTING),
        (moment(12, 1), SeasonPhase.RUNNING, SeasonPhase.BOOKING),
        (moment(1, 21, 0), SeasonPhase.CLOSED, SeasonPhase.RUNNING),
    ],
)
def test_a_phase_begins_at_its_date_and_not_before(
    begins: datetime, phase: SeasonPhase, before: SeasonPhase
) -> None:
    found = [phases.phase_of(season(), begins - timedelta(microseconds=shift)) for shift in (0, 1)]

    assert found == [phase, before]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"publishes_at": None, "wishes_from": None, "wishes_until": None},
         [SeasonPhase.PUBLISHING, SeasonPhase.BOOKING, SeasonPhase.RUNNING, SeasonPhase.CLOSED]),
        ({"wishes_until": moment(9, 1)},
         [SeasonPhase.PLANNED, SeasonPhase.PUBLISHING, SeasonPhase.WISHING, SeasonPhase.BOOKING,
          SeasonPhase.RUNNING, SeasonPhase.CLOSED]),
        # Booked until after the last day: there is nothing between booking and the end.
        ({"closes_at": moment(2, 1)},
         [SeasonPhase.PLANNED, SeasonPhase.PUBLISHING, SeasonPhase.WISHING, SeasonPhase.ALLOTTING,
          SeasonPhase.BOOKING, SeasonPhase.CLOSED]),
    ],
)  # fmt: skip
def test_a_season_has_the_phases_its_dates_give(
    changes: dict[str, Any], expected: list[SeasonPhase]
) -> None:
    assert [phase for phase, _begins in phases.beginnings(season(**changes))] == expected


MOMENTS = {
    SeasonPhase.PLANNED: moment(7, 1),
    SeasonPhase.PUBLISHING: moment(8, 5),
    SeasonPhase.WISHING: moment(8, 15),
    SeasonPhase.ALLOTTING: moment(8, 25),
    SeasonPhase.BOOKING: moment(10, 1),
    SeasonPhase.RUNNING: moment(12, 15),
    SeasonPhase.CLOSED: moment(2, 1),
}


@pytest.mark.parametrize("action", SeasonAction)
@pytest.mark.parametrize("phase", SeasonPhase)
def test_what_is_open_stands_in_the_table(action: SeasonAction, phase: SeasonPhase) -> None:
    is_open = phases.is_open(action, season(), MOMENTS[phase])

    assert is_open == (phase in SEASON_ACTIONS[action])
    if is_open:
        phases.check_is_open(action, season(), MOMENTS[phase])
    else:
        with pytest.raises(OutsideSeason):
            phases.check_is_open(action, season(), MOMENTS[phase])


def test_every_action_has_a_line_in_the_table() -> None:
    assert set(SEASON_ACTIONS) == set(SeasonAction)


def test_a_refusal_names_the_phase_and_when_it_opens_or_closed() -> None:
    with pytest.raises(NotYetInSeason) as early:
        phases.check_is_open(SeasonAction.BOOK, season(), MOMENTS[SeasonPhase.WISHING])
    with pytest.raises(NoLongerInSeason) as late:
        phases.check_is_open(SeasonAction.BOOK, season(), MOMENTS[SeasonPhase.CLOSED])
    plain = season(wishes_from=None, wishes_until=None)
    with pytest.raises(OutsideSeason) as never:
        phases.check_is_open(SeasonAction.WISH, plain, MOMENTS[SeasonPhase.BOOKING])

    assert [str(caught.value) for caught in (early, late, never)] == [
        "“秋季”现在是“学校填志愿”，9 月 1 日（周二）8:00 起可以预约。",
        "“秋季”现在是“已结束”，12 月 1 日（周二）8:00 起不能再预约。",
        "“秋季”现在是“预约中”，不能填志愿。",
    ]
    assert {caught.value.code for caught in (early, late, never)} == {"outside_season"}
