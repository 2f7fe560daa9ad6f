"""Reviewing a version on the alliance's four dimensions; safety has a veto."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor
from accounts.errors import NotAllowed
from accounts.services import audit
from courses.choices import REVIEW_DIMENSIONS, ReviewDecision, Verdict, VersionState
from courses.errors import CannotApprove, CommentMissing, NotInReview, StaleReview
from courses.models import Course, CourseReview, CourseVersion
from courses.services import telling


def check_can_review(actor: Actor, version: CourseVersion) -> None:
    """The secretariat and reviewers, while the version waits."""
    if not actor.is_alliance:
        raise NotAllowed
    if version.state != VersionState.IN_REVIEW:
        raise NotInReview(state=version.get_state_display())


def decide(
    *,
    by: Actor,
    version: CourseVersion,
    edition: int,
    decision: ReviewDecision,
    verdicts: Mapping[str, str],
    comments: Mapping[str, str],
    now: datetime,
) -> CourseReview:
    """The version is published in place of the one before, or returned with what to change.

    ``edition`` is that of the text the reviewer read. Refused: NotInReview; StaleReview where
    the host took it back, changed it and handed it in again since; CannotApprove unless all
    four dimensions pass; CommentMissing where one does not pass and nothing says why. The
    host's managers are told.
    """
    check_can_review(by, version)
    assert by.membership_id is not None
    for name, label in REVIEW_DIMENSIONS:
        passed = verdicts[name] == Verdict.PASS
        if decision == ReviewDecision.APPROVED and not passed:
            raise CannotApprove(dimension=label)
        if not passed and not comments.get(name, "").strip():
            raise CommentMissing(dimension=label)
    with transaction.atomic():
        # Of two decisions at a time the second finds the version decided; nor can the host
        # take it back, or change it, between the look and the publishing.
        course = Course.objects.select_for_update().get(pk=version.course_id)
        CourseVersion.objects.select_for_update().get(pk=version.pk)
        version.refresh_from_db()
        check_can_review(by, version)
        if version.edition != edition:
            raise StaleReview
        review = CourseReview.objects.create(
            version=version,
            reviewer_id=by.membership_id,
            decision=decision,
            decided_at=now,
            **{name: verdicts[name] for name, _label in REVIEW_DIMENSIONS},
            **{
                f"{name}_comment": comments.get(name, "").strip()
                for name, _label in REVIEW_DIMENSIONS
            },
        )
        if decision == ReviewDecision.APPROVED:
            _publish(course, version, now)
        else:
            version.state = VersionState.RETURNED
            version.save(update_fields=["state"])
        audit.record(by=by, verb=f"review.{decision}", now=now, target=version)
        telling.tell_decided(review=review, now=now)
    return review


def _publish(course: Course, version: CourseVersion, now: datetime) -> None:
    CourseVersion.objects.filter(course=course, state=VersionState.PUBLISHED).update(
        state=VersionState.SUPERSEDED
    )
    version.state = VersionState.PUBLISHED
    version.published_at = now
    version.save(update_fields=["state", "published_at"])
    course.published_version = version
    course.save(update_fields=["published_version"])
