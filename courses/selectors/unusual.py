"""What of a session's time is seldom meant: said to the host, and not refused."""

import re
from datetime import time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.models import CourseSession
from sites import dates
from sites.calendar import is_lesson_day, local_day
from sites.selectors import day_names, special_days

EARLIEST, LATEST = time(7), time(20)
CLASS_HOUR = timedelta(minutes=40)
# Breaks and the way to the room make a session longer than its lessons, but not this much.
FAR_TOO_LONG = 2
# A site writes its opening hours in its own words; the times of day in them are read.
HOURS = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至到]+\s*(\d{1,2})[:：](\d{2})")


def of_session(session: CourseSession) -> list[str]:
    """Sentences: a day without lessons, an hour when no class is about or the site is not open, a
    length that is half or twice that of the class hours. Two queries at most (a room's site
    loaded); the session need not be saved."""
    day = local_day(session.starts_at)
    starts, ends = dates.local(session.starts_at), dates.local(session.ends_at)
    found = []
    if not is_lesson_day(day, special_days(day, day)):
        name = day_names(day, day).get(day, "")
        found.append(
            _("%(day)s不是上课日（%(name)s）。") % {"day": dates.day(day), "name": name}
            if name
            else _("%(day)s不是上课日。") % {"day": dates.day(day)}
        )
    if starts.time() < EARLIEST or ends.time() > LATEST or ends.date() > starts.date():
        found.append(
            _("%(times)s 不在 7:00–20:00 之内。")
            % {"times": dates.time_range(session.starts_at, session.ends_at)}
        )
    if session.room is not None and _is_outside(session, session.room.site.opening_hours):
        found.append(
            _("%(times)s 不在%(site)s的开放时间之内（%(hours)s）。")
            % {
                "times": dates.time_range(session.starts_at, session.ends_at),
                "site": session.room.site.name,
                "hours": session.room.site.opening_hours,
            }
        )
    length, lessons = session.ends_at - session.starts_at, session.class_hours * CLASS_HOUR
    if length > FAR_TOO_LONG * lessons or length * FAR_TOO_LONG < lessons:
        found.append(
            ngettext(
                "时长 %(length)s，这门课记 %(count)d 学时（每学时 40 分钟）。",
                "时长 %(length)s，这门课记 %(count)d 学时（每学时 40 分钟）。",
                session.class_hours,
            )
            % {"length": _length(length), "count": session.class_hours}
        )
    return found


def mark_of(session: CourseSession) -> str:
    """Of what is looked at here: the same as long as nothing of it is another."""
    return "-".join(
        [
            f"{dates.local(session.starts_at):%Y%m%d%H%M}",
            f"{dates.local(session.ends_at):%Y%m%d%H%M}",
            str(session.room_id or ""),
            str(session.class_hours),
        ]
    )


def _is_outside(session: CourseSession, opening_hours: str) -> bool:
    """Before the earliest or after the latest time of day that the opening hours name. Breaks and
    weekdays in them are for people to read; words without times say nothing."""
    spans = [tuple(map(int, one)) for one in HOURS.findall(opening_hours)]
    if not spans:
        return False
    opens, closes = min(one[:2] for one in spans), max(one[2:] for one in spans)
    starts, ends = dates.local(session.starts_at), dates.local(session.ends_at)
    is_overnight = ends.date() > starts.date()
    return (starts.hour, starts.minute) < opens or (
        is_overnight or (ends.hour, ends.minute) > closes
    )


def _length(length: timedelta) -> str:
    """2 小时 30 分钟"""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(count)d 小时", "%(count)d 小时", hours) % {"count": hours})
    if minutes:
        parts.append(ngettext("%(count)d 分钟", "%(count)d 分钟", minutes) % {"count": minutes})
    return " ".join(parts)
