"""The base of what is refused here."""

from accounts.errors import Refusal


class PlanningRefusal(Refusal):
    """Base of the refusals of plans and wishes."""
