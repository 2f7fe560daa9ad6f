"""A roster file on its way in: what it says until somebody confirms, and what it changed."""

import base64
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.choices import OPEN_IMPORT_STATES, ChangeKind, ImportState

from .students import Student, phone_owner


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    def visible_to(self, actor: Actor) -> Self:
        """The school's coordinators."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        return self.none()

    def open(self) -> Self:
        return self.filter(state__in=OPEN_IMPORT_STATES)


class RosterImport(models.Model):
    """One roster file: read, asked about, shown as a difference, then confirmed or let go.

    Legal moves: ``choices.IMPORT_TRANSITIONS``. What the file says is held only while open, at
    most until ``expires_at``; the file's name is never kept, since it may name a child.
    """

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="roster_imports"
    )
    made_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.WAITING
    )
    suffix = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    # The uploaded bytes, then what was read from them (``parsing.shapes.Reading``).
    content = models.BinaryField(null=True)
    reading = models.JSONField(null=True)
    # Questions' keys and what was answered.
    answers = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    # A digest of the roster that the preview was made against.
    roster_digest = models.CharField(max_length=64, blank=True, default="")
    # How many of each ``ChangeKind``, once confirmed; or the refusal's code and row numbers.
    summary = models.JSONField(default=dict)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            ),
            # Nothing of a file outlives its import.
            models.CheckConstraint(
                condition=Q(state__in=OPEN_IMPORT_STATES) | Q(content=None, reading=None),
                name="import_holds_nothing_when_over",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_IMPORT_STATES, ended_at=None)
                | (~Q(state__in=OPEN_IMPORT_STATES) & Q(ended_at__isnull=False)),
                name="import_ended_paired",
            ),
        ]
        indexes = [models.Index(fields=["school", "-made_at"], name="import_school_made")]

    def __str__(self) -> str:
        return f"{self.school_id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_IMPORT_STATES


class RosterChange(models.Model):
    """What a confirmed import did to one student, and how she was before: what undoing needs.

    Deleted 30 days after the import, when it can no longer be undone.
    """

    roster_import = models.ForeignKey(
        RosterImport, on_delete=models.CASCADE, related_name="changes"
    )
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="roster_changes")
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    # class_group, name, student_no, seat_no and left_at as they were, and ``phone`` where a
    # telephone was written: the sealed one before. Empty for a new student.
    before = models.JSONField(default=dict)
    # The same as the import left them.
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ChangeKind.values), name="roster_change_kind_known"
            ),
            models.UniqueConstraint(
                fields=["roster_import", "student"], name="roster_change_once_per_student"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster_import_id} {self.kind} {self.student_id}"

    @property
    def sealed(self) -> bytes:
        """The guardian's telephone that the import replaced, sealed; b"" where it replaced none."""
        return base64.b64decode(self.before.get("phone", ""))

    @sealed.setter
    def sealed(self, value: bytes) -> None:
        self.before["phone"] = base64.b64encode(value).decode()

    @property
    def seal_owner(self) -> str:
        """For whom ``sealed`` is sealed; see ``rosters.sealing``."""
        return phone_owner(self.student_id)


class ClassNameAnswer(models.Model):
    """How a school writes one of its classes, where that had to be asked once.

    ``grade`` is the grade meant; the entry year follows from the school year of the file.
    """

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.CASCADE, related_name="class_name_answers"
    )
    # As written, in Unicode's NFKC form and without blanks.
    written = models.CharField(max_length=60)
    grade = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["school", "written"], name="class_name_answer_once"),
            models.CheckConstraint(condition=Q(grade__range=(1, 12)), name="answer_grade_range"),
            models.CheckConstraint(condition=Q(number__range=(1, 60)), name="answer_number_range"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id} {self.written}"
