"""The school's record of practice, line by line: one for each session that a student has class
hours of, and those that whoever keeps the record would reject."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.actors import Actor
from accounts.choices import OrganisationKind
from attendance.models import Certificate
from bookings import wording
from bookings.models import Companion
from bookings.selectors import standing
from bookings.selectors.standing import Standing
from courses.models import CourseSession
from courses.naming import headline
from hours.models import HourCredit, PracticumRequirement
from hours.selectors import requirements_of
from insights.choices import DEFAULT_COLUMNS, Column, LeftOut
from insights.models import RecordLayout
from rosters.models import ClassGroup, Student
from rosters.workbooks import Cell
from sites import dates
from sites.calendar import at


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of which classes (None: all), of which days, of whom."""

    class_ids: tuple[int, ...] | None = None
    since: date | None = None
    until: date | None = None
    only_done: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A student's class hours of one session on one day. ``left_out`` says why it is not
    exported, if it is not."""

    student: Student
    group: ClassGroup
    day: date
    hours: int
    session: CourseSession | None
    left_out: LeftOut | None


@dataclass(frozen=True, slots=True)
class Records:
    """The lines by class, seat and day; what a column needs beside them."""

    lines: tuple[Line, ...]
    left_out: tuple[Line, ...]
    requirements: dict[int, PracticumRequirement | None]
    standings: dict[int, Standing]
    teachers: dict[tuple[int, int], str]
    certificates: dict[int, str]

    @property
    def students(self) -> int:
        return len({line.student.pk for line in self.lines})


def official_language() -> translation.override:
    """The record is the authority's: whatever language a page is in, the record is in that of
    the authority, its headings and names too."""
    return translation.override(settings.LANGUAGE_CODE)


def layout_of(school_id: int) -> tuple[Column, ...]:
    """The columns that the school has chosen, in their order."""
    layout = RecordLayout.objects.filter(school_id=school_id).first()
    return layout.chosen() if layout is not None else DEFAULT_COLUMNS


def records(
    actor: Actor, class_groups: "QuerySet[ClassGroup]", wanted: Wanted, now: datetime
) -> Records:
    """Seven queries whatever the number of lines; one more where a requirement is for a kind of
    school. ``class_groups`` are the actor's, with their schools. Shows names: the caller logs
    the reading."""
    groups = {group.pk: group for group in class_groups}
    if wanted.class_ids is not None:
        groups = {pk: group for pk, group in groups.items() if pk in wanted.class_ids}
    students = Student.objects.visible_to(actor).current().filter(class_group__in=list(groups))
    by_key = students.in_bulk()
    credits = _credits(students, wanted)
    sessions = {
        session.pk: session
        for session in CourseSession.objects.filter(
            pk__in={credit[1] for credit in credits if credit[1] is not None}
        ).select_related("version", "host", "room__site", "school")
    }
    requirements = requirements_of(groups.values())
    standings = standing.of_students(students, now)
    order = {pk: number for number, pk in enumerate(groups)}
    lines = []
    over: dict[int, list[CourseSession]] = {}
    for student_id, session_id, day, hours in credits:
        student = by_key[student_id]
        session = sessions.get(session_id) if session_id is not None else None
        met = over.setdefault(student_id, [])
        lines.append(
            Line(
                student=student,
                group=groups[student.class_group_id],
                day=day,
                hours=hours,
                session=session,
                left_out=_why(
                    student,
                    session,
                    requirements[student.class_group_id],
                    standings[student_id],
                    day,
                    met,
                    wanted,
                ),
            )
        )
        if session is not None:
            met.append(session)
    lines.sort(
        key=lambda one: (
            order[one.group.pk], one.student.seat_no, one.student.pk, one.day,
            one.session.pk if one.session else 0,
        )
    )  # fmt: skip
    return Records(
        lines=tuple(line for line in lines if line.left_out is None),
        left_out=tuple(line for line in lines if line.left_out is not None),
        requirements=requirements,
        standings=standings,
        teachers=_teachers(groups, sessions),
        certificates=dict(
            Certificate.objects.live()
            .filter(student__in=students)
            .order_by("issued_at", "pk")
            .values_list("student_id", "code")
        ),
    )


def _credits(
    students: "QuerySet[Student]", wanted: Wanted
) -> list[tuple[int, int | None, date, int]]:
    """What stands to each student's credit, session by session: corrections are summed up."""
    days = Q()
    if wanted.since:
        days &= Q(earned_on__gte=wanted.since)
    if wanted.until:
        days &= Q(earned_on__lte=wanted.until)
    return list(
        HourCredit.objects.filter(days, student__in=students)
        .order_by()
        .values("student_id", "session_id", "earned_on")
        .annotate(hours=Sum("class_hours"))
        .filter(hours__gt=0)
        .order_by("student_id", "earned_on", "session_id")
        .values_list("student_id", "session_id", "earned_on", "hours")
    )


def _why(
    student: Student,
    session: CourseSession | None,
    requirement: PracticumRequirement | None,
    stands: Standing,
    day: date,
    met: Iterable[CourseSession],
    wanted: Wanted,
) -> LeftOut | None:
    if not student.student_no:
        return LeftOut.NO_NUMBER
    if session is None:
        return LeftOut.NO_SESSION
    if requirement is not None and not requirement.counts_on(day):
        return LeftOut.OUTSIDE
    if any(one.starts_at < session.ends_at and session.starts_at < one.ends_at for one in met):
        return LeftOut.TWICE
    if wanted.only_done and not stands.is_done:
        return LeftOut.NOT_REACHED
    return None


def _teachers(groups: Iterable[int], sessions: Iterable[int]) -> dict[tuple[int, int], str]:
    """Who came along, by class and session. Those of trips long over are forgotten."""
    found: dict[tuple[int, int], list[str]] = {}
    for group_id, session_id, name in (
        Companion.objects.filter(
            booking__class_group__in=list(groups), booking__session__in=list(sessions)
        )
        .order_by("pk")
        .values_list("booking__class_group_id", "booking__session_id", "name")
    ):
        found.setdefault((group_id, session_id), []).append(name)
    with official_language():
        return {key: wording.names(dict.fromkeys(people)) for key, people in found.items()}


# What is the same for all of a class at a session, and takes long to say thousands of times.
_SHARED = frozenset(
    {
        Column.SCHOOL, Column.CLASS, Column.CATEGORY, Column.REQUIREMENT, Column.BASE, Column.PLACE,
        Column.HOST, Column.HOST_KIND, Column.OCCUPATION, Column.COURSE, Column.STARTS,
        Column.ENDS, Column.TEACHER,
    }
)  # fmt: skip


def table(columns: Sequence[Column], found: Records) -> list[list[Cell]]:
    """All lines to export, as the chosen columns show them."""
    said: dict[tuple[Column, int, int, date], Cell] = {}
    rows = []
    for line in found.lines:
        row: list[Cell] = []
        for column in columns:
            if column not in _SHARED:
                row.append(_cell(line, column, found))
                continue
            key = (column, line.group.pk, line.session.pk if line.session else 0, line.day)
            if key not in said:
                said[key] = _cell(line, column, found)
            row.append(said[key])
        rows.append(row)
    return rows


def cells(line: Line, columns: Sequence[Column], found: Records) -> list[Cell]:
    """The line as the chosen columns show it."""
    return [_cell(line, column, found) for column in columns]


def _cell(line: Line, column: Column, found: Records) -> Cell:
    student, session = line.student, line.session
    match column:
        case Column.NUMBER:
            return student.student_no
        case Column.NAME:
            return student.name
        case Column.SCHOOL:
            return wording.organisation_name(line.group.school)
        case Column.CLASS:
            return wording.class_name(
                line.group, session.starts_at if session else at(line.day, time())
            )
        case Column.SEAT:
            return student.seat_no
        case Column.CATEGORY:
            return pgettext("record", "职业体验")
        case Column.REQUIREMENT:
            requirement = found.requirements[line.group.pk]
            return requirement.name if requirement else ""
        case Column.DAY:
            return line.day.isoformat()
        case Column.HOURS:
            return line.hours
        case Column.TOTAL:
            return found.standings[student.pk].earned
        case Column.REACHED:
            return _("是") if found.standings[student.pk].is_done else _("否")
        case Column.CERTIFICATE:
            return found.certificates.get(student.pk, "")
    return _of_session(line, column, found) if session is not None else ""


def _of_session(line: Line, column: Column, found: Records) -> Cell:
    session = line.session
    assert session is not None
    match column:
        case Column.BASE:
            return session.room.site.name if session.room else wording.where(session)
        case Column.PLACE:
            return wording.where(session)
        case Column.HOST:
            return wording.organisation_name(session.host)
        case Column.HOST_KIND:
            return str(OrganisationKind(session.host.kind).label)
        case Column.OCCUPATION:
            return headline(session.version).occupation
        case Column.COURSE:
            return wording.title(session.version)
        case Column.STARTS:
            return dates.clock(session.starts_at)
        case Column.ENDS:
            return dates.clock(session.ends_at)
    return found.teachers.get((line.group.pk, session.pk), "")
