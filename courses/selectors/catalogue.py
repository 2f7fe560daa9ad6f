"""The catalogue: which courses are on offer, by many conditions, and how many for each value.

An *offer* is what can be booked at once: a session, or a session set, which stands here as its
first day. What has begun is no offer any more, nor a set whose first day has passed.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateField,
    Exists,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
)
from django.db.models.functions import TruncDate

from accounts.actors import Actor
from accounts.choices import Stage
from courses.choices import HalfDay, Venue
from courses.models import Course, CourseSession
from sites.calendar import NOON, at, local_day

# A session that begins before noon and goes on after this hour is a whole day's.
LUNCH_OVER = time(13)

SORTS = ("soon", "seats")
SEARCHED = (
    "published_version__title_zh",
    "published_version__title_en",
    "published_version__occupation_zh",
    "published_version__occupation_en",
    "published_version__summary_zh",
    "published_version__summary_en",
    "host__name",
    "host__short_name",
    "host__name_en",
)


class FoldedText(Func):
    """The texts one after the other, full-width letters and digits as ordinary ones."""

    function = "CONCAT_WS"
    template = "NORMALIZE(%(function)s(' ', %(expressions)s), NFKC)"
    output_field = TextField()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for. Empty means any; several values of one kind mean any of them."""

    words: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    hours: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    hosts: tuple[int, ...] = ()
    stage: str = ""
    grade: int | None = None
    since: date | None = None
    until: date | None = None
    half_days: tuple[str, ...] = ()
    seats: int | None = None

    def without(self, *names: str) -> "Wanted":
        """The same, with these conditions dropped."""
        dropped: dict[str, Any] = {
            one.name: one.default for one in fields(self) if one.name in names
        }
        return replace(self, **dropped)

    @property
    def asks_for_dates(self) -> bool:
        """Whether only courses with a fitting offer will do."""
        return bool(self.since or self.until or self.half_days or self.seats)


@dataclass(frozen=True, slots=True)
class Facets:
    """How many courses each value would leave, with everything else chosen as it is."""

    families: dict[str, int]
    hours: dict[int, int]
    kinds: dict[str, int]
    hosts: dict[int, int]
    stages: dict[str, int]
    any_stage: int
    own_grade: int
    half_days: dict[str, int]
    seats: int


def offers(actor: Actor, now: datetime) -> QuerySet[CourseSession]:
    """What the actor could book from now on, with ``seats_left``. A session at another school
    is none for a school."""
    earlier_day = CourseSession.objects.scheduled().filter(
        session_set=OuterRef("session_set"), starts_at__lt=OuterRef("starts_at")
    )
    found = (
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .with_seats_left()
        .filter(Q(session_set=None) | ~Exists(earlier_day), starts_at__gt=now)
    )
    if actor.is_school:
        found = found.exclude(~Q(school_id=actor.organisation_id), venue=Venue.SCHOOL)
    return found


def offered_sessions(actor: Actor, course: Course, now: datetime) -> QuerySet[CourseSession]:
    """The sessions of the course's offers, all days of each set, by time; with what a page
    shows of them."""
    first_days = offers(actor, now).filter(version__course=course)
    return (
        CourseSession.objects.visible_to(actor)
        .scheduled()
        .filter(
            Q(pk__in=first_days.values("pk"))
            | Q(session_set__in=first_days.exclude(session_set=None).values("session_set")),
            # Follows from the first; without it every session there ever was is looked at.
            version__course=course,
            starts_at__gt=now,
        )
        .select_related("season", "version", "host", "school", "session_set", "room__site")
        .order_by("starts_at", "pk")
    )


def sessions(actor: Actor) -> QuerySet[CourseSession]:
    """Every session the actor may know of, past and cancelled ones too, with ``seats_left``."""
    return (
        CourseSession.objects.visible_to(actor)
        .with_seats_left()
        .select_related("version", "room__site")
    )


def on_days(since: date | None, until: date | None) -> Q:
    """Sessions that begin from the one day to the other, both included, in Shanghai."""
    condition = Q()
    if since:
        condition &= Q(starts_at__gte=at(since, time()))
    if until:
        condition &= Q(starts_at__lt=at(until + timedelta(days=1), time()))
    return condition


def in_half_days(half_days: Collection[str]) -> Q:
    """Sessions of these parts of the day."""
    conditions = {
        HalfDay.MORNING: Q(starts_at__time__lt=NOON, ends_at__time__lte=LUNCH_OVER),
        HalfDay.AFTERNOON: Q(starts_at__time__gte=NOON),
        HalfDay.WHOLE_DAY: Q(starts_at__time__lt=NOON, ends_at__time__gt=LUNCH_OVER),
    }
    either = Q()
    for half_day in half_days:
        either |= conditions[HalfDay(half_day)]
    return either


def wanted_offers(actor: Actor, wanted: Wanted, now: datetime) -> QuerySet[CourseSession]:
    """The offers that suit by day, part of the day and free seats, whatever their course."""
    return offers(actor, now).filter(_suits(wanted))


def _suits(wanted: Wanted) -> Q:
    """Of an offer with ``seats_left``: day, part of the day and free seats are as wanted."""
    seats = Q(seats_left__gte=wanted.seats) if wanted.seats else Q()
    return on_days(wanted.since, wanted.until) & in_half_days(wanted.half_days) & seats


def matching_courses(actor: Actor, wanted: Wanted, now: datetime) -> QuerySet[Course]:
    """The published courses that meet every condition."""
    found = Course.objects.visible_to(actor).filter(
        _course_conditions(wanted), published_version__isnull=False
    )
    if wanted.words:
        found = found.annotate(text=FoldedText(*SEARCHED))
        for word in wanted.words:
            found = found.filter(text__icontains=word)
    if wanted.asks_for_dates:
        found = found.filter(Exists(_offers_of_course(wanted_offers(actor, wanted, now))))
    return found


def search(actor: Actor, wanted: Wanted, now: datetime, *, sort: str = "soon") -> QuerySet[Course]:
    """The matching courses in the order asked for, those without an offer last, each with what
    suits of its offers: ``offer_count``, ``next_at``, ``seats_free``, and the seats free in the
    roomiest, ``most_free``."""
    mine: QuerySet[Any] = _offers_of_course(wanted_offers(actor, wanted, now))
    grouped = mine.order_by().values("version__course")
    by_room = mine.order_by(F("seats_left").desc(), "pk").values("seats_left")
    found = (
        matching_courses(actor, wanted, now)
        .select_related("published_version", "host")
        .annotate(
            next_at=Subquery(grouped.annotate(it=Min("starts_at")).values("it")),
            offer_count=Subquery(grouped.annotate(it=Count("pk")).values("it")),
            seats_free=Subquery(grouped.annotate(it=Sum("seats_left")).values("it")),
            most_free=Subquery(by_room[:1]),
        )
    )
    soon = F("next_at").asc(nulls_last=True)
    if sort == "seats":
        return found.order_by(F("seats_free").desc(nulls_last=True), soon, "pk")
    return found.order_by(soon, "pk")


def seats_side_by_side(
    actor: Actor, wanted: Wanted, now: datetime, courses: Collection[Course]
) -> dict[int, int]:
    """By course the most seats that two of its sessions on one day have together, of those that
    suit and are booked by themselves. One query."""
    offered = wanted_offers(actor, wanted, now).filter(
        version__course__in=courses,
        session_set=None,
        capacity__gt=F("seats_taken") + F("seats_held"),
    )
    of_days: dict[tuple[int, date], list[int]] = {}
    for course, starts_at, capacity, taken, held in offered.values_list(
        "version__course", "starts_at", "capacity", "seats_taken", "seats_held"
    ):
        of_days.setdefault((course, local_day(starts_at)), []).append(capacity - taken - held)
    found: dict[int, int] = {}
    for (course, _day), seats_of_day in of_days.items():
        if len(seats_of_day) > 1:
            together = sum(sorted(seats_of_day)[-2:])
            found[course] = max(found.get(course, 0), together)
    return found


def facets(actor: Actor, wanted: Wanted, now: datetime, *, grade: int | None, seats: int) -> Facets:
    """For each value of each kind of condition, how many courses it would leave; ``grade`` and
    ``seats`` are those of the class that looks. Two queries: the courses there are, and which of
    their offers suit; counted here."""
    suiting = _suiting_offers(
        offers(actor, now),
        suits=wanted,
        has_seats=replace(wanted, seats=seats),
        **{half_day: replace(wanted, half_days=(half_day,)) for half_day in HalfDay.values},
    )
    courses = matching_courses(actor, Wanted(words=wanted.words), now)
    families, hours, kinds, hosts = Counter[str](), Counter[int](), Counter[str](), Counter[int]()
    stages, half_days = Counter[str](), Counter[str]()
    any_stage = own_grade = with_seats = 0
    for row in courses.values(
        "pk",
        "published_version__occupation_family",
        "published_version__class_hours",
        "published_version__stages",
        "published_version__grade_from",
        "published_version__grade_to",
        "host__kind",
        "host_id",
    ):
        has = suiting.get(row["pk"], {})
        family, length = (
            row["published_version__occupation_family"],
            row["published_version__class_hours"],
        )
        taught = range(row["published_version__grade_from"], row["published_version__grade_to"] + 1)
        meets = {
            "families": not wanted.families or family in wanted.families,
            "hours": not wanted.hours or length in wanted.hours,
            "kinds": not wanted.kinds or row["host__kind"] in wanted.kinds,
            "hosts": not wanted.hosts or row["host_id"] in wanted.hosts,
            "stage": (not wanted.stage or wanted.stage in row["published_version__stages"])
            and (wanted.grade is None or wanted.grade in taught),
            "offer": not wanted.asks_for_dates or has.get("suits", False),
        }
        missed = {name for name, is_met in meets.items() if not is_met}
        families[family] += missed <= {"families"}
        hours[length] += missed <= {"hours"}
        kinds[row["host__kind"]] += missed <= {"kinds"}
        hosts[row["host_id"]] += missed <= {"hosts"}
        if missed <= {"stage"}:
            any_stage += 1
            own_grade += grade is None or grade in taught
            stages.update(row["published_version__stages"])
        if missed <= {"offer"}:
            half_days.update(half_day for half_day in HalfDay.values if has.get(half_day))
            with_seats += has.get("has_seats", False)
    return Facets(
        families=dict(+families),
        hours=dict(+hours),
        kinds=dict(+kinds),
        hosts=dict(+hosts),
        stages={stage: stages[stage] for stage in Stage.values},
        any_stage=any_stage,
        own_grade=own_grade,
        half_days={half_day: half_days[half_day] for half_day in HalfDay.values},
        seats=with_seats,
    )


def _suiting_offers(found: QuerySet[CourseSession], **wanted: Wanted) -> dict[int, dict[str, bool]]:
    """By course with an offer, whether one of its offers is as each of these is wanted."""
    rows: Any = (
        found.order_by()
        .values("version__course")
        .annotate(**{name: Count("pk", filter=_suits(each)) for name, each in wanted.items()})
    )
    return {row["version__course"]: {name: row[name] > 0 for name in wanted} for row in rows}


def first_offer_day(actor: Actor, wanted: Wanted, now: datetime) -> date | None:
    """The first day on which something wanted is offered, free seats or not."""
    first = _offers_of_matching(actor, wanted, now).aggregate(it=Min("starts_at"))["it"]
    return local_day(first) if first is not None else None


def free_by_half_day(
    actor: Actor, wanted: Wanted, first: date, last: date, now: datetime
) -> dict[tuple[date, str], int]:
    """The seats free by day and part of the day, from first to last day, in one query; where
    there is an offer without a seat left, 0."""
    whole = Q(ends_at__time__gt=LUNCH_OVER)
    rows: Any = (
        _offers_of_matching(actor, replace(wanted, since=first, until=last, half_days=()), now)
        .annotate(day=TruncDate("starts_at", output_field=DateField()))
        .order_by()
        .values("day")
        .annotate(
            am=Sum("seats_left", filter=Q(starts_at__time__lt=NOON) & ~whole),
            pm=Sum("seats_left", filter=Q(starts_at__time__gte=NOON)),
            whole=Sum("seats_left", filter=Q(starts_at__time__lt=NOON) & whole),
        )
    )
    names = {"am": HalfDay.MORNING, "pm": HalfDay.AFTERNOON, "whole": HalfDay.WHOLE_DAY}
    return {
        (row["day"], half_day.value): row[name]
        for row in rows
        for name, half_day in names.items()
        if row[name] is not None
    }


def _offers_of_matching(actor: Actor, wanted: Wanted, now: datetime) -> QuerySet[CourseSession]:
    """The wanted offers of the wanted courses."""
    courses = matching_courses(
        actor, wanted.without("since", "until", "half_days", "seats"), now
    ).values("pk")
    return wanted_offers(actor, wanted, now).filter(version__course__in=courses)


def _offers_of_course(found: QuerySet[CourseSession]) -> QuerySet[CourseSession]:
    """Those of the course of the outer query: of all its versions, since sessions keep theirs."""
    return found.filter(version__course=OuterRef("pk"))


def _for_grade(grade: int | None) -> Q:
    if grade is None:
        return Q()
    return Q(published_version__grade_from__lte=grade, published_version__grade_to__gte=grade)


def _course_conditions(wanted: Wanted) -> Q:
    condition = _for_grade(wanted.grade)
    for field, values in (
        ("published_version__occupation_family__in", wanted.families),
        ("published_version__class_hours__in", wanted.hours),
        ("host__kind__in", wanted.kinds),
        ("host__in", wanted.hosts),
    ):
        if values:
            condition &= Q(**{field: values})
    if wanted.stage:
        condition &= Q(published_version__stages__contains=[wanted.stage])
    return condition
