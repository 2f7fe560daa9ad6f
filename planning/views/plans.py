"""Plans of a cohort: those of a season, a new one, one as it stands, one of its classes."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import STATUS_OF_KIND, MemberRequest, members_only
from accounts.choices import Role
from accounts.errors import Refusal
from accounts.models import Organisation
from accounts.services import audit
from courses.models import Season
from courses.selectors.seasons import current_season
from hours.models import PracticumRequirement
from planning import refusals, wording
from planning.choices import PlanState
from planning.forms.plans import PlanForm
from planning.models import CohortPlan
from planning.selectors import plans as selectors
from planning.services import plans as services
from planning.views import afterwards, showing
from planning.views.progress import progress_of
from rosters.models import Student
from sites.calendar import local_day

PLANNERS = (Role.SECRETARIAT, Role.SCHOOL_COORDINATOR)
PLANS_ON_PAGE = 20
CLASSES_ON_PAGE = 30


@require_safe
@members_only(*PLANNERS)
def list_plans(request: MemberRequest) -> HttpResponse:
    """The plans of a season, the current one without ``?season=``, the newest first."""
    now = timezone.now()
    seasons = selectors.seasons_with_plans(request.actor)
    current = current_season(now)
    asked = request.GET.get("season", "")
    season = next((one for one in seasons if str(one.pk) == asked), current)
    if season is not None and season not in seasons:
        seasons = [season, *seasons]
    found = selectors.plans_of(request.actor, season) if season else CohortPlan.objects.none()
    page = Paginator(found, PLANS_ON_PAGE).get_page(request.GET.get("page"))
    rows = afterwards.listed(list(page.object_list), request.actor, now)
    return render(
        request,
        "planning/plans.html",
        {
            "season": season,
            "seasons": [(one.name, f"?season={one.pk}", one == season) for one in seasons],
            "rows": rows,
            "page": page,
            "can_compare": sum(row.line.has_figures for row in rows) > 1,
            "is_own": request.actor.is_school,
        },
    )


@members_only(*PLANNERS)
def new(request: MemberRequest) -> HttpResponse:
    """What to plan for, and how many classes and students that is; then the calculation starts."""
    now = timezone.now()
    actor = request.actor
    is_own = actor.is_school
    seasons = list(Season.objects.filter(runs_until__gte=local_day(now)).order_by("runs_from"))
    # A school is asked for a requirement only where its classes have several.
    found = {
        one: selectors.demand(actor, one, now)
        for one in PracticumRequirement.objects.filter(due_on__gte=local_day(now)).order_by(
            "due_on", "pk"
        )
    }
    requirements = [one for one, demand in found.items() if demand] or list(found)
    if not seasons or not requirements:
        return render(
            request, "planning/plan_new.html", {"nothing": _nothing(seasons), "is_own": is_own}
        )
    given = request.POST or request.GET
    requirement = _chosen(requirements, given.get("requirement", ""))
    demand = found[requirement]
    seen = request.POST.get("seen", "")
    # Another requirement has other schools: they are to choose from first.
    is_other = request.method == "POST" and not seen.startswith(f"{requirement.pk}-")
    form = PlanForm(
        None if is_other else request.POST or None,
        seasons=seasons,
        requirements=requirements,
        demand=demand,
        is_own=is_own,
        initial=_initial(request, current_season(now)) | {"requirement": requirement.pk},
    )
    status = 200
    has_changed = is_other
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        season = values.get("season") or _current(seasons, now)
        schools = list(values.get("schools") or [one.school for one in demand])
        if seen == _seen(requirement, schools):
            try:
                plan = services.start_plan(
                    by=actor,
                    season=season,
                    requirement=requirement,
                    schools=schools,
                    sites_at_once=values["sites_at_once"],
                    goal=values["goal"],
                    is_draft=values.get("is_draft", False),
                    now=now,
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
                status = STATUS_OF_KIND[refusal.kind]
            else:
                return redirect("planning:plan", plan.pk)
        else:
            has_changed = True
    nobody = "schools" in form.errors
    chosen = _schools_shown(form, demand)
    classes = sum(form.demand[one.pk].classes for one in chosen)
    short = sum(form.demand[one.pk].short for one in chosen)
    return render(
        request,
        "planning/plan_new.html",
        {
            "form": form,
            "is_own": is_own,
            "seen": _seen(requirement, chosen),
            "has_changed": has_changed,
            "requirement": requirement,
            "planned_for": wording.planned_for(classes, short) if short and not nobody else "",
            "chosen_words": wording.chosen_schools(len(demand)),
            "counting": {} if is_own else wording.counting(),
            "nobody": nobody,
            "others": [
                (one.name, len(rows)) for one, rows in found.items() if one != requirement and rows
            ],
            "total": len(demand),
        },
        status=status,
    )


def _nothing(seasons: list[Season]) -> str:
    """Why nothing can be planned at all."""
    return _("还没有学时要求。") if seasons else _("还没有预约季。")


def _chosen(requirements: list[PracticumRequirement], key: str) -> PracticumRequirement:
    return next((one for one in requirements if str(one.pk) == key), requirements[0])


def _current(seasons: list[Season], now: datetime) -> Season:
    season = current_season(now)
    return season if season in seasons else seasons[0]


def _initial(request: MemberRequest, season: Season | None) -> dict[str, Any]:
    """What the form begins with: the current season; or what another plan was asked for."""
    initial: dict[str, Any] = {"season": season.pk if season else None}
    kept = ("season", "sites_at_once", "goal", "is_draft")
    initial |= {name: request.POST[name] for name in kept if name in request.POST}
    like = request.GET.get("like", "")
    if like.isascii() and like.isdecimal() and len(like) < 10:
        plan = CohortPlan.objects.visible_to(request.actor).filter(pk=int(like)).first()
        if plan is not None:
            schools = plan.schools.order_by("school_id").values_list("school_id", flat=True)
            initial |= {
                "season": plan.season_id,
                "schools": list(schools),
                "sites_at_once": plan.sites_at_once,
                "goal": plan.goal,
                "is_draft": "draft" if plan.is_draft else "full",
            }
    return initial


def _seen(requirement: PracticumRequirement, schools: list[Organisation]) -> str:
    """Which numbers the page showed: those of what is asked for."""
    keys = ".".join(str(key) for key in sorted(one.pk for one in schools))
    return f"{requirement.pk}-{keys}"


def _schools_shown(form: PlanForm, demand: list[selectors.Demand]) -> list[Organisation]:
    """The schools that the numbers are about: those chosen, or that the form begins with; else
    all."""
    if form.is_bound:
        return list(form.cleaned_data.get("schools", ())) or [one.school for one in demand]
    begun = form.initial.get("schools", form.demand)
    return [one.school for one in demand if one.school.pk in begun]


@require_safe
@members_only(*PLANNERS)
def show(request: MemberRequest, pk: int) -> HttpResponse:
    """A plan as it stands: at work, with what was found, or over."""
    plan = own_plan(request, pk)
    now = timezone.now()
    if plan.is_at_work:
        return _progress(request, plan)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if plan.state in (PlanState.FAILED, PlanState.DROPPED):
        return render(
            request,
            "planning/plan_over.html",
            {
                "plan": plan,
                "line": showing.line(plan),
                "failure": refusals.sentence({"code": plan.failure, "facts": {}}),
            },
        )
    counts = selectors.class_counts(plan)
    only = request.GET.get("show", "")
    only = only if only in selectors.NARROWINGS else ""
    schools = selectors.schools_of(plan)
    school = next(
        (one.school for one in schools if str(one.school_id) == request.GET.get("school")), None
    )
    found = selectors.classes_of(plan, only=only, school=school.pk if school else 0)
    page = Paginator(found, CLASSES_ON_PAGE).get_page(request.GET.get("page"))
    query = f"&school={school.pk}" if school else ""
    lost = afterwards.losses(plan, request.actor, now)
    reach = afterwards.reach_of(plan, now)
    later = [one for one in afterwards.built_on(plan) if one.is_next]
    return render(
        request,
        "planning/plan.html",
        {
            **showing.found(plan, now, request.actor),
            "schools": showing.school_rows(plan, schools, reach),
            "figures": afterwards.figures(plan, reach, schools),
            "school": school,
            "classes": showing.class_rows(
                plan, list(page.object_list), now, lost.sessions if lost else None, reach
            ),
            "page": page,
            "query": f"show={only}{query}" if only else query[1:],
            "filters": showing.filters(counts, only, query),
            # Those of them that can be planned anew stand among the losses.
            "refused": counts["refused"] - (lost.refused if lost else 0),
            "losses": lost,
            "later": later,
            "ready": next((one for one in reversed(later) if one.is_found), None),
            "cancelled": selectors.classes_with_cancelled(plan)
            if plan.state == PlanState.FOUND
            else 0,
        },
    )


def own_plan(request: MemberRequest, pk: int) -> CohortPlan:
    return get_object_or_404(
        CohortPlan.objects.visible_to(request.actor).select_related(
            "season", "requirement", "school", "made_by__user", "replans"
        ),
        pk=pk,
    )


def _progress(request: MemberRequest, plan: CohortPlan) -> HttpResponse:
    """The part that moves, or the page around it."""
    is_part = bool(request.headers.get("HX-Request"))
    name = "_plan_progress.html" if is_part else "plan_progress.html"
    return render(
        request,
        f"planning/{name}",
        {"plan": plan, "line": showing.line(plan), "progress": progress_of(plan)},
    )


@require_safe
@members_only(*PLANNERS)
def show_class(request: MemberRequest, pk: int, class_pk: int) -> HttpResponse:
    """What is planned for one class, session by session. A school's own plan names the students;
    the alliance sees how many."""
    return _class_page(request, pk, class_pk, "plan_class.html")


@require_safe
@members_only(*PLANNERS)
def print_class(request: MemberRequest, pk: int, class_pk: int) -> HttpResponse:
    """The same for paper."""
    return _class_page(request, pk, class_pk, "plan_class_print.html")


def _class_page(request: MemberRequest, pk: int, class_pk: int, template: str) -> HttpResponse:
    plan = own_plan(request, pk)
    if plan.state in (PlanState.FAILED, PlanState.DROPPED):
        return redirect("planning:plan", pk)
    now = timezone.now()
    row = get_object_or_404(
        plan.classes.select_related("class_group__school", "school", "reservation"), pk=class_pk
    )
    sessions = selectors.sessions_of([row]).get(row.pk, [])
    students: dict[int, Student] = {}
    if plan.school_id is not None:
        keys = {key for one in sessions for key in one.students}
        students = Student.objects.visible_to(request.actor).in_bulk(keys)
        audit.record_names_read(
            by=request.actor, now=now, context="plan_class", target=plan, students=students.values()
        )
    return render(
        request,
        f"planning/{template}",
        {
            "plan": plan,
            "is_own": plan.school_id is not None,
            "now": now,
            "line": showing.line(plan),
            "row": showing.class_rows(plan, [row], now)[0],
            "wishes": showing.wishes(plan, row),
            "sessions": [showing.session_row(one, students) for one in sessions],
        },
    )


@require_safe
@members_only(*PLANNERS)
def print_plan(request: MemberRequest, pk: int) -> HttpResponse:
    """The figures, the schools, and every class with its sessions, for paper. No names."""
    plan = own_plan(request, pk)
    now = timezone.now()
    if plan.is_at_work or plan.state in (PlanState.FAILED, PlanState.DROPPED):
        return redirect("planning:plan", pk)
    classes = list(selectors.classes_of(plan))
    sessions = selectors.sessions_of(classes)
    schools = selectors.schools_of(plan)
    reach = afterwards.reach_of(plan, now)
    return render(
        request,
        "planning/plan_print.html",
        {
            **showing.found(plan, now, request.actor),
            "now": now,
            "schools": showing.school_rows(plan, schools, reach),
            "figures": afterwards.figures(plan, reach, schools),
            "classes": [
                (shown, [showing.session_row(one, {}) for one in sessions.get(row.pk, [])])
                for row, shown in zip(
                    classes,
                    showing.class_rows(plan, classes, now, reach=reach),
                    strict=True,
                )
            ],
        },
    )
