"""Choosing another session for a booking: the old seats stay until the new ones are certain.

The swap makes new bookings under the same reservation and ends the old ones, in one transaction
(docs/decisions/0012-a-swap-makes-new-bookings.md says why rows are not moved).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError

from accounts.actors import Actor
from accounts.services import audit
from bookings import wording
from bookings.choices import CancelledSide, HoldPurpose
from bookings.errors.requests import HoldGone, SameSession, TooManyChangesAtOnce
from bookings.errors.reserving import AlreadyBooked
from bookings.models import Booking, Companion, Place, SeatHold
from bookings.services import (
    changes,
    class_seats,
    freeze,
    holds,
    parts,
    plain_words,
    reservations,
    telling_moves,
    together,
    writing,
)
from bookings.services import consents as consent_rules
from bookings.services import students as student_rules
from bookings.services.companions import CompanionInput
from bookings.services.parts import Asked, Part
from bookings.services.retries import in_one_transaction
from bookings.services.sessions_seen import Seen
from courses.choices import ReasonCode, SeasonAction
from courses.errors import StaleSession
from courses.models import CourseSession
from courses.services import seats


def check_can_swap(actor: Actor, booking: Booking, now: datetime) -> None:
    """As ``changes.check_can_act``: until the old session begins, while the season is open for
    swaps."""
    changes.check_can_act(actor, booking, now, SeasonAction.SWAP)


def keep_seats(
    *,
    by: Actor,
    booking: Booking,
    now: datetime,
    session_ids: Collection[int] = (),
    session_set_id: int | None = None,
) -> list[SeatHold]:
    """Seats of the other session, or of every day of the set, are kept for the booking, which
    stays as it is; seats kept elsewhere for it are let go. Asking again for the same ones
    returns them with their time unchanged.

    Refused: SameSession, and as ``reserve`` refuses for the same students.
    """
    check_can_swap(by, booking, now)
    asked = _look_up(by, booking, session_ids, session_set_id, now)
    old = together.of(booking)
    _check_can_have(asked, old, now)

    def write() -> list[SeatHold]:
        ours = [
            *asked.sessions,
            # All days of a set: one locked later would be out of turn.
            *[one.session for one in old],
            *[one.session for one in standing(booking, now)],
        ]
        _lock_sessions(ours)
        rows = together.locked(booking)
        for row in rows:
            together.check_open(row, now)
        before = list(standing(booking, now))
        if not {one.session_id for one in before} <= {session.pk for session in ours}:
            # Seats elsewhere were kept for the booking since we looked.
            raise TooManyChangesAtOnce
        if {one.session_id for one in before} == {one.pk for one in asked.sessions}:
            return before
        holds.let_go(before, now=now)
        current = next(row for row in rows if row.pk == booking.pk)
        made = holds.keep(booking=current, sessions=asked.sessions, adults=asked.adults, now=now)
        audit.record(
            by=by,
            verb="booking.swap_started",
            now=now,
            target=booking,
            sessions=[session.pk for session in asked.sessions],
            seats=current.seats,
        )
        return made

    return in_one_transaction(write)


def standing(booking: Booking, now: datetime):  # type: ignore[no-untyped-def]
    """The seats kept for a swap of the booking whose time is not up."""
    return (
        SeatHold.objects.standing()
        .filter(booking=booking, held_for=HoldPurpose.SWAP, expires_at__gt=now)
        .select_related("session__season", "session__version", "session__school")
        .order_by("session_id")
    )


def give_up(*, by: Actor, booking: Booking, now: datetime) -> None:
    """The kept seats are free, the booking stays as it is. Repeating it does nothing."""
    changes.check_can_act(by, booking, now)

    def write() -> None:
        kept = list(standing(booking, now))
        _lock_sessions([one.session for one in kept])
        holds.let_go(kept, now=now)
        if kept:
            audit.record(by=by, verb="booking.swap_given_up", now=now, target=booking)

    in_one_transaction(write)


def confirm(
    *, by: Actor, booking: Booking, reason: str, now: datetime, seen: Sequence[Seen] = ()
) -> list[Booking]:
    """The kept seats are the booking's class's, the old ones are free; see ``swap``.

    Refused: HoldGone, with everything as it was; SessionMoved where the other session is not as
    it was ``seen``; and as ``swap``.
    """
    check_can_swap(by, booking, now)
    kept = list(standing(booking, now))
    if not kept:
        raise HoldGone
    return swap(
        by=by,
        booking=booking,
        session_ids=[one.session_id for one in kept],
        reason=reason,
        now=now,
        kept=kept,
        seen=seen,
    )


def swap(
    *,
    by: Actor,
    booking: Booking,
    reason: str,
    now: datetime,
    session_ids: Collection[int] = (),
    session_set_id: int | None = None,
    kept: Sequence[SeatHold] = (),
    seen: Sequence[Seen] = (),
) -> list[Booking]:
    """The same students, seats and companions are booked in the other session under the same
    reservation, and the old booking is over, with the reason; of a set all days. Late where the
    old list was settled. Both sides are told; calendars drop the old entry and get the new one.

    Anything refused leaves the old booking untouched: SameSession, HoldGone, BookingOver,
    SessionStarted, TextNamesStudent, and as ``reserve`` refuses.
    """
    reason = changes.words_for(ReasonCode.CHANGE_OF_PLAN, reason)
    check_can_swap(by, booking, now)
    asked = _look_up(by, booking, session_ids, session_set_id, now, seen)
    old = together.of(booking)
    _check_can_have(asked, old, now, is_kept=bool(kept))
    plain_words.check_names_nobody(reason, by=by, now=now, classes=[booking.class_group_id])

    def write() -> list[Booking]:
        student_rules.lock_classes([booking.class_group])
        locked = student_rules.lock(_to_lock(asked))
        _lock_sessions([*asked.sessions, *[one.session for one in old]])
        rows = together.locked(booking)
        for row in rows:
            together.check_open(row, now)
        current = next(row for row in rows if row.pk == booking.pk)
        if _named(current) != {student.pk for student in asked.students} or (
            current.seats != asked.seats
        ):
            # The list was changed since we looked.
            raise TooManyChangesAtOnce
        student_rules.check_in_class(locked, asked.students, asked.class_group, now)
        held = _take_over(kept, now)
        for row in rows:
            row.is_late = freeze.is_settled(row.session, now)
            seats.release_seats(session_id=row.session_id, seats=row.seats, adults=row.adults)
        changes.end_bookings(
            rows,
            side=CancelledSide.SCHOOL,
            code=ReasonCode.CHANGE_OF_PLAN,
            reason=reason,
            now=now,
        )
        _check_free(asked, ())
        for session in asked.sessions:
            hold = held.get(session.pk)
            try:
                seats.turn_held(
                    session_id=session.pk,
                    seats=asked.seats,
                    adults=asked.adults[session.pk],
                    held=hold.seats if hold else 0,
                    held_adults=hold.adults if hold else 0,
                    sequence=session.sequence,
                )
            except StaleSession as refusal:
                # Its host has moved it since we looked.
                raise TooManyChangesAtOnce from refusal
        made = writing.write_bookings(booking.reservation, [asked], now=now)
        audit.record(
            by=by,
            verb="booking.swapped",
            now=now,
            target=booking,
            bookings=[row.pk for row in rows],
            new_bookings=[one.pk for one in made],
            sessions=[one.session_id for one in made],
            seats=asked.seats,
        )
        telling_moves.swapped([row.pk for row in rows], [one.pk for one in made], by=by, now=now)
        return made

    try:
        return in_one_transaction(write)
    except IntegrityError as error:
        if together.constraint_of(error) not in (
            "booking_live_once_per_class",
            "place_student_one_at_a_time",
        ):
            raise
        _check_free(asked, old)
        raise TooManyChangesAtOnce from error


def _look_up(
    by: Actor,
    booking: Booking,
    session_ids: Collection[int],
    session_set_id: int | None,
    now: datetime,
    seen: Sequence[Seen] = (),
) -> Asked:
    """The other sessions, with the booking's students as they are now."""
    current = Booking.objects.get(pk=booking.pk)
    named = _named(current)
    (asked,) = parts.look_up(
        by,
        [
            Part(
                class_group=booking.class_group,
                session_ids=session_ids,
                session_set_id=session_set_id,
                student_ids=named,
                seats=current.seats,
                seen=seen,
                companions=[
                    CompanionInput(name=one.name, phone=one.phone)
                    for one in Companion.objects.filter(booking=current).order_by("pk")
                ],
            )
        ],
        now,
    )
    # As many adults as came before, or as the other course asks for.
    adults = {pk: max(number, current.adults) for pk, number in asked.adults.items()}
    return replace(asked, adults=adults)


def _check_can_have(
    asked: Asked, old: Sequence[Booking], now: datetime, *, is_kept: bool = False
) -> None:
    """A kind answer without a lock."""
    if {one.session_id for one in old} & {session.pk for session in asked.sessions}:
        raise SameSession
    for session in asked.sessions:
        reservations.check_session_suits(session, asked.class_group, now, SeasonAction.SWAP)
        if asked.unnamed:
            freeze.check_names_may_follow(session, now)
        if not is_kept:
            seats.check_room_for(session, seats=asked.seats, adults=asked.adults[session.pk])
    _check_free(asked, old)
    consent_rules.check_signed(asked.students, asked.sessions, asked.class_group)


def _check_free(asked: Asked, old: Collection[Booking]) -> None:
    """Refused where class or students are taken by something else than the old bookings."""
    leaving = {one.pk for one in old}
    others = [one for one in class_seats.overlapping([asked]) if one.pk not in leaving]
    for other in others:
        if any(other.session_id == session.pk for session in asked.sessions):
            raise AlreadyBooked(
                class_group=wording.class_name(asked.class_group, other.session.starts_at),
                reference=other.reservation.reference,
            )
    class_seats.check_fit([asked], others)
    student_rules.check_all_free([(asked.students, asked.sessions, asked.class_group)], besides=old)


def _to_lock(asked: Asked) -> set[int]:
    keys = {student.pk for student in asked.students}
    return keys | student_rules.keys_of_classes([asked.class_group]) if asked.unnamed else keys


def _lock_sessions(sessions: Collection[CourseSession]) -> None:
    """Old and new sessions' rows are ours, in the order of their keys."""
    list(
        CourseSession.objects.select_for_update(no_key=True)
        .filter(pk__in={session.pk for session in sessions})
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _take_over(kept: Sequence[SeatHold], now: datetime) -> dict[int, SeatHold]:
    """The hold of each session, used up. Refused: HoldGone."""
    for hold in kept:
        used = (
            SeatHold.objects.standing().filter(pk=hold.pk, expires_at__gt=now).update(ended_at=now)
        )
        if not used:
            raise HoldGone
    return {hold.session_id: hold for hold in kept}


def _named(booking: Booking) -> set[int]:
    return {
        pk
        for pk in Place.objects.live().filter(booking=booking).values_list("student_id", flat=True)
        if pk is not None
    }
