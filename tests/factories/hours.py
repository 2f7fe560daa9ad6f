"""Requirements, and credits given as a desk gives them."""

from collections.abc import Collection
from datetime import date, datetime

import factory
from django.db import transaction
from factory.django import DjangoModelFactory

from accounts.actors import Actor
from accounts.choices import Stage
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.errors import PeriodLocked
from hours.models import HourCredit, PracticumRequirement
from hours.services import ledger
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


def make_credits(
    *, by: Actor, students: Collection[Student], session: CourseSession, now: datetime
) -> dict[int, HourCredit]:
    """The session's class hours, credited to the students, whatever others have of it; what
    stands, by the student's key. Refused: PeriodLocked."""
    standing = HourCredit.objects.filter(session=session, reversed_by=None).exclude(
        kind=CreditKind.REVERSAL
    )
    with transaction.atomic():
        held = Student.objects.select_for_update(no_key=True).order_by("pk")
        settled = ledger.settle_session(
            by=by,
            session=session,
            students=list(held.filter(pk__in=[student.pk for student in students])),
            hours=dict(standing.values_list("student_id", "class_hours"))
            | {student.pk: session.class_hours for student in students},
            reason="补记",
            rule_version=1,
            now=now,
        )
        if settled.held_back:
            raise PeriodLocked
    return {credit.student_id: credit for credit in standing.filter(student__in=students)}


def make_credit(
    *, by: Actor, student: Student, session: CourseSession, now: datetime
) -> HourCredit:
    """The same for one student."""
    return make_credits(by=by, students=[student], session=session, now=now)[student.pk]
