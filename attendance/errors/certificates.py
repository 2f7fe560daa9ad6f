"""Why there is no certificate."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from attendance.errors.refusal import AttendanceRefusal


class RevokeReasonMissing(AttendanceRefusal):
    code = "revoke_reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明作废的原因，例如“遗失”。")


class NobodyReached(AttendanceRefusal):
    """A certificate is for who has reached what is required."""

    code = "nobody_reached"
    sentence = _("所选学生都还没有达到学时要求，不能签发证书。")


class NothingRequired(AttendanceRefusal):
    code = "nothing_required"
    sentence = _("这个班没有学时要求，不能签发证书。")
