"""Days and times as people here read them: Shanghai time, in the language of the page.

The order of the parts belongs to the language, so every format is a translated sentence.
"""

import datetime
from typing import overload

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from .calendar import FIRST_DAY, LAST_DAY, NOON, SHANGHAI

Moment = datetime.date | datetime.datetime

# Marked for translation here, translated one at a time.
MONTHS = (
    gettext_noop("1 月"), gettext_noop("2 月"), gettext_noop("3 月"), gettext_noop("4 月"),
    gettext_noop("5 月"), gettext_noop("6 月"), gettext_noop("7 月"), gettext_noop("8 月"),
    gettext_noop("9 月"), gettext_noop("10 月"), gettext_noop("11 月"), gettext_noop("12 月"),
)  # fmt: skip
WEEKDAYS = (
    gettext_noop("周一"), gettext_noop("周二"), gettext_noop("周三"), gettext_noop("周四"),
    gettext_noop("周五"), gettext_noop("周六"), gettext_noop("周日"),
)  # fmt: skip


def check_day(value: Moment) -> None:
    """A form's validator: a day that a school could mean."""
    day = value.date() if isinstance(value, datetime.datetime) else value
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(
            _("请填 %(first)d 年至 %(last)d 年的日期。"),
            params={"first": FIRST_DAY.year, "last": LAST_DAY.year},
        )


@overload
def local(value: datetime.datetime) -> datetime.datetime: ...
@overload
def local(value: datetime.date) -> datetime.date: ...
def local(value: Moment) -> Moment:
    """Return a datetime on the clock of Shanghai; a date or a naive datetime stays as it is."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(SHANGHAI)
    return value


def month_name(value: Moment) -> str:
    """Return the month as it stands in a date: 12 月, or Dec."""
    return _(MONTHS[local(value).month - 1])


def weekday(value: Moment) -> str:
    """Return 周二, or Tue."""
    return _(WEEKDAYS[local(value).weekday()])


def day(value: Moment) -> str:
    """Return 12 月 8 日（周二）, or Tue 8 Dec."""
    return _("%(month)s %(day)d 日（%(weekday)s）") % {
        "month": month_name(value),
        "day": local(value).day,
        "weekday": weekday(value),
    }


def day_plain(value: Moment) -> str:
    """Return 12 月 8 日, or 8 Dec."""
    return _("%(month)s %(day)d 日") % {"month": month_name(value), "day": local(value).day}


def day_full(value: Moment) -> str:
    """Return 2026 年 12 月 8 日（周二）, or Tue 8 Dec 2026."""
    return _("%(year)d 年 %(month)s %(day)d 日（%(weekday)s）") % {
        "year": local(value).year,
        "month": month_name(value),
        "day": local(value).day,
        "weekday": weekday(value),
    }


def day_short(value: Moment) -> str:
    """Return 12/8, or 8 Dec: for tables and charts."""
    months = (
        pgettext("short month", "1"), pgettext("short month", "2"), pgettext("short month", "3"),
        pgettext("short month", "4"), pgettext("short month", "5"), pgettext("short month", "6"),
        pgettext("short month", "7"), pgettext("short month", "8"), pgettext("short month", "9"),
        pgettext("short month", "10"), pgettext("short month", "11"), pgettext("short month", "12"),
    )  # fmt: skip
    here = local(value)
    return pgettext("short date", "%(month)s/%(day)d") % {
        "month": months[here.month - 1],
        "day": here.day,
    }


def clock(value: datetime.datetime | datetime.time) -> str:
    """Return 9:00, in both languages."""
    here = local(value) if isinstance(value, datetime.datetime) else value
    return f"{here.hour}:{here.minute:02}"


def moment(value: datetime.datetime) -> str:
    """Return 12 月 8 日（周二）9:00, or Tue 8 Dec 9:00."""
    return _("%(day)s%(clock)s") % {"day": day(value), "clock": clock(value)}


def moment_full(value: datetime.datetime) -> str:
    """Return 2026 年 12 月 8 日（周二）9:00: on what leaves the house."""
    return _("%(day)s%(clock)s") % {"day": day_full(value), "clock": clock(value)}


def time_range(starts_at: datetime.datetime, ends_at: datetime.datetime) -> str:
    """Return 9:00–11:30."""
    return f"{clock(starts_at)}–{clock(ends_at)}"


def period(starts_at: datetime.datetime, ends_at: datetime.datetime) -> str:
    """Return the day and both times; both days when the period runs over midnight."""
    if local(starts_at).timetuple()[:3] == local(ends_at).timetuple()[:3]:
        return _("%(day)s%(clock)s") % {
            "day": day(starts_at),
            "clock": time_range(starts_at, ends_at),
        }
    return _("%(start)s 至 %(end)s") % {"start": moment(starts_at), "end": moment(ends_at)}


def day_range(first: Moment, last: Moment) -> str:
    """Return 11 月 30 日至 12 月 4 日; both days belong to the range."""
    if local(first).timetuple()[:3] == local(last).timetuple()[:3]:
        return day(first)
    return _("%(first)s至 %(last)s") % {"first": day_plain(first), "last": day_plain(last)}


def half_day(value: datetime.datetime | datetime.time) -> str:
    """Return 上午 before noon, else 下午."""
    here = local(value).timetz() if isinstance(value, datetime.datetime) else value
    return _("上午") if here.replace(tzinfo=None) < NOON else _("下午")
