"""The school calendar's arithmetic. Days in, days out; Asia/Shanghai throughout."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from .choices import DayKind

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The usual halves of a school day: lessons before noon and after.
MORNING = (time(9, 0), time(11, 30))
AFTERNOON = (time(13, 0), time(15, 30))
WHOLE_DAY = (time(9, 0), time(15, 30))
NOON = time(12, 0)

# Days outside are slips of the finger; at the ends of the calendar even adding a day fails.
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2100, 12, 31)


def school_year(day: date) -> int:
    """The year in whose September the school year of ``day`` began."""
    return day.year if day.month >= 9 else day.year - 1


def local_day(moment: datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def at(day: date, clock: time) -> datetime:
    """That clock time of that day in Shanghai, aware."""
    return datetime.combine(day, clock, tzinfo=SHANGHAI)


def is_lesson_day(day: date, special: Iterable[tuple[date, str]]) -> bool:
    """Whether schools have lessons: Monday to Friday and make-up workdays, no holidays.

    ``special`` holds (day, ``DayKind`` value) pairs.
    """
    for special_day, kind in special:
        if special_day == day:
            return kind == DayKind.MAKEUP_WORKDAY
    return day.weekday() < 5
