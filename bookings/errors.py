"""What a booking can be refused for. Each names the fact that stands in the way."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class BookingsRefusal(Refusal):
    """Base of the refusals of reservations and bookings."""


class WrongStage(BookingsRefusal):
    code = "wrong_stage"
    sentence = _("这门课适合%(suits)s，%(class_group)s是%(grade)s，不能预约。")


class StudentBusy(BookingsRefusal):
    """``seats``: class seat numbers of those who are elsewhere; ``elsewhere``: what and when."""

    code = "student_busy"
    sentence = _("%(class_group)s %(seats)s号在%(when)s已约%(elsewhere)s，时间冲突。")


class OutsideSeason(BookingsRefusal):
    code = "outside_season"
    sentence = _("“%(season)s”的预约时间是%(opens)s至%(closes)s，现在不能预约。")


class SessionStarted(BookingsRefusal):
    code = "session_started"
    sentence = _("这一场%(when)s已经开始，不能再改预约。")


class AlreadyBooked(BookingsRefusal):
    code = "already_booked"
    sentence = _("%(class_group)s已约这一场（预约号%(reference)s），如需增减人数，请在预约里修改。")


class NoStudents(BookingsRefusal):
    code = "no_students"
    kind = Refusal.INVALID
    sentence = _("请至少选一名学生。")


class NotInClass(BookingsRefusal):
    code = "not_in_class"
    kind = Refusal.INVALID
    sentence = _("选的学生不在%(class_group)s，请重新选择。")


class TooFewCompanions(BookingsRefusal):
    code = "too_few_companions"
    kind = Refusal.INVALID
    sentence = _("%(students)s名学生至少要%(needed)s位带队教师，现在是%(given)s位。")


class BookingOver(BookingsRefusal):
    code = "booking_over"
    sentence = _("这个预约已是“%(state)s”，不能再改。")


class StaleBooking(BookingsRefusal):
    """Somebody changed the booking after the form was opened."""

    code = "stale_booking"
    sentence = _("这个预约刚才已被修改，请看过最新的内容再提交。您填的内容还在。")


class KeyReused(BookingsRefusal):
    """The same idempotency key came with other contents."""

    code = "key_reused"
    kind = Refusal.INVALID
    sentence = _("同一个请求编号已用于另一份内容，请换一个编号再提交。")
