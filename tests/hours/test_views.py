"""The page that says how class hours are counted."""

from django.test import Client

from hours.models import PracticumRequirement
from tests.bookings.conftest import World


def test_the_page_names_what_must_be_reached(world: World) -> None:
    client = Client()
    client.force_login(world.teacher_membership.user)

    page = client.get("/hours/")

    text = page.content.decode()
    assert page.status_code == 200
    for fact in ("初中职业体验", "14 学时", "2027 年 6 月 30 日（周三）"):
        assert fact in text


def test_without_a_requirement_the_page_says_so(world: World) -> None:
    PracticumRequirement.objects.all().delete()
    client = Client()
    client.force_login(world.teacher_membership.user)

    assert "还没有学时要求" in client.get("/hours/").content.decode()


def test_the_page_is_for_members(world: World) -> None:
    assert Client().get("/hours/").status_code == 302
