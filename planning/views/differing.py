"""Class by class where plans differ: what each of them gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import MemberRequest, members_only
from accounts.models import Organisation
from bookings import wording as booking_wording
from planning import wording
from planning.models import CohortPlan, PlanClass
from planning.selectors import comparing as selectors
from planning.selectors import plans as plan_selectors
from planning.views import comparing, showing
from planning.views.plans import PLANNERS

CLASSES_ON_PAGE = 10
# What is planned for classes, by the key of their rows.
Planned = Mapping[int, list[plan_selectors.ClassSession]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one plan gives the class, beside what all of them do."""

    plan: str
    row_pk: int
    plan_pk: int
    reach: str
    wishes: str
    sessions: tuple[showing.SessionRow, ...]


@dataclass(frozen=True, slots=True)
class Row:
    key: int
    school: str
    label: str
    cells: tuple[Cell, ...]
    # In all of the plans, for as many students.
    same: tuple[showing.SessionRow, ...]


@require_safe
@members_only(*PLANNERS)
def list_classes(request: MemberRequest) -> HttpResponse:
    """Of the plans that are compared; ``?school=`` narrows it to one."""
    plans = comparing.chosen(request)
    if plans is None or not comparing.are_alike(plans):
        return redirect("planning:plans")
    differing = selectors.classes_that_differ(plans)
    schools = list(
        Organisation.objects.filter(pk__in=selectors.schools_of(differing)).order_by("name", "pk")
    )
    school = next((one for one in schools if str(one.pk) == request.GET.get("school")), None)
    if school is not None:
        differing = selectors.of_school(differing, school.pk)
    page = Paginator(differing, CLASSES_ON_PAGE).get_page(request.GET.get("page"))
    of_classes = selectors.rows_of(plans, list(page.object_list))
    planned = plan_selectors.sessions_of([row for of in of_classes for row in of.values()])
    query = comparing.query_of(plans)
    return render(
        request,
        "planning/plans_differ.html",
        {
            "count": len(plans),
            "with": query.removeprefix("with="),
            "query": query,
            "season": plans[0].season,
            "requirement": plans[0].requirement,
            "is_own": request.actor.is_school,
            "schools": schools if len(schools) > 1 else [],
            "school": school,
            "rows": [_row(plans, of, planned, timezone.now()) for of in of_classes],
            "page": page,
        },
    )


def _row(
    plans: list[CohortPlan], rows: Mapping[int, PlanClass], planned: Planned, now: datetime
) -> Row:
    """One class; ``rows`` are its own in each of the plans, by the plan's key."""
    given = [
        {
            (one.session.pk, one.seats): showing.session_row(one, {})
            for one in planned.get(rows[plan.pk].pk, [])
        }
        for plan in plans
    ]
    same = frozenset.intersection(*(frozenset(one) for one in given))
    first = rows[plans[0].pk]
    return Row(
        key=first.class_group_id,
        school=booking_wording.organisation_name(first.school),
        label=booking_wording.class_name(first.class_group, now),
        cells=tuple(
            Cell(
                plan=wording.name(plan),
                plan_pk=plan.pk,
                row_pk=rows[plan.pk].pk,
                reach=wording.reach(rows[plan.pk].reached, rows[plan.pk].students),
                wishes=wording.class_wishes(rows[plan.pk]),
                sessions=tuple(one for key, one in sessions.items() if key not in same),
            )
            for plan, sessions in zip(plans, given, strict=True)
        ),
        same=tuple(one for key, one in given[0].items() if key in same),
    )
