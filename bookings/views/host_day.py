"""The lists for the door of a host's day, and calling it off; the day's page itself shows whose
door is closed and lives in attendance."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from bookings import wording
from bookings.forms.trips import ReasonForm
from bookings.selectors import alternatives, suiting
from bookings.selectors import host_day as selectors
from bookings.services import host_changes, rosters
from courses.choices import SeasonAction
from courses.models import CourseSession
from sites.calendar import local_day

from .once import once_per_form

HOST_ROLES = (Role.HOST_MANAGER, Role.INSTRUCTOR)


@require_safe
@members_only(*HOST_ROLES)
def names(request: MemberRequest, pk: int) -> HttpResponse:
    """Who comes to one session, in full, for those who are signed in."""
    session = _own_session(request, pk)
    places = rosters.read_roster(
        by=request.actor, session=session, now=timezone.now(), context="session_names"
    )
    return render(
        request,
        "bookings/session_names.html",
        {
            "session": session,
            "words": wording.session_line(session),
            "day": local_day(session.starts_at),
            "groups": selectors.by_booking(places),
            "count": len(places),
        },
    )


@require_safe
@members_only(*HOST_ROLES)
def printed(request: MemberRequest, day: date) -> HttpResponse:
    """The day's lists on paper: seat numbers and masked names, no names out of their time."""
    now = timezone.now()
    sheets = []
    for row in selectors.sessions_of_day(request.actor, day):
        if row.session.cancelled_at is not None:
            continue
        why_no_names = _why_not(rosters.check_can_read_names, request, row.session)
        places = (
            []
            if why_no_names
            else rosters.read_roster(
                by=request.actor, session=row.session, now=now, context="day_print"
            )
        )
        sheets.append(
            {
                "words": selectors.in_words(row),
                "session": row.session,
                "expected": row.expected,
                "visitors": [selectors.visitor_in_words(one) for one in row.bookings],
                "groups": selectors.by_booking(places),
                "why_no_names": why_no_names,
            }
        )
    return render(request, "bookings/day_print.html", {"day": day, "sheets": sheets})


@members_only(*HOST_ROLES)
@once_per_form
def cancel_session(request: MemberRequest, pk: int) -> HttpResponse:
    """Call one session off, having seen who is affected."""
    now = timezone.now()
    session = _own_session(request, pk)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                host_changes.cancel_session(
                    by=request.actor, session=session, now=now, **form.cleaned_data
                )
            except Refusal as refusal:
                status = put_on(form, refusal)
            else:
                messages.success(request, _("场次已取消，约了的学校都已收到通知。"))
                return redirect("attendance:host_day", day=local_day(session.starts_at))
    else:
        host_changes.check_can_cancel_session(request.actor, session, now)
    bound = list(selectors.bound_to([session], now))
    visitors = list(selectors.visitors_of(request.actor, [session, *bound]))
    offers = alternatives.offers_for(
        session, [one for one in visitors if one.session_id == session.pk], now
    )
    return render(
        request,
        "bookings/session_cancel.html",
        {
            "session": session,
            "day": local_day(session.starts_at),
            "words": wording.session_line(session),
            "bound": [wording.session_line(one) for one in bound],
            "visitors": [selectors.visitor_in_words(one, offers.get(one.pk)) for one in visitors],
            "form": form,
        },
        status=status,
    )


@members_only(*HOST_ROLES)
@once_per_form
def cancel_day(request: MemberRequest, day: date) -> HttpResponse:
    """Call off what is left of a day with one reason, having seen who is affected."""
    now = timezone.now()
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                cancelled = host_changes.cancel_day(
                    by=request.actor, day=day, now=now, **form.cleaned_data
                )
            except Refusal as refusal:
                status = put_on(form, refusal)
            else:
                count = len(cancelled)
                messages.success(
                    request,
                    ngettext(
                        "%(count)d 场已取消，约了的学校都已收到通知。",
                        "%(count)d 场已取消，约了的学校都已收到通知。",
                        count,
                    )
                    % {"count": count},
                )
                return redirect("attendance:host_day", day=day)
    else:
        host_changes.check_can_cancel_day(request.actor, day, now)
    sessions = [
        row
        for row in selectors.sessions_of_day(request.actor, day)
        if row.session.cancelled_at is None and row.session.starts_at > now
    ]
    bound = list(selectors.bound_to([row.session for row in sessions], now))
    ending = [row.session.pk for row in sessions] + [one.pk for one in bound]
    seasons = suiting.open_seasons(SeasonAction.BOOK, now)
    offers = {
        key: found
        for row in sessions
        for key, found in alternatives.offers_for(
            row.session, row.bookings, now, besides=ending, seasons=seasons
        ).items()
    }
    return render(
        request,
        "bookings/day_cancel.html",
        {
            "day": day,
            "sessions": [
                {
                    "words": selectors.in_words(row),
                    "session": row.session,
                    "visitors": [
                        selectors.visitor_in_words(one, offers.get(one.pk)) for one in row.bookings
                    ],
                }
                for row in sessions
            ],
            "bound": [wording.session_line(one) for one in bound],
            "seats": sum(row.expected for row in sessions),
            "schools": len({one.school_id for row in sessions for one in row.bookings}),
            "form": form,
        },
        status=status,
    )


def _own_session(request: MemberRequest, pk: int) -> CourseSession:
    session = (
        CourseSession.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related("version", "room__site", "school", "host")
        .filter(pk=pk)
        .first()
    )
    if session is None:
        raise NotYours
    return session


def _why_not(check: Callable[..., None], request: MemberRequest, thing: Any) -> str:
    """The sentence at the disabled button, or nothing."""
    try:
        check(request.actor, thing, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""
