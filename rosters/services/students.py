"""Writes of students: who comes into a class, who leaves it, how each is called."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from accounts.services import audit
from rosters.errors import (
    ClassNotThere,
    NameMissing,
    SeatTaken,
    StudentGone,
    StudentNoTaken,
    StudentNoUnclear,
)
from rosters.models import ClassGroup, Student
from rosters.parsing.cells import STUDENT_NO
from rosters.pinyin import initials_of
from rosters.services.classes import check_can_manage

NAME_LENGTH = 60


class StudentInput(NamedTuple):
    """One student to be added: all that is ever stored of one."""

    name: str
    student_no: str
    seat_no: int


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
            if student.student_no and student.student_no in taken_nos:
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
                    initials=initials_of(name),
                    student_no=student.student_no,
                    seat_no=student.seat_no,
                    joined_at=now,
                )
            )
        with numbers_once(class_group.school_id, [student.student_no for student in students]):
            made = Student.objects.bulk_create(rows)
        audit.record(by=by, verb="students.added", now=now, target=class_group, count=len(made))
    return made


def edit_student(
    *,
    by: Actor,
    student: Student,
    name: str,
    seat_no: int,
    now: datetime,
    student_no: str | None = None,
) -> Student:
    """The student has that name, seat and, if given, student number.

    Refused: NameMissing, SeatTaken, StudentNoTaken, StudentNoUnclear; StudentGone for one who
    left, was merged or went to another class meanwhile.
    """
    check_can_manage(by, student.school_id)
    name = _tidy_name(name, seat_no)
    if student_no is None:
        student_no = student.student_no
    with transaction.atomic():
        ClassGroup.objects.select_for_update(no_key=True).get(pk=student.class_group_id)
        locked = Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        is_here = locked.left_at is None and locked.merged_into_id is None
        if not is_here or locked.class_group_id != student.class_group_id:
            raise StudentGone
        check_fits(student, student.class_group_id, student.school_id, seat_no, student_no)
        student.name, student.seat_no, student.initials = name, seat_no, initials_of(name)
        student.student_no = student_no
        with numbers_once(student.school_id, [student_no]):
            student.save(update_fields=["name", "seat_no", "student_no", "initials"])
        audit.record(by=by, verb="student.edited", now=now, target=student)
    return student


def check_fits(
    student: Student, class_group_id: int, school_id: int, seat_no: int, student_no: str
) -> None:
    """Whether the seat number is free in the class and the student number in the school; her own
    count as free."""
    if student_no and not STUDENT_NO.fullmatch(student_no):
        raise StudentNoUnclear
    others = Student.objects.exclude(pk=student.pk)
    if others.current().filter(class_group_id=class_group_id, seat_no=seat_no).exists():
        raise SeatTaken(seat_no=seat_no)
    if student_no and others.filter(school_id=school_id, student_no=student_no).exists():
        raise StudentNoTaken(student_no=student_no)


def move_student(
    *, by: Actor, student: Student, class_group: ClassGroup, seat_no: int, now: datetime
) -> Student:
    """The student is in the other class of the school, with her hours and her badge.

    Places booked with the old class stay: ``bookings.services.roll`` releases them if wanted.
    Refused: ClassNotThere, StudentGone, SeatTaken.
    """
    check_can_manage(by, student.school_id)
    with transaction.atomic():
        groups = {
            group.pk: group
            for group in ClassGroup.objects.select_for_update(no_key=True)
            .filter(pk__in=[student.class_group_id, class_group.pk])
            .order_by("pk")
        }
        target = groups.get(class_group.pk)
        locked = Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        if locked.left_at is not None or locked.merged_into_id is not None:
            raise StudentGone
        if (
            target is None
            or target.school_id != locked.school_id
            or target.archived_at is not None
            or target.pk == locked.class_group_id
        ):
            raise ClassNotThere
        check_fits(locked, target.pk, locked.school_id, seat_no, locked.student_no)
        audit.record(
            by=by,
            verb="student.moved",
            now=now,
            target=locked,
            from_class=locked.class_group_id,
            to_class=target.pk,
        )
        place_in_class(locked, target, seat_no=seat_no, student_no=locked.student_no, now=now)
    return locked


def place_in_class(
    student: Student, class_group: ClassGroup, *, seat_no: int, student_no: str, now: datetime
) -> None:
    """The student belongs to the class and its school from now on: ``joined_at`` is when she came
    into the class. In the caller's transaction, which holds class and student and asked
    ``check_fits``."""
    student.class_group = class_group
    student.school_id = class_group.school_id
    student.seat_no = seat_no
    student.student_no = student_no
    student.joined_at = now
    student.left_at = None
    with numbers_once(class_group.school_id, [student_no]):
        student.save(
            update_fields=["class_group", "school", "seat_no", "student_no", "joined_at", "left_at"]
        )


@contextmanager
def numbers_once(school_id: int, student_nos: Iterable[str]) -> Iterator[None]:
    """Around the write that gives the school's students these numbers. Refused: StudentNoTaken,
    where somebody gave one of them in another class at the same moment."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        taken = (
            Student.objects.filter(school_id=school_id, student_no__in=[*student_nos])
            .exclude(student_no="")
            .values_list("student_no", flat=True)
            .first()
        )
        if taken is None:
            raise
        raise StudentNoTaken(student_no=taken) from error


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
