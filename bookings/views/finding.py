"""What the catalogue's page shows: its address, its filters, its week and its cards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.choices import Stage
from accounts.models import Organisation
from bookings import wording
from bookings.selectors import choosing
from courses.choices import HalfDay, OccupationFamily
from courses.filters import KINDS
from courses.models import Course
from courses.naming import headline
from courses.selectors import catalogue
from courses.selectors.catalogue import Facets, Wanted
from rosters.models import ClassGroup
from rosters.naming import grade_label
from sites import dates
from sites.calendar import local_day, school_year
from sites.choices import DayKind
from sites.selectors import special_days

# The parameters of the page, in the order they stand in its address.
PARAMETERS = (
    "class", "q", "family", "hours", "kind", "host", "stage", "since", "until", "half", "seats",
    "sort", "week",
)  # fmt: skip
OWN_GRADE = "own"
ANY_STAGE = "all"


@dataclass(frozen=True, slots=True)
class Query:
    """The address of the page, to be changed bit by bit."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, data: QueryDict) -> "Query":
        given = {name: tuple(v for v in data.getlist(name) if v) for name in PARAMETERS}
        return cls({name: values for name, values in given.items() if values})

    def first(self, name: str) -> str:
        return self.values.get(name, ("",))[-1]

    def url(self, **changes: Any) -> str:
        """The address with parameters replaced; by nothing, they are left out."""
        values = dict(self.values)
        for name, value in changes.items():
            values[name] = tuple(str(one) for one in _as_tuple(value) if one not in (None, ""))
        pairs = [(name, one) for name in (*PARAMETERS, "page") for one in values.get(name, ())]
        return f"{reverse('bookings:catalogue')}?{urlencode(pairs)}"

    def pairs(self, *besides: str) -> list[tuple[str, str]]:
        """For hidden fields: everything but these parameters."""
        return [
            (name, one)
            for name, values in self.values.items()
            if name not in besides
            for one in values
        ]


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple | set) else (value,)


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter, with how many courses it leaves."""

    value: str
    label: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Loosening:
    """A condition in force, with the address without it and how many courses that leaves."""

    label: str
    url: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    url: str
    family: str
    occupation: str
    topic: str
    host: str
    class_hours: int
    group_size: int
    next_day: str
    offer_count: int
    seats_free: int
    fit: str


@dataclass(frozen=True, slots=True)
class Week:
    label: str
    days: list[dict[str, Any]]
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks, for which class, when."""

    actor: Actor
    now: datetime
    group: ClassGroup | None = None
    groups: Sequence[ClassGroup] = field(default_factory=tuple)

    @property
    def seats(self) -> int:
        return int(getattr(self.group, "student_count", 0))

    @property
    def grade(self) -> int | None:
        if self.group is None:
            return None
        return self.group.grade(school_year(local_day(self.now)))

    @property
    def today(self) -> date:
        return local_day(self.now)


def with_class(url: str, group: ClassGroup | None) -> str:
    """The address for the class, if one is chosen."""
    return f"{url}?class={group.pk}" if group is not None else url


def card(course: Course, looker: Looker) -> Card:
    version = course.published_version
    assert version is not None
    title = headline(version)
    annotated: Any = course
    return Card(
        url=with_class(reverse("bookings:course", args=[course.pk]), looker.group),
        family=version.occupation_family,
        occupation=title.occupation,
        topic=title.topic,
        host=wording.organisation_name(course.host),
        class_hours=version.class_hours,
        group_size=version.group_size_max,
        next_day=dates.day_plain(annotated.next_at) if annotated.next_at else "",
        offer_count=annotated.offer_count or 0,
        seats_free=annotated.seats_free or 0,
        fit=_fit(annotated.most_free or 0, annotated.second_free or 0, looker.seats),
    )


def _fit(most: int, second: int, wanted: int) -> str:
    """Whether the class finds room: whole, in two groups, in part, or not at all."""
    if most == 0:
        return "full"
    if not wanted:
        return ""
    if most >= wanted:
        return "whole"
    return "split" if most + second >= wanted else "part"


def options(
    counts: Facets, wanted: Wanted, query: Query, looker: Looker, hosts: Iterable[Organisation]
) -> dict[str, list[Option]]:
    """The values of each filter: those that leave a course, and those chosen."""
    return {
        "hours": [
            Option(
                str(hours), hours_label(hours), counts.hours.get(hours, 0), hours in wanted.hours
            )
            for hours in sorted({*counts.hours, *wanted.hours})
        ],
        "families": [
            Option(
                family.value,
                str(family.label),
                counts.families.get(family, 0),
                family.value in wanted.families,
            )
            for family in OccupationFamily
        ],
        "kinds": [
            Option(kind, str(label), counts.kinds.get(kind, 0), kind in wanted.kinds)
            for kind, label in KINDS
        ],
        "hosts": [
            Option(
                str(host.pk),
                wording.organisation_name(host),
                counts.hosts.get(host.pk, 0),
                host.pk in wanted.hosts,
            )
            for host in hosts
        ],
        "stages": _stages(counts, query.first("stage"), looker),
        "half_days": [
            Option(
                half.value, str(half.label), counts.half_days[half], half.value in wanted.half_days
            )
            for half in HalfDay
        ],
        "seats": _seats(counts, wanted, looker),
    }


def _stages(counts: Facets, asked: str, looker: Looker) -> list[Option]:
    known = [
        Option(stage.value, str(stage.label), counts.stages[stage], asked == stage.value)
        for stage in Stage
    ]
    known.append(Option(ANY_STAGE, _("全部学段"), counts.any_stage, asked == ANY_STAGE))
    if looker.group is not None and looker.grade is not None:
        own = Option(OWN_GRADE, _own_grade(looker), counts.own_grade, asked == OWN_GRADE)
        known.insert(0, own)
    return known


def _own_grade(looker: Looker) -> str:
    assert looker.grade is not None
    return _("%(grade)s（本班）") % {"grade": grade_label(looker.grade)}


def _seats(counts: Facets, wanted: Wanted, looker: Looker) -> list[Option]:
    if not looker.seats:
        return []
    found = [Option(str(looker.seats), _("全班坐得下"), counts.seats, wanted.seats == looker.seats)]
    if wanted.seats and wanted.seats != looker.seats:
        found.append(Option(str(wanted.seats), seats_label(wanted.seats), counts.seats, True))
    return found


def hours_label(hours: int) -> str:
    return ngettext("%(count)d 学时", "%(count)d 学时", hours) % {"count": hours}


def seats_label(seats: int) -> str:
    return ngettext("至少 %(count)d 空位", "至少 %(count)d 空位", seats) % {"count": seats}


def loosenings(
    wanted: Wanted, query: Query, looker: Looker, hosts: Iterable[Organisation]
) -> list[tuple[Loosening, tuple[str, ...]]]:
    """The conditions in force as chips, each with the names of what it drops."""
    names = {host.pk: wording.organisation_name(host) for host in hosts}
    families = dict(OccupationFamily.choices)
    found: list[tuple[Loosening, tuple[str, ...]]] = []

    def add(label: str, drops: tuple[str, ...], **changes: Any) -> None:
        found.append((Loosening(label, query.url(**changes)), drops))

    if wanted.words:
        add(_("“%(words)s”") % {"words": " ".join(wanted.words)}, ("words",), q=None)
    if wanted.hours:
        add(_("、").join(hours_label(one) for one in wanted.hours), ("hours",), hours=None)
    if wanted.families:
        label = _("、").join(str(families[one]) for one in wanted.families)
        add(label, ("families",), family=None)
    if wanted.kinds:
        label = _("、").join(str(dict(KINDS)[one]) for one in wanted.kinds)
        add(label, ("kinds",), kind=None)
    if wanted.hosts:
        label = _("、").join(names.get(one, "") for one in wanted.hosts)
        add(label, ("hosts",), host=None)
    if wanted.stage or wanted.grade:
        label = _own_grade(looker) if wanted.grade else str(Stage(wanted.stage).label)
        add(label, ("stage", "grade"), stage=ANY_STAGE)
    if wanted.since or wanted.until:
        add(_days_label(wanted), ("since", "until"), since=None, until=None)
    if wanted.half_days:
        label = _("、").join(str(HalfDay(one).label) for one in wanted.half_days)
        add(label, ("half_days",), half=None)
    if wanted.seats:
        label = _("全班坐得下") if wanted.seats == looker.seats else seats_label(wanted.seats)
        add(label, ("seats",), seats=None)
    return found


def _days_label(wanted: Wanted) -> str:
    if wanted.since and wanted.until:
        return dates.day_range(wanted.since, wanted.until)
    if wanted.since:
        return _("%(day)s起") % {"day": dates.day_plain(wanted.since)}
    assert wanted.until is not None
    return _("到%(day)s") % {"day": dates.day_plain(wanted.until)}


def counted_loosenings(
    chips: Sequence[tuple[Loosening, tuple[str, ...]]], wanted: Wanted, looker: Looker
) -> list[Loosening]:
    """Which condition to give up when nothing is left: the most helpful first, useless ones
    left out."""
    found = []
    for chip, drops in chips:
        count = catalogue.matching_courses(looker.actor, wanted.without(*drops), looker.now).count()
        if count:
            found.append(Loosening(chip.label, chip.url, count))
    return sorted(found, key=lambda one: -(one.count or 0))


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
