"""The host's day: who comes when, whom to phone, and whose door is closed."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from attendance.forms.door import DayForm
from attendance.selectors.desk import closed_desks
from bookings.selectors import change_requests as requests
from bookings.selectors import host_day as selectors
from bookings.services import host_changes, host_moves, rosters
from sites.calendar import local_day

HOST_ROLES = (Role.HOST_MANAGER, Role.INSTRUCTOR)


@require_safe
@members_only(*HOST_ROLES)
def today(request: MemberRequest) -> HttpResponse:
    """Today's page, or with ``?day=`` on to that day's."""
    day = local_day(timezone.now())
    form = DayForm(request.GET if "day" in request.GET else None, initial={"day": day})
    if form.is_valid():
        return redirect("attendance:host_day", day=form.cleaned_data["day"])
    return _page(request, day, form)


@require_safe
@members_only(*HOST_ROLES)
def day(request: MemberRequest, day: date) -> HttpResponse:
    return _page(request, day, DayForm(initial={"day": day}))


def _page(request: MemberRequest, day: date, form: DayForm) -> HttpResponse:
    """The sessions of one day with expected numbers and whom to phone."""
    now = timezone.now()
    sessions = selectors.sessions_of_day(request.actor, day)
    before, after = selectors.days_with_sessions(request.actor, day)
    closed = closed_desks([row.session for row in sessions])
    rows: list[dict[str, Any]] = []
    is_first = True
    for row in sessions:
        session = row.session
        is_kept = session.is_kept_by(request.actor)
        # Its time is up, or its door was closed before that.
        is_over = session.ends_at <= now or session.pk in closed
        is_to_come = session.cancelled_at is None and not is_over
        rows.append(
            {
                "words": selectors.in_words(row),
                "session": session,
                "visitors": [selectors.visitor_in_words(one) for one in row.bookings],
                "is_to_come": is_to_come,
                "is_over": is_over,
                "is_running": session.starts_at <= now,
                "is_kept": is_kept,
                "is_next": is_kept and is_to_come and is_first,
                "why_no_cancel": _why_not(host_changes.check_can_cancel_session, request, session),
                "why_no_change": _why_not(host_moves.check_can_change_session, request, session),
                "why_no_names": _why_not(rosters.check_can_read_names, request, session),
            }
        )
        is_first = is_first and not (is_kept and is_to_come)
    return render(
        request,
        "attendance/host_day.html",
        {
            "day": day,
            "is_today": day == local_day(now),
            "form": form,
            "sessions": rows,
            "standing": sum(row.session.cancelled_at is None for row in sessions),
            "expected": sum(row.expected for row in sessions),
            "before": before,
            "after": after,
            "asked_changes": requests.open_requests(request.actor, now).count()
            if request.actor.is_host_manager
            else 0,
            "is_manager": request.actor.is_host_manager,
            "why_no_cancel_day": _why_not(host_changes.check_can_cancel_day, request, day),
        },
    )


def _why_not(check: Callable[..., None], request: MemberRequest, thing: Any) -> str:
    """The sentence at the disabled button, or nothing."""
    try:
        check(request.actor, thing, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""
