"""Writes of sites, rooms and what holds them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.actors import Actor
from accounts.services import audit

from . import dates
from .choices import HoldKind
from .errors import RoomClosed, RoomTaken
from .models import Room, RoomHold


def hold_room(*, room: Room, starts_at: datetime, ends_at: datetime, what: str) -> RoomHold:
    """The room is held for a session, named by ``what``, from ``starts_at`` until ``ends_at``
    (excluded).

    Refused: RoomTaken naming the session, RoomClosed naming the reason. Call within the
    transaction that makes the session.
    """
    refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at)
    try:
        with transaction.atomic():
            return RoomHold.objects.create(
                room=room,
                period=DateTimeTZRange(starts_at, ends_at),
                kind=HoldKind.SESSION,
                reason=what[:100],
            )
    except IntegrityError:
        # Somebody else took it between the look and the row; now it can be seen.
        refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at)
        raise


def refuse_if_occupied(
    *, room: Room, starts_at: datetime, ends_at: datetime, besides: RoomHold | None = None
) -> None:
    """Raises RoomTaken or RoomClosed, naming what is there first, if anything is."""
    hold = (
        RoomHold.objects.filter(room=room, period__overlap=DateTimeTZRange(starts_at, ends_at))
        .exclude(pk=besides.pk if besides else None)
        .order_by("period", "pk")
        .first()
    )
    if hold is None:
        return
    when = dates.period(hold.period.lower, hold.period.upper)
    if hold.kind == HoldKind.CLOSURE:
        raise RoomClosed(room=room.name, when=when, reason=hold.reason)
    raise RoomTaken(room=room.name, when=when, what=hold.reason)


def release_hold(*, hold: RoomHold) -> None:
    """The room is free again for that period."""
    hold.delete()


def move_hold(*, hold: RoomHold, room: Room, starts_at: datetime, ends_at: datetime) -> None:
    """The hold is on that room for that time; refused as ``hold_room``, but by others only."""
    refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at, besides=hold)
    hold.room = room
    hold.period = DateTimeTZRange(starts_at, ends_at)
    try:
        with transaction.atomic():
            hold.save(update_fields=["room", "period"])
    except IntegrityError:
        refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at, besides=hold)
        raise


def close_room(
    *, by: Actor, room: Room, starts_at: datetime, ends_at: datetime, reason: str, now: datetime
) -> RoomHold:
    """The room is closed for the period; no session can be put there.

    Refused: RoomTaken where a session stands in that time.
    """
    taken = (
        RoomHold.objects.filter(
            room=room,
            kind=HoldKind.SESSION,
            period__overlap=DateTimeTZRange(starts_at, ends_at),
        )
        .order_by("period", "pk")
        .first()
    )
    if taken is not None:
        when = dates.period(taken.period.lower, taken.period.upper)
        raise RoomTaken(room=room.name, when=when, what=taken.reason)
    with transaction.atomic():
        hold = RoomHold.objects.create(
            room=room,
            period=DateTimeTZRange(starts_at, ends_at),
            kind=HoldKind.CLOSURE,
            reason=reason,
        )
        audit.record(by=by, verb="room.closed", now=now, target=room)
    return hold
