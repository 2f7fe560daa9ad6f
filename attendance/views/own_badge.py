"""What a badge is good for, for the student and at home: by POST, never in an address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from attendance.errors import AttendanceRefusal, TooManyTries
from attendance.forms import BadgeForm
from attendance.qr import tidy_code
from attendance.selectors.own_badge import own_badge
from attendance.services import check_in, throttle

TOO_MANY_REQUESTS = 429


@never_cache
def look_up(request: HttpRequest) -> HttpResponse:
    """Hours and the date of the next session; with the student number the place as well."""
    form = BadgeForm(request.POST or None)
    found, status = None, 200
    if request.method == "POST" and form.is_valid():
        code = tidy_code(form.cleaned_data["code"])
        try:
            throttle.count_try(address=request.META.get("REMOTE_ADDR", ""), code=code)
            student = check_in.bearer(code)
        except AttendanceRefusal as refusal:
            form.add_error("code", str(refusal))
            status = TOO_MANY_REQUESTS if isinstance(refusal, TooManyTries) else 409
        else:
            found = own_badge(student, form.cleaned_data["student_no"].strip(), timezone.now())
    response = render(
        request,
        "attendance/own_badge.html",
        {
            "form": form,
            "found": found,
            "asked_more": bool(request.POST.get("student_no", "").strip()),
        },
        status=status,
    )
    response["Referrer-Policy"] = "no-referrer"
    return response
