"""What is put right at the desk: one student's state, the rest, and reopening."""

from collections.abc import Callable
from uuid import uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.errors import Refusal
from accounts.services import audit
from attendance.choices import EventKind
from attendance.forms.door import MarkForm
from attendance.forms.reasons import ReasonForm
from attendance.selectors import desk as selectors
from attendance.services import check_in as check_ins
from attendance.services import desk as desks
from attendance.services import door_list, needs, whole_class
from attendance.views import answers, door, door_modes
from attendance.views.door import key
from bookings.models import Place
from bookings.selectors import names
from bookings.services import rosters
from courses.models import CourseSession


@members_only(*door.KEEPING)
def place(request: MemberRequest, pk: int, place_pk: int) -> HttpResponse:
    """One student at the door: left, absent, excused, undo, or a classmate instead."""
    session = door.session_of(request, pk)
    chosen = get_object_or_404(
        Place.objects.visible_to(request.actor)
        .filter(Q(is_live=True) | Q(is_walk_in=True), session=session, student__isnull=False)
        .select_related("student", "school", "booking__class_group", "booking__session"),
        pk=place_pk,
    )
    if not chosen.is_live:
        # Pressed twice, or from two devices: letting her in was taken back.
        messages.info(request, _("这名学生已不在本场名单里。"))
        return redirect(door_modes.kept("desk", pk, mode=door_modes.mode_of(request)))
    if request.method == "POST":
        return _done(request, session, lambda: _do(request, session, chosen))
    now = timezone.now()
    rosters.check_can_read_names(request.actor, session, now)
    assert chosen.student is not None
    audit.record_names_read(
        by=request.actor, now=now, context="desk", target=session, students=[chosen.student]
    )
    (seat,) = selectors.seats_of(session, [chosen])
    response = render(
        request,
        "attendance/place.html",
        {
            "session": session,
            "seat": seat,
            "needs": needs.read_needs(
                by=request.actor, session=session, seats=[seat], now=now, context="desk_place"
            ),
            "event_id": uuid4(),
            "desk_url": door_modes.kept("desk", pk, mode=door_modes.mode_of(request)),
            "events": selectors.events_of(session, seat.student_id),
            "classmates": selectors.classmates_not_here(chosen),
        },
    )
    # A full name, and a button that is pressed once: going back draws the page anew.
    add_never_cache_headers(response)
    return response


def _done(request: MemberRequest, session: CourseSession, act: Callable[[], str]) -> HttpResponse:
    """Back to the desk with the sentence that it is done, or the desk with the reason why not;
    to the list of desks where names are no longer shown."""
    try:
        sentence = act()
    except Refusal as refusal:
        result, status = answers.refused(refusal)
        return door.page(request, session, result=result, status=status)
    messages.success(request, sentence)
    if not names.names_window_open(session, timezone.now()):
        return redirect("attendance:desks")
    return redirect(door_modes.kept("desk", session.pk, mode=door_modes.mode_of(request)))


def _do(request: MemberRequest, session: CourseSession, chosen: Place) -> str:
    """What the button of the student's page says; returns the sentence that it is done."""
    now = timezone.now()
    assert chosen.student is not None
    seat = {"seat": chosen.student.seat_no}
    if "swap" in request.POST:
        door_list.swap(
            by=request.actor,
            session=session,
            place=chosen,
            in_student_id=key(request.POST["swap"]),
            now=now,
        )
        return _("%(seat)s 号的名额已换给同班同学，请让这名同学签到。") % seat
    form = MarkForm(request.POST)
    if not form.is_valid():
        return _("没有改动。")
    kind = EventKind(form.cleaned_data["kind"])
    event_id = form.cleaned_data["event_id"]
    if kind == EventKind.VOID:
        check_ins.undo_last(
            by=request.actor,
            session=session,
            student_id=chosen.student.pk,
            event_id=event_id,
            now=now,
        )
        if not Place.objects.live().filter(pk=chosen.pk).exists():
            return _("%(seat)s 号：已撤销签到，临时占用的名额已退回。") % seat
        return _("%(seat)s 号：已撤销上一次记录。") % seat
    check_ins.mark(
        by=request.actor,
        session=session,
        student_id=chosen.student.pk,
        kind=kind,
        event_id=event_id,
        now=now,
    )
    return _("%(seat)s 号：%(done)s。") % (seat | {"done": kind.label})


@members_only(*door.KEEPING)
def admit_rest(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first; then everybody still expected is in."""
    session = door.session_of(request, pk)
    if request.method == "POST":
        return _done(request, session, lambda: _admit(request, session))
    return render(request, "attendance/rest.html", _counted(request, session))


def _admit(request: MemberRequest, session: CourseSession) -> str:
    count = whole_class.admit_rest(by=request.actor, session=session, now=timezone.now())
    return ngettext("%(count)d 人记为已到。", "%(count)d 人记为已到。", count) % {"count": count}


def _counted(request: MemberRequest, session: CourseSession) -> dict[str, object]:
    return {
        "session": session,
        "counts": selectors.counts(selectors.seats_without_names(session)),
    }


@members_only(*door.KEEPING)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """A closed desk takes corrections again, with a reason."""
    session = door.session_of(request, pk)
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
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已重新打开，更正后请再次结束签到。"))
            return redirect("attendance:desk", pk)
    return render(
        request, "attendance/reopen.html", {"session": session, "form": form}, status=status
    )
