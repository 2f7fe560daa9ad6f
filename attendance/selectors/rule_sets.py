"""Which edition of the rule table is in force for a session."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils import timezone

from attendance.choices import FIRST_EDITION, AttendanceRules
from attendance.models import AttendanceRuleSet
from courses.models import CourseSession
from sites.calendar import local_day

# What this process has read, by the day on which it read it. An edition is for a day after the
# one on which it was added, and stays from its day on: what was read at any time of a day holds
# all there will ever be for the sessions of that day and before.
_read: dict[date, Sequence[AttendanceRuleSet]] = {}


def editions() -> list[AttendanceRuleSet]:
    """The editions that were added, the newest first."""
    return list(AttendanceRuleSet.objects.order_by("-version"))


def rules_on(day: date) -> AttendanceRules:
    """The rules for sessions of that day; a query once a day, for days to come always."""
    return among(_known(day), day)


def rules_of(session: CourseSession) -> AttendanceRules:
    return rules_on(local_day(session.starts_at))


def rules_of_each(sessions: Iterable[CourseSession]) -> dict[int, AttendanceRules]:
    """The rules of each session, by its key: one query at most, however many they are."""
    days = {session.pk: local_day(session.starts_at) for session in sessions}
    known = _known(max(days.values(), default=date.min))
    return {pk: among(known, day) for pk, day in days.items()}


def among(known: Iterable[AttendanceRuleSet], day: date) -> AttendanceRules:
    """The rules of the day by the editions ``known``, the newest first."""
    return next((one.rules for one in known if one.valid_from <= day), FIRST_EDITION)


def forget_what_was_read() -> None:
    """The next question reads the table."""
    _read.clear()


def _known(day: date) -> Sequence[AttendanceRuleSet]:
    today = local_day(timezone.now())
    if day > today:
        return editions()
    if today not in _read:
        _read.clear()
        _read[today] = editions()
    return _read[today]
