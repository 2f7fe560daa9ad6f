"""The season before: a class of each of two schools that is through; the hours of one are on
notice, those of the other settled."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.actors import SYSTEM, Actor
from accounts.choices import Role, Stage
from attendance.models import PublicNotice
from attendance.services import badges, certificates, notices
from bookings.services import reservations
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from courses.models import CourseSession, Season
from courses.services import seasons, sessions
from hours.models import PracticumRequirement
from hours.services import requirements
from insights.demo import people
from insights.demo.catalogue import Catalogue
from insights.demo.names import phone, student_names
from insights.demo.schools import School
from insights.demo.sessions import adding_up, for_grade
from rosters.models import ClassGroup, Student
from rosters.services import classes as rosters_classes
from rosters.services import students as rosters_students
from rosters.services.students import StudentInput
from sites.calendar import MORNING, WHOLE_DAY, at, is_lesson_day, local_day, school_year
from sites.selectors import special_days

# The classes are in grade 9 now and were in grade 8 then.
GRADE, CLASS_SIZE, CLASS_HOURS = 8, 18, 14
TEACHERS = (("方晓云", "qinghe.t91"), ("卢静怡", "qingchuan.t91"))
# So many school days: long enough to be running when somebody looks.
NOTICE_DAYS = 10


@dataclass(frozen=True, slots=True)
class Through:
    """A class that is through."""

    school: School
    group: ClassGroup
    teacher: Actor


@dataclass(frozen=True, slots=True)
class Earlier:
    """The classes that are through, with what was required of them."""

    classes: list[Through]
    requirement: PracticumRequirement
    year: int


def build(
    *, schools: Sequence[School], catalogue: Catalogue, rng: random.Random, now: datetime
) -> Earlier:
    """The season of last spring, in which a class of each school booked all its hours at once."""
    year = school_year(local_day(now))
    requirement = requirements.set_requirement(
        by=SYSTEM,
        requirement=None,
        now=at(date(year, 2, 16), time(10)),
        name=f"{year - 1} 学年初中职业体验 14 学时",
        stage=Stage.JUNIOR,
        entry_year_from=year - 3,
        entry_year_to=year - 3,
        class_hours=CLASS_HOURS,
        min_occupations=2,
        counts_from=date(year - 1, 9, 1),
        due_on=date(year, 6, 5),
    )
    season = seasons.set_season(
        by=SYSTEM,
        season=None,
        name=f"{year - 1} 学年第二学期",
        school_year=year - 1,
        opens_at=at(date(year, 2, 20), time(8)),
        closes_at=at(date(year, 6, 30), time(18)),
        runs_from=date(year, 3, 1),
        runs_until=date(year, 6, 30),
        now=at(date(year, 2, 16), time(11)),
    )
    classes = []
    for number, (school, (name, login)) in enumerate(zip(schools, TEACHERS, strict=False)):
        group, teacher = _class(school, year, name, login, rng)
        _book(group, teacher, _sessions(catalogue, season, number), number, rng)
        classes.append(Through(school, group, teacher))
    return Earlier(classes, requirement, year)


def settle(earlier: Earlier, *, now: datetime) -> None:
    """Once their doors are closed: of the first class the certificates are printed, one of them
    with a mistake, and its hours are on notice now; of the second the period is locked."""
    settled = at(date(earlier.year, 6, 8), time(9))
    first, *others = earlier.classes
    printed = certificates.take_to_print(
        by=first.teacher, class_group=first.group, now=settled + timedelta(days=15)
    )
    certificates.revoke(
        by=first.teacher,
        certificate=printed[2],
        reason="打印时缺角，收回重印。",
        now=settled + timedelta(days=16),
    )
    for one in others:
        notice = _notice(earlier, one.school, notices.USUAL_DAYS, settled)
        _object(notice, one, settled)
        notices.lock(by=one.school.coordinator, notice=notice, now=settled + timedelta(days=14))
    yesterday = at(local_day(now) - timedelta(days=1), time(9))
    running = _notice(earlier, first.school, NOTICE_DAYS, yesterday)
    _object(running, first, yesterday)
    notices.object_to(
        student=_student(first, 6),
        notice=running,
        text="我换了学号，请核对两次体验是不是都记在我名下。",
        now=yesterday + timedelta(hours=4),
    )


def _notice(earlier: Earlier, school: School, days: int, now: datetime) -> PublicNotice:
    return notices.start(
        by=school.coordinator,
        school=school.organisation,
        requirement=earlier.requirement,
        days=days,
        now=now,
    )


def _class(
    school: School, year: int, name: str, login: str, rng: random.Random
) -> tuple[ClassGroup, Actor]:
    founded = at(date(year, 2, 16), time(9))
    group = rosters_classes.create_class(
        by=SYSTEM,
        school=school.organisation,
        stage=Stage.JUNIOR,
        entry_year=year - 3,
        number=1,
        now=founded,
    )
    teacher = people.enrol(
        name=name,
        login=login,
        organisation=school.organisation,
        role=Role.TEACHER,
        now=founded,
    )
    rosters_classes.assign_teacher(
        by=SYSTEM, class_group=group, membership=teacher, is_homeroom=True, now=founded
    )
    rosters_students.add_students(
        by=SYSTEM,
        class_group=group,
        students=[
            StudentInput(name, f"{year - 3}0901{seat:02d}", seat)
            for seat, name in enumerate(student_names(CLASS_SIZE, rng), start=1)
        ],
        now=founded,
    )
    badges.issue_missing(by=school.coordinator, class_group=group, now=founded)
    return group, people.acting(teacher)


def _sessions(catalogue: Catalogue, season: Season, weeks: int) -> list[CourseSession]:
    """What makes up the hours, a few weeks apart, so many weeks after the first class."""
    made = []
    offers = for_grade(catalogue, GRADE, class_hours=7, students=CLASS_SIZE)
    for number, (version, names) in enumerate(adding_up(offers, CLASS_HOURS)):
        host = catalogue.hosts[version.host.name]
        day = _lesson_day(season.runs_from + timedelta(days=42 + 21 * number + 7 * weeks))
        made.append(
            sessions.open_session(
                by=host.manager,
                version=version,
                season=season,
                starts_at=at(day, WHOLE_DAY[0]),
                ends_at=at(day, (WHOLE_DAY if version.class_hours > 4 else MORNING)[1]),
                room=host.rooms[names[0]][0],
                instructor=host.instructors[0],
                now=season.opens_at - timedelta(days=3),
            )
        )
    return made


def _lesson_day(day: date) -> date:
    """That day or the next one with lessons."""
    special = special_days(day, day + timedelta(days=14))
    while not is_lesson_day(day, special):
        day += timedelta(days=1)
    return day


def _book(
    group: ClassGroup,
    teacher: Actor,
    chosen: list[CourseSession],
    line: int,
    rng: random.Random,
) -> None:
    number = phone(9100 + line)
    reservations.reserve(
        by=teacher,
        parts=[
            Part(
                class_group=group,
                session_ids=[session.pk for session in chosen],
                session_set_id=None,
                student_ids=None,
                companions=[CompanionInput(teacher.name, number)],
            )
        ],
        contact_phone=number,
        idempotency_key=uuid.UUID(int=rng.getrandbits(128)).hex,
        now=chosen[0].starts_at - timedelta(days=20),
    )


def _object(notice: PublicNotice, of: Through, now: datetime) -> None:
    """One student asked, and has the school's answer."""
    objection = notices.object_to(
        student=_student(of, 5),
        notice=notice,
        text="第一次体验没有看到签退，请核对学时。",
        now=now + timedelta(hours=1),
    )
    notices.decide(
        by=of.school.coordinator,
        objection=objection,
        upheld=False,
        answer="已核对：结束时全班一起离开，学时已全部记入，没有少记。",
        now=now + timedelta(hours=3),
    )


def _student(of: Through, seat_no: int) -> Student:
    return Student.objects.current().get(class_group=of.group, seat_no=seat_no)
