"""Who comes to a door for the first time, as nearly everybody does: looked up in as few questions
as there can be. Whatever is out of the ordinary is none of this module's business."""

from django.db import connection

from accounts.prepared import Prepared, asked
from attendance.models import Badge
from bookings.models import Place
from courses.choices import SessionState
from courses.models import CourseSession

BADGES = Prepared(
    lambda: Badge.objects.filter(asked("attendance_badge.code = %s")).select_related(
        "student__class_group"
    )
)

# The door and the student, in this order. Many come in at once: it is only closing that waits for
# them, and that they wait for.
HOLD = """
SELECT 1 FROM attendance_desk desk
JOIN courses_coursesession session ON session.id = desk.session_id
JOIN rosters_student student ON student.id = %s
WHERE desk.session_id = %s AND desk.closed_at IS NULL AND session.state = %s
FOR SHARE OF desk FOR NO KEY UPDATE OF student
"""

# An event of whoever was merged into the student is hers.
UNHEARD_OF = """
bookings_place.session_id = %s AND bookings_place.student_id = %s AND NOT EXISTS (
    SELECT FROM attendance_checkin event
    WHERE event.session_id = bookings_place.session_id AND event.student_id = ANY(ARRAY(
        SELECT student.id FROM rosters_student student
        WHERE student.id = %s OR student.merged_into_id = %s
    ))
)
"""
PLACES = Prepared(
    lambda: Place.objects.live().filter(asked(UNHEARD_OF)).select_related("student__class_group")
)


def badge_of(code: str) -> Badge | None:
    """The badge with this code, revoked or not, its student with the class loaded."""
    return next(iter(BADGES(code)), None)


def place_of(session: CourseSession, student_id: int) -> Place | None:
    """The place of a student of whom nothing was heard at this open door, her row and the door's
    ours; None where anything is otherwise. Call within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [student_id, session.pk, SessionState.SCHEDULED])
        if cursor.fetchone() is None:
            return None
    # Asked after the locks: the seat may have gone to a classmate while we waited.
    return next(iter(PLACES(session.pk, student_id, student_id, student_id)), None)
