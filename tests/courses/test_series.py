"""Series are previewed, skip what cannot be, and say why."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from courses.choices import HalfDay
from courses.errors import NotAsPreviewed, NotPublished, TooFewClassHours
from courses.models import CourseSession
from courses.services import series
from courses.services.sessions import Place
from sites.calendar import at
from sites.choices import DayKind
from sites.models import CalendarDay, RoomHold
from sites.services import close_room, seed_calendar
from tests.factories.courses import (
    make_draft,
    make_room,
    make_season,
    make_session,
    make_version,
    manager_of,
)

MONDAY = date(2026, 12, 7)


@pytest.fixture
def wanted(db: None, now: datetime) -> dict[str, Any]:
    """Mondays and Saturdays in the morning, three weeks long."""
    version = make_version()
    make_season()
    return {
        "by": manager_of(version.host),
        "version": version,
        "first": MONDAY,
        "last": MONDAY + timedelta(days=20),
        "weekdays": [0, 5],
        "half_days": [HalfDay.MORNING],
        "place": Place(room=make_room(version.host)),
        "now": now,
    }


def test_preview_names_why_a_date_is_skipped_and_saves_nothing(
    wanted: dict[str, Any], now: datetime
) -> None:
    CalendarDay.objects.create(day=MONDAY, kind=DayKind.HOLIDAY, name="校庆")
    CalendarDay.objects.create(day=date(2026, 12, 12), kind=DayKind.MAKEUP_WORKDAY, name="调休上班")
    room = wanted["place"].room
    make_session(
        wanted["version"],
        room=room,
        starts_at=at(date(2026, 12, 14), series.CLOCKS["am"][0]),
        now=now,
    )
    close_room(
        by=wanted["by"],
        room=room,
        starts_at=at(date(2026, 12, 21), series.CLOCKS["am"][0]),
        ends_at=at(date(2026, 12, 21), series.CLOCKS["am"][1]),
        reason="检修",
        now=now,
    )
    before = CourseSession.objects.count()

    plan = series.preview_series(**(wanted | {"last": date(2026, 12, 21)}))

    reasons = {row.starts_at.date(): row.reason for row in plan.rows}
    assert reasons[MONDAY] == "校庆"
    assert reasons[date(2026, 12, 12)] == ""
    assert reasons[date(2026, 12, 14)] == "已安排《面包师：一只吐司的诞生》"
    assert reasons[date(2026, 12, 19)] == ""
    assert reasons[date(2026, 12, 21)] == "停用：检修"
    assert [row.starts_at.date() for row in plan.made] == [
        date(2026, 12, 12),
        date(2026, 12, 19),
    ]
    assert plan.seats == 48
    assert CourseSession.objects.count() == before


def test_new_years_day_is_skipped_before_its_notice_is_out(wanted: dict[str, Any]) -> None:
    """The first of January 2031 is a Wednesday; no package knows that year yet."""
    make_season(name="2030 学年第一学期", runs_from=date(2030, 9, 2), runs_until=date(2031, 1, 24))
    seed_calendar(years=[2031])
    around = {"first": date(2030, 12, 30), "last": date(2031, 1, 3), "weekdays": [1, 2, 3]}

    plan = series.preview_series(**wanted | around)

    assert [(row.starts_at.date(), row.reason) for row in plan.rows] == [
        (date(2030, 12, 31), ""),
        (date(2031, 1, 1), "元旦"),
        (date(2031, 1, 2), ""),
    ]


def starts(plan: series.SeriesPlan) -> set[datetime]:
    return {row.starts_at for row in plan.made}


def test_saving_makes_what_the_preview_said(wanted: dict[str, Any]) -> None:
    plan = series.preview_series(**wanted)

    made, done = series.open_series(**wanted, seen=starts(plan))

    assert [session.starts_at for session in made] == [row.starts_at for row in plan.made]
    assert done == plan
    assert not done.lost_since(starts(plan))


def test_saving_skips_what_was_taken_since(wanted: dict[str, Any], now: datetime) -> None:
    plan = series.preview_series(**wanted)
    make_session(
        wanted["version"],
        room=wanted["place"].room,
        starts_at=plan.made[0].starts_at,
        now=now,
    )

    made, done = series.open_series(**wanted, seen=starts(plan))

    assert len(made) == len(plan.made) - 1
    (lost,) = done.lost_since(starts(plan))
    assert lost.starts_at == plan.made[0].starts_at
    assert "已安排" in lost.reason


def test_what_is_taken_while_saving_is_skipped_too(
    wanted: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is made, and before the first session is written another browser has the room."""
    plan = series.preview_series(**wanted)
    first = plan.made[0]

    def then_taken(**asked: Any) -> series.SeriesPlan:
        make_session(
            wanted["version"], room=wanted["place"].room, starts_at=first.starts_at, now=now
        )
        return plan

    monkeypatch.setattr(series, "preview_series", then_taken)
    made, done = series.open_series(**wanted, seen=starts(plan))

    assert [row.starts_at for row in done.lost_since(starts(plan))] == [first.starts_at]
    assert len(made) == len(plan.made) - 1


def test_nothing_is_made_that_was_not_looked_at(wanted: dict[str, Any]) -> None:
    plan = series.preview_series(**wanted)

    with pytest.raises(NotAsPreviewed):
        series.open_series(**wanted, seen=starts(plan) - {plan.made[0].starts_at})

    assert not CourseSession.objects.exists()


def test_series_of_an_unpublished_version_is_refused(wanted: dict[str, Any]) -> None:
    wanted["version"] = make_draft(wanted["version"].host)

    with pytest.raises(NotPublished):
        series.preview_series(**wanted)


def test_camp_shares_its_class_hours_out(wanted: dict[str, Any]) -> None:
    version = make_version(host=wanted["version"].host, class_hours=15)
    clocks = series.CLOCKS[HalfDay.WHOLE_DAY]
    periods = [
        (at(day, clocks[0]), at(day, clocks[1])) for day in (MONDAY, MONDAY + timedelta(days=1))
    ]

    made = series.open_set(
        by=wanted["by"],
        version=version,
        name=series.set_name(version, periods[0][0], periods[1][0]),
        periods=periods,
        place=wanted["place"],
        now=wanted["now"],
    )

    hours = made.sessions.order_by("starts_at").values_list("class_hours", flat=True)
    assert list(hours) == [8, 7]


def test_camp_with_fewer_class_hours_than_days_is_refused(wanted: dict[str, Any]) -> None:
    version = make_version(host=wanted["version"].host, class_hours=1)
    clocks = series.CLOCKS[HalfDay.WHOLE_DAY]

    with pytest.raises(TooFewClassHours) as caught:
        series.open_set(
            by=wanted["by"],
            version=version,
            name="两日营",
            periods=[
                (at(day, clocks[0]), at(day, clocks[1]))
                for day in (MONDAY, MONDAY + timedelta(days=1))
            ],
            place=wanted["place"],
            now=wanted["now"],
        )

    assert str(caught.value) == "这门课只有 1 学时，分不到 2 天。"
    assert not CourseSession.objects.exists()


def test_series_on_line_needs_no_room(wanted: dict[str, Any]) -> None:
    online = wanted | {"place": Place(online_url="https://class.example.org/a")}

    plan = series.preview_series(**online)
    made, _plan = series.open_series(**online, seen=starts(plan))

    assert {session.online_url for session in made} == {"https://class.example.org/a"}
    assert not RoomHold.objects.exists()
