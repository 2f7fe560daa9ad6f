"""What the schools of the demonstration decided, what guardians signed, who is on the move."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import Organisation
from bookings.selectors import roll
from insights.demo.schools import School
from rosters.choices import ConsentRule
from rosters.models import ClassGroup, Student
from rosters.selectors import next_seat
from rosters.services import care, consents, settings, students, transfers
from sites.calendar import local_day, school_year

# Two of a class have not brought their paper yet.
LATE = 2
NEEDS = ({"diet": "花生过敏，随身带药"}, {"mobility": "脚伤，不能久站"}, {"diet": "不吃猪肉"})


def decide(schools: Sequence[School], *, began: datetime, now: datetime) -> None:
    """The first school collects consents a year, the second for each trip; the classes of the
    demonstration's teacher have needs and telephones. Everybody has been there from the start."""
    Student.objects.update(joined_at=began)
    consents.ensure_default_texts(now=began)
    for school, rule in zip(schools, (ConsentRule.YEAR, ConsentRule.TRIP), strict=False):
        settings.set_school_settings(
            by=school.coordinator,
            school=school.organisation,
            keeps_guardian_phones=rule == ConsentRule.YEAR,
            consent_rule=rule,
            consent_blocks=False,
            now=began,
        )
    first = schools[0]
    for group in first.classes:
        members = _members(group)
        missing = LATE if group == first.star else 0
        consents.record_consents(
            by=first.actors[group.pk],
            class_group=group,
            student_ids=[student.pk for student in members[: len(members) - missing]],
            school_year=school_year(local_day(now)),
            now=now - timedelta(days=20),
        )
    for known in (first.star, first.at_the_door):
        if known is not None:
            _care(first, known, now)


def _care(school: School, group: ClassGroup, now: datetime) -> None:
    for number, (student, needs) in enumerate(
        zip(_members(group)[2::5], NEEDS, strict=False), start=1
    ):
        teacher = school.actors[group.pk]
        care.set_needs(by=teacher, student=student, needs=needs, now=now - timedelta(days=9))
        care.set_guardian_phone(
            by=teacher,
            student=student,
            phone=f"021 5550 {group.pk * 7 + number:04d}",
            now=now - timedelta(days=9),
        )


def move_some(schools: Sequence[School], *, now: datetime) -> None:
    """Somebody joined a class after its trips were booked, and a school asks another to take a
    student in."""
    first = schools[0]
    joined = now - timedelta(hours=6)
    # The class with the most trips to come that is not the demonstration's own.
    others = [group for group in first.classes if group not in (first.star, first.at_the_door)]
    group = max(others, key=lambda one: (roll.coming_bookings([one.pk], joined).count(), -one.pk))
    student = students.add_student(
        by=first.coordinator,
        class_group=group,
        name="陆一鸣",
        student_no=f"{group.entry_year}9901",
        seat_no=next_seat(group),
        now=joined,
    )
    Student.objects.filter(pk=student.pk).update(joined_at=joined)
    for school in schools[1:2]:
        transfers.ask(
            by=school.coordinator,
            student=_members(school.classes[-1])[0],
            to_school=Organisation.objects.get(pk=first.organisation.pk),
            now=now - timedelta(days=2),
        )


def _members(group: ClassGroup) -> list[Student]:
    return list(Student.objects.current().filter(class_group=group).order_by("seat_no"))
