"""Why publishing, undoing or making good a plan is refused."""

from django.utils.translation import gettext_lazy as _

from planning.errors.refusal import PlanningRefusal


class PlanNotFound(PlanningRefusal):
    """Only a plan that is found, and lies there, is published. Facts: ``state``."""

    code = "plan_not_found"
    sentence = _("这个方案现在是“%(state)s”，不能发布。")


class NothingToPublish(PlanningRefusal):
    """No class gets anything that it has not booked already."""

    code = "plan_nothing_to_publish"
    sentence = _("这个方案没有新的场次，不用发布。")


class PlanOutdated(PlanningRefusal):
    """Another plan was published for all its classes after it was asked for. Facts: ``when``,
    ``classes`` how many."""

    code = "plan_outdated"
    sentence = _(
        "%(when)s 已发布另一个方案，这个方案的 %(classes)s 个班都在其中。请重新计算再发布。"
    )


class ClassPlannedSince(PlanningRefusal):
    """Another plan was published for the class after this one was asked for. Facts: ``when``."""

    code = "class_planned_since"
    sentence = _("%(when)s 已发布的另一个方案为这个班约了场次，本方案没有算进去。")


class PlanNotPublished(PlanningRefusal):
    """Facts: ``state``."""

    code = "plan_not_published"
    sentence = _("这个方案现在是“%(state)s”，只有已发布的方案才能撤回或重新统筹。")


class NothingToUndo(PlanningRefusal):
    """Every booking of it is over, changed by the school, or its list is settled."""

    code = "nothing_to_undo"
    sentence = _("这个方案的预约都已结束、取消或定了名单，没有可以撤回的。")


class NothingLost(PlanningRefusal):
    code = "nothing_lost"
    sentence = _("这个方案约下的场次都在，没有要补的班级。")
