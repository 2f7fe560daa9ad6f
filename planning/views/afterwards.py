"""What has become of a published plan: how far its students are now, what was lost, what was built
on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from bookings import wording as booking_wording
from planning import wording
from planning.choices import PlanState
from planning.models import CohortPlan, PlanSchool
from planning.selectors import losses as loss_selectors
from planning.selectors import plans as selectors
from planning.selectors import reach as reach_selectors
from planning.selectors.losses import ClassLoss
from planning.selectors.reach import Reach
from planning.services import replanning
from planning.views import showing

# What was planned is one thing, and what is so by now another.
CARRIED_OUT = (PlanState.PUBLISHED, PlanState.UNDONE)


@dataclass(frozen=True, slots=True)
class Listed:
    """A plan in the list; of one that was published what is so by now, and what it has lost."""

    line: showing.Line
    reach: str = ""
    worst: str = ""
    lost: str = ""
    can_replan: bool = False


def listed(plans: Sequence[CohortPlan], actor: Actor, now: datetime) -> list[Listed]:
    """Ten queries at most, however many plans."""
    carried_out = [plan for plan in plans if plan.state in CARRIED_OUT]
    published = [plan.pk for plan in plans if plan.state == PlanState.PUBLISHED]
    reach = reach_selectors.reach_of(carried_out, now) if carried_out else {}
    lost = loss_selectors.of_plans(published, now) if published else {}
    return [
        Listed(
            line=showing.line(plan),
            reach=wording.reach(*reach[plan.pk].whole) if plan.pk in reach else "",
            worst=wording.percent(reach[plan.pk].worst) if plan.pk in reach else "",
            lost=in_short(loss_selectors.extent_of(lost.get(plan.pk, []))),
            can_replan=bool(lost.get(plan.pk))
            and not showing.why_not(replanning.check_may_replan, actor, plan, now),
        )
        for plan in plans
    ]


def in_short(extent: loss_selectors.Extent) -> str:
    """Empty where nothing was lost."""
    return wording.lost_in_short(extent.sessions, extent.classes, extent.refused)


@dataclass(frozen=True, slots=True)
class Figure:
    """One of a plan's figures as planned, and as it is now."""

    label: str
    planned: str
    now: str
    planned_detail: str = ""
    now_detail: str = ""


def reach_of(plan: CohortPlan, now: datetime) -> Reach | None:
    """How far the students are now; None where the plan has booked nothing."""
    if plan.state not in CARRIED_OUT:
        return None
    return reach_selectors.reach_of([plan], now)[plan.pk]


def figures(plan: CohortPlan, reach: Reach | None, schools: Sequence[PlanSchool]) -> list[Figure]:
    """Planned and now, side by side; ``schools`` has the worst as planned first. Two queries."""
    if reach is None:
        return []
    rows = [
        Figure(
            _("能修满的学生"),
            wording.reach(plan.reached, plan.students),
            wording.reach(*reach.whole),
        )
    ]
    if plan.school_id is None and schools:
        # The first of those that are equally far is the first as planned too.
        worst = min(schools, key=lambda row: reach.share(row.school_id))
        rows.append(
            Figure(
                _("最低的学校"),
                wording.percent(plan.worst_school),
                wording.percent(reach.worst),
                booking_wording.organisation_name(schools[0].school),
                booking_wording.organisation_name(worst.school),
            )
        )
    return [
        *rows,
        Figure(
            _("占用名额"),
            wording.number(selectors.seats_of(plan)),
            wording.number(reach_selectors.seats_booked(plan)),
        ),
    ]


@dataclass(frozen=True, slots=True)
class Losses:
    """What a published plan has lost since, or could not book, and why it cannot be planned anew
    if so."""

    sentence: str
    why_not: str
    # School and class, in the order of the schools, with what happened to it.
    classes: tuple[str, ...]
    # By class (keys): how many sessions.
    sessions: Mapping[int, int]
    refused: int


def losses(plan: CohortPlan, actor: Actor, now: datetime) -> Losses | None:
    """None where nothing was lost."""
    if plan.state != PlanState.PUBLISHED:
        return None
    found = loss_selectors.losses(plan, now)
    if not found:
        return None
    extent = loss_selectors.extent_of(found)
    return Losses(
        sentence=wording.lost(extent.classes, extent.refused, extent.students),
        why_not=showing.why_not(replanning.check_may_replan, actor, plan, now),
        classes=tuple(_class_line(one, now) for one in found),
        sessions={one.class_group.pk: len(one.sessions) for one in found},
        refused=extent.refused,
    )


def _class_line(one: ClassLoss, now: datetime) -> str:
    """清河中学 七(3)班 · 2 场落空"""
    group = one.class_group
    name = f"{booking_wording.organisation_name(group.school)} " + booking_wording.class_name(
        group, now
    )
    if one.is_refused:
        return f"{name} · {_('没有约成')}"
    return f"{name} · " + ngettext("%(count)d 场落空", "%(count)d 场落空", len(one.sessions)) % {
        "count": len(one.sessions)
    }


@dataclass(frozen=True, slots=True)
class Later:
    """A plan that was built on this one."""

    pk: int
    name: str
    state: str
    is_found: bool
    is_published: bool
    # It makes this very plan good, and not one that was built on it.
    is_next: bool


def built_on(plan: CohortPlan) -> list[Later]:
    """One query; none where the plan has booked nothing."""
    if plan.state not in CARRIED_OUT:
        return []
    return [
        Later(
            pk=one.pk,
            name=wording.name(one),
            state=str(PlanState(one.state).label),
            is_found=one.state == PlanState.FOUND,
            is_published=one.state in loss_selectors.HAS_BOOKED,
            is_next=one.replans_id == plan.pk,
        )
        for one in selectors.built_on(plan)
    ]
