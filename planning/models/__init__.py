from .plans import CohortPlan, PlanClass, PlannedPlace, PlanSchool
from .wishes import ClassWish, WishList

__all__ = [
    "ClassWish",
    "CohortPlan",
    "PlanClass",
    "PlanSchool",
    "PlannedPlace",
    "WishList",
]
