"""A student's own hours in the public notice, and what she objects to: by POST, never in an
address, and with badge code and student number together."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.access import put_on
from attendance.errors.badges import TooManyTries, UnknownBadge
from attendance.errors.notices import NotHerNumber
from attendance.errors.refusal import AttendanceRefusal
from attendance.forms.codes import OwnHoursForm
from attendance.forms.notices import ObjectionForm
from attendance.qr import tidy_code
from attendance.selectors import notices as selectors
from attendance.services import check_in, notices, throttle
from rosters.errors import TextNamesStudent
from rosters.models import Student
from sites.calendar import local_day

TOO_MANY_REQUESTS = 429


@never_cache
def look_up(request: HttpRequest) -> HttpResponse:
    """Her hours by session, her objections with the school's answers, and room for another.

    A wrong student number and an unknown badge hear the same.
    """
    now = timezone.now()
    form = OwnHoursForm(request.POST or None)
    is_objecting = request.POST.get("do") == "object"
    objection_form = ObjectionForm(request.POST if is_objecting else None)
    student, found, status, is_made = None, None, 200, False
    if request.method == "POST" and form.is_valid():
        try:
            student = _bearer(request, form)
            found = selectors.own_hours(student)
        except AttendanceRefusal as refusal:
            form.add_error("code", str(refusal))
            status = TOO_MANY_REQUESTS if isinstance(refusal, TooManyTries) else 409
    if student is not None and found is not None and is_objecting and objection_form.is_valid():
        try:
            notices.object_to(
                student=student,
                notice=found.notice,
                text=objection_form.cleaned_data["text"],
                now=now,
            )
        except (AttendanceRefusal, TextNamesStudent) as refusal:
            if isinstance(refusal, TextNamesStudent):
                throttle.count_named_classmate(
                    address=_address(request), code=tidy_code(form.cleaned_data["code"]), now=now
                )
            status = put_on(objection_form, refusal, "text")
        else:
            is_made, objection_form = True, ObjectionForm()
            found = selectors.own_hours(student)
    return render(
        request,
        "attendance/own_hours.html",
        {
            "form": form,
            "objection_form": objection_form,
            "student_found": student is not None,
            "found": found,
            "is_made": is_made,
            "is_running": found is not None and found.notice.is_running(local_day(now)),
        },
        status=status,
    )


def _bearer(request: HttpRequest, form: OwnHoursForm) -> Student:
    """Whose badge it is, where the number is hers. Refused: NotHerNumber, BadgeRevoked,
    TooManyTries."""
    now = timezone.now()
    code = tidy_code(form.cleaned_data["code"])
    address = _address(request)
    throttle.check_may_try(address=address, code=code, now=now)
    try:
        student = check_in.bearer(code)
    except UnknownBadge as unknown:
        throttle.count_unknown_code(address=address, now=now)
        raise NotHerNumber from unknown
    if not selectors.is_hers(student, form.cleaned_data["student_no"].strip()):
        throttle.count_wrong_number(address=address, code=code, now=now)
        raise NotHerNumber
    return student


def _address(request: HttpRequest) -> str:
    """As the sign-in page tells addresses apart, behind a proxy too."""
    return str(get_adapter(request).get_client_ip(request))
