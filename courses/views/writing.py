"""A host writes its courses and hands them in."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.choices import Role
from accounts.errors import Refusal
from courses.choices import VersionState
from courses.errors import StaleVersion
from courses.forms.writing import CourseForm
from courses.models import Course, CourseVersion
from courses.selectors import writing as selectors
from courses.services import versions


@require_safe
@members_only(Role.HOST_MANAGER)
def list_courses(request: MemberRequest) -> HttpResponse:
    """The host's courses, each with its newest version's state."""
    return render(
        request, "courses/host_courses.html", {"courses": selectors.courses_of_host(request.actor)}
    )


@members_only(Role.HOST_MANAGER)
def start(request: MemberRequest) -> HttpResponse:
    """A new course's first draft."""
    form = CourseForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        assert request.actor.organisation_id is not None
        try:
            version = versions.start_course(
                by=request.actor,
                host_id=request.actor.organisation_id,
                code="",
                fields=form.written(),
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("草稿已保存，随时可以回来接着写。"))
            return redirect("courses:course_edit", version.course_id)
    return render(request, "courses/course_form.html", {"form": form}, status=status)


@members_only(Role.HOST_MANAGER)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """The newest version: a form while it can be edited, else its text and what can be done.

    What was typed into a form opened before it was handed in is refused, and shown again.
    """
    course = _course(request, pk)
    history = selectors.history(request.actor, course)
    version = history[0]
    if version.state not in versions.EDITABLE and request.method != "POST":
        return render(
            request,
            "courses/course_read.html",
            {
                "course": course,
                "version": version,
                "history": history,
                "reviews": selectors.reviews_of(request.actor, course),
                "in_review": version.state == VersionState.IN_REVIEW,
            },
        )
    form = CourseForm(request.POST or None, instance=version, initial={"edition": version.edition})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            versions.edit_version(
                by=request.actor,
                version=CourseVersion.objects.get(pk=version.pk),
                edition=form.cleaned_data["edition"] or 0,
                fields=form.written(),
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
            if isinstance(refusal, StaleVersion):
                # Saving once more, after having looked, is meant.
                form.open_again(
                    CourseVersion.objects.values_list("edition", flat=True).get(pk=version.pk)
                )
        else:
            messages.success(request, _("已保存。"))
            return redirect("courses:course_edit", pk)
    saved = CourseVersion.objects.get(pk=version.pk)
    return render(
        request,
        "courses/course_form.html",
        {
            "form": form,
            "course": course,
            "version": saved,
            "why_no_submit": _why_no_submit(request, saved),
            "reviews": selectors.reviews_of(request.actor, course),
            "history": history,
        },
        status=status,
    )


def _why_no_submit(request: MemberRequest, version: CourseVersion) -> str:
    """The sentence at the disabled button, or nothing."""
    try:
        versions.check_can_submit(request.actor, version)
    except Refusal as refusal:
        return str(refusal)
    return ""


@require_POST
@members_only(Role.HOST_MANAGER)
def submit(request: MemberRequest, pk: int) -> HttpResponse:
    return _step(request, pk, versions.submit_version, _("已提交，审核结果会发消息给您。"))


@require_POST
@members_only(Role.HOST_MANAGER)
def take_back(request: MemberRequest, pk: int) -> HttpResponse:
    return _step(request, pk, versions.take_back, _("已撤回，可以接着修改。"))


def _step(request: MemberRequest, pk: int, step: Callable[..., object], done: str) -> HttpResponse:
    """One move of the newest version; a refusal is the next page's first note."""
    course = _course(request, pk)
    version = selectors.history(request.actor, course)[0]
    try:
        step(by=request.actor, version=version, now=timezone.now())
    except Refusal as refusal:
        if refusal.kind == Refusal.NOT_FOUND:
            raise
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("courses:course_edit", pk)


@require_POST
@members_only(Role.HOST_MANAGER)
def new_version(request: MemberRequest, pk: int) -> HttpResponse:
    """A draft with the published text; booked sessions keep theirs."""
    course = _course(request, pk)
    try:
        versions.start_new_version(by=request.actor, course=course, now=timezone.now())
    except Refusal as refusal:
        if refusal.kind == Refusal.NOT_FOUND:
            raise
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("新版草稿已建好。通过审核以前，照常使用现在这一版。"))
    return redirect("courses:course_edit", pk)


@members_only(Role.HOST_MANAGER)
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks first; then the course is offered no more."""
    course = _course(request, pk)
    if request.method == "POST":
        try:
            versions.withdraw_course(by=request.actor, course=course, now=timezone.now())
        except Refusal as refusal:
            if refusal.kind == Refusal.NOT_FOUND:
                raise
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("课程已停开，已排的场次照常进行。"))
        return redirect("courses:course_edit", pk)
    return render(
        request,
        "courses/course_withdraw.html",
        {"course": course, "version": selectors.history(request.actor, course)[0]},
    )


def _course(request: MemberRequest, pk: int) -> Course:
    return get_object_or_404(
        Course.objects.visible_to(request.actor)
        .owned_by(request.actor)
        .select_related("published_version"),
        pk=pk,
    )
