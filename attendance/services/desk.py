"""The door of a session: opened, closed with credits given, reopened with a reason."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.actors import Actor
from accounts.errors import NotAllowed, NotYours
from accounts.services import audit
from attendance.choices import AttendanceState, EventKind, Unseen, WayIn
from attendance.errors.desk import (
    DeskClosed,
    DeskNotClosed,
    DeskNotOpenYet,
    DeskReasonMissing,
    EventsUndecided,
    HeadsDiffer,
    SessionNotOver,
)
from attendance.models import CheckIn, Conflict, Desk
from attendance.selectors import conflicts
from attendance.selectors.missed import decided_by_hand
from attendance.selectors.rule_sets import rules_of
from attendance.selectors.states import EXPECTED, Attendance, by_student, heads
from attendance.services import telling
from bookings.models import Place
from bookings.services import plain_words
from bookings.services.retries import LookAgainError, in_one_transaction
from courses.choices import SessionState
from courses.errors import SessionCancelled
from courses.models import CourseSession
from hours.choices import CreditKind
from hours.models import HourCredit
from hours.services import ledger
from rosters.models import Student
from rosters.services.plain_words import check_names_nobody
from sites import dates

# How many doubtful events of the desk's session wait for somebody.
UNDECIDED = Coalesce(
    Subquery(
        Conflict.objects.open()
        .filter(session=OuterRef("session"))
        .order_by()
        .values("session")
        .annotate(number=Count("pk"))
        .values("number")
    ),
    0,
)

# Whether of anybody without a place something was heard, or is in the ledger.
_standing = HourCredit.objects.filter(reversed_by=None).exclude(kind=CreditKind.REVERSAL)
_has_no_place = ~Exists(
    Place.objects.live().filter(session=OuterRef("session"), student=OuterRef("student"))
)
OTHERS = Exists(CheckIn.objects.filter(_has_no_place, session=OuterRef("session"))) | Exists(
    _standing.filter(_has_no_place, session=OuterRef("session"))
)


def check_can_keep(actor: Actor, session: CourseSession) -> None:
    """Whoever keeps the session (``CourseSession.is_kept_by``). To others than the host's
    people the session is not there. A badge before the room's code was let in by
    whoever put that up."""
    if actor.is_badge and actor.organisation_id == session.host_id:
        return
    if actor.organisation_id != session.host_id or not actor.is_host:
        raise NotYours
    if not session.is_kept_by(actor):
        raise NotAllowed


def _check_stands(session: CourseSession) -> None:
    if session.state == SessionState.CANCELLED:
        raise SessionCancelled(reason=session.why_cancelled)


def opens_at(session: CourseSession) -> datetime:
    """From so long before the session as the rules of its day say."""
    return session.starts_at - rules_of(session).opens_before


def check_can_open(actor: Actor, session: CourseSession, now: datetime) -> None:
    """From ``opens_at`` on."""
    check_can_keep(actor, session)
    _check_stands(session)
    opens = opens_at(session)
    if now < opens:
        raise DeskNotOpenYet(opens=dates.moment(opens))


def open_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The desk of the session; opening it again finds it as it is, open or closed."""
    check_can_open(by, session, now)
    return ensure_desk(by=by, session=session, now=now)


def ensure_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The session's desk as it is, made if there is none: ``by`` was found to keep it."""
    assert by.membership_id is not None
    with transaction.atomic():
        desk, is_new = Desk.objects.get_or_create(
            session=session,
            defaults={
                "host_id": session.host_id,
                "opened_at": now,
                "opened_by_id": by.membership_id,
            },
        )
        if is_new:
            audit.record(by=by, verb="desk.opened", now=now, target=session)
    return desk


def locked_open_desk(*, by: Actor, session: CourseSession, now: datetime) -> Desk:
    """The desk, opened if need be, its row held against a closing at the same time.

    Refused: DeskClosed, and as ``check_can_open``. Call within a transaction.
    """
    desk = _locked_desk(by=by, session=session, now=now)
    if desk.closed_at is not None:
        raise DeskClosed
    return desk


def check_is_open(session: CourseSession) -> None:
    """Refused: DeskClosed. A look without a lock; writing asks ``locked_open_desk``."""
    if Desk.objects.filter(session=session, closed_at__isnull=False).exists():
        raise DeskClosed


def _locked_desk(
    *,
    by: Actor,
    session: CourseSession,
    now: datetime,
    rows: QuerySet[Desk] | None = None,
) -> Desk:
    """The desk, open or closed, its row ours. Refused: a session cancelled since it was read."""
    if not by.is_badge:
        check_can_open(by, session, now)
    rows = Desk.objects.all() if rows is None else rows
    rows = rows.select_for_update(no_key=True, of=("self",)).select_related("session__version")
    desk = rows.filter(session=session).first()
    if desk is None:
        open_desk(by=by, session=session, now=now)
        desk = rows.get(session=session)
    _check_stands(desk.session)
    return desk


def check_can_close(actor: Actor, session: CourseSession, now: datetime) -> None:
    """Once the session has begun: hours are earned by being there."""
    check_can_keep(actor, session)
    _check_stands(session)
    if now < session.starts_at:
        raise SessionNotOver(starts=dates.moment(session.starts_at))


def close_desk(
    *,
    by: Actor,
    session: CourseSession,
    now: datetime,
    everybody_left: bool = False,
    heads_out: int | None = None,
    heads_note: str = "",
    leave_undecided: bool = False,
) -> Desk:
    """Whoever was expected and not seen is absent; each has the class hours that her state earns
    by the rules of the session's day.

    As many must have left as came in: seen leaving, ``everybody_left`` (whoever is inside
    leaves now, whatever was counted), or so many ``heads_out`` as the keeper counted; else
    ``heads_note`` says why.
    Refused: HeadsDiffer, TextNamesStudent. While doubtful events wait for somebody:
    EventsUndecided, unless they are to wait longer; whoever lets one count then opens the door
    again.

    After a reopening the ledger is brought in line: a credit that no longer holds is reversed,
    a new one written. What two people decided by hand stays, before the first closing too. The
    school's people are told.
    Closing a closed desk changes nothing.

    Of students whose school has locked the period the hours stay as they are (``held_back``);
    school and secretariat are told, for these decide what is credited by hand.
    """
    check_can_close(by, session, now)

    def write() -> Desk:
        # Counted as the row is asked for: an event that is set aside in this very moment waits, as
        # one does that comes a moment later.
        desk = _locked_desk(
            by=by,
            session=session,
            now=now,
            rows=Desk.objects.annotate(undecided=UNDECIDED, others=OTHERS),
        )
        undecided: int = vars(desk)["undecided"]
        if desk.closed_at is not None:
            return desk
        if undecided and not leave_undecided:
            raise EventsUndecided(count=conflicts.to_decide(session))
        rules = rules_of(session)
        students, places = _held(session, with_others=vars(desk)["others"])
        events = list(CheckIn.objects.filter(session=session).select_related("student"))
        states = by_student(events, session, rules)
        if not {*states, *(place.student_id for place in places)} <= students.keys():
            # She was merged, or came on the list, while we waited for somebody.
            raise LookAgainError
        new = _missing(by, session, places, states, now)
        if everybody_left:
            new += _leaving(by, session, events, states, now)
        if new:
            CheckIn.objects.bulk_create(new)
            states = by_student([*events, *new], session, rules)
        counted = heads(states.values())
        desk.heads_in = counted.came
        desk.heads_out = counted.left if heads_out is None or everybody_left else heads_out
        desk.heads_note = heads_note.strip()[:200]
        if desk.heads_in != desk.heads_out and not desk.heads_note:
            raise HeadsDiffer(came=desk.heads_in, left=desk.heads_out)
        check_names_nobody(desk.heads_note, [student.name for student in students.values()])
        # Whoever came has earned it, also where her place is no longer there.
        earned = {pk: states.get(pk, EXPECTED).earns.of(session.class_hours) for pk in students}
        settled = ledger.settle_session(
            by=by,
            session=session,
            students=students.values(),
            hours=earned,
            # A credit that an earlier closing gave and two people decided otherwise; of one by
            # hand the ledger knows itself.
            kept={pk for _session, pk in decided_by_hand([session.pk])} if desk.closings else (),
            reason=desk.reopen_reason or str(EventKind.ABSENT.label),
            rule_version=rules.version,
            now=now,
        )
        desk.closed_at = now
        desk.closed_by_id = by.membership_id
        desk.closings += 1
        desk.held_back = sorted(settled.held_back)
        desk.save()
        audit.record(
            by=by,
            verb="desk.closed",
            now=now,
            target=session,
            reason=desk.heads_note,
            expected=len(places),
            credited=sum(hours > 0 for pk, hours in earned.items() if pk not in settled.held_back),
            class_hours=settled.class_hours,
            heads_in=desk.heads_in,
            heads_out=desk.heads_out,
            undecided=undecided,
            **_held_back_facts(settled.held_back),
        )
        telling.tell_closed(
            session=session, places=places, states=states, held_back=settled.held_back, now=now
        )
        return desk

    return in_one_transaction(write)


def reopen_desk(*, by: Actor, session: CourseSession, reason: str, now: datetime) -> Desk:
    """The closed desk takes corrections again, until it is closed again. A room's code of before
    opens nothing. Whose hours were held back stays known until then.

    Refused: DeskReasonMissing, DeskNotClosed, TextNamesStudent.
    """
    check_can_keep(by, session)
    if not reason.strip():
        raise DeskReasonMissing
    with transaction.atomic():
        desk = Desk.objects.select_for_update(no_key=True).filter(session=session).first()
        if desk is None or desk.closed_at is None:
            raise DeskNotClosed
        plain_words.check_names_nobody(reason, by=by, now=now, sessions=[session])
        desk.closed_at = None
        desk.closed_by = None
        desk.heads_in = desk.heads_out = None
        desk.heads_note = ""
        desk.reopen_reason = reason.strip()[:200]
        desk.save()
        # Nobody put it up for the corrections.
        session.room_codes.filter(ended_at=None).update(ended_at=now)
        audit.record(
            by=by, verb="desk.reopened", now=now, target=session, reason=desk.reopen_reason
        )
    return desk


def _held_back_facts(held_back: Mapping[int, int]) -> dict[str, Any]:
    """How many students of which school, by its key, have their hours held back."""
    schools = Counter(str(school) for school in held_back.values())
    return {"held_back": dict(schools)} if schools else {}


def _held(session: CourseSession, *, with_others: bool) -> tuple[dict[int, Student], list[Place]]:
    """Whose hours of the session may change, by their keys and locked in the order of these:
    whoever is on the list and, ``with_others``, of whom something was heard at the door, or who
    has hours of it. And the live places that name a student, with her and the booking."""
    places = (
        Place.objects.live()
        # Says that there is a student, in a way that joins her row: it can be locked then.
        .filter(session=session, student__school__isnull=False)
        .select_related("student", "booking__class_group", "booking__reservation")
        .order_by("student_id")
    )
    if not with_others:
        found = list(places.select_for_update(no_key=True, of=("student",)))
        students = {place.student.pk: place.student for place in found if place.student}
        if any(student.merged_into_id for student in students.values()):
            # While we waited for her: what was hers is another's now.
            raise LookAgainError
        return students, found
    keys = (
        Place.objects.live()
        .filter(session=session, student__isnull=False)
        .values("student_id")
        .union(
            CheckIn.objects.filter(session=session).values(
                key=Coalesce("student__merged_into_id", "student_id")
            ),
            _standing.filter(session=session).values("student_id"),
        )
    )
    rows = Student.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    # The places after the locks, when nobody is merged any more.
    return {student.pk: student for student in rows}, list(places)


def _missing(
    by: Actor,
    session: CourseSession,
    places: Iterable[Place],
    states: Mapping[int, Attendance],
    now: datetime,
) -> list[CheckIn]:
    """An absence for each who is on the list and of whom nothing was heard."""
    return [
        CheckIn(
            session=session,
            student=place.student,
            place=place,
            kind=EventKind.ABSENT,
            way_in=WayIn.TICK,
            reason=Unseen.AT_CLOSING,
            happened_at=now,
            recorded_at=now,
            recorded_by_id=by.membership_id,
        )
        for place in places
        if place.student is not None
        and states.get(place.student.pk, EXPECTED).state == AttendanceState.EXPECTED
    ]


def _leaving(
    by: Actor,
    session: CourseSession,
    events: Iterable[CheckIn],
    states: Mapping[int, Attendance],
    now: datetime,
) -> list[CheckIn]:
    """Everybody inside leaves now; at the session's end where that is over."""
    # The last that was heard of each: an earlier departure counts no more once she came back.
    inside: dict[int, CheckIn] = {}
    for event in sorted(events, key=lambda event: event.happened_at):
        pk = event.student.merged_into_id or event.student_id
        if states[pk].is_inside and event.kind == EventKind.IN:
            inside[pk] = event
    return [
        CheckIn(
            session=session,
            student=event.student,
            place_id=event.place_id,
            kind=EventKind.OUT,
            way_in=WayIn.TICK,
            # Not before she came: a device's clock may be ahead, and after a reopening somebody
            # may have been let in again after the end.
            happened_at=max(min(now, session.ends_at), event.happened_at),
            recorded_at=now,
            recorded_by_id=by.membership_id,
        )
        for pk, event in inside.items()
    ]
