"""Reads of requirements and of the ledger's sums."""

from collections.abc import Iterable

from django.db.models import Sum

from rosters.models import ClassGroup

from .models import HourCredit, PracticumRequirement


def requirements() -> list[PracticumRequirement]:
    """All requirements, the one due first at the front."""
    return list(PracticumRequirement.objects.order_by("due_on", "pk"))


def requirement_for(class_group: ClassGroup) -> PracticumRequirement | None:
    """What the class must reach, or None where nothing is required of its cohort."""
    return requirements_of([class_group])[class_group.pk]


def requirements_of(
    class_groups: Iterable[ClassGroup],
) -> dict[int, PracticumRequirement | None]:
    """The requirement of each class, by the class's key, in one query.

    Where cohorts overlap, the one due first counts.
    """
    known = requirements()
    return {
        group.pk: next(
            (
                requirement
                for requirement in known
                if requirement.stage == group.stage
                and requirement.entry_year_from <= group.entry_year <= requirement.entry_year_to
            ),
            None,
        )
        for group in class_groups
    }


def earned_by_student(
    student_ids: Iterable[int], requirement: PracticumRequirement | None
) -> dict[int, int]:
    """The ledger's sum for each student who has entries, since the requirement counts.

    Without a requirement everything earned counts.
    """
    credits = HourCredit.objects.filter(student_id__in=list(student_ids))
    if requirement is not None:
        credits = credits.filter(earned_on__gte=requirement.counts_from)
    return dict(
        credits.values("student_id")
        .annotate(hours=Sum("class_hours"))
        .values_list("student_id", "hours")
    )
