"""Writes of classes, who teaches them, and their students."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from accounts.actors import Actor
from accounts.choices import OrganisationKind, Role
from accounts.errors import NotAllowed, NotYours
from accounts.models import Membership, Organisation
from accounts.services import audit

from .errors import ClassExists, NameMissing, NotSchoolTeacher, SeatTaken, StudentNoTaken
from .models import ClassGroup, ClassTeacher, Student

NAME_LENGTH = 60


class StudentInput(NamedTuple):
    """One student to be added: all that is ever stored of one."""

    name: str
    student_no: str
    seat_no: int


def check_can_manage(actor: Actor, school_id: int) -> None:
    """A school's coordinator keeps its rosters; to others they are not there."""
    if actor.is_system:
        return
    if actor.organisation_id != school_id:
        raise NotYours
    if not actor.is_coordinator:
        raise NotAllowed


def create_class(
    *, by: Actor, school: Organisation, stage: str, entry_year: int, number: int, now: datetime
) -> ClassGroup:
    """The school has the class, without students yet. Refused: ClassExists."""
    check_can_manage(by, school.pk)
    if school.kind != OrganisationKind.SCHOOL:
        raise NotAllowed
    with transaction.atomic():
        group, is_new = ClassGroup.objects.get_or_create(
            school=school, stage=stage, entry_year=entry_year, number=number
        )
        if not is_new:
            raise ClassExists
        audit.record(by=by, verb="class.created", now=now, target=group)
    return group


def add_student(
    *,
    by: Actor,
    class_group: ClassGroup,
    name: str,
    student_no: str,
    seat_no: int,
    now: datetime,
) -> Student:
    """The class has the student; see ``add_students``."""
    return add_students(
        by=by, class_group=class_group, students=[StudentInput(name, student_no, seat_no)], now=now
    )[0]


def add_students(
    *, by: Actor, class_group: ClassGroup, students: Sequence[StudentInput], now: datetime
) -> list[Student]:
    """The class has all the students, or none.

    Refused: NameMissing, StudentNoTaken and SeatTaken naming the number.
    """
    check_can_manage(by, class_group.school_id)
    with transaction.atomic():
        # Two offices adding to the same class wait for each other.
        ClassGroup.objects.select_for_update(no_key=True).get(pk=class_group.pk)
        taken_nos = set(
            Student.objects.filter(
                school_id=class_group.school_id,
                student_no__in=[student.student_no for student in students],
            ).values_list("student_no", flat=True)
        )
        taken_seats = set(
            Student.objects.current()
            .filter(class_group=class_group)
            .values_list("seat_no", flat=True)
        )
        rows = []
        for student in students:
            name = _tidy_name(student.name, student.seat_no)
            if student.student_no in taken_nos:
                raise StudentNoTaken(student_no=student.student_no)
            if student.seat_no in taken_seats:
                raise SeatTaken(seat_no=student.seat_no)
            taken_nos.add(student.student_no)
            taken_seats.add(student.seat_no)
            rows.append(
                Student(
                    school_id=class_group.school_id,
                    class_group=class_group,
                    name=name,
                    student_no=student.student_no,
                    seat_no=student.seat_no,
                )
            )
        made = Student.objects.bulk_create(rows)
        audit.record(by=by, verb="students.added", now=now, target=class_group, count=len(made))
    return made


def edit_student(*, by: Actor, student: Student, name: str, seat_no: int, now: datetime) -> Student:
    """The student has that name and seat. Refused: NameMissing, SeatTaken."""
    check_can_manage(by, student.school_id)
    name = _tidy_name(name, seat_no)
    with transaction.atomic():
        ClassGroup.objects.select_for_update(no_key=True).get(pk=student.class_group_id)
        if (
            Student.objects.current()
            .filter(class_group_id=student.class_group_id, seat_no=seat_no)
            .exclude(pk=student.pk)
            .exists()
        ):
            raise SeatTaken(seat_no=seat_no)
        student.name, student.seat_no = name, seat_no
        student.save(update_fields=["name", "seat_no"])
        audit.record(by=by, verb="student.edited", now=now, target=student)
    return student


def remove_student(*, by: Actor, student: Student, now: datetime) -> Student:
    """The student has left the class; hours earned stay, the seat number is free again.

    Places already booked stay until their booking is changed, so that the teacher decides who
    comes instead. Removing twice changes nothing.
    """
    check_can_manage(by, student.school_id)
    with transaction.atomic():
        # A booking that has locked the student is waited for; the next one finds her gone.
        locked = Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        if locked.left_at is None:
            locked.left_at = now
            locked.save(update_fields=["left_at"])
            audit.record(by=by, verb="student.removed", now=now, target=student)
    return locked


def _tidy_name(name: str, seat_no: int) -> str:
    """The name without stray blanks. Refused: none, too long, or characters nobody sees."""
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > NAME_LENGTH or not tidy.isprintable():
        raise NameMissing(seat_no=seat_no)
    return tidy


def assign_teacher(
    *,
    by: Actor,
    class_group: ClassGroup,
    membership: Membership,
    is_homeroom: bool,
    now: datetime,
) -> ClassTeacher:
    """The class is the teacher's; as homeroom teacher she replaces the one before.

    Refused: NotSchoolTeacher for anybody who is not a member of the school now.
    """
    check_can_manage(by, class_group.school_id)
    teaches = membership.role in (Role.TEACHER, Role.SCHOOL_COORDINATOR)
    if (
        membership.organisation_id != class_group.school_id
        or membership.ended_at is not None
        or not teaches
    ):
        raise NotSchoolTeacher
    with transaction.atomic():
        if is_homeroom:
            ClassTeacher.objects.filter(class_group=class_group, is_homeroom=True).exclude(
                membership=membership
            ).update(is_homeroom=False)
        link, _is_new = ClassTeacher.objects.update_or_create(
            class_group=class_group, membership=membership, defaults={"is_homeroom": is_homeroom}
        )
        audit.record(by=by, verb="class.teacher_assigned", now=now, target=class_group)
    return link


def release_teacher(
    *, by: Actor, class_group: ClassGroup, membership: Membership, now: datetime
) -> None:
    """The class is the teacher's no more."""
    check_can_manage(by, class_group.school_id)
    with transaction.atomic():
        ClassTeacher.objects.filter(class_group=class_group, membership=membership).delete()
        audit.record(by=by, verb="class.teacher_released", now=now, target=class_group)
