"""Why the host's change or calling off of a session is refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from bookings.errors.refusal import BookingsRefusal


class NoSessions(BookingsRefusal):
    code = "no_sessions"
    kind = Refusal.INVALID
    sentence = _("请选择场次。")


class SessionNotOverYet(BookingsRefusal):
    code = "session_not_over_yet"
    sentence = _("这一场 %(when)s 结束，结束以后再填未到的原因。")


class SessionOver(BookingsRefusal):
    code = "session_over"
    sentence = _("这一场 %(when)s 已经开始，不能再取消。")


class AlreadyCancelled(BookingsRefusal):
    code = "already_cancelled"
    sentence = _("这一场已取消（%(reason)s）。")


class NothingToCancel(BookingsRefusal):
    code = "nothing_to_cancel"
    sentence = _("%(day)s没有可取消的场次：没有安排，或都已开始、已取消。请看另一天。")


class SeatsStillTaken(BookingsRefusal):
    """More is booked than the session shall hold. Facts: ``seats_taken``, ``capacity``,
    ``over``."""

    code = "seats_still_taken"
    sentence = _(
        "已有 %(seats_taken)s 位（含正在换场次的），改成 %(capacity)s 位还多 %(over)s 位。"
        "请先勾选哪些班级改去别的场次。"
    )


class TooManyHeads(BookingsRefusal):
    """With the adults more people come than the room holds. Facts: ``limit``, ``present``."""

    code = "too_many_heads"
    sentence = _(
        "%(room)s最多容纳 %(limit)s 人（含成人），现在要来 %(present)s 人。"
        "请换一间，或勾选哪些班级改去别的场次。"
    )


class SchoolVenueFixed(BookingsRefusal):
    """A session that comes to a school is for that school's classes only."""

    code = "school_venue_fixed"
    sentence = _("已有%(school)s的班级预约，不能改到别的学校上课。")
