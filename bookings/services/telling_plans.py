"""What people are told of the bookings that a plan made or took back: one message a person,
however many classes and sessions it is about. The plan's own words are ``planning``'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from bookings import calendar, wording
from bookings.models import Booking
from bookings.selectors import companions
from bookings.services import recipients
from bookings.services.telling import entry_of


@dataclass(slots=True)
class Told:
    """One person, and the bookings that she is told of for one organisation, in their order."""

    person: User
    organisation_id: int
    bookings: list[Booking] = field(default_factory=list)


def people_of(bookings: Sequence[Booking]) -> tuple[list[Told], list[Told]]:
    """The schools' people, each with the bookings of her classes, and the hosts' managers; who
    that is says ``recipients``. One query for each school, and one for coordinators.

    ``bookings`` as ``telling.loaded`` brings them, made by one person, school by school.
    """
    of_schools: dict[tuple[int, int], Told] = {}
    of_hosts: dict[tuple[int, int], Told] = {}

    def tell(told: dict[tuple[int, int], Told], person: User, key: int, booking: Booking) -> None:
        told.setdefault((key, person.pk), Told(person, key)).bookings.append(booking)

    for school_id, of_school in groupby(bookings, key=lambda booking: booking.school_id):
        own = list(of_school)
        people = recipients.of_bookings(own)
        for booking in own:
            for person in people.of_class[booking.class_group_id]:
                tell(of_schools, person, school_id, booking)
            for person in people.of_host[booking.host_id]:
                tell(of_hosts, person, booking.host_id, booking)
    return list(of_schools.values()), list(of_hosts.values())


def entries(bookings: Sequence[Booking], person: User, *, now: datetime) -> tuple[str, str]:
    """The calendar entries of the bookings for the person, in the active language, and their
    method; nothing where there are none."""
    found = [entry_of(booking) for booking in bookings]
    if not found:
        return "", ""
    if len(found) == 1:
        return calendar.invitation(found[0], name=person.name, address=person.email, stamp=now)
    return calendar.several(found, stamp=now)


def lines_for_school(bookings: Sequence[Booking]) -> list[list[str]]:
    """Class by class its sessions: a block with the class and its reference, then a line each."""
    of_classes = _by(bookings, "reservation_id")
    of_classes.sort(key=lambda own: (own[0].class_group.entry_year, own[0].class_group.number))
    return [
        [
            _("%(class_group)s（预约号 %(reference)s）")
            % {
                "class_group": wording.class_name(own[0].class_group, own[0].session.starts_at),
                "reference": own[0].reservation.reference,
            },
            *(f"· {_school_line(booking)}" for booking in own),
        ]
        for own in of_classes
    ]


def _school_line(booking: Booking) -> str:
    parts = [_session(booking)]
    if booking.is_live:
        parts.append(wording.students(booking.seats))
        known = wording.adults(booking)
        missing = companions.missing_of(booking)
        if known:
            parts.append(_("带队教师 %(adults)s") % {"adults": known})
        if missing:
            parts.append(wording.companions_missing(missing))
    return _("，").join(parts)


def lines_for_host(bookings: Sequence[Booking]) -> list[list[str]]:
    """School by school: a block with the school and whom to call, then a line for each class and
    session in order of time."""
    return [
        [_school(own[0]), *(f"· {_host_line(booking)}" for booking in own)]
        for own in _by(bookings, "school_id")
    ]


def _school(booking: Booking) -> str:
    school = wording.organisation_name(booking.school)
    made = booking.reservation
    contact = f"{made.contact_name} {made.contact_phone}".strip()
    return _("%(school)s（联系人 %(contact)s）") % {"school": school, "contact": contact}


def _host_line(booking: Booking) -> str:
    parts = [
        _session(booking),
        wording.class_name(booking.class_group, booking.session.starts_at),
    ]
    if booking.is_live:
        parts.append(wording.students(booking.seats))
        if booking.adults:
            parts.append(
                _("带队教师 %(adults)s") % {"adults": wording.how_many_adults(booking.adults)}
            )
    return _("，").join(parts)


def _session(booking: Booking) -> str:
    return _("%(when)s《%(title)s》，%(where)s") % {
        "when": wording.when(booking.session),
        "title": wording.title(booking.session.version),
        "where": wording.where(booking.session),
    }


def _by(bookings: Sequence[Booking], key: str) -> list[list[Booking]]:
    """The bookings that have the key in common, by time; those that begin first come first."""
    groups: dict[int, list[Booking]] = {}
    for booking in sorted(bookings, key=lambda one: (one.session.starts_at, one.pk)):
        groups.setdefault(getattr(booking, key), []).append(booking)
    return list(groups.values())


def how_many_classes(bookings: Sequence[Booking]) -> str:
    """七(3)班, or 3 个班."""
    classes = {booking.class_group_id for booking in bookings}
    if len(classes) == 1:
        return wording.class_name(bookings[0].class_group, bookings[0].session.starts_at)
    return counted_classes(bookings)


def counted_classes(bookings: Sequence[Booking]) -> str:
    count = len({booking.class_group_id for booking in bookings})
    return ngettext("%(count)d 个班", "%(count)d 个班", count) % {"count": count}


def counted_sessions(bookings: Sequence[Booking]) -> str:
    """As often as a class is somewhere."""
    return ngettext("%(count)d 场", "%(count)d 场", len(bookings)) % {"count": len(bookings)}


def counted_seats(bookings: Sequence[Booking]) -> str:
    seats = sum(booking.seats for booking in bookings)
    return ngettext("%(count)d 个名额", "%(count)d 个名额", seats) % {"count": seats}
