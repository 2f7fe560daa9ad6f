"""The desk at the door: students come in. Works without JavaScript: every seat and the typed
code are forms."""

from collections.abc import Iterable
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only
from accounts.errors import Refusal
from attendance.choices import DoorMode, NoBadge, WayIn
from attendance.errors.badges import HalfBadgeCode
from attendance.errors.desk import ClassNotHere
from attendance.forms.door import ArrivalForm, TickForm, WalkInForm
from attendance.qr import is_half_code, tidy_code
from attendance.selectors import conflicts
from attendance.selectors import desk as selectors
from attendance.selectors.whole_class import bookings_by_code, is_reference
from attendance.services import check_in as check_ins
from attendance.services import door_list
from attendance.views import answers, door, door_modes, whole_class
from bookings import references, wording
from bookings.models import Place
from courses.models import CourseSession
from courses.naming import headline
from sites.calendar import local_day


@require_safe
@members_only(*door.KEEPING)
def list_desks(request: MemberRequest) -> HttpResponse:
    """Today's doors, and those of days before that nobody closed."""
    now = timezone.now()
    today = local_day(now)
    return render(
        request,
        "attendance/desks.html",
        {
            "today": today,
            "rows": _rows(selectors.sessions_to_keep(request.actor, today)),
            "doubtful": conflicts.number_of(conflicts.waiting(request.actor)),
            "left_open": _rows(selectors.doors_left_open(request.actor, today)),
        },
    )


def _rows(sessions: Iterable[CourseSession]) -> list[dict[str, object]]:
    return [
        {
            "session": session,
            "headline": headline(session.version),
            "where": wording.where(session),
            "desk": getattr(session, "desk", None),
        }
        for session in sessions
    ]


@require_safe
@members_only(*door.KEEPING)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The desk of one session; its board alone for the page's script."""
    session = door.session_of(request, pk)
    return door.board(request, session) if door.wants_json(request) else door.page(request, session)


@require_POST
@members_only(*door.KEEPING)
def check_in(request: MemberRequest, pk: int) -> HttpResponse:
    """One badge, scanned or typed: in, out, or to the page of what can be done, as the mode says;
    or the reference of a class, which leads to its page. The page's script gets the answer as
    JSON, a form the page."""
    session = door.session_of(request, pk)
    mode = door_modes.mode_of(request)
    form = ArrivalForm(request.POST)
    code = request.POST.get("code", "")
    bookings = bookings_by_code(session, code)
    if bookings:
        return _go(request, whole_class.address_of(session, bookings, mode))
    if is_half_code(tidy_code(code)) and not is_reference(code):
        result, status = answers.refused(HalfBadgeCode())
    elif references.tidy(code):
        result, status = answers.refused(ClassNotHere())
    elif form.is_valid():
        code, event_id = form.cleaned_data["code"], form.cleaned_data["event_id"]
        way_in = WayIn(form.cleaned_data["way_in"] or WayIn.TYPED)
        if mode == DoorMode.MENU:
            try:
                place = check_ins.place_at_door(request.actor, session, timezone.now(), code=code)
            except Refusal as refusal:
                result, status = answers.refused(refusal)
            else:
                return _go(request, door_modes.kept("desk_place", pk, place.pk, mode=mode))
        elif mode == DoorMode.OUT:
            result, status = answers.leave(
                request, session, code=code, event_id=event_id, way_in=way_in
            )
        else:
            result, status = answers.arrive(
                request, session, code=code, event_id=event_id, way_in=way_in
            )
    else:
        result, status = (
            answers.Result("out", _("没有读到胸牌码"), detail=_("请再扫一次，或输入 16 个字符。")),
            422,
        )
    if door.wants_json(request):
        return door.answer(request, session, result, status)
    kept = form if result.look == "out" else None
    return door.page(request, session, result=result, form=kept, status=status)


@require_POST
@members_only(*door.KEEPING)
def tick(request: MemberRequest, pk: int) -> HttpResponse:
    """A seat of the grid does what the mode says where that is plain: who is expected is in, who
    is inside leaves; for the others the page of what can be done."""
    session = door.session_of(request, pk)
    mode = door_modes.mode_of(request)
    chosen = get_object_or_404(
        Place.objects.visible_to(request.actor)
        .live()
        .filter(session=session, student__isnull=False)
        .select_related("student", "booking__class_group"),
        pk=door.key(request.POST.get("place", "")),
    )
    (seat,) = selectors.seats_of(session, [chosen])
    if mode == DoorMode.OUT and seat.attendance.is_inside:
        result, status = answers.leave(
            request,
            session,
            event_id=uuid4(),
            way_in=WayIn.TICK,
            student_id=chosen.student_id,
        )
    elif mode == DoorMode.IN and not seat.mark:
        form = TickForm(request.POST)
        why = form.cleaned_data["no_badge"] if form.is_valid() else ""
        result, status = answers.arrive(
            request,
            session,
            event_id=uuid4(),
            way_in=WayIn.TICK,
            student_id=chosen.student_id,
            no_badge=NoBadge(why or NoBadge.NOT_SHOWN),
        )
    else:
        return _go(request, door_modes.kept("desk_place", pk, chosen.pk, mode=mode))
    if door.wants_json(request):
        return door.answer(request, session, result, status)
    return door.page(request, session, result=result, status=status)


def _go(request: MemberRequest, address: str) -> HttpResponse:
    """To another page: the script is told, a form is led."""
    return JsonResponse({"go": address}) if door.wants_json(request) else redirect(address)


@require_POST
@members_only(*door.KEEPING)
def walk_in(request: MemberRequest, pk: int) -> HttpResponse:
    """A student who is on no list of this session: asked once, then let in while seats are free.

    By POST even to ask: a badge's code is in no address.
    """
    session = door.session_of(request, pk)
    now = timezone.now()
    form = WalkInForm(request.POST)
    code = form.cleaned_data["code"] if form.is_valid() else ""
    try:
        if form.is_valid() and form.cleaned_data["event_id"]:
            entry = door_list.let_in(
                by=request.actor,
                session=session,
                code=code,
                event_id=form.cleaned_data["event_id"],
                now=now,
            )
            return door.page(request, session, result=answers.told(entry, session))
        door_list.check_can_let_in(request.actor, session, check_ins.bearer(code), now)
    except Refusal as refusal:
        result, status = answers.refused(refusal)
        return door.page(request, session, result=result, status=status)
    return render(
        request,
        "attendance/walk_in.html",
        {
            "session": session,
            "code": code,
            "event_id": uuid4(),
            "left": session.capacity - session.seats_taken - session.seats_held,
        },
    )
