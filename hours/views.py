"""How class hours are counted, and what the secretariat requires."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal

from . import selectors, services
from .forms import RequirementForm
from .models import PracticumRequirement


@require_safe
@members_only
def explained(request: MemberRequest) -> HttpResponse:
    """What must be reached by whom and when, and what counts towards it."""
    return render(
        request, "hours/explained.html", {"requirements": selectors.requirements_with_minimums()}
    )


@require_safe
@members_only(Role.SECRETARIAT)
def list_requirements(request: MemberRequest) -> HttpResponse:
    """What each cohort must reach, for the secretariat to change."""
    return render(
        request, "hours/requirements.html", {"requirements": selectors.requirements_with_minimums()}
    )


@members_only(Role.SECRETARIAT)
def edit_requirement(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """A new requirement, or one changed."""
    requirement = get_object_or_404(PracticumRequirement, pk=pk) if pk else None
    form = RequirementForm(request.POST or None, instance=requirement)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            services.set_requirement(
                by=request.actor,
                requirement=get_object_or_404(PracticumRequirement, pk=pk) if pk else None,
                now=timezone.now(),
                **form.values(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("hours:requirements")
    return render(
        request,
        "hours/requirement_form.html",
        {"form": form, "is_new": pk is None},
        status=status,
    )
