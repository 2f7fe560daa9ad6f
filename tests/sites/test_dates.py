"""Days and times are those of Shanghai, in the order of the language."""

from datetime import UTC, date, datetime, time

import pytest

from sites import dates

# 9:00 on Tuesday 8 December in Shanghai.
MORNING = datetime(2026, 12, 8, 1, 0, tzinfo=UTC)
LATE_MORNING = datetime(2026, 12, 8, 3, 30, tzinfo=UTC)
# Still Tuesday in London, already Wednesday 0:30 in Shanghai.
AFTER_MIDNIGHT = datetime(2026, 12, 8, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (dates.day, "12 月 8 日（周二）"),
        (dates.day_plain, "12 月 8 日"),
        (dates.day_full, "2026 年 12 月 8 日（周二）"),
        (dates.day_short, "12/8"),
        (dates.month_name, "12 月"),
        (dates.weekday, "周二"),
        (dates.clock, "9:00"),
        (dates.moment, "12 月 8 日（周二）9:00"),
        (dates.half_day, "上午"),
    ],
)
def test_format_of_a_moment(write, expected) -> None:
    text = write(MORNING)

    assert text == expected


def test_day_of_a_moment_after_midnight_in_shanghai() -> None:
    text = dates.moment(AFTER_MIDNIGHT)

    assert text == "12 月 9 日（周三）0:30"


def test_day_of_a_date_stays_that_day() -> None:
    text = dates.day(date(2026, 1, 4))

    assert text == "1 月 4 日（周日）"


def test_day_of_a_naive_moment_is_taken_as_local() -> None:
    text = dates.moment(datetime(2026, 12, 8, 9, 0))  # noqa: DTZ001

    assert text == "12 月 8 日（周二）9:00"


def test_half_day_turns_at_noon() -> None:
    halves = [
        dates.half_day(time(11, 59)),
        dates.half_day(time(12, 0)),
        dates.half_day(AFTER_MIDNIGHT),
    ]

    assert halves == ["上午", "下午", "上午"]


def test_time_range() -> None:
    text = dates.time_range(MORNING, LATE_MORNING)

    assert text == "9:00–11:30"


def test_period_within_a_day() -> None:
    text = dates.period(MORNING, LATE_MORNING)

    assert text == "12 月 8 日（周二）9:00–11:30"


def test_period_over_midnight_names_both_days() -> None:
    text = dates.period(MORNING, AFTER_MIDNIGHT)

    assert text == "12 月 8 日（周二）9:00 至 12 月 9 日（周三）0:30"


def test_day_range() -> None:
    text = dates.day_range(date(2026, 11, 30), date(2026, 12, 4))

    assert text == "11 月 30 日至 12 月 4 日"


def test_day_range_of_one_day_is_the_day() -> None:
    text = dates.day_range(MORNING, LATE_MORNING)

    assert text == "12 月 8 日（周二）"
