"""The adults who come along with a class: how many there have to be, and who they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bookings.errors.reserving import CompanionNameMissing, TooFewCompanions
from bookings.models import Booking, Companion
from courses.models import CourseVersion


@dataclass(frozen=True, slots=True)
class CompanionInput:
    name: str
    phone: str = ""


def needed_for(version: CourseVersion, students: int) -> int:
    """How many adults the course asks for with so many students: its minimum, and one for
    each so many."""
    return max(version.min_adults, -(-students // version.students_per_adult))


def tidy(given: Sequence[CompanionInput]) -> list[CompanionInput]:
    """Without blanks around, and without rows left wholly empty. Refused: a phone number
    without a name."""
    trimmed = [CompanionInput(one.name.strip(), one.phone.strip()) for one in given]
    named = [one for one in trimmed if one.name or one.phone]
    if any(not one.name for one in named):
        raise CompanionNameMissing
    return named


def number(
    version: CourseVersion, *, students: int, given: int | None, named: Sequence[CompanionInput]
) -> int:
    """How many adults come: as many as said, or as the course needs; never fewer than named.

    Refused: fewer than the course needs (TooFewCompanions).
    """
    needed = needed_for(version, students)
    coming = max(needed if given is None else given, len(named))
    if coming < needed:
        raise TooFewCompanions(students=students, needed=needed, given=coming)
    return coming


def name(bookings: Iterable[Booking], given: Sequence[CompanionInput]) -> list[Companion]:
    """Unsaved companions of new bookings, in this order."""
    return [
        Companion(booking=booking, name=one.name, phone=one.phone)
        for booking in bookings
        for one in given
    ]


def put(booking: Booking, given: Sequence[CompanionInput]) -> None:
    """The booking's companions are these, in this order."""
    booking.companions.all().delete()
    Companion.objects.bulk_create(name([booking], given))
