"""Two people of a school's office writing at the same moment."""

from datetime import datetime

import pytest

from accounts.actors import SYSTEM
from accounts.choices import Role, Stage
from rosters import selectors
from rosters.errors import StageNotOfSchool, StudentNoTaken
from rosters.models import ClassGroup, ClassTeacher, Student
from rosters.services import classes, students
from tests.bookings.races import before_commit
from tests.factories.accounts import MembershipFactory
from tests.factories.rosters import ClassGroupFactory, make_class
from tests.rosters.conftest import School


@pytest.mark.django_db(transaction=True)
def test_two_homeroom_teachers_at_once_leave_the_later_one(now: datetime) -> None:
    group = make_class(students=0)
    first, second = (
        MembershipFactory(organisation=group.school, role=Role.TEACHER) for _number in range(2)
    )

    answer = before_commit(
        lambda: classes.assign_teacher(
            by=SYSTEM, class_group=group, membership=first, is_homeroom=True, now=now
        ),
        lambda: classes.assign_teacher(
            by=SYSTEM, class_group=group, membership=second, is_homeroom=True, now=now
        ),
    )

    assert isinstance(answer, ClassTeacher)
    assert dict(ClassTeacher.objects.values_list("membership_id", "is_homeroom")) == {
        first.pk: False,
        second.pk: True,
    }


@pytest.mark.django_db(transaction=True)
def test_one_student_number_given_to_two_classes_at_once_is_given_once(now: datetime) -> None:
    group = make_class(students=0, number=1)
    other = ClassGroupFactory(school=group.school, number=2)

    answer = before_commit(
        lambda: students.add_student(
            by=SYSTEM, class_group=group, name="林晓", student_no="20250101", seat_no=1, now=now
        ),
        lambda: students.add_student(
            by=SYSTEM, class_group=other, name="林晓", student_no="20250101", seat_no=1, now=now
        ),
    )

    assert isinstance(answer, StudentNoTaken)
    assert str(answer) == "学号 20250101 已在本校使用，请核对。"
    assert Student.objects.get().class_group == group


@pytest.mark.django_db(transaction=True)
def test_a_number_given_while_another_student_is_edited_to_it_is_given_once(now: datetime) -> None:
    group = make_class(students=0, number=1)
    other = make_class(students=1, school=group.school, number=2)
    edited = Student.objects.get()

    answer = before_commit(
        lambda: students.add_student(
            by=SYSTEM, class_group=group, name="林晓", student_no="20250101", seat_no=1, now=now
        ),
        lambda: students.edit_student(
            by=SYSTEM, student=edited, name="王雨", seat_no=9, student_no="20250101", now=now
        ),
    )

    assert isinstance(answer, StudentNoTaken)
    assert Student.objects.get(class_group=other).seat_no == 1


def test_a_stage_that_the_school_does_not_have_is_refused(school: School, now: datetime) -> None:
    with pytest.raises(StageNotOfSchool) as refused:
        classes.create_class(
            by=school.coordinator,
            school=school.organisation,
            stage=Stage.SENIOR,
            entry_year=2026,
            number=1,
            now=now,
        )

    assert str(refused.value) == "本校没有高中学段。需要增加时，请联系联盟秘书处。"
    assert ClassGroup.objects.get() == school.group


def test_a_teacher_who_has_left_is_not_listed(school: School, now: datetime) -> None:
    listed = [link.membership for link in selectors.teachers_of(school.group)]
    school.teacher_membership.ended_at = now
    school.teacher_membership.save()

    assert listed == [school.teacher_membership]
    assert selectors.teachers_of(school.group) == []
    assert [
        list(one.teachers.all()) for one in selectors.classes_with_teachers(school.coordinator)
    ] == [[]]
