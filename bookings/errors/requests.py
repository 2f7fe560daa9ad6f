"""Why a change of a booking, or the asking for one, is refused."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from bookings.errors.refusal import BookingsRefusal
from courses.errors import SessionFull


class SeatsShortForChange(SessionFull):
    """The booking may not grow so far. Facts besides: ``most``, what it may grow to."""

    sentence = _("这一场只余 %(seats_left)s 位，这个预约最多 %(most)s 人。没有改动。")
    none_left = _("这一场没有空位了，这个预约最多 %(most)s 人。没有改动。")

    def __str__(self) -> str:
        sentence = self.sentence if self.facts["seats_left"] else self.none_left
        return str(sentence) % self.facts


class SeatsShortForRequest(SeatsShortForChange):
    """Not even the host could make room for it. Facts besides: ``addable``, how many seats the
    room and the course would let it add."""

    sentence = _("这一场只余 %(seats_left)s 位，这个预约最多 %(most)s 人。申请没有发出。")
    none_left = _("这一场没有空位了，这个预约最多 %(most)s 人。申请没有发出。")
    with_added = _(
        "这一场余 %(seats_left)s 位，开课单位最多还能加 %(addable)s 位，"
        "这个预约最多 %(most)s 人。申请没有发出。"
    )

    def __str__(self) -> str:
        return str(self.with_added) % self.facts if self.facts["addable"] else super().__str__()


class NothingToChange(BookingsRefusal):
    code = "nothing_to_change"
    kind = Refusal.INVALID
    sentence = _("学生和人数都没有变，无需申请。")


class RequestOpen(BookingsRefusal):
    code = "request_open"
    sentence = _("这个预约已有一份申请在等开课单位答复，请先撤回再提。")


class RequestOver(BookingsRefusal):
    """Facts: ``state``, what became of it."""

    code = "request_over"
    sentence = _("这份申请%(state)s，不能再改。")


class RequestStale(BookingsRefusal):
    """What a request would change has itself changed since."""

    code = "request_stale"
    sentence = _("提出申请以后，预约的学生或人数已经变了，这份申请已过期，预约不变。")


class ListStillOpen(BookingsRefusal):
    code = "list_still_open"
    sentence = _("名单还没有定，可以直接修改，不用申请。")


class BookingOver(BookingsRefusal):
    code = "booking_over"
    sentence = _("这个预约已是“%(state)s”，不能再改。")


class StaleBooking(BookingsRefusal):
    """Somebody changed the booking after the form was opened."""

    code = "stale_booking"
    sentence = _("这个预约刚才已被修改，请看过最新的内容再提交。")


class ChangedSincePlanned(BookingsRefusal):
    """What a plan booked is the school's once the school has changed it."""

    code = "changed_since_planned"
    sentence = _("学校已改过这个预约，撤回方案时保留。")


class ReasonMissing(BookingsRefusal):
    code = "reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明原因，对方会看到。")


class TooManyChangesAtOnce(BookingsRefusal):
    """Others change the same rows this moment; asking again helps."""

    code = "try_again"
    sentence = _("同一时刻有人也在改这些预约，没有改成。请再提交一次。")


class SameSession(BookingsRefusal):
    """A swap for the session that is booked already."""

    code = "same_session"
    kind = Refusal.INVALID
    sentence = _("已经约的就是这一场，请另选一场。")


class HoldGone(BookingsRefusal):
    """The seats kept for a swap were let go: too late, or given up elsewhere."""

    code = "hold_gone"
    sentence = _("为换场次保留的名额已经放出，原来的预约没有变。请重新选一场。")


class SameAsBefore(BookingsRefusal):
    """The host changed nothing about the session."""

    code = "same_as_before"
    kind = Refusal.INVALID
    sentence = _("这一场的内容没有变化，没有通知任何人。")
