"""Classes, their teachers and students."""

from datetime import datetime

import factory
from factory.django import DjangoModelFactory

from accounts.choices import Role, Stage
from accounts.models import Membership
from rosters.models import ClassGroup, ClassTeacher, Student
from sites.calendar import SHANGHAI
from tests.factories.accounts import MembershipFactory, OrganisationFactory


class ClassGroupFactory(DjangoModelFactory[ClassGroup]):
    """七(1)班 in the school year 2026."""

    class Meta:
        model = ClassGroup

    school = factory.SubFactory(OrganisationFactory)
    stage = Stage.JUNIOR
    entry_year = 2025
    number = factory.Sequence(lambda n: n % 60 + 1)


class StudentFactory(DjangoModelFactory[Student]):
    class Meta:
        model = Student

    class_group = factory.SubFactory(ClassGroupFactory)
    school = factory.SelfAttribute("class_group.school")
    name = factory.Sequence(lambda n: f"林晓{chr(0x4E00 + n % 2000)}")
    student_no = factory.Sequence(lambda n: f"2025{n:05d}")
    # Before anything that the tests book.
    joined_at = datetime(2025, 9, 1, tzinfo=SHANGHAI)
    seat_no = factory.LazyAttribute(
        lambda made: Student.objects.filter(class_group=made.class_group).count() + 1
    )


class ClassTeacherFactory(DjangoModelFactory[ClassTeacher]):
    class Meta:
        model = ClassTeacher

    class_group = factory.SubFactory(ClassGroupFactory)
    membership = factory.SubFactory(
        MembershipFactory,
        organisation=factory.SelfAttribute("..class_group.school"),
        role=Role.TEACHER,
    )


def make_class(*, students: int = 3, now: datetime | None = None, **values: object) -> ClassGroup:
    """A class with that many students, seats 1 to n."""
    group = ClassGroupFactory(**values)
    StudentFactory.create_batch(students, class_group=group)
    return group


def make_teacher_of(group: ClassGroup) -> Membership:
    """A teacher who teaches the class."""
    membership: Membership = ClassTeacherFactory(class_group=group).membership
    return membership
