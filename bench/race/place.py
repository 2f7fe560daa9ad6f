"""Where the race is run: two schools, a host, few seats, and sessions at the same hours."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from accounts.actors import Actor
from accounts.models import Membership
from accounts.selectors import actor_of
from accounts.services import tokens
from courses.models import CourseSession
from rosters.models import ClassGroup
from sites.calendar import local_day, school_year
from sites.models import Room
from tests.bookings.conftest import World, make_world
from tests.factories.accounts import MembershipFactory, OrganisationFactory

CLASSES_PER_SCHOOL, STUDENTS, DAYS = 4, 12, 4
# So few that most sessions are full most of the time.
CAPACITY = 30
# Far enough away that lists may still change.
FIRST_DAY = timedelta(days=20)


@dataclass(frozen=True)
class School:
    coordinator: Actor
    secret: str
    groups: tuple[ClassGroup, ...]
    students: dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class Ground:
    schools: tuple[School, ...]
    manager: Actor
    manager_secret: str
    sessions: tuple[int, ...]
    # Two days booked only together.
    session_set: int
    days_of_set: tuple[int, ...]
    rooms: tuple[Room, ...]
    instructors: tuple[Membership, ...]


def build(now: datetime) -> Ground:
    """An empty, migrated database holds a ground to race on."""
    world = make_world(now)
    year = school_year(local_day(now))
    other = OrganisationFactory(name="长风中学")
    coordinators = [
        world.coordinator,
        actor_of(MembershipFactory(coordinator=True, organisation=other, user__name="方主任")),
    ]
    world.version.grade_from, world.version.grade_to = 6, 9
    world.version.save()
    schools = []
    for coordinator, school in zip(coordinators, (world.school, other), strict=True):
        groups = tuple(
            world.new_group(number, STUDENTS, school=school, entry_year=year - 1)
            for number in range(11, 11 + CLASSES_PER_SCHOOL)
        )
        schools.append(
            School(
                coordinator,
                _key(coordinator, now),
                groups,
                {
                    group.pk: tuple(group.students.order_by("pk").values_list("pk", flat=True))
                    for group in groups
                },
            )
        )
    sessions = _sessions(world, now)
    camp, days = world.camp(capacity=CAPACITY, day=local_day(now) + FIRST_DAY)
    instructors = tuple(
        MembershipFactory(instructor=True, organisation=world.host, user__name=name)
        for name in ("王师傅", "赵师傅", "钱师傅")
    )
    return Ground(
        schools=tuple(schools),
        manager=world.manager,
        manager_secret=_key(world.manager, now),
        sessions=sessions,
        session_set=camp.pk,
        days_of_set=tuple(day.pk for day in days),
        rooms=tuple(world.rooms),
        instructors=instructors,
    )


def _key(actor: Actor, now: datetime) -> str:
    return tokens.issue(by=actor, label="race", now=now)[1]


def _sessions(world: World, now: datetime) -> tuple[int, ...]:
    """Three at a time, overlapping: who books one is not free for its neighbours."""
    day = local_day(now) + FIRST_DAY
    made: list[CourseSession] = [
        world.session(
            day=day + timedelta(days=offset),
            starts=start,
            hours=2,
            capacity=CAPACITY,
        )
        for offset in range(DAYS)
        for start in (time(9), time(10), time(14))
    ]
    return tuple(session.pk for session in made)
