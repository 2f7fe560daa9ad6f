"""Bookings nobody came to, and why."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from attendance.forms.door import NoShowForm
from attendance.selectors import no_shows as selectors
from attendance.services import no_shows
from bookings import wording
from bookings.models import Booking
from courses.choices import EXCUSED

ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR, Role.HOST_MANAGER, Role.INSTRUCTOR)
SHOWN = 100


@require_safe
@members_only(*ROLES)
def list_no_shows(request: MemberRequest) -> HttpResponse:
    """Those of the last two months: without a reason, then with one."""
    found = selectors.no_shows(request.actor, timezone.now())[:SHOWN]
    return render(
        request,
        "attendance/no_shows.html",
        {"rows": [{**_words(one), "is_excused": one.no_show_code in EXCUSED} for one in found]},
    )


@members_only(*ROLES)
def give_reason(request: MemberRequest, pk: int) -> HttpResponse:
    """One of them, with its reason."""
    booking = (
        Booking.objects.visible_to(request.actor)
        .select_related(
            "class_group", "school", "session__version", "session__room__site", "session__school"
        )
        .filter(pk=pk)
        .first()
    )
    if booking is None:
        raise NotYours
    form = NoShowForm(request.POST or None, initial={"code": booking.no_show_code})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            no_shows.give_reason(
                by=request.actor,
                booking=booking,
                code=form.cleaned_data["code"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已记下原因。"))
            return redirect("attendance:no_shows")
    return render(
        request, "attendance/no_show.html", {"form": form, **_words(booking)}, status=status
    )


def _words(booking: Booking) -> dict[str, object]:
    return {
        "booking": booking,
        "line": wording.session_line(booking.session),
        "school": wording.organisation_name(booking.school),
        "class_name": wording.class_name(booking.class_group, booking.session.starts_at),
    }
