"""Sessions over the alliance: a day's, and free seats of the weeks ahead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from attendance.choices import EventKind
from attendance.models import CheckIn
from bookings import wording
from bookings.choices import LIVE_STATES
from bookings.models import Booking
from courses.choices import SessionState
from courses.models import CourseSession
from courses.naming import headline
from sites import dates
from sites.calendar import MORNING, at

WEEKS_AHEAD = 8

# Nobody in this long after the start: somebody should telephone.
ALARM_AFTER = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class SessionRow:
    pk: int
    starts_at: datetime
    occupation: str
    family: str
    host: str
    classes: str
    booked: int
    arrived: int
    state: str
    state_label: str
    cancelled: bool
    alarm: bool


def sessions_of_day(day: date, now: datetime) -> list[SessionRow]:
    """Every session of the day that is booked or cancelled after being booked, by time."""
    start = at(day, MORNING[0].replace(hour=0, minute=0))
    sessions = list(
        CourseSession.objects.filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=1))
        .select_related("version", "host")
        .order_by("starts_at", "pk")
    )
    keys = [session.pk for session in sessions]
    classes: dict[int, list[str]] = {}
    for booking in (
        Booking.objects.filter(session__in=keys, state__in=LIVE_STATES)
        .select_related("school", "class_group", "session")
        .order_by("pk")
    ):
        classes.setdefault(booking.session_id, []).append(
            f"{booking.school.short_name or booking.school.name} "
            + wording.class_name(booking.class_group, booking.session.starts_at)
        )
    arrived = dict(
        CheckIn.objects.filter(session__in=keys, kind=EventKind.IN, voided_by=None)
        .values("session_id")
        .annotate(people=Count("student_id", distinct=True))
        .values_list("session_id", "people")
    )
    return [_row(session, classes, arrived, now) for session in sessions]


def _row(
    session: CourseSession, classes: dict[int, list[str]], arrived: dict[int, int], now: datetime
) -> SessionRow:
    people = arrived.get(session.pk, 0)
    alarm = False
    if session.state == SessionState.CANCELLED:
        state, label = "cancelled", session.get_state_display()
    elif session.ends_at <= now:
        state, label = "out", _("已结束")
    elif session.starts_at > now:
        state, label = "soon", _("未开始")
    elif not session.seats_taken:
        state, label = "soon", _("无人预约")
    elif not people and now - session.starts_at > ALARM_AFTER:
        state, label, alarm = "bad", _("无人签到"), True
    else:
        state, label = "present", _("进行中")
    return SessionRow(
        pk=session.pk,
        starts_at=session.starts_at,
        occupation=headline(session.version).occupation,
        family=session.version.occupation_family,
        host=session.host.short_name or wording.organisation_name(session.host),
        classes=_("、").join(classes.get(session.pk, [])),
        booked=session.seats_taken,
        arrived=people,
        state=state,
        state_label=label,
        cancelled=session.state == SessionState.CANCELLED,
        alarm=alarm,
    )


def weeks_ahead(today: date, now: datetime) -> list[dict[str, object]]:
    """Seats taken and free of the sessions of this week and the seven after it, for the chart."""
    monday = today - timedelta(days=today.weekday())
    start = at(monday, MORNING[0].replace(hour=0, minute=0))
    totals = (
        CourseSession.objects.scheduled()
        .filter(starts_at__gt=now, starts_at__lt=start + timedelta(weeks=WEEKS_AHEAD))
        .aggregate(
            **{
                f"{name}_{week}": Sum(
                    expression,
                    filter=Q(
                        starts_at__gte=start + timedelta(weeks=week),
                        starts_at__lt=start + timedelta(weeks=week + 1),
                    ),
                    default=0,
                )
                for week in range(WEEKS_AHEAD)
                for name, expression in (
                    ("taken", F("seats_taken")),
                    ("free", F("capacity") - F("seats_taken") - F("seats_held")),
                )
            }
        )
    )
    return [
        {
            "label": dates.day_short(monday + timedelta(weeks=week)),
            "taken": totals[f"taken_{week}"],
            "free": totals[f"free_{week}"],
            "url": "",
        }
        for week in range(WEEKS_AHEAD)
    ]
