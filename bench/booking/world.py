"""The rows that bookings stand on: schools with classes of thirty, a host, sessions, keys.

Everything of a kind has keys without gaps, so that the clients and pgbench reckon them.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from django.db import connection

from accounts.choices import OrganisationKind, Role, Stage
from accounts.models import Membership, Organisation, User
from accounts.selectors import actor_of
from accounts.services import tokens
from courses.choices import OccupationFamily, VersionState
from courses.models import Course, CourseSession, CourseVersion, Season
from rosters.models import ClassGroup, Student
from sites.calendar import local_day, school_year
from sites.choices import HoldKind
from sites.models import Room, RoomHold, Site

SCHOOLS = 17
CLASSES_PER_SCHOOL = 60
CLASSES = SCHOOLS * CLASSES_PER_SCHOOL
STUDENTS = 30
SESSIONS = 1_000
# Each run of the hot kind has a session of its own: a class books a session once.
HOT_SESSIONS = 80
CAPACITY = 32_000


@dataclass(frozen=True)
class World:
    first_school: int
    first_person: int
    first_member: int
    first_group: int
    first_student: int
    host: int
    first_session: int
    first_hot_session: int
    secrets: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**values | {"secrets": tuple(values["secrets"])})

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def build(now: datetime) -> World:
    """The database, migrated and otherwise empty, holds a world to book in."""
    schools = Organisation.objects.bulk_create(
        Organisation(
            kind=OrganisationKind.SCHOOL,
            name=f"第{number}中学",
            stages=[Stage.JUNIOR],
            contact_name="办公室",
            contact_phone="021-5555 0100",
        )
        for number in range(1, SCHOOLS + 1)
    )
    host = Organisation.objects.create(
        kind=OrganisationKind.VOCATIONAL_SCHOOL, name="曹杨职业技术学校"
    )
    people = User.objects.bulk_create(
        User(email=f"coordinator{number}@example.org", name="沈老师", password="!")
        for number in range(1, SCHOOLS + 1)
    )
    members = Membership.objects.bulk_create(
        Membership(user=person, organisation=school, role=Role.SCHOOL_COORDINATOR)
        for person, school in zip(people, schools, strict=True)
    )
    manager = User.objects.create(email="manager@example.org", name="李师傅", password="!")
    Membership.objects.create(user=manager, organisation=host, role=Role.HOST_MANAGER)
    secrets = [tokens.issue(by=actor_of(member), label="bench", now=now)[1] for member in members]
    groups = _groups(schools, now)
    sessions = _sessions(host, now)
    return World(
        first_school=schools[0].pk,
        first_person=people[0].pk,
        first_member=members[0].pk,
        first_group=groups[0].pk,
        first_student=Student.objects.order_by("pk").values_list("pk", flat=True)[0],
        host=host.pk,
        first_session=sessions[0].pk,
        first_hot_session=sessions[SESSIONS].pk,
        secrets=tuple(secrets),
    )


def _groups(schools: list[Organisation], now: datetime) -> list[ClassGroup]:
    groups = ClassGroup.objects.bulk_create(
        ClassGroup(
            school=school,
            stage=Stage.JUNIOR,
            entry_year=school_year(local_day(now)) - 1,
            number=number,
        )
        for school in schools
        for number in range(1, CLASSES_PER_SCHOOL + 1)
    )
    Student.objects.bulk_create(
        (
            Student(
                school_id=group.school_id,
                class_group=group,
                name=f"学生{seat:02}",
                student_no=f"{group.number:02}{seat:02}",
                seat_no=seat,
            )
            for group in groups
            for seat in range(1, STUDENTS + 1)
        ),
        batch_size=2_000,
    )
    return groups


def _sessions(host: Organisation, now: datetime) -> list[CourseSession]:
    course = Course.objects.create(host=host, code="CY-01")
    version = CourseVersion.objects.create(
        course=course,
        host=host,
        number=1,
        state=VersionState.PUBLISHED,
        title_zh="面包师：一只吐司的诞生",
        title_en="Baker: the making of a loaf",
        occupation_zh="面包师",
        occupation_family=OccupationFamily.COOKING,
        stages=[Stage.JUNIOR],
        grade_from=6,
        grade_to=9,
        class_hours=4,
        group_size_max=500,
        summary_zh="从和面到出炉，做一只吐司。",
    )
    Course.objects.filter(pk=course.pk).update(published_version=version)
    season = Season.objects.create(
        name="预约季",
        school_year=school_year(local_day(now)),
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=90),
        runs_from=local_day(now),
        runs_until=local_day(now) + timedelta(days=120),
    )
    site = Site.objects.create(
        host=host,
        name="焙烤实训中心",
        address="曹杨路 1 号",
        contact_name="李师傅",
        contact_phone="021-5555 0101",
        directions="地铁 11 号线曹杨路站 3 号口。",
    )
    room = Room.objects.create(
        site=site,
        host=host,
        name="1号实训室",
        floor_area_m2=100_000,
        stations=CAPACITY,
        licensed_capacity=CAPACITY,
    )
    # One after the other: a class may be in all of them.
    first = (now + timedelta(days=14)).replace(minute=0, second=0, microsecond=0)
    periods = [
        (first + timedelta(hours=number), first + timedelta(hours=number, minutes=50))
        for number in range(SESSIONS + HOT_SESSIONS)
    ]
    holds = RoomHold.objects.bulk_create(
        RoomHold(room=room, period=period, kind=HoldKind.SESSION) for period in periods
    )
    return CourseSession.objects.bulk_create(
        CourseSession(
            version=version,
            host=host,
            season=season,
            starts_at=starts_at,
            ends_at=ends_at,
            class_hours=4,
            room=room,
            room_hold=hold,
            capacity=CAPACITY,
        )
        for hold, (starts_at, ends_at) in zip(holds, periods, strict=True)
    )


# What a run writes.
WRITTEN = (
    "bookings_reservation",
    "bookings_booking",
    "bookings_place",
    "accounts_auditentry",
    "notifications_message",
    "notifications_delivery",
    "django_q_ormq",
)
# What ours keeps besides, for a replay; neither floor does.
BESIDES = "bookings_idempotentanswer"


def clear() -> None:
    """Nothing is booked: each run begins alike."""
    with connection.cursor() as cursor:
        # The triggers that keep the trail from being emptied are for databases of people.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join((*WRITTEN, BESIDES))} CASCADE")
        cursor.execute("RESET session_replication_role")
        cursor.execute(
            "UPDATE courses_coursesession SET seats_taken = 0, adults_coming = 0"
            " WHERE seats_taken > 0"
        )
        # Else its vacuum falls into whichever run comes next.
        cursor.execute("VACUUM courses_coursesession")
        cursor.execute("CHECKPOINT")


def counts() -> dict[str, int]:
    """How many rows each table that a booking writes has now, and the seats taken."""
    with connection.cursor() as cursor:
        found = {}
        for name in (*WRITTEN, BESIDES):
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608  names of our own
            found[name] = cursor.fetchone()[0]
        cursor.execute("SELECT sum(seats_taken) FROM courses_coursesession")
        return found | {"seats taken": cursor.fetchone()[0]}
