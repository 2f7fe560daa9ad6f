"""Plans as their pages show them: figures in words, no more than a template can print."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actors import Actor
from accounts.errors import Refusal
from bookings import wording as booking_wording
from courses.choices import SessionState
from courses.models import CourseSession
from planning import refusals, wording
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlanSchool
from planning.selectors import plans as selectors
from planning.selectors import wishes as wish_selectors
from planning.selectors.reach import Reach
from planning.services import publishing
from rosters.models import Student

# States in which a plan has figures to show.
WITH_FIGURES = (
    PlanState.FOUND,
    PlanState.PUBLISHING,
    PlanState.PUBLISHED,
    PlanState.UNDOING,
    PlanState.UNDONE,
)
CLASS_STATE_KINDS = {
    PlanClassState.NOTHING: "exc",
    PlanClassState.PLANNED: "pend",
    PlanClassState.BOOKED: "conf",
    PlanClassState.REFUSED: "bad",
    PlanClassState.UNDONE: "canc",
    PlanClassState.KEPT: "warn",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A plan in a list, and at the head of its pages."""

    pk: int
    name: str
    requirement: str
    settings: str
    # What cut the search short; empty where nothing did, or nothing is found.
    cut_short: str
    parts: tuple[str, ...]
    kind: str
    state: str
    made_at: datetime
    has_figures: bool
    reach: str
    share: str
    worst: str
    wishes: str
    trips: str
    seats_left: str


def line(plan: CohortPlan) -> Line:
    state = PlanState(plan.state)
    parts = wording.settings(plan)
    return Line(
        pk=plan.pk,
        name=wording.name(plan),
        requirement=plan.requirement.name,
        settings=" · ".join(parts),
        cut_short=wording.cut_short(plan) if state in WITH_FIGURES else "",
        parts=tuple(parts),
        kind=wording.STATE_KINDS[state],
        state=str(state.label),
        made_at=plan.made_at,
        has_figures=state in WITH_FIGURES,
        reach=wording.reach(plan.reached, plan.students),
        share=wording.percent(selectors.share(plan.reached, plan.students)),
        worst=wording.percent(plan.worst_school),
        wishes=wording.wishes(plan, plan.wishes),
        trips=wording.number(plan.trips),
        seats_left=wording.number(plan.seats_left),
    )


def found(plan: CohortPlan, now: datetime, actor: Actor) -> dict[str, Any]:
    """What a plan's page and its print say of the whole."""
    openings = [opening(one) for one in selectors.openings_of(plan)]
    return {
        "plan": plan,
        "line": line(plan),
        "is_own": plan.school_id is not None,
        "are_all_full": plan.worst_school >= 1,
        "worst_bound": wording.worst_school_bound(plan),
        "reached": wording.number(plan.reached),
        "of_students": _("/ %(students)s 人") % {"students": wording.number(plan.students)},
        "reach_words": wording.reached(plan),
        "wishes_words": wording.wishes_bound(plan),
        "seats_words": wording.seats(selectors.seats_of(plan), plan),
        "shortage": shortage(plan),
        "openings": openings,
        "why_not_publish": why_not_publish(plan, actor, now),
        "why_not_undo": why_not(publishing.check_can_undo, actor, plan, now)
        if plan.state == PlanState.PUBLISHED
        else "",
    }


def shortage(plan: CohortPlan) -> list[str]:
    lines = wording.shortage(plan.shortage)
    caveat = wording.not_the_last_word(plan)
    return [*lines, caveat] if lines and caveat else lines


def why_not_publish(plan: CohortPlan, actor: Actor, now: datetime) -> str:
    """Why a found plan cannot be published, or why there is no need to."""
    if plan.state != PlanState.FOUND:
        return ""
    return why_not(publishing.check_can_publish, actor, plan, now)


def why_not(check: Any, actor: Actor, plan: CohortPlan, now: datetime) -> str:
    try:
        check(actor, plan, now)
    except Refusal as refusal:
        return str(refusal)
    return ""


@dataclass(frozen=True, slots=True)
class Opening:
    """Sessions that a host could open: like which, how many, for how many students."""

    title: str
    when: str
    where: str
    host: str
    sessions: int
    seats: str
    students: str
    reached: str


def opening(one: selectors.Opening) -> Opening:
    words = booking_wording.session_line(one.session)
    return Opening(
        title=words.title,
        when=words.when,
        where=words.where,
        host=booking_wording.organisation_name(one.session.host),
        sessions=one.count,
        seats=wording.number(one.seats),
        students=wording.number(one.students),
        reached=wording.number(one.reached),
    )


@dataclass(frozen=True, slots=True)
class SchoolRow:
    pk: int
    name: str
    students: int
    before: int
    by_plan: int
    reached: int
    ruler_words: str
    reach: str
    share: str
    wishes: str
    trips: str
    seats: str
    # How many reach it now, where that is not what was planned.
    now: str


def school_rows(
    plan: CohortPlan, rows: Sequence[PlanSchool], reach: Reach | None = None
) -> list[SchoolRow]:
    """With how far they are now, if that is given. One query."""
    wishing = selectors.schools_with_wishes(plan)
    return [_school_row(plan, row, wishing, reach) for row in rows]


def _school_row(
    plan: CohortPlan, row: PlanSchool, wishing: Collection[int], reach: Reach | None
) -> SchoolRow:
    by_plan = max(row.reached - row.reached_before, 0)
    return SchoolRow(
        pk=row.school_id,
        name=booking_wording.organisation_name(row.school),
        students=row.students,
        before=min(row.reached_before, row.reached),
        by_plan=by_plan,
        reached=row.reached,
        ruler_words=_(
            "共 %(students)d 人：原来能修满 %(before)d，本方案再修满 %(by_plan)d，还差 %(missing)d"
        )
        % {
            "students": row.students,
            "before": row.reached_before,
            "by_plan": by_plan,
            "missing": row.students - row.reached,
        },
        reach=wording.reach(row.reached, row.students),
        share=wording.percent(selectors.share(row.reached, row.students)),
        wishes=wording.wishes(plan, row.wishes) if row.school_id in wishing else "—",
        trips=wording.number(row.trips),
        seats=wording.number(row.seats),
        now=_now(reach.schools.get(row.school_id), (row.reached, row.students)) if reach else "",
    )


def _now(reached: tuple[int, int] | None, then: tuple[int, int]) -> str:
    return "" if reached is None or reached == then else wording.reach(*reached)


@dataclass(frozen=True, slots=True)
class ClassRow:
    pk: int
    label: str
    school: str
    reach: str
    is_short: bool
    wishes: str
    reason: str
    hours_are_full: str
    kind: str
    state: str
    refusal: str
    # How many reach it now, where that is not what was planned.
    now: str
    # What it has lost since it was booked, if anything.
    lost: str
    class_group_id: int
    is_refused: bool
    # It is among those that can be planned anew.
    is_to_replan: bool
    # Nothing to say yet: the whole plan waits to be published.
    is_waiting: bool


def class_rows(
    plan: CohortPlan,
    rows: Sequence[PlanClass],
    now: datetime,
    lost: Mapping[int, int] | None = None,
    reach: Reach | None = None,
) -> list[ClassRow]:
    """The classes with why each has what it has, what it has lost since (sessions, by class), and
    how far it is now, if that is given; on English pages one query for occupations."""
    names = wish_selectors.shown_names(
        {row.reason["occupation"] for row in rows if row.reason.get("occupation")}
    )
    lost = lost or {}
    return [
        _class_row(plan, row, names, now, lost.get(row.class_group_id, 0), reach) for row in rows
    ]


def _class_row(
    plan: CohortPlan,
    row: PlanClass,
    names: Mapping[str, str],
    now: datetime,
    lost: int,
    reach: Reach | None,
) -> ClassRow:
    state = PlanClassState(row.state)
    occupation = row.reason.get("occupation") or ""
    return ClassRow(
        pk=row.pk,
        label=booking_wording.class_name(row.class_group, now),
        school=booking_wording.organisation_name(row.school),
        reach=wording.reach(row.reached, row.students),
        is_short=row.reached < row.students,
        wishes=wording.class_wishes(row),
        reason=wording.class_reason(
            {**row.reason, "occupation": names.get(occupation, occupation)}, plan
        ),
        hours_are_full=wording.hours_are_full(row),
        kind=CLASS_STATE_KINDS[state],
        state=str(state.label),
        refusal=refusals.sentence(row.refusal) if row.refusal else "",
        now=_now(reach.classes.get(row.class_group_id), (row.reached, row.students))
        if reach
        else "",
        lost=ngettext("%(count)d 场落空，还差学时", "%(count)d 场落空，还差学时", lost)
        % {"count": lost}
        if lost and state != PlanClassState.REFUSED
        else "",
        class_group_id=row.class_group_id,
        is_refused=state == PlanClassState.REFUSED,
        is_to_replan=bool(lost),
        is_waiting=state == PlanClassState.PLANNED and plan.state == PlanState.FOUND,
    )


def filters(counts: Mapping[str, int], only: str, query: str) -> list[tuple[str, str, bool, int]]:
    """The chips over the classes; those that would keep none are left out."""
    words = {
        "short": _("有人修不满"),
        "unmet": _("志愿没全排上"),
        "refused": _("没有约成"),
        "kept": _("撤回时保留"),
    }
    return [
        (_("全部"), f"?{query[1:]}#classes", not only, counts["all"]),
        *(
            (word, f"?show={key}{query}#classes", key == only, counts[key])
            for key, word in words.items()
            if counts[key] or key == only
        ),
    ]


def wishes(plan: CohortPlan, row: PlanClass) -> list[str]:
    """What the class wishes for in the season, the first wish first."""
    said = wish_selectors.wishes_of(plan.season, [row.class_group_id]).get(row.class_group_id, [])
    names = wish_selectors.shown_names(said)
    return [names[one] for one in said]


@dataclass(frozen=True, slots=True)
class SessionRow:
    session: CourseSession
    title: str
    where: str
    seats: int
    students: tuple[Student, ...]
    is_cancelled: bool


def session_row(row: selectors.ClassSession, students: Mapping[int, Student]) -> SessionRow:
    words = booking_wording.session_line(row.session)
    there = (students[key] for key in row.students if key in students)
    return SessionRow(
        session=row.session,
        title=words.title,
        where=words.where,
        seats=row.seats,
        students=tuple(sorted(there, key=lambda one: (one.seat_no, one.pk))),
        is_cancelled=row.session.state == SessionState.CANCELLED,
    )
