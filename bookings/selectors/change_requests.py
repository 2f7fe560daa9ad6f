"""What a school asks the host to change, as a difference to what is booked now."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from accounts.actors import Actor
from accounts.errors import NotYours
from bookings import wording
from bookings.choices import ChangeState
from bookings.models import Booking, ChangeRequest, ChangeRequestQuerySet
from bookings.selectors.trips import Trip, in_words
from bookings.wording import Difference
from rosters.models import Student

PAGE = 20
SHOWN_OF_BOOKING = 5


def requests_for(actor: Actor) -> ChangeRequestQuerySet:
    """Those the actor may see, with all that a page tells of them (as ``trips.with_all``)."""
    return (
        ChangeRequest.objects.visible_to(actor)
        .select_related(
            "booking__session__room__site",
            "booking__session__school",
            "booking__session__session_set",
        )
        .prefetch_related(
            "asked_by__user",
            "booking__class_group",
            "booking__host",
            "booking__school",
            "booking__session__host",
            "booking__session__season",
            "booking__session__version",
        )
    )


def request_for(actor: Actor, pk: int) -> ChangeRequest:
    """The request, loaded, if the actor may see it (NotYours)."""
    found = requests_for(actor).filter(pk=pk).first()
    if found is None:
        raise NotYours
    return found


def open_requests(actor: Actor, now: datetime) -> QuerySet[ChangeRequest]:
    """What waits for an answer and can still get one, the next session first."""
    return (
        requests_for(actor)
        .open()
        .filter(booking__session__starts_at__gt=now)
        .order_by("booking__session__starts_at", "pk")
    )


def answered(actor: Actor, *, after: str = "") -> tuple[list[ChangeRequest], str]:
    """A page of those that were answered, withdrawn or expired, the latest first, behind the
    cursor ``after``; and the cursor of the next page or ""."""
    found = requests_for(actor).exclude(state=ChangeState.ASKED)
    moment, _separator, key = after.rpartition("_")
    try:
        answered_at, pk = datetime.fromisoformat(moment), int(key)
    except ValueError:
        pass
    else:
        if answered_at.tzinfo is not None and 0 <= pk < 2**63:
            found = found.filter(
                Q(answered_at__lt=answered_at) | Q(answered_at=answered_at, pk__lt=pk)
            )
    rows = list(found.order_by("-answered_at", "-pk")[: PAGE + 1])
    if len(rows) <= PAGE:
        return rows, ""
    last = rows[PAGE - 1]
    assert last.answered_at is not None
    return rows[:PAGE], f"{last.answered_at.isoformat()}_{last.pk}"


def of_booking(
    actor: Actor, booking: Booking, *, together: Collection[Booking] = ()
) -> list[ChangeRequest]:
    """The booking's newest requests, the latest first; with what waits for an answer about those
    that change ``together`` with it."""
    found = (
        ChangeRequest.objects.visible_to(actor)
        .filter(Q(booking=booking) | Q(booking__in=together, state=ChangeState.ASKED))
        .select_related("asked_by__user")
        .order_by("-asked_at", "-pk")[:SHOWN_OF_BOOKING]
    )
    return list(found)


@dataclass(frozen=True, slots=True)
class Row:
    """A request with what it changes, line by line, and how many seats are ``short``; ``trip``
    says of which booking, in a list of several."""

    asked: ChangeRequest
    difference: list[str]
    trip: Trip | None = None
    short: int = 0

    @property
    def needs(self) -> str:
        """What the host has to do before it can accept, if anything."""
        return wording.seats_to_add(self.short) if self.short else ""


def rows_of(requests: Sequence[ChangeRequest], *, with_trips: bool = False) -> list[Row]:
    """One query, whatever their number, and one more where any of them waits for more seats; with
    trips as ``requests_for`` loads them."""
    changed = differences(requests)
    short = seats_short(requests)
    return [
        Row(
            asked=one,
            difference=wording.difference(changed[one.pk]),
            trip=in_words(one.booking) if with_trips else None,
            short=short.get(one.pk, 0),
        )
        for one in requests
    ]


def seats_short(requests: Sequence[ChangeRequest]) -> dict[int, int]:
    """By request that waits for more seats than are free now, how many its host has to add before
    it can accept. One query, none where nothing is to grow."""
    growing = {
        one.pk: [(part["booking"], one.wanted["seats"] - part["seats"]) for part in one.before]
        for one in requests
        if one.state == ChangeState.ASKED
        and any(one.wanted["seats"] > part["seats"] for part in one.before)
    }
    if not growing:
        return {}
    free_seats = F("session__capacity") - F("session__seats_taken") - F("session__seats_held")
    free = dict(
        Booking.objects.filter(pk__in={pk for parts in growing.values() for pk, _more in parts})
        .annotate(free=free_seats)
        .values_list("pk", "free")
    )
    short = {
        pk: max(more - free.get(booking, 0) for booking, more in parts)
        for pk, parts in growing.items()
    }
    return {pk: count for pk, count in short.items() if count > 0}


def difference(request: ChangeRequest) -> Difference:
    """What the request changes, if it is accepted; what it was to change, once it is over."""
    return differences([request])[request.pk]


def differences(requests: Sequence[ChangeRequest]) -> dict[int, Difference]:
    """By request, in class seat numbers. One query, whatever their number."""
    pairs = {
        one.pk: (set(one.before[0]["students"]), set(one.wanted["students"]), one)
        for one in requests
    }
    differing = {pk for before, wanted, _one in pairs.values() for pk in before ^ wanted}
    seat_of = dict(Student.objects.filter(pk__in=differing).values_list("pk", "seat_no"))

    def seats(keys: set[int]) -> tuple[int, ...]:
        return tuple(sorted(seat_of[pk] for pk in keys if pk in seat_of))

    return {
        pk: Difference(
            coming=seats(wanted - before),
            leaving=seats(before - wanted),
            seats_now=one.before[0]["seats"],
            seats_then=one.wanted["seats"],
            adults_now=one.before[0]["adults"],
            adults_then=one.wanted["adults"],
        )
        for pk, (before, wanted, one) in pairs.items()
    }
