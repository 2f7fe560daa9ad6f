"""The page that says how class hours are counted."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only

from . import selectors


@require_safe
@members_only
def explained(request: MemberRequest) -> HttpResponse:
    """What must be reached by whom and when, and what counts towards it."""
    return render(request, "hours/explained.html", {"requirements": selectors.requirements()})
