"""The secretariat sets when hosts publish, schools book and sessions run."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from courses import phases
from courses.errors import NotAsLookedAt
from courses.forms.seasons import SeasonForm
from courses.models import Season
from courses.selectors.seasons import current_season, effects_of
from courses.services import seasons


@require_safe
@members_only(Role.SECRETARIAT)
def list_seasons(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    current = current_season(now)
    return render(
        request,
        "courses/seasons.html",
        {
            "seasons": [
                {
                    "season": season,
                    "phase": phases.phase_of(season, now),
                    "is_current": season == current,
                }
                for season in Season.objects.order_by("-runs_from", "-pk")
            ],
        },
    )


@members_only(Role.SECRETARIAT)
def edit(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """A new season, or the dates of one. What other dates would affect at once is shown first,
    and saved on a second button."""
    season = get_object_or_404(Season, pk=pk) if pk else None
    now = timezone.now()
    form = SeasonForm(request.POST or None, instance=season, now=now)
    status, effects, seal = 200, None, ""
    if request.method == "POST" and form.is_valid():
        stored = get_object_or_404(Season, pk=pk) if pk else None
        values = form.values()
        try:
            seasons.set_season(
                by=request.actor,
                season=stored,
                now=now,
                seal=request.POST.get("seal", ""),
                **values,
            )
        except NotAsLookedAt as refusal:
            assert stored is not None
            effects = effects_of(stored, values, now)
            seal = effects.seal(values)
            if request.POST.get("seal"):
                status = put_on(form, refusal)
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已保存。"))
            return redirect("courses:seasons")
    return render(
        request,
        "courses/season_form.html",
        {"form": form, "is_new": pk is None, "effects": effects, "seal": seal},
        status=status,
    )
