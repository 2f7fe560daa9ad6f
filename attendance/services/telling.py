"""What a school is told when its class's session is over. Numbers, never names."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from attendance.choices import AttendanceState, Earns
from attendance.selectors.states import Attendance
from bookings import wording
from bookings.models import Booking, Place
from bookings.services import telling as booking_telling
from courses.models import CourseSession
from courses.naming import headline
from notifications.services import Letter


def tell_closed(
    *,
    session: CourseSession,
    places: Iterable[Place],
    states: Mapping[int, Attendance],
    now: datetime,
) -> None:
    """Each booked class's people learn how many came and what was credited. ``places`` have
    their booking loaded, with class and reservation."""
    bookings: dict[int, Booking] = {}
    own: dict[int, list[Attendance]] = defaultdict(list)
    for place in places:
        state = states.get(place.student_id or 0)
        if state is not None:
            bookings[place.booking_id] = place.booking
            own[place.booking_id].append(state)
    letters = []
    for _pk, booking in sorted(bookings.items()):
        for person in booking_telling.people_of_school(booking):
            with translation.override(person.language):
                letters.append(
                    Letter(
                        recipient=person,
                        kind="hours_credited",
                        subject=_("%(class_group)s的学时已记：%(course)s")
                        % {
                            "class_group": wording.class_name(
                                booking.class_group, session.starts_at
                            ),
                            "course": headline(session.version).occupation,
                        },
                        body=_told(own[booking.pk], session.class_hours),
                        path=reverse("insights:class", args=[booking.class_group_id]),
                    )
                )
    notifications.services.tell_all(letters, now=now)


def _told(states: Iterable[Attendance], class_hours: int) -> str:
    """How many have how much: "2 人各得 4 学时，1 人得 2 学时，1 人缺席。" """
    found = list(states)
    whole = sum(state.earns == Earns.FULL for state in found)
    reduced = sum(state.earns == Earns.REDUCED for state in found)
    absent = sum(state.state == AttendanceState.ABSENT for state in found)
    parts = [_("%(credited)d 人各得 %(hours)d 学时") % {"credited": whole, "hours": class_hours}]
    if reduced:
        parts.append(
            _("%(credited)d 人各得 %(hours)d 学时")
            % {"credited": reduced, "hours": Earns.REDUCED.of(class_hours)}
        )
    parts.append(_("%(absent)d 人缺席") % {"absent": absent})
    return _("%(facts)s。有出入请联系开课单位更正。") % {"facts": _("，").join(parts)}
