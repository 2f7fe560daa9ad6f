"""What the pages for finding a course show: their address, who looks, cards and offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from bookings import wording
from bookings.services import offers, splits
from bookings.services.offers import Answer, Offer
from bookings.services.splits import Split
from courses.models import Course, CourseSession, CourseVersion
from courses.naming import headline
from courses.selectors import catalogue
from courses.selectors.catalogue import Wanted
from rosters.models import ClassGroup
from sites import dates
from sites.calendar import local_day, school_year

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


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer on the course's page. ``label`` is the button's; ``why_not`` bars it. One that
    seats only a part of the class leads to the split, or says why there is ``no_split``."""

    offer: Offer
    days: list[tuple[CourseSession, str]]
    url: str
    label: str
    why_not: str
    booking_id: int | None
    busy: int
    split_url: str = ""
    no_split: str = ""


# Of so many offers that do not seat the class it is worked out whether it can go in groups.
SPLITS_LOOKED_AT = 10


def offer_lines(offered: Sequence[Offer], looker: Looker) -> list[OfferLine]:
    """The offers with what the chosen class may do; none of the queries without a class, whatever
    the number of offers the same. Where all rooms are of one site, which the page names, only the
    room is said."""
    answers: Sequence[Answer | None] = (
        offers.answers(looker.actor, offered, looker.group, looker.now)
        if looker.group is not None
        else [None] * len(offered)
    )
    too_small = [
        offer
        for offer, answer in zip(offered, answers, strict=True)
        if answer is not None
        and answer.why_not is None
        and not answer.busy
        and offer.room < looker.seats
    ]
    found: dict[int, Split] = {}
    # All of their days are looked through; the page of a later one says itself whether it can be.
    near, later = too_small[:SPLITS_LOOKED_AT], too_small[SPLITS_LOOKED_AT:]
    if near and looker.group is not None:
        each = splits.splits_of(looker.actor, near, looker.group, looker.now, at_most=1)
        found = {offer.first.pk: one for offer, one in zip(near, each, strict=True)}
    not_looked_at = {offer.first.pk for offer in later if offer.session_set is None}
    sites = {one.room.site_id for offer in offered for one in offer.sessions if one.room}
    return [
        _line(
            offer,
            answer,
            looker,
            found.get(offer.first.pk),
            may_split=offer.first.pk in not_looked_at,
            names_site=len(sites) > 1,
        )
        for offer, answer in zip(offered, answers, strict=True)
    ]


def _line(
    offer: Offer,
    answer: Answer | None,
    looker: Looker,
    split: Split | None,
    *,
    may_split: bool,
    names_site: bool,
) -> OfferLine:
    seats = offer.seats_left
    label = _("选这一场") if len(offer.sessions) == 1 else _("选这几天")
    if answer is not None and answer.why_not is None and seats < looker.seats:
        label = ngettext("选 %(count)d 位", "选 %(count)d 位", seats) % {"count": seats}
    return OfferLine(
        offer=offer,
        days=[
            (
                session,
                wording.where(session) if names_site or not session.room else session.room.name,
            )
            for session in offer.sessions
        ],
        url=with_class(reverse("bookings:reserve", args=[offer.first.pk]), looker.group),
        label=label,
        why_not=str(answer.why_not) if answer is not None and answer.why_not else "",
        booking_id=answer.booking.pk if answer is not None and answer.booking else None,
        busy=len(answer.busy) if answer is not None else 0,
        split_url=with_class(reverse("bookings:split", args=[offer.first.pk]), looker.group)
        if may_split or (split is not None and split.ways)
        else "",
        no_split=str(split.why_not) if split is not None and split.why_not else "",
    )


def with_class(url: str, group: ClassGroup | None) -> str:
    """The address for the class, if one is chosen."""
    return f"{url}?class={group.pk}" if group is not None else url


def cards(courses: Sequence[Course], wanted: Wanted, looker: Looker) -> list[Card]:
    """The courses as the catalogue shows them; one query, none without a class."""
    together = (
        catalogue.seats_side_by_side(looker.actor, wanted, looker.now, courses)
        if looker.seats
        else {}
    )
    return [_card(course, looker, together.get(course.pk, 0)) for course in courses]


def _card(course: Course, looker: Looker, together: int) -> Card:
    version = cast("CourseVersion", course.published_version)
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
        fit=_fit(annotated.most_free or 0, together, looker.seats),
    )


def _fit(most: int, together: int, wanted: int) -> str:
    """Whether the class finds room: whole, in two groups on one day, in part, or not at all."""
    if most == 0:
        return "full"
    if not wanted:
        return ""
    if most >= wanted:
        return "whole"
    return "split" if together >= wanted else "part"


def sorts(query: Query, chosen: str) -> list[tuple[str, str, bool]]:
    """The orders to choose from: label, address, whether it is the one in force."""
    labels = {"soon": _("最近开课"), "seats": _("空位最多")}
    return [(labels[sort], query.url(sort=sort), sort == chosen) for sort in catalogue.SORTS]
