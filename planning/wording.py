"""How plans are written, in the active language. Loaded rows in, text out."""

from collections.abc import Mapping
from math import floor
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planning.choices import PlanState
from planning.models import CohortPlan

# The kind of mark each state is shown with.
STATE_KINDS = {
    PlanState.QUEUED: "wait",
    PlanState.RUNNING: "pend",
    PlanState.FOUND: "ok",
    PlanState.FAILED: "bad",
    PlanState.DROPPED: "canc",
    PlanState.PUBLISHING: "pend",
    PlanState.PUBLISHED: "conf",
    PlanState.UNDOING: "pend",
    PlanState.UNDONE: "canc",
}


def number(value: float) -> str:
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """Never more than there is: 99.96 % is not all."""
    cut = floor(value * 1000 + 1e-6) / 10
    return f"{cut:.0f}%" if cut in (0, 100) else f"{cut:.1f}%"


def name(plan: CohortPlan) -> str:
    return _("方案 %(number)d") % {"number": plan.pk}


def settings(plan: CohortPlan) -> list[str]:
    """What was asked for: 重新统筹方案 3, 志愿优先, 每班半天最多 2 个地点, 草算"""
    parts = [
        *([_("重新统筹方案 %(number)d") % {"number": plan.replans_id}] if plan.replans_id else []),
        str(plan.get_goal_display()),
        ngettext(
            "每班半天最多 %(count)d 个地点", "每班半天最多 %(count)d 个地点", plan.sites_at_once
        )
        % {"count": plan.sites_at_once},
    ]
    return [*parts, _("草算")] if plan.is_draft else parts


def cut_short(plan: CohortPlan) -> str:
    """What ended the search before it was through; empty where nothing did."""
    if plan.is_whole:
        return ""
    if plan.cancel_asked_at is None:
        return _("计算时间用完，是当时最好的结果")
    return _("提前停止，是当时最好的结果")


def reach(part: int, whole: int) -> str:
    return f"{number(part)} / {number(whole)}"


def reach_bound(plan: CohortPlan) -> str:
    """How many can be reached at most, and whether that is proven."""
    if plan.bound is None:
        return _("最多可达多少人，没有证明")
    if plan.reached >= plan.bound:
        return _("已证明不可能更多")
    return _("最多可达 %(bound)s 人，已证明") % {"bound": number(plan.bound)}


def reached(plan: CohortPlan) -> str:
    """已约即能修满 163 人，本方案再修满 313 人；最多可达 4,889 人，已证明。"""
    return _("已约即能修满 %(before)s 人，本方案再修满 %(by_plan)s 人；%(bound)s。") % {
        "before": number(plan.reached_before),
        "by_plan": number(max(plan.reached - plan.reached_before, 0)),
        "bound": reach_bound(plan),
    }


def wishes(plan: CohortPlan, share: float) -> str:
    """A dash where nothing that is wished for can be had: mostly nobody wished."""
    return "—" if plan.wishes_bound == 0 else percent(share)


def wishes_bound(plan: CohortPlan) -> str:
    measure = _("学到志愿职业的学时比例，第 1 志愿全算，靠后的打折")
    if plan.wishes_bound == 0:
        return _("没有能排上的志愿。")
    if plan.wishes_bound is None:
        return _("%(measure)s；最多多少，没有证明。") % {"measure": measure}
    return _("%(measure)s；最多 %(bound)s，已证明。") % {
        "measure": measure,
        "bound": percent(plan.wishes_bound),
    }


def seats(taken: int, left: int, *, is_past: bool = False) -> str:
    """``is_past``: the plan is published, and the figures are those of when it was found."""
    if is_past:
        sentence = _("本方案占用 %(taken)s 个，算好时还剩 %(left)s 个空位。")
    else:
        sentence = _("本方案占用 %(taken)s 个，还剩 %(left)s 个空位。")
    return sentence % {
        "taken": number(taken),
        "left": number(left),
    }


# Why a class has not more of the occupation it wishes for most of what it has not; the keys are
# ``planning.solving.explaining.Reason``'s. The first half says what was wished for.
WHY: dict[str, str | Promise] = {
    "not offered": gettext_lazy("还能约的场次里没有这个职业"),
    "not for its grade": gettext_lazy("%(sessions)s 场都不收这个年级，或本班已约过、名单已定"),
    "out of reach": gettext_lazy("%(sessions)s 场都太远，当天来不及"),
    "not on its free days": gettext_lazy("%(sessions)s 场都不在这个班可以外出的半天"),
    "full": gettext_lazy("能去的 %(sessions)s 场共 %(seats)s 个名额都用完了"),
    "at as many sites as it may be": gettext_lazy(
        "有空位，但那半天这个班已分在最多 %(sites_at_once)s 个地点"
    ),
    "no teacher left": gettext_lazy("有空位，但那半天学校派不出更多带队教师"),
    "too few for it to run": gettext_lazy("有空位，但人数不够开课"),
    "who attends it would not reach the requirement": gettext_lazy("有空位，但去了就修不满学时"),
    "outweighed": gettext_lazy("有空位，但换过去会多跑路，或让其他志愿、其他学校落空"),
}


def class_reason(reason: Mapping[str, Any], sites_at_once: int) -> str:
    """One sentence: why the class has this and not its wish."""
    code = reason.get("code", "")
    if code == "met":
        return _("志愿都排上了。")
    if code == "no wish":
        return _("没有填志愿，按学时和路程安排。")
    if code == "unsigned":
        return _("还差学时的学生都没有监护人签名，所在学校不签不约。")
    if code not in WHY:
        return ""
    facts = {
        "occupation": reason.get("occupation", ""),
        "wishing": number(reason.get("wishing", 0)),
        "attending": number(reason.get("attending", 0)),
        "sessions": number(reason.get("sessions", 0)),
        "seats": number(reason.get("seats", 0)),
        "sites_at_once": sites_at_once,
    }
    facts["why"] = str(WHY[code]) % facts
    if not reason.get("attending"):
        return _("想去“%(occupation)s”的 %(wishing)s 人没有排上：%(why)s。") % facts
    return _("想去“%(occupation)s”的 %(wishing)s 人排上 %(attending)s 人：%(why)s。") % facts


def shortage(found: Mapping[str, Any]) -> list[str]:
    """Whom nothing helps, and whom seats would help; empty where all reach the requirement."""
    short = found.get("short", 0)
    if not short:
        return []
    by_days, by_sites = found.get("by_days", 0), found.get("by_sites", 0)
    unsigned = found.get("unsigned", 0)
    by_seats = short - by_days - by_sites - unsigned
    lines = [
        ngettext("%(count)s 名学生修不满学时。", "%(count)s 名学生修不满学时。", short)
        % {"count": number(short)}
    ]
    if unsigned:
        lines.append(
            ngettext(
                "%(count)s 人还没有监护人签名，所在学校不签不约。",
                "%(count)s 人还没有监护人签名，所在学校不签不约。",
                unsigned,
            )
            % {"count": number(unsigned)}
        )
    if found.get("is_nothing_on_offer"):
        return [*lines, _("没有还能约的场次。请开课单位加开，再重新计算。")]
    if by_days:
        lines.append(
            ngettext(
                "%(count)s 人能去的场次，名额再多也不够：要在别的日子开，或开别的课程。",
                "%(count)s 人能去的场次，名额再多也不够：要在别的日子开，或开别的课程。",
                by_days,
            )
            % {"count": number(by_days)}
        )
    if by_sites:
        lines.append(
            ngettext(
                "%(count)s 人有空位可去却没排上：半天的地点、带队教师或开课人数不够，或没有算到。",
                "%(count)s 人有空位可去却没排上：半天的地点、带队教师或开课人数不够，或没有算到。",
                by_sites,
            )
            % {"count": number(by_sites)}
        )
    if by_seats:
        lines.append(
            ngettext("%(count)s 人缺名额。", "%(count)s 人缺名额。", by_seats)
            % {"count": number(by_seats)}
        )
    return lines


def not_the_last_word(plan: CohortPlan) -> str:
    """Why fewer may be short than a draft, or a search that was cut short, says; empty where it
    is proven that no more can be reached, or everything was tried."""
    if plan.bound is not None and plan.reached >= plan.bound:
        return ""
    if not plan.is_whole:
        return _("计算没有做完，再算一次可能会有更多学生修满。")
    if plan.is_draft:
        return _("这是草算，正式计算可能会有更多学生修满。")
    return ""


def planned_for(classes: int, students: int) -> str:
    """将为 12 个班的 312 名学生排场次。"""
    return _("将为 %(classes)s的 %(students)s排场次：他们已得加已约，仍不够学时。") % {
        "classes": ngettext("%(count)s 个班", "%(count)s 个班", classes)
        % {"count": number(classes)},
        "students": ngettext("%(count)s 名学生", "%(count)s 名学生", students)
        % {"count": number(students)},
    }


def school_choice(school: str, classes: int, students: int) -> str:
    """清河中学，4 个班，126 人"""
    return _("%(school)s，%(classes)s，%(students)s") % {
        "school": school,
        "classes": ngettext("%(count)s 个班", "%(count)s 个班", classes)
        % {"count": number(classes)},
        "students": ngettext("%(count)s 人", "%(count)s 人", students)
        % {"count": number(students)},
    }


def lost(classes: int, refused: int, students: int) -> str:
    """3 个班的 62 名学生失去了已发布的场次，还差学时。 Or, with classes that could not be booked:
    1 个班没有约成，3 个班失去了已发布的场次，共 62 名学生还差学时。"""
    facts = {
        "classes": ngettext("%(count)s 个班", "%(count)s 个班", classes)
        % {"count": number(classes)},
        "refused": ngettext("%(count)s 个班", "%(count)s 个班", refused)
        % {"count": number(refused)},
        "students": ngettext("%(count)s 名学生", "%(count)s 名学生", students)
        % {"count": number(students)},
    }
    if not refused:
        return _("%(classes)s的 %(students)s失去了已发布的场次，还差学时。") % facts
    if not classes:
        return _("%(refused)s没有约成，共 %(students)s还差学时。") % facts
    return (
        _("%(refused)s没有约成，%(classes)s失去了已发布的场次，共 %(students)s还差学时。") % facts
    )


def lost_in_short(sessions: int, classes: int, refused: int) -> str:
    """失去 12 场，5 个班受影响；1 个班没有约成"""
    parts = []
    if classes:
        parts.append(
            _("失去 %(sessions)s，%(classes)s受影响")
            % {
                "sessions": ngettext("%(count)s 场", "%(count)s 场", sessions)
                % {"count": number(sessions)},
                "classes": ngettext("%(count)s 个班", "%(count)s 个班", classes)
                % {"count": number(classes)},
            }
        )
    if refused:
        parts.append(
            ngettext("%(count)s 个班没有约成", "%(count)s 个班没有约成", refused)
            % {"count": number(refused)}
        )
    return _("；").join(parts)


def before_publishing(plan: CohortPlan) -> str:
    """What a draft, or a search that was cut short, may have left undone; else empty."""
    if not plan.is_draft:
        return "" if plan.is_whole else not_the_last_word(plan)
    if plan.bound is not None and plan.reached >= plan.bound:
        return _("这是草算的方案：能修满的学生已是最多，正式计算可能更合志愿、更少跑路。")
    return _("这是草算的方案：正式计算可能会有更多学生修满。")


def changes(lost: int, new: int, kept: int) -> str:
    """失去 2 场，新增 2 场，11 场不变。"""
    return _("失去 %(lost)s 场，新增 %(new)s 场，%(kept)s 场不变。") % {
        "lost": number(lost),
        "new": number(new),
        "kept": number(kept),
    }
