"""Who has how many class hours: by class, by school, over the whole alliance. Counted in SQL."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Least

from accounts.actors import Actor
from bookings.selectors.progress import places_to_come
from hours.models import HourCredit, PracticumRequirement
from rosters.models import ClassGroup, Student

# The four bands a student can be in, by hours earned.
BANDS = ("none", "under_half", "half", "done")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Students of a class or school by band, and their hours. Those without a requirement are
    not counted. Hours are capped at what each student needs, so that they add up to a share."""

    students: int = 0
    none: int = 0
    under_half: int = 0
    half: int = 0
    done: int = 0
    short: int = 0
    hours_required: int = 0
    hours_earned: int = 0
    hours_booked: int = 0

    def __add__(self, other: "Coverage") -> "Coverage":
        return Coverage(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def percent_missing(self) -> int:
        """Share of the required hours neither earned nor booked, rounded up to whole percent."""
        if not self.hours_required:
            return 0
        missing = self.hours_required - self.hours_earned - self.hours_booked
        return -(-100 * missing // self.hours_required)


def with_hours(students: "QuerySet[Student]", now: datetime) -> "QuerySet[Student]":
    """Each student with ``required``, ``earned`` and ``booked`` class hours.

    ``required`` is null where nothing is required of the cohort; ``earned`` is the ledger's sum
    since the requirement counts; ``booked`` adds up the live places of sessions to come.
    """
    requirement = PracticumRequirement.objects.filter(
        stage=OuterRef("class_group__stage"),
        entry_year_from__lte=OuterRef("class_group__entry_year"),
        entry_year_to__gte=OuterRef("class_group__entry_year"),
    ).order_by("due_on", "pk")
    credits = (
        HourCredit.objects.filter(student=OuterRef("pk"))
        .filter(earned_on__gte=OuterRef("counts_from"))
        .order_by()
        .values("student")
        .annotate(total=Sum("class_hours"))
        .values("total")
    )
    places = (
        places_to_come(now)
        .filter(student=OuterRef("pk"))
        .order_by()
        .values("student")
        .annotate(total=Sum("session__class_hours"))
        .values("total")
    )
    return students.annotate(
        required=Subquery(requirement.values("class_hours")[:1], output_field=IntegerField()),
        counts_from=Subquery(requirement.values("counts_from")[:1]),
    ).annotate(
        earned=Coalesce(Subquery(credits, output_field=IntegerField()), Value(0)),
        booked=Coalesce(Subquery(places, output_field=IntegerField()), Value(0)),
    )


def coverage_of_classes(class_groups: "QuerySet[ClassGroup]", now: datetime) -> dict[int, Coverage]:
    """Coverage of each class that has students under a requirement, by its key: one query."""
    earned = Least(F("earned"), F("required"))
    booked = Least(F("booked"), F("required") - Least(F("earned"), F("required")))
    students = Student.objects.current().filter(class_group__in=class_groups)
    rows = (
        # The stubs lose the annotations across the function.
        with_hours(students, now)  # type: ignore[misc]
        .filter(required__isnull=False)
        .order_by()
        .values("class_group_id")
        .annotate(
            n_students=Count("pk"),
            n_none=Count("pk", filter=Q(earned__lte=0)),
            n_under_half=Count("pk", filter=Q(earned__gt=0, required__gt=2 * F("earned"))),
            n_half=Count("pk", filter=Q(required__lte=2 * F("earned"), earned__lt=F("required"))),
            n_done=Count("pk", filter=Q(earned__gte=F("required"))),
            n_short=Count("pk", filter=Q(required__gt=F("earned") + F("booked"))),
            sum_required=Sum("required"),
            sum_earned=Sum(earned),
            sum_booked=Sum(booked),
        )
    )
    return {
        row["class_group_id"]: Coverage(
            students=row["n_students"],
            none=row["n_none"],
            under_half=row["n_under_half"],
            half=row["n_half"],
            done=row["n_done"],
            short=row["n_short"],
            hours_required=row["sum_required"],
            hours_earned=row["sum_earned"],
            hours_booked=row["sum_booked"],
        )
        for row in rows
    }


def visible_classes(actor: Actor) -> "QuerySet[ClassGroup]":
    """The actor's current classes, in the order a school office lists them."""
    return (
        ClassGroup.objects.visible_to(actor)
        .current()
        .select_related("school")
        .order_by("school__name", "stage", "-entry_year", "number", "pk")
    )
