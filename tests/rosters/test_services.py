"""Classes, students and teachers, and what is refused."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from accounts.actors import SYSTEM
from accounts.choices import Role, Stage
from accounts.errors import NotAllowed, NotYours
from accounts.models import AuditEntry
from rosters.errors import (
    ClassExists,
    NameMissing,
    NotSchoolTeacher,
    SeatTaken,
    StudentGone,
    StudentNoTaken,
)
from rosters.models import ClassGroup, ClassTeacher, Student
from rosters.services import classes, students
from rosters.services.students import StudentInput
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of
from tests.factories.rosters import make_class
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db


def _verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_create_class_of_the_own_school(school: School, now: datetime) -> None:
    group = classes.create_class(
        by=school.coordinator,
        school=school.organisation,
        stage=Stage.JUNIOR,
        entry_year=2025,
        number=4,
        now=now,
    )

    assert (group.school, group.entry_year, group.number) == (school.organisation, 2025, 4)
    assert _verbs() == ["class.created"]


def test_create_class_that_exists_is_refused(school: School, now: datetime) -> None:
    with pytest.raises(ClassExists) as refused:
        classes.create_class(
            by=school.coordinator,
            school=school.organisation,
            stage=Stage.JUNIOR,
            entry_year=2025,
            number=3,
            now=now,
        )

    assert str(refused.value) == "这个班级已经有了。"
    assert ClassGroup.objects.count() == 1


def test_create_class_of_a_host_is_refused(now: datetime) -> None:
    with pytest.raises(NotAllowed):
        classes.create_class(
            by=SYSTEM,
            school=OrganisationFactory(vocational_school=True),
            stage=Stage.JUNIOR,
            entry_year=2025,
            number=1,
            now=now,
        )


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        ("own coordinator", None),
        ("system", None),
        ("own teacher", NotAllowed),
        ("other coordinator", NotYours),
        ("host manager", NotYours),
        ("secretariat", NotYours),
    ],
)
def test_who_may_manage_a_schools_rosters(
    school: School, role: str, refusal: type[Exception] | None
) -> None:
    actor = {
        "own coordinator": lambda: school.coordinator,
        "system": lambda: SYSTEM,
        "own teacher": lambda: school.teacher,
        "other coordinator": lambda: actor_of(MembershipFactory(coordinator=True)),
        "host manager": lambda: actor_of(MembershipFactory(host_manager=True)),
        "secretariat": lambda: actor_of(MembershipFactory(secretariat=True)),
    }[role]()

    if refusal is None:
        classes.check_can_manage(actor, school.organisation.pk)
    else:
        with pytest.raises(refusal):
            classes.check_can_manage(actor, school.organisation.pk)


def test_add_student_tidies_the_name(school: School, now: datetime) -> None:
    student = students.add_student(
        by=school.coordinator,
        class_group=school.group,
        name="  阿依古丽·买买提江  ",
        student_no="20250399",
        seat_no=9,
        now=now,
    )

    assert (student.name, student.seat_no, student.school) == (
        "阿依古丽·买买提江",
        9,
        school.organisation,
    )
    assert _verbs() == ["students.added"]
    # The trail says how many, never who.
    assert AuditEntry.objects.get().facts == {"count": 1}


@pytest.mark.parametrize(
    ("student", "refusal"),
    [
        (StudentInput("  ", "1", 9), NameMissing),
        (StudentInput("林" * 61, "1", 9), NameMissing),
        (StudentInput("林\u202e晓", "1", 9), NameMissing),
        (StudentInput("林晓", "taken", 9), StudentNoTaken),
        (StudentInput("林晓", "1", 1), SeatTaken),
    ],
)
def test_add_students_adds_all_or_none(
    school: School, now: datetime, student: StudentInput, refusal: type[Exception]
) -> None:
    Student.objects.filter(seat_no=2).update(student_no="taken")

    with pytest.raises(refusal):
        students.add_students(
            by=school.coordinator,
            class_group=school.group,
            students=[StudentInput("李子涵", "2", 8), student],
            now=now,
        )

    assert school.group.students.count() == 3


def test_add_students_refuses_a_number_twice_in_one_list(school: School, now: datetime) -> None:
    with pytest.raises(StudentNoTaken) as refused:
        students.add_students(
            by=school.coordinator,
            class_group=school.group,
            students=[StudentInput("李子涵", "77", 8), StudentInput("李子涵", "77", 9)],
            now=now,
        )

    assert str(refused.value) == "学号 77 已在本校使用，请核对。"


def test_edit_student_sets_name_and_seat(school: School, now: datetime) -> None:
    student = school.group.students.get(seat_no=1)

    students.edit_student(by=school.coordinator, student=student, name="王䶮", seat_no=5, now=now)

    student.refresh_from_db()
    assert (student.name, student.seat_no) == ("王䶮", 5)
    assert _verbs() == ["student.edited"]


def test_edit_student_keeps_out_of_anothers_seat(school: School, now: datetime) -> None:
    student = school.group.students.get(seat_no=1)

    with pytest.raises(SeatTaken) as refused:
        students.edit_student(
            by=school.coordinator, student=student, name="王䶮", seat_no=2, now=now
        )

    assert str(refused.value) == "班里已有 2 号，请换一个座号。"


@pytest.mark.parametrize("went", ["left", "moved", "merged"])
def test_who_went_while_the_form_was_open_is_not_edited(
    school: School, now: datetime, went: str
) -> None:
    student = school.group.students.get(seat_no=1)
    before = student.name
    away = Student.objects.filter(pk=student.pk)
    if went == "left":
        students.remove_student(by=school.coordinator, student=student, now=now)
    elif went == "moved":
        # As a transfer accepted meanwhile does: another school's student from now on.
        other = make_class(students=0, number=7)
        away.update(class_group=other, school=other.school)
    else:
        away.update(merged_into=school.group.students.get(seat_no=2))

    with pytest.raises(StudentGone):
        students.edit_student(
            by=school.coordinator, student=student, name="新名", seat_no=9, now=now
        )

    assert away.get().name == before
    assert "student.edited" not in _verbs()


def test_edit_student_without_a_name_is_refused(school: School, now: datetime) -> None:
    student = school.group.students.get(seat_no=1)

    with pytest.raises(NameMissing):
        students.edit_student(by=school.coordinator, student=student, name=" ", seat_no=1, now=now)


def test_removed_student_leaves_the_seat_to_another(school: School, now: datetime) -> None:
    student = school.group.students.get(seat_no=1)

    students.remove_student(by=school.coordinator, student=student, now=now)
    students.remove_student(by=school.coordinator, student=student, now=now)
    students.add_student(
        by=school.coordinator,
        class_group=school.group,
        name="李子涵",
        student_no="77",
        seat_no=1,
        now=now,
    )

    assert Student.objects.current().filter(seat_no=1).get().name == "李子涵"
    assert _verbs() == ["student.removed", "students.added"]


def test_another_school_cannot_remove_a_student(school: School, now: datetime) -> None:
    student = school.group.students.get(seat_no=1)

    with pytest.raises(NotYours):
        students.remove_student(
            by=actor_of(MembershipFactory(coordinator=True)), student=student, now=now
        )

    assert Student.objects.current().count() == 3


def test_new_homeroom_teacher_replaces_the_one_before(school: School, now: datetime) -> None:
    first, second = MembershipFactory.create_batch(2, organisation=school.organisation)
    for membership in (first, second):
        classes.assign_teacher(
            by=school.coordinator,
            class_group=school.group,
            membership=membership,
            is_homeroom=True,
            now=now,
        )

    homeroom = ClassTeacher.objects.filter(class_group=school.group, is_homeroom=True)
    assert homeroom.get().membership == second
    assert ClassTeacher.objects.filter(class_group=school.group).count() == 3


@pytest.mark.parametrize("who", ["stranger", "leaver", "host's instructor"])
def test_only_the_schools_people_can_be_given_a_class(
    school: School, now: datetime, who: str
) -> None:
    membership = {
        "stranger": lambda: MembershipFactory(),
        "leaver": lambda: MembershipFactory(organisation=school.organisation, ended_at=now),
        "host's instructor": lambda: MembershipFactory(role=Role.INSTRUCTOR, instructor=True),
    }[who]()

    with pytest.raises(NotSchoolTeacher):
        classes.assign_teacher(
            by=school.coordinator,
            class_group=school.group,
            membership=membership,
            is_homeroom=False,
            now=now,
        )


def test_released_teacher_sees_the_class_no_more(school: School, now: datetime) -> None:
    assert ClassGroup.objects.visible_to(school.teacher).count() == 1

    classes.release_teacher(
        by=school.coordinator,
        class_group=school.group,
        membership=school.teacher_membership,
        now=now,
    )

    assert ClassGroup.objects.visible_to(school.teacher).count() == 0
    assert _verbs() == ["class.teacher_released"]


def test_names_are_for_the_school_alone(school: School) -> None:
    make_class(students=1)
    seen = {
        "coordinator": school.coordinator,
        "teacher": school.teacher,
        "colleague": actor_of(MembershipFactory(organisation=school.organisation)),
        "host": actor_of(MembershipFactory(host_manager=True)),
        "secretariat": actor_of(MembershipFactory(secretariat=True)),
    }

    counts = {
        who: (
            ClassGroup.objects.visible_to(actor).count(),
            Student.objects.visible_to(actor).count(),
            ClassTeacher.objects.taught_by(actor).count(),
        )
        for who, actor in seen.items()
    }

    assert counts == {
        "coordinator": (1, 3, 0),
        "teacher": (1, 3, 1),
        "colleague": (0, 0, 0),
        "host": (0, 0, 0),
        "secretariat": (2, 0, 0),
    }
    assert Student.objects.visible_to(SYSTEM).count() == 4
    assert ClassTeacher.objects.taught_by(SYSTEM).count() == 0


def test_what_only_the_database_refuses_is_not_called_a_number_in_use(
    school: School, now: datetime
) -> None:
    with pytest.raises(IntegrityError, match="student_seat_positive"), transaction.atomic():
        students.add_student(
            by=SYSTEM, class_group=school.group, name="王雨", student_no="N-1", seat_no=0, now=now
        )

    assert not Student.objects.filter(student_no="N-1").exists()
