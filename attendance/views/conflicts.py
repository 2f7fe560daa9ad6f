"""What devices sent that contradicts what we know: a short list, decided by a person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from accounts.services import audit
from attendance.choices import EventKind
from attendance.errors.desk import DeskClosed
from attendance.errors.devices import NothingChosen
from attendance.forms.door import DropForm
from attendance.models import Conflict
from attendance.selectors import conflicts as selectors
from attendance.services import conflicts
from attendance.services import desk as desks
from attendance.views import door
from bookings import wording
from courses.models import CourseSession
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
    batches = selectors.together(waiting)[:SHOWN]
    # Of those decided together the first stands for all, and nobody is named.
    rows = selectors.in_words([batch[0] for batch in batches], timezone.now())
    _record(
        request.actor, [row for row, batch in zip(rows, batches, strict=True) if len(batch) == 1]
    )
    response = render(
        request,
        "attendance/conflicts.html",
        {
            "rows": [(row, len(batch)) for row, batch in zip(rows, batches, strict=True)],
            "session_id": session_id,
        },
    )
    add_never_cache_headers(response)
    return response


@members_only(*door.KEEPING)
def decide(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One of them, with what repeats it: it counts, or it does not and why."""
    found = _found(request, pk)
    if found is None:
        return _decided_before(request)
    times = next(own for own in selectors.batch_of(found, request.actor) if found in own)
    conflict, *repeats = times
    now = timezone.now()
    form = DropForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if "accept" in request.POST:
                conflicts.accept(by=request.actor, conflict=conflict, repeats=repeats, now=now)
                done = _("已记入。%(way_back)s") % {"way_back": _way_back(conflict)}
            else:
                conflicts.drop(
                    by=request.actor,
                    conflict=conflict,
                    repeats=repeats,
                    reason=form.cleaned_data["reason"],
                    now=now,
                )
                done = _("已记下：不记。")
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, done)
            return redirect(_list_url(request))
    row = selectors.in_words([times], now)[0]
    _record(request.actor, [row])
    why_not, is_closed = _why_not(request.actor, conflict)
    response = render(
        request,
        "attendance/conflict.html",
        {
            "row": row,
            "form": form,
            "why_not": why_not,
            "effects": _effects(row),
            "is_closed": is_closed,
            "list_url": _list_url(request),
        },
        status=status,
    )
    add_never_cache_headers(response)
    return response


@members_only(*door.KEEPING)
def decide_together(request: MemberRequest, pk: UUID) -> HttpResponse:
    """All that one device sent of one session, kind and doubt, of which this is one: those that
    are ticked count, or do not and why."""
    found = _found(request, pk)
    if found is None:
        return _decided_before(request)
    session = found.session
    now = timezone.now()
    rows = selectors.in_words(selectors.batch_of(found, request.actor), now)
    form = DropForm(request.POST or None)
    chosen = {row.conflict.pk for row in rows}
    status = 200
    if request.method == "POST" and form.is_valid():
        asked = set(request.POST.getlist("conflict"))
        # Once more read meanwhile, it is the same one.
        picked = [row for row in rows if asked & {str(one.pk) for one in row.events}]
        chosen = {row.conflict.pk for row in picked}
        groups = [row.events for row in picked]
        accepts = "accept" in request.POST
        try:
            if not groups:
                raise NothingChosen
            if accepts:
                decided = conflicts.accept_all(
                    by=request.actor, session=session, groups=groups, now=now
                )
            else:
                decided = conflicts.drop_all(
                    by=request.actor,
                    session=session,
                    groups=groups,
                    reason=form.cleaned_data["reason"],
                    now=now,
                )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            _say(request, rows, decided, accepts=accepts)
            return redirect(_list_url(request))
    _record(request.actor, rows)
    why_not, is_closed = _why_not_together(request.actor, session)
    response = render(
        request,
        "attendance/conflicts_together.html",
        {
            "rows": rows,
            "row": rows[0],
            "chosen": chosen,
            "form": form,
            "why_not": why_not,
            "effects": _effects_together(rows),
            "is_closed": is_closed,
            "list_url": _list_url(request),
        },
        status=status,
    )
    add_never_cache_headers(response)
    return response


def _found(request: MemberRequest, pk: UUID) -> Conflict | None:
    """The conflict, or nothing if it was decided. Refused: NotYours."""
    conflict = selectors.waiting(request.actor).filter(pk=pk).first()
    if conflict is None and not Conflict.objects.visible_to(request.actor).filter(pk=pk).exists():
        raise NotYours
    return conflict


def _decided_before(request: MemberRequest) -> HttpResponse:
    messages.info(request, _("这条记录已经处理过。"))
    return redirect(_list_url(request))


def _say(
    request: MemberRequest,
    rows: list[selectors.DoubtfulEvent],
    decided: conflicts.Decided,
    *,
    accepts: bool,
) -> None:
    """How many were decided, and whose were not and why: by seat, for a message may be kept."""
    done, count = decided.done, {"count": decided.done}
    if done and accepts:
        messages.success(
            request, ngettext("已记入 %(count)d 条。", "已记入 %(count)d 条。", done) % count
        )
    elif done:
        messages.success(
            request, ngettext("不记 %(count)d 条。", "不记 %(count)d 条。", done) % count
        )
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.conflict.pk in decided.refused:
            reasons.setdefault(str(decided.refused[row.conflict.pk]), []).append(row.nameless)
    for reason, whose in reasons.items():
        messages.warning(
            request,
            _("没有处理：%(who)s。%(why)s") % {"who": wording.names(whose), "why": reason},
        )


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


def _why_not_together(actor: Actor, session: CourseSession) -> tuple[str, bool]:
    """The same of all of one door; of a single one it is said once it is tried."""
    try:
        desks.check_can_open(actor, session, timezone.now())
        desks.check_is_open(session)
    except Refusal as refusal:
        return str(refusal), isinstance(refusal, DeskClosed)
    return "", False


def _effects(row: selectors.DoubtfulEvent) -> list[str]:
    """What accepting it does, and how that is taken back, a sentence each."""
    conflict = row.conflict
    does = {
        EventKind.IN: _("记入后，这名学生算 %(moment)s 签到。"),
        EventKind.OUT: _("记入后，这名学生算 %(moment)s 签退。"),
        EventKind.ABSENT: _("记入后，这名学生记为缺席。"),
        EventKind.EXCUSED: _("记入后，这名学生记为请假。"),
        EventKind.VOID: _("记入后，之前的“%(takes_back)s”就撤销了。"),
    }[EventKind(conflict.kind)] % {
        "moment": dates.moment(conflict.happened_at),
        "takes_back": row.takes_back,
    }
    marks = dict.fromkeys(mark.get_kind_display() for mark in conflicts.marks_voided_by(conflict))
    parts = (
        does,
        _("之后记的%(marks)s一并撤销。") % {"marks": wording.names(marks)} if marks else "",
        _("这名学生没有约本场，会占用一个名额。") if conflicts.makes_a_place(conflict) else "",
        _("同样的记录只记一条，其余不记。") if row.repeats else "",
        _way_back(conflict),
    )
    return [part for part in parts if part]


def _effects_together(rows: list[selectors.DoubtfulEvent]) -> list[str]:
    """The same of several."""
    kind = EventKind(rows[0].conflict.kind)
    does = {
        EventKind.IN: _("记入后，勾选的学生算各自的时间签到；之后记的缺席、请假一并撤销。"),
        EventKind.OUT: _("记入后，勾选的学生算各自的时间签退。"),
        EventKind.ABSENT: _("记入后，勾选的学生记为缺席。"),
        EventKind.EXCUSED: _("记入后，勾选的学生记为请假。"),
        EventKind.VOID: _("记入后，勾选的原记录就撤销了。"),
    }[kind]
    parts = (
        does,
        _("没有约本场的学生，各占用一个名额。") if kind == EventKind.IN else "",
        _("同样的记录只记一条，其余不记。") if any(row.repeats for row in rows) else "",
        _way_back(rows[0].conflict),
    )
    return [part for part in parts if part]


def _way_back(conflict: Conflict) -> str:
    if conflict.kind == EventKind.VOID:
        return _("撤错了，请到签到台重新签到。")
    return _("记错了，可以到签到台点座号撤销。")


def _record(actor: Actor, rows: list[selectors.DoubtfulEvent]) -> None:
    audit.record_names_read(
        by=actor,
        now=timezone.now(),
        context="conflicts",
        students={row.conflict.student for row in rows if row.name},
    )
