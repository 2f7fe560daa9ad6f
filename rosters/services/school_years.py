"""A school year ends: classes that have left their stage are put away, or brought back."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.services import audit
from rosters import naming, selectors
from rosters.errors import ClassNotOver
from rosters.models import ClassGroup, Student
from rosters.services.classes import check_can_manage
from sites.calendar import local_day, school_year


def archive_classes(
    *, by: Actor, school_id: int, class_ids: Collection[int], now: datetime
) -> tuple[int, int]:
    """The classes are archived and their students have left, hours and all rows kept; says how
    many of each. Classes archived already, or of others, are left out.

    Refused: ClassNotOver, for a class whose stage is not over by today's school year.
    """
    check_can_manage(by, school_id)
    year = school_year(local_day(now))
    with transaction.atomic():
        groups = list(
            ClassGroup.objects.current()
            .select_for_update(no_key=True)
            .filter(school_id=school_id, pk__in=class_ids)
            .order_by("pk")
        )
        for group in groups:
            if not selectors.has_left_stage(group, year):
                raise ClassNotOver(
                    class_group=naming.class_label(
                        stage=group.stage,
                        grade=group.grade(year),
                        entry_year=group.entry_year,
                        number=group.number,
                    )
                )
        students = list(
            Student.objects.current()
            .select_for_update(no_key=True)
            .filter(class_group__in=groups)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        Student.objects.filter(pk__in=students).update(left_at=now)
        ClassGroup.objects.filter(pk__in=[group.pk for group in groups]).update(archived_at=now)
        for group in groups:
            audit.record(by=by, verb="class.archived", now=now, target=group)
    return len(groups), len(students)


def restore_class(*, by: Actor, class_group: ClassGroup, now: datetime) -> ClassGroup:
    """An archived class is there again, with the students who left when it was archived.
    One that is there stays as it is."""
    check_can_manage(by, class_group.school_id)
    with transaction.atomic():
        locked = ClassGroup.objects.select_for_update(no_key=True).get(pk=class_group.pk)
        if locked.archived_at is not None:
            Student.objects.filter(
                class_group=locked, left_at=locked.archived_at, merged_into=None
            ).update(left_at=None)
            locked.archived_at = None
            locked.save(update_fields=["archived_at"])
            audit.record(by=by, verb="class.restored", now=now, target=locked)
    return locked
