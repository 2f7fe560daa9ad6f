"""The secretariat sets when schools book and sessions run."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from courses.forms.seasons import SeasonForm
from courses.models import Season
from courses.selectors.seasons import current_season
from courses.services import seasons


@require_safe
@members_only(Role.SECRETARIAT)
def list_seasons(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    return render(
        request,
        "courses/seasons.html",
        {
            "seasons": Season.objects.order_by("-runs_from", "-pk"),
            "current": current_season(now),
            "now": now,
        },
    )


@members_only(Role.SECRETARIAT)
def edit(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """A new season, or the dates of one."""
    season = get_object_or_404(Season, pk=pk) if pk else None
    form = SeasonForm(request.POST or None, instance=season)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            seasons.set_season(
                by=request.actor,
                season=get_object_or_404(Season, pk=pk) if pk else None,
                now=timezone.now(),
                **form.values(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("courses:seasons")
    return render(
        request, "courses/season_form.html", {"form": form, "is_new": pk is None}, status=status
    )
