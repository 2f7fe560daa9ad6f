"""The host changes a session, having seen whom it affects and what stands in the way."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from bookings import wording
from bookings.forms.session_change import SessionChangeForm
from bookings.models import Booking
from bookings.selectors import alternatives
from bookings.selectors import host_day as selectors
from bookings.services import host_moves, idempotency
from courses.models import CourseSession
from sites.calendar import local_day

from .once import once_per_form


@members_only(Role.HOST_MANAGER, Role.INSTRUCTOR)
@once_per_form
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Another time, place, teacher or number of seats. "Preview" says whom it affects, who would
    clash with what, and what still fits those who go; "save" does it, with a reason. Where
    somebody has booked, or the time is one that is seldom meant, what is saved is what was
    previewed, or it is previewed now."""
    now = timezone.now()
    session = _session(request, pk)
    host_moves.check_can_change_session(request.actor, session, now)
    bookings = list(selectors.visitors_of(request.actor, [session]))
    form = SessionChangeForm(request.POST or None, actor=request.actor, session=session)
    status, seen, is_unseen = 200, None, False
    # Where only the reason is missing, the change was previewed all the same.
    mark = request.POST.get("seen", "")
    if request.method == "POST" and form.is_valid():
        wanted = form.change()
        if mark != _mark(request, form, bookings):
            is_unseen = bool(bookings) or bool(
                host_moves.preview(
                    by=request.actor, session=session, change=wanted, now=now
                ).cautions
            )
        if "preview" not in request.POST and not is_unseen:
            try:
                changed = host_moves.change_session(
                    by=request.actor,
                    session=session,
                    sequence=form.cleaned_data["sequence"],
                    change=wanted,
                    code=form.cleaned_data["code"],
                    reason=form.cleaned_data["reason"],
                    now=now,
                )
            except Refusal as refusal:
                status = put_on(form, refusal)
            else:
                messages.success(request, _("已改好，约了的学校和带课的人都会收到通知。"))
                return redirect("attendance:host_day", day=local_day(changed.starts_at))
        seen = host_moves.preview(by=request.actor, session=session, change=wanted, now=now)
        mark = _mark(request, form, bookings) if seen.is_possible else ""
    offers = alternatives.offers_for(session, bookings, now)
    return render(
        request,
        "bookings/session_change.html",
        {
            "session": session,
            "day": local_day(session.starts_at),
            "words": wording.session_line(session),
            "rows": [
                {
                    "visitor": selectors.visitor_in_words(one),
                    "is_leaving": str(one.pk) in form.released,
                    "clash": seen.clashes.get(one.pk, "") if seen is not None else "",
                    "offers": offers[one.pk],
                }
                for one in bookings
            ],
            "seen": seen,
            "mark": mark,
            "is_unseen": is_unseen and "preview" not in request.POST,
            "form": form,
        },
        status=status,
    )


def _mark(request: MemberRequest, form: SessionChangeForm, bookings: Sequence[Booking]) -> str:
    """Of a change and of whom it affects: another one where either is not as it was previewed."""
    return idempotency.digest_of(
        {name: request.POST.getlist(name) for name in form.of_change},
        [(one.pk, one.edition) for one in bookings],
    )


def _session(request: MemberRequest, pk: int) -> CourseSession:
    session = (
        CourseSession.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related(
            "version",
            "season",
            "room__site",
            "room_hold",
            "school",
            "host",
            "instructor__user",
            "assistant__user",
        )
        .filter(pk=pk)
        .first()
    )
    if session is None:
        raise NotYours
    return session
