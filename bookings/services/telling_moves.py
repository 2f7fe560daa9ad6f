"""What people are told when a booking goes to another session, or a session is changed."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.models import Membership
from bookings import wording
from bookings.models import Booking
from bookings.services import telling
from courses.choices import ReasonCode
from courses.models import CourseSession
from sites.calendar import local_day


def swapped(old_ids: Sequence[int], new_ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """The school's calendars drop the old entries and get the new ones; each host learns what
    concerns it."""
    old = list(telling.loaded().filter(pk__in=old_ids).order_by("session__starts_at", "pk"))
    new = list(telling.loaded().filter(pk__in=new_ids).order_by("session__starts_at", "pk"))
    people = telling.people_of_school(new[0])
    for booking in old:
        for person in people:
            with translation.override(person.language):
                telling.tell_school(
                    booking,
                    person,
                    kind="booking_swapped",
                    subject=_("已换走：%(trip)s") % {"trip": telling.trip(booking)},
                    body=telling.body_of(
                        _("%(name)s换了场次，原来的这一场不去了。现在约的是：") % {"name": by.name},
                        [telling.trip(one) for one in new],
                    ),
                    now=now,
                )
    for booking in new:
        for person in people:
            with translation.override(person.language):
                telling.tell_school(
                    booking,
                    person,
                    kind="booking_swapped",
                    subject=_("换场已确认：%(trip)s") % {"trip": telling.trip(booking)},
                    body=telling.body_of(_("名额已定。"), telling.facts_of(booking)),
                    now=now,
                )
    hosts_left = {one.host_id: one for one in old if one.host_id != new[0].host_id}
    for booking in hosts_left.values():
        _tell_old_host(booking, [one for one in old if one.host_id == booking.host_id], by, now)
    _tell_new_host(new, [one for one in old if one.host_id == new[0].host_id], by, now)


def _tell_old_host(first: Booking, old: Sequence[Booking], by: Actor, now: datetime) -> None:
    def text() -> tuple[str, str]:
        return (
            _("预约已取消：%(trip)s") % {"trip": telling.trip_of_school(first)},
            telling.body_of(
                _("%(school)s的%(name)s换到别的场次，下列预约取消。原因：%(reason)s")
                % {
                    "school": wording.organisation_name(first.school),
                    "name": by.name,
                    "reason": first.why_cancelled,
                },
                [telling.trip_of_school(one) for one in old],
            ),
        )

    telling.tell_host(first, kind="booking_swapped", text=text, now=now)


def _tell_new_host(
    new: Sequence[Booking], old: Sequence[Booking], by: Actor, now: datetime
) -> None:
    first = new[0]

    def text() -> tuple[str, str]:
        facts = {"school": wording.organisation_name(first.school), "name": by.name}
        opening = (
            _("%(school)s的%(name)s把预约换到了下列场次。")
            if old
            else _("%(school)s的%(name)s约了下列场次。")
        ) % facts
        left = [_("不再来：%(trip)s") % {"trip": telling.trip_of_school(one)} for one in old]
        return (
            _("新预约：%(trip)s") % {"trip": telling.trip_of_school(first)},
            telling.body_of(
                opening,
                *[telling.facts_for_host(booking) for booking in new],
                *([left] if left else []),
            ),
        )

    telling.tell_host(first, kind="booking_swapped", text=text, now=now)


def session_changed(
    session: CourseSession,
    booking_ids: Sequence[int],
    *,
    before: CourseSession,
    code: ReasonCode,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """The school's people learn what was and what is, and their calendars follow; whoever was
    to teach and whoever is to teach now learns it too, unless she said so herself.

    ``before`` is the session as it was, with room, school and version loaded.
    """
    for booking in telling.loaded().filter(pk__in=booking_ids).order_by("pk"):
        for person in telling.people_of_school(booking):
            with translation.override(person.language):
                telling.tell_school(
                    booking,
                    person,
                    kind="session_moved",
                    subject=_("场次有调整：%(trip)s") % {"trip": telling.trip(booking)},
                    body=telling.body_of(
                        _("%(organisation)s的%(name)s调整了这一场。原因：%(reason)s")
                        % {
                            "organisation": by.organisation_name,
                            "name": by.name,
                            "reason": wording.why(code, reason),
                        },
                        _before(before),
                        telling.facts_of(booking),
                    ),
                    now=now,
                )
    _tell_people(session, before=before, code=code, reason=reason, by=by, now=now)


def _tell_people(
    session: CourseSession,
    *,
    before: CourseSession,
    code: ReasonCode,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    people = Membership.objects.live().filter(
        pk__in={
            key
            for one in (before, session)
            for key in (one.instructor_id, one.assistant_id)
            if key is not None
        }
    )
    for who in people.exclude(user_id=by.user_id or 0).select_related("user").order_by("pk"):
        stays = who.pk in (session.instructor_id, session.assistant_id)
        with translation.override(who.user.language):
            now_line = telling.labelled(
                [
                    (_("现在"), wording.when(session)),
                    (_("地点"), wording.where(session)),
                ]
            )
            notifications.services.tell(
                recipient=who.user,
                kind="session_moved",
                subject=_("场次有调整：%(when)s《%(title)s》")
                % {"when": wording.when(session), "title": wording.title(session.version)},
                body=telling.body_of(
                    _("%(organisation)s的%(name)s调整了这一场。原因：%(reason)s")
                    % {
                        "organisation": by.organisation_name,
                        "name": by.name,
                        "reason": wording.why(code, reason),
                    },
                    _before(before),
                    now_line if stays else [_("这一场不再由您带。")],
                ),
                path=reverse("attendance:host_day", args=[local_day(session.starts_at)]),
                now=now,
            )


def _before(before: CourseSession) -> list[str]:
    return telling.labelled(
        [(_("原来"), wording.when(before)), (_("原来的地点"), wording.where(before))]
    )
