"""What a booking can be refused for. Each names the fact that stands in the way."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from bookings.errors.refusal import BookingsRefusal


class WrongStage(BookingsRefusal):
    code = "wrong_stage"
    sentence = _("这门课适合%(suits)s，%(class_group)s是%(grade)s，不能预约。")


class StudentBusy(BookingsRefusal):
    """``seats``: class seat numbers of those who are elsewhere; ``elsewhere``: what and when."""

    code = "student_busy"
    sentence = _("%(class_group)s %(seats)s号在 %(when)s 已约%(elsewhere)s，时间冲突。")


class FeedReadTooOften(BookingsRefusal):
    code = "feed_read_too_often"
    sentence = _("读取太频繁，请过一会儿再试。")


class SessionStarted(BookingsRefusal):
    code = "session_started"
    sentence = _("这一场 %(when)s 已经开始，不能再改预约。")


class SessionMoved(BookingsRefusal):
    """The host changed the session after it was shown. Facts: ``was`` and ``now``, when it was
    and is; ``where`` it is."""

    code = "session_moved"
    sentence = _(
        "这一场已由开课单位改期：原来是 %(was)s，现在是 %(now)s，在%(where)s。请看过再提交。"
    )
    same_time = _("这一场已由开课单位改动：时间仍是 %(now)s，现在在%(where)s。请看过再提交。")

    def __str__(self) -> str:
        sentence = self.same_time if self.facts["was"] == self.facts["now"] else self.sentence
        return str(sentence) % self.facts


class AlreadyBooked(BookingsRefusal):
    code = "already_booked"
    sentence = _("%(class_group)s已约这一场（预约号%(reference)s），如需增减人数，请在预约里修改。")


class NoStudents(BookingsRefusal):
    code = "no_students"
    kind = Refusal.INVALID
    sentence = _("请至少选一名学生。")


class FewerSeatsThanNamed(BookingsRefusal):
    """Facts: ``seats`` asked for, ``named`` students."""

    code = "fewer_seats_than_named"
    kind = Refusal.INVALID
    sentence = _("名单上有 %(named)s 名学生，名额却只要 %(seats)s 个，请改成一致。")


class NotInClass(BookingsRefusal):
    code = "not_in_class"
    kind = Refusal.INVALID
    sentence = _("选的学生不在%(class_group)s，请重新选择。")


class TooFewCompanions(BookingsRefusal):
    code = "too_few_companions"
    kind = Refusal.INVALID
    sentence = _("%(students)s 名学生至少要 %(needed)s 位带队教师，现在填了 %(given)s 位。")


class ClassArchived(BookingsRefusal):
    """The class has left its school since it was planned for."""

    code = "class_archived"
    sentence = _("%(class_group)s已归档，不能再预约。")


class MoreThanClass(BookingsRefusal):
    """More seats at one time than the class has students. Facts: ``size``, ``seats``."""

    code = "more_than_class"
    kind = Refusal.INVALID
    sentence = _("%(class_group)s有 %(size)s 名学生，%(when)s 一共要了 %(seats)s 个名额，请减少。")


class CompanionNameMissing(BookingsRefusal):
    code = "companion_name_missing"
    kind = Refusal.INVALID
    sentence = _("请填写每位带队教师的姓名。")


class SetBookedWhole(BookingsRefusal):
    """Sessions offered together are booked together."""

    code = "set_booked_whole"
    kind = Refusal.INVALID
    sentence = _("“%(set)s”共 %(sessions)s 场，须一起预约。")


class NotForYourSchool(BookingsRefusal):
    """The host travels to one school."""

    code = "not_for_your_school"
    sentence = _("这一场送到%(school)s上课，只收该校的班级。")


class SessionsOverlap(BookingsRefusal):
    """Two of the sessions asked for lie at the same time."""

    code = "sessions_overlap"
    kind = Refusal.INVALID
    sentence = _("所选的场次时间重叠：%(first)s 和 %(second)s，请分别预约。")


class ConsentMissing(BookingsRefusal):
    """The school books nobody without a guardian's signature for the school year; ``seats``."""

    code = "consent_missing"
    sentence = _("%(class_group)s %(seats)s号缺本学年的监护人同意书，收到后才能预约。")


class NothingToRelease(BookingsRefusal):
    code = "nothing_to_release"
    sentence = _("这名学生没有要放出的名额。")
