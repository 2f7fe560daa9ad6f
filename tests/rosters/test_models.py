"""What the database refuses of classes and students, whoever writes."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import translation

from rosters import naming
from rosters.models import ClassGroup, ClassTeacher, Student
from rosters.services import classes
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import ClassTeacherFactory, StudentFactory
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db

HARMS: dict[str, Callable[[School], object]] = {
    "class_stage_known": lambda school: ClassGroup.objects.update(stage="nursery"),
    "class_entry_year_range": lambda school: ClassGroup.objects.update(entry_year=1999),
    "class_number_range": lambda school: ClassGroup.objects.update(number=61),
    "class_once_per_school": lambda school: ClassGroup.objects.create(
        school=school.organisation, stage="junior", entry_year=2025, number=3
    ),
    "class_teacher_once": lambda school: ClassTeacherFactory(
        class_group=school.group, membership=school.teacher_membership
    ),
    "class_one_homeroom_teacher": lambda school: [
        ClassTeacherFactory(class_group=school.group, is_homeroom=True) for _ in range(2)
    ],
    "student_no_once": lambda school: StudentFactory(
        class_group=school.group, student_no=school.group.students.get(seat_no=1).student_no
    ),
    "student_seat_once": lambda school: StudentFactory(class_group=school.group, seat_no=1),
    "student_seat_positive": lambda school: Student.objects.filter(seat_no=1).update(seat_no=0),
    "student_not_merged_into_self": lambda school: Student.objects.update(merged_into=F("pk")),
}


@pytest.mark.parametrize("constraint", HARMS)
def test_the_database_refuses(school: School, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        HARMS[constraint](school)


def test_a_seat_of_somebody_who_left_may_be_taken(school: School, now: object) -> None:
    Student.objects.filter(seat_no=1).update(left_at=now)

    StudentFactory(class_group=school.group, seat_no=1)

    assert Student.objects.current().count() == 3


def test_rows_name_nobody_in_logs(school: School) -> None:
    student = school.group.students.get(seat_no=1)

    assert str(student) == f"{school.group.pk}-1"
    assert str(school.group) == "junior 2025(3)"
    assert str(ClassTeacher.objects.get()) == f"{school.teacher_membership.pk} → {school.group.pk}"


def test_another_teacher_beside_the_homeroom_teacher(school: School, now: object) -> None:
    ClassTeacher.objects.update(is_homeroom=True)
    colleague = MembershipFactory(organisation=school.organisation)

    classes.assign_teacher(
        by=school.coordinator,
        class_group=school.group,
        membership=colleague,
        is_homeroom=False,
        now=now,
    )

    assert ClassTeacher.objects.get(is_homeroom=True).membership == school.teacher_membership


def test_grade_label_in_english() -> None:
    with translation.override("en"):
        label = naming.grade_label(7)

    assert label == "Grade 7"
