"""A plan for a cohort: what was asked for, what was found, and what became of it."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.actors import Actor
from courses.models import Season
from hours.models import PracticumRequirement
from planning.choices import AT_WORK, PlanClassState, PlanGoal, PlanStage, PlanState


def last_day(season: Season, requirement: PracticumRequirement) -> date:
    """The last one on which a plan looks for sessions."""
    return min(season.runs_until, requirement.due_on)


class CohortPlanQuerySet(models.QuerySet["CohortPlan"]):
    def visible_to(self, actor: Actor) -> Self:
        """The alliance's plans: its secretariat. A school's own: its coordinators. Nobody sees
        the other's; what a published plan has reserved is seen as reservations."""
        if actor.is_system:
            return self
        if actor.is_secretariat:
            return self.filter(school=None)
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class CohortPlan(models.Model):
    """Who attends what in a season so that as many as can reach a requirement.

    Legal moves: ``choices.PLAN_TRANSITIONS``. Its rows (``PlanSchool``, ``PlanClass``,
    ``PlannedPlace``) are written when it is found, whole, and only after the verifier found no
    fault. What was already booked then counts and is not among its places.
    """

    season = models.ForeignKey("courses.Season", on_delete=models.PROTECT, related_name="+")
    requirement = models.ForeignKey(
        "hours.PracticumRequirement", on_delete=models.PROTECT, related_name="+"
    )
    # The school that plans for its own classes; none for the alliance's plan.
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The published plan whose losses this one makes good; it keeps all that is booked.
    replans = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="replanned_by"
    )
    made_by = models.ForeignKey("accounts.Membership", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    goal = models.CharField(max_length=10, choices=PlanGoal.choices, default=PlanGoal.WISHES)
    # K: a class is at so many sites in one half day at most.
    sites_at_once = models.PositiveSmallIntegerField(default=2)
    is_draft = models.BooleanField(default=False)
    seed = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=12, choices=PlanState.choices, default=PlanState.QUEUED)
    # The task at work says that it lives; after this moment another may take over.
    lease_until = models.DateTimeField(null=True)
    # How many processes have begun to calculate it.
    tries = models.PositiveSmallIntegerField(default=0)
    cancel_asked_at = models.DateTimeField(null=True)
    # What went wrong where it failed: a refusal's code.
    failure = models.CharField(max_length=40, blank=True, default="")

    # Progress of the calculation: seconds on the clock, students who reach the requirement in the
    # best so far, and how many can at most (null while nothing is proven).
    stage = models.CharField(max_length=10, choices=PlanStage.choices, blank=True, default="")
    seconds = models.FloatField(default=0)
    best = models.PositiveIntegerField(default=0)
    bound = models.PositiveIntegerField(null=True)
    # Students planned for, and how many of them reach the requirement by what is booked alone.
    students = models.PositiveIntegerField(default=0)
    reached_before = models.PositiveIntegerField(default=0)

    # Once found. ``is_whole`` is False where time or a cancellation cut the search short.
    is_whole = models.BooleanField(default=False)
    reached = models.PositiveIntegerField(default=0)
    # 0 to 1; bounds are null where nothing is proven.
    worst_school = models.FloatField(default=0)
    worst_school_bound = models.FloatField(null=True)
    wishes = models.FloatField(default=0)
    wishes_bound = models.FloatField(null=True)
    trips = models.PositiveIntegerField(default=0)
    seats_left = models.PositiveIntegerField(default=0)
    # What is missing where not all reach it (``planning.wording``): codes and figures, no names.
    shortage = models.JSONField(default=dict)

    found_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # When it was asked for, and by whom; it is done once the state says so.
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = CohortPlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PlanState.values), name="plan_state_known"
            ),
            models.CheckConstraint(condition=Q(goal__in=PlanGoal.values), name="plan_goal_known"),
            models.CheckConstraint(
                condition=Q(sites_at_once__range=(1, 9)), name="plan_sites_at_once_range"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | Q(published_at__isnull=False, published_by__isnull=False),
                name="plan_published_paired",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="plan_undone_paired",
            ),
        ]
        indexes = [
            models.Index(fields=["season", "-made_at"], name="plan_by_season"),
            models.Index(fields=["school", "-made_at"], name="plan_by_school"),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=AT_WORK), name="plan_at_work"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK


class PlanSchool(models.Model):
    """One of the schools planned for; its figures once the plan is found."""

    plan = models.ForeignKey(CohortPlan, on_delete=models.CASCADE, related_name="schools")
    school = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    students = models.PositiveIntegerField(default=0)
    reached_before = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)
    # Mean over the students, 0 to 1.
    wishes = models.FloatField(default=0)
    # How often a class is at a site on a day; seats that the plan takes.
    trips = models.PositiveIntegerField(default=0)
    seats = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "school"], name="plan_school_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.school_id}"


class PlanClass(models.Model):
    """One of the classes planned for: why it has what it has, and what publishing made of it.

    Legal moves: ``choices.PLAN_CLASS_TRANSITIONS``. A class is reserved whole, by one
    reservation, or not at all.
    """

    plan = models.ForeignKey(CohortPlan, on_delete=models.CASCADE, related_name="classes")
    class_group = models.ForeignKey(
        "rosters.ClassGroup", on_delete=models.CASCADE, related_name="+"
    )
    school = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    students = models.PositiveSmallIntegerField(default=0)
    reached_before = models.PositiveSmallIntegerField(default=0)
    reached = models.PositiveSmallIntegerField(default=0)
    wishes = models.FloatField(default=0)
    # Why this and not the wish (``planning.wording``): a code and its figures.
    reason = models.JSONField(default=dict)

    state = models.CharField(
        max_length=10, choices=PlanClassState.choices, default=PlanClassState.PLANNED
    )
    reservation = models.ForeignKey(
        "bookings.Reservation", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Why publishing was refused, or why undoing left it: code and facts, no names but seat numbers.
    refusal = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "class_group"], name="plan_class_once"),
            models.CheckConstraint(
                condition=Q(state__in=PlanClassState.values), name="plan_class_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["nothing", "planned", "refused"], reservation=None)
                | Q(state__in=["booked", "undone", "kept"], reservation__isnull=False),
                name="plan_class_reservation_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.class_group_id} {self.state}"


class PlannedPlace(models.Model):
    """One student in one session, as found; not booked by that alone."""

    plan_class = models.ForeignKey(PlanClass, on_delete=models.CASCADE, related_name="places")
    session = models.ForeignKey("courses.CourseSession", on_delete=models.CASCADE, related_name="+")
    student = models.ForeignKey("rosters.Student", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan_class", "session", "student"], name="planned_place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.student_id}"
