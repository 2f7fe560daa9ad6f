"""Hours outside the days of the requirement count for nothing, and every page says so."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.models import Membership
from hours.models import PracticumRequirement
from rosters.models import Student
from tests.bookings.conftest import DAY, World, make_world
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking
from tests.factories.hours import make_credit

OF_MOST = "另有 4 学时在截止日以后，不计入。"
OF_ONE = "另有 4 学时在起算日以前、4 学时在截止日以后，不计入。"


@pytest.fixture
def world(db: None, now: datetime) -> World:
    """Five students booked for 4 hours after the last day; the last of them earned 4 before the
    first."""
    cache.clear()
    world = make_world(now)
    PracticumRequirement.objects.update(
        counts_from=date(2026, 11, 1), due_on=DAY - timedelta(days=1)
    )
    before = world.session(day=date(2026, 10, 31))
    make_credit(by=world.manager, student=world.students[4], session=before, now=now)
    make_booking(by=world.teacher, session=world.session(), class_group=world.group, now=now)
    return world


def page(membership: Membership, path: str, now: datetime) -> str:
    client = Client()
    client.force_login(membership.user)
    with time_machine.travel(now, tick=False):
        return client.get(path).content.decode()


def test_the_class_says_it_once_and_of_whom_it_is_otherwise(world: World, now: datetime) -> None:
    text = page(world.teacher_membership, f"/classes/{world.group.pk}/", now)

    assert (text.count(OF_MOST), text.count(OF_ONE)) == (1, 1)
    assert text.index(OF_MOST) < text.index(OF_ONE)
    assert "4 人进度一致，1 人不同。 还差 14 学时" in text


def test_the_card_of_the_class_says_it(world: World, now: datetime) -> None:
    assert page(world.teacher_membership, "/classes/", now).count(OF_MOST) == 1


@pytest.mark.parametrize(("seat", "sentence"), [(1, OF_MOST), (5, OF_ONE)])
def test_the_student_page_says_which(world: World, now: datetime, seat: int, sentence: str) -> None:
    student = Student.objects.get(class_group=world.group, seat_no=seat)

    text = page(world.teacher_membership, f"/classes/{world.group.pk}/students/{student.pk}/", now)

    assert text.count(sentence) == 1
    # The entry before the first day stands in the ledger, marked.
    assert text.count("出席 · 不计入") == (1 if seat == 5 else 0)
    assert "已得 0 学时" in text
    assert "已约 0 学时" in text


def test_the_school_adds_it_up(world: World, now: datetime) -> None:
    coordinator = Membership.objects.get(pk=world.coordinator.membership_id)

    text = page(coordinator, "/school/", now)

    assert text.count("5 人另有 4 学时在起算日以前、20 学时在截止日以后，不计入。") == 1


def test_the_badge_says_it_without_signing_in(world: World, now: datetime) -> None:
    code = make_badges(world.group, now=now)[1].code

    with time_machine.travel(now, tick=False):
        text = Client().post("/badge/", {"code": code}).content.decode()

    assert text.count(OF_MOST) == 1


def test_the_export_has_a_column_for_it(world: World, now: datetime) -> None:
    text = page(world.teacher_membership, f"/classes/{world.group.pk}/hours.csv", now)

    assert [line.split(",")[-4:] for line in text.splitlines()[1:6]] == [
        ["0", "0", "14", "4"],
        ["0", "0", "14", "4"],
        ["0", "0", "14", "4"],
        ["0", "0", "14", "4"],
        ["0", "0", "14", "8"],
    ]


def test_where_everything_counts_nothing_is_said(world: World, now: datetime) -> None:
    PracticumRequirement.objects.update(counts_from=date(2026, 9, 1), due_on=DAY)
    student = f"/classes/{world.group.pk}/students/{world.students[4].pk}/"

    for path in ("/classes/", f"/classes/{world.group.pk}/", student):
        assert "不计入" not in page(world.teacher_membership, path, now)
