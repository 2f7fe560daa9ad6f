"""Free texts about a class or a session name nobody of it; see ``rosters.services.plain_words``."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from accounts.actors import Actor
from bookings.models import Place
from bookings.selectors.names import names_window
from courses.models import CourseSession
from rosters.models import Student
from rosters.services import plain_words
from sites.calendar import local_day


def check_names_nobody(
    text: str,
    *,
    by: Actor,
    now: datetime,
    students: Collection[int] = (),
    classes: Collection[int] = (),
    sessions: Collection[CourseSession] = (),
) -> None:
    """The text names none of these students, nobody of these classes, nobody booked in these
    sessions. Refused: TextNamesStudent.

    A host is not asked about sessions whose names it has not met yet: the refusal would tell it
    who comes. Ask last, when nothing else is refused any more.
    """
    if by.is_host:
        sessions = [one for one in sessions if names_window(one)[0] <= local_day(now)]
    if not text.strip() or not (students or classes or sessions):
        return
    plain_words.check_names_nobody(
        text,
        Student.objects.filter(
            Q(pk__in=students)
            | Q(class_group__in=classes)
            | Q(pk__in=Place.objects.filter(session__in=sessions).values("student_id")),
            erased_at=None,
        ).values_list("name", flat=True),
    )
