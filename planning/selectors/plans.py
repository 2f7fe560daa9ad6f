"""Reads of plans: the list, one plan's schools and classes, what would be planned for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet, Sum

from accounts.actors import Actor
from accounts.choices import OrganisationKind
from accounts.models import Organisation
from bookings.models import Booking
from courses.choices import SessionState
from courses.models import CourseSession, Season
from hours.models import PracticumRequirement
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace, PlanSchool
from planning.selectors import cohorts


def plans_of(actor: Actor, season: Season) -> "QuerySet[CohortPlan]":
    """The actor's plans of the season, the newest first."""
    return (
        CohortPlan.objects.visible_to(actor)
        .filter(season=season)
        .select_related("requirement", "season")
        .order_by("-made_at", "-pk")
    )


def seasons_with_plans(actor: Actor) -> list[Season]:
    """The latest first."""
    plans = CohortPlan.objects.visible_to(actor)
    return list(
        Season.objects.filter(pk__in=plans.values("season_id")).order_by("-runs_from", "-pk")
    )


@dataclass(frozen=True, slots=True)
class Demand:
    """Of one school: classes with students who are short of the requirement with all that is
    booked, and how many students."""

    school: Organisation
    classes: int
    short: int


def demand(actor: Actor, requirement: PracticumRequirement, now: datetime) -> list[Demand]:
    """Whom a plan for the requirement would be for, school by school, in the order of names."""
    own = Organisation.objects.filter(kind=OrganisationKind.SCHOOL)
    if actor.is_school:
        assert actor.organisation_id is not None
        own = own.filter(pk=actor.organisation_id)
    groups, short = cohorts.classes_to_plan(
        list(own.values_list("pk", flat=True)), requirement, now
    )
    classes: dict[int, list[int]] = {}
    for group in groups:
        if group.pk in short:
            classes.setdefault(group.school_id, []).append(short[group.pk])
    schools = Organisation.objects.filter(pk__in=classes).order_by("name", "pk")
    return [Demand(one, len(classes[one.pk]), sum(classes[one.pk])) for one in schools]


def schools_of(plan: CohortPlan) -> list[PlanSchool]:
    """Each school's figures, the worst first: it is what the secretariat has to look at."""
    rows = plan.schools.select_related("school")
    return sorted(rows, key=lambda row: (share(row.reached, row.students), row.school.name, row.pk))


def schools_with_wishes(plan: CohortPlan) -> set[int]:
    """The keys of the schools of which a class had a wish, and hours for it to count."""
    # A plan of an earlier version does not know who lacks hours.
    is_full = Q(wishes=0, reason__has_key="lacking_hours", reason__lacking_hours=0)
    rows = plan.classes.exclude(reason__code="no wish").exclude(is_full)
    return set(rows.order_by().values_list("school_id", flat=True).distinct())


def classes_with_cancelled(plan: CohortPlan) -> int:
    """How many of the classes that wait to be booked have a session that is cancelled by now:
    they would be refused, whole."""
    waiting = plan.classes.filter(state=PlanClassState.PLANNED)
    return (
        waiting.filter(places__session__state=SessionState.CANCELLED).order_by().distinct().count()
    )


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


# What the list of classes can be narrowed to.
NARROWINGS = {
    "short": Q(reached__lt=F("students")),
    "unmet": ~Q(reason__code__in=["met", "no wish", "unsigned"]),
    "refused": Q(state=PlanClassState.REFUSED),
    "kept": Q(state=PlanClassState.KEPT),
}


def classes_of(plan: CohortPlan, *, only: str = "", school: int = 0) -> "QuerySet[PlanClass]":
    """The plan's classes as a school office lists them."""
    rows = plan.classes.select_related("class_group", "school")
    if school:
        rows = rows.filter(school=school)
    if only in NARROWINGS:
        rows = rows.filter(NARROWINGS[only])
    return rows.order_by(
        "school__name",
        "school_id",
        "class_group__stage",
        "-class_group__entry_year",
        "class_group__number",
        "pk",
    )


def class_counts(plan: CohortPlan) -> dict[str, int]:
    """How many classes there are, and how many of each narrowing."""
    found: dict[str, int] = plan.classes.aggregate(
        all=Count("pk"), **{key: Count("pk", filter=test) for key, test in NARROWINGS.items()}
    )
    return found


@dataclass(frozen=True, slots=True)
class ClassSession:
    """One session as planned for a class: the keys of its students there."""

    session: CourseSession
    seats: int
    students: tuple[int, ...]


def sessions_of(classes: Collection[PlanClass]) -> dict[int, list[ClassSession]]:
    """What is planned for each of the classes, by its key, in order of time. Two queries."""
    placed: dict[int, dict[int, list[int]]] = {}
    places = PlannedPlace.objects.filter(plan_class__in=classes)
    for key, session, student in places.values_list("plan_class_id", "session_id", "student_id"):
        placed.setdefault(key, {}).setdefault(session, []).append(student)
    sessions = {
        one.pk: one
        for one in CourseSession.objects.filter(
            pk__in={key for sessions in placed.values() for key in sessions}
        ).select_related("version", "room__site", "school")
    }
    return {
        key: sorted(
            (
                ClassSession(sessions[pk], len(students), tuple(students))
                for pk, students in found.items()
            ),
            key=lambda row: (row.session.starts_at, row.session.pk),
        )
        for key, found in placed.items()
    }


def seats_of(plan: CohortPlan) -> int:
    """Seats that the plan takes."""
    return plan.schools.aggregate(seats=Sum("seats", default=0))["seats"]


@dataclass(frozen=True, slots=True)
class Extent:
    """What publishing is about: the classes that wait for it, their schools and seats."""

    classes: int
    schools: int
    seats: int


def extent_of(plan: CohortPlan, *states: PlanClassState) -> Extent:
    """Of the plan's classes in the states."""
    rows = plan.classes.filter(state__in=states)
    found = rows.aggregate(
        classes=Count("pk", distinct=True),
        schools=Count("school", distinct=True),
        seats=Count("places"),
    )
    return Extent(**found)


def last_booked(plan: CohortPlan) -> CourseSession | None:
    """The last of the sessions that the plan booked and that still are (``season`` loaded)."""
    booked = plan.classes.filter(state=PlanClassState.BOOKED)
    booking = (
        Booking.objects.live()
        .filter(reservation__in=booked.values("reservation"))
        .select_related("session__season")
        .order_by("-session__starts_at", "-session_id")
        .first()
    )
    return booking.session if booking is not None else None


def built_on(plan: CohortPlan) -> list[CohortPlan]:
    """The plans that make it good, and those that make these good, the earliest first; without
    those that came to nothing. One query."""
    keys, found = {plan.pk}, []
    # A plan is older than those that make it good.
    for one in (
        CohortPlan.objects.filter(season=plan.season_id, school=plan.school_id)
        .exclude(replans=None)
        .exclude(state__in=(PlanState.DROPPED, PlanState.FAILED))
        .order_by("pk")
    ):
        if one.replans_id in keys:
            keys.add(one.pk)
            found.append(one)
    return found


@dataclass(frozen=True, slots=True)
class Opening:
    """Further sessions like this one, each with so many seats: how many would be needed, how many
    students would attend, and how many of them reach the requirement with all that stand here."""

    session: CourseSession
    count: int
    seats: int
    students: int
    reached: int


def openings_of(plan: CohortPlan) -> list[Opening]:
    """What hosts would have to open, that first which helps first. One query."""
    stored: dict[int, list[dict[str, int]]] = {}
    for one in plan.shortage.get("openings", []):
        stored.setdefault(one["session"], []).append(one)
    sessions = (
        CourseSession.objects.filter(pk__in=stored)
        .select_related("version", "host", "room__site", "school")
        .in_bulk()
    )
    return [
        Opening(
            session=sessions[key],
            count=len(alike),
            seats=alike[0]["seats"],
            students=sum(one["students"] for one in alike),
            reached=sum(one["reached"] for one in alike),
        )
        for key, alike in stored.items()
        if key in sessions
    ]
