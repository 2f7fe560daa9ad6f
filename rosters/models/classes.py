"""Classes and who teaches them."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from accounts.choices import STAGE_GRADES, Stage


class ClassGroupQuerySet(models.QuerySet["ClassGroup"]):
    def visible_to(self, actor: Actor) -> Self:
        """A coordinator sees the school's classes, a teacher those she teaches, the alliance all;
        a host meets classes only through its bookings."""
        if actor.is_system or actor.is_alliance:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id,
                pk__in=ClassTeacher.objects.taught_by(actor).values("class_group_id"),
            )
        return self.none()

    def current(self) -> Self:
        return self.filter(archived_at=None)


class ClassGroup(models.Model):
    """The students who come together: entry year and number; the grade follows from the year."""

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="class_groups"
    )
    stage = models.CharField(_("学段"), max_length=10, choices=Stage.choices)
    entry_year = models.PositiveSmallIntegerField(_("入学年份"))
    number = models.PositiveSmallIntegerField(_("班号"))
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ClassGroupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="class_stage_known"),
            models.CheckConstraint(
                condition=Q(entry_year__range=(2000, 2100)), name="class_entry_year_range"
            ),
            models.CheckConstraint(condition=Q(number__range=(1, 60)), name="class_number_range"),
            models.UniqueConstraint(
                fields=["school", "stage", "entry_year", "number"], name="class_once_per_school"
            ),
            # Lets a student's row prove that its class is of the same school.
            models.UniqueConstraint(fields=["id", "school"], name="class_id_school"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.entry_year}({self.number})"

    def grade(self, school_year: int) -> int:
        """The grade (1-12) in the school year that begins in September of ``school_year``."""
        return STAGE_GRADES[Stage(self.stage)][0] + school_year - self.entry_year


class ClassTeacherQuerySet(models.QuerySet["ClassTeacher"]):
    def live(self) -> Self:
        """Without those who have left the school or whose account is closed."""
        return self.filter(membership__ended_at=None, membership__user__is_active=True)

    def taught_by(self, actor: Actor) -> Self:
        """The classes of the acting teacher; of anybody else none."""
        if actor.membership_id is None:
            return self.none()
        return self.filter(membership_id=actor.membership_id)


class ClassTeacher(models.Model):
    """Which classes are a teacher's. Removed when she no longer teaches the class."""

    class_group = models.ForeignKey(ClassGroup, on_delete=models.CASCADE, related_name="teachers")
    membership = models.ForeignKey(
        "accounts.Membership", on_delete=models.CASCADE, related_name="classes_taught"
    )
    is_homeroom = models.BooleanField(_("班主任"), default=False)

    objects = ClassTeacherQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["class_group", "membership"], name="class_teacher_once"
            ),
            # A class has one homeroom teacher.
            models.UniqueConstraint(
                fields=["class_group"],
                condition=Q(is_homeroom=True),
                name="class_one_homeroom_teacher",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} → {self.class_group_id}"
