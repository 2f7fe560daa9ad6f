"""Whose guardians have signed, for a booking and for a class about to be booked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bookings.models import Booking, TripConsent
from rosters import selectors as roster_selectors
from rosters.choices import ConsentRule
from rosters.models import SchoolSettings, Student
from rosters.selectors import ConsentStatus
from sites.calendar import local_day, school_year


@dataclass(frozen=True, slots=True)
class BookingConsent:
    """How far the signatures for one booking are, by the school's rule."""

    rule: ConsentRule
    status: ConsentStatus


def signed_for_trip(booking: Booking) -> set[int]:
    """The students with a standing consent for the booking's trip."""
    return set(
        TripConsent.objects.standing().filter(booking=booking).values_list("student_id", flat=True)
    )


def consent_of_booking(booking: Booking, students: list[Student]) -> BookingConsent | None:
    """How far the signatures of the booking's students are; None where the school collects
    none. Two queries; ``booking.session`` loaded."""
    rule = ConsentRule(roster_selectors.settings_of(booking.school_id).consent_rule)
    if rule == ConsentRule.NONE:
        return None
    if rule == ConsentRule.YEAR:
        signed = roster_selectors.signed_for_year(
            [student.pk for student in students],
            school_year(local_day(booking.session.starts_at)),
        )
    else:
        signed = signed_for_trip(booking)
    return BookingConsent(rule, roster_selectors.status_of(students, signed))


def unsigned(
    school_id: int, student_ids: Collection[int], school_years: Collection[int]
) -> set[int]:
    """Which of the students the school does not let be booked in one of the school years, for
    want of a signature. Nobody, unless it collects them a year and says that missing ones block.
    """
    return unsigned_of_schools({school_id: student_ids}, school_years)


def unsigned_of_schools(
    students: Mapping[int, Collection[int]], school_years: Collection[int]
) -> set[int]:
    """The same of several schools, given their students: one query, and one for each school year
    where a school lets missing ones block."""
    blocking = SchoolSettings.objects.filter(
        school__in=students, consent_rule=ConsentRule.YEAR, consent_blocks=True
    ).values_list("school_id", flat=True)
    asked = [pk for school_id in blocking for pk in students[school_id]]
    barred: set[int] = set()
    for year in school_years if asked else ():
        barred |= set(asked) - roster_selectors.signed_for_year(asked, year)
    return barred
