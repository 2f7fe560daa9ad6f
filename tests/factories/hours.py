"""Requirements, and credits given as a desk gives them."""

from datetime import date, datetime

import factory
from factory.django import DjangoModelFactory

from accounts.actors import Actor
from accounts.choices import Stage
from courses.models import CourseSession
from hours import services
from hours.models import HourCredit, PracticumRequirement
from rosters.models import Student


class RequirementFactory(DjangoModelFactory[PracticumRequirement]):
    """Fourteen class hours for every junior cohort, from September 2026."""

    class Meta:
        model = PracticumRequirement

    name = factory.Sequence(lambda n: f"初中职业体验 {n}")
    stage = Stage.JUNIOR
    entry_year_from = 2020
    entry_year_to = 2030
    class_hours = 14
    counts_from = date(2026, 9, 1)
    due_on = date(2027, 6, 30)


def make_credit(
    *, by: Actor, student: Student, session: CourseSession, now: datetime
) -> HourCredit:
    """The session's class hours, credited to the student."""
    return services.credit_students(
        by=by, students=[student], session=session, rule_version=1, now=now
    )[student.pk]
