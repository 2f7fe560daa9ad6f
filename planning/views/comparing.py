"""Plans side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from bookings import wording as booking_wording
from planning import wording
from planning.choices import PlanState
from planning.models import CohortPlan, PlanSchool
from planning.selectors import comparing as selectors
from planning.selectors import plans as plan_selectors
from planning.views import showing
from planning.views.plans import PLANNERS

# So many columns a phone has room for.
MOST = 4
# What is compared school by school.
REACH, WISHES, TRIPS = SCHOOL_FIGURES = ("reach", "wishes", "trips")


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    detail: str
    is_best: bool


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One of the plans; ``can_publish`` where nothing stands against it."""

    line: showing.Line
    can_publish: bool


@require_safe
@members_only(*PLANNERS)
def compare(request: MemberRequest) -> HttpResponse:
    """Two to four found plans: their figures, and one of each school's; the best of each row is
    marked where the plans are for the same students and hours."""
    plans = chosen(request)
    if plans is None:
        return _none_chosen(request)
    by = request.GET.get("by", "")
    by = by if by in SCHOOL_FIGURES else REACH
    shown = _comparison(plans, (by,))
    now = timezone.now()
    return render(
        request,
        "planning/plans_compare.html",
        {
            **shown,
            "columns": [
                Column(
                    line,
                    can_publish=plan.state == PlanState.FOUND
                    and not showing.why_not_publish(plan, request.actor, now),
                )
                for plan, line in zip(plans, shown["lines"], strict=True)
            ],
            "choices": [
                (label, f"?{query_of(plans)}&by={key}#schools", key == by)
                for key, label in _school_labels().items()
            ],
            "differing": len(selectors.classes_that_differ(plans)) if shown["are_alike"] else None,
        },
    )


@require_safe
@members_only(*PLANNERS)
def print_comparison(request: MemberRequest) -> HttpResponse:
    """The same with all the figures of the schools, for paper."""
    plans = chosen(request)
    if plans is None:
        return _none_chosen(request)
    return render(
        request,
        "planning/plans_compare_print.html",
        {**_comparison(plans, SCHOOL_FIGURES), "now": timezone.now()},
    )


def chosen(request: MemberRequest) -> list[CohortPlan] | None:
    """The plans asked for, the newest first; none where they are not two to four that the actor
    may see and that have figures."""
    keys = [
        int(key)
        for value in request.GET.getlist("with")
        for key in value.split(",")
        if key.isascii() and key.isdecimal() and len(key) < 10
    ]
    plans = list(
        CohortPlan.objects.visible_to(request.actor)
        .filter(pk__in=keys, state__in=showing.WITH_FIGURES)
        .select_related("season", "requirement")
        .order_by("-made_at", "-pk")[: MOST + 1]
    )
    return plans if 2 <= len(plans) <= MOST else None


def query_of(plans: Sequence[CohortPlan]) -> str:
    return "with=" + ",".join(str(plan.pk) for plan in plans)


def are_alike(plans: Sequence[CohortPlan]) -> bool:
    return len({(one.season_id, one.requirement_id) for one in plans}) == 1


def _none_chosen(request: MemberRequest) -> HttpResponse:
    messages.info(request, _("请选 2 至 4 个算好的方案来比较。"))
    return redirect("planning:plans")


def _comparison(plans: list[CohortPlan], figures: Sequence[str]) -> dict[str, Any]:
    found = _found(plans)
    alike = are_alike(plans)
    # A plan that makes another good is for some of its classes only.
    are_of_a_kind = len({one.replans_id for one in plans}) == 1
    are_for_the_same = are_of_a_kind and all(len(of) == len(plans) for of in found.values())
    labels = _school_labels()
    return {
        "lines": [showing.line(plan) for plan in plans],
        "count": len(plans),
        "query": query_of(plans),
        "are_alike": alike,
        "are_for_the_same": are_for_the_same,
        "season": plans[0].season,
        "requirement": plans[0].requirement,
        "figures": _figures(plans, is_contest=alike and are_for_the_same),
        "parts": [
            (labels[key], _schools(plans, found, key, is_contest=alike and are_of_a_kind))
            for key in figures
        ],
    }


def _figures(plans: list[CohortPlan], *, is_contest: bool) -> list[Row]:
    lines = [showing.line(plan) for plan in plans]
    reached = [(plan.reached, plan.students) for plan in plans]
    return [
        _of(_("能修满的学生"), reached, is_contest=is_contest),
        _row(
            _("最低的学校"),
            [plan.worst_school for plan in plans],
            [line.worst for line in lines],
            is_contest=is_contest,
        ),
        _row(
            _("志愿满足"),
            [plan.wishes for plan in plans],
            [line.wishes for line in lines],
            is_contest=is_contest,
        ),
        # The fewer, the better.
        _row(
            _("出行趟次"),
            [-plan.trips for plan in plans],
            [line.trips for line in lines],
            is_contest=is_contest,
        ),
        _row(
            _("剩余空位（到 %(until)s）") % {"until": wording.until(plans[0])}
            if are_alike(plans)
            else _("剩余空位"),
            [plan.seats_left for plan in plans],
            [line.seats_left for line in lines],
            is_contest=is_contest,
        ),
    ]


# By the school's key and the plan's.
OfSchools = dict[int, dict[int, PlanSchool]]


def _found(plans: list[CohortPlan]) -> OfSchools:
    """One query."""
    found: OfSchools = {}
    for row in PlanSchool.objects.filter(plan__in=plans).select_related("school"):
        found.setdefault(row.school_id, {})[row.plan_id] = row
    return found


def _school_labels() -> dict[str, str]:
    return {REACH: _("能修满的学生"), WISHES: _("志愿满足"), TRIPS: _("出行趟次")}


def _schools(
    plans: list[CohortPlan], found: OfSchools, figure: str, *, is_contest: bool
) -> list[Row]:
    """One figure of each school, by name; a dash where a plan is not for it, and no mark then."""
    wishing = (
        {plan.pk: plan_selectors.schools_with_wishes(plan) for plan in plans}
        if figure == WISHES
        else {}
    )
    rows = []
    for of_plans in found.values():
        of_school = [of_plans.get(plan.pk) for plan in plans]
        name = booking_wording.organisation_name(next(iter(of_plans.values())).school)
        has_contest = is_contest and None not in of_school
        if figure == REACH:
            reached = [(one.reached, one.students) if one else None for one in of_school]
            rows.append(_of(name, reached, is_contest=has_contest))
            continue
        if figure == TRIPS:
            # The fewer, the better.
            values: list[float] = [-one.trips if one else 0 for one in of_school]
            texts = [wording.number(one.trips) if one else "—" for one in of_school]
        else:
            values = [one.wishes if one else 0 for one in of_school]
            texts = [
                wording.wishes(plan, one.wishes)
                if one and one.school_id in wishing[plan.pk]
                else "—"
                for plan, one in zip(plans, of_school, strict=True)
            ]
        rows.append(_row(name, values, texts, is_contest=has_contest and "—" not in texts))
    return sorted(rows, key=lambda row: row.label)


def _of(label: str, parts: Sequence[tuple[int, int] | None], *, is_contest: bool) -> Row:
    """So many of so many; of how many is said once where it is the same of all."""
    wholes = {one[1] for one in parts if one is not None}
    is_same = len(wholes) == 1
    return _row(
        _("%(label)s（共 %(count)s 人）") % {"label": label, "count": wording.number(*wholes)}
        if is_same
        else label,
        [plan_selectors.share(*one) if one else -1 for one in parts],
        [wording.number(one[0]) if one else "—" for one in parts],
        [f"/ {wording.number(one[1])}" if one and not is_same else "" for one in parts],
        is_contest=is_contest,
    )


def _row(
    label: str,
    values: list[float],
    texts: list[str],
    details: list[str] | None = None,
    *,
    is_contest: bool,
) -> Row:
    """The best values are marked, unless all are alike or they are not of the same students."""
    best = max(values)
    has_best = is_contest and min(values) < best
    return Row(
        label,
        tuple(
            Cell(text, detail, has_best and value == best)
            for text, detail, value in zip(texts, details or [""] * len(texts), values, strict=True)
        ),
    )
