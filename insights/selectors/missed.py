"""Seats that nobody used: bookings cancelled after the freeze, by the school or by the host, and
classes that did not come.

Of all schools and hosts, for the secretariat; numbers and reasons, no names.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from accounts.models import Organisation
from attendance.selectors import no_shows
from bookings import wording
from bookings.choices import CancelledSide
from bookings.models import Booking
from courses.choices import EXCUSED, ReasonCode
from sites.calendar import at, local_day, school_year

# By the school, by the host, and classes of whom nobody came: as links and fields name them.
LATE, HOST_LATE, NO_SHOW = KINDS = ("late", "host_late", "no_show")
SIDES = {LATE: CancelledSide.SCHOOL, HOST_LATE: CancelledSide.HOST}
KIND_OF_SIDE = {side.value: kind for kind, side in SIDES.items()}
SHOWN = 200


class Counted(NamedTuple):
    """How many of a kind a school and a host have, for one reason."""

    kind: str
    school_id: int
    host_id: int
    code: str
    number: int


@dataclass(slots=True)
class Missed:
    """What a school, or the schools at a host, gave up late or did not come to, and what the
    host, or the hosts of a school, cancelled late. ``unexcused`` and ``host_unexcused`` are
    those of the schools' and of the hosts' that are not nobody's fault, the unexplained ones
    included."""

    organisation: Organisation
    late: int = 0
    no_show: int = 0
    unexcused: int = 0
    host_late: int = 0
    host_unexcused: int = 0

    @property
    def name(self) -> str:
        return wording.organisation_name(self.organisation)

    @property
    def of_schools(self) -> int:
        return self.late + self.no_show


class Reason(NamedTuple):
    """How often a reason was given: its code, empty where none was, and the label."""

    code: str
    label: str
    late: int
    no_show: int
    host_late: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The school year's: in all, by school, by host, and by reason."""

    late: int
    no_show: int
    host_late: int
    schools: tuple[Missed, ...]
    hosts: tuple[Missed, ...]
    reasons: tuple[Reason, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.late or self.no_show or self.host_late)


def late_cancellations(now: datetime) -> QuerySet[Booking]:
    """Bookings of this school year cancelled after the freeze, by their school or by the host."""
    return Booking.objects.filter(
        is_late=True, cancelled_side__in=SIDES.values(), session__starts_at__gte=_since(now)
    )


def classes_missing(now: datetime) -> QuerySet[Booking]:
    """Bookings of this school year in which nobody came."""
    return no_shows.nobody_came(Booking.objects.all(), since=_since(now), now=now)


def looked_up(now: datetime) -> QuerySet[Booking]:
    """As ``classes_missing``, looked for once: for a page that counts and lists them. One query."""
    keys = classes_missing(now).order_by().values_list("pk", flat=True)
    return Booking.objects.filter(pk__in=list(keys))


def summary(now: datetime, *, missing: QuerySet[Booking] | None = None) -> Summary:
    """Three queries, whatever the number of bookings. ``missing`` if they are looked up."""
    counts = [*_late(now), *_absent(classes_missing(now) if missing is None else missing)]
    organisations = Organisation.objects.in_bulk(
        {key for one in counts for key in (one.school_id, one.host_id)}
    )
    by_code: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for one in counts:
        by_code[one.kind][one.code] += one.number
    return Summary(
        late=by_code[LATE].total(),
        no_show=by_code[NO_SHOW].total(),
        host_late=by_code[HOST_LATE].total(),
        schools=_added_up(organisations, counts, by_host=False),
        hosts=_added_up(organisations, counts, by_host=True),
        reasons=tuple(
            Reason(
                code,
                str(ReasonCode(code).label) if code else "",
                late=by_code[LATE][code],
                no_show=by_code[NO_SHOW][code],
                host_late=by_code[HOST_LATE][code],
            )
            for code in (*ReasonCode.values, "")
            if any(by_code[kind][code] for kind in KINDS)
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
    """The bookings behind a number, the latest first: one query for those cancelled, one for
    the classes that did not come. ``missing`` if they are looked up."""
    chosen: list[QuerySet[Booking]] = []
    if kind in ("", *SIDES):
        late = late_cancellations(now)
        chosen.append(late.filter(cancelled_side=SIDES[kind]) if kind else late)
    if kind in ("", NO_SHOW):
        chosen.append(classes_missing(now) if missing is None else missing)
    found: list[Booking] = []
    for bookings in chosen:
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


def _late(now: datetime) -> list[Counted]:
    counts = _counted(late_cancellations(now), "cancel_code", "cancelled_side")
    return [
        Counted(KIND_OF_SIDE[side], school, host, code, number)
        for school, host, code, side, number in counts
    ]


def _absent(missing: QuerySet[Booking]) -> list[Counted]:
    return [Counted(NO_SHOW, *row) for row in _counted(missing, "no_show_code")]


def _counted(bookings: QuerySet[Booking], *by: str) -> QuerySet[Booking, tuple[Any, ...]]:
    """By school, host and ``by``, with how many."""
    keys = ("school_id", "host_id", *by)
    return bookings.order_by().values_list(*keys).annotate(number=Count("pk")).order_by(*keys)


def _added_up(
    organisations: dict[int, Organisation], counts: Iterable[Counted], *, by_host: bool
) -> tuple[Missed, ...]:
    """By school or by host, those with the most of their own first."""
    found: dict[int, Missed] = {}
    for row in counts:
        key = row.host_id if by_host else row.school_id
        one = found.setdefault(key, Missed(organisations[key]))
        setattr(one, row.kind, getattr(one, row.kind) + row.number)
        if row.code not in EXCUSED:
            if row.kind == HOST_LATE:
                one.host_unexcused += row.number
            else:
                one.unexcused += row.number

    def most_first(one: Missed) -> tuple[int, int, int]:
        own, others = one.of_schools, one.host_late
        if by_host:
            own, others = others, own
        return -own, -others, one.organisation.pk

    return tuple(sorted(found.values(), key=most_first))
