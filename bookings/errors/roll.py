"""Why names, and those who are at the door, are refused."""

from django.utils.translation import gettext_lazy as _

from bookings.errors.refusal import BookingsRefusal


class NamesDue(BookingsRefusal):
    """Seats without names are to be had until the list is settled; ``when`` it was."""

    code = "names_due"
    sentence = _("这一场的名单 %(when)s 已定，现在预约须先选好学生。")


class ListSettled(BookingsRefusal):
    """From the freeze on a change is a request to the host; ``when`` it began."""

    code = "list_settled"
    sentence = _("名单 %(when)s 已定，要改请写明原因，向开课单位申请。")


class NotInBooking(BookingsRefusal):
    code = "not_in_booking"
    sentence = _("%(class_group)s %(seats)s号不在这个预约里，请看过最新的名单再换。")


class AlreadyPlaced(BookingsRefusal):
    """The student has a seat in this very session."""

    code = "already_placed"
    sentence = _("%(class_group)s %(seats)s号已在这一场的名单里。")


class NoWalkInNow(BookingsRefusal):
    """A walk-in is let in around the session only: facts ``opens`` and ``closes``."""

    code = "no_walk_in_now"
    sentence = _("这一场 %(opens)s 至 %(closes)s 可以现场加人。")


class NamesNotNow(BookingsRefusal):
    """A host meets names from three days before to seven days after; ``opens``, ``closes``."""

    code = "names_not_now"
    sentence = _("为保护学生信息，名单只在 %(opens)s至 %(closes)s可以查看。")


class NotOfSession(BookingsRefusal):
    """Somebody said who moves, and named a booking that is not there any more."""

    code = "not_of_session"
    sentence = _("勾选的预约刚才已有变化，请看过最新的名单再提交。")
