"""How a booking's parts are written, in both languages."""

from datetime import datetime

import pytest
from django.utils import translation

from bookings import wording
from bookings.services import telling
from courses.choices import Venue
from courses.models import CourseSession
from tests.bookings.conftest import World
from tests.factories.bookings import make_booking


def loaded(world: World, **changes: object) -> CourseSession:
    session = world.session()
    CourseSession.objects.filter(pk=session.pk).update(**changes)
    return CourseSession.objects.select_related("room__site", "school", "host", "version").get(
        pk=session.pk
    )


def test_a_session_in_a_room(world: World) -> None:
    session = loaded(world)

    assert wording.where(session) == "焙烤实训中心 1号实训室"
    assert wording.address(session) == "曹杨路 1 号"
    assert wording.contact(session) == ("李师傅", "021-5555 0101")
    assert wording.directions(session) == "地铁 11 号线曹杨路站 3 号口。"


def test_a_session_at_a_school(world: World) -> None:
    session = loaded(world, venue=Venue.SCHOOL, room=None, room_hold=None, school=world.school)

    assert wording.where(session) == "清河中学（送教上门）"
    assert wording.address(session) == ""
    assert wording.contact(session) == ("办公室", "021-5555 0100")
    assert wording.directions(session) == ""


def test_a_session_on_line(world: World, now: datetime) -> None:
    url = "https://example.org/room"
    session = loaded(world, venue=Venue.ONLINE, room=None, room_hold=None, online_url=url)

    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)

    entry = telling.entry_of(telling.loaded().get(pk=booking.pk))
    assert (wording.where(session), wording.address(session)) == ("线上", url)
    assert entry.location == f"线上, {url}"


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "清河中学"), ("en", "Qinghe School")])
def test_a_school_by_its_name_in_the_language(world: World, language: str, name: str) -> None:
    with translation.override(language):
        assert wording.organisation_name(world.school) == name


def test_without_an_english_name_the_chinese_one_stands(world: World) -> None:
    world.version.title_en = ""

    with translation.override("en"):
        assert wording.organisation_name(world.host) == "曹杨职业技术学校"
        assert wording.title(world.version) == "面包师：吐司与软欧"
