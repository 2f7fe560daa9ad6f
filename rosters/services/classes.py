"""Writes of classes and of who teaches them."""

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role, Stage
from accounts.errors import NotAllowed, NotYours
from accounts.models import Membership, Organisation
from accounts.services import audit
from rosters.errors import ClassExists, NotSchoolTeacher, StageNotOfSchool
from rosters.models import ClassGroup, ClassTeacher


def check_can_manage(actor: Actor, school_id: int) -> None:
    """A school's coordinator keeps its rosters; to others they are not there."""
    if actor.is_system:
        return
    if actor.organisation_id != school_id:
        raise NotYours
    if not actor.is_coordinator:
        raise NotAllowed


def create_class(
    *, by: Actor, school: Organisation, stage: str, entry_year: int, number: int, now: datetime
) -> ClassGroup:
    """The school has the class, without students yet. Refused: StageNotOfSchool, ClassExists."""
    check_can_manage(by, school.pk)
    if school.kind != OrganisationKind.SCHOOL:
        raise NotAllowed
    if stage not in school.stages:
        raise StageNotOfSchool(stage=Stage(stage).label)
    with transaction.atomic():
        group, is_new = ClassGroup.objects.get_or_create(
            school=school, stage=stage, entry_year=entry_year, number=number
        )
        if not is_new:
            raise ClassExists
        audit.record(by=by, verb="class.created", now=now, target=group)
    return group


def assign_teacher(
    *,
    by: Actor,
    class_group: ClassGroup,
    membership: Membership,
    is_homeroom: bool,
    now: datetime,
) -> ClassTeacher:
    """The class is the teacher's; as homeroom teacher she replaces the one before.

    Refused: NotSchoolTeacher for anybody who is not a member of the school now.
    """
    check_can_manage(by, class_group.school_id)
    teaches = membership.role in (Role.TEACHER, Role.SCHOOL_COORDINATOR)
    if (
        membership.organisation_id != class_group.school_id
        or membership.ended_at is not None
        or not teaches
    ):
        raise NotSchoolTeacher
    with transaction.atomic():
        # Two offices naming the homeroom teacher wait for each other; the later one's stays.
        ClassGroup.objects.select_for_update(no_key=True).get(pk=class_group.pk)
        if is_homeroom:
            ClassTeacher.objects.filter(class_group=class_group, is_homeroom=True).exclude(
                membership=membership
            ).update(is_homeroom=False)
        link, _is_new = ClassTeacher.objects.update_or_create(
            class_group=class_group, membership=membership, defaults={"is_homeroom": is_homeroom}
        )
        audit.record(by=by, verb="class.teacher_assigned", now=now, target=class_group)
    return link


def release_teacher(
    *, by: Actor, class_group: ClassGroup, membership: Membership, now: datetime
) -> None:
    """The class is the teacher's no more."""
    check_can_manage(by, class_group.school_id)
    with transaction.atomic():
        ClassTeacher.objects.filter(class_group=class_group, membership=membership).delete()
        audit.record(by=by, verb="class.teacher_released", now=now, target=class_group)
