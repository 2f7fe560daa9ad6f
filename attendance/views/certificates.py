"""A class's certificates: who has one, printed, revoked."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only, put_on
from accounts.errors import Refusal
from accounts.services import audit
from attendance.documents.certificates import (
    Both,
    CertificateLine,
    CertificateSheet,
    CertificateWords,
    certificate_sheets,
)
from attendance.forms.reasons import ReasonForm
from attendance.models import Certificate
from attendance.selectors import certificates as selectors
from attendance.services import certificates as services
from attendance.views.badges import PRINTING, class_of
from attendance.views.door import key
from bookings import wording
from courses.models import CourseSession
from courses.naming import headline
from rosters.models import ClassGroup
from sites import dates


@require_safe
@members_only(*PRINTING)
def show_class(request: MemberRequest, pk: int) -> HttpResponse:
    """Who of the class has reached what is required, and whose certificate is good."""
    group = class_of(request, pk)
    now = timezone.now()
    found = selectors.of_class(request.actor, group, now)
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="certificates",
        target=group,
        students=[row.student for row in found.rows],
    )
    return render(request, "attendance/certificates.html", {"class_group": group, "found": found})


@require_POST
@members_only(*PRINTING)
def printed(request: MemberRequest, pk: int) -> HttpResponse:
    """One PDF with a certificate of everybody who has reached it, or of the chosen ones
    (``student``); those that are missing or no longer right are issued first."""
    group = class_of(request, pk)
    now = timezone.now()
    chosen = None
    if request.POST.get("which") == "chosen":
        chosen = [key(text) for text in request.POST.getlist("student")]
        if not chosen:
            messages.error(request, _("请先勾选要打印的学生。"))
            return redirect("attendance:certificates", pk)
    try:
        found = services.take_to_print(
            by=request.actor, class_group=group, now=now, student_ids=chosen
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("attendance:certificates", pk)
    audit.record_names_read(
        by=request.actor,
        now=now,
        context="certificate_sheet",
        target=group,
        students=[one.student for one in found],
    )
    response = HttpResponse(_pdf(group, found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="certificates-{group.pk}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


@members_only(*PRINTING)
def revoke(request: MemberRequest, pk: int, student_pk: int) -> HttpResponse:
    """The student's certificate is good no more: asked first, with a reason."""
    group = class_of(request, pk)
    now = timezone.now()
    certificate = get_object_or_404(
        Certificate.objects.visible_to(request.actor)
        .live()
        .select_related("student__class_group")
        .order_by("-issued_at", "-pk"),
        student_id=student_pk,
        student__class_group=group,
    )
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            services.revoke(
                by=request.actor,
                certificate=certificate,
                reason=form.cleaned_data["reason"],
                now=now,
            )
        except Refusal as refusal:
            status = put_on(form, refusal)
        else:
            messages.success(request, _("证书已作废。已得学时不受影响。"))
            return redirect("attendance:certificates", pk)
    return render(
        request,
        "attendance/certificate_revoke.html",
        {"class_group": group, "student": certificate.student, "form": form},
        status=status,
    )


def _pdf(group: ClassGroup, found: Sequence[Certificate]) -> bytes:
    sessions = selectors.sessions_on(found)
    return certificate_sheets([_sheet(one, group, sessions) for one in found], words=_words())


def _sheet(
    certificate: Certificate, group: ClassGroup, sessions: dict[int, CourseSession]
) -> CertificateSheet:
    path = reverse("attendance:certificate", args=[certificate.code])
    return CertificateSheet(
        code=certificate.code,
        address=f"{settings.BASE_URL}{path}",
        name=certificate.student.name,
        who=_both(
            lambda: (
                _("%(school)s %(class_group)s")
                % {
                    "school": wording.organisation_name(group.school),
                    "class_group": wording.class_name(group, certificate.issued_at),
                }
            )
        ),
        says=_both(
            lambda: (
                _("完成职业体验 %(hours)d 学时，达到 %(required)d 学时的要求。")
                % {"hours": certificate.class_hours, "required": certificate.required_hours}
            )
        ),
        school=_both(lambda: wording.organisation_name(group.school)),
        issued=_both(lambda: dates.day_full(certificate.issued_at)),
        hours=certificate.class_hours,
        lines=[
            _line(line, sessions.get(line.session_id or 0))
            for line in selectors.lines_on(certificate)
        ],
    )


def _line(line: selectors.Line, session: CourseSession | None) -> CertificateLine:
    on = _both(lambda: dates.day_full(line.on))
    if session is None:
        return CertificateLine(
            on=on, what=_both(lambda: _("学校补记")), host=Both("—", "—"), hours=line.hours
        )
    return CertificateLine(
        on=on,
        what=_both(lambda: headline(session.version).occupation),
        host=_both(lambda: wording.organisation_name(session.host)),
        hours=line.hours,
    )


def _words() -> CertificateWords:
    return CertificateWords(
        title=_both(lambda: _("职业体验学时证书")),
        heads=(
            _both(lambda: _("日期")),
            _both(lambda: _("职业")),
            _both(lambda: _("开课单位")),
            _both(lambda: _("学时")),
        ),
        total=_both(lambda: pgettext("certificate", "合计")),
        school=_both(lambda: _("学校（盖章）")),
        issued=_both(lambda: _("签发日期")),
        scan=_both(lambda: _("扫码核验")),
        note=_both(lambda: _("以扫码核验的结果为准。")),
    )


def _both(write: Callable[[], str]) -> Both:
    """What ``write`` gives in Chinese and in English: the sheet is for parents of both."""
    with translation.override("zh-hans"):
        chinese = write()
    with translation.override("en"):
        return Both(chinese, write())
