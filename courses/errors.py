from django.utils.translation import gettext_lazy as _

from accounts.errors import Refusal


class CoursesRefusal(Refusal):
    """Base of the refusals of courses, reviews, seasons and sessions."""


class SessionFull(CoursesRefusal):
    """Not enough free seats. Facts: ``seats`` wanted, ``seats_left`` free."""

    code = "session_full"
    sentence = _("名额不够：这一场还剩 %(seats_left)s 位，您要 %(seats)s 位。没有约成，名额未扣。")
    none_left = _("这一场已满，请另选一场。")

    def __str__(self) -> str:
        return super().__str__() if self.facts["seats_left"] else str(self.none_left)


class RoomFull(CoursesRefusal):
    """The seats would do, but with the adults more people come than the room holds. Facts:
    ``limit``, ``present`` already, ``seats`` and ``adults`` wanted."""

    code = "room_full"
    sentence = _(
        "这一场最多容纳 %(limit)s 人（含成人），已有 %(present)s 人，"
        "再加 %(seats)s 名学生和 %(adults)s 位成人坐不下。没有约成，名额未扣。"
    )


class SessionCancelled(CoursesRefusal):
    code = "session_cancelled"
    sentence = _("这一场已取消（%(reason)s），请另选一场。")


class SessionHasSeatsTaken(CoursesRefusal):
    """What would change a booked session belongs to ``bookings.services``."""

    code = "session_has_seats_taken"
    sentence = _(
        "这一场已有 %(seats_taken)s 位预约，这里不能再改。"
        "请在当天的场次里点“调整场次”，或取消场次并说明原因。"
    )


class InstructorTaken(CoursesRefusal):
    """Instructor or assistant: whoever is asked for is elsewhere then."""

    code = "instructor_taken"
    sentence = _("%(instructor)s在 %(when)s 已带%(what)s，请换时间或换人。")
    short = _("%(instructor)s已带%(what)s")


class NotPublished(CoursesRefusal):
    code = "not_published"
    sentence = _("课程通过审核、发布以后才能排场次。")


class CapacityTooLarge(CoursesRefusal):
    """More seats than the room or the course's group size allows. Facts: ``most``."""

    code = "capacity_too_large"
    kind = Refusal.INVALID
    sentence = _(
        "名额最多 %(most)s 位（按核定人数、人均 3 平方米、工位数和课程每场人数），只能调低。"
    )


class VenueMissing(CoursesRefusal):
    code = "venue_missing"
    kind = Refusal.INVALID
    sentence = _("请选一个地点：实训室、上门的学校或线上地址，只选一个。")


class EndsBeforeStart(CoursesRefusal):
    code = "ends_before_start"
    kind = Refusal.INVALID
    sentence = _("结束时间要晚于开始时间。")


class InThePast(CoursesRefusal):
    code = "in_the_past"
    kind = Refusal.INVALID
    sentence = _("场次要排在现在以后。")
    short = _("时间已过")


class OutsideRunningDays(CoursesRefusal):
    code = "outside_running_days"
    sentence = _("“%(season)s”的开课日期是 %(first)s至 %(last)s，请选这段时间。")
    short = _("不在开课日期内")


class NotInstructor(CoursesRefusal):
    code = "not_instructor"
    kind = Refusal.INVALID
    sentence = _("请在本单位的人员里选指导教师和助教。")


class AssistantIsInstructor(CoursesRefusal):
    code = "assistant_is_instructor"
    kind = Refusal.INVALID
    sentence = _("助教和指导教师要是两个人。")


class SessionBegun(CoursesRefusal):
    code = "session_begun"
    sentence = _("这一场 %(when)s 已经开始，不能再改。")


class StaleSession(CoursesRefusal):
    """Somebody changed the session after the form was opened."""

    code = "stale_session"
    sentence = _("这一场刚才已被修改，请看过最新的内容再保存。您填的内容还在。")


class TooFewClassHours(CoursesRefusal):
    """A set has at least one class hour a day to share out. Facts: ``hours``, ``days``."""

    code = "too_few_class_hours"
    kind = Refusal.INVALID
    sentence = _("这门课只有 %(hours)s 学时，分不到 %(days)s 天。")


class NoSeason(CoursesRefusal):
    code = "no_season"
    sentence = _("联盟还没有设定预约季，暂时不能排场次。")


class NotAsPreviewed(CoursesRefusal):
    """A series would make sessions that nobody has looked at yet."""

    code = "not_as_previewed"
    sentence = _("内容和预览时不一样了，还没有生成。请看过新的预览再生成。")


class RoomNotInUse(CoursesRefusal):
    """The room or its site was taken out of use. Facts: ``room``."""

    code = "room_not_in_use"
    sentence = _("%(room)s已停用，请另选一间实训室。")


class SchoolNotInUse(CoursesRefusal):
    """The school to be visited has left the alliance. Facts: ``school``."""

    code = "school_not_in_use"
    sentence = _("%(school)s已停用，请另选一所学校。")


class StaleVersion(CoursesRefusal):
    """Somebody saved the course after the form was opened."""

    code = "stale_version"
    sentence = _("这门课刚才已被修改，请对照最新的内容再保存。您填的内容还在。")


class NotEditable(CoursesRefusal):
    code = "not_editable"
    sentence = _("这一版是“%(state)s”，不能再改。")


class Incomplete(CoursesRefusal):
    """What a course must say before it is reviewed; ``missing`` names the fields."""

    code = "incomplete"
    kind = Refusal.INVALID
    sentence = _("提交审核前请补全：%(missing)s。")


class NotInReview(CoursesRefusal):
    code = "not_in_review"
    sentence = _("这一版是“%(state)s”，不在审核中。")


class StaleReview(CoursesRefusal):
    """The host handed in another text after the reviewer opened the page."""

    code = "stale_review"
    sentence = _("开课单位撤回后又改过这一版，请看过最新的内容再决定。您写的意见还在。")


class CannotApprove(CoursesRefusal):
    """Not all dimensions pass; safety alone is enough to refuse."""

    code = "cannot_approve"
    kind = Refusal.INVALID
    sentence = _("“%(dimension)s”没有通过，不能批准。请退回修改。")


class CommentMissing(CoursesRefusal):
    code = "comment_missing"
    kind = Refusal.INVALID
    sentence = _("“%(dimension)s”没有通过，请写明要改什么。")


class VersionInWork(CoursesRefusal):
    code = "version_in_work"
    sentence = _("这门课已有一版在修改或审核中，请先完成那一版。")


class SeasonBeforeBooking(CoursesRefusal):
    """Its first session day lies before the day on which booking opens."""

    code = "season_before_booking"
    kind = Refusal.INVALID
    sentence = _("第一天开课不能早于开始预约的那一天。")


class SeasonNameTaken(CoursesRefusal):
    """Facts: ``name``."""

    code = "season_name_taken"
    sentence = _("已有名为“%(name)s”的预约季。")


class SeasonOutOfOrder(CoursesRefusal):
    code = "season_out_of_order"
    kind = Refusal.INVALID
    sentence = _("日期的先后不对：结束要晚于开始。")


class WishesOver(CoursesRefusal):
    """A wish phase is set that has passed already."""

    code = "wishes_over"
    kind = Refusal.INVALID
    sentence = _("填志愿的时间已经过去，请改到以后；不设志愿阶段就两项都不填。")


class SeasonsOverlap(CoursesRefusal):
    """A day's sessions belong to one season. Facts: the other ``season``, ``first``, ``last``."""

    code = "seasons_overlap"
    kind = Refusal.INVALID
    sentence = _("开课日期与“%(season)s”（%(first)s至 %(last)s）重叠，请错开。")


class OutsideSeason(CoursesRefusal):
    """The season's phase does not open this action. Facts: ``season``, ``phase``, ``action``.

    Its two kinds say when: the action opens at ``opens``, or was open until ``closed``.
    """

    code = "outside_season"
    sentence = _("“%(season)s”现在是“%(phase)s”，不能%(action)s。")


class NotYetInSeason(OutsideSeason):
    sentence = _("“%(season)s”现在是“%(phase)s”，%(opens)s 起可以%(action)s。")


class NoLongerInSeason(OutsideSeason):
    sentence = _("“%(season)s”现在是“%(phase)s”，%(closed)s 起不能再%(action)s。")


class NotAsLookedAt(CoursesRefusal):
    """What the new dates would affect is not what the preview said."""

    code = "not_as_looked_at"
    sentence = _("影响的内容和刚才看到的不一样了，还没有保存。请看过再确认。")
