"""What a cohort must reach is set by somebody who has seen whom that concerns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from hours.models import PracticumRequirement
from hours.services import requirements as hours_requirements
from insights.errors import RequirementNotLookedAt
from insights.selectors import requirement_effects


def set_requirement(
    *,
    by: Actor,
    requirement: PracticumRequirement | None,
    values: Mapping[str, Any],
    seal: str,
    now: datetime,
) -> PracticumRequirement:
    """The requirement (a new one for None) has these values, ``minimums`` among them.

    ``seal`` is that of the look somebody had at what they change (``Look.seal``). Refused, and
    nothing saved: RequirementNotLookedAt where that is not what there is to look at now, be it
    that the values, the requirement as it was, or those concerned are others; and whatever
    ``hours.services.requirements`` refuses. Another name alone needs no look.
    """
    hours_requirements.check_can_set_requirements(by)
    with transaction.atomic():
        # Two who set requirements at once do so one after the other; one's cohort may be in
        # another's way.
        stored = {
            one.pk: one for one in PracticumRequirement.objects.select_for_update().order_by("pk")
        }
        known = stored[requirement.pk] if requirement is not None else None
        look = requirement_effects.look_at(known, values, now)
        if look is not None and look.seal != seal:
            raise RequirementNotLookedAt(look=look)
        return hours_requirements.set_requirement(by=by, requirement=known, now=now, **values)
