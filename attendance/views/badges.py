"""A class's badges: printed, and issued anew one at a time."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from attendance.documents import BadgeRow, badge_sheets
from attendance.forms import ReasonForm
from attendance.models import Badge
from attendance.services import badges
from bookings import wording
from rosters.models import ClassGroup, Student

PRINTING = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@require_safe
@members_only(*PRINTING)
def show_class(request: MemberRequest, pk: int) -> HttpResponse:
    """Who of the class has a badge."""
    group = _class(request, pk)
    live = {badge.student_id: badge for badge in _live_badges(request, group)}
    students = list(
        Student.objects.visible_to(request.actor)
        .current()
        .filter(class_group=group)
        .order_by("seat_no", "pk")
    )
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="badges",
        target=group,
        students=students,
    )
    return render(
        request,
        "attendance/badges.html",
        {
            "class_group": group,
            "rows": [(student, live.get(student.pk)) for student in students],
            "missing": sum(student.pk not in live for student in students),
        },
    )


@members_only(*PRINTING)
def sheet(request: MemberRequest, pk: int) -> HttpResponse:
    """The class's badges as a PDF. POST issues those that are missing first; GET changes
    nothing, and where some are missing leads to the page that offers to issue them."""
    group = _class(request, pk)
    now = timezone.now()
    if request.method == "POST":
        badges.issue_missing(by=request.actor, class_group=group, now=now)
    found = list(_live_badges(request, group))
    students = Student.objects.visible_to(request.actor).current().filter(class_group=group)
    if not found or students.count() > len(found):
        if not found and request.method == "POST":
            messages.error(request, _("班里还没有学生，没有可以打印的胸牌。"))
        return redirect("attendance:badges", pk)
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="badge_sheet",
        target=group,
        students=[badge.student for badge in found],
    )
    label = wording.class_name(group, now)
    school = wording.organisation_name(group.school)
    pdf = badge_sheets(
        [
            BadgeRow(
                code=badge.code,
                name=badge.student.name,
                class_label=label,
                seat=_("%(seat)s 号") % {"seat": badge.student.seat_no},
                school=school,
            )
            for badge in found
        ],
        title=_("%(school)s %(class_group)s 职业体验胸牌")
        % {"school": school, "class_group": label},
        hint=_("沿虚线裁开，装入胸卡套。遗失请告诉班主任补发，旧码即作废。"),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="badges-{group.pk}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@members_only(*PRINTING)
def reissue(request: MemberRequest, pk: int, student_pk: int) -> HttpResponse:
    """A new badge for a student; the old one opens nothing."""
    group = _class(request, pk)
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"),
        pk=student_pk,
        class_group=group,
    )
    form = ReasonForm(request.POST or None, initial={"reason": _("遗失")})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            badges.reissue(
                by=request.actor,
                student=student,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, _("已补发，旧胸牌作废。已得学时不受影响。"))
            return redirect("attendance:badges", pk)
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="badge_reissue",
        target=student,
        students=[student],
    )
    return render(
        request,
        "attendance/reissue.html",
        {"class_group": group, "student": student, "form": form},
        status=status,
    )


def _live_badges(request: MemberRequest, group: ClassGroup) -> QuerySet[Badge]:
    """The badges that open doors, of those in the class today, in class order."""
    return (
        Badge.objects.visible_to(request.actor)
        .live()
        .filter(student__class_group=group, student__left_at=None, student__merged_into=None)
        .select_related("student")
        .order_by("student__seat_no", "student_id")
    )


def _class(request: MemberRequest, pk: int) -> ClassGroup:
    return get_object_or_404(
        ClassGroup.objects.visible_to(request.actor).current().select_related("school"), pk=pk
    )
