"""A class at the door at once, by the reference that its companion shows."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from attendance import qr
from attendance.choices import AttendanceState, DoorMode
from attendance.errors.desk import ClassNotHere, NobodyChosen
from attendance.selectors import desk as selectors
from attendance.selectors.whole_class import bookings_by_code
from attendance.services import whole_class
from attendance.views import answers, door, door_modes
from bookings import wording
from bookings.models import Booking
from bookings.services import rosters
from courses.models import CourseSession
from courses.naming import headline

IN, OUT = "in", "out"


@require_safe
@members_only(Role.TEACHER, Role.SCHOOL_COORDINATOR)
def show_code(request: MemberRequest, pk: int) -> HttpResponse:
    """What the companion shows at the door: the reservation's reference as a code. No names."""
    booking = get_object_or_404(
        Booking.objects.visible_to(request.actor)
        .live()
        .select_related(
            "reservation", "class_group", "session__version", "session__room__site",
            "session__school",
        ),
        pk=pk,
    )  # fmt: skip
    reference = booking.reservation.reference
    return render(
        request,
        "attendance/class_code.html",
        {
            "booking": booking,
            "session": booking.session,
            "headline": headline(booking.session.version),
            "where": wording.where(booking.session),
            "class_name": wording.class_name(booking.class_group, booking.session.starts_at),
            "reference": reference,
            # Drawn by us from letters of our own.
            "qr": mark_safe(qr.letters_svg(reference.replace("-", ""))),  # noqa: S308
        },
    )


@members_only(*door.KEEPING)
def whole(request: MemberRequest, pk: int, reference: str) -> HttpResponse:
    """The class, everybody ticked; who is not there is tapped. On leaving the same."""
    session = door.session_of(request, pk)
    bookings = bookings_by_code(session, reference)
    if not bookings:
        result, status = answers.refused(ClassNotHere())
        return door.page(request, session, result=result, status=status)
    mode = OUT if request.GET.get("mode") == OUT else IN
    if request.method == "POST":
        return _do(request, session, bookings, mode)
    return _page(request, session, bookings, mode)


def _do(
    request: MemberRequest, session: CourseSession, bookings: list[Booking], mode: str
) -> HttpResponse:
    chosen = {door.key(one) for one in request.POST.getlist("student")}
    now = timezone.now()
    try:
        if not chosen:
            raise NobodyChosen
        if mode == OUT:
            count = whole_class.leave(
                by=request.actor, session=session, bookings=bookings, leaving=chosen, now=now
            )
            said = ngettext("%(count)d 人已签退。", "%(count)d 人已签退。", count)
        else:
            count = whole_class.arrive(
                by=request.actor, session=session, bookings=bookings, here=chosen, now=now
            )
            said = ngettext("%(count)d 人已签到。", "%(count)d 人已签到。", count)
    except NobodyChosen as refusal:
        return _page(request, session, bookings, mode, why=str(refusal), chosen=chosen)
    except Refusal as refusal:
        result, status = answers.refused(refusal)
        return door.page(request, session, result=result, status=status)
    messages.success(request, said % {"count": count} if count else _("没有改动。"))
    return redirect(door_modes.kept("desk", session.pk, mode=DoorMode(mode)))


def _page(
    request: MemberRequest,
    session: CourseSession,
    bookings: list[Booking],
    mode: str,
    *,
    why: str = "",
    chosen: set[int] | None = None,
) -> HttpResponse:
    """Every drawing is a reading of names, and recorded."""
    places = rosters.read_roster(
        by=request.actor,
        session=session,
        now=timezone.now(),
        context="class_at_door",
        bookings=bookings,
    )
    seats = selectors.seats_of(session, places)
    groups = selectors.grouped(places, seats)
    open_now = [seat for seat in seats if _is_open(seat, mode)]
    response = render(
        request,
        "attendance/whole_class.html",
        {
            "session": session,
            "reference": bookings[0].reservation.reference,
            "headline": headline(session.version),
            "mode": mode,
            "groups": groups,
            "open": {seat.student_id for seat in open_now},
            "chosen": {seat.student_id for seat in open_now} if chosen is None else chosen,
            "count": len(open_now),
            "counts": selectors.counts(seats),
            "adults": sum(booking.adults for booking in bookings),
            "modes": [
                (_("到场"), f"?mode={IN}", mode == IN),
                (_("离开"), f"?mode={OUT}", mode == OUT),
            ],
            "why": why,
        },
        status=422 if why else 200,
    )
    add_never_cache_headers(response)
    return response


def _is_open(seat: selectors.Seat, mode: str) -> bool:
    """Whether the button would do anything for the student."""
    is_in = seat.attendance.state not in whole_class.NOT_THERE
    if mode == OUT:
        return is_in and seat.attendance.left_at is None
    return seat.attendance.state == AttendanceState.EXPECTED


def address_of(session: CourseSession, bookings: list[Booking], mode: DoorMode) -> str:
    """Where a scanned reference leads: the class comes, or leaves."""
    return door_modes.kept("whole_class", session.pk, bookings[0].reservation.reference, mode=mode)
