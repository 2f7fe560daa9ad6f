from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BookingState(TextChoices):
    """Requested, declined and expired come into use with approval by the host."""

    REQUESTED = "requested", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    DECLINED = "declined", _("未通过")
    EXPIRED = "expired", _("已过期")
    CANCELLED = "cancelled", _("已取消")


# The states in which a booking holds seats.
LIVE_STATES = (BookingState.REQUESTED, BookingState.CONFIRMED)

BOOKING_TRANSITIONS: dict[BookingState, tuple[BookingState, ...]] = {
    BookingState.REQUESTED: (
        BookingState.CONFIRMED,
        BookingState.DECLINED,
        BookingState.EXPIRED,
        BookingState.CANCELLED,
    ),
    BookingState.CONFIRMED: (BookingState.CANCELLED,),
    BookingState.DECLINED: (),
    BookingState.EXPIRED: (),
    BookingState.CANCELLED: (),
}


class HoldPurpose(TextChoices):
    SWAP = "swap", _("换场次")
    OFFER = "offer", _("为候补保留")
    APPROVAL = "approval", _("等待确认")


class ChangeState(TextChoices):
    ASKED = "asked", _("等待开课单位答复")
    ACCEPTED = "accepted", _("已同意")
    DECLINED = "declined", _("未同意")
    WITHDRAWN = "withdrawn", _("已撤回")
    EXPIRED = "expired", _("已过期")


class CancelledSide(TextChoices):
    SCHOOL = "school", _("学校")
    HOST = "host", _("开课单位")
    ALLIANCE = "alliance", _("联盟秘书处")
