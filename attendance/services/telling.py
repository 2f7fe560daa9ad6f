"""What a school is told when its class's session is over. Numbers, never names."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from attendance.choices import AttendanceState
from attendance.selectors.states import Attendance
from bookings import wording
from bookings.choices import LIVE_STATES
from bookings.models import Place
from bookings.services import telling as booking_telling
from courses.models import CourseSession
from courses.naming import headline


def tell_closed(*, session: CourseSession, states: Mapping[int, Attendance], now: datetime) -> None:
    """Each booked class's people learn how many came and what was credited."""
    for booking in (
        booking_telling.loaded().filter(session=session, state__in=LIVE_STATES).order_by("pk")
    ):
        students = Place.objects.live().filter(booking=booking).values_list("student_id", flat=True)
        own = [states[pk] for pk in students if pk in states]
        credited = sum(state.is_credited for state in own)
        absent = sum(state.state == AttendanceState.ABSENT for state in own)
        for person in booking_telling.people_of_school(booking):
            with translation.override(person.language):
                facts = {
                    "class_group": wording.class_name(booking.class_group, session.starts_at),
                    "course": headline(session.version).occupation,
                    "hours": session.class_hours,
                    "credited": credited,
                    "absent": absent,
                }
                notifications.services.tell(
                    recipient=person,
                    kind="hours_credited",
                    subject=_("%(class_group)s的学时已记：%(course)s") % facts,
                    body=_(
                        "%(credited)d 人各得 %(hours)d 学时，%(absent)d 人缺席。"
                        "有出入请联系开课单位更正。"
                    )
                    % facts,
                    path=reverse("insights:class", args=[booking.class_group_id]),
                    now=now,
                )
