"""Reads of the school calendar, and of sites, rooms and closures."""

from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from accounts.actors import Actor

from .choices import HoldKind
from .models import CalendarDay, Room, RoomHold, SchoolTerm, Site


def special_days(first: date, last: date) -> list[tuple[date, str]]:
    """The days from ``first`` to ``last``, both included, that differ from their weekday."""
    return list(
        CalendarDay.objects.filter(day__range=(first, last))
        .order_by("day")
        .values_list("day", "kind")
    )


def day_names(first: date, last: date) -> dict[date, str]:
    """What those days are called: 国庆节."""
    return dict(CalendarDay.objects.filter(day__range=(first, last)).values_list("day", "name"))


def term_week(day: date) -> int | None:
    """The week of the term the day lies in, the first being 1; None outside terms."""
    term = SchoolTerm.objects.filter(starts_on__lte=day, ends_on__gte=day).first()
    if term is None:
        return None
    first_monday = term.starts_on.toordinal() - term.starts_on.weekday()
    return (day.toordinal() - first_monday) // 7 + 1


def sites_of(actor: Actor) -> QuerySet[Site]:
    """The sites an actor keeps or oversees, with how many rooms each has."""
    sites = Site.objects.visible_to(actor).filter(is_active=True)
    if not actor.is_alliance:
        sites = sites.owned_by(actor)
    return (
        sites.select_related("host")
        .annotate(room_count=Count("rooms", filter=Q(rooms__is_active=True)))
        .order_by("host__name", "name", "pk")
    )


def rooms_of(actor: Actor, site: Site) -> QuerySet[Room]:
    return Room.objects.visible_to(actor).filter(site=site, is_active=True).order_by("name", "pk")


def closures_of(actor: Actor, site: Site, now: datetime) -> QuerySet[RoomHold]:
    """The site's closures that are not over, the next first."""
    return (
        RoomHold.objects.visible_to(actor)
        .filter(room__site=site, kind=HoldKind.CLOSURE, period__endswith__gt=now)
        .select_related("room")
        .order_by("period", "pk")
    )
