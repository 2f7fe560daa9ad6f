from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class CoursesRefusal(Refusal):
    """Base of the refusals of courses, reviews, seasons and sessions."""


class SessionFull(CoursesRefusal):
    """Not enough free seats. Facts: ``seats`` wanted, ``seats_left`` free."""

    code = "session_full"
    sentence = _("名额不够：这一场还剩 %(seats_left)s 位，您要 %(seats)s 位。没有约成，名额未扣。")


class SessionCancelled(CoursesRefusal):
    code = "session_cancelled"
    sentence = _("这一场已取消（%(reason)s），请另选一场。")


class SessionHasSeatsTaken(CoursesRefusal):
    """What would change a booked session belongs to ``bookings.services``."""

    code = "session_has_seats_taken"
    sentence = _("这一场已有 %(seats_taken)s 位预约，请改用“取消场次”并说明原因。")


class InstructorTaken(CoursesRefusal):
    code = "instructor_taken"
    sentence = _("%(instructor)s在%(when)s已带%(what)s，请换时间或换指导教师。")
