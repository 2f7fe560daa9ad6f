"""What a plan books for a class, and what is taken back of it. The alliance's secretariat acts for
any school, a school's coordinator for her own; the rules are those of ``reservations``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours, Refusal
from accounts.services import audit
from bookings import wording
from bookings.choices import CancelledSide
from bookings.errors.requests import ChangedSincePlanned, TooManyChangesAtOnce
from bookings.errors.reserving import ClassArchived
from bookings.models import Booking, Companion, Place, Reservation
from bookings.services import changes, freeze, reservations, together
from bookings.services import companions as companion_rules
from bookings.services.companions import CompanionInput
from bookings.services.parts import Part
from bookings.services.retries import in_one_transaction
from courses.choices import ReasonCode, SeasonAction
from courses.models import CourseSession
from courses.services import seats
from rosters.models import ClassGroup, ClassTeacher, Student


def check_can_act_for(actor: Actor, class_group: ClassGroup) -> None:
    """The secretariat for every class, a coordinator for her school's."""
    if actor.is_secretariat:
        return
    if not actor.is_coordinator:
        raise NotAllowed
    if class_group.school_id != actor.organisation_id:
        raise NotYours


def action_of(actor: Actor) -> SeasonAction:
    """What the season has to be open for: a school books by a plan while it may book at all, the
    alliance also before, and to make good what was lost after."""
    return SeasonAction.ALLOT if actor.is_secretariat else SeasonAction.BOOK


def reserve_planned(
    *,
    by: Actor,
    class_group: ClassGroup,
    wanted: Mapping[int, Collection[int]],
    idempotency_key: str,
    now: datetime,
) -> Reservation:
    """The class has what is planned for it, whole, under one reference; or nothing. ``wanted``:
    the keys of its students by that of the session.

    As ``reservations.reserve``, but who comes along are the class's own teachers as far as they
    are needed and free, and who is missing is named by the school until the freeze; whom the host
    calls is the school's office; and nobody is told, since whoever publishes the plan tells of all
    its classes at once (``telling_plans``). Repeating it under its key returns the first
    reservation.

    Refused as ``reservations.reserve`` is; ClassArchived; OutsideSeason for the secretariat where
    the season is not open for the alliance's plan.
    """
    check_can_act_for(by, class_group)
    if class_group.archived_at is not None:
        raise ClassArchived(class_group=wording.class_name(class_group, now))
    made = _made_before(by, idempotency_key)
    if made is not None:
        return made
    school = class_group.school
    return reservations.make(
        by=by,
        parts=_parts(class_group, wanted),
        contact_name=school.contact_name or by.name,
        contact_phone=school.contact_phone,
        note="",
        idempotency_key=idempotency_key,
        now=now,
        action=action_of(by),
        is_told_later=True,
    )


def _made_before(by: Actor, key: str) -> Reservation | None:
    return Reservation.objects.filter(made_by_id=by.membership_id, idempotency_key=key).first()


def _parts(class_group: ClassGroup, wanted: Mapping[int, Collection[int]]) -> list[Part]:
    """A part for each session, one for the days of a set; the earliest has the first choice of the
    teachers. Three queries."""
    sessions = list(
        CourseSession.objects.filter(pk__in=wanted)
        .select_related("version")
        .order_by("starts_at", "pk")
    )
    if len(sessions) != len(wanted):
        raise NotYours
    groups: dict[tuple[str, int, frozenset[int]], list[CourseSession]] = {}
    for session in sessions:
        which = (
            ("session", session.pk)
            if session.session_set_id is None
            else ("set", session.session_set_id)
        )
        groups.setdefault((*which, frozenset(wanted[session.pk])), []).append(session)
    teachers = _teachers(class_group)
    busy = _companions_elsewhere(class_group, sessions) if teachers else []
    parts = []
    for (_kind, _key, student_ids), days in groups.items():
        needed = max(companion_rules.needed_for(day.version, len(student_ids)) for day in days)
        free = [one for one in teachers if not _is_busy(one.name, days, busy)][:needed]
        busy += [(one.name, day.starts_at, day.ends_at) for one in free for day in days]
        parts.append(
            Part(
                class_group=class_group,
                session_ids=[day.pk for day in days],
                student_ids=student_ids,
                companions=free,
            )
        )
    return parts


def _teachers(class_group: ClassGroup) -> list[CompanionInput]:
    """The class's teachers who are there, the homeroom teacher first."""
    return [
        CompanionInput(one.membership.user.name, one.membership.user.phone)
        for one in ClassTeacher.objects.live()
        .filter(class_group=class_group)
        .select_related("membership__user")
        .order_by("-is_homeroom", "membership_id")
    ]


def _companions_elsewhere(
    class_group: ClassGroup, sessions: Sequence[CourseSession]
) -> list[tuple[str, datetime, datetime]]:
    """Who of the school comes along elsewhere between the first of the sessions and the last."""
    return list(
        Companion.objects.filter(
            booking__in=Booking.objects.live().filter(school=class_group.school_id),
            booking__session__starts_at__lt=max(one.ends_at for one in sessions),
            booking__session__ends_at__gt=min(one.starts_at for one in sessions),
        ).values_list("name", "booking__session__starts_at", "booking__session__ends_at")
    )


def _is_busy(
    name: str, days: Sequence[CourseSession], busy: Sequence[tuple[str, datetime, datetime]]
) -> bool:
    return any(
        who == name and day.starts_at < over and begun < day.ends_at
        for day in days
        for who, begun, over in busy
    )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of a planned reservation's live bookings."""

    cancelled: tuple[Booking, ...]
    kept: tuple[tuple[Booking, Refusal], ...]


def take_back(
    *, by: Actor, reservation: Reservation, planned: Mapping[int, Collection[int]], now: datetime
) -> TakenBack:
    """Of the reservation, the bookings that still are as they were ``planned`` are cancelled;
    nobody is told, since whoever undoes the plan tells of all at once (by that they are cancelled
    for CHANGE_OF_PLAN, without words). What the school has changed since (ChangedSincePlanned),
    what is settled (ListSettled) or has begun (SessionStarted) is kept, of a set all days. Who has
    left the class since is no change of the school's.

    Repeating it does nothing more. Refused: another school's reservation.
    """

    def write() -> TakenBack:
        rows = _locked(reservation)
        for row in rows:
            check_can_act_for(by, row.class_group)
        kept = _kept(rows, planned, now)
        staying = {one.pk for one, _why in kept}
        leaving = [row for row in rows if row.pk not in staying]
        if not leaving:
            return TakenBack((), tuple(kept))
        for row in leaving:
            seats.release_seats(session_id=row.session_id, seats=row.seats, adults=row.adults)
        changes.end_bookings(
            leaving,
            side=CancelledSide.ALLIANCE if by.is_secretariat else CancelledSide.SCHOOL,
            code=ReasonCode.CHANGE_OF_PLAN,
            reason="",
            now=now,
        )
        keys = [row.pk for row in leaving]
        audit.record(
            by=by, verb="reservation.taken_back", now=now, target=reservation, bookings=keys
        )
        return TakenBack(tuple(leaving), tuple(kept))

    return in_one_transaction(write)


def _locked(reservation: Reservation) -> list[Booking]:
    """The reservation's live bookings as they are now; their sessions and they are ours."""
    live = Booking.objects.live().filter(reservation=reservation)
    session_ids = set(live.values_list("session_id", flat=True))
    list(
        CourseSession.objects.select_for_update(no_key=True)
        .filter(pk__in=session_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = list(
        live.select_for_update(of=("self",), no_key=True)
        .select_related("class_group", "session__season", "session__version")
        .order_by("session_id", "pk")
    )
    if not {row.session_id for row in rows} <= session_ids:
        # Swapped since we looked.
        raise TooManyChangesAtOnce
    return rows


def _kept(
    rows: Sequence[Booking], planned: Mapping[int, Collection[int]], now: datetime
) -> list[tuple[Booking, Refusal]]:
    """Which of the bookings stay, and why."""
    placed: dict[int, list[int | None]] = {row.pk: [] for row in rows}
    for booking_id, student_id in (
        Place.objects.live().filter(booking__in=rows).values_list("booking_id", "student_id")
    ):
        placed[booking_id].append(student_id)
    survivors: dict[int, int] = {}
    still_there: set[tuple[int, int]] = set()
    for student in Student.objects.filter(pk__in={pk for keys in planned.values() for pk in keys}):
        survivors[student.pk] = student.merged_into_id or student.pk
        if student.left_at is None and student.merged_into_id is None:
            still_there.add((student.pk, student.class_group_id))
    why: dict[int, Refusal] = {}
    for row in rows:
        try:
            together.check_open(row, now)
            freeze.check_open(row.session, now)
            wanted = {survivors[pk] for pk in planned.get(row.session_id, ()) if pk in survivors}
            missing = wanted - set(placed[row.pk])
            if (
                not set(placed[row.pk]) <= wanted
                or {(pk, row.class_group_id) for pk in missing} & still_there
            ):
                raise ChangedSincePlanned
        except Refusal as refusal:
            why[row.pk] = refusal
    # A set is booked whole, so it stays whole.
    of_sets = {row.session.session_set_id: why[row.pk] for row in rows if row.pk in why}
    for row in rows:
        if row.session.session_set_id is not None and row.session.session_set_id in of_sets:
            why.setdefault(row.pk, of_sets[row.session.session_set_id])
    return [(row, why[row.pk]) for row in rows if row.pk in why]
