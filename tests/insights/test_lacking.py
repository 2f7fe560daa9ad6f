"""What exactly is missing, on the pages of class, student, school and badge."""

from datetime import datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.choices import OrganisationKind
from accounts.models import Membership
from bookings.selectors import standing
from hours.models import PracticumRequirement, RequirementMinimum
from rosters.models import Student
from tests.bookings.conftest import World, make_world
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit

OF_ALL = "还差 6 学时，其中 2 学时须在企业；还差 1 种职业。"
OF_ONE = "还差 10 学时，其中 2 学时须在企业；还差 1 种职业。"


@pytest.fixture
def world(db: None, now: datetime) -> World:
    """Five students: four have 4 hours as bakers and 4 to come, the last only those to come."""
    cache.clear()
    world = make_world(now)
    PracticumRequirement.objects.update(min_occupations=2)
    RequirementMinimum.objects.create(
        requirement=PracticumRequirement.objects.get(),
        host_kind=OrganisationKind.ENTERPRISE,
        class_hours=2,
    )
    past, coming = world.session(), world.session(day=now.date().replace(month=12, day=9))
    for student in world.students[:4]:
        make_credit(by=world.manager, student=student, session=past, now=now)
    make_booking(by=world.teacher, session=coming, class_group=world.group, now=now)
    return world


def page(membership: Membership, path: str, now: datetime) -> str:
    client = Client()
    client.force_login(membership.user)
    with time_machine.travel(now, tick=False):
        return client.get(path).content.decode()


def test_the_class_says_what_is_missing_once_and_what_others_miss(
    world: World, now: datetime
) -> None:
    text = page(world.teacher_membership, f"/classes/{world.group.pk}/", now)

    assert (text.count(OF_ALL), text.count(OF_ONE)) == (1, 1)
    assert text.index(OF_ALL) < text.index(OF_ONE)


def test_the_card_of_the_class_says_it_too(world: World, now: datetime) -> None:
    assert OF_ALL in page(world.teacher_membership, "/classes/", now)


@pytest.mark.parametrize(("seat", "sentence"), [(1, OF_ALL), (5, OF_ONE)])
def test_the_student_page_says_what_that_student_misses(
    world: World, now: datetime, seat: int, sentence: str
) -> None:
    student = Student.objects.get(class_group=world.group, seat_no=seat)

    text = page(world.teacher_membership, f"/classes/{world.group.pk}/students/{student.pk}/", now)

    assert text.count(sentence) == 1


def test_the_school_adds_it_up(world: World, now: datetime) -> None:
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)

    text = page(coordinator, "/school/", now)

    # Once for the school, once for its only class.
    assert text.count("5 人共差 34 学时，其中 10 学时须在企业；5 人还差职业种类。") == 2


def test_the_badge_says_it_without_signing_in(world: World, now: datetime) -> None:
    code = make_badges(world.group, now=now)[1].code

    with time_machine.travel(now, tick=False):
        text = Client().post("/badge/", {"code": code}).content.decode()

    assert text.count(OF_ALL) == 1


def test_who_has_the_hours_but_not_the_occupations_is_not_done(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(class_hours=4, min_occupations=2)
    RequirementMinimum.objects.all().delete()

    found = standing.of_students(Student.objects.filter(class_group=world.group), now)

    assert {one.is_done for one in found.values()} == {False}
    PracticumRequirement.objects.update(min_occupations=1)
    found = standing.of_students(Student.objects.filter(class_group=world.group), now)
    assert [found[student.pk].is_done for student in world.students] == [True] * 4 + [False]
