from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class RostersRefusal(Refusal):
    """Base of the refusals of classes and students."""


class NotYourClass(RostersRefusal):
    code = "not_your_class"
    kind = Refusal.NOT_ALLOWED
    sentence = _("%(class_group)s不是您任课的班级。需要代为预约时，请联系学校管理员。")


class ClassExists(RostersRefusal):
    code = "class_exists"
    sentence = _("这个班级已经有了。")


class NameMissing(RostersRefusal):
    code = "name_missing"
    kind = Refusal.INVALID
    sentence = _("请填 %(seat_no)s 号学生的姓名，最多 60 个字。")


class StudentNoTaken(RostersRefusal):
    code = "student_no_taken"
    sentence = _("学号 %(student_no)s 已在本校使用，请核对。")


class SeatTaken(RostersRefusal):
    code = "seat_taken"
    sentence = _("班里已有 %(seat_no)s 号，请换一个座号。")


class NotSchoolTeacher(RostersRefusal):
    code = "not_school_teacher"
    kind = Refusal.INVALID
    sentence = _("请在本校现有人员里选任课教师。")


class ReadReasonMissing(RostersRefusal):
    code = "read_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明查看姓名的原因，学校会看到。")


class ReadReasonNamesStudent(RostersRefusal):
    code = "read_reason_names_student"
    kind = Refusal.INVALID
    sentence = _("原因会长期保存，请勿写学生姓名，可写座号。")
