"""Classes and students, listed and found."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.actors import Actor
from accounts.models import AuditEntry
from rosters import selectors
from rosters.models import Student
from rosters.pinyin import initials_of
from rosters.services import students
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.rosters import ClassGroupFactory, StudentFactory, make_class
from tests.rosters.conftest import School

pytestmark = pytest.mark.django_db

Queries = Callable[..., Any]


@pytest.fixture(autouse=True)
def _clock(now: datetime):  # type: ignore[no-untyped-def]
    with time_machine.travel(now, tick=False):
        yield


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(MembershipFactory._meta.model.objects.get(pk=actor.membership_id).user)
    return client


def seat(school: School, number: int) -> Student:
    return school.group.students.get(seat_no=number)


# ── finding ──


def named(school: School, name: str, **values: Any) -> Student:
    return StudentFactory(
        class_group=values.pop("class_group", school.group),
        name=name,
        initials=initials_of(name),
        **values,
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("张小明", ["张小明"]),
        ("小明", ["张小明"]),
        ("zxm", ["张小明"]),
        ("ZX", ["张小明"]),
        ("ｚｘｍ", ["张小明"]),
        ("xm", []),
        ("曾一", ["曾一"]),
        ("zy", ["曾一"]),
        ("cy", ["曾一"]),
        ("王 䶮", ["王䶮"]),
        ("买买提江", ["阿依古丽·买买提江"]),
        ("N-77", ["张小明"]),
        ("N-7", []),
        ("   ", []),
        ("没有", []),
    ],
)
def test_students_are_found_by_name_initials_and_number(
    school: School, text: str, found: list[str]
) -> None:
    named(school, "张小明", student_no="N-77")
    named(school, "曾一")
    named(school, "王䶮")
    named(school, "阿依古丽·买买提江")

    assert [one.name for one in selectors.students_found(school.coordinator, text)] == found


def test_a_search_finds_ones_own_students_only(school: School, now: datetime) -> None:
    mine = named(school, "张三")
    elsewhere = named(school, "张三", class_group=make_class(school=school.organisation, number=44))
    named(school, "张三", class_group=make_class())
    gone = named(school, "张三")
    students.remove_student(by=school.coordinator, student=gone, now=now)

    assert selectors.students_found(school.teacher, "张三") == [mine]
    assert set(selectors.students_found(school.coordinator, "张三")) == {mine, elsewhere}
    assert selectors.students_found(actor_of(MembershipFactory(secretariat=True)), "张三") == []


def test_a_search_is_a_post_and_logged(school: School) -> None:
    named(school, "张小明")
    client = signed_in(school.teacher)
    url = reverse("rosters:student_search")

    by_get = client.get(url, {"q": "张小明"})
    answer = client.post(url, {"q": "zxm"})
    nothing = client.post(url, {"q": "没有"})

    assert "张小明" not in by_get.content.decode().replace('value="张小明"', "")
    (found,) = answer.context["students"]
    assert found.name == "张小明"
    assert "no-store" in answer["Cache-Control"]
    assert "没有找到" in nothing.content.decode()
    entries = AuditEntry.objects.filter(verb="names.read").order_by("pk")
    assert [entry.facts for entry in entries] == [
        {
            "context": "student_search",
            "classes": [found.class_group_id],
            "students": [found.pk],
            "count": 1,
        }
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_classes_take_the_same_queries_however_many(
    school: School, number: int, django_assert_num_queries: Queries
) -> None:
    for one in range(number - 1):
        ClassGroupFactory(school=school.organisation, number=40 + one)
    client = signed_in(school.coordinator)
    client.get(reverse("rosters:classes"))

    with django_assert_num_queries(7):
        response = client.get(reverse("rosters:classes"))

    assert len(response.context["classes"]) == number


def test_the_classes_page_says_who_teaches_which(school: School) -> None:
    name = school.teacher.name

    text = signed_in(school.teacher).get(reverse("rosters:classes")).content.decode()

    assert text.count(name) == 3  # in the head of the page, with its title, and in the table
    assert "七(3)班" in text
    assert "新建班级" not in text
