"""Why a class's wishes are refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from planning.errors.refusal import PlanningRefusal


class NoHoursRequired(PlanningRefusal):
    """Plans are made for classes that have hours to reach."""

    code = "no_hours_required"
    sentence = _("这个班级没有学时要求，不参加统筹，不用填志愿。可以自愿预约。")


class NotOnOffer(PlanningRefusal):
    """Facts: ``occupation`` as the page calls it, and its ``name_zh``."""

    code = "occupation_not_on_offer"
    kind = Refusal.INVALID
    sentence = _("没有适合这个年级的“%(occupation)s”课程，请另选一个职业。")


class WishedTwice(PlanningRefusal):
    """Facts: ``occupation`` as the page calls it, and its ``name_zh``."""

    code = "occupation_wished_twice"
    kind = Refusal.INVALID
    sentence = _("“%(occupation)s”填了两次，请换一个职业，或留空。")


class TooManyWishes(PlanningRefusal):
    """Facts: ``most``."""

    code = "too_many_wishes"
    kind = Refusal.INVALID
    sentence = _("最多填 %(most)s 个志愿。")
