"""The daily seals, for the secretariat: what was sealed when, and how to look whether it stands."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from attendance.models import DaySeal

PAGE = 30


@require_safe
@members_only(Role.SECRETARIAT)
def list_seals(request: MemberRequest) -> HttpResponse:
    """Each sealed day with its head, the newest first; those before a day once asked for."""
    seals = DaySeal.objects.order_by("-day")
    before = _day(request.GET.get("before", ""))
    rows = list((seals.filter(day__lt=before) if before else seals)[: PAGE + 1])
    shown = rows[:PAGE]
    return render(
        request,
        "attendance/seals.html",
        {"seals": shown, "next_day": shown[-1].day if len(rows) > PAGE else None},
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
