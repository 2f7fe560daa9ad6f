from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PlanGoal(TextChoices):
    """What comes first where as many students reach the requirement."""

    WISHES = "wishes", _("志愿优先")
    TRIPS = "trips", _("少跑优先")


class PlanState(TextChoices):
    QUEUED = "queued", _("等待计算")
    RUNNING = "running", _("正在计算")
    FOUND = "found", _("已算好")
    FAILED = "failed", _("没有算成")
    DROPPED = "dropped", _("已取消")
    PUBLISHING = "publishing", _("正在发布")
    PUBLISHED = "published", _("已发布")
    UNDOING = "undoing", _("正在撤回")
    UNDONE = "undone", pgettext_lazy("plan", "已撤回")


PLAN_TRANSITIONS = {
    PlanState.QUEUED: (PlanState.RUNNING, PlanState.DROPPED, PlanState.FAILED),
    # Cancelled while it runs, it keeps the best so far, if there is any. Waits anew where the
    # process that calculated it died.
    PlanState.RUNNING: (
        PlanState.FOUND,
        PlanState.DROPPED,
        PlanState.FAILED,
        PlanState.QUEUED,
    ),
    PlanState.FOUND: (PlanState.PUBLISHING, PlanState.DROPPED),
    PlanState.PUBLISHING: (PlanState.PUBLISHED,),
    PlanState.PUBLISHED: (PlanState.UNDOING,),
    PlanState.UNDOING: (PlanState.UNDONE,),
}

# A task of the cluster is at work on it, or is to be.
AT_WORK = (PlanState.QUEUED, PlanState.RUNNING, PlanState.PUBLISHING, PlanState.UNDOING)


class PlanStage(TextChoices):
    """What a calculation is at; the names are ``planning.solving.problem.Stage``'s."""

    PRICES = "prices", _("估算各场次的紧张程度")
    SITES = "sites", _("选择每个班去的地点")
    COLUMNS = "columns", _("安排每个学生的场次")
    IMPROVING = "improving", _("逐步改进")


class PlanClassState(TextChoices):
    # All it needs is booked already, or there is nothing for it.
    NOTHING = "nothing", _("没有新的预约")
    PLANNED = "planned", _("待发布")
    BOOKED = "booked", _("已预约")
    REFUSED = "refused", _("没有约成")
    UNDONE = "undone", pgettext_lazy("plan", "已撤回")
    KEPT = "kept", _("撤回时保留")


PLAN_CLASS_TRANSITIONS = {
    PlanClassState.PLANNED: (PlanClassState.BOOKED, PlanClassState.REFUSED),
    # What the school has changed since, or what is frozen, stays when a plan is undone.
    PlanClassState.BOOKED: (PlanClassState.UNDONE, PlanClassState.KEPT),
}
