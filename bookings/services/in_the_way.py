"""Whether anything may stand in the way of what a class asks for: one question for all of it."""

from collections.abc import Sequence

from django.db import connection

from bookings.choices import LIVE_STATES
from bookings.services.parts import Asked
from rosters.choices import ConsentRule

# A booking of one of the classes, or a place of one of the students, between the first session and
# the last; or a school that books nobody without a signature.
MAY_BE = """
SELECT EXISTS (
    SELECT FROM bookings_booking booking
    JOIN courses_coursesession session ON session.id = booking.session_id
    WHERE booking.class_group_id = ANY(%(classes)s) AND booking.state = ANY(%(live)s)
      AND session.starts_at < %(until)s AND session.ends_at > %(since)s
) OR EXISTS (
    SELECT FROM bookings_place
    WHERE is_live AND student_id = ANY(%(students)s)
      AND starts_at < %(until)s AND ends_at > %(since)s
) OR EXISTS (
    SELECT FROM rosters_schoolsettings
    WHERE school_id = ANY(%(schools)s) AND consent_rule = %(rule)s AND consent_blocks
)
"""


def may_be(asked: Sequence[Asked]) -> bool:
    """True where one of the rules has to be asked what exactly it is, and always for seats without
    names, which are counted; False where nothing does. One query, or none."""
    if any(one.unnamed for one in asked):
        return True
    sessions = [session for one in asked for session in one.sessions]
    with connection.cursor() as cursor:
        cursor.execute(
            MAY_BE,
            {
                "classes": [one.class_group.pk for one in asked],
                "live": list(LIVE_STATES),
                "students": [student.pk for one in asked for student in one.students],
                "since": min(session.starts_at for session in sessions),
                "until": max(session.ends_at for session in sessions),
                "schools": [one.class_group.school_id for one in asked],
                "rule": ConsentRule.YEAR,
            },
        )
        (may_be,) = cursor.fetchone()
    return bool(may_be)
