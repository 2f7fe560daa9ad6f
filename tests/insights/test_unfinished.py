"""The pages of who will not finish: a teacher's classes, a school, schools in numbers."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AuditEntry
from bookings.models import Booking
from courses.models import CourseSession
from tests.bookings.conftest import DAY, World, world
from tests.factories.accounts import MembershipFactory
from tests.factories.bookings import make_booking

__all__ = ["world"]


@pytest.fixture(autouse=True)
def _clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def client_of(membership: Any) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def coordinator(world: World) -> Client:
    return client_of(world.school.memberships.get(pk=world.coordinator.membership_id))


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().split("<main")[1]).split())


def parts_of(response: Any) -> dict[str, dict[str, int]]:
    """Who cannot, and who has only not booked enough: how many of which class."""
    return {
        part["key"]: {row["label"]: row["people"] for row in part["classes"]}
        for part in response.context["parts"]
    }


def test_those_who_cannot_come_before_those_who_have_only_not_booked(
    world: World, now: datetime
) -> None:
    """Two of the class are elsewhere when the only session that would do takes place."""
    free = world.session(day=DAY, class_hours=14)
    elsewhere = world.session(day=DAY, class_hours=1)
    make_booking(
        by=world.teacher,
        session=elsewhere,
        class_group=world.group,
        student_ids=[student.pk for student in world.students[:2]],
        now=now,
    )
    assert free.starts_at < elsewhere.ends_at

    page = client_of(world.teacher_membership).get("/unfinished/")

    assert parts_of(page) == {"stuck": {"七(3)班": 2}, "short": {"七(3)班": 3}}
    text = text_of(page)
    assert text.index("给这 2 人排学时") < text.rindex("已约的不够，空位够 3 人")
    assert text.rindex("已约的不够，空位够 3 人") < text.index("给这 3 人排学时")
    html = page.content.decode()
    assert (html.count("<details"), html.count("btn-outline-primary")) == (2, 2)
    assert ("<details open" in html, "btn-primary" in html) == (False, False)


def test_a_teacher_sees_her_classes_and_a_coordinator_the_school(world: World) -> None:
    world.new_group(4, 2)

    hers = client_of(world.teacher_membership).get("/unfinished/")
    all_of_it = coordinator(world).get("/unfinished/")

    assert parts_of(hers) == {"stuck": {"七(3)班": 5}, "short": {}}
    assert parts_of(all_of_it) == {"stuck": {"七(3)班": 5, "七(4)班": 2}, "short": {}}
    assert "5 人 还差 14 学时，其中" not in text_of(hers)
    assert "5 人 还差 14 学时" in text_of(hers)
    assert "1、2、3、4、5 号 截止日以前" in text_of(hers)
    assert "截止日以前的空位，每人最多还能得 0 学时。" in text_of(hers)
    assert "7 人共差 98 学时；截止日以前，适合这些年级的空位共有 0 学时。" in text_of(all_of_it)


def test_no_name_is_shown(world: World) -> None:
    page = client_of(world.teacher_membership).get("/unfinished/")

    assert "学生30" not in page.content.decode()
    assert not AuditEntry.objects.filter(verb="names.read").exists()


def test_one_action_books_for_exactly_them(world: World, now: datetime) -> None:
    done = world.session(day=DAY + timedelta(weeks=3), class_hours=14)
    seats = [student.pk for student in world.students[:3]]
    make_booking(
        by=world.teacher, session=done, class_group=world.group, student_ids=seats, now=now
    )
    CourseSession.objects.filter(pk=done.pk).update(seats_held=37)
    world.session(day=DAY, class_hours=14)
    client = client_of(world.teacher_membership)

    stuck, short = client.get("/unfinished/").context["parts"]
    (row,) = short["classes"]
    assert stuck["classes"] == []
    (group,) = row["groups"]
    page = client.get(group["url"])
    assert (group["count"], page.context["coming"]) == (2, 2)
    sent = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())[1]  # type: ignore[index]
        for name in ("key", "seen", "picks", "students")
    }
    answer = client.post(group["url"].split("?")[0], sent)

    assert answer.status_code == 302
    booked = Booking.objects.exclude(session=done).get()
    assert set(booking_students(booked)) == {student.pk for student in world.students[3:]}
    assert parts_of(client.get("/unfinished/")) == {"stuck": {}, "short": {}}


def booking_students(booking: Booking) -> list[int | None]:
    return list(booking.places.values_list("student_id", flat=True))


def test_the_secretariat_sees_schools_in_numbers(world: World) -> None:
    other = world.new_group(9, 2, school=MembershipFactory().organisation)
    world.camp()

    page = client_of(MembershipFactory(secretariat=True)).get("/overview/unfinished/")

    rows = {row.name: (row.short, row.stuck, row.missing) for row in page.context["schools"]}
    assert rows == {"清河中学": (5, 0, 70), other.school.name: (2, 0, 28)}
    text = text_of(page)
    assert "七(3)班" not in text
    assert "7 人共差 98 学时；截止日以前，适合这些年级的空位共有 560 学时。" in text


def test_where_everybody_finishes_the_page_says_so(world: World, now: datetime) -> None:
    make_booking(
        by=world.teacher,
        session=world.session(class_hours=14),
        class_group=world.group,
        now=now,
    )

    for client, address in (
        (client_of(world.teacher_membership), "/unfinished/"),
        (client_of(MembershipFactory(secretariat=True)), "/overview/unfinished/"),
    ):
        assert "没有人完不成" in text_of(client.get(address))


def test_pages_cost_the_same_with_one_class_and_with_three(
    world: World, django_assert_num_queries: Any
) -> None:
    world.session()
    pages = [
        (coordinator(world), "/unfinished/", 12),
        (client_of(MembershipFactory(secretariat=True)), "/overview/unfinished/", 11),
    ]
    for client, address, _queries in pages:
        client.get(address)
    for client, address, queries in pages:
        with django_assert_num_queries(queries):
            client.get(address)
    world.new_group(4, 2)
    world.new_group(5, 2)
    for client, address, queries in pages:
        with django_assert_num_queries(queries):
            client.get(address)


def test_others_are_refused(world: World) -> None:
    host = client_of(MembershipFactory(host_manager=True))

    assert host.get("/unfinished/").status_code == 403
    assert host.get("/overview/unfinished/").status_code == 403
    assert coordinator(world).get("/overview/unfinished/").status_code == 403
    assert client_of(world.teacher_membership).post("/unfinished/").status_code == 405
