"""Students, what is known of them, and their moves between schools."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from rosters.choices import NeedKind, TransferState

from .classes import ClassGroup, ClassTeacher


class StudentQuerySet(models.QuerySet["Student"]):
    def visible_to(self, actor: Actor) -> Self:
        """Names are for the school: a coordinator sees all its students, a teacher those of her
        classes. Nobody else reads students here; a host meets them through its places."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(school_id=actor.organisation_id)
        if actor.is_teacher:
            return self.filter(
                school_id=actor.organisation_id,
                class_group_id__in=ClassTeacher.objects.taught_by(actor).values("class_group_id"),
            )
        return self.none()

    def current(self) -> Self:
        return self.filter(left_at=None, merged_into=None)


class Student(models.Model):
    """A student of a class: name, the school's own number, and the seat number in class.

    Nothing else of a minor is stored: no ID-card number, birth date, photo or address.
    """

    school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="students"
    )
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="students")
    name = models.CharField(_("姓名"), max_length=60)
    # Empty where the school gives none; then name and class tell students apart.
    student_no = models.CharField(_("学号"), max_length=20, blank=True, default="")
    seat_no = models.PositiveSmallIntegerField(_("座号"))
    # How the name may be searched for: pinyin initials, several where a character has several
    # readings, each after a blank (`` zxm cxm``).
    initials = models.CharField(max_length=120, blank=True, default="", editable=False)
    # When she came into this class.
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    # When her name was replaced by a number, at her guardians' wish or after graduation.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = StudentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "student_no"],
                condition=~Q(student_no=""),
                name="student_no_once",
            ),
            # Two students of a class never share a seat number.
            models.UniqueConstraint(
                fields=["class_group", "seat_no"],
                condition=Q(left_at=None, merged_into=None),
                name="student_seat_once",
            ),
            models.CheckConstraint(condition=Q(seat_no__gt=0), name="student_seat_positive"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="student_not_merged_into_self",
            ),
            # Who was erased is in no class, and nothing of her can be searched for.
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | (Q(student_no="", initials="") & Q(left_at__isnull=False)),
                name="student_erased_names_nobody",
            ),
        ]
        indexes = [models.Index(fields=["class_group", "seat_no"], name="student_class_seat")]

    def __str__(self) -> str:
        return f"{self.class_group_id}-{self.seat_no}"


def phone_owner(student_id: int) -> str:
    """For whom a guardian's telephone is sealed; see ``rosters.sealing``."""
    return f"student:{student_id}:phone"


def need_owner(student_id: int, kind: str) -> str:
    """For whom a need is sealed."""
    return f"student:{student_id}:{kind}"


class OfStudentQuerySet(models.QuerySet["GuardianPhone"]):
    """Rows that belong to a student and are read by whoever may read the student."""

    def visible_to(self, actor: Actor) -> Self:
        if actor.is_system:
            return self
        return self.filter(student__in=Student.objects.visible_to(actor))


class GuardianPhone(models.Model):
    """A guardian's telephone, where the school chose to keep it. Encrypted; shown masked,
    opened with a reason."""

    student = models.OneToOneField(
        Student, on_delete=models.CASCADE, related_name="guardian_phone", primary_key=True
    )
    sealed = models.BinaryField()

    objects = OfStudentQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.student_id}"

    @property
    def seal_owner(self) -> str:
        """For whom ``sealed`` is sealed; see ``rosters.sealing``."""
        return phone_owner(self.student_id)


class StudentNeed(models.Model):
    """What a host must know on the day: how a student moves, what she must not eat.

    Encrypted. The instructor of the session sees it on the day; it is deleted seven days after
    the student's last session.
    """

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="needs")
    kind = models.CharField(_("类别"), max_length=10, choices=NeedKind.choices)
    sealed = models.BinaryField()
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = OfStudentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NeedKind.values), name="need_kind_known"),
            models.UniqueConstraint(fields=["student", "kind"], name="need_once_per_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} {self.kind}"

    @property
    def seal_owner(self) -> str:
        """For whom ``sealed`` is sealed; see ``rosters.sealing``."""
        return need_owner(self.student_id, self.kind)


class StudentTransferQuerySet(models.QuerySet["StudentTransfer"]):
    def visible_to(self, actor: Actor) -> Self:
        """The coordinators of the two schools."""
        if actor.is_system:
            return self
        if actor.is_coordinator:
            return self.filter(
                Q(from_school_id=actor.organisation_id) | Q(to_school_id=actor.organisation_id)
            )
        return self.none()

    def pending(self) -> Self:
        return self.filter(state=TransferState.ASKED)


class StudentTransfer(models.Model):
    """A student's move to another school: the old school asks, the new one takes her into a
    class. Hours and badge go with her."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="transfers")
    from_school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="transfers_out"
    )
    to_school = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="transfers_in"
    )
    state = models.CharField(
        max_length=10, choices=TransferState.choices, default=TransferState.ASKED
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        "accounts.Membership", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = StudentTransferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TransferState.values), name="transfer_state_known"
            ),
            # A student is on the way to one school at a time.
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(state=TransferState.ASKED),
                name="transfer_pending_once",
            ),
            models.CheckConstraint(
                condition=~Q(from_school=F("to_school")), name="transfer_between_two_schools"
            ),
            # Answered exactly when no longer asked.
            models.CheckConstraint(
                condition=Q(state=TransferState.ASKED, answered_at=None)
                | (~Q(state=TransferState.ASKED) & Q(answered_at__isnull=False)),
                name="transfer_answered_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}: {self.from_school_id} → {self.to_school_id}"
