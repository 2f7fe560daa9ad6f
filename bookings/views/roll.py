"""A class's roll and its coming trips: who joined is added, who left is taken off, who moves."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from bookings import wording
from bookings.forms.roll import MoveForm
from bookings.models import Place
from bookings.selectors import roll as selectors
from bookings.services import roll
from rosters import selectors as roster_selectors
from rosters.models import ClassGroup, Student

from .once import RefusedRedirect, once_per_form

SCHOOL_ROLES = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@require_POST
@members_only(*SCHOOL_ROLES)
@once_per_form
def add_newcomer(request: MemberRequest, pk: int) -> HttpResponse:
    """Seats for a student who joined, in each coming trip that has one; else the reason."""
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"),
        pk=pk,
    )
    outcomes = roll.add_newcomer(by=request.actor, student=student, now=timezone.now())
    seat = {"seat": student.seat_no}
    added = sum(one.why_not is None for one in outcomes)
    if added:
        messages.success(
            request,
            ngettext("%(seat)s 号已加入 %(count)d 场。", "%(seat)s 号已加入 %(count)d 场。", added)
            % (seat | {"count": added}),
        )
    for outcome in outcomes:
        if outcome.why_not is not None:
            messages.error(
                request,
                _("%(when)s 没有加入：%(reason)s")
                % {"when": wording.when(outcome.booking.session), "reason": outcome.why_not},
            )
    if not outcomes:
        messages.info(request, _("没有要加入的行程。"))
    if added < len(outcomes):
        return RefusedRedirect(reverse("insights:class", args=[student.class_group_id]))
    return redirect("insights:class", student.class_group_id)


@require_POST
@members_only(*SCHOOL_ROLES)
@once_per_form
def release_leaver(request: MemberRequest, pk: int, student_pk: int) -> HttpResponse:
    """The seats of a student who left the class are free."""
    group = get_object_or_404(ClassGroup.objects.visible_to(request.actor).current(), pk=pk)
    student = get_object_or_404(
        Student.objects.filter(
            pk__in=Place.objects.visible_to(request.actor)
            .filter(booking__class_group=group)
            .values("student_id")
        ),
        pk=student_pk,
    )
    try:
        changed = roll.release_leaver(
            by=request.actor, class_group=group, student=student, now=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return RefusedRedirect(reverse("insights:class", args=[pk]))
    messages.success(
        request,
        ngettext("已放出 %(count)d 场的名额。", "已放出 %(count)d 场的名额。", len(changed))
        % {"count": len(changed)},
    )
    return redirect("insights:class", pk)


@members_only(Role.SCHOOL_COORDINATOR)
@once_per_form
def move_student(request: MemberRequest, pk: int) -> HttpResponse:
    """To another class of the school; seats booked with the old class stay unless let go."""
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"), pk=pk
    )
    now = timezone.now()
    trips = selectors.coming_places([student.pk], now).count()
    form = MoveForm(
        request.POST or None,
        classes=roster_selectors.other_classes(student),
        moment=now,
        initial={"release": True},
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        group = form.cleaned_data["class_group"]
        try:
            roll.move_student(
                by=request.actor,
                student=student,
                class_group=group,
                seat_no=form.cleaned_data["seat_no"] or roster_selectors.next_seat(group),
                release=form.cleaned_data["release"],
                now=now,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(
                request,
                _("已换到%(class_group)s，学时和胸牌不变。")
                % {"class_group": wording.class_name(group, now)},
            )
            return redirect("rosters:student_edit", pk)
    audit.record_names_read(
        by=request.actor, now=now, context="student_move", target=student, students=[student]
    )
    return render(
        request,
        "bookings/student_move.html",
        {"form": form, "student": student, "trips": trips},
        status=status,
    )
