"""The room's code: on a screen for the host, and the way in for whoever scans it.

Looking marks nobody present: an address is opened, a badge entered, a mask of the name shown,
and only a confirmation is an event.
"""

from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only
from accounts.errors import Refusal
from attendance import qr, room_codes
from attendance.choices import EventKind
from attendance.errors.badges import TooManyTries, UnknownBadge
from attendance.errors.desk import DeskClosed
from attendance.errors.room import RoomCodeOff, RoomCodePassed, RoomCodeUnknown, RoomCodeUsed
from attendance.forms.codes import RoomBadgeForm, RoomCodeForm
from attendance.qr import tidy_code
from attendance.selectors import room as selectors
from attendance.services import room as rooms
from attendance.services import throttle
from attendance.views import answers, door
from bookings import wording
from courses.models import CourseSession
from courses.naming import headline
from rosters import naming
from sites import dates

TOO_MANY_REQUESTS = 429
# Which browser it is, for a day: one that lets in a whole class is shown to a person.
COOKIE = "room_browser"
COOKIE_SECONDS = 24 * 60 * 60
# What sends a student back to the screen instead of to her badge.
OF_THE_CODE = (RoomCodePassed, RoomCodeUnknown, RoomCodeUsed, RoomCodeOff, DeskClosed)


@never_cache
@require_safe
@members_only(*door.KEEPING)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The room's screen: the code, new every fifteen seconds, and who is there by seat number.
    Without the page's script it is drawn anew every fifteen seconds."""
    session = door.session_of(request, pk)
    drawn = _drawn(request, session)
    if drawn is None:
        return redirect("attendance:desk", pk)
    return render(request, "attendance/room.html", drawn)


@never_cache
@require_safe
@members_only(*door.KEEPING)
def live(request: MemberRequest, pk: int) -> JsonResponse:
    """The screen drawn anew for its own script; the desk's address where the code is down."""
    drawn = _drawn(request, door.session_of(request, pk))
    if drawn is None:
        return JsonResponse({"go": reverse("attendance:desk", args=[pk])})
    return JsonResponse(
        {
            "html": render_to_string("attendance/_room.html", drawn, request),
            "left": drawn["left"],
        }
    )


@require_POST
@members_only(*door.KEEPING)
def put_up(request: MemberRequest, pk: int) -> HttpResponse:
    """The code goes up on the screen."""
    session = door.session_of(request, pk)
    try:
        rooms.put_up(by=request.actor, session=session, now=timezone.now())
    except Refusal as refusal:
        result, status = answers.refused(refusal)
        return door.page(request, session, result=result, status=status)
    return redirect("attendance:room", pk)


@require_POST
@members_only(*door.KEEPING)
def take_down(request: MemberRequest, pk: int) -> HttpResponse:
    """The code opens nothing any more."""
    session = door.session_of(request, pk)
    rooms.take_down(by=request.actor, session=session, now=timezone.now())
    messages.success(request, _("屏幕签到已关闭。"))
    return redirect("attendance:desk", pk)


def _drawn(request: MemberRequest, session: CourseSession) -> dict[str, object] | None:
    now = timezone.now()
    room_code = selectors.shown_code(session, now)
    if room_code is None:
        return None
    code = room_codes.code_at(room_code.salt, room_codes.step_of(now))
    address = request.build_absolute_uri(reverse("attendance:room_code", args=[code]))
    left = room_codes.seconds_left(now)
    return {
        "session": session,
        "headline": headline(session.version),
        "where": wording.where(session),
        "code": room_codes.grouped(code),
        # Drawn by us from an address of our own.
        "qr": mark_safe(qr.address_svg(address)),  # noqa: S308
        "left": left,
        "steps": range(room_codes.STEP_SECONDS),
        "gone": room_codes.STEP_SECONDS - left,
        "total": room_codes.STEP_SECONDS,
        "entry": request.build_absolute_uri(reverse("attendance:room_entry")).split("://")[1],
        "screen": selectors.screen(session),
    }


@never_cache
@require_safe
def scanned(request: HttpRequest, code: str) -> HttpResponse:
    """The screen's code, scanned: a page that asks for the badge."""
    return _entered(request, code)


@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """The screen's code, typed."""
    if request.method != "POST":
        return render(request, "attendance/room_entry.html", {"form": RoomCodeForm()})
    return _entered(request, request.POST.get("code", ""))


def _entered(request: HttpRequest, code: str) -> HttpResponse:
    form = RoomCodeForm({"code": code})
    if not form.is_valid():
        return render(request, "attendance/room_entry.html", {"form": form}, status=422)
    now, address = timezone.now(), _address(request)
    try:
        throttle.check_may_enter(address=address, now=now)
        ticket = rooms.enter(code=form.cleaned_data["code"], now=now)
        session = rooms.session_of(ticket, now)
    except Refusal as refusal:
        if isinstance(refusal, RoomCodeUnknown):
            throttle.count_wrong_room_code(address=address, now=now)
        return _again(request, refusal, form)
    return _ask(request, session, RoomBadgeForm(initial={"ticket": ticket.signed()}))


@never_cache
@require_POST
def arrive(request: HttpRequest) -> HttpResponse:
    """The badge is read; the mask of a name is shown; confirmed, its bearer is in."""
    now = timezone.now()
    form = RoomBadgeForm(request.POST)
    try:
        ticket = rooms.ticket_of(request.POST.get("ticket", ""), now)
        session = rooms.session_of(ticket, now)
    except Refusal as refusal:
        return _again(request, refusal, RoomCodeForm())
    if not form.is_valid():
        return _ask(request, session, form, status=422)
    badge = tidy_code(form.cleaned_data["badge"])
    browser, is_new = _browser(request)
    confirmed = request.POST.get("confirmed", "")
    confirmed = confirmed if confirmed in (EventKind.IN, EventKind.OUT) else ""
    try:
        throttle.check_may_name(ticket=str(ticket.number), now=now)
        if confirmed:
            visit = rooms.confirm(
                ticket=ticket, code=badge, does=EventKind(confirmed), browser=browser, now=now
            )
        else:
            visit = rooms.look(ticket=ticket, code=badge, now=now)
    except Refusal as refusal:
        if isinstance(refusal, UnknownBadge):
            throttle.count_unknown_badge(ticket=str(ticket.number), now=now)
        if isinstance(refusal, OF_THE_CODE):
            return _again(request, refusal, RoomCodeForm())
        form.add_error("badge", str(refusal))
        return _ask(request, session, form, status=_status(refusal))
    response = render(
        request,
        "attendance/room_arrival.html",
        {
            "session": session,
            "headline": headline(session.version),
            "where": wording.where(session),
            "mask": naming.masked(visit.student.name),
            "visit": visit,
            "is_done": bool(confirmed) or visit.does is None,
            "clock": dates.clock(now),
            "form": form,
            "badge": badge,
        },
    )
    if is_new:
        response.set_cookie(
            COOKIE,
            str(browser),
            max_age=COOKIE_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def _ask(
    request: HttpRequest, session: CourseSession, form: RoomBadgeForm, status: int = 200
) -> HttpResponse:
    return render(
        request,
        "attendance/room_badge.html",
        {
            "session": session,
            "headline": headline(session.version),
            "where": wording.where(session),
            "form": form,
        },
        status=status,
    )


def _again(request: HttpRequest, refusal: Refusal, form: RoomCodeForm) -> HttpResponse:
    """The page that takes a new code, with the reason."""
    return render(
        request,
        "attendance/room_entry.html",
        {"form": form, "why": str(refusal)},
        status=_status(refusal),
    )


def _status(refusal: Refusal) -> int:
    if isinstance(refusal, TooManyTries):
        return TOO_MANY_REQUESTS
    return 404 if isinstance(refusal, RoomCodeUnknown) else 409


def _address(request: HttpRequest) -> str:
    """As the sign-in page tells addresses apart, behind a proxy too."""
    return str(get_adapter(request).get_client_ip(request))


def _browser(request: HttpRequest) -> tuple[UUID, bool]:
    """The browser's number, and whether it was given just now."""
    try:
        return UUID(request.COOKIES.get(COOKIE, "")), False
    except ValueError:
        return uuid4(), True
