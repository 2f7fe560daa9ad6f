"""Choosing another session for a booking: look, keep seats, confirm or give up."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from bookings import wording
from bookings.errors.reserving import SessionMoved
from bookings.forms.swap import ConfirmForm, NarrowForm, PickForm
from bookings.selectors import swapping as selectors
from bookings.selectors import trips
from bookings.services import freeze, swapping

from .once import once_per_form

DAYS_SHOWN = 14
SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@members_only(*SCHOOL_ROLES)
@once_per_form
def swap(request: MemberRequest, pk: int) -> HttpResponse:
    """What fits instead; a choice keeps its seats for a quarter of an hour."""
    now = timezone.now()
    found = trips.booking_for(request.actor, pk)
    swapping.check_can_swap(request.actor, found, now)
    form = PickForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        session, session_set = form.cleaned_data["session"], form.cleaned_data["session_set"]
        try:
            swapping.keep_seats(
                by=request.actor,
                booking=found,
                session_ids=[session] if session else [],
                session_set_id=session_set,
                now=now,
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            return redirect("bookings:swap_confirm", pk=pk)
    days = selectors.days_of(found)
    there = selectors.open_to(found, now)
    narrow = NarrowForm(request.GET, found=there.found, sites=there.sites)
    asked = {key: value for key, value in request.GET.items() if key in narrow.fields and value}
    # Nothing is shown in the place of what there is not; the days on which there is something are.
    choice = selectors.Choice()
    if narrow.is_valid():
        choice = selectors.offers(there, **narrow.cleaned_data)
    return render(
        request,
        "bookings/swap.html",
        {
            "trip": trips.in_words(found),
            "booking": found,
            "days": [wording.session_line(one) for one in days],
            "kept": selectors.kept_for(found, now),
            "choice": choice,
            "offers": choice.offers,
            "narrow": narrow,
            "may_narrow": bool(narrow.errors) or len(there.found) > 1,
            "is_narrowed": bool(asked),
            "other_days": _days_instead(narrow, there) if narrow.errors else (),
            "class_hours": sum(one.class_hours for one in days),
            "is_late": freeze.is_settled(found.session, now),
            "form": form,
        },
        status=status,
    )


def _days_instead(narrow: NarrowForm, there: selectors.Open) -> list[dict[str, object]]:
    """The first days with something, at the site that was asked for if there is any, as links."""
    site = narrow.cleaned_data.get("site")
    return [
        {
            "day": day,
            "query": urlencode({"day": day.isoformat()} | ({"site": site} if site else {})),
        }
        for day in there.days_at(site)[:DAYS_SHOWN]
    ]


@members_only(*SCHOOL_ROLES)
@once_per_form
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    """The old and the new side by side; yes swaps, no lets the kept seats go."""
    now = timezone.now()
    found = trips.booking_for(request.actor, pk)
    swapping.check_can_swap(request.actor, found, now)
    kept = selectors.kept_for(found, now)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None,
        sessions=kept.sessions if kept else (),
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["gives_up"]:
            swapping.give_up(by=request.actor, booking=found, now=now)
            messages.success(request, _("没有换，原来的预约不变，保留的名额已放出。"))
            return redirect("bookings:booking", pk=pk)
        try:
            made = swapping.confirm(
                by=request.actor,
                booking=found,
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
                now=now,
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
            if isinstance(refusal, SessionMoved) and kept is not None:
                form.see(kept.sessions)
        else:
            messages.success(request, _("已换好，原来的名额已放出，双方都会收到通知。"))
            return redirect("bookings:booking", pk=made[0].pk)
    if status != 200:
        kept = selectors.kept_for(found, now)
    if kept is None and status == 200:
        return redirect("bookings:swap", pk=pk)
    days = selectors.days_of(found)
    return render(
        request,
        "bookings/swap_confirm.html",
        {
            "trip": trips.in_words(found),
            "booking": found,
            "days": [wording.session_line(one) for one in days],
            "class_hours": sum(one.class_hours for one in days),
            "kept": kept,
            "is_late": freeze.is_settled(found.session, now),
            "form": form,
        },
        status=status,
    )
