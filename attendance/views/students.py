"""A student taken in from another school, and two rows of one child made one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from attendance.forms.students import AcceptForm, DuplicateForm
from attendance.services import merging, transfers
from bookings import wording
from rosters import selectors as roster_selectors
from rosters.models import ClassGroup, Student, StudentTransfer
from rosters.services.transfers import check_can_answer


@members_only(Role.SCHOOL_COORDINATOR)
def accept(request: MemberRequest, pk: int) -> HttpResponse:
    """Which class, seat and number the student gets here."""
    transfer = get_object_or_404(
        StudentTransfer.objects.visible_to(request.actor).select_related(
            "student__class_group", "from_school"
        ),
        pk=pk,
    )
    check_can_answer(request.actor, transfer)
    now = timezone.now()
    classes = (
        ClassGroup.objects.visible_to(request.actor)
        .current()
        .order_by("stage", "-entry_year", "number", "pk")
    )
    like = transfer.student.class_group
    suggested = classes.filter(stage=like.stage, entry_year=like.entry_year).first()
    form = AcceptForm(
        request.POST or None, classes=classes, moment=now, initial={"class_group": suggested}
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        group = form.cleaned_data["class_group"]
        try:
            transfers.accept(
                by=request.actor,
                transfer=transfer,
                class_group=group,
                seat_no=form.cleaned_data["seat_no"] or roster_selectors.next_seat(group),
                student_no=form.cleaned_data["student_no"],
                now=now,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已接收，学时和胸牌已随学生过来。"))
            return redirect("rosters:student_edit", transfer.student_id)
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="transfer_accept",
        target=transfer,
        students=[transfer.student],
    )
    return render(
        request,
        "attendance/transfer_accept.html",
        {
            "form": form,
            "transfer": transfer,
            "class_name": wording.class_name(like, now),
        },
        status=status,
    )


@members_only(Role.SCHOOL_COORDINATOR)
def merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Chooses the second row, shows what will happen, does it. By POST from the choice on."""
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"), pk=pk
    )
    now = timezone.now()
    candidates = roster_selectors.possible_duplicates(request.actor, student)
    form = DuplicateForm(request.POST or None, candidates=candidates)
    shown = list(candidates[: roster_selectors.MOST_FOUND])
    context: dict[str, object] = {"student": student, "candidates": shown}
    status = 200
    if request.method == "POST" and form.is_valid():
        duplicate = form.cleaned_data["duplicate"]
        try:
            if "confirm" in request.POST:
                done = merging.merge(
                    by=request.actor, survivor=student, duplicate=duplicate, now=now
                )
                messages.success(
                    request, _("已合并，并入 %(hours)d 学时。") % {"hours": done.hours}
                )
                if done.revoked:
                    messages.warning(
                        request,
                        ngettext(
                            "%(count)d 张证书已作废，请重新打印。",
                            "%(count)d 张证书已作废，请重新打印。",
                            done.revoked,
                        )
                        % {"count": done.revoked},
                    )
                return redirect("rosters:student_edit", pk)
            merging.check_can_merge(request.actor, student, duplicate)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            context |= {
                "duplicate": duplicate,
                "merger": merging.preview(survivor=student, duplicate=duplicate, now=now),
            }
    elif request.method == "POST":
        messages.error(request, _("请选择哪一行是同一名学生。"))
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="student_merge",
        target=student,
        students=[student, *shown],
    )
    return render(request, "attendance/student_merge.html", context, status=status)
