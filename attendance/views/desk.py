"""The desk at the door. Works without JavaScript: every seat and the typed code are forms."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from attendance.choices import EventKind, WayIn
from attendance.errors import DeskClosed, DeskNotOpenYet, NotBookedHere
from attendance.forms import ArrivalForm, MarkForm, ReasonForm
from attendance.selectors import desk as selectors
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from bookings import wording
from bookings.models import Place
from bookings.services import changes, rosters
from courses.models import CourseSession
from courses.naming import headline
from rosters.models import Student
from sites import dates
from sites.calendar import local_day

KEEPING = (Role.HOST_MANAGER, Role.INSTRUCTOR)


@dataclass(frozen=True, slots=True)
class Result:
    """What the last scan came to: ``look`` is in, dup or out."""

    look: str
    word: str
    person: str = ""
    detail: str = ""
    walk_in: str = ""
    place_id: int = 0


@require_safe
@members_only(*KEEPING)
def list_desks(request: MemberRequest) -> HttpResponse:
    """Today's doors."""
    now = timezone.now()
    sessions = selectors.sessions_to_keep(request.actor, local_day(now))
    return render(
        request,
        "attendance/desks.html",
        {
            "today": local_day(now),
            "rows": [
                {
                    "session": session,
                    "headline": headline(session.version),
                    "where": wording.where(session),
                    "desk": getattr(session, "desk", None),
                    "is_over": session.ends_at <= now,
                }
                for session in sessions
            ],
        },
    )


@require_safe
@members_only(*KEEPING)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The desk of one session."""
    return _page(request, _session(request, pk))


def _page(
    request: MemberRequest,
    session: CourseSession,
    *,
    result: Result | None = None,
    form: ArrivalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    why_closed = ""
    desk = selectors.desk_of(session)
    try:
        desks.check_can_open(request.actor, session, now)
    except DeskNotOpenYet as refusal:
        why_closed = str(refusal)
    places = rosters.read_roster(by=request.actor, session=session, now=now, context="desk")
    seats = selectors.seats_of(session, places)
    closed = desk is not None and desk.closed_at is not None
    return render(
        request,
        "attendance/desk.html",
        {
            "session": session,
            "headline": headline(session.version),
            "where": wording.where(session),
            "desk": desk,
            "is_closed": closed,
            "is_open": not closed and not why_closed,
            "why_closed": str(DeskClosed()) if closed else why_closed,
            "why_no_close": _why_no_close(request, session),
            "groups": selectors.grouped(places, seats),
            "counts": selectors.counts(seats),
            "mode": "menu" if request.GET.get("mode") == "menu" else "tick",
            "result": result,
            "form": form or ArrivalForm(initial={"event_id": uuid4(), "way_in": WayIn.TYPED}),
        },
        status=status,
    )


def _why_no_close(request: MemberRequest, session: CourseSession) -> str:
    try:
        desks.check_can_close(request.actor, session, timezone.now())
    except Refusal as refusal:
        return str(refusal)
    return ""


@require_POST
@members_only(*KEEPING)
def check_in(request: MemberRequest, pk: int) -> HttpResponse:
    """One badge, scanned or typed. The page's script gets the answer as JSON, a form the page."""
    session = _session(request, pk)
    form = ArrivalForm(request.POST)
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    status = 200
    if not form.is_valid():
        result, status = (
            Result("out", _("没有读到胸牌码"), detail=_("请再扫一次，或输入 16 个字符。")),
            422,
        )
    else:
        result, status = _arrive(
            request,
            session,
            code=form.cleaned_data["code"],
            event_id=form.cleaned_data["event_id"],
            way_in=WayIn(form.cleaned_data["way_in"] or WayIn.TYPED),
        )
    if not wants_json:
        kept = form if result.look == "out" else None
        return _page(request, session, result=result, form=kept, status=status)
    places = rosters.read_roster(
        by=request.actor, session=session, now=timezone.now(), context="desk"
    )
    seats = selectors.seats_of(session, places)
    return JsonResponse(
        {
            "look": result.look,
            "html": render_to_string(
                "attendance/_result.html", {"result": result, "session": session}, request
            ),
            "board": render_to_string(
                "attendance/_board.html",
                {
                    "session": session,
                    "groups": selectors.grouped(places, seats),
                    "counts": selectors.counts(seats),
                    "is_open": True,
                    "mode": "tick",
                    "result": result,
                },
                request,
            ),
        },
        status=status,
    )


def _arrive(
    request: MemberRequest,
    session: CourseSession,
    *,
    event_id: UUID,
    way_in: WayIn,
    code: str = "",
    student_id: int | None = None,
) -> tuple[Result, int]:
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
        )
    except Refusal as refusal:
        if refusal.kind == Refusal.NOT_FOUND:
            raise
        walk_in = code if isinstance(refusal, NotBookedHere) and code else ""
        return (
            Result("out", _("不能签到"), detail=str(refusal), walk_in=walk_in),
            STATUS_OF_KIND[refusal.kind],
        )
    label = wording.class_name(entry.student.class_group, session.starts_at)
    facts = {"seat": entry.student.seat_no, "class_group": label}
    where = _("座号 %(seat)s · %(class_group)s") % facts
    clock = dates.clock(entry.event.happened_at)
    if entry.is_new:
        return (
            Result("in", _("已签到"), entry.student.name, f"{where} · {clock}", "", entry.place.pk),
            200,
        )
    since = _("%(clock)s 已签到。") % {"clock": clock}
    return (
        Result("dup", _("已签过到"), entry.student.name, f"{where} · {since}", "", entry.place.pk),
        200,
    )


@require_POST
@members_only(*KEEPING)
def tick(request: MemberRequest, pk: int) -> HttpResponse:
    """A seat of the grid: who is expected is in; for the others the page of what can be done."""
    session = _session(request, pk)
    chosen = get_object_or_404(
        Place.objects.visible_to(request.actor).live().filter(student__isnull=False),
        pk=_key(request.POST.get("place", "")),
        session=session,
    )
    if request.POST.get("mode") == "menu":
        return redirect("attendance:desk_place", pk, chosen.pk)
    places = [seat for seat in selectors.seats_of(session, _with_class([chosen])) if seat.mark]
    if places:
        return redirect("attendance:desk_place", pk, chosen.pk)
    result, status = _arrive(
        request, session, event_id=uuid4(), way_in=WayIn.TICK, student_id=chosen.student_id
    )
    return _page(request, session, result=result, status=status)


def _with_class(places: list[Place]) -> list[Place]:
    return list(
        Place.objects.filter(pk__in=[place.pk for place in places]).select_related(
            "student", "school", "booking__class_group"
        )
    )


@members_only(*KEEPING)
def place(request: MemberRequest, pk: int, place_pk: int) -> HttpResponse:
    """One student at the door: left, absent, excused, undo, or a classmate instead."""
    session = _session(request, pk)
    now = timezone.now()
    chosen = get_object_or_404(
        Place.objects.visible_to(request.actor)
        .live()
        .filter(session=session, student__isnull=False)
        .select_related("student", "school", "booking__class_group", "booking__session"),
        pk=place_pk,
    )
    if request.method == "POST":
        try:
            done = _do(request, session, chosen)
        except Refusal as refusal:
            if refusal.kind == Refusal.NOT_FOUND:
                raise
            messages.error(request, str(refusal))
        else:
            messages.success(request, done)
        return redirect("attendance:desk", pk)
    rosters.check_can_read_names(request.actor, session, now)
    (seat,) = selectors.seats_of(session, [chosen])
    here = Place.objects.live().filter(session=session, student__isnull=False)
    classmates = (
        Student.objects.current()
        .filter(class_group=chosen.booking.class_group)
        .exclude(pk__in=here.values("student_id"))
        .order_by("seat_no")
    )
    return render(
        request,
        "attendance/place.html",
        {
            "session": session,
            "seat": seat,
            "event_id": uuid4(),
            # By seat number alone: a host meets no names beyond its own sessions' places.
            "classmates": list(classmates.values_list("pk", "seat_no")),
        },
    )


def _do(request: MemberRequest, session: CourseSession, chosen: Place) -> str:
    """What the button of the student's page says; returns the sentence that it is done."""
    now = timezone.now()
    assert chosen.student_id is not None
    if request.POST.get("kind") == EventKind.VOID:
        check_ins.undo_last(
            by=request.actor, session=session, student_id=chosen.student_id, now=now
        )
        return _("已撤销上一次记录。")
    if request.POST.get("swap"):
        door_list.swap(
            by=request.actor,
            session=session,
            place=chosen,
            in_student_id=_key(request.POST["swap"]),
            now=now,
        )
        return _("已换成同班同学，请让这名同学签到。")
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise NotBookedHere
    kind = EventKind(form.cleaned_data["kind"])
    check_ins.mark(
        by=request.actor,
        session=session,
        student_id=chosen.student_id,
        kind=kind,
        event_id=form.cleaned_data["event_id"],
        now=now,
    )
    return _("%(seat)s 号%(done)s。") % {"seat": chosen.student.seat_no, "done": kind.label}  # type: ignore[union-attr]


@require_POST
@members_only(*KEEPING)
def walk_in(request: MemberRequest, pk: int) -> HttpResponse:
    """A student who is on no list of this session: asked once, then let in while seats are free.

    By POST even to ask: a badge's code is in no address.
    """
    session = _session(request, pk)
    code = request.POST.get("code", "")[:200]
    is_sure = "sure" in request.POST
    now = timezone.now()
    try:
        student = check_ins.bearer(code)
        changes.check_can_admit_walk_in(request.actor, session, student, now)
        if is_sure:
            changes.admit_walk_in(by=request.actor, session=session, student=student, now=now)
    except Refusal as refusal:
        if refusal.kind == Refusal.NOT_FOUND:
            raise
        result = Result("out", _("不能加入本场"), detail=str(refusal))
        return _page(request, session, result=result, status=STATUS_OF_KIND[refusal.kind])
    if is_sure:
        result, status = _arrive(request, session, event_id=uuid4(), way_in=WayIn.TYPED, code=code)
        return _page(request, session, result=result, status=status)
    left = session.capacity - session.seats_taken - session.seats_held
    return render(
        request, "attendance/walk_in.html", {"session": session, "code": code, "left": left}
    )


@members_only(*KEEPING)
def admit_rest(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first; then everybody still expected is in."""
    session = _session(request, pk)
    now = timezone.now()
    if request.method == "POST":
        try:
            count = check_ins.admit_rest(by=request.actor, session=session, now=now)
        except Refusal as refusal:
            if refusal.kind == Refusal.NOT_FOUND:
                raise
            messages.error(request, str(refusal))
        else:
            messages.success(
                request,
                ngettext("%(count)d 人记为已到。", "%(count)d 人记为已到。", count)
                % {"count": count},
            )
        return redirect("attendance:desk", pk)
    places = rosters.read_roster(by=request.actor, session=session, now=now, context="desk")
    counted = selectors.counts(selectors.seats_of(session, places))
    return render(request, "attendance/rest.html", {"session": session, "counts": counted})


@members_only(*KEEPING)
def close(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first, with the counts; then the hours are credited."""
    session = _session(request, pk)
    now = timezone.now()
    if request.method == "POST":
        try:
            desks.close_desk(by=request.actor, session=session, now=now)
        except Refusal as refusal:
            if refusal.kind == Refusal.NOT_FOUND:
                raise
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("签到已结束，学时已记。"))
        return redirect("attendance:desk", pk)
    desks.check_can_close(request.actor, session, now)
    places = rosters.read_roster(by=request.actor, session=session, now=now, context="desk")
    counted = selectors.counts(selectors.seats_of(session, places))
    return render(request, "attendance/close.html", {"session": session, "counts": counted})


@members_only(*KEEPING)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """A closed desk takes corrections again, with a reason."""
    session = _session(request, pk)
    desks.check_can_keep(request.actor, session)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            desks.reopen_desk(
                by=request.actor,
                session=session,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            if refusal.kind == Refusal.NOT_FOUND:
                raise
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已重新打开，更正后请再次结束签到。"))
            return redirect("attendance:desk", pk)
    return render(
        request, "attendance/reopen.html", {"session": session, "form": form}, status=status
    )


def _session(request: MemberRequest, pk: int) -> CourseSession:
    session = get_object_or_404(
        CourseSession.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related("version", "room__site", "school", "host"),
        pk=pk,
    )
    desks.check_can_keep(request.actor, session)
    return session


def _key(text: str) -> int:
    """A row's key as a form sends it; what is none finds nothing."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
