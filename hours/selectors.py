"""Reads of requirements and of the ledger's sums."""

from collections.abc import Iterable

from django.db.models import Prefetch, Sum

from accounts.models import Organisation
from rosters.models import ClassGroup

from .models import HourCredit, PracticumRequirement, RequirementMinimum


def requirements() -> list[PracticumRequirement]:
    """All requirements, the one due first at the front."""
    return list(PracticumRequirement.objects.order_by("due_on", "pk"))


def requirements_with_minimums() -> list[PracticumRequirement]:
    """The same, each with its ``minimums`` loaded in the order of their kinds."""
    ordered = RequirementMinimum.objects.order_by("host_kind", "pk")
    return list(
        PracticumRequirement.objects.order_by("due_on", "pk").prefetch_related(
            Prefetch("minimums", queryset=ordered)
        )
    )


def requirement_for(class_group: ClassGroup) -> PracticumRequirement | None:
    """What the class must reach, or None where nothing is required of its cohort."""
    return requirements_of([class_group])[class_group.pk]


def requirements_of(
    class_groups: Iterable[ClassGroup],
) -> dict[int, PracticumRequirement | None]:
    """The requirement of each class, by the class's key, in one query (one more where one is for
    a kind of school).

    Where cohorts overlap, one for the school's own kind counts before one for every kind, then
    the one due first. ``bookings.selectors.standing_statement`` says the same in SQL.
    """
    groups = list(class_groups)
    known = sorted(requirements(), key=lambda requirement: not requirement.school_kind)
    kinds: dict[int, str] = {}
    if any(requirement.school_kind for requirement in known):
        kinds = dict(
            Organisation.objects.filter(pk__in={group.school_id for group in groups}).values_list(
                "pk", "school_kind"
            )
        )
    return {
        group.pk: next(
            (
                requirement
                for requirement in known
                if requirement.stage == group.stage
                and requirement.entry_year_from <= group.entry_year <= requirement.entry_year_to
                and requirement.school_kind in ("", kinds.get(group.school_id, ""))
            ),
            None,
        )
        for group in groups
    }


def earned_by_student(
    student_ids: Iterable[int], requirement: PracticumRequirement | None
) -> dict[int, int]:
    """The ledger's sum for each student who has entries on the requirement's days.

    Without a requirement everything earned counts.
    """
    credits = HourCredit.objects.filter(student_id__in=list(student_ids))
    if requirement is not None:
        credits = credits.filter(earned_on__range=(requirement.counts_from, requirement.due_on))
    return dict(
        credits.values("student_id")
        .annotate(hours=Sum("class_hours"))
        .values_list("student_id", "hours")
    )
