"""The school's side of a public notice: started, printed, objections decided, locked."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only, put_on, refusal_page
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Organisation
from accounts.services import audit
from attendance.forms.notices import DecisionForm, NoticeForm
from attendance.forms.reasons import ReasonForm
from attendance.models import Objection, PublicNotice
from attendance.selectors import held_back
from attendance.selectors import notices as selectors
from attendance.services import notices
from bookings import wording
from hours.models import PeriodLock
from rosters.models import ClassGroup
from sites.calendar import local_day

SCHOOL = (Role.SCHOOL_COORDINATOR, Role.TEACHER)


@require_safe
@members_only(*SCHOOL)
def list_notices(request: MemberRequest) -> HttpResponse:
    """The school's notices, the newest first."""
    return render(
        request,
        "attendance/notices.html",
        {
            "notices": selectors.notices(request.actor),
            "today": local_day(timezone.now()),
            "may_start": request.actor.is_coordinator,
            "up": "insights:school" if request.actor.is_coordinator else "insights:classes",
            "up_label": _("全校学时") if request.actor.is_coordinator else _("班级"),
        },
    )


@members_only(Role.SCHOOL_COORDINATOR)
def start(request: MemberRequest) -> HttpResponse:
    """Which hours, for how many days; from today on."""
    form = NoticeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            notice = notices.start(
                by=request.actor,
                school=get_object_or_404(Organisation, pk=request.actor.organisation_id),
                requirement=form.cleaned_data["requirement"],
                days=form.cleaned_data["days"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("公示已开始。请各班打印公示单，并告诉学生查询办法。"))
            return redirect("attendance:notice", notice.pk)
    return render(request, "attendance/notice_start.html", {"form": form}, status=status)


@never_cache
@require_safe
@members_only(*SCHOOL)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """The notice's days, the lists to print, and for the coordinator what was objected to."""
    now = timezone.now()
    notice = _notice(request, pk)
    may_decide = request.actor.is_coordinator
    objections = selectors.objections(notice) if may_decide else []
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="notice",
        target=notice,
        students=[one.student for one in objections],
    )
    refusal = None
    if may_decide:
        try:
            notices.check_can_lock(request.actor, notice, now)
        except Refusal as found:
            refusal = str(found)
    return render(
        request,
        "attendance/notice.html",
        {
            "notice": notice,
            "is_running": notice.is_running(local_day(now)),
            "classes": [
                (group, wording.class_name(group, now)) for group in _classes(request, notice)
            ],
            "objections": [
                (one, wording.class_name(one.student.class_group, now)) for one in objections
            ],
            "look_up_url": request.build_absolute_uri(reverse("attendance:own_hours")),
            "may_decide": may_decide,
            "not_yet": refusal,
            "doors": selectors.doors_not_closed(notice)
            if may_decide and notice.lock_id is None
            else 0,
        },
    )


@never_cache
@members_only(Role.SCHOOL_COORDINATOR)
def decide(request: MemberRequest, pk: int, objection_pk: int) -> HttpResponse:
    """One objection, with the student's hours, and the school's word on it."""
    now = timezone.now()
    notice = _notice(request, pk)
    objection = get_object_or_404(
        Objection.objects.visible_to(request.actor).select_related(
            "notice", "student__class_group"
        ),
        pk=objection_pk,
        notice=notice,
    )
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            notices.decide(by=request.actor, objection=objection, now=now, **form.cleaned_data)
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已记下处理结果。"))
            return redirect("attendance:notice", notice.pk)
    audit.record_names_read(
        by=request.actor, now=now, context="notice", target=notice, students=[objection.student]
    )
    return render(
        request,
        "attendance/objection.html",
        {
            "form": form,
            "notice": notice,
            "objection": objection,
            "class_name": wording.class_name(objection.student.class_group, now),
        },
        status=status,
    )


@members_only(Role.SCHOOL_COORDINATOR)
def lock(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks, then the period's hours are settled."""
    now = timezone.now()
    notice = _notice(request, pk)
    try:
        notices.check_can_lock(request.actor, notice, now)
        if request.method == "POST":
            notices.lock(by=request.actor, notice=notice, now=now)
    except Refusal as refusal:
        back = (reverse("attendance:notice", args=[notice.pk]), _("返回公示"))
        return refusal_page(request, refusal, back)
    if request.method == "POST":
        messages.success(request, _("学时已锁定。"))
        return redirect("attendance:notice", notice.pk)
    return render(
        request,
        "attendance/notice_lock.html",
        {"notice": notice, "doors": selectors.doors_not_closed(notice)},
    )


@never_cache
@require_safe
@members_only(*SCHOOL)
def print_class(request: MemberRequest, pk: int, class_pk: int) -> HttpResponse:
    """What is put up in the classroom: seat number, mask and hours."""
    now = timezone.now()
    notice = _notice(request, pk)
    group = next((one for one in _classes(request, notice) if one.pk == class_pk), None)
    if group is None:
        raise Http404
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="notice_print",
        target=notice,
        students=group.students.filter(left_at=None),
    )
    return render(
        request,
        "attendance/notice_print.html",
        {
            "notice": notice,
            "now": now,
            "rows": selectors.class_list(notice, group),
            "class_name": wording.class_name(group, now),
            "look_up_url": request.build_absolute_uri(reverse("attendance:own_hours")),
        },
    )


@require_safe
@members_only(Role.SECRETARIAT)
def list_locks(request: MemberRequest) -> HttpResponse:
    """Which schools have settled which hours, the newest first; and what was attended in locked
    periods and waits to be credited by hand."""
    return render(
        request,
        "attendance/locks.html",
        {
            "locks": PeriodLock.objects.visible_to(request.actor)
            .select_related("school", "requirement")
            .order_by("-locked_at", "-pk")[:200],
            "held_back": held_back.waiting(),
        },
    )


@members_only(Role.SECRETARIAT)
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    """Asks why; then the school may correct its hours again."""
    period_lock = get_object_or_404(
        PeriodLock.objects.visible_to(request.actor).select_related("school", "requirement"), pk=pk
    )
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            notices.reopen(
                by=request.actor,
                period_lock=period_lock,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("已重新开放，学校会收到通知。"))
            return redirect("attendance:locks")
    return render(
        request, "attendance/lock_reopen.html", {"form": form, "lock": period_lock}, status=status
    )


def _notice(request: MemberRequest, pk: int) -> PublicNotice:
    return get_object_or_404(
        PublicNotice.objects.visible_to(request.actor).select_related("requirement", "school"),
        pk=pk,
    )


def _classes(request: MemberRequest, notice: PublicNotice) -> list[ClassGroup]:
    """Those of the notice that the actor may see: a teacher her own."""
    own = set(ClassGroup.objects.visible_to(request.actor).values_list("pk", flat=True))
    return [
        group
        for group in selectors.classes_of(notice.school_id, notice.requirement)
        if group.pk in own
    ]
