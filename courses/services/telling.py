"""What people are told about a course's way through review, each in their language."""

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.choices import OrganisationKind, Role
from accounts.models import Organisation, User
from accounts.selectors import people_to_tell
from courses import naming
from courses.choices import ReviewDecision
from courses.models import CourseReview, CourseVersion
from notifications.services import tell


def tell_submitted(*, version: CourseVersion, now: datetime) -> None:
    """The alliance's secretariat and reviewers learn that a version waits for them."""
    for person in _alliance(Role.SECRETARIAT, Role.REVIEWER):
        with translation.override(person.language):
            facts = _facts(version)
            tell(
                recipient=person,
                kind="review_requested",
                subject=_("待审核：%(course)s") % facts,
                body=_("%(host)s提交了课程《%(course)s》，请审核。") % facts,
                path=reverse("courses:review_detail", args=[version.pk]),
                now=now,
            )


def tell_taken_back(*, version: CourseVersion, now: datetime) -> None:
    """Those who were asked to review it learn that there is nothing to review for now."""
    for person in _alliance(Role.SECRETARIAT, Role.REVIEWER):
        with translation.override(person.language):
            facts = _facts(version)
            tell(
                recipient=person,
                kind="review_taken_back",
                subject=_("已撤回：%(course)s") % facts,
                body=_("%(host)s撤回了课程《%(course)s》，改好后会再提交，现在不用审核。") % facts,
                path=reverse("courses:review_list"),
                now=now,
            )


def tell_withdrawn(*, version: CourseVersion, now: datetime) -> None:
    """The secretariat learns that a course is offered no more."""
    for person in _alliance(Role.SECRETARIAT):
        with translation.override(person.language):
            facts = _facts(version)
            tell(
                recipient=person,
                kind="course_withdrawn",
                subject=_("已停开：%(course)s") % facts,
                body=_("%(host)s停开了课程《%(course)s》。已排的场次和预约照常进行。") % facts,
                path=reverse("courses:review_list"),
                now=now,
            )


def _alliance(*roles: Role) -> list[User]:
    alliance = Organisation.objects.filter(kind=OrganisationKind.ALLIANCE).first()
    return people_to_tell(alliance.pk, roles) if alliance is not None else []


def _facts(version: CourseVersion) -> dict[str, str]:
    return {"course": naming.title(version), "host": version.host.shown_name}


def tell_decided(*, review: CourseReview, now: datetime) -> None:
    """The host's managers learn the decision and what there is to change."""
    version = review.version
    approved = review.decision == ReviewDecision.APPROVED
    for person in people_to_tell(version.host_id, [Role.HOST_MANAGER]):
        with translation.override(person.language):
            facts = _facts(version)
            if approved:
                subject = _("审核通过：%(course)s") % facts
                body = _("课程《%(course)s》已通过审核并发布，可以排场次了。") % facts
            else:
                subject = _("审核退回：%(course)s") % facts
                body = _("课程《%(course)s》退回修改，请看各项意见，改好后再提交。") % facts
            tell(
                recipient=person,
                kind="review_decided",
                subject=subject,
                body=body,
                path=reverse("courses:course_edit", args=[version.course_id]),
                now=now,
            )
