"""A host's own courses, and what waits for review."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.actors import Actor
from courses.choices import VersionState
from courses.models import Course, CourseReview, CourseVersion


def courses_of_host(actor: Actor) -> QuerySet[CourseVersion]:
    """The newest version of each course of the actor's host, those to be worked on first."""
    newest = CourseVersion.objects.filter(course=OuterRef("course")).order_by("-number")
    return (
        CourseVersion.objects.visible_to(actor)
        .filter(host_id=actor.organisation_id, pk=Subquery(newest.values("pk")[:1]))
        .select_related("course__published_version")
        .order_by("course__code", "pk")
    )


def history(actor: Actor, course: Course) -> list[CourseVersion]:
    """The course's versions, newest first."""
    return list(
        CourseVersion.objects.visible_to(actor)
        .filter(course=course)
        .select_related("course", "host", "submitted_by__user")
        .order_by("-number")
    )


def reviews_of(actor: Actor, course: Course) -> QuerySet[CourseReview]:
    """What reviewers said of the course's versions, newest first."""
    return (
        CourseReview.objects.visible_to(actor)
        .filter(version__course=course)
        .select_related("version", "reviewer__user")
        .order_by("-decided_at", "-pk")
    )


def waiting_for_review(actor: Actor) -> QuerySet[CourseVersion]:
    """Handed in and not decided, the longest waiting first."""
    return (
        CourseVersion.objects.visible_to(actor)
        .filter(state=VersionState.IN_REVIEW)
        .select_related("host", "course__published_version")
        .order_by("submitted_at", "pk")
    )


def recently_reviewed(actor: Actor, *, limit: int = 20) -> QuerySet[CourseReview]:
    """The last decisions, newest first."""
    return (
        CourseReview.objects.visible_to(actor)
        .select_related("version__host", "reviewer__user")
        .order_by("-decided_at", "-pk")[:limit]
    )


def days_waiting(version: CourseVersion, now: datetime) -> int:
    """Whole days since it was handed in."""
    return (now - version.submitted_at).days if version.submitted_at else 0
