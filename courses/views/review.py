"""The alliance reviews what hosts hand in."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from courses.choices import ReviewDecision, VersionState
from courses.errors import StaleReview
from courses.forms.review import ReviewForm
from courses.models import CourseVersion
from courses.selectors import writing as selectors
from courses.services import reviews
from courses.services.versions import FIELDS, field_label

REVIEWING = (Role.SECRETARIAT, Role.REVIEWER)

# Longer than this and the host should have an answer.
DUE_AFTER_DAYS = 7


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@require_safe
@members_only(*REVIEWING)
def list_waiting(request: MemberRequest) -> HttpResponse:
    """What waits, the longest first, and the last decisions."""
    now = timezone.now()
    waiting = [
        (version, selectors.days_waiting(version, now))
        for version in selectors.waiting_for_review(request.actor)
    ]
    return render(
        request,
        "courses/review_list.html",
        {
            "waiting": waiting,
            "due_after": DUE_AFTER_DAYS,
            "decided": selectors.recently_reviewed(request.actor),
        },
    )


@members_only(*REVIEWING)
def decide(request: MemberRequest, pk: int) -> HttpResponse:
    """One version, what differs from the published one, and the decision."""
    version = get_object_or_404(
        CourseVersion.objects.visible_to(request.actor).select_related(
            "host", "course__published_version", "submitted_by__user"
        ),
        pk=pk,
    )
    form = ReviewForm(request.POST or None, initial={"edition": version.edition})
    status = 200
    if request.method == "POST" and form.is_valid():
        decision = ReviewDecision(form.cleaned_data["decision"])
        try:
            reviews.decide(
                by=request.actor,
                version=version,
                edition=form.cleaned_data["edition"],
                decision=decision,
                verdicts=form.verdicts(),
                comments=form.comments(),
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
            version.refresh_from_db()
            if isinstance(refusal, StaleReview):
                form.bring_up_to_date(version.edition)
        else:
            approved = decision == ReviewDecision.APPROVED
            messages.success(
                request, _("已批准并发布。") if approved else _("已退回，意见已发给开课单位。")
            )
            return redirect("courses:review_list")
    return render(
        request,
        "courses/review_detail.html",
        {
            "version": version,
            "form": form,
            "is_open": version.state == VersionState.IN_REVIEW,
            "changes": _changes(version),
            "reviews": selectors.reviews_of(request.actor, version.course),
        },
        status=status,
    )


def _changes(version: CourseVersion) -> list[Change]:
    """What the version says otherwise than the published one; nothing for a first version."""
    published = version.course.published_version
    if published is None or published.pk == version.pk:
        return []
    return [
        Change(
            field_label(name),
            _shown(published, name),
            _shown(version, name),
        )
        for name in FIELDS
        if getattr(published, name) != getattr(version, name)
    ]


def _shown(version: CourseVersion, name: str) -> str:
    display = getattr(version, f"get_{name}_display", None)
    value = display() if display else getattr(version, name)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return _("、").join(map(str, value)) if isinstance(value, list) else str(value)
