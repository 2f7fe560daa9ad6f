"""What closing a door will do, in numbers: who earns what, and who is still inside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from attendance.choices import Earns, least
from attendance.models import Device
from attendance.selectors import conflicts, desk
from attendance.selectors.missed import by_hand
from attendance.selectors.rule_sets import rules_of
from attendance.selectors.states import heads
from bookings import wording
from courses.models import CourseSession
from hours import period_locks
from hours.services import ledger
from rosters.models import ClassGroup
from sites.calendar import local_day

# A device whose page is open and that has a network calls three times a minute.
SILENT_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Inside:
    """The students of one class who came in and of whom nobody saw that they left."""

    class_label: str
    seats: str


@dataclass(frozen=True, slots=True)
class Earning:
    """How many students have how many class hours of it, the most first; the others who came, the
    ``unpaid``, have none."""

    hours: tuple[tuple[int, int], ...]
    unpaid: int


@dataclass(frozen=True, slots=True)
class Closing:
    """``earning`` is of everybody inside leaving now; ``counted`` of a closing with the number
    that the keeper counted, where nobody is said to have left now. Of those ``held_back`` the
    hours stay as they are although they should change, for their school has locked the period.
    ``undecided`` events of devices wait for somebody. ``leaving_earns`` is what whoever leaves now
    earns at most, where that is leaving early. ``silent`` devices hold the session's list and do
    not call: what they kept is not known here.
    """

    counts: desk.Counts
    earning: Earning
    counted: Earning
    held_back: int
    inside: tuple[Inside, ...]
    heads_in: int
    heads_out: int
    undecided: int
    leaving_earns: Earns | None
    silent: tuple[Device, ...]


def closing_of(session: CourseSession, now: datetime) -> Closing:
    """Numbers alone, so that a forgotten door can be closed after names are no longer shown.
    Six queries, however many students; three more where a school has locked the period."""
    seats = desk.everybody_without_names(session)
    there = [seat for seat in seats if seat.attendance.was_there]
    held_back = _held_back(session, seats)
    leaving = rules_of(session).earned_early(session.ends_at - now)
    paid = [seat for seat in there if seat.student_id not in held_back]
    inside = [seat for seat in there if seat.attendance.is_inside]
    counted = heads(seat.attendance for seat in seats)
    return Closing(
        counts=desk.counts(seats),
        earning=_earning(paid, session, leaving),
        counted=_earning(paid, session, None),
        held_back=len(held_back),
        inside=_by_class(inside, session),
        heads_in=counted.came,
        heads_out=counted.left,
        undecided=conflicts.to_decide(session),
        leaving_earns=leaving,
        silent=tuple(
            Device.objects.filter(
                packs__session=session, revoked_at=None, last_seen_at__lt=now - SILENT_AFTER
            )
            .distinct()
            .order_by("last_seen_at", "pk")
        ),
    )


def _earning(
    seats: Iterable[desk.NamelessSeat], session: CourseSession, leaving: Earns | None
) -> Earning:
    hours = [_earns(seat, leaving).of(session.class_hours) for seat in seats]
    amounts = sorted({*hours} - {0}, reverse=True)
    return Earning(tuple((one, hours.count(one)) for one in amounts), hours.count(0))


def _earns(seat: desk.NamelessSeat, leaving: Earns | None) -> Earns:
    """What the student has where whoever is inside leaves now."""
    earns = seat.attendance.earns
    return least(earns, leaving) if leaving is not None and seat.attendance.is_inside else earns


def _held_back(session: CourseSession, seats: Collection[desk.NamelessSeat]) -> set[int]:
    """The students, by key, whose hours closing would change if their school had not locked
    them."""
    locked = period_locks.locked_among(
        [seat.student_id for seat in seats], local_day(session.starts_at)
    )
    if not locked:
        return set()
    earned = {seat.student_id: seat.attendance.earns.of(session.class_hours) for seat in seats}
    kept = {pk for _session, pk in by_hand([session.pk])}
    return ledger.would_change(session=session, hours=earned, kept=kept) & locked.keys()


def _by_class(seats: Iterable[desk.NamelessSeat], session: CourseSession) -> tuple[Inside, ...]:
    numbers: dict[int, list[int]] = {}
    for seat in seats:
        numbers.setdefault(seat.class_group_id, []).append(seat.seat_no)
    groups = ClassGroup.objects.in_bulk(list(numbers))
    return tuple(
        Inside(wording.class_name(groups[pk], session.starts_at), wording.names(map(str, own)))
        for pk, own in numbers.items()
    )
