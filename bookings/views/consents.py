"""Signatures for one trip: the sheet to print, and ticking what came in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.services import audit
from bookings.forms.roll import TicksForm
from bookings.selectors import consents as selectors
from bookings.selectors import trips
from bookings.services import consents
from rosters import selectors as roster_selectors
from rosters.choices import ConsentKind, ConsentRule

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@members_only(*SCHOOL_ROLES)
def of_trip(request: MemberRequest, pk: int) -> HttpResponse:
    """Who of the booking has signed for this trip: ticked as the paper comes in."""
    now = timezone.now()
    booking = trips.booking_for(request.actor, pk)
    students = trips.students_in(request.actor, booking)
    if request.method == "POST":
        form = TicksForm(request.POST, students=students)
        chosen = (
            [student.pk for student in students]
            if "all" in request.POST
            else [student.pk for student in form.cleaned_data["students"]]
            if form.is_valid()
            else []
        )
        if "withdraw" in request.POST:
            count = consents.withdraw_trip_consents(
                by=request.actor, booking=booking, student_ids=chosen, now=now
            )
            said = ngettext("已撤回 %(count)d 份同意书。", "已撤回 %(count)d 份同意书。", count)
        else:
            count = consents.record_trip_consents(
                by=request.actor, booking=booking, student_ids=chosen, now=now
            )
            said = ngettext("已记下 %(count)d 份同意书。", "已记下 %(count)d 份同意书。", count)
        messages.success(request, said % {"count": count} if count else _("没有改动。"))
        return redirect("bookings:consents", pk)
    rows = list(students)
    signed = selectors.signed_for_trip(booking)
    audit.record_names_read(
        by=request.actor, now=now, context="trip_consents", target=booking, students=rows
    )
    known = roster_selectors.settings_of(booking.school_id)
    return render(
        request,
        "bookings/consents.html",
        {
            "booking": booking,
            "trip": trips.in_words(booking),
            "session": booking.session,
            "collects": known.consent_rule == ConsentRule.TRIP,
            "must": known.consent_blocks,
            "status": roster_selectors.status_of(rows, signed),
            "missing": [student for student in rows if student.pk not in signed],
            "signed": [student for student in rows if student.pk in signed],
        },
    )


@require_safe
@members_only(*SCHOOL_ROLES)
def printed(request: MemberRequest, pk: int) -> HttpResponse:
    """The sheet a guardian signs for this trip. It names no student."""
    booking = trips.booking_for(request.actor, pk)
    return render(
        request,
        "bookings/consent_print.html",
        {
            "booking": booking,
            "trip": trips.in_words(booking),
            "session": booking.session,
            "text": roster_selectors.text_in_force(booking.school_id, ConsentKind.TRIP),
        },
    )
