"""Writes of sites, rooms and what holds them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import chinese_calendar
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit

from . import dates
from .choices import DayKind, HoldKind
from .errors import NameTaken, RoomClosed, RoomTaken
from .models import CalendarDay, Room, RoomHold, Site

SATURDAY = 5


def hold_room(*, room: Room, starts_at: datetime, ends_at: datetime, what: str) -> RoomHold:
    """The room is held for a session, named by ``what``, from ``starts_at`` until ``ends_at``
    (excluded).

    Refused: RoomTaken naming the session, RoomClosed naming the reason. Call within the
    transaction that makes the session.
    """
    with transaction.atomic():
        _wait_for(room)
        refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at)
        return RoomHold.objects.create(
            room=room,
            period=DateTimeTZRange(starts_at, ends_at),
            kind=HoldKind.SESSION,
            reason=what[:100],
        )


def _wait_for(room: Room) -> None:
    """Whoever else is about to take the room is done. Two rows that exclude each other, written
    at once, would deadlock at the constraint. Call within a transaction."""
    Room.objects.select_for_update(no_key=True).get(pk=room.pk)


def refuse_if_occupied(
    *, room: Room, starts_at: datetime, ends_at: datetime, besides: RoomHold | None = None
) -> None:
    """Raises RoomTaken or RoomClosed, naming what is there first, if anything is."""
    holds = RoomHold.objects.filter(room=room, period__overlap=DateTimeTZRange(starts_at, ends_at))
    if besides is not None:
        holds = holds.exclude(pk=besides.pk)
    hold = holds.order_by("period", "pk").first()
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
    with transaction.atomic():
        _wait_for(room)
        refuse_if_occupied(room=room, starts_at=starts_at, ends_at=ends_at, besides=hold)
        hold.room = room
        hold.period = DateTimeTZRange(starts_at, ends_at)
        hold.save(update_fields=["room", "period"])


def close_room(
    *, by: Actor, room: Room, starts_at: datetime, ends_at: datetime, reason: str, now: datetime
) -> RoomHold:
    """The room is closed for the period; no session can be put there.

    Refused: RoomTaken where a session stands in that time.
    """
    check_can_keep(by, room.host_id)
    with transaction.atomic():
        _wait_for(room)
        _refuse_over_session(room, starts_at, ends_at)
        hold = RoomHold.objects.create(
            room=room,
            period=DateTimeTZRange(starts_at, ends_at),
            kind=HoldKind.CLOSURE,
            reason=reason,
        )
        audit.record(by=by, verb="room.closed", now=now, target=room)
    return hold


def _refuse_over_session(room: Room, starts_at: datetime, ends_at: datetime) -> None:
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


def check_can_keep(actor: Actor, host_id: int) -> None:
    """A host's manager keeps its own sites and rooms."""
    if actor.is_system:
        return
    if actor.organisation_id != host_id:
        raise NotYours
    if not actor.is_host_manager:
        raise NotAllowed


def add_site(*, by: Actor, host_id: int, now: datetime, **fields: Any) -> Site:
    """The host has the site. Refused: NameTaken within the host."""
    check_can_keep(by, host_id)
    with _name_once(Site.objects.filter(host_id=host_id), fields["name"]):
        site = Site.objects.create(host_id=host_id, **fields)
        audit.record(by=by, verb="site.added", now=now, target=site)
    return site


def edit_site(*, by: Actor, site: Site, now: datetime, **fields: Any) -> Site:
    """The site has these values. Refused: NameTaken."""
    check_can_keep(by, site.host_id)
    with _name_once(Site.objects.filter(host_id=site.host_id).exclude(pk=site.pk), fields["name"]):
        _fill(site, fields)
        audit.record(by=by, verb="site.edited", now=now, target=site)
    return site


def rate_site(
    *, by: Actor, site: Site, stars: int | None, is_practice_base: bool, now: datetime
) -> Site:
    """The alliance's rating of the site: one to five stars or none, and whether it is a base."""
    if not (by.is_secretariat or by.is_system):
        raise NotAllowed
    with transaction.atomic():
        _fill(site, {"stars": stars, "is_practice_base": is_practice_base})
        audit.record(by=by, verb="site.rated", now=now, target=site, stars=stars)
    return site


def add_room(*, by: Actor, site: Site, now: datetime, **fields: Any) -> Room:
    """The site has the room. Refused: NameTaken within the site."""
    check_can_keep(by, site.host_id)
    with _name_once(Room.objects.filter(site=site), fields["name"]):
        room = Room.objects.create(site=site, host_id=site.host_id, **fields)
        audit.record(by=by, verb="room.added", now=now, target=room)
    return room


def edit_room(*, by: Actor, room: Room, now: datetime, **fields: Any) -> Room:
    """The room has these measures; sessions already opened keep their capacity."""
    check_can_keep(by, room.host_id)
    with _name_once(Room.objects.filter(site_id=room.site_id).exclude(pk=room.pk), fields["name"]):
        _fill(room, fields)
        audit.record(by=by, verb="room.edited", now=now, target=room)
    return room


def reopen_room(*, by: Actor, hold: RoomHold, now: datetime) -> None:
    """The closure is gone; the room can be used again. Refused: a session's hold."""
    check_can_keep(by, hold.room.host_id)
    if hold.kind != HoldKind.CLOSURE:
        raise NotYours
    with transaction.atomic():
        audit.record(by=by, verb="room.reopened", now=now, target=hold.room)
        hold.delete()


def seed_calendar(*, years: Iterable[int]) -> int:
    """The public holidays and make-up workdays of those years are known, as far as the package
    knows them; days already there, perhaps edited, stay. Of a year for which the State Council's
    notice is not out, or not in the package yet, the holidays that fall on the same day of the
    sun's year are known until then. Returns how many more days are known."""
    announced: list[CalendarDay] = []
    provisional: list[CalendarDay] = []
    with transaction.atomic():
        before = CalendarDay.objects.count()
        for year in years:
            try:
                days = _announced(year)
            except NotImplementedError:
                provisional += _by_law(year)
                continue
            announced += days
            CalendarDay.objects.filter(day__year=year, is_provisional=True).delete()
        CalendarDay.objects.bulk_create([*announced, *provisional], ignore_conflicts=True)
        return CalendarDay.objects.count() - before


def _announced(year: int) -> list[CalendarDay]:
    rows = []
    for day in chinese_calendar.get_dates(date(year, 1, 1), date(year, 12, 31)):
        is_holiday, name = chinese_calendar.get_holiday_detail(day)
        if is_holiday and name:
            rows.append(CalendarDay(day=day, kind=DayKind.HOLIDAY, name=_holiday(name)))
        elif not is_holiday and day.weekday() >= SATURDAY:
            name = str(DayKind.MAKEUP_WORKDAY.label)
            rows.append(CalendarDay(day=day, kind=DayKind.MAKEUP_WORKDAY, name=name))
    return rows


def _by_law(year: int) -> list[CalendarDay]:
    """New Year's Day, Qingming, Labour Day and the National Day; those of the moon's year wait
    for the notice."""
    april = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 19))
    named = {
        chinese_calendar.Holiday.new_years_day: [date(year, 1, 1)],
        chinese_calendar.Holiday.tomb_sweeping_day: [day for day, _name in april],
        chinese_calendar.Holiday.labour_day: [date(year, 5, 1), date(year, 5, 2)],
        chinese_calendar.Holiday.national_day: [date(year, 10, day) for day in (1, 2, 3)],
    }
    return [
        CalendarDay(day=day, kind=DayKind.HOLIDAY, name=holiday.chinese, is_provisional=True)
        for holiday, days in named.items()
        for day in days
    ]


def _holiday(name: str) -> str:
    known = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    return known.get(name, name)


@contextmanager
def _name_once(others: QuerySet[Any], name: str) -> Iterator[None]:
    """What is written inside has a name of its own; that a click was doubled is told too."""
    if others.filter(name=name).exists():
        raise NameTaken(name=name)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if others.filter(name=name).exists():
            raise NameTaken(name=name) from error
        raise


def _fill(row: Site | Room, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
