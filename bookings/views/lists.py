"""Who comes: changing a booking's list, and asking the host for a change after the freeze."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import NotAllowed, Refusal
from accounts.services import audit
from bookings.choices import ChangeState
from bookings.errors.requests import ReasonMissing, SeatsShortForChange, StaleBooking
from bookings.errors.reserving import (
    FewerSeatsThanNamed,
    MoreThanClass,
    SessionMoved,
    TooFewCompanions,
)
from bookings.forms.trips import AnswerForm, ChangeForm
from bookings.models import Booking, ChangeRequest
from bookings.selectors import change_requests as requests
from bookings.selectors import companions
from bookings.selectors import trips as selectors
from bookings.services import change_requests, changes, growth, lists, together
from bookings.services.companions import CompanionInput, needed_for
from bookings.services.sessions_seen import Seen
from courses.models import CourseSession

from .once import once_per_form

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@members_only(*SCHOOL_ROLES)
@once_per_form
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Who comes along: students, number and adults of a booking. After the freeze the same
    form, with a reason, asks the host."""
    now = timezone.now()
    found = selectors.booking_for(request.actor, pk)
    students = selectors.students_to_choose(request.actor, found)
    settles_at = lists.settles_at(found)
    settled = settles_at <= now
    status = 200
    if request.method == "POST":
        form = ChangeForm(request.POST, students=students, settled=settled)
        if form.is_valid():
            try:
                said = _save(request, found, form, settled=settled)
            except Refusal as refusal:
                status = put_on(form, refusal, _field_of(refusal, form))
                # What stood in the way may have changed what is still to be had.
                found = selectors.booking_for(request.actor, pk)
                if isinstance(refusal, StaleBooking | SessionMoved):
                    form.bring_up_to_date(found.edition)
                    form.see(_sessions_of(found))
            else:
                messages.success(request, said)
                return redirect("bookings:booking", pk=pk)
    else:
        changes.check_can_change_booking(request.actor, found, now)
        form = ChangeForm(
            students=students,
            settled=settled,
            companions=[CompanionInput(one.name, one.phone) for one in found.companions.all()],
            initial=_initial(request, found),
        )
    audit.record_names_read(
        by=request.actor, now=now, context="booking_change", target=found, students=students
    )
    parts = together.of(found) or [found]
    room = growth.of(parts)
    form.say_room(room, of_class=len(students))
    return render(
        request,
        "bookings/change.html",
        {
            "trip": selectors.in_words(found),
            "booking": found,
            "session": found.session,
            "free": room.free,
            "waiting": _waiting(request, found, parts),
            "needed": needed_for(found.session.version, found.seats),
            "unled": companions.missing_of(found),
            "settled": settled,
            "settles_at": settles_at,
            "form": form,
            "now_in": list(selectors.students_in(request.actor, found)),
        },
        status=status,
    )


def _field_of(refusal: Refusal, form: ChangeForm) -> str | None:
    """Where what was refused was filled in; None where that is no single field."""
    if isinstance(refusal, ReasonMissing):
        return "reason"
    if isinstance(refusal, FewerSeatsThanNamed):
        return "seats"
    if isinstance(refusal, SeatsShortForChange | MoreThanClass):
        return "seats" if form.cleaned_data["seats"] is not None else "students"
    return "adults" if isinstance(refusal, TooFewCompanions) else None


def _initial(request: MemberRequest, found: Booking) -> dict[str, object]:
    named = list(selectors.students_in(request.actor, found))
    return {
        "edition": found.edition,
        "students": named,
        "seats": found.seats if found.seats > len(named) else None,
        "adults": found.adults,
        "seen": [Seen.of(one) for one in _sessions_of(found)],
    }


def _waiting(
    request: MemberRequest, found: Booking, parts: Sequence[Booking]
) -> requests.Row | None:
    """What the host has not answered yet, of this booking or one that changes together with it."""
    asked = requests.of_booking(request.actor, found, together=parts)
    rows = requests.rows_of([one for one in asked if one.state == ChangeState.ASKED])
    return rows[0] if rows else None


def _sessions_of(found: Booking) -> list[CourseSession]:
    """Those that change together with the booking's."""
    return [one.session for one in together.of(found)]


def _save(request: MemberRequest, found: Booking, form: ChangeForm, *, settled: bool) -> str:
    """The change is made, or after the freeze asked for; the sentence to show."""
    now = timezone.now()
    values = form.cleaned_data
    student_ids = [student.pk for student in values["students"]]
    if settled:
        wanted = lists.look_up(
            found,
            now,
            student_ids=student_ids,
            seats=values["seats"],
            adults=values["adults"],
            companions=form.companions(),
        )
        renames = lists.differs_in_names(found, wanted)
        if lists.differs_in_list(found, wanted) or (values["reason"] and not renames):
            asked = change_requests.ask_change(
                by=request.actor,
                booking=found,
                edition=values["edition"],
                wanted=wanted,
                reason=values["reason"],
                seen=values["seen"],
                now=now,
            )
            if "companions" in asked.wanted:
                return _("申请已发给开课单位，答复前预约不变；带队教师的姓名同意后一起更新。")
            if renames:
                return _("带队教师已保存；其余的申请已发给开课单位，答复前不变。")
            return _("申请已发给开课单位，答复前预约不变。")
    changed = lists.change_booking(
        by=request.actor,
        booking=found,
        edition=values["edition"],
        student_ids=student_ids,
        seats=values["seats"],
        adults=values["adults"],
        companions=form.companions(),
        seen=values["seen"],
        now=now,
    )
    if settled:
        return _("带队教师已保存。")
    return _("已保存，现在是 %(seats)d 人。") % {"seats": changed.seats}


@require_POST
@members_only(*SCHOOL_ROLES)
@once_per_form
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """The school takes its request back."""
    asked = requests.request_for(request.actor, pk)
    change_requests.withdraw_change(by=request.actor, request=asked, now=timezone.now())
    messages.success(request, _("申请已撤回，预约不变。"))
    # Whoever came to change something goes on with it.
    page = "bookings:change" if "change" in request.POST else "bookings:booking"
    return redirect(page, pk=asked.booking_id)


@require_safe
@members_only(Role.HOST_MANAGER, *SCHOOL_ROLES)
def asked_changes(request: MemberRequest) -> HttpResponse:
    """What schools ask of the host, or the school asked of hosts: waiting, or answered."""
    after = ""
    is_answered = request.GET.get("show") == "answered"
    if is_answered:
        found, after = requests.answered(request.actor, after=request.GET.get("after", ""))
    else:
        found = list(requests.open_requests(request.actor, timezone.now()))
    return render(
        request,
        "bookings/change_requests.html",
        {
            "rows": requests.rows_of(found, with_trips=True),
            "is_answered": is_answered,
            "is_host": request.actor.is_host,
            "after": after,
        },
    )


@members_only(Role.HOST_MANAGER, *SCHOOL_ROLES)
@once_per_form
def answer(request: MemberRequest, pk: int) -> HttpResponse:
    """One request as a difference, with yes and no. The school reads it with its trip."""
    now = timezone.now()
    asked = requests.request_for(request.actor, pk)
    if request.actor.is_school:
        if request.method == "POST":
            raise NotAllowed
        return redirect("bookings:booking", pk=asked.booking_id)
    form = AnswerForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        service = (
            change_requests.accept_change
            if form.cleaned_data["accepts"]
            else change_requests.decline_change
        )
        try:
            service(by=request.actor, request=asked, answer=form.cleaned_data["answer"], now=now)
        except Refusal as refusal:
            status = put_on(form, refusal)
            # It may be over by now.
            asked = requests.request_for(request.actor, pk)
        else:
            messages.success(request, _("已答复，学校会收到通知。"))
            return redirect("bookings:change_requests")
    return render(
        request,
        "bookings/change_request.html",
        {
            "row": requests.rows_of([asked], with_trips=True)[0],
            "is_open": not _why_not_answered(request, asked, now),
            "form": form,
        },
        status=status,
    )


def _why_not_answered(request: MemberRequest, asked: ChangeRequest, now: datetime) -> str:
    try:
        change_requests.check_can_answer_change(request.actor, asked, now)
    except Refusal as refusal:
        return str(refusal)
    return ""
