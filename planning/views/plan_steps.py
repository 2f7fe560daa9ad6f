"""What is done with a plan: cancelled, dropped, published, undone, planned anew."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import MemberRequest, members_only, refusal_page
from accounts.errors import Refusal
from bookings.services import freeze
from bookings.wording import organisation_name
from planning import wording
from planning.choices import PlanClassState
from planning.models import CohortPlan
from planning.selectors import plans as selectors
from planning.selectors.differences import differences
from planning.services import plans as services
from planning.services import publishing, replanning
from planning.views import afterwards, showing
from planning.views.plans import PLANNERS, own_plan


@require_POST
@members_only(*PLANNERS)
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """The calculation ends with the best so far, if there is any."""
    plan = own_plan(request, pk)
    try:
        services.cancel_plan(by=request.actor, plan=plan, now=timezone.now())
    except Refusal as refusal:
        messages.info(request, str(refusal))
    return redirect("planning:plan", pk)


@members_only(*PLANNERS)
def drop(request: MemberRequest, pk: int) -> HttpResponse:
    """A found plan that nobody wants is put away."""
    plan = own_plan(request, pk)
    if request.method == "POST":
        try:
            services.drop_plan(by=request.actor, plan=plan, now=timezone.now())
        except Refusal as refusal:
            return refused(request, plan, refusal)
        messages.success(request, _("已放弃这个方案。"))
        return redirect("planning:plans")
    return _confirm(request, plan, "plan_drop.html")


@members_only(*PLANNERS)
def publish(request: MemberRequest, pk: int) -> HttpResponse:
    """Every class gets its reservation; how many that are is shown first."""
    plan = own_plan(request, pk)
    now = timezone.now()
    try:
        if request.method == "POST":
            publishing.publish(by=request.actor, plan=plan, now=now)
            return redirect("planning:plan", pk)
        publishing.check_can_publish(request.actor, plan, now)
    except Refusal as refusal:
        return refused(request, plan, refusal)
    extent = selectors.extent_of(plan, PlanClassState.PLANNED)
    return _confirm(
        request,
        plan,
        "plan_publish.html",
        extent=extent,
        seats=wording.number(extent.seats),
        cancelled=selectors.classes_with_cancelled(plan),
        caution=wording.before_publishing(plan),
        since=len(publishing.planned_since(plan)),
    )


@members_only(*PLANNERS)
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    """What was published is given back, as far as no list is settled."""
    plan = own_plan(request, pk)
    now = timezone.now()
    try:
        if request.method == "POST":
            publishing.undo(by=request.actor, plan=plan, now=now)
            return redirect("planning:plan", pk)
        publishing.check_can_undo(request.actor, plan, now)
    except Refusal as refusal:
        return refused(request, plan, refusal)
    extent = selectors.extent_of(plan, PlanClassState.BOOKED)
    last = selectors.last_booked(plan)
    return _confirm(
        request,
        plan,
        "plan_undo.html",
        extent=extent,
        seats=wording.number(extent.seats),
        until=freeze.settles_at(last) if last is not None else None,
        stays=[one for one in afterwards.built_on(plan) if one.is_published],
    )


@members_only(*PLANNERS)
def replan(request: MemberRequest, pk: int) -> HttpResponse:
    """What a published plan has lost is planned anew; all that holds stays."""
    plan = own_plan(request, pk)
    now = timezone.now()
    try:
        if request.method == "POST":
            made = replanning.replan(by=request.actor, plan=plan, now=now)
            return redirect("planning:plan", made.pk)
        replanning.check_can_replan(request.actor, plan, now)
    except Refusal as refusal:
        return refused(request, plan, refusal)
    return _confirm(
        request, plan, "plan_replan.html", losses=afterwards.losses(plan, request.actor, now)
    )


def _confirm(request: MemberRequest, plan: CohortPlan, template: str, **more: Any) -> HttpResponse:
    context = {"plan": plan, "line": showing.line(plan), "is_own": plan.school_id is not None}
    return render(request, f"planning/{template}", context | more)


def refused(request: MemberRequest, plan: CohortPlan, refusal: Refusal) -> HttpResponse:
    """The reason, and the way back to the plan."""
    return refusal_page(
        request, refusal, back=(reverse("planning:plan", args=[plan.pk]), _("回到方案"))
    )


@require_safe
@members_only(*PLANNERS)
def changes(request: MemberRequest, pk: int) -> HttpResponse:
    """What the plan changes against the published one that it makes good, class by class: lost,
    new, and what stays."""
    return _changes(request, pk, "plan_changes.html")


@require_safe
@members_only(*PLANNERS)
def print_changes(request: MemberRequest, pk: int) -> HttpResponse:
    """The same for paper."""
    return _changes(request, pk, "plan_changes_print.html")


def _changes(request: MemberRequest, pk: int, template: str) -> HttpResponse:
    plan = own_plan(request, pk)
    if plan.replans_id is None or plan.state not in showing.WITH_FIGURES:
        return redirect("planning:plan", pk)
    found = differences(plan)
    now = timezone.now()
    return render(
        request,
        f"planning/{template}",
        {
            "plan": plan,
            "now": now,
            "line": showing.line(plan),
            "is_own": plan.school_id is not None,
            "sentence": wording.changes(
                sum(len(one.lost) for one in found),
                sum(len(one.new) for one in found),
                sum(len(one.kept) for one in found),
            ),
            "classes": [(organisation_name(one.class_group.school), one) for one in found],
            "still_short": plan.students - plan.reached,
            "why_not_publish": showing.why_not_publish(plan, request.actor, now),
        },
    )
