"""Eight schools with their classes, teachers and about 1,500 students."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from accounts.actors import SYSTEM, Actor
from accounts.choices import STAGE_GRADES, OrganisationKind, Role, SchoolKind, Stage
from accounts.models import Membership, Organisation
from accounts.services import organisations
from insights.demo import people
from insights.demo.names import UNUSUAL, adult_name, phone, student_names
from rosters.models import ClassGroup
from rosters.services import classes as rosters_classes
from rosters.services import students as rosters_students
from rosters.services.students import StudentInput

# Two classes of the first school's first teacher, as (grade, class number): the one that needs
# four more class hours, and the one that stands at a door while the demonstration is built.
STAR = (7, 3)
AT_THE_DOOR = (7, 4)
# As many as most rooms hold, so that the class can come whole.
STAR_SIZE = 24


@dataclass(frozen=True)
class Plan:
    """A school to be built: grades with so many classes of about so many students."""

    name: str
    short: str
    english: str
    login: str
    grades: tuple[int, ...]
    classes: int
    size: int
    kind: SchoolKind = SchoolKind.PUBLIC

    @property
    def stages(self) -> list[Stage]:
        return sorted({stage_of(grade) for grade in self.grades}, key=list(Stage).index)


PLANS = (
    Plan("清河中学", "清河中学", "Qinghe Middle School", "qinghe", (7, 8), 5, 26),
    Plan("晴川中学", "晴川中学", "Qingchuan Middle School", "qingchuan", (7, 8), 4, 26),
    Plan("云杉中学", "云杉中学", "Yunshan Middle School", "yunshan", (7, 8), 4, 25),
    Plan("柳园中学", "柳园中学", "Liuyuan Middle School", "liuyuan", (7, 8), 4, 24),
    Plan(
        "松荫中学",
        "松荫中学",
        "Songyin Middle School",
        "songyin",
        (6, 7),
        4,
        24,
        SchoolKind.PRIVATE,
    ),
    # A nine-year school has both stages.
    Plan("芦滩学校", "芦滩学校", "Lutan Nine-Year School", "lutan", (5, 7), 4, 24),
    Plan("北苑小学", "北苑小学", "Beiyuan Primary School", "beiyuan", (5,), 4, 30),
    Plan("书院桥高级中学", "书院桥高中", "Shuyuanqiao High School", "shuyuan", (10,), 4, 32),
)


def stage_of(grade: int) -> Stage:
    return next(stage for stage, (first, last) in STAGE_GRADES.items() if first <= grade <= last)


@dataclass
class School:
    organisation: Organisation
    coordinator: Actor
    teachers: list[Membership] = field(default_factory=list)
    classes: list[ClassGroup] = field(default_factory=list)
    # Who books for a class: its homeroom teacher.
    actors: dict[int, Actor] = field(default_factory=dict)
    star: ClassGroup | None = None
    at_the_door: ClassGroup | None = None


def build(
    *, rng: random.Random, now: datetime, year: int, limit: int, step: Callable[[], None]
) -> list[School]:
    """The schools exist, each class with its homeroom teacher and students, as of the school
    year that begins in September of ``year``."""
    return [
        _school(plan, number, year, rng, now, step) for number, plan in enumerate(PLANS[:limit])
    ]


def _school(
    plan: Plan,
    number: int,
    year: int,
    rng: random.Random,
    now: datetime,
    step: Callable[[], None],
) -> School:
    organisation = organisations.found_organisation(
        by=SYSTEM,
        kind=OrganisationKind.SCHOOL,
        name=plan.name,
        short_name=plan.short,
        name_en=plan.english,
        stages=plan.stages,
        school_kind=plan.kind,
        address=f"普陀区学府路 {number * 20 + 6} 号",
        contact_name="教导处",
        contact_phone=phone(number * 17 + 4000),
        now=now,
    )
    coordinator = people.enrol(
        name=adult_name(rng),
        login=f"{plan.login}.office",
        organisation=organisation,
        role=Role.SCHOOL_COORDINATOR,
        now=now,
    )
    school = School(organisation, people.acting(coordinator))
    if plan.login == "qinghe":
        # The teacher whom one click in the demonstration signs in as.
        school.teachers.append(
            people.enrol(
                name="周敏",
                login="teacher",
                organisation=organisation,
                role=Role.TEACHER,
                now=now,
            )
        )
    for grade in plan.grades:
        for index in range(1, plan.classes + 1):
            _class(school, plan, grade, index, year, rng, now)
            step()
    return school


def _class(
    school: School,
    plan: Plan,
    grade: int,
    index: int,
    year: int,
    rng: random.Random,
    now: datetime,
) -> None:
    stage = stage_of(grade)
    entry_year = year - (grade - STAGE_GRADES[stage][0])
    group = rosters_classes.create_class(
        by=SYSTEM,
        school=school.organisation,
        stage=stage,
        entry_year=entry_year,
        number=index,
        now=now,
    )
    # One teacher leads two classes in the first school, so that she has several to choose from.
    if plan.login == "qinghe" and (grade, index) in (STAR, AT_THE_DOOR):
        teacher = school.teachers[0]
    else:
        teacher = people.enrol(
            name=adult_name(rng),
            login=f"{plan.login}.t{grade}{index}",
            organisation=school.organisation,
            role=Role.TEACHER,
            now=now,
        )
        school.teachers.append(teacher)
    rosters_classes.assign_teacher(
        by=SYSTEM, class_group=group, membership=teacher, is_homeroom=True, now=now
    )
    names = student_names(plan.size + rng.randrange(-2, 4), rng)
    if plan.login == "qinghe" and (grade, index) == STAR:
        names = [*student_names(STAR_SIZE - len(UNUSUAL), rng), *UNUSUAL]
        rng.shuffle(names)
    rosters_students.add_students(
        by=SYSTEM,
        class_group=group,
        students=[
            StudentInput(name, f"{entry_year}{grade:02d}{index:02d}{seat:02d}", seat)
            for seat, name in enumerate(names, start=1)
        ],
        now=now,
    )
    if plan.login == "qinghe" and (grade, index) == STAR:
        school.star = group
    if plan.login == "qinghe" and (grade, index) == AT_THE_DOOR:
        school.at_the_door = group
    school.classes.append(group)
    school.actors[group.pk] = people.acting(teacher)
