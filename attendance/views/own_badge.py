"""What a badge is good for, for the student and at home: by POST, never in an address."""

from datetime import datetime

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page

from attendance.errors.badges import BadgeRevoked, TooManyTries, UnknownBadge
from attendance.errors.refusal import AttendanceRefusal
from attendance.forms.codes import BadgeForm
from attendance.qr import is_code, tidy_code
from attendance.selectors.own_badge import OwnBadge, bearers, own_badge
from attendance.services import check_in, throttle

TOO_MANY_REQUESTS = 429


# Opened on the oldest telephone in the house: packed, whatever stands in front. What a page of
# this address answers to a form cannot be asked for from elsewhere (BREACH): it takes our token.
@gzip_page
@never_cache
def look_up(request: HttpRequest) -> HttpResponse:
    """Hours and the date of the next session; with the student number the place as well."""
    form = BadgeForm(request.POST or None)
    found, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            found = _found(request, tidy_code(form.cleaned_data["code"]), form)
        except AttendanceRefusal as refusal:
            form.add_error("code", str(refusal))
            status = TOO_MANY_REQUESTS if isinstance(refusal, TooManyTries) else 409
    return render(
        request,
        "attendance/own_badge.html",
        {
            "form": form,
            "found": found,
            "asked_more": bool(request.POST.get("student_no", "").strip()),
        },
        status=status,
    )


def _found(request: HttpRequest, code: str, form: BadgeForm) -> OwnBadge:
    now = timezone.now()
    # As the sign-in page tells addresses apart, behind a proxy too.
    address = get_adapter(request).get_client_ip(request)
    throttle.check_may_try(address=address, code=code, now=now)
    number = form.cleaned_data["student_no"].strip()
    found = own_badge(bearers(code), number, now) if is_code(code) else None
    if found is None:
        raise _why_not(code, address, now)
    if number and not found.is_known:
        throttle.count_wrong_number(address=address, code=code, now=now)
    return found


def _why_not(code: str, address: str, now: datetime) -> AttendanceRefusal:
    """Why the code opens nothing; one that no badge has is counted."""
    try:
        check_in.bearer(code)
    except BadgeRevoked as refusal:
        return refusal
    except UnknownBadge:
        throttle.count_unknown_code(address=address, now=now)
    return UnknownBadge()
