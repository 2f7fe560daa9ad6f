"""Doubtful events of devices: a person decides, once, whether they count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import NotYours, Refusal
from accounts.services import audit
from attendance.choices import Decision, EventKind, WayIn
from attendance.errors.desk import WalkInElsewhere
from attendance.errors.devices import ConflictDecided, DropReasonMissing
from attendance.models import CheckIn, Conflict, ConflictDecision
from attendance.services import check_in, door_list
from attendance.services import desk as desks
from attendance.services.check_in import CLOCK_AHEAD
from bookings.errors.reserving import StudentBusy
from bookings.models import Place
from bookings.services import changes, plain_words
from bookings.services.retries import in_one_transaction
from courses.models import CourseSession
from rosters.models import Student

REASON_LENGTH = 200
# What says against an arrival before it that the student was there.
NOT_THERE = (EventKind.ABSENT, EventKind.EXCUSED)


@dataclass(frozen=True, slots=True)
class Decided:
    """How many were decided, each with its repeats, and why which was not."""

    done: int
    refused: dict[UUID, Refusal]


def check_can_accept(actor: Actor, conflict: Conflict, now: datetime) -> None:
    """While the session's door is open; a closed one is reopened with a reason first. Who comes
    without a place, as a walk-in at that moment could."""
    session = conflict.session
    desks.check_can_open(actor, session, now)
    desks.check_is_open(session)
    student = _student_of(conflict, Student.objects.all())
    if makes_a_place(conflict):
        door_list.check_can_admit(
            actor, session, student, came_at=conflict.happened_at, opens_at=_opens_at(session)
        )


def makes_a_place(conflict: Conflict) -> bool:
    """Whether accepting it seats somebody who has no place in the session."""
    student = _student_of(conflict, Student.objects.all())
    return conflict.kind == EventKind.IN and _place_of(conflict.session, student) is None


def accept(
    *, by: Actor, conflict: Conflict, now: datetime, repeats: Sequence[Conflict] = ()
) -> CheckIn:
    """The event counts, as of when it happened; a later mark that says the student was absent or
    excused is voided. Who came without a place in the session has one now, as a walk-in; nothing
    else gives her one. The ``repeats`` say the same once more, and do not count.

    Refused: ConflictDecided, DeskClosed, and as a walk-in is.
    """
    session = conflict.session

    def write() -> CheckIn:
        locked = _undecided(by, conflict)
        desks.locked_open_desk(by=by, session=session, now=now)
        event = _accept(by, locked, repeats, now)
        audit.record(
            by=by, verb="conflict.accepted", now=now, target=session, **_facts(1, len(repeats), 0)
        )
        return event

    return in_one_transaction(write)


def accept_all(
    *, by: Actor, session: CourseSession, groups: Sequence[Sequence[Conflict]], now: datetime
) -> Decided:
    """As ``accept``: of each group the first counts, the others repeat it. One that is refused
    (no seat left, elsewhere at this time, decided by somebody else) leaves the others done.

    Refused: DeskClosed, and then nothing is done.
    """

    def write() -> Decided:
        refused: dict[UUID, Refusal] = {}
        repeats = 0
        desks.locked_open_desk(by=by, session=session, now=now)
        # In one order, before any other row: two who admit students wait for each other.
        named = Student.objects.filter(pk__in={one.student_id for own in groups for one in own})
        whom = {merged or pk for pk, merged in named.values_list("pk", "merged_into_id")}
        rows = Student.objects.filter(pk__in=whom).order_by("pk")
        list(rows.select_for_update(no_key=True, of=("self",)))
        for conflict, *others in groups:
            if conflict.session_id != session.pk:
                raise NotYours
            try:
                with transaction.atomic():
                    _accept(by, _undecided(by, conflict), others, now)
            except Refusal as refusal:
                refused[conflict.pk] = refusal
            else:
                repeats += len(others)
        return _decided(by, session, "conflict.accepted", len(groups), refused, repeats, now)

    return in_one_transaction(write)


def drop(
    *, by: Actor, conflict: Conflict, reason: str, now: datetime, repeats: Sequence[Conflict] = ()
) -> None:
    """The event and its ``repeats`` do not count; they stay to be seen, with the reason.

    Refused: DropReasonMissing; TextNamesStudent, since it is never changed;
    ConflictDecided.
    """
    decided = drop_all(
        by=by, session=conflict.session, groups=[[conflict, *repeats]], reason=reason, now=now
    )
    for refusal in decided.refused.values():
        raise refusal


def drop_all(
    *,
    by: Actor,
    session: CourseSession,
    groups: Sequence[Sequence[Conflict]],
    reason: str,
    now: datetime,
) -> Decided:
    """As ``drop``, each with what repeats it. What somebody else decided leaves the others done."""
    reason = " ".join(reason.split())[:REASON_LENGTH]
    if not reason:
        raise DropReasonMissing
    refused: dict[UUID, Refusal] = {}
    repeats = 0
    with transaction.atomic():
        plain_words.check_names_nobody(
            reason,
            by=by,
            now=now,
            # Of a stranger the host may not read the name, and the refusal would tell it.
            students=[] if by.is_host else [one.student_id for own in groups for one in own],
            sessions=[session],
        )
        for own in groups:
            if own[0].session_id != session.pk:
                raise NotYours
            try:
                with transaction.atomic():
                    for one in own:
                        _decide(by, _undecided(by, one), Decision.DROPPED, reason, now)
            except ConflictDecided as refusal:
                refused[own[0].pk] = refusal
            else:
                repeats += len(own) - 1
        return _decided(by, session, "conflict.dropped", len(groups), refused, repeats, now)


def _decided(
    by: Actor,
    session: CourseSession,
    verb: str,
    asked: int,
    refused: dict[UUID, Refusal],
    repeats: int,
    now: datetime,
) -> Decided:
    """Of so many ``asked`` the others; one line of the trail, unless that is none."""
    done = asked - len(refused)
    if done:
        audit.record(
            by=by,
            verb=verb,
            now=now,
            target=session,
            **_facts(done, repeats, len(refused)),
        )
    return Decided(done, refused)


def _facts(count: int, repeats: int, refused: int) -> dict[str, Any]:
    return {"count": count, "repeats": repeats, "refused": refused}


def _accept(by: Actor, locked: Conflict, repeats: Sequence[Conflict], now: datetime) -> CheckIn:
    """Within a transaction that holds the open desk."""
    _decide(by, locked, Decision.ACCEPTED, "", now)
    student = _student_of(locked, Student.objects.select_for_update(no_key=True, of=("self",)))
    event = CheckIn(
        id=locked.pk,
        session=locked.session,
        student=student,
        place_id=_place_id(by, locked, student, now),
        kind=locked.kind,
        way_in=locked.way_in,
        device_id=locked.device_id,
        voids_id=locked.voids_id,
        reason=locked.no_badge,
        happened_at=locked.happened_at,
        said_at=locked.said_at,
        recorded_at=now,
        recorded_by_id=by.membership_id,
    )
    if not CheckIn.objects.filter(voids=locked.voids_id, kind=EventKind.VOID).exists():
        CheckIn.objects.bulk_create([event])
    if locked.kind == EventKind.IN:
        _void_marks(by, locked, now)
    elif locked.kind == EventKind.VOID:
        check_in.free_seats(by=by, session=locked.session, students=[student.pk], now=now)
    for one in repeats:
        _decide(by, _undecided(by, one), Decision.DROPPED, _("重复，已按另一条记入"), now)
    return event


def _undecided(by: Actor, conflict: Conflict) -> Conflict:
    """The conflict as it is. Refused: another host's, one that was decided.

    Nothing is locked: the application may not lock rows that it may not change. Of two who decide
    at once the second finds the first one's decision (``_decide``).
    """
    found = (
        Conflict.objects.visible_to(by)
        .select_related("session", "voids")
        .filter(pk=conflict.pk)
        .first()
    )
    if found is None:
        raise NotYours
    if ConflictDecision.objects.filter(conflict=found).exists():
        raise ConflictDecided
    return found


def _student_of(conflict: Conflict, rows: QuerySet[Student]) -> Student:
    """Whom it is about, or whom she was merged into since, among the ``rows``."""
    named = Student.objects.get(pk=conflict.student_id)
    return rows.select_related("class_group").get(pk=named.merged_into_id or named.pk)


def _place_of(session: CourseSession, student: Student) -> Place | None:
    return Place.objects.live().filter(session=session, student=student).first()


def _place_id(by: Actor, conflict: Conflict, student: Student, now: datetime) -> int | None:
    """The student's place; of what is taken back, that of the event. An arrival makes one."""
    if conflict.voids is not None:
        return conflict.voids.place_id
    session = conflict.session
    place = _place_of(session, student)
    if place is None and conflict.kind == EventKind.IN:
        try:
            place = changes.admit_walk_in(
                by=by,
                session=session,
                student=student,
                now=now,
                opens_at=_opens_at(session),
                came_at=conflict.happened_at,
            )
        except StudentBusy as refusal:
            raise WalkInElsewhere from refusal
    return place.pk if place is not None else None


def _opens_at(session: CourseSession) -> datetime:
    """From when on a device's event is not too early."""
    return desks.opens_at(session) - CLOCK_AHEAD


def marks_voided_by(conflict: Conflict) -> QuerySet[CheckIn]:
    """The later marks that say the student of this arrival was not there."""
    student = _student_of(conflict, Student.objects.all())
    return CheckIn.objects.of_student(student.pk).filter(
        session_id=conflict.session_id,
        kind__in=NOT_THERE if conflict.kind == EventKind.IN else (),
        voided_by=None,
        happened_at__gt=conflict.happened_at,
    )


def _void_marks(by: Actor, conflict: Conflict, now: datetime) -> None:
    CheckIn.objects.bulk_create(
        CheckIn(
            id=uuid4(),
            session_id=mark.session_id,
            student_id=mark.student_id,
            place_id=mark.place_id,
            kind=EventKind.VOID,
            voids=mark,
            way_in=WayIn.TICK,
            happened_at=now,
            recorded_at=now,
            recorded_by_id=by.membership_id,
        )
        for mark in marks_voided_by(conflict)
    )


def _decide(by: Actor, conflict: Conflict, decision: Decision, reason: str, now: datetime) -> None:
    """Refused: ConflictDecided, where somebody else did in the same moment."""
    _row, is_first = ConflictDecision.objects.get_or_create(
        conflict=conflict,
        defaults={
            "decision": decision,
            "reason": reason,
            "decided_at": now,
            "decided_by_id": by.membership_id,
        },
    )
    if not is_first:
        raise ConflictDecided
