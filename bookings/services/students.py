"""The students of a booking: which they are, that they are free, and their locks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.prepared import Prepared, asked
from bookings import wording
from bookings.errors.reserving import NoStudents, NotInClass, StudentBusy
from bookings.models import Booking, Place
from courses.models import CourseSession
from rosters.models import ClassGroup, Student


def _those_asked() -> QuerySet[Student]:
    named = "rosters_student.id = ANY(%s) OR rosters_student.class_group_id = ANY(%s)"
    return Student.objects.current().filter(asked(named)).order_by("pk")


LOCK_CLASSES = """
SELECT FROM rosters_classgroup WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
STUDENTS = Prepared(_those_asked)
# A booking is of keys and seat numbers; names are not read for it.
LOCKED_STUDENTS = Prepared(
    lambda: _those_asked().only("class_group_id", "seat_no").select_for_update(no_key=True)
)


def of_class(
    class_group: ClassGroup, student_ids: Collection[int] | None, now: datetime
) -> list[Student]:
    """The students named, or all of the class, by key. Refused: nobody, or somebody who is
    not in the class now (NotInClass, which says nothing of where they are)."""
    students = Student.objects.current().filter(class_group=class_group).order_by("pk")
    if student_ids is not None:
        students = students.filter(pk__in=student_ids)
        if len(students) != len(set(student_ids)):
            raise NotInClass(class_group=wording.class_name(class_group, now))
    if not students:
        raise NoStudents
    return list(students)


def of_parts(
    named: Sequence[tuple[ClassGroup, Collection[int] | None]],
    *,
    whole: Collection[ClassGroup],
    now: datetime,
    is_locking: bool,
) -> list[list[Student]]:
    """For each class the students named in it, or all of it, by key; one query for all of them.

    With ``is_locking`` their rows are ours until the transaction ends, and those of the classes
    ``whole``: first in the lock order, by key, see ``lock``. Refused: somebody who is not in the
    class now (NotInClass, which says nothing of where they are).
    """
    keys = {pk for _class_group, ids in named for pk in ids or ()}
    classes = {one.pk for one in whole} | {one.pk for one, ids in named if ids is None}
    if not keys and not classes:
        return [[] for _one in named]
    rows = LOCKED_STUDENTS if is_locking else STUDENTS
    by_class: dict[int, list[Student]] = {}
    for student in rows(list(keys), list(classes)):
        by_class.setdefault(student.class_group_id, []).append(student)
    return [_of(by_class.get(group.pk, []), group, ids, now) for group, ids in named]


def _of(
    students: list[Student], class_group: ClassGroup, ids: Collection[int] | None, now: datetime
) -> list[Student]:
    if ids is None:
        return students
    keys = set(ids)
    found = [student for student in students if student.pk in keys]
    if len(found) != len(keys):
        raise NotInClass(class_group=wording.class_name(class_group, now))
    return found


def lock_classes(class_groups: Collection[ClassGroup]) -> None:
    """The classes' rows are ours until the transaction ends: before their students', by key.

    Who books a class meets here whoever else does, though their students be others, and not in
    the unique constraint on session and class, where one of them would hold the session's row.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_CLASSES, [[one.pk for one in class_groups]])


def keys_of_classes(class_groups: Collection[ClassGroup]) -> set[int]:
    """The keys of all who are in the classes now."""
    return set(
        Student.objects.current().filter(class_group__in=class_groups).values_list("pk", flat=True)
    )


def lock(student_ids: Collection[int]) -> dict[int, Student]:
    """The students' rows as they are now, by key, ours until the transaction ends.

    First in the lock order but for the classes: two bookings that share a student meet here, in
    the order of the keys, and not in the exclusion constraint, where they would deadlock.
    """
    rows = Student.objects.select_for_update(no_key=True).filter(pk__in=student_ids)
    return {student.pk: student for student in rows.order_by("pk")}


def check_in_class(
    locked: Mapping[int, Student],
    asked: Sequence[Student],
    class_group: ClassGroup,
    now: datetime,
) -> None:
    """Whether nobody left the class between the look and the lock."""
    rows = [locked.get(student.pk) for student in asked]
    if any(
        student is None
        or student.class_group_id != class_group.pk
        or student.left_at is not None
        or student.merged_into_id is not None
        for student in rows
    ):
        raise NotInClass(class_group=wording.class_name(class_group, now))


def check_free(
    students: Collection[Student],
    sessions: Collection[CourseSession],
    class_group: ClassGroup,
    *,
    besides: Booking | Collection[Booking] = (),
) -> None:
    """Refused: a student who has a place elsewhere at the time of a session (StudentBusy,
    naming class, seat numbers, what and when). Places of the bookings ``besides`` do not count."""
    check_all_free([(students, sessions, class_group)], besides=besides)


def check_all_free(
    wanted: Sequence[tuple[Collection[Student], Collection[CourseSession], ClassGroup]],
    *,
    besides: Booking | Collection[Booking] = (),
) -> None:
    """As ``check_free`` for several groups of students, each with sessions of its own; one
    query."""
    if not any(students for students, _sessions, _class_group in wanted):
        return
    times = Q()
    for session in {session for _students, sessions, _group in wanted for session in sessions}:
        times |= Q(starts_at__lt=session.ends_at, ends_at__gt=session.starts_at)
    places = (
        Place.objects.live()
        .filter(
            times,
            student__in={
                student.pk for students, _sessions, _group in wanted for student in students
            },
        )
        .select_related("session__version", "student")
        .order_by("starts_at", "session_id", "student__seat_no")
    )
    if besides:
        places = places.exclude(booking__in=[besides] if isinstance(besides, Booking) else besides)
    for students, sessions, class_group in wanted:
        keys = {student.pk for student in students}
        _refuse_clashing(
            [
                place
                for place in places
                if place.student_id in keys
                and any(
                    place.starts_at < session.ends_at and place.ends_at > session.starts_at
                    for session in sessions
                )
            ],
            class_group,
        )


def _refuse_clashing(clashing: Sequence[Place], class_group: ClassGroup) -> None:
    if not clashing:
        return
    elsewhere = clashing[0].session
    raise StudentBusy(
        class_group=wording.class_name(class_group, elsewhere.starts_at),
        seats=wording.seats(
            place.student.seat_no
            for place in clashing
            if place.session_id == elsewhere.pk and place.student is not None
        ),
        when=wording.when(elsewhere),
        elsewhere=wording.title(elsewhere.version),
    )
