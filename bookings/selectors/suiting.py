"""Which sessions suit a class, as a condition of the query: what is looked at, counted and cut off
is then only what the class can really have."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from bookings.models import Booking, Place
from courses import phases
from courses.choices import SeasonAction
from courses.models import CourseSession, Season
from sites.calendar import at, local_day, school_year

LAST_GRADE = 12
# From when until when somebody is elsewhere.
Times = tuple[datetime, datetime]
TIMES = ("session__starts_at", "session__ends_at")


def open_seasons(action: SeasonAction, now: datetime) -> list[Season]:
    """The seasons whose phase opens the action. One query."""
    return [one for one in Season.objects.order_by("pk") if phases.is_open(action, one, now)]


def times_of_classes(
    bookings: Collection[Booking], now: datetime, *, session_set_id: int | None = None
) -> dict[int, set[Times]]:
    """When the bookings' classes are elsewhere, by class; the bookings themselves do not count,
    nor do those of the set. One query."""
    found: dict[int, set[Times]] = {}
    for group, *times in _others(bookings, now, session_set_id).values_list(
        "class_group_id", *TIMES
    ):
        found.setdefault(group, set()).add((times[0], times[1]))
    return found


def times_of_students(booking: Booking, student_ids: Collection[int], now: datetime) -> set[Times]:
    """When the students, who are all that come with the booking, have a place elsewhere, or their
    class has seats without names. Two queries."""
    session_set = booking.session.session_set_id
    leaving = Q(booking=booking.pk)
    if session_set is not None:
        leaving |= Q(
            booking__reservation=booking.reservation_id,
            booking__class_group=booking.class_group_id,
            session__session_set=session_set,
        )
    unnamed = Place.objects.live().filter(booking=OuterRef("pk"), student=None)
    named = Place.objects.live().filter(student__in=student_ids, ends_at__gt=now).exclude(leaving)
    return {
        *_others([booking], now, session_set).filter(Exists(unnamed)).values_list(*TIMES),
        *named.values_list("starts_at", "ends_at"),
    }


def _others(
    bookings: Collection[Booking], now: datetime, session_set_id: int | None
) -> QuerySet[Booking]:
    others = (
        Booking.objects.live()
        .filter(class_group__in={one.class_group_id for one in bookings}, session__ends_at__gt=now)
        .exclude(pk__in=[one.pk for one in bookings])
    )
    if session_set_id is not None:
        # The other days go too.
        others = others.exclude(session__session_set=session_set_id)
    return others


def suits(
    booking: Booking, seasons: Iterable[Season], elsewhere: Iterable[Times], now: datetime
) -> Q:
    """Sessions to come that the booking's class (loaded) can have with as many seats, and the
    adults who come along or that the course asks for: in one of the seasons, for its stage and
    its grade on the day, at no time of ``elsewhere``. Of sessions ``with_seats_left``.
    """
    heads = F("seats_taken") + F("seats_held") + F("adults_coming") + F("adults_held")
    each = F("version__students_per_adult")
    # ``companions.needed_for``; the database divides whole numbers.
    needed = Greatest(booking.adults, F("version__min_adults"), (each + booking.seats - 1) / each)
    found = Q(
        _of_grade(booking, now),
        Q(school=None) | Q(school=booking.school_id),
        Q(heads_limit=None) | Q(heads_limit__gte=heads + needed + booking.seats),
        season__in=[one.pk for one in seasons],
        starts_at__gt=now,
        seats_left__gte=booking.seats,
        version__stages__contains=[booking.class_group.stage],
    )
    for starts_at, ends_at in sorted(elsewhere):
        found &= Q(starts_at__gte=ends_at) | Q(ends_at__lte=starts_at)
    return found


def names_may_follow(seasons: Iterable[Season], now: datetime) -> Q:
    """Sessions to come of the seasons whose list is still open, as ``freeze.is_settled`` says."""
    found = Q(pk__in=[])
    for season in seasons:
        first = local_day(now) + timedelta(days=season.freeze_days)
        found |= Q(season=season.pk, starts_at__gte=at(first, time()))
    return found


def whole_sets(suiting: Q) -> Q:
    """Days of sets of which every day is ``suiting``."""
    others = (
        CourseSession.objects.scheduled()
        .with_seats_left()
        .filter(session_set=OuterRef("session_set"))
        .annotate(suits=Case(When(suiting, then=Value(True)), default=Value(False)))
        .filter(suits=False)
    )
    return suiting & Q(session_set__isnull=False) & ~Q(Exists(others))


def is_booked(booking: Booking) -> Exists:
    """Whether the booking's class has seats in the session."""
    return Exists(
        Booking.objects.live().filter(session=OuterRef("pk"), class_group=booking.class_group_id)
    )


def _of_grade(booking: Booking, now: datetime) -> Q:
    """The class changes its grade on the first of September."""
    group, year = booking.class_group, school_year(local_day(now))
    found = Q(pk__in=[])
    while (grade := group.grade(year)) <= LAST_GRADE:
        found |= Q(
            starts_at__gte=at(date(year, 9, 1), time()),
            starts_at__lt=at(date(year + 1, 9, 1), time()),
            version__grade_from__lte=grade,
            version__grade_to__gte=grade,
        )
        year += 1
    return found
