"""What else fits a class that cannot or does not want to come to a session."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, TruncDate

from bookings import wording
from bookings.models import Booking
from courses import phases
from courses.choices import SeasonAction, Venue
from courses.models import CourseSession
from sites.calendar import SHANGHAI, at, local_day, school_year
from sites.models import Site

# So many of the nearest are looked at; whoever finds nothing among them searches the catalogue.
LOOKED_AT = 200
ONE_DAY = timedelta(days=1)
SAME_COURSE, SAME_OCCUPATION, SAME_FAMILY, OTHER = range(4)


@dataclass(frozen=True, slots=True)
class Offer:
    """A session, or the days of a set, with free seats for the class, and why it is near."""

    sessions: tuple[CourseSession, ...]
    nearness: int
    seats_left: int

    @property
    def first(self) -> CourseSession:
        return self.sessions[0]

    @property
    def session_set_id(self) -> int | None:
        return self.first.session_set_id

    @property
    def is_same_course(self) -> bool:
        return self.nearness == SAME_COURSE

    @property
    def is_same_occupation(self) -> bool:
        return self.nearness == SAME_OCCUPATION

    @property
    def class_hours(self) -> int:
        return sum(session.class_hours for session in self.sessions)

    @property
    def lines(self) -> list[wording.SessionLine]:
        return [wording.session_line(session) for session in self.sessions]


def offers_for(
    session: CourseSession,
    bookings: Sequence[Booking],
    now: datetime,
    *,
    limit: int = 3,
    besides: Collection[int] = (),
    action: SeasonAction = SeasonAction.BOOK,
    day: date | None = None,
    site_id: int | None = None,
) -> dict[int, list[Offer]]:
    """For each of the session's bookings (class loaded) what still fits it, the nearest first:
    the same course, then the same occupation, then the same family; within these by days, then
    the same site. A booking of a set is offered sets, another one single sessions.

    At most three queries, whatever the number of bookings; none of the sessions ``besides``.
    ``session`` with version and room. ``action`` is how it would be had: where the season's
    phase does not open it, nothing is offered. With a ``day`` (Shanghai) or ``site_id`` only what
    is then, or there, for a set with one of its days.
    """
    if not bookings:
        return {}
    ending = {session.pk, *besides}
    units = [
        offer
        for offer in _units(session, bookings, now, _narrowed(day, site_id))
        if all(phases.is_open(action, one.season, now) for one in offer.sessions)
    ]
    busy: dict[int, list[tuple[datetime, datetime]]] = {}
    others = (
        Booking.objects.live()
        .filter(class_group__in={one.class_group_id for one in bookings}, session__ends_at__gt=now)
        .exclude(pk__in=[one.pk for one in bookings])
    )
    if session.session_set_id is not None:
        # The other days go too.
        others = others.exclude(session__session_set=session.session_set_id)
    for group, starts_at, ends_at in others.values_list(
        "class_group_id", "session__starts_at", "session__ends_at"
    ):
        busy.setdefault(group, []).append((starts_at, ends_at))
    return {
        booking.pk: [
            offer
            for offer in units
            if not any(one.pk in ending for one in offer.sessions)
            and all(_fits(one, booking) for one in offer.sessions)
            and not _meets(offer.sessions, busy.get(booking.class_group_id, ()))
        ][:limit]
        for booking in bookings
    }


def offered(
    sessions: Sequence[CourseSession], bookings: Sequence[Booking], now: datetime
) -> dict[int, list[tuple[CourseSession, ...]]]:
    """``offers_for`` of several sessions that end together, by booking."""
    by_booking: dict[int, list[tuple[CourseSession, ...]]] = {}
    ending = {session.pk for session in sessions}
    for session in sessions:
        of_session = [one for one in bookings if one.session_id == session.pk]
        for key, offers in offers_for(session, of_session, now, besides=ending).items():
            by_booking[key] = [offer.sessions for offer in offers]
    return by_booking


def days_and_sites(booking: Booking, now: datetime) -> tuple[list[date], list[Site]]:
    """On which days (Shanghai) and at which sites, hosts loaded, there is something for the
    booking's class by stage and free seats, whatever else the class does then. Two queries."""
    session = booking.session
    found = (
        _near(session, [booking], now)
        .filter(session_set__isnull=session.session_set_id is None)
        .order_by()
    )
    days = found.values_list(TruncDate("starts_at", tzinfo=SHANGHAI), flat=True).distinct()
    sites = Site.objects.filter(pk__in=found.values("room__site_id")).select_related("host")
    return sorted(days), list(sites)


def _narrowed(day: date | None, site_id: int | None) -> Q:
    narrowed = Q()
    if day is not None:
        narrowed &= Q(starts_at__gte=at(day, time()), starts_at__lt=at(day + ONE_DAY, time()))
    if site_id is not None:
        narrowed &= Q(room__site_id=site_id)
    return narrowed


def _units(
    session: CourseSession, bookings: Sequence[Booking], now: datetime, narrowed: Q
) -> list[Offer]:
    found = _near(session, bookings, now).filter(narrowed)
    if session.session_set_id is None:
        return [
            _offer((one,), one.nearness)  # type: ignore[attr-defined]
            for one in found.filter(session_set=None)[:LOOKED_AT]
        ]
    near = found.filter(session_set__isnull=False).exclude(session_set=session.session_set_id)
    # In the order of the nearest day of each set.
    nearness: dict[int | None, int] = {}
    for one in near[:LOOKED_AT]:
        nearness.setdefault(one.session_set_id, one.nearness)  # type: ignore[attr-defined]
    members: dict[int | None, list[CourseSession]] = {key: [] for key in nearness}
    for one in _loaded().scheduled().filter(session_set__in=nearness).order_by("starts_at", "pk"):
        members[one.session_set_id].append(one)
    return [
        _offer(tuple(members[key]), nearness[key])
        for key in nearness
        if all(one.starts_at > now for one in members[key])
    ]


def _offer(sessions: tuple[CourseSession, ...], nearness: int) -> Offer:
    return Offer(
        sessions=sessions,
        nearness=nearness,
        seats_left=min(one.capacity - one.seats_taken - one.seats_held for one in sessions),
    )


def _loaded():  # type: ignore[no-untyped-def]
    return CourseSession.objects.select_related(
        "version", "room__site", "school", "host", "season", "session_set"
    )


def _near(
    session: CourseSession, bookings: Sequence[Booking], now: datetime
) -> QuerySet[CourseSession]:
    version = session.version
    start = Value(session.starts_at)
    site_id = session.room.site_id if session.room is not None else None
    return (
        _loaded()
        .scheduled()
        .with_seats_left()
        .filter(
            Q(school=None) | Q(school__in={one.school_id for one in bookings}),
            version__stages__overlap=list({one.class_group.stage for one in bookings}),
            starts_at__gt=now,
            season__opens_at__lte=now,
            seats_left__gte=min(one.seats for one in bookings),
        )
        .exclude(pk=session.pk)
        .annotate(
            nearness=Case(
                When(version__course_id=version.course_id, then=Value(SAME_COURSE)),
                When(version__occupation_zh=version.occupation_zh, then=Value(SAME_OCCUPATION)),
                When(version__occupation_family=version.occupation_family, then=Value(SAME_FAMILY)),
                default=Value(OTHER),
                output_field=IntegerField(),
            ),
            apart=Greatest(F("starts_at") - start, start - F("starts_at")),
            is_elsewhere=Case(
                When(room__site_id=site_id, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            ),
        )
        .order_by("nearness", "apart", "is_elsewhere", "pk")
    )


def _fits(session: CourseSession, booking: Booking) -> bool:
    group, version = booking.class_group, session.version
    grade = group.grade(school_year(local_day(session.starts_at)))
    return (
        session.takes(booking.seats, booking.adults)
        and group.stage in version.stages
        and version.grade_from <= grade <= version.grade_to
        and (session.venue != Venue.SCHOOL or session.school_id == booking.school_id)
    )


def _meets(sessions: Iterable[CourseSession], times: Iterable[tuple[datetime, datetime]]) -> bool:
    times = list(times)
    return any(
        session.starts_at < ends_at and starts_at < session.ends_at
        for session in sessions
        for starts_at, ends_at in times
    )
