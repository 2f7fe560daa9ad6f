"""What the pages of a desk share: whose it is, how an arrival is answered, how it is drawn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import STATUS_OF_KIND, MemberRequest
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import Refusal
from attendance.choices import AttendanceState, NoBadge, WayIn
from attendance.errors.badges import BadgeRevoked, HalfBadgeCode, UnknownBadge
from attendance.errors.desk import BookedElsewhere, DeskClosed, DeskNotOpenYet, NotBookedHere
from attendance.forms.door import ArrivalForm
from attendance.models import Desk
from attendance.selectors import desk as selectors
from attendance.selectors import held_back, states
from attendance.selectors import room as room_selectors
from attendance.selectors.rule_sets import rules_of
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from attendance.services import door_list, needs
from attendance.services import room as rooms
from bookings import wording
from bookings.selectors.host_day import visitors_of
from bookings.services import rosters
from courses.errors import SessionCancelled
from courses.models import CourseSession
from courses.naming import headline
from sites import dates
from sites.calendar import local_day

KEEPING = (Role.HOST_MANAGER, Role.INSTRUCTOR)

# The big word over a refusal's sentence.
WORDS: dict[str, str | Promise] = {
    BadgeRevoked.code: gettext_lazy("胸牌已作废"),
    BookedElsewhere.code: gettext_lazy("不在本场"),
    DeskClosed.code: gettext_lazy("已结束"),
    DeskNotOpenYet.code: gettext_lazy("还没开始"),
    HalfBadgeCode.code: gettext_lazy("还差一半"),
    NotBookedHere.code: gettext_lazy("不在本场"),
    SessionCancelled.code: gettext_lazy("本场已取消"),
    UnknownBadge.code: gettext_lazy("没有这个码"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What the last scan came to: ``look`` is in, dup or out.

    ``walk_in`` is the badge's code where its bearer may join the session, ``why_not`` the
    reason where not.
    """

    look: str
    word: str
    person: str = ""
    detail: str = ""
    walk_in: str = ""
    why_not: str = ""
    place_id: int = 0
    is_door_shut: bool = False


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


def arrive(
    request: MemberRequest,
    session: CourseSession,
    *,
    event_id: UUID,
    way_in: WayIn,
    code: str = "",
    student_id: int | None = None,
    no_badge: NoBadge | None = None,
) -> tuple[Result, int]:
    """One arrival and the HTTP status of its answer."""
    now = timezone.now()
    try:
        entry = check_ins.check_in(
            by=request.actor,
            session=session,
            code=code,
            student_id=student_id,
            way_in=way_in,
            event_id=event_id,
            happened_at=now,
            now=now,
            no_badge=no_badge,
        )
    except Refusal as refusal:
        result, status = refused(refusal)
        if isinstance(refusal, NotBookedHere) and code:
            result = _with_walk_in(request, session, code, result)
        return result, status
    return told(entry, session), 200


def told(entry: check_ins.Entry, session: CourseSession) -> Result:
    """Green for who came in just now, yellow for who was in already."""
    where = _("座号 %(seat)s · %(class_group)s") % {
        "seat": entry.student.seat_no,
        "class_group": wording.class_name(entry.student.class_group, session.starts_at),
    }
    clock = dates.clock(entry.event.happened_at)
    if entry.is_new:
        came = states.attendance(
            [entry.event],
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            rules=rules_of(session),
        )
        late = f" · {came.state.label}" if came.state == AttendanceState.LATE else ""
        return Result(
            "in",
            _("已签到"),
            entry.student.name,
            f"{where} · {clock}{late}",
            place_id=entry.place.pk,
        )
    since = _("%(clock)s 已签到，不重复计学时。") % {"clock": clock}
    return Result(
        "dup", _("已签过到"), entry.student.name, f"{where} · {since}", place_id=entry.place.pk
    )


def refused(refusal: Refusal) -> tuple[Result, int]:
    """Red, with the reason; what is not the actor's to see stays unseen."""
    if refusal.kind == Refusal.NOT_FOUND:
        raise refusal
    word = str(WORDS.get(refusal.code, _("不能这样做")))
    result = Result("out", word, detail=str(refusal), is_door_shut=isinstance(refusal, DeskClosed))
    return result, STATUS_OF_KIND[refusal.kind]


def _with_walk_in(
    request: MemberRequest, session: CourseSession, code: str, result: Result
) -> Result:
    why_not = ""
    try:
        door_list.check_can_let_in(request.actor, session, check_ins.bearer(code), timezone.now())
    except Refusal as refusal:
        why_not = str(refusal)
    return Result(
        result.look,
        result.word,
        detail=result.detail,
        walk_in="" if why_not else code,
        why_not=why_not,
    )


def page(
    request: MemberRequest,
    session: CourseSession,
    *,
    result: Result | None = None,
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
            "why_no_screen": _why(rooms.check_can_put_up, request, session),
            "room_code": room_selectors.at_desk(session, timezone.now()),
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
    request: MemberRequest, session: CourseSession, result: Result, status: int
) -> JsonResponse:
    """The result and the board, drawn, for the page's script."""
    if result.is_door_shut:
        # Shut from another device: the page has to be drawn anew.
        return JsonResponse({"go": reverse("attendance:desk", args=[session.pk])}, status=status)
    return JsonResponse(
        {
            "look": result.look,
            "html": render_to_string(
                "attendance/_result.html", {"result": result, "session": session}, request
            ),
            "board": render_to_string(
                "attendance/_board.html",
                _board(request, session, result) | {"is_open": True},
                request,
            ),
        },
        status=status,
    )


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


def _board(request: MemberRequest, session: CourseSession, result: Result | None) -> dict[str, Any]:
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
        "mode": "menu" if request.GET.get("mode") == "menu" else "tick",
        "result": result,
    }
