"""The sign-in sheet of a session on paper, for when there is no device or no current."""

from collections.abc import Collection, Sequence

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from attendance.documents.sign_in import SignInClass, SignInRow, SignInWords, sign_in_sheet
from attendance.selectors import desk as selectors
from attendance.services import needs
from attendance.views import door
from bookings import wording
from bookings.models import Booking, Place
from bookings.selectors import host_day
from bookings.services import rosters
from courses.models import CourseSession
from rosters import naming
from sites import dates


@require_safe
@members_only(*door.KEEPING)
def printed(request: MemberRequest, pk: int) -> HttpResponse:
    """Class by class: seat numbers, masked names, room for times and signatures, head-counts.
    The reading of names is recorded; refused outside their time."""
    session = door.session_of(request, pk)
    now = timezone.now()
    places = rosters.read_roster(
        by=request.actor, session=session, now=now, context="sign_in_sheet"
    )
    heeded = {
        need.seat.place_id
        for need in needs.read_needs(
            by=request.actor,
            session=session,
            seats=selectors.seats_of(session, places),
            now=now,
            context="sign_in_sheet",
        )
    }
    by_booking: dict[int, list[Place]] = {}
    for place in places:
        by_booking.setdefault(place.booking_id, []).append(place)
    pdf = sign_in_sheet(
        [
            _class(booking, by_booking.get(booking.pk, ()), heeded)
            for booking in host_day.visitors_of(request.actor, [session])
        ],
        what=wording.title(session.version),
        when=wording.when(session),
        where=wording.where(session),
        people=_people(session),
        words=_words(
            _("%(school)s %(name)s 打印，%(when)s")
            % {
                "school": request.actor.organisation_name,
                "name": request.actor.name,
                "when": dates.moment_full(now),
            }
        ),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="sign-in-{session.pk}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


def _class(booking: Booking, places: Sequence[Place], heeded: Collection[int]) -> SignInClass:
    named = [
        SignInRow(
            seat=str(place.student.seat_no),
            name=naming.masked(place.student.name),
            has_needs=place.pk in heeded,
        )
        for place in places
        if place.student is not None
    ]
    companions = wording.names(
        f"{one.name} {one.phone}".strip() for one in booking.companions.all()
    )
    return SignInClass(
        label=f"{wording.organisation_name(booking.school)} "
        f"{wording.class_name(booking.class_group, booking.session.starts_at)}",
        expected=ngettext("应到 %(count)d 人", "应到 %(count)d 人", booking.seats)
        % {"count": booking.seats},
        companions=_("带队：%(names)s")
        % {"names": companions or wording.how_many_adults(booking.adults) or _("未填")},
        # A seat without a name is a line to write on.
        rows=[*named, *[SignInRow("", "")] * (booking.seats - len(named))],
    )


def _people(session: CourseSession) -> str:
    if session.instructor is None:
        return _("还没有指导教师")
    return _("指导教师：%(name)s") % {"name": session.instructor.user.name}


def _words(origin: str) -> SignInWords:
    return SignInWords(
        title=_("签到表"),
        origin=origin,
        heads=(
            _("座号"),
            _("姓名"),
            pgettext("sign-in sheet", "注意"),
            _("签到时间"),
            _("签名"),
            _("签退时间"),
            _("签名"),
        ),
        came=_("进场点数"),
        left=_("离场点数"),
        explain=_("两次点数不一致的，请写明原因。"),
        legend=_("◆ 有需要照顾的事项，内容请在签到台上看。"),
        teacher=_("带队教师签名："),
        instructor=_("指导教师签名："),
    )
