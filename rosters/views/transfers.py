"""Students on the way to another school, and those on the way here."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from rosters import selectors
from rosters.forms.students import TransferForm
from rosters.models import Student, StudentTransfer
from rosters.services import transfers


@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def list_transfers(request: MemberRequest) -> HttpResponse:
    """Those that wait first; a name is shown only while its transfer waits or at her school."""
    rows = selectors.transfers_of(request.actor)
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="transfers",
        students=[row.student for row in rows],
    )
    return render(
        request,
        "rosters/transfers.html",
        {
            "waiting_in": [row for row in rows if _waits(row) and not _is_out(request, row)],
            "waiting_out": [row for row in rows if _waits(row) and _is_out(request, row)],
            "over": [(row, _is_out(request, row)) for row in rows if not _waits(row)],
        },
    )


@members_only(Role.SCHOOL_COORDINATOR)
def ask(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks another school to take the student."""
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"), pk=pk
    )
    form = TransferForm(request.POST or None, schools=selectors.schools_to_move_to(request.actor))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            transfers.ask(
                by=request.actor, student=student, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已请对方学校接收。接收以前，学生仍在本校。"))
            return redirect("rosters:transfers")
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="transfer_ask",
        target=student,
        students=[student],
    )
    return render(
        request, "rosters/transfer_form.html", {"form": form, "student": student}, status=status
    )


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """The old school keeps the student."""
    transfers.withdraw(by=request.actor, transfer=_transfer(request, pk), now=timezone.now())
    messages.success(request, _("已撤回，学生仍在本校。"))
    return redirect("rosters:transfers")


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def decline(request: MemberRequest, pk: int) -> HttpResponse:
    """The student is not ours."""
    transfers.decline(by=request.actor, transfer=_transfer(request, pk), now=timezone.now())
    messages.success(request, _("已退回，对方学校会收到通知。"))
    return redirect("rosters:transfers")


def _transfer(request: MemberRequest, pk: int) -> StudentTransfer:
    return get_object_or_404(StudentTransfer.objects.visible_to(request.actor), pk=pk)


def _waits(row: StudentTransfer) -> bool:
    return row.answered_at is None


def _is_out(request: MemberRequest, row: StudentTransfer) -> bool:
    return row.from_school_id == request.actor.organisation_id
