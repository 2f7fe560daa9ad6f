"""The free seats of a week, half-day by half-day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from bookings.selectors import choosing
from bookings.views.finding import Looker, Query
from courses.choices import HalfDay
from courses.selectors import catalogue
from courses.selectors.catalogue import Wanted
from sites import dates
from sites.choices import DayKind
from sites.selectors import special_days

# The parameters of the page, in the order they stand in its address.


@dataclass(frozen=True, slots=True)
class Week:
    label: str
    days: list[dict[str, Any]]
    previous_url: str
    next_url: str


def week(wanted: Wanted, query: Query, looker: Looker) -> Week:
    """The free seats of a week by half-days, everything chosen but the days respected. Shown is
    the week asked for, else that of the first day wanted, else that of the next offer."""
    monday = _monday(_day_of_week(wanted, query, looker))
    sunday = monday + timedelta(days=6)
    free = catalogue.free_by_half_day(looker.actor, wanted, monday, sunday, looker.now)
    special = dict(special_days(monday, sunday))
    taken = (
        choosing.taken_half_days(looker.group, monday, sunday)
        if looker.group is not None
        else set()
    )
    shown = [
        day
        for day in (monday + timedelta(days=offset) for offset in range(7))
        if day.weekday() < 5
        or special.get(day) == DayKind.MAKEUP_WORKDAY
        or any(key[0] == day for key in (*free, *taken))
    ]
    label = dates.day_range(shown[0], shown[-1])
    return Week(
        label=label,
        days=[
            {
                "day": day,
                "cells": [
                    _cell(day, half, free, special.get(day), (day, half) in taken, wanted, query)
                    for half in (HalfDay.MORNING, HalfDay.AFTERNOON)
                ],
            }
            for day in shown
        ],
        previous_url=query.url(week=monday - timedelta(days=7)) if monday > looker.today else "",
        next_url=query.url(week=monday + timedelta(days=7)),
    )


def _day_of_week(wanted: Wanted, query: Query, looker: Looker) -> date:
    try:
        asked = date.fromisoformat(query.first("week"))
    except ValueError:
        asked = (
            wanted.since
            or catalogue.first_offer_day(
                looker.actor, wanted.without("since", "until", "half_days"), looker.now
            )
            or looker.today
        )
    # A week that can be counted from, whatever the address says.
    return min(max(asked, looker.today), looker.today + timedelta(days=3650))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _cell(
    day: date,
    half: HalfDay,
    free: Mapping[tuple[date, str], int],
    special: str | None,
    is_taken: bool,
    wanted: Wanted,
    query: Query,
) -> dict[str, Any]:
    chosen = (half.value, HalfDay.WHOLE_DAY.value)
    on_offer = [free[day, one] for one in chosen if (day, one) in free]
    is_current = wanted.since == wanted.until == day and set(wanted.half_days) == set(chosen)
    url = (
        query.url(since=None, until=None, half=None)
        if is_current
        else query.url(since=day, until=day, half=chosen, week=None)
    )
    if is_taken:
        cell = {"kind": "mine", "note": _("本班已约"), "url": url if on_offer else ""}
        return cell | {"current": is_current}
    if on_offer:
        seats = sum(on_offer)
        if not seats:
            return {"kind": "full", "url": ""}
        return {"free": seats, "url": url, "current": is_current}
    if special in (DayKind.HOLIDAY, DayKind.NO_LESSONS):
        return {"kind": "off", "note": str(DayKind(special).label), "url": ""}
    return {}
