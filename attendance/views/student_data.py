"""One student's data: looked through, taken out, erased."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from attendance.forms.students import EraseForm
from attendance.selectors.student_data import sheets_of
from attendance.services import erasure
from bookings import wording
from rosters.models import Student
from rosters.workbooks import MEDIA_TYPE, workbook
from sites import dates


@never_cache
@require_safe
@members_only(Role.SCHOOL_COORDINATOR)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """How much is held about the student, and what can be done with it."""
    now = timezone.now()
    student = _student(request, pk)
    if student.erased_at is None:
        audit.record_names_read(
            by=request.actor, now=now, context="student_data", target=student, students=[student]
        )
    return render(
        request,
        "attendance/student_data.html",
        {
            "student": student,
            "label": wording.class_name(student.class_group, now),
            "parts": [(sheet.name, len(sheet.rows)) for sheet in sheets_of(student, now)[1:]],
        },
    )


@never_cache
@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def export(request: MemberRequest, pk: int) -> HttpResponse:
    """All of it as one Excel file that says who took it out and when."""
    now = timezone.now()
    student = _student(request, pk)
    erasure.check_can_erase(request.actor, student)
    audit.record_names_read(
        by=request.actor,
        now=now,
        verb="student.exported",
        context="student_export",
        target=student,
        students=[student],
    )
    origin = _("%(school)s %(name)s 导出，%(when)s") % {
        "school": request.actor.organisation_name,
        "name": request.actor.name,
        "when": dates.moment_full(now),
    }
    content = workbook(
        sheets_of(student, now),
        title=_("一名学生的全部数据"),
        origin=origin,
        author=request.actor.name,
        at=dates.local(now),
    )
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="student-{student.pk}.xlsx"'
    return response


@never_cache
@members_only(Role.SCHOOL_COORDINATOR)
def erase(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks for the name to be typed; then it is gone for ever."""
    now = timezone.now()
    student = _student(request, pk)
    erasure.check_can_erase(request.actor, student)
    form = EraseForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            erasure.erase_student(
                by=request.actor, student=student, typed_name=form.cleaned_data["name"], now=now
            )
        except Refusal as refusal:
            form.add_error("name", str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("个人数据已删除，已得学时只对应编号。"))
            return redirect("attendance:student_data", pk)
    audit.record_names_read(
        by=request.actor, now=now, context="student_data", target=student, students=[student]
    )
    return render(
        request,
        "attendance/student_erase.html",
        {
            "student": student,
            "label": wording.class_name(student.class_group, now),
            "form": form,
        },
        status=status,
    )


def _student(request: MemberRequest, pk: int) -> Student:
    """Those who left as well: their data is theirs still."""
    return get_object_or_404(
        Student.objects.visible_to(request.actor).select_related("class_group", "school"), pk=pk
    )
