from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class RostersRefusal(Refusal):
    """Base of the refusals of classes and students."""


class NotYourClass(RostersRefusal):
    code = "not_your_class"
    kind = Refusal.NOT_ALLOWED
    sentence = _("%(class_group)s不是您任课的班级。需要代为预约时，请联系学校管理员。")
