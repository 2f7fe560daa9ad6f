"""What else fits a class that cannot or does not want to come to a session."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from itertools import chain
from operator import or_

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, TruncDate

from bookings import wording
from bookings.models import Booking
from bookings.selectors import suiting
from courses.choices import SeasonAction
from courses.models import CourseSession, Season
from sites.calendar import SHANGHAI, at

# For several bookings so many of the nearest are looked at that suit any of them.
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
    seasons: Sequence[Season] | None = None,
) -> dict[int, list[Offer]]:
    """For each of the session's bookings (class loaded) what still fits it, the nearest first:
    the same course, then the same occupation, then the same family; within these by days, then
    the same site. A booking of a set is offered sets, another one single sessions.

    At most four queries, whatever the number of bookings; none of the sessions ``besides``.
    ``session`` with version and room; ``seasons`` are those open for booking, if they are read.
    """
    if not bookings:
        return {}
    if seasons is None:
        seasons = suiting.open_seasons(SeasonAction.BOOK, now)
    busy = suiting.times_of_classes(bookings, now, session_set_id=session.session_set_id)
    wanted = {
        booking.pk: suiting.suits(booking, seasons, busy.get(booking.class_group_id, ()), now)
        for booking in bookings
    }
    return offers_of(session, wanted, limit=limit, besides=besides)


def offers_of(
    session: CourseSession,
    wanted: Mapping[int, Q],
    *,
    limit: int,
    besides: Collection[int] = (),
    narrowed: Q | None = None,
) -> dict[int, list[Offer]]:
    """As ``offers_for``, of what is ``wanted`` by each booking. ``narrowed`` to some sessions, or
    to sets with one of their days among them. Two queries."""
    fits = {pk: _instead(session, one & ~Q(pk__in=besides)) for pk, one in wanted.items()}
    one_by_one = session.session_set_id is None
    key_name = "pk" if one_by_one else "session_set_id"
    # Of one booking's sessions each that is found is offered.
    looked_at = limit if one_by_one and len(fits) == 1 else LOOKED_AT
    near = (
        _ordered(session)
        .filter(reduce(or_, fits.values()), narrowed or Q())
        .annotate(
            **{
                f"fits_{pk}": Case(When(one, then=Value(True)), default=Value(False))
                for pk, one in fits.items()
            }
        )
        .values_list(key_name, "nearness", *(f"fits_{pk}" for pk in fits))[:looked_at]
    )
    nearness: dict[int, int] = {}
    chosen: dict[int, list[int]] = {pk: [] for pk in fits}
    for key, how_near, *fitting in near:
        # Of a set, that of its nearest day.
        nearness.setdefault(key, how_near)
        for keys, is_fit in zip(chosen.values(), fitting, strict=True):
            if is_fit and key not in keys and len(keys) < limit:
                keys.append(key)
    days: dict[int, list[CourseSession]] = {}
    loaded = _loaded().scheduled().filter(**{f"{key_name}__in": {*chain(*chosen.values())}})
    for one in loaded.order_by("starts_at", "pk"):
        days.setdefault(getattr(one, key_name), []).append(one)
    return {
        pk: [_offer(tuple(days[key]), nearness[key]) for key in keys if key in days]
        for pk, keys in chosen.items()
    }


def offered(
    sessions: Sequence[CourseSession], bookings: Sequence[Booking], now: datetime
) -> dict[int, list[tuple[CourseSession, ...]]]:
    """``offers_for`` of several sessions that end together, by booking."""
    by_booking: dict[int, list[tuple[CourseSession, ...]]] = {}
    ending = {session.pk for session in sessions}
    seasons = suiting.open_seasons(SeasonAction.BOOK, now)
    for session in sessions:
        of_session = [one for one in bookings if one.session_id == session.pk]
        found = offers_for(session, of_session, now, besides=ending, seasons=seasons)
        for key, offers in found.items():
            by_booking[key] = [offer.sessions for offer in offers]
    return by_booking


def days_and_sites(session: CourseSession, wanted: Q) -> list[tuple[date, int | None]]:
    """On which days (Shanghai) and at which sites there is something of what is ``wanted`` in
    place of the session, by date. One query."""
    return sorted(
        CourseSession.objects.scheduled()
        .with_seats_left()
        .filter(_instead(session, wanted))
        .values_list(TruncDate("starts_at", tzinfo=SHANGHAI), "room__site_id")
        .distinct(),
        key=lambda found: (found[0], found[1] or 0),
    )


def narrowing(day: date | None, site_id: int | None) -> Q:
    """On that day (Shanghai), at that site."""
    narrowed = Q()
    if day is not None:
        narrowed &= Q(starts_at__gte=at(day, time()), starts_at__lt=at(day + ONE_DAY, time()))
    if site_id is not None:
        narrowed &= Q(room__site_id=site_id)
    return narrowed


def _instead(session: CourseSession, wanted: Q) -> Q:
    """What may take the session's place: of a set the days of other sets that are wanted whole."""
    if session.session_set_id is None:
        return wanted & Q(session_set=None) & ~Q(pk=session.pk)
    return suiting.whole_sets(wanted) & ~Q(session_set=session.session_set_id)


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


def _ordered(session: CourseSession) -> QuerySet[CourseSession]:
    """All sessions, the nearest to this one first."""
    version = session.version
    start = Value(session.starts_at)
    site_id = session.room.site_id if session.room is not None else None
    return (
        CourseSession.objects.scheduled()
        .with_seats_left()
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
