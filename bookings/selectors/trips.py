"""A school's trips: its bookings, shaped for lists and for one page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings import wording
from bookings.models import Booking, BookingQuerySet, Place
from bookings.selectors import companions
from rosters.models import ClassGroup, Student
from sites.calendar import local_day

PAGE = 20


@dataclass(frozen=True, slots=True)
class Trip:
    """A booking in words, in the active language."""

    booking: Booking
    title: str
    class_name: str
    where: str
    address: str
    directions: str
    contact_name: str
    contact_phone: str
    host: str
    school: str
    # The other groups of the class that go at the same time, where it was split.
    others: tuple[Booking, ...] = ()
    # Seats nobody is named for yet, and the first booking that has such.
    unnamed: int = 0
    to_name: Booking | None = None
    # Adults nobody is named for yet, and the first booking that has such.
    unled: int = 0
    to_lead: Booking | None = None

    @property
    def seats(self) -> int:
        return self.booking.seats + sum(other.seats for other in self.others)


def as_trips(
    bookings: Sequence[Booking],
    *,
    unnamed: Mapping[int, int] | None = None,
    unled: Mapping[int, int] | None = None,
) -> list[Trip]:
    """The bookings as a list shows them: the groups of a class that was split in one
    reservation are one trip, told by its first group. ``unnamed`` as ``names_missing`` tells,
    ``unled`` as ``companions.missing_in``."""
    by_trip: dict[tuple[object, ...], list[Booking]] = {}
    for booking in bookings:
        by_trip.setdefault(_trip_key(booking), []).append(booking)
    unnamed, unled = unnamed or {}, unled or {}
    return [
        replace(
            in_words(groups[0], others=groups[1:]),
            unnamed=sum(unnamed.get(group.pk, 0) for group in groups),
            to_name=next((group for group in groups if unnamed.get(group.pk)), None),
            unled=sum(unled.get(group.pk, 0) for group in groups),
            to_lead=next((group for group in groups if unled.get(group.pk)), None),
        )
        for groups in by_trip.values()
    ]


def names_missing(bookings: Sequence[Booking], now: datetime) -> dict[int, int]:
    """By booking how many of its seats nobody is named for, until its session begins. One
    query."""
    to_come = [one.pk for one in bookings if one.is_live and one.session.starts_at > now]
    blank = Place.objects.live().filter(booking__in=to_come, student=None)
    return dict(blank.values("booking").annotate(count=Count("pk")).values_list("booking", "count"))


def _trip_key(booking: Booking) -> tuple[object, ...]:
    """Groups of one class on one day, of one reservation and one course, standing or not."""
    return (
        booking.reservation_id,
        booking.class_group_id,
        booking.session.version.course_id,
        local_day(booking.session.starts_at),
        booking.is_live,
    )


def groups_of(actor: Actor, booking: Booking) -> list[Trip]:
    """All groups of the trip that the booking belongs to, by time; none where it was not
    split."""
    of_class = (
        with_all(Booking.objects.visible_to(actor))
        .live()
        .filter(reservation_id=booking.reservation_id, class_group_id=booking.class_group_id)
        .order_by("session__starts_at", "pk")
    )
    that_day = [
        one
        for one in of_class
        if local_day(one.session.starts_at) == local_day(booking.session.starts_at)
        and one.is_live == booking.is_live
    ]
    own_key = _trip_key(booking)
    groups = [one for one in that_day if _trip_key(one) == own_key]
    if len(groups) < len(that_day):
        # Groups may go to different courses; other students tell them from a second visit.
        students = _students_of(that_day)
        groups = [
            one
            for one in that_day
            if _trip_key(one) == own_key
            or (
                students.get(one.pk)
                and students.get(booking.pk)
                and not students[one.pk] & students[booking.pk]
            )
        ]
    return [in_words(one) for one in groups] if len(groups) > 1 else []


def _students_of(bookings: Sequence[Booking]) -> dict[int, set[int]]:
    """Who has a place, by booking."""
    found: dict[int, set[int]] = {}
    for booking, student in (
        Place.objects.live()
        .filter(booking__in=bookings, student__isnull=False)
        .values_list("booking_id", "student_id")
    ):
        found.setdefault(booking, set()).add(student)
    return found


def in_words(booking: Booking, others: Sequence[Booking] = ()) -> Trip:
    """The booking (loaded by ``with_all``) as a page writes it."""
    session = booking.session
    contact_name, contact_phone = wording.contact(session)
    return Trip(
        booking=booking,
        title=wording.title(session.version),
        class_name=wording.class_name(booking.class_group, session.starts_at),
        where=wording.where(session),
        address=wording.address(session),
        directions=wording.directions(session),
        contact_name=contact_name,
        contact_phone=contact_phone,
        host=wording.organisation_name(booking.host),
        school=wording.organisation_name(booking.school),
        others=tuple(others),
    )


def page_of(
    bookings: QuerySet[Booking], *, after: str, newest_first: bool, size: int = PAGE
) -> tuple[list[Booking], str]:
    """One page behind the cursor ``after``, and the cursor of the next page or "".

    The queryset is ordered by the session's start and the key; a cursor that is not one of
    ours begins at the front.
    """
    start, _separator, key = after.rpartition("_")
    try:
        moment, pk = datetime.fromisoformat(start), int(key)
    except ValueError:
        pass
    else:
        if moment.tzinfo is not None and 0 <= pk < 2**63:
            way = "lt" if newest_first else "gt"
            bookings = bookings.filter(
                Q(**{f"session__starts_at__{way}": moment})
                | Q(session__starts_at=moment, **{f"pk__{way}": pk})
            )
    rows = list(bookings[: size + 1])
    if len(rows) <= size:
        return rows, ""
    last = rows[size - 1]
    return rows[:size], f"{last.session.starts_at.isoformat()}_{last.pk}"


def with_all(bookings: BookingQuerySet) -> BookingQuerySet:
    """With everything a page tells of a booking. What every booking has is read after them, once:
    joined in too, fifteen tables take PostgreSQL forty times as long to plan as to read."""
    return bookings.select_related(
        "session__room__site", "session__school", "session__session_set"
    ).prefetch_related(
        "class_group",
        "companions",
        "host",
        "reservation__made_by__user",
        "school",
        "session__host",
        "session__season",
        "session__version",
    )


def upcoming(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Live bookings whose session is not over, the next first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .live()
        .filter(session__ends_at__gt=now)
        .order_by("session__starts_at", "pk")
    )


def upcoming_unled(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Those of ``upcoming`` that have not begun and lack names of adults."""
    lacking = companions.lacking(Booking.objects.visible_to(actor), now)
    return upcoming(actor, now).filter(pk__in=lacking.values("pk"))


def past(actor: Actor, now: datetime) -> QuerySet[Booking]:
    """Live bookings whose session is over, the latest first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .live()
        .filter(session__ends_at__lte=now)
        .order_by("-session__starts_at", "-pk")
    )


def cancelled(actor: Actor) -> QuerySet[Booking]:
    """Cancelled bookings, the latest trip first."""
    return (
        with_all(Booking.objects.visible_to(actor))
        .filter(cancelled_at__isnull=False)
        .order_by("-session__starts_at", "-pk")
    )


def booking_for(actor: Actor, pk: int) -> Booking:
    """The booking, loaded, if the actor may see it (NotYours)."""
    booking = with_all(Booking.objects.visible_to(actor)).filter(pk=pk).first()
    if booking is None:
        raise NotYours
    return booking


def students_in(actor: Actor, booking: Booking) -> QuerySet[Student]:
    """Who has a place of the booking, in seat order. The page logs the reading."""
    return Student.objects.filter(
        pk__in=Place.objects.visible_to(actor).live().filter(booking=booking).values("student_id")
    ).order_by("seat_no", "pk")


def students_to_choose(actor: Actor, booking: Booking) -> QuerySet[Student]:
    """The class as it is now, and who keeps a place though no longer in it."""
    placed = Place.objects.visible_to(actor).live().filter(booking=booking).values("student_id")
    in_class = (
        Student.objects.visible_to(actor).current().filter(class_group_id=booking.class_group_id)
    )
    return Student.objects.filter(pk__in=placed.union(in_class.values("pk"))).order_by(
        "seat_no", "pk"
    )


def classes_with_trips(actor: Actor) -> QuerySet[ClassGroup]:
    """The classes that the actor's trips are of, for the filter."""
    return (
        ClassGroup.objects.visible_to(actor)
        .filter(pk__in=Booking.objects.visible_to(actor).values("class_group_id"))
        .order_by("stage", "-entry_year", "number")
    )


def days_until(booking: Booking, now: datetime) -> int:
    """How many days of Shanghai lie before the session."""
    return (local_day(booking.session.starts_at) - local_day(now)).days
