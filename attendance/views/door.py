"""What the pages of a desk share: whose it is, how an arrival is answered, how it is drawn."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from accounts.access import MemberRequest
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from attendance.choices import DoorMode, NoBadge, WayIn
from attendance.errors.desk import (
    DeskClosed,
)
from attendance.forms.door import ArrivalForm
from attendance.models import Desk
from attendance.selectors import desk as selectors
from attendance.selectors import held_back
from attendance.selectors import room as room_selectors
from attendance.services import desk as desks
from attendance.services import needs
from attendance.views import answers, door_modes
from bookings import wording
from bookings.selectors.host_day import visitors_of
from bookings.services import rosters
from courses.models import CourseSession
from courses.naming import headline
from sites.calendar import local_day

KEEPING = (Role.HOST_MANAGER, Role.INSTRUCTOR)


def key(text: str) -> int:
    """A row's key as a form sends it; what is none finds nothing."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def session_of(request: MemberRequest, pk: int) -> CourseSession:
    """The session whose door the actor keeps; to others it is not there."""
    session = get_object_or_404(
        CourseSession.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related("version", "room__site", "school", "host", "instructor__user"),
        pk=pk,
    )
    desks.check_can_keep(request.actor, session)
    return session


def page(
    request: MemberRequest,
    session: CourseSession,
    *,
    result: answers.Result | None = None,
    form: ArrivalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The desk of the session, whole."""
    desk = selectors.desk_of(session)
    is_closed = desk is not None and desk.closed_at is not None
    why_not_open = _why(desks.check_can_open, request, session)
    board = _board(request, session, result)
    response = render(
        request,
        "attendance/desk.html",
        board
        | {
            "needs": needs.read_needs(
                by=request.actor,
                session=session,
                seats=board["seats"],
                now=timezone.now(),
                context="desk",
            ),
            "missed": _missed(request, board["seats"]) if is_closed else [],
            "escorts": _escorts(request, session),
            "headline": headline(session.version),
            "where": wording.where(session),
            "day": local_day(session.starts_at),
            "desk": desk,
            "is_closed": is_closed,
            "held_back": _held_back(desk),
            "why_shut": str(DeskClosed()) if is_closed else why_not_open,
            "is_open": not is_closed and not why_not_open,
            "why_no_close": _why(desks.check_can_close, request, session),
            "room_code": room_selectors.at_desk(session, timezone.now()),
            "modes": DoorMode.choices,
            "ready": door_modes.READY[board["mode"]],
            "ready_how": door_modes.READY_HOW[board["mode"]],
            "form_do": door_modes.FORM_DO[board["mode"]],
            "form": form or ArrivalForm(initial={"event_id": uuid4(), "way_in": WayIn.TYPED}),
        },
        status=status,
    )
    # Full names: no tablet keeps the page, and going back shows who is in by now.
    add_never_cache_headers(response)
    return response


def _held_back(desk: Desk | None) -> str:
    held = held_back.of_desks([desk]) if desk is not None else []
    return held_back_sentence(held) if held else ""


def held_back_sentence(held: Iterable[held_back.HeldBack]) -> str:
    """How many of which school have their hours held back, and what happens next."""
    return _(
        "%(schools)s的学时没有按签到记入：学校已公示并锁定这段时间的学时。"
        "签到记录照常保留；学校和联盟秘书处已收到消息，由学校申请、秘书处确认后补记。"
    ) % {
        "schools": _("、").join(
            _("%(school)s %(count)d 人") % {"school": one.school, "count": one.count}
            for one in held
        )
    }


def _missed(request: MemberRequest, seats: list[selectors.Seat]) -> list[selectors.Seat]:
    """Who was absent or excused, for whom a manager may propose that it was made up."""
    if not request.actor.is_host_manager:
        return []
    return [seat for seat in seats if not seat.attendance.was_there]


def _escorts(request: MemberRequest, session: CourseSession) -> list[dict[str, Any]]:
    """Who came with each class, to be called when somebody is missing: the school's contact
    where nobody is named. Shown while names are."""
    return [
        {
            "class_name": wording.class_name(booking.class_group, session.starts_at),
            "school": wording.organisation_name(booking.school),
            "people": [(one.name, one.phone) for one in booking.companions.all()]
            or [(booking.reservation.contact_name, booking.reservation.contact_phone)],
        }
        for booking in visitors_of(request.actor, [session])
    ]


def wants_json(request: MemberRequest) -> bool:
    """The page's own script asks; without it a form does, and gets a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def answer(
    request: MemberRequest, session: CourseSession, result: answers.Result, status: int
) -> JsonResponse:
    """The result, drawn, for the page's script, and of the board what it changed: one seat and the
    counts. Of what other devices did the script hears when it asks for the board."""
    if result.is_door_shut:
        # Shut from another device: the page has to be drawn anew.
        return JsonResponse(
            {"go": door_modes.kept("desk", session.pk, mode=door_modes.mode_of(request))},
            status=status,
        )
    drawn = render_to_string(
        "attendance/_result.html", {"result": result, "session": session}, request
    )
    changed = _changed(request, session, result) if result.student else {}
    return JsonResponse({"look": result.look, "html": drawn} | changed, status=status)


def _changed(
    request: MemberRequest, session: CourseSession, result: answers.Result
) -> dict[str, Any]:
    """The student's seat and the counts, drawn; a reading of one name, and recorded."""
    student = result.student
    assert student is not None
    audit.record_names_read(
        by=request.actor, now=timezone.now(), context="desk", target=session, students=[student]
    )
    seats = selectors.seats_without_names(session)
    own = next((seat for seat in seats if seat.student_id == student.pk), None)
    return {
        "place": str(result.place_id),
        "seat": render_to_string(
            "attendance/_seat.html",
            {
                "student": student,
                "place_id": result.place_id,
                "mark": own.mark if own else "",
                "has_left": bool(own and own.attendance.has_left),
            },
        ),
        "counts": render_to_string("attendance/_counts.html", {"counts": selectors.counts(seats)}),
    }


def board(request: MemberRequest, session: CourseSession) -> JsonResponse:
    """The whole board, drawn, for the page's script: what every device did."""
    mode = door_modes.mode_of(request)
    try:
        desks.check_can_open(request.actor, session, timezone.now())
        desks.check_is_open(session)
    except Refusal:
        return JsonResponse({"go": door_modes.kept("desk", session.pk, mode=mode)})
    response = JsonResponse(
        {
            "board": render_to_string(
                "attendance/_board.html",
                _board(request, session, None) | {"is_open": True},
                request,
            )
        }
    )
    add_never_cache_headers(response)
    return response


def _why(
    check: Callable[[Actor, CourseSession, datetime], None],
    request: MemberRequest,
    session: CourseSession,
) -> str:
    try:
        check(request.actor, session, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""


def _board(
    request: MemberRequest, session: CourseSession, result: answers.Result | None
) -> dict[str, Any]:
    """The seats by class. Every drawing is a reading of names, and recorded."""
    places = rosters.read_roster(
        by=request.actor, session=session, now=timezone.now(), context="desk"
    )
    seats = selectors.seats_of(session, places)
    return {
        "session": session,
        "seats": seats,
        "groups": selectors.grouped(places, seats),
        "counts": selectors.counts(seats),
        "why_no_badge": NoBadge.choices,
        "no_badge": request.POST.get("no_badge") or NoBadge.NOT_SHOWN,
        "mode": door_modes.mode_of(request).value,
        "result": result,
    }
