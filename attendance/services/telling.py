"""What a school is told when its class's session is over. Numbers, never names."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

import notifications.services
from accounts.models import Organisation
from accounts.selectors import secretariat
from attendance.choices import AttendanceState, Earns
from attendance.selectors.states import Attendance
from bookings import wording
from bookings.models import Booking, Place
from bookings.services import telling as booking_telling
from courses.models import CourseSession
from courses.naming import headline
from notifications.services import Letter
from sites import dates
from sites.calendar import local_day


def tell_closed(
    *,
    session: CourseSession,
    places: Iterable[Place],
    states: Mapping[int, Attendance],
    held_back: Mapping[int, int],
    now: datetime,
) -> None:
    """Each booked class's people learn how many came and what was credited, and of whom it was
    not: ``held_back`` are these students and their schools; of them the secretariat hears too.
    ``places`` have student and booking loaded, with class and reservation."""
    bookings: dict[int, Booking] = {}
    own: dict[int, list[Attendance]] = defaultdict(list)
    seats: dict[int, list[int]] = defaultdict(list)
    for place in places:
        state = states.get(place.student_id or 0)
        if state is not None and place.student is not None:
            bookings[place.booking_id] = place.booking
            if place.student.pk in held_back:
                seats[place.booking_id].append(place.student.seat_no)
            else:
                own[place.booking_id].append(state)
    letters = _to_secretariat(session, held_back)
    for _pk, booking in sorted(bookings.items()):
        for person in booking_telling.people_of_school(booking):
            with translation.override(person.language):
                letters.append(
                    Letter(
                        recipient=person,
                        kind="hours_credited",
                        subject=(
                            _("%(class_group)s有学时没有记入：%(course)s")
                            if seats[booking.pk]
                            else _("%(class_group)s的学时已记：%(course)s")
                        )
                        % {
                            "class_group": wording.class_name(
                                booking.class_group, session.starts_at
                            ),
                            "course": headline(session.version).occupation,
                        },
                        body="\n\n".join(
                            [
                                *_told_of_held_back(seats[booking.pk]),
                                *_told(own[booking.pk], session.class_hours),
                            ]
                        ),
                        path=reverse("insights:class", args=[booking.class_group_id]),
                    )
                )
    notifications.services.tell_all(letters, now=now)


def _to_secretariat(session: CourseSession, held_back: Mapping[int, int]) -> list[Letter]:
    """Of which schools' students the hours wait for it. No query where there are none."""
    if not held_back:
        return []
    numbers = Counter(held_back.values())
    schools = Organisation.objects.in_bulk(numbers)
    letters = []
    for person in secretariat():
        with translation.override(person.language):
            facts = [
                _("%(school)s %(count)d 人")
                % {"school": wording.organisation_name(schools[pk]), "count": count}
                for pk, count in sorted(numbers.items())
            ]
            letters.append(
                Letter(
                    recipient=person,
                    kind="hours_held_back",
                    subject=_("已锁定的学时待更正：%(course)s（%(day)s）")
                    % {
                        "course": headline(session.version).occupation,
                        "day": dates.day_plain(local_day(session.starts_at)),
                    },
                    body=_(
                        "%(schools)s：签到结束时，这段时间的学时已经公示并锁定，"
                        "没有按签到记入。学校核对后会提交申请，由秘书处确认。"
                    )
                    % {"schools": _("，").join(facts)},
                    path=reverse("attendance:locks"),
                )
            )
    return letters


def _told_of_held_back(seats: list[int]) -> list[str]:
    """Whose hours the lock keeps as they were, by seat number, and what the school does now."""
    if not seats:
        return []
    return [
        _(
            "座号 %(seats)s：签到已有记录，但这段时间的学时已经公示并锁定，没有按签到记入。"
            "请核对，应补记或更正的请逐人提交申请，由联盟秘书处确认。"
        )
        % {"seats": wording.seats(seats)}
    ]


def _told(states: Iterable[Attendance], class_hours: int) -> list[str]:
    """How many have how much: "2 人各得 4 学时，1 人得 2 学时，1 人缺席。" """
    found = list(states)
    if not found:
        return []
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
    return [_("%(facts)s。有出入请联系开课单位更正。") % {"facts": _("，").join(parts)}]
