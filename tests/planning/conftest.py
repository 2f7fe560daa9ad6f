"""A school and a host as bookings' tests have them, somebody of the secretariat, and a school whose
classes may say what they wish for."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.actors import Actor
from accounts.choices import Stage
from courses.choices import OccupationFamily, VersionState
from courses.models import Course, CourseVersion, Season
from sites.calendar import SHANGHAI
from tests.bookings.conftest import World, login, make_world, world
from tests.factories.accounts import MembershipFactory, actor_of

__all__ = ["login", "world"]


def make_wishing(now: datetime) -> World:
    """The season is in its wish phase: from four days ago until midnight after the fourth day to
    come."""
    made = make_world(now)
    until = (now + timedelta(days=5)).astimezone(SHANGHAI)
    Season.objects.filter(pk=made.season.pk).update(
        wishes_from=now - timedelta(days=4),
        wishes_until=until.replace(hour=0, minute=0, second=0, microsecond=0),
        opens_at=now + timedelta(days=8),
        runs_from=now.date() + timedelta(days=10),
    )
    made.season.refresh_from_db()
    return made


def offer(world: World, occupation: str, **values: Any) -> CourseVersion:
    """A course of the occupation, in one published version for grades 7 and 8."""
    course = Course.objects.create(host=world.host, code=f"X-{Course.objects.count()}")
    version = CourseVersion.objects.create(
        **{
            "course": course,
            "host": world.host,
            "number": 1,
            "state": VersionState.PUBLISHED,
            "title_zh": occupation,
            "occupation_zh": occupation,
            "occupation_family": OccupationFamily.COOKING,
            "stages": [Stage.JUNIOR],
            "grade_from": 7,
            "grade_to": 8,
            "class_hours": 4,
            "group_size_max": 40,
            "summary_zh": occupation,
        }
        | values
    )
    if version.state == VersionState.PUBLISHED:
        Course.objects.filter(pk=course.pk).update(published_version=version)
    return version


@pytest.fixture
def wishing(db: None, now: datetime) -> World:
    return make_wishing(now)


@pytest.fixture
def secretary(db: None) -> Actor:
    return actor_of(MembershipFactory(secretariat=True, user__name="陈秘书"))
