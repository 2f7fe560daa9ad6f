from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OccupationFamily(TextChoices):
    """The twelve families, each with its pictogram f1-f12."""

    COOKING = "f1", _("烹饪与面点")
    AUTOMOTIVE = "f2", _("汽车")
    MANUFACTURING = "f3", _("智能制造")
    INFORMATION = "f4", _("信息与网络")
    LABORATORY = "f5", _("检验与化工")
    COMMERCE = "f6", _("财会与商贸")
    SERVICE = "f7", _("会展与服务")
    DESIGN = "f8", _("设计与影像")
    CRAFT = "f9", _("工艺与传承")
    LOGISTICS = "f10", _("物流")
    CARE = "f11", _("社区与照护")
    CAREER = "f12", _("生涯与创业")


class Mode(TextChoices):
    ON_SITE = "on_site", _("到校体验")
    BLENDED = "blended", _("线上线下结合")
    ONLINE = "online", _("线上")


class VersionState(TextChoices):
    DRAFT = "draft", _("草稿")
    IN_REVIEW = "in_review", _("审核中")
    RETURNED = "returned", _("待修改")
    PUBLISHED = "published", _("已发布")
    SUPERSEDED = "superseded", _("已有新版")
    WITHDRAWN = "withdrawn", _("已停开")


# From a state to those it may become.
VERSION_TRANSITIONS: dict[VersionState, tuple[VersionState, ...]] = {
    VersionState.DRAFT: (VersionState.IN_REVIEW,),
    VersionState.IN_REVIEW: (VersionState.PUBLISHED, VersionState.RETURNED, VersionState.DRAFT),
    VersionState.RETURNED: (VersionState.IN_REVIEW,),
    VersionState.PUBLISHED: (VersionState.SUPERSEDED, VersionState.WITHDRAWN),
    VersionState.SUPERSEDED: (),
    VersionState.WITHDRAWN: (),
}


class Verdict(TextChoices):
    PASS = "pass", _("通过")
    FIX = "fix", _("需修改")
    FAIL = "fail", _("不通过")


class ReviewDecision(TextChoices):
    APPROVED = "approved", _("通过")
    RETURNED = "returned", _("退回修改")


REVIEW_DIMENSIONS = (
    ("goal_orientation", _("目标导向")),
    ("content_standard", _("内容规范")),
    ("assessment_method", _("评价方式")),
    ("safety_assurance", _("安全保障")),
)


class Venue(TextChoices):
    ROOM = "room", _("实训室")
    SCHOOL = "school", _("送教上门")
    ONLINE = "online", _("线上")


class SessionState(TextChoices):
    SCHEDULED = "scheduled", _("已排定")
    CANCELLED = "cancelled", _("已取消")


SESSION_TRANSITIONS: dict[SessionState, tuple[SessionState, ...]] = {
    SessionState.SCHEDULED: (SessionState.CANCELLED,),
    SessionState.CANCELLED: (),
}


class SeasonPhase(TextChoices):
    """Where a season stands; from its dates, one after the other."""

    PLANNED = "planned", _("筹备中")
    PUBLISHING = "publishing", _("开课单位排场次")
    WISHING = "wishing", _("学校填志愿")
    ALLOTTING = "allotting", _("分配志愿")
    BOOKING = "booking", _("预约中")
    RUNNING = "running", _("开课中")
    CLOSED = "closed", _("已结束")


class SeasonAction(TextChoices):
    """What a season's phase opens or closes."""

    OPEN_SESSIONS = "open_sessions", pgettext_lazy("season action", "排场次")
    WISH = "wish", pgettext_lazy("season action", "填志愿")
    ALLOT = "allot", pgettext_lazy("season action", "统筹")
    BOOK = "book", pgettext_lazy("season action", "预约")
    CHANGE = "change", pgettext_lazy("season action", "修改预约")
    REQUEST = "request", pgettext_lazy("season action", "申请修改预约")
    SWAP = "swap", pgettext_lazy("season action", "换场次")
    CANCEL = "cancel", pgettext_lazy("season action", "取消预约")


# Which action is open when. A host may open one more session after booking has closed, for
# classes that have to move; giving up seats is possible at any time.
SEASON_ACTIONS: dict[SeasonAction, tuple[SeasonPhase, ...]] = {
    SeasonAction.OPEN_SESSIONS: (
        SeasonPhase.PUBLISHING,
        SeasonPhase.WISHING,
        SeasonPhase.ALLOTTING,
        SeasonPhase.BOOKING,
        SeasonPhase.RUNNING,
    ),
    SeasonAction.WISH: (SeasonPhase.WISHING,),
    # The alliance books by its plan, and makes good what was lost while the sessions run.
    SeasonAction.ALLOT: (SeasonPhase.ALLOTTING, SeasonPhase.BOOKING, SeasonPhase.RUNNING),
    SeasonAction.BOOK: (SeasonPhase.BOOKING,),
    SeasonAction.CHANGE: (SeasonPhase.BOOKING, SeasonPhase.RUNNING),
    SeasonAction.REQUEST: (SeasonPhase.BOOKING, SeasonPhase.RUNNING),
    SeasonAction.SWAP: (SeasonPhase.BOOKING, SeasonPhase.RUNNING),
    SeasonAction.CANCEL: tuple(SeasonPhase),
}


class ReasonCode(TextChoices):
    """Why a session or a booking was cancelled or changed, or nobody came. Those in ``EXCUSED``
    are nobody's fault."""

    WEATHER = "weather", _("天气")
    ILLNESS = "illness", _("传染病或集体生病")
    EXAM = "exam", _("考试或学校活动")
    TRANSPORT = "transport", _("交通")
    STAFF = "staff", _("教师无法到岗")
    EQUIPMENT = "equipment", _("设备或场地")
    CHANGE_OF_PLAN = "change_of_plan", _("计划调整")
    OTHER = "other", _("其他")


EXCUSED = (ReasonCode.WEATHER, ReasonCode.ILLNESS, ReasonCode.EXAM, ReasonCode.TRANSPORT)


class HalfDay(TextChoices):
    MORNING = "am", _("上午")
    AFTERNOON = "pm", _("下午")
    WHOLE_DAY = "day", _("全天")
