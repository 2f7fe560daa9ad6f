"""Late cancellations and classes that did not come, for the secretariat."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.choices import Role
from accounts.models import Organisation
from bookings import wording
from bookings.models import Booking
from courses.choices import EXCUSED
from insights.selectors import missed


@require_safe
@members_only(Role.SECRETARIAT)
def show(request: MemberRequest) -> HttpResponse:
    """By school and by host, and the bookings behind the number that was followed."""
    now = timezone.now()
    kind = request.GET.get("show", "")
    kind = kind if kind in missed.KINDS else ""
    school, host = (_chosen(request.GET.get(name, "")) for name in ("school", "host"))
    chosen = school or host
    missing = missed.looked_up(now)
    found = missed.rows(
        now,
        missing=missing,
        kind=kind,
        school_id=school.pk if school else None,
        host_id=host.pk if host else None,
    )
    return render(
        request,
        "insights/alliance_missed.html",
        {
            "summary": missed.summary(now, missing=missing),
            "is_chosen": bool(kind or chosen),
            "heading": " · ".join(
                [
                    *([wording.organisation_name(chosen)] if chosen else []),
                    _label(kind) if kind else _("逐条"),
                ]
            ),
            "rows": [_in_words(booking) for booking in found],
            "most": missed.SHOWN,
        },
    )


def _chosen(text: str) -> Organisation | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return None
    return Organisation.objects.filter(pk=int(text)).first()


def _label(kind: str) -> str:
    return {
        missed.LATE: _("学校临时取消"),
        missed.HOST_LATE: _("开课单位临时取消"),
        missed.NO_SHOW: _("全班未到"),
    }[kind]


def _in_words(booking: Booking) -> dict[str, object]:
    kind = missed.KIND_OF_SIDE[booking.cancelled_side] if booking.is_late else missed.NO_SHOW
    code = booking.cancel_code if booking.is_late else booking.no_show_code
    return {
        "booking": booking,
        "kind": _label(kind),
        "school": wording.organisation_name(booking.school),
        "class_name": wording.class_name(booking.class_group, booking.session.starts_at),
        "host": wording.organisation_name(booking.host),
        "title": wording.title(booking.session.version),
        "code": booking.get_cancel_code_display()
        if booking.is_late
        else booking.get_no_show_code_display(),
        "is_excused": code in EXCUSED,
    }
