"""How plans are written, in the active language. Loaded rows in, text out."""

from collections.abc import Mapping
from math import floor
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from planning.choices import PlanGoal, PlanState
from planning.models import CohortPlan, PlanClass
from planning.models.plans import last_day
from sites import dates

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
    """How many can be reached at most; what is not proven is not calculated to an office."""
    if plan.bound is None:
        return _("上限未算出")
    if plan.reached >= plan.bound:
        return _("已是上限")
    return _("上限 %(bound)s 人") % {"bound": number(plan.bound)}


def reached(plan: CohortPlan) -> str:
    """已约即能修满 163 人，本方案再修满 313 人；上限 4,889 人。"""
    return _("已约即能修满 %(before)s 人，本方案再修满 %(by_plan)s 人；%(bound)s。") % {
        "before": number(plan.reached_before),
        "by_plan": number(max(plan.reached - plan.reached_before, 0)),
        "bound": reach_bound(plan),
    }


def worst_school_bound(plan: CohortPlan) -> str:
    """已是上限 where no plan has a better worst school; else what is proven."""
    if plan.worst_school_bound is None:
        return _("上限未算出")
    if plan.worst_school >= plan.worst_school_bound:
        return _("已是上限")
    return _("上限 %(bound)s") % {"bound": percent(plan.worst_school_bound)}


def wishes(plan: CohortPlan, share: float) -> str:
    """A dash where nothing that is wished for can be had: mostly nobody wished."""
    return "—" if plan.wishes_bound == 0 else percent(share)


def class_wishes(row: PlanClass) -> str:
    """A dash where there is no wish, or no hour for it to count."""
    if row.reason.get("code") == "no wish" or hours_are_full(row):
        return "—"
    return percent(row.wishes)


def hours_are_full(row: PlanClass) -> str:
    """Why the class's share of wishes is not told: nobody lacks hours, and none of those booked
    were wished for. Empty elsewhere, and of plans that were stored without it."""
    is_full = row.reason.get("lacking_hours") == 0 and not row.wishes
    if not is_full or row.reason.get("code") == "no wish":
        return ""
    return _("学时已够，只补职业或开课单位类别，不计志愿满足。")


def wishes_bound(plan: CohortPlan) -> str:
    measure = _("应修学时里学到志愿职业的比例，第 1 志愿全算，靠后的打折")
    if plan.wishes_bound == 0:
        return _("没有能按志愿排的学时。")
    if plan.wishes_bound is None:
        return _("%(measure)s；上限未算出。") % {"measure": measure}
    return _("%(measure)s；上限 %(bound)s。") % {
        "measure": measure,
        "bound": percent(plan.wishes_bound),
    }


def seats(taken: int, plan: CohortPlan) -> str:
    """本方案占用 312 个；到 6 月 30 日为止的场次，算好时还剩 8,019 个空位。"""
    return _("本方案占用 %(taken)s 个；到 %(until)s为止的场次，算好时还剩 %(left)s 个空位。") % {
        "taken": number(taken),
        "until": until(plan),
        "left": number(plan.seats_left),
    }


def until(plan: CohortPlan) -> str:
    """The last day on which a plan looks for sessions."""
    return dates.day_plain(last_day(plan.season, plan.requirement))


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
}
OUTWEIGHED = "outweighed"


def class_reason(reason: Mapping[str, Any], plan: CohortPlan) -> str:
    """One sentence: why the class has this and not its wish."""
    code = reason.get("code", "")
    if code == "met":
        return _("志愿都排上了。")
    if code == "no wish":
        return _("没有填志愿，按学时和路程安排。")
    if code == "unsigned":
        return _("还差学时的学生都没有监护人签名，所在学校不签不约。")
    if code not in WHY and code != OUTWEIGHED:
        return ""
    facts = {
        "occupation": reason.get("occupation", ""),
        "wishing": number(reason.get("wishing", 0)),
        "attending": number(reason.get("attending", 0)),
        "sessions": number(reason.get("sessions", 0)),
        "seats": number(reason.get("seats", 0)),
        "sites_at_once": plan.sites_at_once,
    }
    facts["why"] = _outweighed(plan) if code == OUTWEIGHED else str(WHY[code]) % facts
    if not reason.get("attending"):
        return _("想去“%(occupation)s”的 %(wishing)s 人没有排上：%(why)s。") % facts
    return _("想去“%(occupation)s”的 %(wishing)s 人排上 %(attending)s 人：%(why)s。") % facts


def _outweighed(plan: CohortPlan) -> str:
    """There are seats, and nothing forbids them: what the plan weighs against a wish. A search that
    was not through may just not have come there."""
    if not plan.is_whole:
        return _("有空位，但计算没有做完，再算一次也许能排上")
    if plan.is_draft:
        return _("有空位，但草算没有细排，正式计算也许能排上")
    if plan.goal == PlanGoal.TRIPS:
        cost = _("会多跑路、有人修不满，或让其他志愿落空")
    else:
        cost = _("会让其他志愿落空、有人修不满，或多跑路")
    if plan.sites_at_once == 1:
        return _("有空位，但每班半天只去 1 个地点，改去那里%(cost)s") % {"cost": cost}
    return _("有空位，但改去那里%(cost)s") % {"cost": cost}


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


def _classes(count: int) -> str:
    return ngettext("%(count)s 个班", "%(count)s 个班", count) % {"count": number(count)}


def _students(count: int) -> str:
    return ngettext("%(count)s 名学生", "%(count)s 名学生", count) % {"count": number(count)}


def planned_for(classes: int, students: int) -> str:
    """将为 12 个班的 312 名学生排场次。"""
    return _planned_for(_classes(classes), _students(students))


def _planned_for(classes: str, students: str) -> str:
    return _("将为 %(classes)s的 %(students)s排场次：他们已得加已约，仍不够学时。") % {
        "classes": classes,
        "students": students,
    }


def counting() -> dict[str, str]:
    """The parts of ``planned_for`` with which the page counts along: 2 stands for the number."""
    return {
        "sentence": _planned_for("{classes}", "{students}"),
        "class_one": _classes(1),
        "class_many": _classes(2),
        "student_one": _students(1),
        "student_many": _students(2),
    }


def chosen_schools(total: int) -> str:
    """学校（选了 {chosen} 所，共 5 所）, for the page to fill in."""
    return ngettext(
        "学校（选了 %(chosen)s 所，共 %(total)d 所）",
        "学校（选了 %(chosen)s 所，共 %(total)d 所）",
        total,
    ) % {"chosen": "{chosen}", "total": total}


def school_choice(school: str, classes: int, students: int) -> str:
    """清河中学，4 个班，126 人"""
    return _("%(school)s，%(classes)s，%(students)s") % {
        "school": school,
        "classes": _classes(classes),
        "students": ngettext("%(count)s 人", "%(count)s 人", students)
        % {"count": number(students)},
    }


def lost(classes: int, refused: int, students: int) -> str:
    """3 个班的 62 名学生有场次落空，还差学时。 Or, with classes that could not be booked:
    1 个班没有约成，3 个班有场次落空，共 62 名学生还差学时。"""
    facts = {
        "classes": _classes(classes),
        "refused": _classes(refused),
        "students": _students(students),
    }
    if not refused:
        return _("%(classes)s的 %(students)s有场次落空，还差学时。") % facts
    if not classes:
        return _("%(refused)s没有约成，共 %(students)s还差学时。") % facts
    return _("%(refused)s没有约成，%(classes)s有场次落空，共 %(students)s还差学时。") % facts


def lost_in_short(sessions: int, classes: int, refused: int) -> str:
    """12 场落空，5 个班受影响；1 个班没有约成"""
    parts = []
    if classes:
        parts.append(
            _("%(sessions)s落空，%(classes)s受影响")
            % {
                "sessions": ngettext("%(count)s 场", "%(count)s 场", sessions)
                % {"count": number(sessions)},
                "classes": _classes(classes),
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
    """落空 2 场，新增 2 场，11 场不变。"""
    return _("落空 %(lost)s 场，新增 %(new)s 场，%(kept)s 场不变。") % {
        "lost": number(lost),
        "new": number(new),
        "kept": number(kept),
    }
