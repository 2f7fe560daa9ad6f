"""Why a basket, a split or a proposal is refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from bookings.errors.refusal import BookingsRefusal
from courses.errors import RoomFull, SessionFull


class FullTogether(SessionFull):
    """Several classes want more seats of one session than are left. Facts besides: ``when`` and
    ``title`` of the session."""

    sentence = _(
        "%(when)s，%(title)s还剩 %(seats_left)s 位，各班加起来要 %(seats)s 位，坐不下。"
        "请给其中一个班另选一场。"
    )
    none_left = sentence


class RoomFullTogether(RoomFull):
    """Each class fits, but not all of them with their adults. Facts besides: ``when`` and
    ``title`` of the session."""

    sentence = _(
        "%(when)s，%(title)s最多容纳 %(limit)s 人（含成人），已有 %(present)s 人，"
        "各班加起来 %(seats)s 名学生和 %(adults)s 位成人坐不下。请给其中一个班另选一场。"
    )


class BasketEmpty(BookingsRefusal):
    code = "basket_empty"
    kind = Refusal.INVALID
    sentence = _("待约清单里还没有场次。")


class BasketChanged(BookingsRefusal):
    """Something is in it that the page did not show, or the page was used before."""

    code = "basket_changed"
    sentence = _("待约清单刚才有变化，请看过再提交。")


class NoSplit(BookingsRefusal):
    """No two or three sessions of a day seat the class together; each cause says which it is."""

    code = "no_split"
    sentence = _("附近没有能分组同去的场次，请另选一场或只约一部分学生。")


class SplitNeedless(NoSplit):
    """Facts: ``size`` of the class."""

    sentence = _("这一场坐得下全班 %(size)s 人，不用分组。")


class SetNotSplit(NoSplit):
    """Sessions offered together are booked by a class together. Facts: ``set``."""

    sentence = _("“%(set)s”各场一起预约，不能分组。")


class NothingBeside(NoSplit):
    sentence = _("同一天没有别的场次既适合这个班又有空位。")


class TooFewTogether(NoSplit):
    """Facts: ``seats`` of the roomiest three sessions of the day, ``size`` of the class."""

    sentence = _("同一天的场次，最多三场加起来只有 %(seats)s 位，坐不下全班 %(size)s 人。")


class GroupTooSmall(NoSplit):
    """Facts: ``least`` students that a group has."""

    sentence = _("同一天的场次分不匀，总有一组不到 %(least)s 人。")


class ProposalGone(BookingsRefusal):
    """The button was of a proposal that can no longer be had as it was shown."""

    code = "proposal_gone"
    sentence = _("这个方案里的场次刚才有了变化，请看下面的新方案。")


class KeyMissing(BookingsRefusal):
    code = "key_missing"
    kind = Refusal.INVALID
    sentence = _("请在 Idempotency-Key 中给出这次请求的编号，最多 80 个字符。")


class KeyReused(BookingsRefusal):
    """The same idempotency key came with other contents."""

    code = "key_reused"
    kind = Refusal.INVALID
    sentence = _("已经提交过一次，这次的内容不同，没有办成。请看过现在的情况再提交。")
