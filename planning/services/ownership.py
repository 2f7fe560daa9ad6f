"""Whose a plan is."""

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from planning.models import CohortPlan


def check_is_own(actor: Actor, plan: CohortPlan) -> None:
    """The alliance's plans are its secretariat's, a school's own its coordinators'."""
    if not (actor.is_secretariat or actor.is_coordinator):
        raise NotAllowed
    owner = None if actor.is_secretariat else actor.organisation_id
    if plan.school_id != owner:
        raise NotYours
