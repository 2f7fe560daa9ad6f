"""One student: found, edited, cared for. A name is in no address: searching is a POST."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from rosters import selectors
from rosters.choices import PhoneReason
from rosters.forms.students import NeedsForm, PhoneForm, RevealForm, SearchForm, StudentForm
from rosters.models import Student, StudentTransfer
from rosters.services import care, students

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@members_only(*SCHOOL_ROLES)
def search(request: MemberRequest) -> HttpResponse:
    """Students by name, initials or number, on the answer to the form."""
    form = SearchForm(request.POST if request.method == "POST" else None)
    found: list[Student] = []
    if request.method == "POST" and form.is_valid():
        found = selectors.students_found(request.actor, form.cleaned_data["q"])
        audit.record_names_read(
            by=request.actor, now=timezone.now(), context="student_search", students=found
        )
    response = render(
        request,
        "rosters/search.html",
        {
            "form": form,
            "students": found,
            "is_asked": form.is_bound and form.is_valid(),
            "is_full": len(found) == selectors.MOST_FOUND,
        },
    )
    add_never_cache_headers(response)
    return response


@members_only(*SCHOOL_ROLES)
def edit_student(request: MemberRequest, pk: int) -> HttpResponse:
    """A student: name and numbers for the coordinator, needs and telephone for teachers too."""
    student = _student(request, pk)
    if request.method != "POST" or not request.actor.is_coordinator:
        return _page(request, student)
    form = StudentForm(request.POST)
    return _saved(
        request,
        student,
        "form",
        form,
        lambda: students.edit_student(
            by=request.actor, student=student, now=timezone.now(), **form.cleaned_data
        ),
        _("已保存。"),
    )


@require_POST
@members_only(*SCHOOL_ROLES)
def set_needs(request: MemberRequest, pk: int) -> HttpResponse:
    """What the instructor must know on the day."""
    student = _student(request, pk)
    form = NeedsForm(request.POST)
    return _saved(
        request,
        student,
        "needs_form",
        form,
        lambda: care.set_needs(
            by=request.actor, student=student, needs=form.cleaned_data, now=timezone.now()
        ),
        _("已保存，当天的指导教师能看到。"),
    )


@require_POST
@members_only(*SCHOOL_ROLES)
def set_phone(request: MemberRequest, pk: int) -> HttpResponse:
    """A guardian's telephone, kept or deleted."""
    student = _student(request, pk)
    form = PhoneForm(request.POST)
    return _saved(
        request,
        student,
        "phone_form",
        form,
        lambda: care.set_guardian_phone(
            by=request.actor, student=student, now=timezone.now(), **form.cleaned_data
        ),
        _("已保存。"),
    )


@require_POST
@members_only(*SCHOOL_ROLES)
def reveal_phone(request: MemberRequest, pk: int) -> HttpResponse:
    """The whole number, once the reason is given; on this answer only."""
    student = _student(request, pk)
    form = RevealForm(request.POST)
    if form.is_valid():
        try:
            number = care.reveal_guardian_phone(
                by=request.actor,
                student=student,
                reason=PhoneReason(form.cleaned_data["reason"]),
                now=timezone.now(),
            )
        except Refusal as refusal:
            return _page(request, student, reveal_form=form, status=_put_on(form, refusal))
        return _page(request, student, number=number)
    return _page(request, student, reveal_form=form)


@require_POST
@members_only(Role.SCHOOL_COORDINATOR)
def remove_student(request: MemberRequest, pk: int) -> HttpResponse:
    """The student leaves the class."""
    student = _student(request, pk)
    students.remove_student(by=request.actor, student=student, now=timezone.now())
    messages.success(request, _("已移出班级，已得学时保留。"))
    return redirect("rosters:class_edit", student.class_group_id)


def _page(
    request: MemberRequest, student: Student, *, status: int = 200, **given: Any
) -> HttpResponse:
    now = timezone.now()
    audit.record_names_read(
        by=request.actor, now=now, context="student_edit", target=student, students=[student]
    )
    keeps_phones = selectors.settings_of(student.school_id).keeps_guardian_phones
    context: dict[str, Any] = {
        "student": student,
        "is_coordinator": request.actor.is_coordinator,
        "form": StudentForm(
            initial={
                "name": student.name,
                "student_no": student.student_no,
                "seat_no": student.seat_no,
            }
        ),
        "needs_form": NeedsForm(
            initial=care.read_needs(
                by=request.actor, student=student, now=now, context="student_edit"
            )
        ),
        "keeps_phones": keeps_phones,
        "masked_phone": care.masked_phone(student) if keeps_phones else "",
        "phone_form": PhoneForm(),
        "reveal_form": RevealForm(),
        "pending": StudentTransfer.objects.visible_to(request.actor)
        .pending()
        .filter(student=student)
        .select_related("to_school")
        .first(),
    }
    response = render(request, "rosters/student_form.html", context | given, status=status)
    add_never_cache_headers(response)
    return response


def _student(request: MemberRequest, pk: int) -> Student:
    return get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"), pk=pk
    )


def _saved(
    request: MemberRequest,
    student: Student,
    place: str,
    form: forms.BaseForm,
    save: Callable[[], object],
    said: str,
) -> HttpResponse:
    """Carries out what the form asks and says so; otherwise the form stands at its place on the
    page, with what was typed and what is wrong."""
    status = 200
    if form.is_valid():
        try:
            save()
        except Refusal as refusal:
            status = _put_on(form, refusal)
        else:
            messages.success(request, said)
            return redirect("rosters:student_edit", student.pk)
    return _page(request, student, status=status, **{place: form})


def _put_on(form: forms.BaseForm, refusal: Refusal) -> int:
    """The refusal stands on the form, which keeps what was typed."""
    form.add_error(None, str(refusal))
    return STATUS_OF_KIND[refusal.kind]
