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


class StudentGone(RostersRefusal):
    """The student left, was merged with another, or moved meanwhile."""

    code = "student_gone"
    sentence = _("这名学生已不在班里，请看过最新的名单再操作。")


class ClassNotThere(RostersRefusal):
    """A class of another school, an archived one, or the one the student is in."""

    code = "class_not_there"
    kind = Refusal.INVALID
    sentence = _("请选本校现有的另一个班级。")


class ClassNotOver(RostersRefusal):
    code = "class_not_over"
    sentence = _("%(class_group)s还没有毕业，不能归档。")


class SchoolUnsuitable(RostersRefusal):
    code = "school_unsuitable"
    kind = Refusal.INVALID
    sentence = _("请选联盟里的另一所学校。")


class TransferPending(RostersRefusal):
    code = "transfer_pending"
    sentence = _("这名学生正在等%(school)s接收，请先撤回。")


class TransferOver(RostersRefusal):
    code = "transfer_over"
    sentence = _("这次转学%(state)s，不能再改。")


class StudentNoUnclear(RostersRefusal):
    code = "student_no_unclear"
    kind = Refusal.INVALID
    sentence = _("学号只能是字母、数字和短横，最多 17 个，请勿填身份证号。")


class PhonesNotKept(RostersRefusal):
    code = "phones_not_kept"
    sentence = _("本校没有开启保存监护人电话。")


class PhoneUnclear(RostersRefusal):
    code = "phone_unclear"
    kind = Refusal.INVALID
    sentence = _("电话号码看不懂，请填 7 至 15 位数字。")


class PhoneMissing(RostersRefusal):
    code = "phone_missing"
    sentence = _("没有这名学生的监护人电话。")


class NeedTooLong(RostersRefusal):
    code = "need_too_long"
    kind = Refusal.INVALID
    sentence = _("请用不超过 %(most)d 个字写明。")


class BlockingNeedsRule(RostersRefusal):
    code = "blocking_needs_rule"
    kind = Refusal.INVALID
    sentence = _("不收同意书时，不能要求交齐才预约。")


class ConsentTextMissing(RostersRefusal):
    code = "consent_text_missing"
    kind = Refusal.INVALID
    sentence = _("请填写中文的同意书内容。")
