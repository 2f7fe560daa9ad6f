"""How many class hours a cohort must reach, and the ledger of those earned."""

from datetime import date, datetime, time, timedelta
from typing import Self

import pgtrigger
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import HOST_KINDS, SchoolKind, Stage
from rosters.models import ClassTeacher
from sites.calendar import at

from .choices import CreditKind
from .errors import RequirementOutOfOrder


class ClockTimestamp(models.Func):
    """The moment by the database's clock, later with each row of a transaction."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class Sealed(models.Model):
    """A row that the seal of its day covers: the database says when it was written and salts
    what is written in it, whatever an insert says (trigger ``stamped_as_written``).

    Without the salt a digest of the free text tells nothing, so that it may stay when the text
    has to go.
    """

    written_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    seal_salt = models.UUIDField(db_default=RandomUUID(), editable=False)

    class Meta:
        abstract = True


class PracticumRequirement(models.Model):
    """What a cohort must reach: ``class_hours`` on the days from ``counts_from`` to ``due_on``,
    both included.

    What was earned or is booked on an earlier or a later day does not count towards it. The day
    is the session's in Shanghai, never that of the entry: a credit has it as ``earned_on``.

    The cohort is a stage and the entry years from ``entry_year_from`` to ``entry_year_to``,
    both included, at schools of ``school_kind`` (empty: of every kind). ``minimums`` say how
    many of the hours must be at hosts of a kind.
    """

    name = models.CharField(_("名称"), max_length=100, unique=True)
    stage = models.CharField(_("学段"), max_length=10, choices=Stage.choices)
    entry_year_from = models.PositiveSmallIntegerField()
    entry_year_to = models.PositiveSmallIntegerField()
    school_kind = models.CharField(
        _("办学性质"), max_length=10, choices=SchoolKind.choices, blank=True, default=""
    )
    class_hours = models.PositiveSmallIntegerField(_("学时"))
    min_occupations = models.PositiveSmallIntegerField(_("至少几种职业"), default=1)
    counts_from = models.DateField(_("起算日"))
    due_on = models.DateField(_("截止日"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="requirement_stage_known"
            ),
            models.CheckConstraint(
                condition=Q(class_hours__gt=0), name="requirement_hours_positive"
            ),
            models.CheckConstraint(
                condition=Q(school_kind__in=["", *SchoolKind.values]),
                name="requirement_school_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(due_on__gt=F("counts_from")),
                name="requirement_due_after_start",
                violation_error_message=RequirementOutOfOrder.sentence,
            ),
            models.CheckConstraint(
                condition=Q(entry_year_to__gte=F("entry_year_from")),
                name="requirement_entry_years_ordered",
                violation_error_message=RequirementOutOfOrder.sentence,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def counts_on(self, day: date) -> bool:
        """Whether class hours of that day count. ``bookings.selectors.standing_statement`` says
        the same in SQL."""
        return self.counts_from <= day <= self.due_on

    @property
    def period(self) -> tuple[datetime, datetime]:
        """The first moment that counts, and the first that counts no more."""
        return at(self.counts_from, time()), at(self.due_on + timedelta(days=1), time())


class RequirementMinimum(models.Model):
    """At least so many of the hours at hosts of one kind: 16 of 32 at vocational schools."""

    requirement = models.ForeignKey(
        PracticumRequirement, on_delete=models.CASCADE, related_name="minimums"
    )
    host_kind = models.CharField(
        _("开课单位类别"),
        max_length=20,
        choices=[(kind.value, kind.label) for kind in HOST_KINDS],
    )
    class_hours = models.PositiveSmallIntegerField(_("学时"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(host_kind__in=[kind.value for kind in HOST_KINDS]),
                name="minimum_host_kind_known",
            ),
            models.CheckConstraint(condition=Q(class_hours__gt=0), name="minimum_hours_positive"),
            models.UniqueConstraint(
                fields=["requirement", "host_kind"], name="minimum_once_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement_id} {self.host_kind}"


class HourCreditQuerySet(models.QuerySet["HourCredit"]):
    def visible_to(self, actor: Actor) -> Self:
        """What was earned at the school, and by its students before they came to it; a teacher
        those of her classes' students; the alliance all. A host sees whom it credited through
        attendance, not here."""
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_coordinator:
            return self.filter(
                Q(school_id=actor.organisation_id) | Q(student__school_id=actor.organisation_id)
            )
        if actor.is_teacher:
            return self.filter(
                student__class_group_id__in=ClassTeacher.objects.taught_by(actor).values(
                    "class_group_id"
                ),
                student__school_id=actor.organisation_id,
            )
        return self.none()


class HourCredit(Sealed):
    """One entry of the class-hour ledger. Never changed, never removed; holds no names. The
    reason of a student who was erased is a dash (``attendance.LawfulRemoval``).

    ``class_hours`` is positive for a credit and the exact opposite for its reversal, so a
    student's hours are the sum over the rows.
    """

    student = models.ForeignKey(
        "rosters.Student", on_delete=models.PROTECT, related_name="hour_credits"
    )
    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="hour_credits"
    )
    session = models.ForeignKey(
        "courses.CourseSession",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hour_credits",
    )
    kind = models.CharField(max_length=12, choices=CreditKind.choices)
    class_hours = models.SmallIntegerField(_("学时"))
    # How often this student has been credited with this session, the first being 1.
    revision = models.PositiveSmallIntegerField(default=1)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    rule_version = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(_("原因"), max_length=200, blank=True, default="")
    earned_on = models.DateField(_("日期"))
    credited_at = models.DateTimeField()
    credited_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = HourCreditQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=CreditKind.values), name="credit_kind_known"
            ),
            # A reversal takes away and names what it reverses; everything else gives.
            models.CheckConstraint(
                condition=Q(kind=CreditKind.REVERSAL, class_hours__lt=0, reverses__isnull=False)
                | (~Q(kind=CreditKind.REVERSAL) & Q(class_hours__gt=0, reverses=None)),
                name="credit_sign_fits_kind",
            ),
            # One session is credited to a student once, until that is reversed.
            models.UniqueConstraint(
                fields=["student", "session", "revision"],
                condition=~Q(kind=CreditKind.REVERSAL),
                name="credit_once_per_session",
            ),
            models.CheckConstraint(
                condition=~Q(kind=CreditKind.ATTENDANCE) | Q(session__isnull=False),
                name="credit_of_attendance_names_session",
            ),
            # A make-up says which session was missed.
            models.CheckConstraint(
                condition=~Q(kind=CreditKind.MAKE_UP) | Q(session__isnull=False),
                name="credit_of_make_up_names_session",
            ),
            # An entry by hand and a reversal say why.
            models.CheckConstraint(
                condition=Q(kind=CreditKind.ATTENDANCE) | ~Q(reason=""),
                name="credit_by_hand_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["student", "earned_on"], include=["class_hours"], name="credit_student"
            ),
            models.Index(fields=["school", "earned_on"], name="credit_school"),
            models.Index(fields=["session"], name="credit_session"),
            BrinIndex(fields=["written_at"], name="credit_written"),
        ]
        triggers = [
            # The ledger only grows.
            pgtrigger.Protect(
                name="ledger_only_grows", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="ledger_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'Cannot truncate %', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} {self.class_hours:+d}"


class PeriodLockQuerySet(models.QuerySet["PeriodLock"]):
    def live(self) -> Self:
        return self.filter(reopened_at=None)

    def visible_to(self, actor: Actor) -> Self:
        """The school its own, the alliance all."""
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_school:
            return self.filter(school_id=actor.organisation_id)
        return self.none()


class PeriodLock(models.Model):
    """A school's class hours in the period of a requirement are settled: nothing is entered for
    its students of that cohort and those days any more, but by the secretariat.

    States: locked → reopened. What is settled again has a new lock.
    """

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="period_locks"
    )
    requirement = models.ForeignKey(
        PracticumRequirement, on_delete=models.PROTECT, related_name="locks"
    )
    locked_at = models.DateTimeField()
    locked_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reopen_reason = models.CharField(_("原因"), max_length=200, blank=True, default="")

    objects = PeriodLockQuerySet.as_manager()

    class Meta:
        constraints = [
            # A period of a school is locked once at a time.
            models.UniqueConstraint(
                fields=["school", "requirement"],
                condition=Q(reopened_at=None),
                name="period_locked_once",
            ),
            # When it was reopened and why are known together or not at all.
            models.CheckConstraint(
                condition=Q(reopened_at=None, reopened_by=None, reopen_reason="")
                | (Q(reopened_at__isnull=False) & ~Q(reopen_reason="")),
                name="period_reopened_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.requirement_id}"
