"""The basket: choosing for a class without taking seats, and reserving it all at once."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from bookings import wording
from bookings.errors.basket import BasketChanged, KeyReused
from bookings.forms.basket import ItemForm, KeyForm
from bookings.selectors import choosing
from bookings.services import basket as services
from bookings.services.basket import ClassBasket
from bookings.services.companions import CompanionInput
from courses.models import CourseSession
from courses.naming import headline

from .once import once_per_form

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)
REMOVED = "basket_removed"


@require_safe
@members_only(*SCHOOL_ROLES)
def show(request: MemberRequest) -> HttpResponse:
    """What was chosen, class by class, with the effect on hours and what stands in the way."""
    return _page(request)


@require_POST
@members_only(*SCHOOL_ROLES)
def add(request: MemberRequest) -> HttpResponse:
    """One more session for a class."""
    form = ItemForm(request.POST)
    if not form.is_valid():
        raise NotYours
    groups = choosing.classes_to_book_for(request.actor)
    group = next((one for one in groups if one.pk == form.cleaned_data["group"]), None)
    if group is None:
        raise NotYours
    # A part of the class that was taken out may be put back as it was.
    removed = request.session.pop(REMOVED, None) or {}
    same = removed.get("session") == form.cleaned_data["session"] and (
        removed.get("group") == group.pk
    )
    services.add(
        by=request.actor,
        class_group=group,
        session_id=form.cleaned_data["session"],
        student_ids=removed.get("students") if same else None,
        now=timezone.now(),
    )
    messages.success(request, _("已放进待约清单，还没有占名额。"))
    return redirect("bookings:basket")


@require_POST
@members_only(*SCHOOL_ROLES)
def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """One item less; the next page offers to put it back."""
    item = services.remove(by=request.actor, item_id=pk)
    if item is not None:
        first = item.session_id or (
            item.session_set.sessions.order_by("starts_at", "pk").values_list("pk", flat=True)[0]
            if item.session_set is not None
            else None
        )
        request.session[REMOVED] = {
            "session": first,
            "group": item.class_group_id,
            "students": item.student_ids,
        }
    return redirect("bookings:basket")


@require_POST
@members_only(*SCHOOL_ROLES)
def clear(request: MemberRequest) -> HttpResponse:
    services.clear(by=request.actor)
    messages.success(request, _("待约清单已清空。"))
    return redirect("bookings:basket")


@require_POST
@members_only(*SCHOOL_ROLES)
@once_per_form
def reserve(request: MemberRequest) -> HttpResponse:
    """All of one class's items, or all there are, or none."""
    form = KeyForm(request.POST)
    given = request.POST.get("group", "")
    if not form.is_valid() or not (given == "" or (given.isdecimal() and len(given) < 19)):
        return _page(request, why=_("请重新提交一次。"), status=422)
    try:
        made = services.reserve_all(
            by=request.actor,
            class_group_id=int(given) if given else None,
            companions=[CompanionInput(request.user.name, request.user.phone)],
            contact_phone=request.user.phone,
            idempotency_key=form.cleaned_data["key"],
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        )
    except KeyReused:
        return _page(request, why=str(BasketChanged()), status=409)
    except Refusal as refusal:
        return _page(request, why=wording.refused(refusal), status=409)
    booked = list(made.bookings.select_related("session").order_by("session__starts_at", "pk"))
    messages.success(
        request,
        ngettext(
            "%(count)d 场约好了。预约号 %(reference)s。",
            "%(count)d 场约好了。预约号 %(reference)s。",
            len(booked),
        )
        % {"count": len(booked), "reference": made.reference},
    )
    return redirect("bookings:trips")


def _page(request: MemberRequest, *, why: str = "", status: int = 200) -> HttpResponse:
    now = timezone.now()
    found = services.baskets(request.actor, now)
    removed = request.session.get(REMOVED)
    return render(
        request,
        "bookings/basket.html",
        {
            "baskets": [_shown(one) for one in found],
            "items": sum(len(one.lines) for one in found),
            "why": why,
            "why_not_together": services.why_not_together(found),
            "removed": removed,
            "form": KeyForm(auto_id=False, sessions=_sessions_of(*found)),
        },
        status=status,
    )


def _sessions_of(*found: ClassBasket) -> list[CourseSession]:
    return [session for one in found for line in one.lines for session in line.offer.sessions]


def _shown(basket: ClassBasket) -> dict[str, Any]:
    now = timezone.now()
    progress = basket.progress
    seats = {line.seats for line in basket.lines}
    return {
        "basket": basket,
        "progress": progress,
        "label": wording.class_name(basket.class_group, now),
        # One number in the head, where every item is for as many.
        "people": seats.pop() if len(seats) == 1 else 0,
        "form": KeyForm(auto_id=False, sessions=_sessions_of(basket)),
        "booked_then": progress.booked + basket.hours,
        "before": progress.earned + progress.booked,
        "outside": wording.outside_then(basket.outside.before, basket.outside.after),
        "lines": [
            {
                "line": line,
                "title": headline(line.offer.first.version),
                "where": wording.where(line.offer.first),
                "is_part": line.item.student_ids is not None,
            }
            for line in basket.lines
        ],
    }
