"""How class hours are counted, and what the secretariat requires."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role

from . import selectors


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
