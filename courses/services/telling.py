"""What people are told about a course's way through review, each in their language."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.choices import OrganisationKind, Role
from accounts.models import Organisation
from accounts.selectors import people_to_tell
from courses.choices import ReviewDecision
from courses.models import CourseReview, CourseVersion


def tell_submitted(*, version: CourseVersion, now: datetime) -> None:
    """The alliance's secretariat and reviewers learn that a version waits for them."""
    alliance = Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).first()
    if alliance is None:
        return
    for person in people_to_tell(alliance.pk, [Role.SECRETARIAT, Role.REVIEWER]):
        with translation.override(person.language):
            facts = {"course": version.title_zh, "host": version.host.name}
            notifications.services.tell(
                recipient=person,
                kind="review_requested",
                subject=_("待审核：%(course)s") % facts,
                body=_("%(host)s提交了课程《%(course)s》，请审核。") % facts,
                path=reverse("courses:review_detail", args=[version.pk]),
                now=now,
            )


def tell_decided(*, review: CourseReview, now: datetime) -> None:
    """The host's managers learn the decision and what there is to change."""
    version = review.version
    approved = review.decision == ReviewDecision.APPROVED
    for person in people_to_tell(version.host_id, [Role.HOST_MANAGER]):
        with translation.override(person.language):
            facts = {"course": version.title_zh}
            if approved:
                subject = _("审核通过：%(course)s") % facts
                body = _("课程《%(course)s》已通过审核并发布，可以排场次了。") % facts
            else:
                subject = _("审核退回：%(course)s") % facts
                body = _("课程《%(course)s》退回修改，请看各项意见，改好后再提交。") % facts
            notifications.services.tell(
                recipient=person,
                kind="review_decided",
                subject=subject,
                body=body,
                path=reverse("courses:course_edit", args=[version.course_id]),
                now=now,
            )
