"""What people are told about a booking: the school's with the calendar entry, the host's without.

Written in the caller's transaction, each in the recipient's language. No student is named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import notifications.services
from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import User
from accounts.selectors import people_to_tell
from bookings import calendar, wording
from bookings.models import Booking
from bookings.services import recipients
from courses.models import CourseSession
from notifications.services import Letter
from sites.calendar import local_day


def loaded() -> QuerySet[Booking]:
    """Bookings with all that a message or page tells of them."""
    return Booking.objects.select_related(
        "class_group",
        "host",
        "reservation__made_by__user",
        "school",
        "session__host",
        "session__room__site",
        "session__school",
        "session__version",
    ).prefetch_related("companions")


def changed(booking_id: int, *, by: Actor, now: datetime) -> None:
    """Both sides learn the booking's new contents; the calendar entry is updated."""
    booking = loaded().get(pk=booking_id)
    for person in people_of_school(booking):
        with translation.override(person.language):
            tell_school(
                booking,
                person,
                kind="booking_changed",
                subject=_("预约已修改：%(trip)s") % {"trip": trip(booking)},
                body=body_of(
                    _("%(name)s修改了这个预约，现在是：") % {"name": by.name}, facts_of(booking)
                ),
                now=now,
            )

    def text() -> tuple[str, str]:
        opening = _("%(school)s的%(name)s修改了预约，现在是：") % {
            "school": wording.organisation_name(booking.school),
            "name": by.name,
        }
        return (
            _("预约已修改：%(trip)s") % {"trip": trip_of_school(booking)},
            body_of(opening, facts_for_host(booking)),
        )

    tell_host(booking, kind="booking_changed", text=text, now=now)


def released(booking_id: int, *, seats: int, now: datetime) -> None:
    """Both sides learn that seats are free, because students left the class, and what the
    booking is now; the calendar entry is updated."""
    booking = loaded().get(pk=booking_id)

    def opening() -> str:
        return ngettext(
            "有 %(count)d 名学生离开班级，名额已放出，现在是：",
            "有 %(count)d 名学生离开班级，名额已放出，现在是：",
            seats,
        ) % {"count": seats}

    for person in people_of_school(booking):
        with translation.override(person.language):
            tell_school(
                booking,
                person,
                kind="booking_changed",
                subject=_("预约已修改：%(trip)s") % {"trip": trip(booking)},
                body=body_of(opening(), facts_of(booking)),
                now=now,
            )

    def text() -> tuple[str, str]:
        return (
            _("预约已修改：%(trip)s") % {"trip": trip_of_school(booking)},
            body_of(opening(), facts_for_host(booking)),
        )

    tell_host(booking, kind="booking_changed", text=text, now=now)


def cancelled(
    booking_ids: Sequence[int],
    *,
    by: Actor,
    now: datetime,
    still_free: Mapping[int, Sequence[Sequence[CourseSession]]] | None = None,
) -> None:
    """The school's people learn by whom and why, and what still fits them where ``still_free``
    says so by booking; their calendars drop the entry. The host's managers learn of it too,
    unless the host itself cancelled."""
    for booking in loaded().filter(pk__in=booking_ids).order_by("session__starts_at", "pk"):
        for person in people_of_school(booking):
            with translation.override(person.language):
                tell_school(
                    booking,
                    person,
                    kind="booking_cancelled",
                    subject=_("预约已取消：%(trip)s") % {"trip": trip(booking)},
                    body=body_of(
                        _cancelled_line(booking, by),
                        facts_of(booking),
                        *_still_free((still_free or {}).get(booking.pk, ())),
                    ),
                    now=now,
                )
        if not by.is_host:
            _tell_host_of_cancellation(booking, by=by, now=now)


def session_cancelled(session_ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Whoever was to teach or assist learns that it is off, unless it was herself who said so."""
    sessions = (
        CourseSession.objects.filter(pk__in=session_ids)
        .select_related("instructor__user", "assistant__user", "room__site", "school", "version")
        .order_by("starts_at", "pk")
    )
    holding = [
        (session, who.user)
        for session in sessions
        for who in (session.instructor, session.assistant)
        if who is not None and who.ended_at is None and who.user_id != by.user_id
    ]
    if not by.is_host:
        # The host's managers, where no booking of theirs told them already.
        holding += [
            (session, person)
            for session in sessions.filter(bookings=None)
            for person in people_to_tell(session.host_id, [Role.HOST_MANAGER])
            if (session, person) not in holding
        ]
    for session, person in holding:
        with translation.override(person.language):
            facts = {"when": wording.when(session), "title": wording.title(session.version)}
            notifications.services.tell(
                recipient=person,
                kind="session_cancelled",
                subject=_("场次已取消：%(when)s《%(title)s》") % facts,
                body=body_of(
                    _("%(organisation)s的%(name)s取消了这一场。原因：%(reason)s")
                    % {
                        "organisation": by.organisation_name,
                        "name": by.name,
                        "reason": session.why_cancelled,
                    },
                    labelled(
                        [
                            (_("课程"), wording.title(session.version)),
                            (_("时间"), wording.when(session)),
                            (_("地点"), wording.where(session)),
                        ]
                    ),
                ),
                path=reverse("attendance:host_day", args=[local_day(session.starts_at)]),
                now=now,
            )


def _tell_host_of_cancellation(booking: Booking, *, by: Actor, now: datetime) -> None:
    def text() -> tuple[str, str]:
        return (
            _("预约已取消：%(trip)s") % {"trip": trip_of_school(booking)},
            body_of(_cancelled_line(booking, by), facts_for_host(booking)),
        )

    tell_host(booking, kind="booking_cancelled", text=text, now=now)


def reminded(booking: Booking, *, now: datetime) -> None:
    """The school's people are reminded once of tomorrow, however often this is called.

    ``booking`` as ``loaded`` brings it.
    """
    for person in people_of_school(booking):
        with translation.override(person.language):
            notifications.services.tell(
                recipient=person,
                kind="booking_reminder",
                subject=_("明天：%(trip)s") % {"trip": trip(booking)},
                body=body_of(
                    _("明天有职业体验，请提醒学生带好胸牌。"),
                    [*facts_of(booking), *_materials(booking)],
                ),
                path=reverse("bookings:booking", args=[booking.pk]),
                once_key=f"reminder:{booking.pk}:{booking.session.starts_at:%Y%m%d%H%M}:{person.pk}",
                now=now,
            )


def people_of_school(booking: Booking) -> list[User]:
    """Who booked and who teaches the class, as far as they are still there; else the school's
    coordinators."""
    return recipients.of_bookings([booking]).of_class[booking.class_group_id]


def entry_of(booking: Booking) -> calendar.Entry:
    """The booking's calendar entry in the active language; ``booking`` as ``loaded`` brings it."""
    return calendar.Entry(
        uid=booking.uid,
        sequence=booking.sequence,
        starts_at=booking.session.starts_at,
        ends_at=booking.session.ends_at,
        summary=_("%(class_group)s %(title)s")
        % {
            "class_group": wording.class_name(booking.class_group, booking.session.starts_at),
            "title": wording.title(booking.session.version),
        },
        location=", ".join(
            part
            for part in (wording.where(booking.session), wording.address(booking.session))
            if part
        ),
        description="\n".join(facts_of(booking)),
        is_cancelled=not booking.is_live,
        organizer_name=wording.organisation_name(booking.host),
        organizer_address=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    )


def tell_school(
    booking: Booking, person: User, *, kind: str, subject: str, body: str, now: datetime
) -> None:
    letter = school_letter(booking, person, kind=kind, subject=subject, body=body, now=now)
    notifications.services.tell_all([letter], now=now)


def school_letter(
    booking: Booking, person: User, *, kind: str, subject: str, body: str, now: datetime
) -> Letter:
    """With the booking's calendar entry; in the active language."""
    text, method = calendar.invitation(
        entry_of(booking), name=person.name, address=person.email, stamp=now
    )
    return Letter(
        recipient=person,
        kind=kind,
        subject=subject,
        body=body,
        path=reverse("bookings:booking", args=[booking.pk]),
        calendar=text,
        calendar_method=method,
    )


def tell_host(
    booking: Booking, *, kind: str, text: Callable[[], tuple[str, str]], now: datetime
) -> None:
    """``text`` gives subject and body in the language that is active when it is called."""
    notifications.services.tell_all(host_letters(booking, kind=kind, text=text), now=now)


def host_letters(
    booking: Booking, *, kind: str, text: Callable[[], tuple[str, str]]
) -> list[Letter]:
    """One to each manager of the host, in the manager's language."""
    letters = []
    for person in people_to_tell(booking.host_id, [Role.HOST_MANAGER]):
        with translation.override(person.language):
            subject, body = text()
        path = reverse("attendance:host_day", args=[local_day(booking.session.starts_at)])
        letters.append(Letter(person, kind, subject, body, path))
    return letters


def trip(booking: Booking) -> str:
    return _("%(when)s %(class_group)s《%(title)s》") % {
        "when": wording.when(booking.session),
        "class_group": wording.class_name(booking.class_group, booking.session.starts_at),
        "title": wording.title(booking.session.version),
    }


def trip_of_school(booking: Booking) -> str:
    return _("%(when)s %(school)s %(class_group)s《%(title)s》") % {
        "when": wording.when(booking.session),
        "school": wording.organisation_name(booking.school),
        "class_group": wording.class_name(booking.class_group, booking.session.starts_at),
        "title": wording.title(booking.session.version),
    }


def _cancelled_line(booking: Booking, by: Actor) -> str:
    return _("%(organisation)s的%(name)s取消了这个预约。原因：%(reason)s") % {
        "organisation": by.organisation_name,
        "name": by.name,
        "reason": booking.why_cancelled,
    }


def facts_of(booking: Booking) -> list[str]:
    """The trip, line by line, for the school."""
    session = booking.session
    contact_name, contact_phone = wording.contact(session)
    lines = [
        (_("课程"), wording.title(session.version)),
        (_("学时"), str(session.class_hours)),
        (_("时间"), wording.when(session)),
        (_("地点"), wording.where(session)),
        (_("地址"), wording.address(session)),
        (_("怎么去"), wording.directions(session)),
        (_("现场联系"), f"{contact_name} {contact_phone}".strip()),
        (_("人数"), wording.students(booking.seats) if booking.is_live else ""),
        (_("带队教师"), wording.adults(booking) if booking.is_live else ""),
        (_("预约号"), booking.reservation.reference),
    ]
    return labelled(lines)


def facts_for_host(booking: Booking) -> list[str]:
    """The trip, line by line, for those who receive it."""
    session = booking.session
    lines = [
        (_("课程"), wording.title(session.version)),
        (_("时间"), wording.when(session)),
        (_("地点"), wording.where(session)),
        (
            _("班级"),
            f"{wording.organisation_name(booking.school)}"
            f" {wording.class_name(booking.class_group, session.starts_at)}",
        ),
        (_("人数"), wording.students(booking.seats) if booking.is_live else ""),
        (_("带队教师"), wording.how_many_adults(booking.adults) if booking.is_live else ""),
        (
            _("学校联系人"),
            f"{booking.reservation.contact_name} {booking.reservation.contact_phone}".strip(),
        ),
        (_("留言"), booking.reservation.note),
        (_("预约号"), booking.reservation.reference),
    ]
    return labelled(lines)


def _still_free(offers: Sequence[Sequence[CourseSession]]) -> list[list[str]]:
    if not offers:
        return []
    return [
        [
            _("还有空位、适合这个班的场次，打开预约可以直接约："),
            *[
                " + ".join(
                    f"{wording.when(session)} {wording.title(session.version)}" for session in offer
                )
                for offer in offers
            ],
        ]
    ]


def _materials(booking: Booking) -> list[str]:
    return labelled([(_("材料与着装"), booking.session.version.materials)])


def labelled(lines: Iterable[tuple[str, str]]) -> list[str]:
    return [
        _("%(label)s：%(value)s") % {"label": label, "value": value}
        for label, value in lines
        if value
    ]


def body_of(opening: str, *blocks: Iterable[str]) -> str:
    return "\n\n".join([opening, *["\n".join(block) for block in blocks]])
