"""What is offered: courses in reviewed versions, seasons, and dated sessions with seats."""

from .catalogue import (
    Course,
    CourseQuerySet,
    CourseReview,
    CourseReviewQuerySet,
    CourseVersion,
    CourseVersionQuerySet,
)
from .seasons import Season
from .sessions import CourseSession, CourseSessionQuerySet, SessionSet, TsTzRange

__all__ = [
    "Course",
    "CourseQuerySet",
    "CourseReview",
    "CourseReviewQuerySet",
    "CourseSession",
    "CourseSessionQuerySet",
    "CourseVersion",
    "CourseVersionQuerySet",
    "Season",
    "SessionSet",
    "TsTzRange",
]
