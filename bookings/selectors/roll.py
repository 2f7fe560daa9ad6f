"""Who came into a class after it was booked, and who left it and still has seats."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from bookings.models import Booking, Place
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A student of a class, and how many of its coming trips are booked without her."""

    student: Student
    trips: int


@dataclass(frozen=True, slots=True)
class Leaver:
    """A student no longer of a class, and how many seats she still has in its coming trips."""

    student: Student
    trips: int


def coming_bookings(class_ids: Collection[int], now: datetime) -> QuerySet[Booking]:
    """The classes' live bookings of sessions that have not begun, the next first."""
    return (
        Booking.objects.live()
        .filter(class_group_id__in=class_ids, session__starts_at__gt=now)
        .order_by("session__starts_at", "pk")
    )


def newcomers(class_ids: Collection[int], now: datetime) -> dict[int, list[Newcomer]]:
    """By class: who joined it after a coming trip was booked and has no seat in that session.
    Three queries whatever their number."""
    bookings = list(
        coming_bookings(class_ids, now).values_list("class_group_id", "session_id", "created_at")
    )
    if not bookings:
        return {}
    first_made = min(created for _group, _session, created in bookings)
    students = list(
        Student.objects.current()
        .filter(class_group_id__in=class_ids, joined_at__gt=first_made)
        .order_by("class_group_id", "seat_no", "pk")
    )
    if not students:
        return {}
    placed = set(
        Place.objects.live()
        .filter(student__in=students, session_id__in=[one[1] for one in bookings])
        .values_list("student_id", "session_id")
    )
    found: dict[int, list[Newcomer]] = defaultdict(list)
    for student in students:
        trips = sum(
            group == student.class_group_id
            and created < student.joined_at
            and (student.pk, session) not in placed
            for group, session, created in bookings
        )
        if trips:
            found[student.class_group_id].append(Newcomer(student, trips))
    return dict(found)


def bookings_without(student: Student, now: datetime) -> list[Booking]:
    """The coming trips of her class that were booked before she joined it and have no seat for
    her, the next first; session and class loaded."""
    return list(
        coming_bookings([student.class_group_id], now)
        .filter(created_at__lt=student.joined_at)
        .exclude(session_id__in=Place.objects.live().filter(student=student).values("session_id"))
        .select_related("session__version", "class_group")
    )


def leavers(class_ids: Collection[int], now: datetime) -> dict[int, list[Leaver]]:
    """By class: who left it, or was put together with another, and still has seats in its
    coming trips. One query whatever their number."""
    found: dict[int, dict[int, Leaver]] = defaultdict(dict)
    for place in (
        Place.objects.live()
        .filter(booking__class_group_id__in=class_ids, starts_at__gt=now, student__isnull=False)
        .filter(
            Q(student__left_at__isnull=False)
            | Q(student__merged_into__isnull=False)
            | ~Q(student__class_group_id=F("booking__class_group_id"))
        )
        .select_related("student", "booking")
        .order_by("booking__class_group_id", "student__seat_no", "student_id")
    ):
        assert place.student is not None
        of_class = found[place.booking.class_group_id]
        known = of_class.get(place.student.pk)
        of_class[place.student.pk] = Leaver(place.student, known.trips + 1 if known else 1)
    return {group: list(rows.values()) for group, rows in found.items()}


def coming_places(student_ids: Collection[int], now: datetime) -> QuerySet[Place]:
    """The students' seats in sessions that have not begun."""
    return Place.objects.live().filter(student_id__in=student_ids, starts_at__gt=now)
