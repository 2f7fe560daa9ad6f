"""Seats that nobody used: bookings given up after the freeze, and classes that did not come.

Of all schools, for the secretariat; numbers and reasons, no names.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.db.models import Count, QuerySet

from accounts.models import Organisation
from attendance.selectors import no_shows
from bookings import wording
from bookings.choices import EXCUSED, ReasonCode
from bookings.models import Booking
from sites.calendar import at, local_day, school_year

LATE, NO_SHOW = "late", "no_show"
SHOWN = 200


@dataclass(slots=True)
class Missed:
    """What a school, or the schools at a host, gave up late or did not come to; ``unexcused``
    are those of them that are not nobody's fault, the unexplained ones included."""

    organisation: Organisation
    late: int = 0
    no_show: int = 0
    unexcused: int = 0

    @property
    def name(self) -> str:
        return wording.organisation_name(self.organisation)


@dataclass(frozen=True, slots=True)
class Summary:
    """The school year's: in all, by school, by host, and by reason (its code, how many)."""

    late: int
    no_show: int
    schools: tuple[Missed, ...]
    hosts: tuple[Missed, ...]
    reasons: tuple[tuple[str, str, int, int], ...] = field(default=())


def late_cancellations(now: datetime) -> QuerySet[Booking]:
    """Bookings of this school year given up after the freeze."""
    return Booking.objects.filter(is_late=True, session__starts_at__gte=_since(now))


def classes_missing(now: datetime) -> QuerySet[Booking]:
    """Bookings of this school year in which nobody came."""
    return no_shows.nobody_came(Booking.objects.all(), since=_since(now), now=now)


def looked_up(now: datetime) -> QuerySet[Booking]:
    """As ``classes_missing``, looked for once: for a page that counts and lists them. One query."""
    keys = classes_missing(now).order_by().values_list("pk", flat=True)
    return Booking.objects.filter(pk__in=list(keys))


def summary(now: datetime, *, missing: QuerySet[Booking] | None = None) -> Summary:
    """Three queries, whatever the number of bookings. ``missing`` if they are looked up."""
    late = _counts(late_cancellations(now), "cancel_code")
    absent = _counts(classes_missing(now) if missing is None else missing, "no_show_code")
    organisations = Organisation.objects.in_bulk(
        {key for school, host, _code, _n in [*late, *absent] for key in (school, host)}
    )
    by_code = [Counter[str](), Counter[str]()]
    for counter, rows in zip(by_code, (late, absent), strict=True):
        for _school, _host, code, number in rows:
            counter[code] += number
    return Summary(
        late=by_code[0].total(),
        no_show=by_code[1].total(),
        schools=_added_up(organisations, late, absent, 0),
        hosts=_added_up(organisations, late, absent, 1),
        reasons=tuple(
            (code, str(ReasonCode(code).label) if code else "", by_code[0][code], by_code[1][code])
            for code in (*ReasonCode.values, "")
            if by_code[0][code] or by_code[1][code]
        ),
    )


def rows(
    now: datetime,
    *,
    kind: str = "",
    school_id: int | None,
    host_id: int | None,
    missing: QuerySet[Booking] | None = None,
) -> list[Booking]:
    """The bookings behind a number, the latest first. One query for each kind. ``missing`` if
    they are looked up."""
    found: list[Booking] = []
    for one, bookings in (
        (LATE, late_cancellations(now)),
        (NO_SHOW, classes_missing(now) if missing is None else missing),
    ):
        if kind not in ("", one):
            continue
        if school_id is not None:
            bookings = bookings.filter(school=school_id)
        if host_id is not None:
            bookings = bookings.filter(host=host_id)
        found += bookings.select_related(
            "class_group", "school", "host", "session__version"
        ).order_by("-session__starts_at", "pk")[:SHOWN]
    return sorted(found, key=lambda one: (one.session.starts_at, -one.pk), reverse=True)[:SHOWN]


def _since(now: datetime) -> datetime:
    return at(date(school_year(local_day(now)), 9, 1), time())


def _counts(bookings: QuerySet[Booking], code: str) -> list[tuple[int, int, str, int]]:
    return list(
        bookings.order_by()
        .values_list("school_id", "host_id", code)
        .annotate(number=Count("pk"))
        .order_by("school_id", "host_id", code)
    )


def _added_up(
    organisations: dict[int, Organisation],
    late: Iterable[tuple[int, int, str, int]],
    missing: Iterable[tuple[int, int, str, int]],
    side: int,
) -> tuple[Missed, ...]:
    """By school (0) or host (1), those with the most first."""
    found: dict[int, Missed] = {}
    for kind, counts in ((LATE, late), (NO_SHOW, missing)):
        for row in counts:
            code, number = row[2], row[3]
            key = (row[0], row[1])[side]
            one = found.setdefault(key, Missed(organisations[key]))
            setattr(one, kind, getattr(one, kind) + number)
            if code not in EXCUSED:
                one.unexcused += number
    return tuple(
        sorted(found.values(), key=lambda one: (-one.late - one.no_show, one.organisation.pk))
    )
