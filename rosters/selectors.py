"""Reads of classes: who is in them and who teaches them, who signed, what the school decided."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role
from accounts.models import Membership, Organisation
from accounts.prepared import Prepared, asked

from . import naming
from .choices import ConsentRule
from .models import (
    ClassGroup,
    ClassTeacher,
    Consent,
    ConsentText,
    RosterImport,
    SchoolSettings,
    Student,
    StudentTransfer,
)
from .wording import DEFAULT_TEXTS

# So many students at most does a search show.
MOST_FOUND = 50


OF_SCHOOL = Prepared(
    lambda: ClassGroup.objects.filter(
        asked("rosters_classgroup.id = ANY(%s) AND rosters_classgroup.school_id = %s")
    ).select_related("school")
)


def classes_of_school(actor: Actor, keys: Collection[int]) -> list[ClassGroup]:
    """Those of the classes that the actor may see, with their school; what somebody who acts for
    a school asks for each booking."""
    if actor.is_coordinator:
        return OF_SCHOOL(list(keys), actor.organisation_id)
    classes = ClassGroup.objects.visible_to(actor).filter(pk__in=keys)
    return list(classes.select_related("school"))


def students_of(actor: Actor, class_group: ClassGroup) -> list[Student]:
    """The class's students now, by seat number; none where the actor may not see names.

    The caller logs the reading.
    """
    return list(
        Student.objects.visible_to(actor)
        .current()
        .filter(class_group=class_group)
        .order_by("seat_no", "pk")
    )


def teachers_of(class_group: ClassGroup) -> list[ClassTeacher]:
    """Who teaches the class now, the homeroom teacher first; their people loaded."""
    return list(
        ClassTeacher.objects.live()
        .filter(class_group=class_group)
        .select_related("membership__user")
        .order_by("-is_homeroom", "pk")
    )


def can_teach(school_id: int) -> QuerySet[Membership]:
    """The school's people who may be given a class, by name; their persons loaded."""
    return (
        Membership.objects.live()
        .filter(organisation_id=school_id, role__in=[Role.TEACHER, Role.SCHOOL_COORDINATOR])
        .select_related("user")
        .order_by("user__name", "pk")
    )


def import_history(actor: Actor) -> list[RosterImport]:
    """The school's newest roster imports with who made them; nothing of what files say."""
    return list(
        RosterImport.objects.visible_to(actor)
        .select_related("made_by__user")
        .defer("content", "reading", "answers")
        .order_by("-made_at", "-pk")[:20]
    )


def classes_with_teachers(actor: Actor) -> QuerySet[ClassGroup]:
    """The actor's current classes with ``student_count`` and their teachers, from the youngest:
    two queries."""
    return (
        ClassGroup.objects.visible_to(actor)
        .current()
        .annotate(
            student_count=Count(
                "students", filter=Q(students__left_at=None, students__merged_into=None)
            )
        )
        .prefetch_related(
            Prefetch(
                "teachers",
                ClassTeacher.objects.live()
                .select_related("membership__user")
                .order_by("-is_homeroom", "pk"),
            )
        )
        .order_by("stage", "-entry_year", "number", "pk")
    )


def student_counts(actor: Actor) -> dict[int, int]:
    """How many students each of the actor's classes has now; those without are left out."""
    return dict(
        Student.objects.current()
        .filter(class_group__in=ClassGroup.objects.visible_to(actor).current())
        .order_by()
        .values("class_group_id")
        .annotate(number=Count("pk"))
        .values_list("class_group_id", "number")
    )


def students_found(actor: Actor, text: str) -> list[Student]:
    """The actor's current students whose name contains the text, whose initials begin with it,
    or whose student number it is; ``MOST_FOUND`` at most. The caller logs the reading."""
    wanted = "".join(unicodedata.normalize("NFKC", text).split())
    if not wanted:
        return []
    by = Q(name__icontains=wanted) | Q(name__icontains=" ".join(text.split()))
    if wanted.isascii():
        by |= Q(initials__contains=f" {wanted.lower()}") | Q(student_no=wanted)
    return list(
        Student.objects.visible_to(actor)
        .current()
        .filter(by)
        .select_related("class_group")
        .order_by("name", "class_group_id", "seat_no", "pk")[:MOST_FOUND]
    )


def next_seat(class_group: ClassGroup) -> int:
    """The seat number after the highest one in use."""
    highest = (Student.objects.current().filter(class_group=class_group).aggregate(Max("seat_no")))[
        "seat_no__max"
    ]
    return (highest or 0) + 1


def other_classes(student: Student) -> QuerySet[ClassGroup]:
    """The classes of the school that the student could move to, those of her year first."""
    return (
        ClassGroup.objects.current()
        .filter(school_id=student.school_id)
        .exclude(pk=student.class_group_id)
        .order_by("stage", "-entry_year", "number", "pk")
    )


def schools_to_move_to(actor: Actor) -> QuerySet[Organisation]:
    """The alliance's other schools, by name."""
    return (
        Organisation.objects.visible_to(actor)
        .filter(kind=OrganisationKind.SCHOOL, is_active=True)
        .exclude(pk=actor.organisation_id or 0)
        .order_by("name", "pk")
    )


def transfers_of(actor: Actor) -> list[StudentTransfer]:
    """The school's moves in and out that wait, and the last ones answered; students, classes and
    schools loaded. They name students: the caller logs the reading."""
    return list(
        StudentTransfer.objects.visible_to(actor)
        .select_related("student__class_group", "from_school", "to_school")
        .order_by(F("answered_at").desc(nulls_first=True), "-asked_at", "-pk")[:60]
    )


def has_left_stage(class_group: ClassGroup, school_year: int) -> bool:
    """Whether the class has left its stage by that school year."""
    return naming.is_graduated(stage=class_group.stage, grade=class_group.grade(school_year))


def archived_classes(actor: Actor) -> QuerySet[ClassGroup]:
    """The school's archived classes with ``student_count``, the last archived first."""
    return (
        ClassGroup.objects.visible_to(actor)
        .exclude(archived_at=None)
        .annotate(student_count=Count("students", filter=Q(students__merged_into=None)))
        .order_by("-archived_at", "stage", "number", "pk")
    )


def settings_of(school_id: int) -> SchoolSettings:
    """What the school decided; an unsaved row of the defaults where it decided nothing."""
    found = SchoolSettings.objects.filter(school_id=school_id).first()
    return found or SchoolSettings(school_id=school_id)


def text_in_force(school_id: int | None, kind: str) -> ConsentText:
    """The school's own latest text, else the alliance's, else the default one, not saved yet.

    ``school_id`` None asks for the alliance's.
    """
    found = (
        ConsentText.objects.filter(Q(school_id=school_id) | Q(school=None), kind=kind)
        .order_by(F("school_id").asc(nulls_last=True), "-version")
        .first()
    )
    if found is not None:
        return found
    text_zh, text_en = DEFAULT_TEXTS[kind]
    return ConsentText(school=None, kind=kind, version=1, text_zh=text_zh, text_en=text_en)


@dataclass(frozen=True, slots=True)
class ConsentStatus:
    """How far the signatures are: 38 of 40, missing seats 3 and 7."""

    signed: int
    total: int
    missing: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def seats(self) -> str:
        return naming.seats_label(list(self.missing))


def signed_for_year(student_ids: list[int], school_year: int) -> set[int]:
    """Which of the students have a standing consent for the school year."""
    return set(
        Consent.objects.standing()
        .filter(student_id__in=student_ids, school_year=school_year)
        .values_list("student_id", flat=True)
    )


def status_of(students: list[Student], signed: set[int]) -> ConsentStatus:
    return ConsentStatus(
        signed=sum(student.pk in signed for student in students),
        total=len(students),
        missing=tuple(sorted(student.seat_no for student in students if student.pk not in signed)),
    )


def consent_of_class(class_group: ClassGroup, school_year: int) -> ConsentStatus | None:
    """How far the class's signatures for the year are; None where its school collects none a
    year."""
    if settings_of(class_group.school_id).consent_rule != ConsentRule.YEAR:
        return None
    students = list(Student.objects.current().filter(class_group=class_group))
    return status_of(students, signed_for_year([one.pk for one in students], school_year))


def possible_duplicates(actor: Actor, student: Student) -> QuerySet[Student]:
    """Those of the school who may be the same child: the same name, or one that sounds
    alike. Their classes loaded; left ones among them."""
    return (
        Student.objects.visible_to(actor)
        .filter(merged_into=None)
        .filter(Q(name=student.name) | (Q(initials=student.initials) & ~Q(initials="")))
        .exclude(pk=student.pk)
        .select_related("class_group")
        .order_by("left_at", "class_group_id", "seat_no", "pk")
    )
