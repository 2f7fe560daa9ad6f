"""The ledger over the web API."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.services import tokens
from tests.bookings.conftest import DAY, World
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.hours import make_credit

PATH = "/api/v1/hour-credits/"


def get(actor: Any, now: datetime, **query: Any) -> Any:
    _token, secret = tokens.issue(by=actor, label="test", now=now)
    return Client().get(PATH, query, headers={"Authorization": f"Bearer {secret}"})


def test_the_ledger_lists_ones_own_entries(world: World, now: datetime) -> None:
    student = world.students[0]
    session = world.session()
    credit = make_credit(by=world.manager, student=student, session=session, now=now)

    listed = get(world.teacher, now).json()["results"]

    assert listed == [
        {
            "id": credit.pk,
            "student": student.pk,
            "school": world.school.pk,
            "session": session.pk,
            "kind": "attendance",
            "class_hours": 4,
            "reverses": None,
            "reason": "",
            "earned_on": DAY.isoformat(),
            "credited_at": "2026-11-24T08:00:00+08:00",
        }
    ]
    stranger = actor_of(MembershipFactory(coordinator=True))
    assert get(stranger, now).json()["results"] == []


def test_the_ledger_is_narrowed_to_a_student_or_class(world: World, now: datetime) -> None:
    session = world.session()
    for student in world.students[:2]:
        make_credit(by=world.manager, student=student, session=session, now=now)

    of_student = get(world.teacher, now, student=world.students[1].pk).json()["results"]
    of_class = get(world.teacher, now, class_group=world.group.pk).json()["results"]

    assert [one["student"] for one in of_student] == [world.students[1].pk]
    assert len(of_class) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"student": "x"},
        {"class_group": "😀"},
        {"student": "1.5"},
        {"student": "-1e9999999"},
        {"student": str(2**63)},
        {"class_group": "9" * 5000},
    ],
)
def test_a_garbled_filter_is_a_problem(world: World, now: datetime, query: Any) -> None:
    refused = get(world.teacher, now, **query)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_one_and_three(
    world: World,
    now: datetime,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    session = world.session()
    for student in world.students[:count]:
        make_credit(by=world.manager, student=student, session=session, now=now)
    _token, secret = tokens.issue(by=world.teacher, label="test", now=now)

    with django_assert_num_queries(3):
        page = Client().get(PATH, headers={"Authorization": f"Bearer {secret}"})

    assert len(page.json()["results"]) == count
