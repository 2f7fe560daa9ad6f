"""A school with two classes, a host with a workshop, and the people who act."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client

from accounts.actors import Actor
from accounts.choices import Role, Stage
from accounts.models import Membership, Organisation, User
from courses.choices import OccupationFamily, VersionState
from courses.models import Course, CourseSession, CourseVersion, Season, SessionSet
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, ClassTeacher, Student
from sites.calendar import SHANGHAI, at
from sites.choices import HoldKind
from sites.models import Room, RoomHold, Site
from tests.factories.accounts import MembershipFactory, OrganisationFactory, actor_of

# Two weeks after the ``now`` of the tests: Tuesday 8 December 2026.
DAY = date(2026, 12, 8)


@dataclass
class World:
    """What a booking stands on. Sessions and classes are made as a test needs them."""

    school: Organisation
    host: Organisation
    teacher_membership: Membership
    coordinator: Actor
    manager: Actor
    season: Season
    version: CourseVersion
    site: Site
    group: ClassGroup
    rooms: list[Room] = field(default_factory=list)

    @property
    def teacher(self) -> Actor:
        return actor_of(self.teacher_membership)

    @property
    def students(self) -> list[Student]:
        return list(self.group.students.order_by("seat_no"))

    def new_group(
        self, number: int, size: int, *, school: Organisation | None = None, entry_year: int = 2025
    ) -> ClassGroup:
        school = school or self.school
        group = ClassGroup.objects.create(
            school=school, stage=Stage.JUNIOR, entry_year=entry_year, number=number
        )
        Student.objects.bulk_create(
            Student(
                school=school,
                class_group=group,
                name=f"学生{number}{seat:02}",
                student_no=f"{entry_year}{number:02}{seat:02}",
                seat_no=seat,
                joined_at=datetime(2025, 9, 1, tzinfo=SHANGHAI),
            )
            for seat in range(1, size + 1)
        )
        return group

    def teach(self, group: ClassGroup) -> ClassTeacher:
        return ClassTeacher.objects.create(class_group=group, membership=self.teacher_membership)

    def session(
        self,
        *,
        day: date = DAY,
        starts: time = time(9),
        hours: float = 2.5,
        capacity: int = 40,
        class_hours: int = 4,
        session_set: SessionSet | None = None,
        version: CourseVersion | None = None,
        season: Season | None = None,
    ) -> CourseSession:
        """A scheduled session in a room of its own."""
        room = Room.objects.create(
            site=self.site,
            host=self.host,
            name=f"{len(self.rooms) + 1}号实训室",
            floor_area_m2=300,
            stations=100,
            licensed_capacity=100,
        )
        self.rooms.append(room)
        starts_at = at(day, starts)
        ends_at = starts_at + timedelta(hours=hours)
        return CourseSession.objects.create(
            version=version or self.version,
            host=self.host,
            season=season or self.season,
            session_set=session_set,
            starts_at=starts_at,
            ends_at=ends_at,
            class_hours=class_hours,
            room=room,
            room_hold=RoomHold.objects.create(
                room=room, period=(starts_at, ends_at), kind=HoldKind.SESSION
            ),
            capacity=capacity,
        )

    def camp(
        self, *, capacity: int = 40, day: date = DAY
    ) -> tuple[SessionSet, list[CourseSession]]:
        """Two days offered together, seven class hours each."""
        camp = SessionSet.objects.create(version=self.version, host=self.host, name="两日营")
        days = [
            self.session(
                day=day + timedelta(days=offset),
                hours=6.5,
                class_hours=7,
                session_set=camp,
                capacity=capacity,
            )
            for offset in (0, 1)
        ]
        return camp, days


def make_world(now: datetime) -> World:
    school = OrganisationFactory(name="清河中学", name_en="Qinghe School")
    host = OrganisationFactory(vocational_school=True, name="曹杨职业技术学校")
    teacher = MembershipFactory(organisation=school, user__name="周老师")
    coordinator = MembershipFactory(coordinator=True, organisation=school, user__name="沈主任")
    manager = MembershipFactory(host_manager=True, organisation=host, user__name="李师傅")
    course = Course.objects.create(host=host, code="CY-01")
    version = CourseVersion.objects.create(
        course=course,
        host=host,
        number=1,
        state=VersionState.PUBLISHED,
        title_zh="面包师：吐司与软欧",
        title_en="Baker: toast",
        occupation_zh="面包师",
        occupation_family=OccupationFamily.COOKING,
        stages=[Stage.JUNIOR],
        grade_from=7,
        grade_to=8,
        class_hours=4,
        group_size_max=40,
        summary_zh="做一次面包。",
    )
    Course.objects.filter(pk=course.pk).update(published_version=version)
    season = Season.objects.create(
        name="2026 学年秋季",
        school_year=2026,
        opens_at=now - timedelta(days=60),
        closes_at=now + timedelta(days=60),
        runs_from=now.date() - timedelta(days=60),
        runs_until=now.date() + timedelta(days=60),
    )
    PracticumRequirement.objects.create(
        name="初中职业体验",
        stage=Stage.JUNIOR,
        entry_year_from=2020,
        entry_year_to=2030,
        class_hours=14,
        counts_from=date(2026, 9, 1),
        due_on=date(2027, 6, 30),
    )
    site = Site.objects.create(
        host=host,
        name="焙烤实训中心",
        address="曹杨路 1 号",
        contact_name="李师傅",
        contact_phone="021-5555 0101",
        directions="地铁 11 号线曹杨路站 3 号口。",
    )
    world = World(
        school=school,
        host=host,
        teacher_membership=teacher,
        coordinator=actor_of(coordinator),
        manager=actor_of(manager),
        season=season,
        version=version,
        site=site,
        group=None,  # type: ignore[arg-type]
    )
    world.group = world.new_group(3, 5)
    ClassTeacher.objects.create(class_group=world.group, membership=teacher, is_homeroom=True)
    return world


@pytest.fixture
def world(db: None, now: datetime) -> World:
    return make_world(now)


__all__ = ["DAY", "Role", "World", "make_world"]


@pytest.fixture
def login() -> Callable[[Actor], Client]:
    """A person's signed-in client."""

    def sign_in(actor: Actor) -> Client:
        client = Client()
        client.force_login(User.objects.get(pk=actor.user_id))
        return client

    return sign_in
