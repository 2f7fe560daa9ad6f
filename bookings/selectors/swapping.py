"""What the page of a swap shows."""

import copy
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from accounts.actors import Actor
from bookings import wording
from bookings.choices import CancelledSide, HoldPurpose
from bookings.models import Booking, Place, SeatHold
from bookings.selectors import alternatives, suiting
from bookings.selectors.alternatives import Offer
from courses.choices import SeasonAction
from courses.models import CourseSession
from rosters.models import Student
from sites.models import Site

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """The seats kept for a swap: until when, and of which sessions."""

    holds: tuple[SeatHold, ...]

    @property
    def until(self) -> datetime:
        return min(hold.expires_at for hold in self.holds)

    @property
    def sessions(self) -> list[CourseSession]:
        return [hold.session for hold in self.holds]

    @property
    def lines(self) -> list[wording.SessionLine]:
        return [wording.session_line(session) for session in self.sessions]

    @property
    def class_hours(self) -> int:
        return sum(hold.session.class_hours for hold in self.holds)


def kept_for(booking: Booking, now: datetime) -> Kept | None:
    """The seats that are kept for the booking now, if any are."""
    found = tuple(
        SeatHold.objects.standing()
        .filter(booking=booking, held_for=HoldPurpose.SWAP, expires_at__gt=now)
        .select_related("session__version", "session__room__site", "session__school")
        .order_by("session__starts_at", "session_id")
    )
    return Kept(found) if found else None


@dataclass(frozen=True, slots=True)
class Choice:
    """Where else a booking fits: ``offers`` by date, the nearest where there are more."""

    offers: tuple[Offer, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """All that is open to a booking: what is ``wanted``, on which days at which sites (None on
    line or at the school) something of it is, and the sites' names."""

    booking: Booking
    wanted: Q
    found: tuple[tuple[date, int | None], ...]
    sites: tuple[tuple[int, str], ...]

    def days_at(self, site: int | None = None) -> list[date]:
        """The days on which there is something at the site; all without one."""
        return sorted({day for day, there in self.found if site in (None, there)})


def open_to(booking: Booking, now: datetime) -> Open:
    """All that the booking can be swapped for (``booking`` as ``trips.with_all``): by the rules of
    ``services.swapping``, but that a consent may have to be signed first, and that seats without
    names are not offered while others of the class are elsewhere. Six queries, or five."""
    seasons = suiting.open_seasons(SeasonAction.SWAP, now)
    places = Place.objects.live().filter(booking=booking)
    students = set(places.values_list("student_id", flat=True))
    if None in students:
        times = suiting.times_of_classes(
            [booking], now, session_set_id=booking.session.session_set_id
        ).get(booking.class_group_id, set())
        wanted = suiting.names_may_follow(seasons, now)
    else:
        times = suiting.times_of_students(booking, students, now)
        wanted = ~Q(suiting.is_booked(booking))
    wanted &= suiting.suits(booking, seasons, times, now)
    found = alternatives.days_and_sites(booking.session, wanted)
    sites = Site.objects.filter(pk__in={site for _day, site in found}).select_related("host")
    # With its host: several call their site alike.
    named = [(one.pk, f"{wording.organisation_name(one.host)} · {one.name}") for one in sites]
    return Open(booking, wanted, tuple(found), tuple(sorted(named, key=lambda one: one[::-1])))


def offers(there: Open, *, day: date | None = None, site: int | None = None) -> Choice:
    """What is open to the booking, on that day and at that site if asked; of many the nearest.
    Two queries."""
    booking = there.booking
    fitting = alternatives.offers_of(
        booking.session,
        {booking.pk: there.wanted},
        limit=SHOWN + 1,
        narrowed=alternatives.narrowing(day, site),
    )[booking.pk]
    return Choice(
        offers=tuple(
            sorted(fitting[:SHOWN], key=lambda offer: (offer.first.starts_at, offer.first.pk))
        ),
        is_cut=len(fitting) > SHOWN,
    )


def offers_instead(booking: Booking, now: datetime) -> list[Offer]:
    """What still fits the class of a booking that somebody else took away before its session
    ends; the whole class, since the booking has no seats any more."""
    if booking.cancelled_side in ("", CancelledSide.SCHOOL) or booking.session.ends_at <= now:
        return []
    wanted = copy.copy(booking)
    wanted.seats = Student.objects.current().filter(class_group=booking.class_group_id).count()
    return alternatives.offers_for(booking.session, [wanted], now)[booking.pk]


def days_of(booking: Booking) -> list[CourseSession]:
    """The sessions that are given up together."""
    if booking.session.session_set_id is None:
        return [booking.session]
    return list(
        CourseSession.objects.filter(
            bookings__in=Booking.objects.live().filter(
                reservation_id=booking.reservation_id, class_group_id=booking.class_group_id
            ),
            session_set=booking.session.session_set_id,
        )
        .select_related("version", "room__site", "school")
        .order_by("starts_at", "pk")
    )


def swapped_to(actor: Actor, booking: Booking) -> Booking | None:
    """The booking that came in the place of this one, if it was swapped away: made in the moment
    in which this one was given up."""
    if booking.cancelled_at is None:
        return None
    return (
        Booking.objects.visible_to(actor)
        .filter(
            reservation_id=booking.reservation_id,
            class_group_id=booking.class_group_id,
            created_at=booking.cancelled_at,
        )
        .exclude(pk=booking.pk)
        .select_related("session__version")
        .order_by("session__starts_at", "pk")
        .first()
    )
