"""Plans as the planner leaves them: found, with who is to be where."""

from collections.abc import Mapping
from datetime import datetime

from accounts.actors import Actor
from accounts.models import Organisation
from courses.models import CourseSession, Season
from hours.models import PracticumRequirement
from planning.choices import PlanClassState, PlanState
from planning.models import CohortPlan, PlanClass, PlannedPlace, PlanSchool
from rosters.models import ClassGroup, Student

Wanted = Mapping[ClassGroup, Mapping[CourseSession, list[Student]]]


def make_plan(
    *,
    by: Actor,
    season: Season,
    wanted: Wanted,
    now: datetime,
    school: Organisation | None = None,
    requirement: PracticumRequirement | None = None,
    replans: CohortPlan | None = None,
    state: PlanState = PlanState.FOUND,
) -> CohortPlan:
    """A plan that has found these places; a class with none of them needs nothing."""
    assert by.membership_id is not None
    plan = CohortPlan.objects.create(
        season=season,
        requirement=requirement or PracticumRequirement.objects.order_by("pk").first(),
        school=school,
        replans=replans,
        made_by_id=by.membership_id,
        made_at=now,
        found_at=now,
        state=state,
        is_whole=True,
    )
    for school_id in {group.school_id for group in wanted}:
        PlanSchool.objects.create(plan=plan, school_id=school_id)
    for group, sessions in wanted.items():
        row = PlanClass.objects.create(
            plan=plan,
            class_group=group,
            school_id=group.school_id,
            students=group.students.count(),
            state=PlanClassState.PLANNED if sessions else PlanClassState.NOTHING,
        )
        PlannedPlace.objects.bulk_create(
            PlannedPlace(plan_class=row, session=session, student=student)
            for session, students in sessions.items()
            for student in students
        )
    return plan
