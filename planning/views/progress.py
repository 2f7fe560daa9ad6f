"""How far a plan at work is, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning import wording
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan
from planning.services import publishing


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a calculation, a publishing or an undoing is."""

    words: str
    done: int
    total: int
    figures: str


def progress_of(plan: CohortPlan) -> Progress:
    if plan.state in (PlanState.PUBLISHING, PlanState.UNDOING):
        counts = publishing.counts_of(plan.pk)
        left = (
            PlanClassState.PLANNED
            if plan.state == PlanState.PUBLISHING
            else (PlanClassState.BOOKED)
        )
        # What neither waits nor is done has no part in it.
        total = sum(
            count
            for state, count in counts.items()
            if state != PlanClassState.NOTHING
            and not (plan.state == PlanState.UNDOING and state == PlanClassState.REFUSED)
        )
        done = total - counts.get(left, 0)
        return Progress(
            words=_("已处理 %(done)d 个班，共 %(total)d 个班") % {"done": done, "total": total},
            done=done,
            total=total,
            figures=wording.lost_in_short(0, 0, counts.get(PlanClassState.REFUSED, 0))
            if plan.state == PlanState.PUBLISHING
            else "",
        )
    if plan.state == PlanState.QUEUED:
        return Progress(_("等待计算…"), 0, 0, "")
    if not plan.stage:
        # The first plan after an installation compiles its routines: a minute or two.
        return Progress(
            _("准备数据，第一次可能要一两分钟…"), plan.best, plan.students, _best_so_far(plan)
        )
    seconds = ngettext("%(count)d 秒", "%(count)d 秒", int(plan.seconds)) % {
        "count": int(plan.seconds)
    }
    return Progress(
        words=f"{plan.get_stage_display()} · {seconds}",
        done=plan.best,
        total=plan.students,
        figures=_best_so_far(plan),
    )


def _best_so_far(plan: CohortPlan) -> str:
    if not plan.students:
        return ""
    so_far = _("目前 %(best)s 人能修满") % {"best": wording.reach(plan.best, plan.students)}
    if plan.bound is None:
        return so_far
    return _("%(so_far)s，最多 %(bound)s 人") % {
        "so_far": so_far,
        "bound": wording.number(plan.bound),
    }
