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


class CancelledSide(TextChoices):
    SCHOOL = "school", _("学校")
    HOST = "host", _("开课单位")
    ALLIANCE = "alliance", _("联盟秘书处")
