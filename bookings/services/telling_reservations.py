"""What people are told of a reservation just made; see ``telling``."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.actors import Actor
from accounts.models import User
from bookings import wording
from bookings.models import Booking
from bookings.services import recipients
from bookings.services.telling import (
    body_of,
    facts_for_host,
    facts_of,
    school_letter,
    trip,
    trip_of_school,
)
from notifications.services import Letter
from sites.calendar import local_day


def confirmed(bookings: Sequence[Booking], *, by: Actor, now: datetime) -> None:
    """The school's people get each booking's entry; each host's managers one message.

    ``bookings`` are one reservation's, in the order they are told, as ``telling.loaded`` brings
    them. One query for the people, three inserts. Of what a plan booked ``telling_plans`` tells.
    """
    told = recipients.of_bookings(bookings)
    letters = [
        letter
        for booking in bookings
        for letter in _to_school(booking, told.of_class[booking.class_group_id], now)
    ]
    for host_id, managers in told.of_host.items():
        of_host = [booking for booking in bookings if booking.host_id == host_id]
        letters += _to_host(of_host, managers, by)
    notifications.services.tell_all(letters, now=now)


def _to_school(booking: Booking, people: Sequence[User], now: datetime) -> list[Letter]:
    letters = []
    for language, speakers in _by_language(people):
        with translation.override(language):
            subject = _("预约已确认：%(trip)s") % {"trip": trip(booking)}
            body = body_of(_("名额已定。"), facts_of(booking))
            letters += [
                school_letter(
                    booking, person, kind="booking_confirmed", subject=subject, body=body, now=now
                )
                for person in speakers
            ]
    return letters


def _to_host(bookings: Sequence[Booking], managers: Sequence[User], by: Actor) -> list[Letter]:
    first = bookings[0]
    path = reverse("attendance:host_day", args=[local_day(first.session.starts_at)])
    letters = []
    for language, speakers in _by_language(managers):
        with translation.override(language):
            school = wording.organisation_name(first.school)
            opening = _("%(school)s的%(name)s约了下列场次。") % {"school": school, "name": by.name}
            subject = _("新预约：%(trip)s") % {"trip": trip_of_school(first)}
            body = body_of(opening, *[facts_for_host(booking) for booking in bookings])
        letters += [Letter(person, "booking_made", subject, body, path) for person in speakers]
    return letters


def _by_language(people: Sequence[User]) -> list[tuple[str, list[User]]]:
    ordered = sorted(people, key=lambda person: (person.language, person.pk))
    return [
        (language, list(speakers))
        for language, speakers in groupby(ordered, key=lambda person: person.language)
    ]
