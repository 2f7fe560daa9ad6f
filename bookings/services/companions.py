"""The adults who come along with a class, and how many there have to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.errors import CompanionNameMissing, TooFewCompanions
from bookings.models import Booking, Companion

# Somebody responsible is named, always.
AT_LEAST = 1
# Advice, not a rule: two for a class, and one for each twenty students.
ADVISED = 2
STUDENTS_PER_COMPANION = 20


@dataclass(frozen=True, slots=True)
class CompanionInput:
    name: str
    phone: str = ""


def advised_for(students: int) -> int:
    """How many adults a group of this size should bring."""
    return max(ADVISED, -(-students // STUDENTS_PER_COMPANION))


def tidy(given: Sequence[CompanionInput]) -> list[CompanionInput]:
    """Without blanks around, and without rows left wholly empty."""
    trimmed = [CompanionInput(one.name.strip(), one.phone.strip()) for one in given]
    return [one for one in trimmed if one.name or one.phone]


def check(given: Sequence[CompanionInput], *, students: int) -> None:
    """Refused: a phone number without a name, nobody named."""
    if any(not one.name for one in given):
        raise CompanionNameMissing
    if len(given) < AT_LEAST:
        raise TooFewCompanions(students=students, needed=AT_LEAST, given=len(given))


def put(booking: Booking, given: Sequence[CompanionInput]) -> None:
    """The booking's companions are these, in this order."""
    booking.companions.all().delete()
    Companion.objects.bulk_create(
        Companion(booking=booking, name=one.name, phone=one.phone) for one in given
    )
