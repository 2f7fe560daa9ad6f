"""Badges on paper: of a class, of chosen students, of several classes or the whole school."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only
from accounts.errors import Refusal
from accounts.services import audit
from attendance.documents.badges import BadgePart, BadgeRow, badge_sheets
from attendance.models import Badge
from attendance.selectors.badges import classes_with_badges
from attendance.services import badges
from attendance.views.badges import PRINTING, class_of
from attendance.views.door import key
from bookings import wording
from rosters.models import ClassGroup, Student


@members_only(*PRINTING)
def of_class(request: MemberRequest, pk: int) -> HttpResponse:
    """The class's badges as a PDF. POST issues those that are missing first, and prints chosen
    students' alone (``student``) or those on no sheet yet (``which=new``); GET changes nothing,
    and where some are missing leads to the page that offers to issue them."""
    group = class_of(request, pk)
    now = timezone.now()
    if request.method == "POST":
        chosen = [key(text) for text in request.POST.getlist("student")]
        if request.POST.get("which") == "chosen" and not chosen:
            messages.error(request, _("请先勾选要打印的学生。"))
            return redirect("attendance:badges", pk)
        return _printed(
            request,
            [group],
            now,
            student_ids=chosen if request.POST.get("which") == "chosen" else None,
            back=redirect("attendance:badges", pk),
        )
    students = Student.objects.visible_to(request.actor).current().filter(class_group=group)
    found = list(
        Badge.objects.visible_to(request.actor)
        .live()
        .filter(student__in=students)
        .select_related("student")
        .order_by("student__seat_no", "student_id")
    )
    if not found or students.count() > len(found):
        return redirect("attendance:badges", pk)
    return _pdf(request, [group], found, now)


@require_safe
@members_only(*PRINTING)
def choose(request: MemberRequest) -> HttpResponse:
    """Which classes' badges to print: all of a coordinator's school, a teacher's own."""
    return render(
        request,
        "attendance/badge_sheets.html",
        {"classes": list(classes_with_badges(request.actor))},
    )


@require_POST
@members_only(*PRINTING)
def of_classes(request: MemberRequest) -> HttpResponse:
    """The chosen classes' badges as one PDF; ``apart``, each class on pages of its own."""
    chosen = [key(text) for text in request.POST.getlist("class_group")]
    groups = list(classes_with_badges(request.actor).filter(pk__in=chosen))
    back = redirect("attendance:badge_sheets")
    if not groups:
        messages.error(request, _("请先勾选要打印的班级。"))
        return back
    return _printed(request, groups, timezone.now(), back=back)


def _printed(
    request: MemberRequest,
    groups: Sequence[ClassGroup],
    now: datetime,
    *,
    back: HttpResponse,
    student_ids: list[int] | None = None,
) -> HttpResponse:
    try:
        found = badges.take_to_print(
            by=request.actor,
            class_groups=groups,
            now=now,
            student_ids=student_ids,
            only_new=request.POST.get("which") == "new",
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return back
    return _pdf(request, groups, found, now)


def _pdf(
    request: MemberRequest, groups: Sequence[ClassGroup], found: Sequence[Badge], now: datetime
) -> HttpResponse:
    """The sheet. Who of which class was printed is recorded class by class."""
    labels = {group.pk: wording.class_name(group, now) for group in groups}
    rows: dict[int, list[BadgeRow]] = {group.pk: [] for group in groups}
    school = wording.organisation_name(groups[0].school)
    for badge in found:
        group_id = badge.student.class_group_id
        rows[group_id].append(
            BadgeRow(
                code=badge.code,
                name=badge.student.name,
                class_label=labels[group_id],
                seat=_("%(seat)s 号") % {"seat": badge.student.seat_no},
                school=school,
            )
        )
    for group in groups:
        if rows[group.pk]:
            audit.record_names_read(
                by=request.actor,
                now=now,
                context="badge_sheet",
                target=group,
                students=[
                    badge.student for badge in found if badge.student.class_group_id == group.pk
                ],
            )
    if len(groups) > 1 and "apart" not in request.POST:
        together = [row for group in groups for row in rows[group.pk]]
        parts = [BadgePart(_("%(school)s 职业体验胸牌") % {"school": school}, together)]
    else:
        parts = [
            BadgePart(
                _("%(school)s %(class_group)s 职业体验胸牌")
                % {"school": school, "class_group": labels[group.pk]},
                rows[group.pk],
            )
            for group in groups
        ]
    pdf = badge_sheets(parts, hint=_("沿虚线裁开，装入胸卡套。遗失请告诉班主任补发，旧码即作废。"))
    response = HttpResponse(pdf, content_type="application/pdf")
    name = f"badges-{groups[0].pk}" if len(groups) == 1 else "badges"
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store"
    return response
