"""What of a session's time is seldom meant: said to the host, and not refused."""

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


def of_session(session: CourseSession) -> list[str]:
    """Sentences: a day without lessons, an hour when no class is about, a length that is half or
    twice that of the class hours. Two queries at most."""
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


def _length(length: timedelta) -> str:
    """2 小时 30 分钟"""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(count)d 小时", "%(count)d 小时", hours) % {"count": hours})
    if minutes:
        parts.append(ngettext("%(count)d 分钟", "%(count)d 分钟", minutes) % {"count": minutes})
    return " ".join(parts)
