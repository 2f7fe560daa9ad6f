"""What a device kept while there was no network, taken over: however often and in whatever order
it is sent, the same rows stand in the end.

The rules are ``check_in``'s; here they are asked of hundreds of events at once, so everything is
read in a handful of queries and written in two.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.selectors import actor_of
from accounts.services import audit
from attendance.choices import Decision, Doubt, EventKind, SyncOutcome
from attendance.errors.badges import UnknownBadge
from attendance.errors.desk import NotBookedHere
from attendance.errors.devices import DeviceRevoked, EventOfAnother, PackExpired, PackUnknown
from attendance.errors.refusal import AttendanceRefusal
from attendance.models import (
    CheckIn,
    Conflict,
    ConflictDecision,
    Device,
    RosterPack,
)
from attendance.qr import tidy_code
from attendance.selectors.states import Attendance, attendance
from attendance.services import check_in, devices
from attendance.services.check_in import CLOCK_AHEAD
from attendance.services.device_events import Answer, DeviceEvent, Known
from bookings.services.retries import in_one_transaction
from courses.choices import SessionState

# So many events at once ...
MOST = 500
# ... and so many doubtful ones of a device that was revoked: whoever found it makes no work.
MOST_REVOKED = 100
SALTED_BY_THE_DATABASE = UUID(int=0)


REFUSALS: dict[str, type[AttendanceRefusal]] = {
    refusal.code: refusal
    for refusal in (
        DeviceRevoked,
        EventOfAnother,
        NotBookedHere,
        PackExpired,
        PackUnknown,
        UnknownBadge,
    )
}


def sentence_of(why: str) -> str:
    """A refusal's sentence by its code; nothing for what is none."""
    return str(REFUSALS[why]()) if why in REFUSALS else ""


def receive(
    *,
    device: Device,
    events: Sequence[DeviceEvent],
    device_now: datetime,
    now: datetime,
    is_all: bool = False,
    address: str | None = None,
) -> list[Answer]:
    """Each event's answer, in their order.

    ACCEPTED: it counts from now on. ALREADY: it did before, by itself or by another event, or
    attendance is the same without it.
    CONFLICT: somebody has to decide. WAIT: what it takes back has not reached us and may
    yet; to be sent again. REFUSED: it never will (UnknownBadge, NotBookedHere: not on its list,
    PackUnknown, PackExpired, EventOfAnother).

    ``is_all``: the device keeps nothing else without an answer. What is taken back and never
    reached us was refused then, and nothing is left to wait for.

    An event happened when the device says, corrected by how wrong its clock was then (or is now,
    where the device did not know), and not before it took the list along nor later than now.
    Arrivals are all kept, and attendance counts the first: so it does not matter which of two
    devices is heard first.
    """

    def write() -> dict[UUID, Answer]:
        ahead = devices.note_clock(device, device_now=device_now, now=now)
        batch = _Batch(
            device,
            actor_of(device.registered_by, address=address),
            ahead,
            now,
            list(events),
            is_all,
        )
        batch.read()
        # What is taken back comes after what takes it back was made.
        for event in sorted(events, key=lambda one: (one.kind == EventKind.VOID, str(one.id))):
            batch.judge(event)
        batch.write()
        batch.free_seats()
        return batch.answers

    answers = in_one_transaction(write)
    return [answers[event.id] for event in events]


@dataclass(slots=True)
class _Batch(Known):
    """The answers while one batch is judged, and what is to be written for it."""

    answers: dict[UUID, Answer] = field(default_factory=dict)
    check_ins: list[CheckIn] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    withdrawn: list[Conflict] = field(default_factory=list)

    def judge(self, event: DeviceEvent) -> None:
        if event.id in self.answers:
            return
        outcome, why = self._outcome(event)
        self.answers[event.id] = Answer(event.id, outcome, why)

    def _outcome(self, event: DeviceEvent) -> tuple[SyncOutcome, str]:
        pack = self.packs.get(event.pack_id)
        if pack is None:
            return SyncOutcome.REFUSED, PackUnknown.code
        if event.id in self.known:
            return self._again(event, self.known[event.id], pack)
        if event.id in self.doubtful:
            return self._still_doubtful(self.doubtful[event.id])
        if self.now > pack.expires_at + devices.GRACE:
            return SyncOutcome.REFUSED, PackExpired.code
        if event.kind == EventKind.VOID:
            return self._take_back(event, pack)
        if event.student_id is not None and event.student_id not in pack.students:
            return SyncOutcome.REFUSED, NotBookedHere.code
        student_id = self._student(event)
        if student_id is None:
            return SyncOutcome.REFUSED, UnknownBadge.code
        happened_at = self._when(event, pack)
        made = self._check_in(event, pack, student_id, happened_at)
        standing = (pack.session_id, student_id, event.kind)
        is_known_already = standing in self.standing
        doubt = self._doubt_of_moment(pack)
        if doubt == Doubt.DEVICE_REVOKED and is_known_already and not self._changes(made):
            return SyncOutcome.ALREADY, ""
        if doubt == Doubt.DESK_CLOSED and not self._changes(made):
            # Nobody need be asked, and it is kept: something may be taken back yet.
            is_known_already, doubt = True, None
        doubt = doubt or self._doubt(event, pack, student_id, happened_at)
        if doubt is not None:
            return self._set_aside(event, pack, student_id, doubt, happened_at)
        self._record(made)
        self.standing.add(standing)
        return (SyncOutcome.ALREADY if is_known_already else SyncOutcome.ACCEPTED), ""

    def _again(
        self, event: DeviceEvent, known: CheckIn, pack: RosterPack
    ) -> tuple[SyncOutcome, str]:
        """The event is on record; its id stands for nothing else."""
        is_same = (known.kind, known.session_id) == (event.kind, pack.session_id)
        if event.kind == EventKind.VOID:
            is_same = is_same and known.voids_id == event.voids
        elif is_same:
            is_same = known.student_id in (event.student_id, self._student(event))
        if not is_same:
            return SyncOutcome.REFUSED, EventOfAnother.code
        return SyncOutcome.ALREADY, ""

    def _still_doubtful(self, conflict: Conflict) -> tuple[SyncOutcome, str]:
        if conflict.pk in self.decided:
            return SyncOutcome.ALREADY, self.decided[conflict.pk]
        return SyncOutcome.CONFLICT, conflict.doubt

    def _take_back(self, event: DeviceEvent, pack: RosterPack) -> tuple[SyncOutcome, str]:
        assert event.voids is not None
        doubtful = self.doubtful.get(event.voids)
        if doubtful is not None and event.voids not in self.known:
            if doubtful.device_id != self.device.pk:
                return SyncOutcome.REFUSED, EventOfAnother.code
            if doubtful.pk not in self.decided:
                self.withdrawn.append(doubtful)
                self.decided[doubtful.pk] = Decision.WITHDRAWN
                return SyncOutcome.ACCEPTED, ""
            return SyncOutcome.ALREADY, ""
        target = self.known.get(event.voids)
        if target is None:
            answered = self.answers.get(event.voids)
            if self.is_all or (answered is not None and answered.outcome == SyncOutcome.REFUSED):
                return SyncOutcome.ALREADY, ""
            return SyncOutcome.WAIT, ""
        if target.session_id != pack.session_id or target.kind == EventKind.VOID:
            return SyncOutcome.REFUSED, EventOfAnother.code
        if target.pk in self.voided:
            return SyncOutcome.ALREADY, ""
        happened_at = self._when(event, pack)
        made = self._check_in(event, pack, target.student_id, happened_at)
        made.place_id = target.place_id
        doubt = self._doubt_of_moment(pack)
        if doubt is not None and (doubt != Doubt.DESK_CLOSED or self._changes(made)):
            return self._set_aside(event, pack, target.student_id, doubt, happened_at)
        self._record(made)
        self.voided.add(target.pk)
        return SyncOutcome.ACCEPTED, ""

    def _student(self, event: DeviceEvent) -> int | None:
        """Whom the event is about: the bearer of the code, or the student named, if there are
        such; whoever was merged into another is that other."""
        student_id = event.student_id
        if event.code:
            badge = self.bearers.get(tidy_code(event.code))
            student_id = badge.student_id if badge is not None else None
        if student_id in self.students:
            return student_id
        return self.merged.get(student_id) if student_id is not None else None

    def _when(self, event: DeviceEvent, pack: RosterPack) -> datetime:
        """By our clock, within what can be true. Somebody may have set the device's clock right
        between the event and the sending: what it was ahead at the event goes first."""
        ahead = self.ahead if event.ahead is None else devices.believed(event.ahead)
        return min(max(event.said_at - ahead, pack.issued_at), self.now)

    def _doubt(
        self, event: DeviceEvent, pack: RosterPack, student_id: int, happened_at: datetime
    ) -> Doubt | None:
        """What speaks against this one."""
        session = self.sessions[pack.session_id]
        if happened_at < self.opens[session.pk] - CLOCK_AHEAD:
            return Doubt.NOT_OPEN
        if happened_at > pack.expires_at:
            return Doubt.TOO_LATE
        doubt = self._doubt_of_badge(event, pack, happened_at)
        if doubt is not None:
            return doubt
        if (session.pk, student_id) not in self.places:
            overlapping = [
                place
                for place in self.busy.get(student_id, ())
                if place.starts_at < session.ends_at and place.ends_at > session.starts_at
            ]
            return Doubt.ELSEWHERE if overlapping else Doubt.NOT_BOOKED
        return None

    def _doubt_of_moment(self, pack: RosterPack) -> Doubt | None:
        """What speaks against any event that reaches us now."""
        if not self.is_trusted:
            return Doubt.DEVICE_REVOKED
        if self.sessions[pack.session_id].state == SessionState.CANCELLED:
            return Doubt.CANCELLED
        if pack.session_id in self.closed:
            return Doubt.DESK_CLOSED
        return None

    def _doubt_of_badge(
        self, event: DeviceEvent, pack: RosterPack, happened_at: datetime
    ) -> Doubt | None:
        """The badge that was read, if one was, is the student's, and was valid then."""
        if event.code:
            read = [self.bearers[tidy_code(event.code)]]
        elif event.badge:
            assert event.student_id is not None
            read = [
                badge
                for badge in self.badges.get(event.student_id, ())
                if badge.issued_at <= happened_at
                and devices.badge_digest(pack.salt, badge.code) == event.badge
            ]
        else:
            return None
        if not read:
            return Doubt.BADGE_OF_ANOTHER
        is_valid = read[0].revoked_at is None or read[0].revoked_at > happened_at
        return None if is_valid else Doubt.BADGE_REVOKED

    def _changes(self, made: CheckIn) -> bool:
        """Whether attendance is another with the event: the state, the hours, who is inside. What
        a device that is not trusted says is not kept: there the moment of leaving weighs too."""
        session = self.sessions[made.session_id]
        own = self.events_of.get((made.session_id, made.student_id), [])

        def weighed(found: Attendance) -> tuple[object, ...]:
            left_at = None if self.is_trusted else found.left_at
            return found.state, found.earns, found.is_inside, left_at

        without, with_it = (
            attendance(
                events,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                rules=self.rules[session.pk],
            )
            for events in (own, [*own, made])
        )
        return weighed(without) != weighed(with_it)

    def _check_in(
        self, event: DeviceEvent, pack: RosterPack, student_id: int, happened_at: datetime
    ) -> CheckIn:
        return CheckIn(
            id=event.id,
            session_id=pack.session_id,
            student_id=student_id,
            place_id=self.places.get((pack.session_id, student_id)),
            kind=event.kind,
            way_in=event.way_in,
            device_id=self.device.pk,
            voids_id=event.voids,
            reason=event.no_badge or "",
            said_at=event.said_at,
            happened_at=happened_at,
            recorded_at=self.now,
            recorded_by_id=self.by.membership_id,
        )

    def _record(self, made: CheckIn) -> None:
        self.known[made.pk] = made
        self.events_of.setdefault((made.session_id, made.student_id), []).append(made)
        self.check_ins.append(made)

    def _set_aside(
        self,
        event: DeviceEvent,
        pack: RosterPack,
        student_id: int,
        doubt: Doubt,
        happened_at: datetime,
    ) -> tuple[SyncOutcome, str]:
        if not self.is_trusted and not self._may_still_tell():
            return SyncOutcome.REFUSED, DeviceRevoked.code
        made = Conflict(
            id=event.id,
            device=self.device,
            session_id=pack.session_id,
            student_id=student_id,
            kind=event.kind,
            way_in=event.way_in,
            voids_id=event.voids,
            no_badge=event.no_badge or "",
            doubt=doubt,
            said_at=event.said_at,
            happened_at=happened_at,
            received_at=self.now,
        )
        self.doubtful[event.id] = made
        self.conflicts.append(made)
        return SyncOutcome.CONFLICT, doubt

    def _may_still_tell(self) -> bool:
        told = Conflict.objects.filter(device=self.device).count()
        return told + len(self.conflicts) < MOST_REVOKED

    def free_seats(self) -> None:
        """Of who walked in, where that was taken back."""
        taken_back: dict[int, set[int]] = {}
        for one in self.check_ins:
            if one.kind == EventKind.VOID:
                taken_back.setdefault(one.session_id, set()).add(one.student_id)
        for session_id, students in sorted(taken_back.items()):
            check_in.free_seats(
                by=self.by, session=self.sessions[session_id], students=students, now=self.now
            )

    def write(self) -> None:
        """Arrivals first: what takes one back names it."""
        for one in self.check_ins:
            # The database says both, whatever we say. But rows that leave nothing to its defaults
            # go to it as arrays; others as pages of SQL, which cost more than carrying them out.
            one.written_at, one.seal_salt = self.now, SALTED_BY_THE_DATABASE
        for is_void in (False, True):
            CheckIn.objects.bulk_create(
                [one for one in self.check_ins if (one.kind == EventKind.VOID) == is_void],
                # Sent twice at the same time over two lines.
                ignore_conflicts=True,
            )
        Conflict.objects.bulk_create(self.conflicts, ignore_conflicts=True)
        ConflictDecision.objects.bulk_create(
            (
                ConflictDecision(
                    conflict=conflict, decision=Decision.WITHDRAWN, decided_at=self.now
                )
                for conflict in self.withdrawn
            ),
            ignore_conflicts=True,
        )
        kept, doubtful, withdrawn = (
            Counter(one.session_id for one in rows)
            for rows in (self.check_ins, self.conflicts, self.withdrawn)
        )
        audit.record_each(
            by=self.by,
            verb="attendance.synced",
            now=self.now,
            targets=[
                (
                    self.sessions[session_id],
                    {
                        "device": self.device.pk,
                        "events": kept[session_id],
                        "doubtful": doubtful[session_id],
                        "withdrawn": withdrawn[session_id],
                    },
                )
                for session_id in sorted({*kept, *doubtful, *withdrawn})
            ],
        )
