"""What devices sent that contradicts what we know: a short list, decided by a person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from accounts.services import audit
from attendance.choices import EventKind
from attendance.errors.desk import DeskClosed
from attendance.forms.door import DropForm
from attendance.models import Conflict
from attendance.selectors import conflicts as selectors
from attendance.services import conflicts
from attendance.views import door
from sites import dates

# The list is meant to be short; whoever has more begins at the top.
SHOWN = 50


@require_safe
@members_only(*door.KEEPING)
def list_conflicts(request: MemberRequest) -> HttpResponse:
    """Those that the actor may decide; of one door, where it is about to be closed."""
    waiting = selectors.waiting(request.actor)
    session_id = _session_asked(request)
    if session_id:
        waiting = waiting.filter(session=session_id)
    rows = selectors.in_words(waiting[:SHOWN], timezone.now())
    _record(request.actor, rows)
    response = render(
        request, "attendance/conflicts.html", {"rows": rows, "session_id": session_id}
    )
    add_never_cache_headers(response)
    return response


@members_only(*door.KEEPING)
def decide(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One of them: it counts, or it does not and why."""
    conflict = selectors.waiting(request.actor).filter(pk=pk).first()
    if conflict is None:
        if Conflict.objects.visible_to(request.actor).filter(pk=pk).exists():
            messages.info(request, _("这条记录已经处理过。"))
            return redirect(_list_url(request))
        raise NotYours
    now = timezone.now()
    form = DropForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if "accept" in request.POST:
                conflicts.accept(by=request.actor, conflict=conflict, now=now)
                done = " ".join((_("已记入。"), _way_back(conflict)))
            else:
                conflicts.drop(
                    by=request.actor,
                    conflict=conflict,
                    reason=form.cleaned_data["reason"],
                    now=now,
                )
                done = _("已记下：不记。")
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, done)
            return redirect(_list_url(request))
    rows = selectors.in_words([conflict], now)
    _record(request.actor, rows)
    why_not, is_closed = _why_not(request.actor, conflict)
    response = render(
        request,
        "attendance/conflict.html",
        {
            "row": rows[0],
            "form": form,
            "why_not": why_not,
            "effect": _effect(conflict),
            "is_closed": is_closed,
            "list_url": _list_url(request),
        },
        status=status,
    )
    add_never_cache_headers(response)
    return response


def _session_asked(request: MemberRequest) -> int:
    """The door that the list is of; 0 for all."""
    asked = request.GET.get("session", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0


def _list_url(request: MemberRequest) -> str:
    """Of the list from which the actor came."""
    session_id = _session_asked(request)
    query = {"session": session_id} if session_id else None
    return reverse("attendance:conflicts", query=query)


def _why_not(actor: Actor, conflict: Conflict) -> tuple[str, bool]:
    """Why it cannot be accepted now, and whether reopening the door would help."""
    try:
        conflicts.check_can_accept(actor, conflict, timezone.now())
    except Refusal as refusal:
        return str(refusal), isinstance(refusal, DeskClosed)
    return "", False


def _effect(conflict: Conflict) -> str:
    """What accepting it does, and how that is taken back."""
    moment = dates.moment(conflict.happened_at)
    does = {
        EventKind.IN: _("记入后，这名学生算 %(moment)s 签到。"),
        EventKind.OUT: _("记入后，这名学生算 %(moment)s 签退。"),
        EventKind.ABSENT: _("记入后，这名学生记为缺席。"),
        EventKind.EXCUSED: _("记入后，这名学生记为请假。"),
        EventKind.VOID: _("记入后，之前的那条记录就撤销了。"),
    }[EventKind(conflict.kind)] % {"moment": moment}
    seats = _("这名学生没有约本场，会占用一个名额。") if conflicts.makes_a_place(conflict) else ""
    return " ".join(part for part in (does, seats, _way_back(conflict)) if part)


def _way_back(conflict: Conflict) -> str:
    if conflict.kind == EventKind.VOID:
        return _("撤错了，请到签到台重新签到。")
    return _("记错了，可以到签到台点座号撤销。")


def _record(actor: Actor, rows: list[selectors.DoubtfulEvent]) -> None:
    audit.record_names_read(
        by=actor,
        now=timezone.now(),
        context="conflicts",
        students={row.conflict.student for row in rows if row.who},
    )
