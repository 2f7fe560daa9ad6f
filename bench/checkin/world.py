"""The rows that check-ins stand on: a host with doors and devices, classes with badges, places.

Everything of a kind has keys without gaps, so that the clients and pgbench reckon them.
"""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Self

from django.db import connection, transaction

from accounts.choices import OrganisationKind, Role, Stage
from accounts.models import Membership, Organisation, User
from accounts.selectors import actor_of
from accounts.services import tokens
from attendance.models import Badge, Desk, Device, RosterPack
from attendance.services import devices
from bookings.choices import BookingState
from bookings.models import Booking, Place, Reservation
from courses.choices import OccupationFamily, Venue, VersionState
from courses.models import Course, CourseSession, CourseVersion, Season
from hours.models import PracticumRequirement
from rosters.models import ClassGroup, Student
from sites.calendar import local_day, school_year

CLASSES, A_YEAR = 100, 50
STUDENTS = 40
# Single check-ins: every student at a door of her class (spread), and all at one (hot).
SINGLE = CLASSES * STUDENTS
# Batches: each is of a device of its own, which kept so many doors with so many students, who
# came and left.
BATCHES = 300
DOORS, HEADS = 10, 25
EVENTS = DOORS * HEADS * 2
# A device's lists are good for a week; the world is made anew before.
KEEPS = timedelta(days=4)


@dataclass(frozen=True)
class World:
    made_at: str
    host: int
    member: int
    token: str
    codes: tuple[str, ...]
    first_student: int
    # The doors of the classes, their places in the order of the students; then the one door.
    first_door: int
    first_place: int
    hot_door: int
    first_hot_place: int
    # Of the batches: devices, their secrets, doors and lists, ten of each to a device.
    first_device: int
    secrets: tuple[str, ...]
    first_batch_door: int
    first_pack: int
    salts: tuple[str, ...]
    came_at: tuple[str, ...]
    left_at: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            **{
                name: tuple(value) if isinstance(value, list) else value
                for name, value in values.items()
            }
        )

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def students_of(self, door: int) -> range:
        """Who is at the door, the first of the batches being 0: all classes in turn."""
        first = self.first_student + door * HEADS % SINGLE
        return range(first, first + HEADS)


def is_stale(path: Path, now: datetime) -> bool:
    """Whether a world was made there whose lists are taken no more."""
    if not path.exists():
        return False
    made_at = datetime.fromisoformat(World.load(path).made_at)
    return not made_at <= now < made_at + KEEPS


@transaction.atomic
def build(now: datetime) -> World:
    """The database, migrated and otherwise empty, holds doors to check in at."""
    school = Organisation.objects.create(
        kind=OrganisationKind.SCHOOL, name="清河中学", stages=[Stage.JUNIOR]
    )
    host = Organisation.objects.create(
        kind=OrganisationKind.VOCATIONAL_SCHOOL, name="曹杨职业技术学校"
    )
    coordinator, manager = (
        Membership.objects.create(
            user=User.objects.create(email=f"{role}@example.org", name="沈老师", password="!"),
            organisation=organisation,
            role=role,
        )
        for organisation, role in ((school, Role.SCHOOL_COORDINATOR), (host, Role.HOST_MANAGER))
    )
    PracticumRequirement.objects.create(
        name="初中",
        stage=Stage.JUNIOR,
        entry_year_from=school_year(local_day(now)) - 2,
        entry_year_to=school_year(local_day(now)) - 1,
        class_hours=14,
        counts_from=local_day(now - timedelta(days=60)),
        due_on=local_day(now + timedelta(days=120)),
    )
    _token, secret = tokens.issue(by=actor_of(manager), label="bench", now=now)
    groups, students = _students(school, now)
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _student in students]
    Badge.objects.bulk_create(
        Badge(student=student, school=school, code=code, issued_at=now - timedelta(days=30))
        for student, code in zip(students, codes, strict=True)
    )
    doors = _doors(host, now)
    places = _places(coordinator, groups, students, doors, now)
    Desk.objects.bulk_create(
        Desk(session=door, host=host, opened_at=now, opened_by=manager) for door in doors
    )
    packs, kept = _packs(manager, doors[CLASSES + 1 :], students, now)
    return World(
        made_at=now.isoformat(),
        host=host.pk,
        member=manager.pk,
        token=secret,
        codes=tuple(codes),
        first_student=students[0].pk,
        first_door=doors[0].pk,
        first_place=places[0].pk,
        hot_door=doors[CLASSES].pk,
        first_hot_place=places[SINGLE].pk,
        first_device=packs[0].device_id,
        secrets=tuple(kept),
        first_batch_door=doors[CLASSES + 1].pk,
        first_pack=packs[0].pk,
        salts=tuple(pack.salt for pack in packs),
        came_at=tuple(door.starts_at.isoformat() for door in doors[CLASSES + 1 :]),
        left_at=tuple(door.ends_at.isoformat() for door in doors[CLASSES + 1 :]),
    )


def _students(school: Organisation, now: datetime) -> tuple[list[ClassGroup], list[Student]]:
    groups = ClassGroup.objects.bulk_create(
        ClassGroup(
            school=school,
            stage=Stage.JUNIOR,
            entry_year=school_year(local_day(now)) - 1 - number // A_YEAR,
            number=number % A_YEAR + 1,
        )
        for number in range(CLASSES)
    )
    students = Student.objects.bulk_create(
        Student(
            school=school,
            class_group=group,
            name=f"学生{seat:02}",
            student_no=f"{group.entry_year}{group.number:02}{seat:02}",
            seat_no=seat,
        )
        for group in groups
        for seat in range(1, STUDENTS + 1)
    )
    return groups, students


def _doors(host: Organisation, now: datetime) -> list[CourseSession]:
    """Those of the classes, an hour long and open now; then the one; then those of the batches,
    as many at once as there are students for, on the two days before."""
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
        opens_at=now - timedelta(days=90),
        closes_at=now + timedelta(days=90),
        runs_from=local_day(now - timedelta(days=60)),
        runs_until=local_day(now) + timedelta(days=120),
    )
    hour = timedelta(hours=1)
    at_once = SINGLE // HEADS
    starts = [
        *[now] * CLASSES,
        now - hour,
        *(now - timedelta(days=2) + hour * (door // at_once) for door in range(BATCHES * DOORS)),
    ]
    seats = [*[STUDENTS] * CLASSES, SINGLE, *[HEADS] * (BATCHES * DOORS)]
    return CourseSession.objects.bulk_create(
        CourseSession(
            version=version,
            host=host,
            season=season,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
            class_hours=4,
            venue=Venue.ONLINE,
            online_url="https://example.org/",
            capacity=number,
            seats_taken=number,
        )
        for starts_at, number in zip(starts, seats, strict=True)
    )


def _places(
    coordinator: Membership,
    groups: list[ClassGroup],
    students: list[Student],
    doors: list[CourseSession],
    now: datetime,
) -> list[Place]:
    school = coordinator.organisation
    reservation = Reservation.objects.create(
        reference="BENCH",
        school=school,
        made_by=coordinator,
        made_at=now,
        contact_name="沈老师",
        idempotency_key="bench",
        request_digest="",
    )
    bookings = Booking.objects.bulk_create(
        Booking(
            reservation=reservation,
            session=door,
            # One is booked for many classes; the door asks for students, not for theirs.
            class_group=groups[number % CLASSES],
            school=school,
            host_id=door.host_id,
            state=BookingState.CONFIRMED,
            seats=door.capacity,
            created_at=now,
        )
        for number, door in enumerate(doors)
    )
    turn = count()
    return Place.objects.bulk_create(
        (
            Place(
                booking=booking,
                session=door,
                school=school,
                host_id=door.host_id,
                student=students[next(turn) % SINGLE],
                starts_at=door.starts_at,
                ends_at=door.ends_at,
            )
            for booking, door in zip(bookings, doors, strict=True)
            for _seat in range(door.capacity)
        ),
        batch_size=2_000,
    )


def _packs(
    manager: Membership, doors: list[CourseSession], students: list[Student], now: datetime
) -> tuple[list[RosterPack], list[str]]:
    kept = [devices.PREFIX + secrets.token_urlsafe(32) for _batch in range(BATCHES)]
    known = Device.objects.bulk_create(
        Device(
            host=manager.organisation,
            name="平板",
            digest=devices.digest_of(secret),
            registered_at=now,
            registered_by=manager,
        )
        for secret in kept
    )
    first = students[0].pk
    packs = RosterPack.objects.bulk_create(
        RosterPack(
            device=known[number // DOORS],
            session=door,
            students=[first + (number * HEADS + seat) % SINGLE for seat in range(HEADS)],
            salt=secrets.token_hex(16),
            issued_at=door.starts_at - timedelta(hours=1),
            expires_at=door.ends_at + devices.AFTER_END,
        )
        for number, door in enumerate(doors)
    )
    return packs, kept


# What a run writes, or might: with all that is counted, each run begins with nothing of it.
WRITTEN = (
    "attendance_checkin",
    "accounts_auditentry",
    "attendance_conflict",
    "attendance_conflictdecision",
    "attendance_roomscan",
    "hours_hourcredit",
    "notifications_message",
    "notifications_delivery",
    "django_q_ormq",
)
_COUNTS = {
    **{name: f"SELECT count(*) FROM {name}" for name in WRITTEN},  # noqa: S608  our own
    "attendance_desk": "SELECT count(*) FROM attendance_desk",
    "devices heard": "SELECT count(*) FROM attendance_device WHERE last_seen_at IS NOT NULL",
    # What the rows say, not only how many they are.
    "students in or out": (
        "SELECT count(*) FROM (SELECT DISTINCT session_id, student_id, kind"
        " FROM attendance_checkin WHERE kind IN ('in', 'out')) AS one"
    ),
    "with their own place": (
        "SELECT count(*) FROM attendance_checkin c JOIN bookings_place p ON p.id = c.place_id"
        " AND (p.session_id, p.student_id) = (c.session_id, c.student_id)"
    ),
    "read by a badge": "SELECT count(*) FROM attendance_checkin WHERE trust = 'read'",
    "named in the trail": (
        "SELECT count(*) FROM accounts_auditentry WHERE membership_id IS NOT NULL"
        " AND verb IN ('attendance.in', 'attendance.synced') AND organisation_id IS NOT NULL"
        " AND target LIKE 'courses.coursesession:%' AND address = '127.0.0.1'"
    ),
}


def clear() -> None:
    """Nobody came yet: each run begins alike."""
    with connection.cursor() as cursor:
        # The triggers that keep them from being emptied are for databases of people.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
        cursor.execute("RESET session_replication_role")
        cursor.execute("UPDATE attendance_device SET last_seen_at = NULL, clock_ahead = NULL")
        # Else its vacuum falls into whichever run comes next.
        cursor.execute("VACUUM attendance_device, attendance_desk, rosters_student")
        cursor.execute("CHECKPOINT")


def counts() -> dict[str, int]:
    """How many rows of each kind there are now."""
    with connection.cursor() as cursor:
        found = {}
        for name, statement in _COUNTS.items():
            cursor.execute(statement)
            found[name] = cursor.fetchone()[0]
        return found
