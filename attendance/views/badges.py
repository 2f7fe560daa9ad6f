"""A class's badges: who has one; revoked and issued anew, one or all."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.services import audit
from attendance.forms.students import ReplaceForm
from attendance.models import Badge
from attendance.services import badges
from rosters.models import ClassGroup, Student

PRINTING = (Role.TEACHER, Role.SCHOOL_COORDINATOR)


@require_safe
@members_only(*PRINTING)
def show_class(request: MemberRequest, pk: int) -> HttpResponse:
    """Who of the class has a badge, and whose was on no sheet yet."""
    group = class_of(request, pk)
    students = list(
        Student.objects.visible_to(request.actor)
        .current()
        .filter(class_group=group)
        .order_by("seat_no", "pk")
    )
    live = {
        badge.student_id: badge
        for badge in Badge.objects.visible_to(request.actor).live().filter(student__in=students)
    }
    audit.record_names_read(
        by=request.actor,
        now=timezone.now(),
        context="badges",
        target=group,
        students=students,
    )
    rows = [(student, live.get(student.pk)) for student in students]
    return render(
        request,
        "attendance/badges.html",
        {
            "class_group": group,
            "rows": rows,
            "missing": sum(badge is None for _student, badge in rows),
            "unprinted": sum(badge is None or badge.printed_at is None for _student, badge in rows),
            "printed": sum(
                badge is not None and bool(badge.printed_at) for _student, badge in rows
            ),
        },
    )


@members_only(*PRINTING)
def replace(request: MemberRequest, pk: int, student_pk: int) -> HttpResponse:
    """One student's badge opens nothing any more; a new one is issued unless declined."""
    group = class_of(request, pk)
    student = get_object_or_404(
        Student.objects.visible_to(request.actor).current().select_related("class_group"),
        pk=student_pk,
        class_group=group,
    )
    live = Badge.objects.visible_to(request.actor).live().filter(student=student)

    def act(form: ReplaceForm) -> str:
        ask = {"by": request.actor, "reason": form.cleaned_data["reason"], "now": timezone.now()}
        if form.cleaned_data["then"] == "reissue":
            badges.reissue(student=student, newest=form.cleaned_data["newest"], **ask)
            return _("已补发，旧胸牌作废。请打印新胸牌。已得学时不受影响。")
        newest = form.cleaned_data["newest"]
        shown = live if newest is None else live.filter(pk__lte=newest)
        for badge in shown.select_related("student__class_group"):
            badges.revoke(badge=badge, **ask)
        return _("胸牌已作废。")

    return _replaced(request, group, live, act, {"student": student, "has_badge": live.exists()})


@members_only(*PRINTING)
def replace_class(request: MemberRequest, pk: int) -> HttpResponse:
    """The same for every student of the class."""
    group = class_of(request, pk)
    live = (
        Badge.objects.visible_to(request.actor)
        .live()
        .filter(student__in=Student.objects.current().filter(class_group=group))
    )

    def act(form: ReplaceForm) -> str:
        ask = {
            "by": request.actor,
            "reason": form.cleaned_data["reason"],
            "newest": form.cleaned_data["newest"],
            "now": timezone.now(),
        }
        if form.cleaned_data["then"] == "reissue":
            made = badges.reissue_class(class_group=group, **ask)
            return ngettext(
                "已补发 %(count)d 张，旧胸牌全部作废。请打印新胸牌。已得学时不受影响。",
                "已补发 %(count)d 张，旧胸牌全部作废。请打印新胸牌。已得学时不受影响。",
                made,
            ) % {"count": made}
        gone = badges.revoke_class(class_group=group, **ask)
        return ngettext("%(count)d 张胸牌已作废。", "%(count)d 张胸牌已作废。", gone) % {
            "count": gone
        }

    return _replaced(request, group, live, act, {"count": live.count()})


def _replaced(
    request: MemberRequest,
    group: ClassGroup,
    live: QuerySet[Badge],
    act: Callable[[ReplaceForm], str],
    shown: dict[str, object],
) -> HttpResponse:
    """Asks first, with a reason; then back to the class with the sentence that it is done."""
    newest = live.order_by("-pk").values_list("pk", flat=True).first()
    form = ReplaceForm(request.POST or None, initial={"reason": _("遗失"), "newest": newest or 0})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            sentence = act(form)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = STATUS_OF_KIND[refusal.kind]
        else:
            messages.success(request, sentence)
            return redirect("attendance:badges", group.pk)
    return render(
        request,
        "attendance/reissue.html",
        {"class_group": group, "form": form, **shown},
        status=status,
    )


def class_of(request: MemberRequest, pk: int) -> ClassGroup:
    """The class; to who does not teach in it, it is not there."""
    return get_object_or_404(
        ClassGroup.objects.visible_to(request.actor).current().select_related("school"), pk=pk
    )
