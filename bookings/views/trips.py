"""The school's trips: its bookings, and what it does with one."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from bookings import calendar, wording
from bookings.choices import ChangeState
from bookings.forms.trips import ReasonForm
from bookings.models import Booking
from bookings.selectors import change_requests as requests
from bookings.selectors import companions, consents, progress
from bookings.selectors import swapping as swaps
from bookings.selectors import trips as selectors
from bookings.services import changes, freeze, lists, swapping, telling, together
from courses.choices import EXCUSED, Venue
from courses.selectors import history

from .once import once_per_form

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@require_safe
@members_only(*SCHOOL_ROLES)
def trips(request: MemberRequest) -> HttpResponse:
    """Trips to come, those of them that lack teachers, past or cancelled; of all classes or one,
    a page at a time."""
    now = timezone.now()
    show = request.GET.get("show", "")
    shown = {
        "teachers": selectors.upcoming_unled(request.actor, now),
        "past": selectors.past(request.actor, now),
        "cancelled": selectors.cancelled(request.actor),
    }.get(show, selectors.upcoming(request.actor, now))
    classes = list(selectors.classes_with_trips(request.actor))
    chosen = next((one for one in classes if str(one.pk) == request.GET.get("class")), None)
    if chosen is not None:
        shown = shown.filter(class_group=chosen)
    rows, after = selectors.page_of(
        shown, after=request.GET.get("after", ""), newest_first=show in ("past", "cancelled")
    )
    return render(
        request,
        "bookings/trips.html",
        {
            "show": show,
            "trips": selectors.as_trips(
                rows,
                unnamed=selectors.names_missing(rows, now),
                unled=companions.missing_in(rows, now),
            ),
            "classes": classes,
            "chosen": chosen,
            "after": after,
        },
    )


@require_safe
@members_only(*SCHOOL_ROLES)
def booking(request: MemberRequest, pk: int) -> HttpResponse:
    """One booking: where, when, with whom, and what can still be done."""
    now = timezone.now()
    found = selectors.booking_for(request.actor, pk)
    students = list(selectors.students_in(request.actor, found))
    audit.record_names_read(
        by=request.actor, now=now, context="booking", target=found, students=students
    )
    is_to_come = found.is_live and found.session.ends_at > now
    of_class = progress.class_progress(request.actor, found.class_group, now)
    outside = of_class.outside_of([found.session])
    counts_as_booked = not outside and progress.places_to_come(now).filter(booking=found).exists()
    settles_at = lists.settles_at(found)
    asked = requests.rows_of(requests.of_booking(request.actor, found, together=together.of(found)))
    return render(
        request,
        "bookings/booking.html",
        {
            "trip": selectors.in_words(found),
            "booking": found,
            "session": found.session,
            "is_online": found.session.venue == Venue.ONLINE,
            "students": students,
            "is_to_come": is_to_come,
            "is_excused": found.no_show_code in EXCUSED,
            "progress": progress.of_students(of_class, {student.pk for student in students}),
            "new_hours": found.session.class_hours if counts_as_booked else 0,
            "moves": history.moves_of(
                found.session,
                since=found.created_at,
                before=found.cancelled_at,
                with_seats=False,
            ),
            "outside": wording.outside_then(outside.before, outside.after),
            "is_whole_class": len(students) >= of_class.students,
            "unnamed": found.seats - len(students) if found.is_live else 0,
            "unled": companions.missing_in([found], now).get(found.pk, 0),
            "settles_at": settles_at,
            "is_settled": settles_at <= now,
            "groups": selectors.groups_of(request.actor, found),
            "waiting": next((row for row in asked if _is_waiting(row, found, now)), None),
            "requests": [row for row in asked if not _is_waiting(row, found, now)],
            "consent": consents.consent_of_booking(found, students) if is_to_come else None,
            "why_no_change": _why_not(changes.check_can_change_booking, request, found),
            "why_no_swap": _why_not(swapping.check_can_swap, request, found),
            "swapped_to": swaps.swapped_to(request.actor, found),
            "offers": swaps.offers_instead(found, now),
            "why_no_cancel": _why_not(changes.check_can_cancel_booking, request, found),
        },
    )


@members_only(*SCHOOL_ROLES)
@once_per_form
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Cancel a booking, having read what that means."""
    now = timezone.now()
    found = selectors.booking_for(request.actor, pk)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                changes.cancel_booking(
                    by=request.actor, booking=found, now=now, **form.cleaned_data
                )
            except Refusal as refusal:
                status = put_on(form, refusal)
                # Somebody else may have cancelled it while the page was open.
                found = selectors.booking_for(request.actor, pk)
            else:
                messages.success(request, _("预约已取消，名额已放出，开课单位已收到通知。"))
                return redirect("bookings:booking", pk=pk)
    else:
        changes.check_can_cancel_booking(request.actor, found, now)
    return render(
        request,
        "bookings/cancel.html",
        {
            "trip": selectors.in_words(found),
            "booking": found,
            "session": found.session,
            "days": selectors.days_until(found, now),
            "is_late": freeze.is_settled(found.session, now),
            "settles_at": freeze.settles_at(found.session),
            "form": form,
            "is_over": bool(_why_not(changes.check_can_cancel_booking, request, found)),
        },
        status=status,
    )


@require_safe
@members_only(*SCHOOL_ROLES)
def ics(request: MemberRequest, pk: int) -> HttpResponse:
    """The trip as a file that a calendar opens."""
    found = selectors.booking_for(request.actor, pk)
    return HttpResponse(
        calendar.download(telling.entry_of(found), stamp=timezone.now()),
        content_type="text/calendar; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{found.reservation.reference}.ics"'
        },
    )


@require_safe
@members_only(*SCHOOL_ROLES)
def printed(request: MemberRequest, pk: int) -> HttpResponse:
    """The trip on paper for those who go along; names are masked, the seat number tells."""
    now = timezone.now()
    found = selectors.booking_for(request.actor, pk)
    students = list(selectors.students_in(request.actor, found))
    audit.record_names_read(
        by=request.actor, now=now, context="booking_print", target=found, students=students
    )
    return render(
        request,
        "bookings/print.html",
        {
            "trip": selectors.in_words(found),
            "booking": found,
            "session": found.session,
            "students": students,
        },
    )


def _is_waiting(row: requests.Row, found: Booking, now: datetime) -> bool:
    """Whether the host may still answer, and the school take it back."""
    is_open = row.asked.state == ChangeState.ASKED
    return is_open and found.is_live and found.session.starts_at > now


def _why_not(check: Callable[..., None], request: MemberRequest, found: Booking) -> str:
    """The sentence at the disabled button, or nothing."""
    try:
        check(request.actor, found, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""
