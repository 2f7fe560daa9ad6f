"""What a cohort must reach, and who says so."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from hours.errors import MinimumsTooHigh, RequirementNameTaken, RequirementOutOfOrder
from hours.models import PracticumRequirement, RequirementMinimum


def check_can_set_requirements(actor: Actor) -> None:
    """The secretariat alone."""
    if not (actor.is_secretariat or actor.is_system):
        raise NotAllowed


def set_requirement(
    *,
    by: Actor,
    requirement: PracticumRequirement | None,
    now: datetime,
    minimums: Mapping[str, int] | None = None,
    **values: Any,
) -> PracticumRequirement:
    """The cohort must reach what ``values`` say (a new requirement for None), so many of the
    hours at hosts of each kind in ``minimums`` (None: as before); every progress page follows at
    once. Nobody is asked to look at what it changes: ``insights.services.requirements`` does.
    Refused: RequirementOutOfOrder, MinimumsTooHigh, RequirementNameTaken."""
    check_can_set_requirements(by)
    if (
        values["due_on"] <= values["counts_from"]
        or values["entry_year_to"] < values["entry_year_from"]
    ):
        raise RequirementOutOfOrder
    requirement = requirement or PracticumRequirement()
    try:
        with transaction.atomic():
            # Two who set it at once do so one after the other: the hours of one are compared
            # with the minimums that the other has left.
            PracticumRequirement.objects.select_for_update().filter(pk=requirement.pk).first()
            at_least = sum(_kept_minimums(requirement) if minimums is None else minimums.values())
            if at_least > values["class_hours"]:
                raise MinimumsTooHigh(minimums=at_least, hours=values["class_hours"])
            for name, value in values.items():
                setattr(requirement, name, value)
            requirement.save()
            if minimums is not None:
                _set_minimums(requirement, minimums)
            audit.record(
                by=by,
                verb="requirement.set",
                now=now,
                target=requirement,
                class_hours=requirement.class_hours,
            )
    except IntegrityError as error:
        # The button was pressed twice.
        if "hours_practicumrequirement_name" not in str(error):
            raise
        raise RequirementNameTaken(name=values["name"]) from error
    return requirement


def _set_minimums(requirement: PracticumRequirement, minimums: Mapping[str, int]) -> None:
    requirement.minimums.exclude(host_kind__in=minimums).delete()
    for host_kind, class_hours in minimums.items():
        RequirementMinimum.objects.update_or_create(
            requirement=requirement,
            host_kind=host_kind,
            defaults={"class_hours": class_hours},
        )


def _kept_minimums(requirement: PracticumRequirement) -> list[int]:
    if requirement.pk is None:
        return []
    return list(requirement.minimums.values_list("class_hours", flat=True))
