"""Several hundred sessions of the demonstration's season, in every room, before and after today."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import combinations, combinations_with_replacement

from accounts.choices import Stage
from accounts.models import Membership
from courses.choices import Mode
from courses.models import CourseSession, CourseVersion, Season
from courses.services import series, sessions
from courses.services.sessions import Place
from insights.demo.catalogue import Catalogue, Host
from sites import services as sites_services
from sites.calendar import AFTERNOON, MORNING, SHANGHAI, WHOLE_DAY, at, is_lesson_day, local_day
from sites.models import Room
from sites.selectors import special_days

HALVES = (MORNING, AFTERNOON)
ONLINE_URL = "https://classroom.example.org/{code}"

# How often a room's half-day has a session: before today, today, and after.
BUSY_BEFORE, BUSY_TODAY, BUSY_AFTER = 0.08, 0.35, 0.12

# What the class that needs one more half-day has attended, and how large that class is.
ATTENDED, ATTENDING = 10, 24


@dataclass(frozen=True, slots=True)
class Laid:
    """Sessions that somebody is waiting for: the one that takes place now, and those that make
    up ``ATTENDED`` class hours of one class before today, the last one first."""

    running: CourseSession
    attended: list[CourseSession]


class Diary:
    """Who and what is taken on which half-day while the season is laid out."""

    def __init__(self) -> None:
        self.taken: set[tuple[str, int, date, int]] = set()

    def free(self, kind: str, key: int, day: date, halves: tuple[int, ...]) -> bool:
        return not any((kind, key, day, half) in self.taken for half in halves)

    def take(self, kind: str, key: int, day: date, halves: tuple[int, ...]) -> None:
        self.taken |= {(kind, key, day, half) for half in halves}

    def instructor(self, host: Host, day: date, halves: tuple[int, ...]) -> Membership | None:
        """A free instructor of the host, taken for it."""
        for membership in host.instructors:
            if self.free("instructor", membership.pk, day, halves):
                self.take("instructor", membership.pk, day, halves)
                return membership
        return None


def build_sessions(
    *,
    catalogue: Catalogue,
    season: Season,
    rng: random.Random,
    now: datetime,
    weeks_back: int,
    weeks_ahead: int,
    step: Callable[[], None],
) -> Laid:
    """Sessions in every room, a few a week, opened when the season was announced; those that
    the demonstration's teacher needs are returned."""
    opened = season.opens_at - timedelta(days=3)
    today = local_day(now)
    first = max(season.runs_from, today - timedelta(weeks=weeks_back))
    last = min(season.runs_until, today + timedelta(weeks=weeks_ahead))
    special = special_days(first, last)
    days = [
        first + timedelta(days=offset)
        for offset in range((last - first).days + 1)
        if is_lesson_day(first + timedelta(days=offset), special)
    ]
    diary = Diary()
    running = _running(catalogue, season, today, diary, opened, now)
    attended = _attended(catalogue, season, [day for day in days if day < today], diary, opened)
    _closure(catalogue, [day for day in days if day > today], diary, now)
    for version, site_names in catalogue.offers:
        host = catalogue.hosts[version.host.name]
        if version.class_hours > 7:
            _camps(version, host, site_names, season, days, diary, opened, rng)
        elif version.mode == Mode.ONLINE:
            _online(version, host, season, days, diary, opened, rng)
        step()
    for host in catalogue.hosts.values():
        for site_name, rooms in host.rooms.items():
            fitting = [
                version
                for version, names in catalogue.offers
                if version.host_id == host.organisation.pk
                and site_name in names
                and version.class_hours <= 7
            ]
            for room in rooms:
                _room(room, fitting, host, season, days, today, diary, opened, rng)
            step()
    return Laid(running, attended)


def begun_about(now: datetime) -> datetime:
    """The half-hour before now."""
    local = now.astimezone(SHANGHAI)
    return local.replace(minute=0 if local.minute < 30 else 30, second=0, microsecond=0)


def for_grade(
    catalogue: Catalogue, grade: int, *, class_hours: int, students: int = 1
) -> list[tuple[CourseVersion, list[str]]]:
    """Courses on site that take so many students of the junior grade and are no longer than
    that."""
    return [
        (version, names)
        for version, names in catalogue.offers
        if version.mode == Mode.ON_SITE
        and version.class_hours <= class_hours
        and version.group_size_max >= students
        and Stage.JUNIOR in version.stages
        and version.grade_from <= grade <= version.grade_to
    ]


def _running(
    catalogue: Catalogue,
    season: Season,
    today: date,
    diary: Diary,
    opened: datetime,
    now: datetime,
) -> CourseSession:
    """The session that takes place at this very moment, so that its door can be tried by whoever
    looks, at night too: its site is open then (``catalogue.NEVER_SHUT``). The first host's first
    instructor teaches it."""
    version, site_names = for_grade(catalogue, 7, class_hours=4)[0]
    host = catalogue.hosts[version.host.name]
    room = host.rooms[site_names[0]][0]
    instructor = host.instructors[0]
    begun = begun_about(now)
    diary.take("room", room.pk, today, (0, 1))
    diary.take("instructor", instructor.pk, today, (0, 1))
    return sessions.open_session(
        by=host.manager,
        version=version,
        season=season,
        starts_at=begun,
        ends_at=begun + timedelta(minutes=150),
        room=room,
        instructor=instructor,
        now=opened,
    )


def _attended(
    catalogue: Catalogue, season: Season, days: list[date], diary: Diary, opened: datetime
) -> list[CourseSession]:
    """One class's sessions of the last two weeks, each on a day of its own."""
    fitting = for_grade(catalogue, 7, class_hours=7, students=ATTENDING)
    made = []
    for (version, names), day in zip(adding_up(fitting, ATTENDED), days[-2::-3], strict=False):
        host = catalogue.hosts[version.host.name]
        room = host.rooms[names[0]][-1]
        diary.take("room", room.pk, day, (0, 1))
        made.append(
            sessions.open_session(
                by=host.manager,
                version=version,
                season=season,
                starts_at=at(day, WHOLE_DAY[0]),
                ends_at=at(day, (WHOLE_DAY if version.class_hours > 4 else MORNING)[1]),
                room=room,
                instructor=diary.instructor(host, day, (0, 1)),
                now=opened,
            )
        )
    return made


def adding_up(
    offers: Sequence[tuple[CourseVersion, list[str]]], hours: int
) -> list[tuple[CourseVersion, list[str]]]:
    """The fewest offers with just that many class hours together; different ones if they can."""
    for count in (1, 2, 3):
        for choose in (combinations, combinations_with_replacement):
            for chosen in choose(offers, count):
                if sum(version.class_hours for version, _names in chosen) == hours:
                    return list(chosen)
    raise LookupError(f"No courses make up {hours} class hours.")


def _closure(catalogue: Catalogue, days: list[date], diary: Diary, now: datetime) -> None:
    """A room is being mended for two days next week."""
    host, rooms = next(
        (host, rooms)
        for host in catalogue.hosts.values()
        for rooms in host.rooms.values()
        if len(rooms) > 1
    )
    for day in days[5:7]:
        diary.take("room", rooms[1].pk, day, (0, 1))
        sites_services.close_room(
            by=host.manager,
            room=rooms[1],
            starts_at=at(day, time(8)),
            ends_at=at(day, time(17)),
            reason="设备检修",
            now=now - timedelta(days=3),
        )


def _room(
    room: Room,
    versions: list[CourseVersion],
    host: Host,
    season: Season,
    days: list[date],
    today: date,
    diary: Diary,
    opened: datetime,
    rng: random.Random,
) -> None:
    """A part of the half-days has a session; today more of them, so that the door has work."""
    for day in days:
        busy = BUSY_TODAY if day == today else BUSY_BEFORE if day < today else BUSY_AFTER
        for half in (0, 1):
            if not versions or rng.random() > busy:
                continue
            version = rng.choice(versions)
            whole = version.class_hours > 4
            if whole and half == 1:
                continue
            halves = (0, 1) if whole else (half,)
            if not diary.free("room", room.pk, day, halves):
                continue
            diary.take("room", room.pk, day, halves)
            clocks = WHOLE_DAY if whole else HALVES[half]
            sessions.open_session(
                by=host.manager,
                version=version,
                season=season,
                starts_at=at(day, clocks[0]),
                ends_at=at(day, clocks[1]),
                room=room,
                instructor=diary.instructor(host, day, halves),
                now=opened,
            )


def _online(
    version: CourseVersion,
    host: Host,
    season: Season,
    days: list[date],
    diary: Diary,
    opened: datetime,
    rng: random.Random,
) -> None:
    """Every other week an afternoon on line."""
    for day in days[rng.randrange(5) :: 10]:
        sessions.open_session(
            by=host.manager,
            version=version,
            season=season,
            starts_at=at(day, AFTERNOON[0]),
            ends_at=at(day, time(14, 30)),
            online_url=ONLINE_URL.format(code=version.course.code.lower()),
            instructor=diary.instructor(host, day, (1,)),
            now=opened,
        )


def _camps(
    version: CourseVersion,
    host: Host,
    site_names: list[str],
    season: Season,
    days: list[date],
    diary: Diary,
    opened: datetime,
    rng: random.Random,
) -> None:
    """Two-day camps on neighbouring days, every third week, in the first site's first room."""
    room = host.rooms[site_names[0]][0]
    for index in range(4 + rng.randrange(4), len(days) - 1, 14):
        pair = days[index : index + 2]
        if (pair[1] - pair[0]).days != 1 or not all(
            diary.free("room", room.pk, day, (0, 1)) for day in pair
        ):
            continue
        for day in pair:
            diary.take("room", room.pk, day, (0, 1))
        teaching = next(
            (
                membership
                for membership in host.instructors
                if all(diary.free("instructor", membership.pk, day, (0, 1)) for day in pair)
            ),
            None,
        )
        if teaching is not None:
            for day in pair:
                diary.take("instructor", teaching.pk, day, (0, 1))
        periods = [(at(day, WHOLE_DAY[0]), at(day, WHOLE_DAY[1])) for day in pair]
        series.open_set(
            by=host.manager,
            version=version,
            name=series.set_name(version, periods[0][0], periods[1][0]),
            periods=periods,
            place=Place(room=room),
            instructor=teaching,
            now=opened,
        )
