"""What a booking can be refused for. Each names the fact that stands in the way."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal
from courses.errors import RoomFull, SessionFull


class BookingsRefusal(Refusal):
    """Base of the refusals of reservations and bookings."""


class WrongStage(BookingsRefusal):
    code = "wrong_stage"
    sentence = _("这门课适合%(suits)s，%(class_group)s是%(grade)s，不能预约。")


class StudentBusy(BookingsRefusal):
    """``seats``: class seat numbers of those who are elsewhere; ``elsewhere``: what and when."""

    code = "student_busy"
    sentence = _("%(class_group)s %(seats)s号在 %(when)s 已约%(elsewhere)s，时间冲突。")


class FeedReadTooOften(BookingsRefusal):
    code = "feed_read_too_often"
    sentence = _("读取太频繁，请过一会儿再试。")


class SessionStarted(BookingsRefusal):
    code = "session_started"
    sentence = _("这一场 %(when)s 已经开始，不能再改预约。")


class SessionMoved(BookingsRefusal):
    """The host changed the session after it was shown. Facts: ``was`` and ``now``, when it was
    and is; ``where`` it is."""

    code = "session_moved"
    sentence = _(
        "这一场已由开课单位改期：原来是 %(was)s，现在是 %(now)s，在%(where)s。请看过再提交。"
    )
    same_time = _("这一场已由开课单位改动：时间仍是 %(now)s，现在在%(where)s。请看过再提交。")

    def __str__(self) -> str:
        sentence = self.same_time if self.facts["was"] == self.facts["now"] else self.sentence
        return str(sentence) % self.facts


class AlreadyBooked(BookingsRefusal):
    code = "already_booked"
    sentence = _("%(class_group)s已约这一场（预约号%(reference)s），如需增减人数，请在预约里修改。")


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


class NoStudents(BookingsRefusal):
    code = "no_students"
    kind = Refusal.INVALID
    sentence = _("请至少选一名学生。")


class FewerSeatsThanNamed(BookingsRefusal):
    """Facts: ``seats`` asked for, ``named`` students."""

    code = "fewer_seats_than_named"
    kind = Refusal.INVALID
    sentence = _("名单上有 %(named)s 名学生，名额却只要 %(seats)s 个，请改成一致。")


class NotInClass(BookingsRefusal):
    code = "not_in_class"
    kind = Refusal.INVALID
    sentence = _("选的学生不在%(class_group)s，请重新选择。")


class TooFewCompanions(BookingsRefusal):
    code = "too_few_companions"
    kind = Refusal.INVALID
    sentence = _("%(students)s 名学生至少要 %(needed)s 位带队教师，现在填了 %(given)s 位。")


class MoreThanClass(BookingsRefusal):
    """More seats at one time than the class has students. Facts: ``size``, ``seats``."""

    code = "more_than_class"
    kind = Refusal.INVALID
    sentence = _("%(class_group)s有 %(size)s 名学生，%(when)s 一共要了 %(seats)s 个名额，请减少。")


class NamesDue(BookingsRefusal):
    """Seats without names are to be had until the list is settled; ``when`` it was."""

    code = "names_due"
    sentence = _("这一场的名单 %(when)s 已定，现在预约须先选好学生。")


class ListSettled(BookingsRefusal):
    """From the freeze on a change is a request to the host; ``when`` it began."""

    code = "list_settled"
    sentence = _("名单 %(when)s 已定，要改请写明原因，向开课单位申请。")


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


class CompanionNameMissing(BookingsRefusal):
    code = "companion_name_missing"
    kind = Refusal.INVALID
    sentence = _("请填写每位带队教师的姓名。")


class SetBookedWhole(BookingsRefusal):
    """Sessions offered together are booked together."""

    code = "set_booked_whole"
    kind = Refusal.INVALID
    sentence = _("“%(set)s”共 %(sessions)s 场，须一起预约。")


class NotForYourSchool(BookingsRefusal):
    """The host travels to one school."""

    code = "not_for_your_school"
    sentence = _("这一场送到%(school)s上课，只收该校的班级。")


class SessionsOverlap(BookingsRefusal):
    """Two of the sessions asked for lie at the same time."""

    code = "sessions_overlap"
    kind = Refusal.INVALID
    sentence = _("所选的场次时间重叠：%(first)s 和 %(second)s，请分别预约。")


class NoSessions(BookingsRefusal):
    code = "no_sessions"
    kind = Refusal.INVALID
    sentence = _("请选择场次。")


class BookingOver(BookingsRefusal):
    code = "booking_over"
    sentence = _("这个预约已是“%(state)s”，不能再改。")


class StaleBooking(BookingsRefusal):
    """Somebody changed the booking after the form was opened."""

    code = "stale_booking"
    sentence = _("这个预约刚才已被修改，请看过最新的内容再提交。")


class ReasonMissing(BookingsRefusal):
    code = "reason_missing"
    kind = Refusal.INVALID
    sentence = _("请写明原因，对方会看到。")


class TooManyChangesAtOnce(BookingsRefusal):
    """Others change the same rows this moment; asking again helps."""

    code = "try_again"
    sentence = _("同一时刻有人也在改这些预约，没有改成。请再提交一次。")


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


class SessionNotOverYet(BookingsRefusal):
    code = "session_not_over_yet"
    sentence = _("这一场 %(when)s 结束，结束以后再填未到的原因。")


class SessionOver(BookingsRefusal):
    code = "session_over"
    sentence = _("这一场 %(when)s 已经开始，不能再取消。")


class NotOfSession(BookingsRefusal):
    """Somebody said who moves, and named a booking that is not there any more."""

    code = "not_of_session"
    sentence = _("勾选的预约刚才已有变化，请看过最新的名单再提交。")


class AlreadyCancelled(BookingsRefusal):
    code = "already_cancelled"
    sentence = _("这一场已取消（%(reason)s）。")


class NothingToCancel(BookingsRefusal):
    code = "nothing_to_cancel"
    sentence = _("%(day)s没有可取消的场次：没有安排，或都已开始、已取消。请看另一天。")


class SameSession(BookingsRefusal):
    """A swap for the session that is booked already."""

    code = "same_session"
    kind = Refusal.INVALID
    sentence = _("已经约的就是这一场，请另选一场。")


class HoldGone(BookingsRefusal):
    """The seats kept for a swap were let go: too late, or given up elsewhere."""

    code = "hold_gone"
    sentence = _("为换场次保留的名额已经放出，原来的预约没有变。请重新选一场。")


class SeatsStillTaken(BookingsRefusal):
    """More is booked than the session shall hold. Facts: ``seats_taken``, ``capacity``,
    ``over``."""

    code = "seats_still_taken"
    sentence = _(
        "已有 %(seats_taken)s 位（含正在换场次的），改成 %(capacity)s 位还多 %(over)s 位。"
        "请先勾选哪些班级改去别的场次。"
    )


class TooManyHeads(BookingsRefusal):
    """With the adults more people come than the room holds. Facts: ``limit``, ``present``."""

    code = "too_many_heads"
    sentence = _(
        "%(room)s最多容纳 %(limit)s 人（含成人），现在要来 %(present)s 人。"
        "请换一间，或勾选哪些班级改去别的场次。"
    )


class SchoolVenueFixed(BookingsRefusal):
    """A session that comes to a school is for that school's classes only."""

    code = "school_venue_fixed"
    sentence = _("已有%(school)s的班级预约，不能改到别的学校上课。")


class SameAsBefore(BookingsRefusal):
    """The host changed nothing about the session."""

    code = "same_as_before"
    kind = Refusal.INVALID
    sentence = _("这一场的内容没有变化，没有通知任何人。")


class KeyMissing(BookingsRefusal):
    code = "key_missing"
    kind = Refusal.INVALID
    sentence = _("请在 Idempotency-Key 中给出这次请求的编号，最多 80 个字符。")


class KeyReused(BookingsRefusal):
    """The same idempotency key came with other contents."""

    code = "key_reused"
    kind = Refusal.INVALID
    sentence = _("已经提交过一次，这次的内容不同，没有办成。请看过现在的情况再提交。")


class ConsentMissing(BookingsRefusal):
    """The school books nobody without a guardian's signature for the school year; ``seats``."""

    code = "consent_missing"
    sentence = _("%(class_group)s %(seats)s号缺本学年的监护人同意书，收到后才能预约。")


class NothingToRelease(BookingsRefusal):
    code = "nothing_to_release"
    sentence = _("这名学生没有要放出的名额。")
