"""A session about to begin, its door, and a class with badges before it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
from django.core.cache import cache

from accounts.actors import Actor
from accounts.choices import Role
from accounts.models import Membership
from attendance.models import Badge
from bookings.models import Booking, Place
from courses.models import CourseSession
from rosters.models import Student
from sites.calendar import at
from tests.bookings.conftest import DAY, World, world
from tests.factories.accounts import MembershipFactory, actor_of
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

MINUTE = timedelta(minutes=1)


@dataclass
class Door:
    """A session of four class hours, 9:00 to 11:30 on 8 December, booked by a class of five with
    badges; it is ten to nine. The manager and the session's instructor are at the door."""

    world: World
    session: CourseSession
    booking: Booking
    badges: dict[int, Badge]
    instructor: Membership
    now: datetime

    @property
    def manager(self) -> Actor:
        return self.world.manager

    @property
    def manager_membership(self) -> Membership:
        return Membership.objects.get(pk=self.manager.membership_id)

    @property
    def students(self) -> list[Student]:
        return self.world.students

    def place(self, seat_no: int) -> Place:
        return Place.objects.live().get(session=self.session, student__seat_no=seat_no)


def make_door(world: World, now: datetime) -> Door:
    session = world.session(day=DAY, starts=time(9))
    booking = make_booking(by=world.teacher, session=session, class_group=world.group, now=now)
    instructor = MembershipFactory(
        organisation=world.host, role=Role.INSTRUCTOR, user__name="赵师傅"
    )
    CourseSession.objects.filter(pk=session.pk).update(instructor=instructor)
    session.refresh_from_db()
    return Door(
        world=world,
        session=session,
        booking=booking,
        badges=make_badges(world.group, now=now),
        instructor=instructor,
        now=at(DAY, time(8, 50)),
    )


@pytest.fixture
def door(world: World, now: datetime) -> Door:
    return make_door(world, now)


@pytest.fixture(autouse=True)
def _no_misses_left_over(request: pytest.FixtureRequest) -> None:
    """What other tests guessed wrong counts for nothing here."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        request.getfixturevalue("db" if "db" in request.fixturenames else "transactional_db")
        cache.clear()


__all__ = ["MINUTE", "Door", "actor_of", "make_door", "world"]
