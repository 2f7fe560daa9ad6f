"""What both sides are told of a request for a change. Class seat numbers, no names."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.selectors import people_to_tell
from bookings import wording
from bookings.choices import ChangeState
from bookings.models import Booking, ChangeRequest
from bookings.selectors import change_requests as selectors
from bookings.services import telling
from notifications.models import Message


def asked(request: ChangeRequest, bookings: Sequence[Booking], *, by: Actor, now: datetime) -> None:
    """The host's managers read who asks for what, why, and of which of the ``bookings``' days
    where it is more than one."""
    booking = telling.loaded().get(pk=request.booking_id)
    difference = selectors.difference(request)
    short = selectors.seats_short([request]).get(request.pk, 0)
    days = sorted((one.session for one in bookings), key=lambda session: session.starts_at)
    for person in people_to_tell(booking.host_id, [Role.HOST_MANAGER]):
        with translation.override(person.language):
            notifications.services.tell(
                recipient=person,
                kind="change_asked",
                subject=_("申请修改预约：%(trip)s") % {"trip": telling.trip_of_school(booking)},
                body="\n".join(
                    [
                        _("%(school)s的%(name)s申请修改预约。原因：%(reason)s")
                        % {
                            "school": wording.organisation_name(booking.school),
                            "name": by.name,
                            "reason": request.reason,
                        },
                        "",
                        *wording.difference(difference),
                        *([wording.seats_to_add(short)] if short else []),
                        *([_("各场一起改：")] if len(days) > 1 else []),
                        *([wording.when(one) for one in days] if len(days) > 1 else []),
                    ]
                ),
                path=reverse("bookings:change_request", args=[request.pk]),
                now=now,
            )


def forget(request: ChangeRequest) -> None:
    """What was told of the request, with its reason and the answer, is gone."""
    notifications.services.forget_messages(
        Message.objects.filter(
            Q(path=reverse("bookings:change_request", args=[request.pk]))
            | Q(path=reverse("bookings:booking", args=[request.booking_id]), kind="change_answered")
        )
    )


def withdrawn(request: ChangeRequest, *, by: Actor, now: datetime) -> None:
    """The host's managers need not answer any more."""
    booking = telling.loaded().get(pk=request.booking_id)
    for person in people_to_tell(booking.host_id, [Role.HOST_MANAGER]):
        with translation.override(person.language):
            notifications.services.tell(
                recipient=person,
                kind="change_withdrawn",
                subject=_("申请已撤回：%(trip)s") % {"trip": telling.trip_of_school(booking)},
                body=_("%(school)s的%(name)s撤回了修改申请，预约不变。")
                % {"school": wording.organisation_name(booking.school), "name": by.name},
                path=reverse("bookings:change_request", args=[request.pk]),
                now=now,
            )


def unanswered(request: ChangeRequest, *, now: datetime) -> None:
    """Both sides learn that nobody answered in time."""
    _expired(
        request,
        lambda host: _("%(host)s在开课前没有答复修改申请，申请已过期，预约不变。") % {"host": host},
        now=now,
    )


def overtaken(request: ChangeRequest, *, now: datetime) -> None:
    """Both sides learn that the list is not any more what the school asked to change."""
    _expired(
        request,
        lambda _host: _(
            "提出申请以后，预约的学生或人数已经变了，申请已过期。仍要修改，请按现在的名单再申请一次。"
        ),
        now=now,
    )


def _expired(request: ChangeRequest, body: Callable[[str], str], *, now: datetime) -> None:
    booking = telling.loaded().get(pk=request.booking_id)
    sides = (
        (
            people_to_tell(booking.host_id, [Role.HOST_MANAGER]),
            telling.trip_of_school,
            reverse("bookings:change_request", args=[request.pk]),
        ),
        (
            telling.people_of_school(booking),
            telling.trip,
            reverse("bookings:booking", args=[booking.pk]),
        ),
    )
    for people, trip, path in sides:
        for person in people:
            with translation.override(person.language):
                notifications.services.tell(
                    recipient=person,
                    kind="change_expired",
                    subject=_("申请已过期：%(trip)s") % {"trip": trip(booking)},
                    body=body(wording.organisation_name(booking.host)),
                    path=path,
                    now=now,
                )


def answered(request: ChangeRequest, *, by: Actor, now: datetime) -> None:
    """The school's people learn what the host says."""
    booking: Booking = telling.loaded().get(pk=request.booking_id)
    for person in telling.people_of_school(booking):
        with translation.override(person.language):
            facts = {
                "host": wording.organisation_name(booking.host),
                "name": by.name,
                "answer": request.answer,
            }
            if request.state == ChangeState.ACCEPTED:
                body = _("%(host)s的%(name)s同意了修改申请，预约已按申请改好。") % facts
            else:
                body = _("%(host)s的%(name)s没有同意修改申请，预约不变。") % facts
            if request.answer:
                body += "\n" + _("答复：%(answer)s") % facts
            notifications.services.tell(
                recipient=person,
                kind="change_answered",
                subject=_("申请%(state)s：%(trip)s")
                % {"state": request.get_state_display(), "trip": telling.trip(booking)},
                body=body,
                path=reverse("bookings:booking", args=[booking.pk]),
                now=now,
            )
