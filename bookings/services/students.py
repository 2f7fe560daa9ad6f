"""The students of a booking: which they are, that they are free, and their locks."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Q

from bookings import wording
from bookings.errors import NoStudents, NotInClass, StudentBusy
from bookings.models import Booking, Place
from courses.models import CourseSession
from rosters.models import ClassGroup, Student


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


def lock(students: Collection[Student]) -> list[Student]:
    """The students' rows as they are now, ours until the transaction ends.

    First in the lock order: two bookings that share a student meet here, in the order of the
    keys, and not in the exclusion constraint, where they would deadlock.
    """
    return list(
        Student.objects.select_for_update(no_key=True)
        .filter(pk__in=[student.pk for student in students])
        .order_by("pk")
    )


def check_in_class(
    locked: Sequence[Student],
    asked: Sequence[Student],
    class_group: ClassGroup,
    now: datetime,
) -> None:
    """Whether nobody left the class between the look and the lock."""
    if len(locked) != len(asked) or any(
        student.class_group_id != class_group.pk
        or student.left_at is not None
        or student.merged_into_id is not None
        for student in locked
    ):
        raise NotInClass(class_group=wording.class_name(class_group, now))


def check_free(
    students: Collection[Student],
    sessions: Collection[CourseSession],
    class_group: ClassGroup,
    *,
    besides: Booking | None = None,
) -> None:
    """Refused: a student who has a place elsewhere at the time of a session (StudentBusy,
    naming class, seat numbers, what and when). Places of the booking ``besides`` do not count."""
    overlaps = Q()
    for session in sessions:
        overlaps |= Q(starts_at__lt=session.ends_at, ends_at__gt=session.starts_at)
    places = (
        Place.objects.live()
        .filter(overlaps, student__in=[student.pk for student in students])
        .select_related("session__version", "student")
        .order_by("starts_at", "session_id", "student__seat_no")
    )
    if besides is not None:
        places = places.exclude(booking=besides)
    clashing = list(places)
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
