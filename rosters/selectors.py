"""Reads of classes: who is in them and who teaches them."""

from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import Membership

from .models import ClassGroup, ClassTeacher, RosterImport, Student


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
    """Who teaches the class, the homeroom teacher first; their people loaded."""
    return list(
        class_group.teachers.select_related("membership__user").order_by("-is_homeroom", "pk")
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
