"""What the school has now, as an import compares it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.choices import STAGE_GRADES, Stage
from accounts.models import Organisation
from rosters.differences import Known
from rosters.models import (
    ClassGroup,
    ClassNameAnswer,
    GuardianPhone,
    SchoolSettings,
    Student,
    phone_owner,
)
from rosters.parsing.shapes import ClassName, SchoolFacts
from rosters.sealing import unseal


@dataclass(frozen=True, slots=True)
class Roster:
    """A school's students as of now. ``prints`` tells for each whether she was changed since;
    ``digest`` tells it for all."""

    students: tuple[Known, ...]
    # Student numbers of merged duplicates, and whom they lead to.
    numbers: dict[str, int]
    prints: dict[str, str]
    digest: str


def name_of(group: ClassGroup, school_year: int) -> ClassName | None:
    """The class as a school says it in that year; None before its stage and after."""
    grade = group.grade(school_year)
    first, last = STAGE_GRADES[Stage(group.stage)]
    return ClassName(grade, group.number) if first <= grade <= last else None


def stage_of(grade: int) -> Stage:
    return next(stage for stage, (first, last) in STAGE_GRADES.items() if first <= grade <= last)


def entry_year_of(grade: int, school_year: int) -> int:
    return school_year - (grade - STAGE_GRADES[stage_of(grade)][0])


def facts_of(school: Organisation, school_year: int) -> SchoolFacts:
    """What a file of the school is read with."""
    settings = SchoolSettings.objects.filter(school=school).first()
    groups = ClassGroup.objects.current().filter(school=school)
    names = (name_of(group, school_year) for group in groups)
    return SchoolFacts(
        stages=tuple(school.stages),
        school_year=school_year,
        keeps_guardian_phones=settings is not None and settings.keeps_guardian_phones,
        classes=frozenset(name for name in names if name is not None),
        answers={
            answer.written: ClassName(answer.grade, answer.number)
            for answer in ClassNameAnswer.objects.filter(school=school)
        },
    )


def load(school_id: int, school_year: int, *, phones: bool, lock: bool = False) -> Roster:
    """All the school's students, those who left too. With ``lock`` nobody else changes them
    until the caller's transaction ends; the caller has locked the classes before."""
    names = {
        group.pk: name_of(group, school_year)
        for group in ClassGroup.objects.filter(school_id=school_id)
    }
    students = Student.objects.filter(school_id=school_id).order_by("pk")
    if lock:
        students = students.select_for_update(no_key=True)
    rows = list(
        students.values_list(
            "pk", "class_group_id", "name", "student_no", "seat_no", "left_at", "merged_into_id"
        )
    )
    sealed = (
        dict(
            GuardianPhone.objects.filter(student__school_id=school_id).values_list(
                "student_id", "sealed"
            )
        )
        if phones
        else {}
    )
    merged = {pk: into for pk, *_rest, into in rows if into is not None}
    prints = {str(row[0]): _print_of(row) for row in rows}
    return Roster(
        students=tuple(
            Known(
                pk,
                name,
                student_no,
                names[group_id],
                seat_no,
                left_at,
                unseal(bytes(sealed[pk]), owner=phone_owner(pk)) if pk in sealed else "",
                group_id,
            )
            for pk, group_id, name, student_no, seat_no, left_at, into in rows
            if into is None
        ),
        numbers={
            student_no: _last(merged, pk)
            for pk, _group, _name, student_no, *_rest in rows
            if pk in merged and student_no
        },
        prints=prints,
        digest=hashlib.sha256("".join(map("".join, prints.items())).encode()).hexdigest(),
    )


def _last(merged: dict[int, int], pk: int) -> int:
    while pk in merged:
        pk = merged[pk]
    return pk


def _print_of(values: Iterable[object]) -> str:
    return hashlib.blake2b(repr(tuple(values)).encode(), digest_size=6).hexdigest()
