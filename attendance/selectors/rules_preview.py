"""What an edition of the rules will affect, before it is added."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Sum

from attendance.choices import AttendanceRules
from attendance.models import AttendanceRuleSet, CheckIn
from attendance.selectors.rule_sets import rules_on
from attendance.selectors.states import by_student
from courses.models import CourseSession
from sites.calendar import at

# The sessions that are looked back at, for comparison.
LOOKED_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Preview:
    """``sessions`` to come with ``seats`` booked follow the edition. Of the ``attended`` at
    doors closed in the last 30 days so many would have ``more`` or ``fewer`` class hours by it
    than by the edition that it takes over from; what they have stays."""

    sessions: int
    seats: int
    attended: int
    more: int
    fewer: int


def preview(edition: AttendanceRuleSet, now: datetime) -> Preview:
    """Four queries, however much it affects."""
    coming = CourseSession.objects.scheduled().filter(
        starts_at__gte=at(edition.valid_from, time(0))
    )
    recent = {
        session.pk: session
        for session in CourseSession.objects.filter(
            starts_at__gte=now - LOOKED_BACK, starts_at__lt=now, desk__closed_at__isnull=False
        )
    }
    events: dict[int, list[CheckIn]] = defaultdict(list)
    for event in CheckIn.objects.filter(session__in=recent).select_related("student"):
        events[event.session_id].append(event)
    until_then = rules_on(edition.valid_from)
    attended = more = fewer = 0
    for pk, own in events.items():
        kept = _hours(own, recent[pk], until_then)
        asked = _hours(own, recent[pk], edition.rules)
        attended += len(kept)
        more += sum(asked[student] > hours for student, hours in kept.items())
        fewer += sum(asked[student] < hours for student, hours in kept.items())
    return Preview(
        sessions=coming.count(),
        seats=coming.aggregate(seats=Sum("seats_taken"))["seats"] or 0,
        attended=attended,
        more=more,
        fewer=fewer,
    )


def _hours(events: list[CheckIn], session: CourseSession, rules: AttendanceRules) -> dict[int, int]:
    """The class hours of each who was there."""
    return {
        student: state.earns.of(session.class_hours)
        for student, state in by_student(events, session, rules).items()
        if state.was_there
    }
