"""What a room's screen shows, and what is odd about how its code was used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from attendance.choices import OddUse
from attendance.models import RoomCode, RoomScan
from attendance.selectors.desk import NamelessSeat, counts, seats_without_names
from bookings import wording
from courses.models import CourseSession
from rosters.models import ClassGroup, Student

# From the code on the screen to the confirmation: whoever stands before it needs no longer.
AT_ONCE = timedelta(seconds=90)
# A phone is lent to a neighbour; to more it is worth a look.
BY_ONE_BROWSER = 2


def shown_code(session: CourseSession, now: datetime) -> RoomCode | None:
    """The session's code, where it is up."""
    return RoomCode.objects.shown(now).filter(session=session).first()


@dataclass(frozen=True, slots=True)
class ScreenGroup:
    """One class on the screen: seat numbers, no names."""

    label: str
    seats: tuple[NamelessSeat, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    arrived: int
    of: int
    groups: tuple[ScreenGroup, ...]


def screen(session: CourseSession) -> Screen:
    """Who is there by class and seat, in three queries whatever their number."""
    seats = seats_without_names(session)
    by_class: dict[int, list[NamelessSeat]] = defaultdict(list)
    for seat in seats:
        by_class[seat.class_group_id].append(seat)
    classes = ClassGroup.objects.in_bulk(by_class)
    return Screen(
        arrived=counts(seats).arrived,
        of=len(seats),
        groups=tuple(
            ScreenGroup(wording.class_name(classes[pk], session.starts_at), tuple(own))
            for pk, own in by_class.items()
        ),
    )


@dataclass(frozen=True, slots=True)
class Odd:
    """A pattern for a person to look at, and the seats of whom it concerns."""

    kind: OddUse
    seats: tuple[str, ...]

    @property
    def named(self) -> str:
        """七(3)班 4 号、七(3)班 5 号"""
        return wording.names(self.seats)


@dataclass(frozen=True, slots=True)
class AtDesk:
    """What a session's desk says of the room's code."""

    is_up: bool = False
    odd_uses: tuple[Odd, ...] = ()


def at_desk(session: CourseSession, now: datetime) -> AtDesk:
    """One query where no code was ever put up, three where one was."""
    if not session.room_codes.exists():
        return AtDesk()
    return AtDesk(shown_code(session, now) is not None, tuple(odd_uses(session)))


def odd_uses(session: CourseSession) -> list[Odd]:
    """Check-ins by the room's code that a person may want to look at: more than two students on
    one browser, and codes used long after they left the screen. One query; punishes nobody."""
    scans = list(
        RoomScan.objects.filter(check_in__session=session, check_in__voided_by=None)
        .select_related("check_in__student__class_group")
        .order_by("check_in__recorded_at", "pk")
    )
    # By the number that the browser keeps, and by one opening of the page where it keeps none.
    together: dict[object, list[RoomScan]] = defaultdict(list)
    for scan in scans:
        together[scan.browser].append(scan)
        together[scan.room_code_id, scan.opened_at].append(scan)
    found = [
        Odd(OddUse.ONE_BROWSER, seats)
        for seats in dict.fromkeys(_seats(own, session) for own in together.values())
        if len(seats) > BY_ONE_BROWSER
    ]
    late = [scan for scan in scans if scan.check_in.recorded_at - scan.opened_at > AT_ONCE]
    if late:
        found.append(Odd(OddUse.LATE_USE, _seats(late, session)))
    return found


def _seats(scans: Sequence[RoomScan], session: CourseSession) -> tuple[str, ...]:
    """七(3)班 4 号, each student once."""
    return tuple(dict.fromkeys(_seat(scan.check_in.student, session) for scan in scans))


def _seat(student: Student, session: CourseSession) -> str:
    return _("%(class_group)s %(seat)s 号") % {
        "class_group": wording.class_name(student.class_group, session.starts_at),
        "seat": student.seat_no,
    }
