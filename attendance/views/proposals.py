"""Class hours by hand: proposed on one page, decided on another by another person."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.actors import Actor
from accounts.choices import Role
from accounts.errors import NotYours, Refusal
from accounts.services import audit
from attendance.choices import MOST_HOURS_BY_HAND
from attendance.forms.proposals import AnswerForm, CorrectionForm, ProposalForm
from attendance.models import HourProposal
from attendance.selectors import proposals as selectors
from attendance.services import proposals, telling_proposals
from attendance.views import door
from attendance.views.door import key
from bookings import wording
from bookings.models import Place
from courses.models import CourseSession
from hours.models import HourCredit
from rosters.models import Student

SCHOOL = (Role.SCHOOL_COORDINATOR, Role.TEACHER)
ROLES = (*SCHOOL, Role.HOST_MANAGER, Role.SECRETARIAT)


@never_cache
@require_safe
@members_only(*ROLES)
def list_proposals(request: MemberRequest) -> HttpResponse:
    """What waits for a decision, and what was decided lately."""
    now = timezone.now()
    waiting = selectors.undecided(request.actor)
    decided = selectors.decided(request.actor, now)
    shown = [*waiting, *decided]
    # The page from which each comes; a host's manager comes from a door.
    up, up_label = {
        Role.SCHOOL_COORDINATOR: ("insights:school", _("全校学时")),
        Role.TEACHER: ("insights:classes", _("班级")),
        Role.SECRETARIAT: ("insights:alliance", _("总览")),
    }.get(request.actor.role or Role.HOST_MANAGER, ("attendance:desks", _("签到")))
    if request.actor.is_school:
        audit.record_names_read(
            by=request.actor,
            now=now,
            context="hour_proposals",
            students=[proposal.student for proposal in shown],
        )
    return render(
        request,
        "attendance/proposals.html",
        {
            "waiting": [_row(request.actor, one) for one in waiting],
            "decided": [_row(request.actor, one) for one in decided],
            "is_school": request.actor.is_school,
            "up": up,
            "up_label": up_label,
        },
    )


@never_cache
@members_only(*ROLES)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """One proposal: what it says, and confirm, refuse or withdraw where that is the actor's."""
    proposal = selectors.visible(request.actor).filter(pk=pk).first()
    if proposal is None:
        raise NotYours
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            sentence = _decide(request, proposal, form)
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, sentence)
            return redirect("attendance:proposals")
    elif request.method == "POST":
        status = 422
    if request.actor.is_school:
        audit.record_names_read(
            by=request.actor,
            now=timezone.now(),
            context="hour_proposals",
            target=proposal,
            students=[proposal.student],
        )
    return render(
        request,
        "attendance/proposal.html",
        {
            "row": _row(request.actor, proposal),
            "form": form,
            "why_no_decision": _why(proposals.check_can_decide, request.actor, proposal),
            "why_no_confirm": _why(proposals.check_can_confirm, request.actor, proposal),
            "is_locked": telling_proposals.is_in_locked_period(proposal),
            "can_withdraw": not _why(proposals.check_can_withdraw, request.actor, proposal),
        },
        status=status,
    )


def _decide(request: MemberRequest, proposal: HourProposal, form: AnswerForm) -> str:
    now, answer = timezone.now(), form.cleaned_data["answer"]
    what = form.cleaned_data["what"]
    if what == "confirm":
        proposals.confirm(by=request.actor, proposal=proposal, now=now)
        return _("已同意，学时已记入。")
    if what == "refuse":
        proposals.refuse(by=request.actor, proposal=proposal, answer=answer, now=now)
        return _("没有同意，已告诉提出的人。")
    proposals.withdraw(by=request.actor, proposal=proposal, answer=answer, now=now)
    return _("已撤回。")


@never_cache
@members_only(*SCHOOL)
def propose(request: MemberRequest, pk: int) -> HttpResponse:
    """The school proposes for a student: of a session (``?session=``), or of none."""
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).select_related("class_group"), pk=pk
    )
    wanted = key(request.GET.get("session", ""))
    session = _session_of(student, wanted) if wanted else None
    proposals.check_can_propose(request.actor, student, session)
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="hour_proposals",
        target=student,
        students=[student],
    )
    return _propose(request, student, session, show_name=True)


@never_cache
@members_only(Role.HOST_MANAGER)
def propose_at_desk(request: MemberRequest, pk: int, place_pk: int) -> HttpResponse:
    """The host proposes for a student of its own session; by class and seat, without the name."""
    session = door.session_of(request, pk)
    place = get_object_or_404(
        Place.objects.visible_to(request.actor)
        .live()
        .filter(session=session, student__isnull=False)
        .select_related("student__class_group"),
        pk=place_pk,
    )
    assert place.student is not None
    proposals.check_can_propose(request.actor, place.student, session)
    return _propose(request, place.student, session, show_name=False)


@never_cache
@members_only(*SCHOOL)
def correct(request: MemberRequest, pk: int) -> HttpResponse:
    """The school proposes that a credit be another number of hours, or none."""
    credit = get_object_or_404(
        HourCredit.objects.visible_to(request.actor).select_related(
            "student__class_group", "session__version", "session__host"
        ),
        pk=pk,
    )
    proposals.check_can_correct(request.actor, credit)
    most = credit.session.class_hours if credit.session else MOST_HOURS_BY_HAND
    form = CorrectionForm(request.POST if request.method == "POST" else None, most=most)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            proposal = proposals.propose_correction(
                by=request.actor, credit=credit, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _submitted(proposal))
            return redirect("attendance:proposals")
    elif request.method == "POST":
        status = 422
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="hour_proposals",
        target=credit,
        students=[credit.student],
    )
    return render(
        request,
        "attendance/credit_correct.html",
        {
            "form": form,
            "credit": credit,
            "student": credit.student,
            "line": wording.session_line(credit.session) if credit.session else None,
            "label": wording.class_name(credit.student.class_group, timezone.now()),
        },
        status=status,
    )


def _propose(
    request: MemberRequest, student: Student, session: CourseSession | None, *, show_name: bool
) -> HttpResponse:
    now = timezone.now()
    form = ProposalForm(
        request.POST if request.method == "POST" else None, session=session, now=now
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            proposal = proposals.propose(
                by=request.actor, student=student, session=session, now=now, **form.values()
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _submitted(proposal))
            return redirect("attendance:proposals")
    elif request.method == "POST":
        status = 422
    return render(
        request,
        "attendance/proposal_form.html",
        {
            "form": form,
            "student": student,
            "name": student.name if show_name else "",
            "label": wording.class_name(student.class_group, now),
            "line": wording.session_line(session) if session else None,
            "is_school": request.actor.is_school,
        },
        status=status,
    )


def _submitted(proposal: HourProposal) -> str:
    """Who decides next."""
    if telling_proposals.is_in_locked_period(proposal):
        return _("已提交。这段时间的学时已锁定，由联盟秘书处决定。")
    return _("已提交，等另一个人复核。")


def _session_of(student: Student, pk: int) -> CourseSession:
    """A session that the student was booked for: of others a school learns nothing here."""
    return get_object_or_404(
        CourseSession.objects.select_related("version", "room__site", "school", "host").filter(
            pk__in=Place.objects.filter(student=student).values("session_id")
        ),
        pk=pk,
    )


def _row(actor: Actor, proposal: HourProposal) -> dict[str, Any]:
    """A proposal in words; names for the school alone."""
    student = proposal.student
    return {
        "proposal": proposal,
        "state": selectors.LOOKS[proposal.state],
        "school": wording.organisation_name(student.school),
        "class_name": wording.class_name(student.class_group, proposal.proposed_at),
        "seat": student.seat_no,
        "name": student.name if actor.is_school else "",
        "line": wording.session_line(proposal.session) if proposal.session else None,
        "before": proposal.corrects.class_hours if proposal.corrects else None,
        "proposed_at_place": wording.organisation_name(proposal.proposed_by.organisation),
    }


def _why(check: Any, actor: Actor, proposal: HourProposal) -> str:
    try:
        check(actor, proposal)
    except Refusal as refusal:
        return str(refusal)
    return ""
