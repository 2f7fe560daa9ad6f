"""Whether a certificate is good, for whoever holds it: the masked name and the hours, no more."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from attendance.choices import CertificateState
from attendance.errors.badges import TooManyTries
from attendance.forms.codes import CertificateForm
from attendance.qr import is_code, tidy_code
from attendance.selectors.certificates import by_code
from attendance.services import throttle
from attendance.views.own_badge import TOO_MANY_REQUESTS
from rosters import naming


@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """The code from the sheet, typed; then on to its page."""
    form = CertificateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = tidy_code(form.cleaned_data["code"])
        if is_code(code):
            return _unlisted(redirect("attendance:certificate", code))
        return _page(request, form, is_unknown=True, status=404)
    return _page(request, form, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def show(request: HttpRequest, code: str) -> HttpResponse:
    """Valid, out of date, revoked or unknown. Guessing codes is slowed down."""
    now = timezone.now()
    address = get_adapter(request).get_client_ip(request)
    form = CertificateForm()
    code = tidy_code(code)
    try:
        throttle.check_may_try(address=address, code=code, now=now)
    except TooManyTries as refusal:
        return _page(request, form, why=str(refusal), status=TOO_MANY_REQUESTS)
    found = by_code(code) if is_code(code) else None
    if found is None:
        throttle.count_unknown_code(address=address, now=now)
        return _page(request, form, is_unknown=True, status=404)
    certificate, state = found
    is_revoked = state == CertificateState.REVOKED
    return _page(
        request,
        form,
        state=state,
        # Of a revoked one nothing is certified any more.
        name="" if is_revoked else naming.masked(certificate.student.name),
        hours=0 if is_revoked else certificate.class_hours,
    )


def _page(
    request: HttpRequest, form: CertificateForm, *, status: int = 200, **shown: object
) -> HttpResponse:
    return _unlisted(
        render(request, "attendance/verify.html", {"form": form, **shown}, status=status)
    )


def _unlisted(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
