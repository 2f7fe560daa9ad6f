"""A coordinator keeps classes, their students and who teaches them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Membership, Organisation
from accounts.services import audit
from rosters import naming, selectors
from rosters.forms.classes import ClassForm, StudentsForm, TeacherForm
from rosters.forms.students import SearchForm
from rosters.models import ClassGroup
from rosters.services import classes, students
from rosters.workbooks import MEDIA_TYPE, Sheet, workbook
from sites import dates
from sites.calendar import local_day, school_year


@require_safe
@members_only(Role.TEACHER, Role.SCHOOL_COORDINATOR)
def list_classes(request: MemberRequest) -> HttpResponse:
    """The classes and who teaches which."""
    return render(
        request,
        "rosters/classes.html",
        {
            "classes": selectors.classes_with_teachers(request.actor),
            "form": SearchForm(),
            "is_coordinator": request.actor.is_coordinator,
        },
    )


@members_only(Role.SCHOOL_COORDINATOR)
def create_class(request: MemberRequest) -> HttpResponse:
    """A new class of the school."""
    school = get_object_or_404(Organisation, pk=request.actor.organisation_id)
    form = ClassForm(request.POST or None, stages=school.stages)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            group = classes.create_class(
                by=request.actor, school=school, now=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("班级已建好，请录入学生。"))
            return redirect("rosters:class_edit", group.pk)
    return render(request, "rosters/class_form.html", {"form": form}, status=status)


@members_only(Role.SCHOOL_COORDINATOR)
def edit_class(request: MemberRequest, pk: int) -> HttpResponse:
    """The class's students and teachers."""
    return _page(request, _class(request, pk))


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def add_students(request: MemberRequest, pk: int) -> HttpResponse:
    """All the students of the pasted lines, or none."""
    group = _class(request, pk)
    form = StudentsForm(request.POST)
    if not form.is_valid():
        return _page(request, group, students_form=form)
    try:
        made = students.add_students(
            by=request.actor,
            class_group=group,
            students=form.cleaned_data["lines"],
            now=timezone.now(),
        )
    except Refusal as refusal:
        status = put_on(form, refusal)
        return _page(request, group, students_form=form, status=status)
    messages.success(
        request,
        ngettext("已录入 %(count)d 名学生。", "已录入 %(count)d 名学生。", len(made))
        % {"count": len(made)},
    )
    return redirect("rosters:class_edit", pk)


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def set_teacher(request: MemberRequest, pk: int) -> HttpResponse:
    """Who teaches the class: one more, or one less (``remove``)."""
    group = _class(request, pk)
    now = timezone.now()
    if request.POST.get("remove"):
        text = request.POST["remove"]
        membership = get_object_or_404(
            Membership.objects.visible_to(request.actor),
            pk=int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0,
        )
        classes.release_teacher(by=request.actor, class_group=group, membership=membership, now=now)
        messages.success(request, _("已移除。"))
        return redirect("rosters:class_edit", pk)
    form = TeacherForm(request.POST, group=group)
    if not form.is_valid():
        return _page(request, group, teacher_form=form)
    try:
        classes.assign_teacher(by=request.actor, class_group=group, now=now, **form.cleaned_data)
    except Refusal as refusal:
        status = put_on(form, refusal)
        return _page(request, group, teacher_form=form, status=status)
    messages.success(request, _("已保存。"))
    return redirect("rosters:class_edit", pk)


@require_POST
@members_only(Role.SCHOOL_COORDINATOR, Role.TEACHER)
def export_class(request: MemberRequest, pk: int) -> HttpResponse:
    """The class's list as an Excel file that says who took it out and when."""
    now = timezone.now()
    group = _class(request, pk)
    in_class = selectors.students_of(request.actor, group)
    audit.record_names_read(
        by=request.actor,
        now=now,
        verb="names.exported",
        context="roster_export",
        target=group,
        students=in_class,
    )
    label = naming.class_label(
        stage=group.stage,
        grade=group.grade(school_year(local_day(now))),
        entry_year=group.entry_year,
        number=group.number,
    )
    content = workbook(
        [
            Sheet(
                _("名单"),
                (_("班级"), _("座号"), _("学号"), _("姓名")),
                [(label, one.seat_no, one.student_no, one.name) for one in in_class],
            )
        ],
        title=_("%(class_group)s名单") % {"class_group": label},
        origin=_("%(school)s %(name)s 导出，%(when)s")
        % {
            "school": request.actor.organisation_name,
            "name": request.actor.name,
            "when": dates.moment_full(now),
        },
        author=request.actor.name,
        at=dates.local(now),
    )
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="class-{group.pk}.xlsx"'
    response["Cache-Control"] = "no-store"
    return response


def _page(
    request: MemberRequest,
    group: ClassGroup,
    *,
    students_form: StudentsForm | None = None,
    teacher_form: TeacherForm | None = None,
    status: int = 200,
) -> HttpResponse:
    in_class = selectors.students_of(request.actor, group)
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="class_edit",
        target=group,
        students=in_class,
    )
    return render(
        request,
        "rosters/class_edit.html",
        {
            "class_group": group,
            "students": in_class,
            "teachers": selectors.teachers_of(group),
            "students_form": students_form or StudentsForm(),
            "teacher_form": teacher_form or TeacherForm(group=group),
        },
        status=status,
    )


def _class(request: MemberRequest, pk: int) -> ClassGroup:
    return get_object_or_404(ClassGroup.objects.visible_to(request.actor).current(), pk=pk)
