"""Sessions over the alliance: a day's, and free seats of the weeks ahead."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from attendance.choices import EventKind
from attendance.models import CheckIn, Desk
from bookings import wording
from bookings.choices import LIVE_STATES
from bookings.models import Booking
from courses.choices import SessionState
from courses.models import CourseSession
from courses.naming import headline
from sites import dates
from sites.calendar import at

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
    free: int
    arrived: int
    state: str
    state_label: str
    cancelled: bool
    alarm: bool


def sessions_of_day(day: date, now: datetime) -> list[SessionRow]:
    """Every session of the day by time, cancelled ones too. The alliance counts; it reads
    neither bookings nor names."""
    start = at(day, time(0))
    return _rows(
        CourseSession.objects.filter(starts_at__gte=start, starts_at__lt=start + timedelta(days=1)),
        now,
    )


def sessions_of_week(monday: date, now: datetime) -> list[SessionRow]:
    """The sessions behind a column of ``weeks_ahead``: of that week, still to begin."""
    start = at(monday, time(0))
    return _rows(
        CourseSession.objects.scheduled().filter(
            starts_at__gt=now, starts_at__gte=start, starts_at__lt=start + timedelta(weeks=1)
        ),
        now,
    )


def _rows(found: "QuerySet[CourseSession]", now: datetime) -> list[SessionRow]:
    """The sessions with their classes and who is there: three queries whatever their number."""
    sessions = list(
        found.select_related("version", "host")
        .annotate(
            is_closed=Exists(Desk.objects.filter(session=OuterRef("pk"), closed_at__isnull=False))
        )
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
            _("%(school)s %(class_group)s %(seats)d 人")
            % {
                "school": booking.school.shown_short_name,
                "class_group": wording.class_name(booking.class_group, booking.session.starts_at),
                "seats": booking.seats,
            }
        )
    # Marked absent or excused after the arrival, a student is not there.
    marked_since = CheckIn.objects.filter(
        session=OuterRef("session"),
        student=OuterRef("student"),
        kind__in=[EventKind.ABSENT, EventKind.EXCUSED],
        voided_by=None,
        recorded_at__gte=OuterRef("recorded_at"),
    )
    arrived = dict(
        CheckIn.objects.filter(session__in=keys, kind=EventKind.IN, voided_by=None)
        .filter(~Exists(marked_since))
        .values("session_id")
        .annotate(people=Count("student_id", distinct=True))
        .values_list("session_id", "people")
    )
    return [_row(session, classes, arrived, session.is_closed, now) for session in sessions]


def _row(
    session: CourseSession,
    classes: dict[int, list[str]],
    arrived: dict[int, int],
    is_closed: bool,
    now: datetime,
) -> SessionRow:
    people = arrived.get(session.pk, 0)
    alarm = False
    if session.state == SessionState.CANCELLED:
        state, label = "cancelled", session.get_state_display()
    elif session.ends_at <= now or is_closed:
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
        host=session.host.shown_short_name,
        classes=_("、").join(classes.get(session.pk, [])),
        booked=session.seats_taken,
        free=session.capacity - session.seats_taken - session.seats_held,
        arrived=people,
        state=state,
        state_label=label,
        cancelled=session.state == SessionState.CANCELLED,
        alarm=alarm,
    )


def last_day_ahead(today: date) -> date:
    """The Sunday with which the weeks of ``weeks_ahead`` end."""
    return today - timedelta(days=today.weekday()) + timedelta(weeks=WEEKS_AHEAD, days=-1)


def weeks_ahead(today: date, now: datetime) -> list[dict[str, object]]:
    """Seats taken and free of the sessions of this week and the seven after it, for the chart."""
    monday = today - timedelta(days=today.weekday())
    start = at(monday, time(0))
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
            "url": f"{reverse('insights:alliance_week')}?day={monday + timedelta(weeks=week)}",
        }
        for week in range(WEEKS_AHEAD)
    ]
