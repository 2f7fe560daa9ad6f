"""What devices send, and all that has to be known to judge a batch of it: a handful of queries,
however many the events."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from accounts.actors import Actor
from attendance.choices import AttendanceRules, EventKind, NoBadge, SyncOutcome, WayIn
from attendance.models import Badge, CheckIn, Conflict, Desk, Device, RosterPack
from attendance.qr import tidy_code
from attendance.selectors.rule_sets import rules_of_each
from attendance.services import desk as desks
from attendance.services import devices
from bookings.models import Place
from courses.choices import SessionState
from courses.models import CourseSession
from rosters.models import Student


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """One event as the device tells it: of a student of the list ``pack_id``, whose badge had
    the digest ``badge`` where one was read, or of the bearer of ``code``, whom no list of the
    device knows. ``said_at`` is by the device's clock, which then was ``ahead`` of ours, where
    the device knows; ``voids`` names what is taken back."""

    id: UUID
    pack_id: int
    kind: EventKind
    way_in: WayIn
    said_at: datetime
    student_id: int | None = None
    code: str = ""
    badge: str = ""
    no_badge: NoBadge | None = None
    voids: UUID | None = None
    ahead: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an event, and why where it did not count: a doubt or a refusal's code."""

    id: UUID
    outcome: SyncOutcome
    why: str = ""


@dataclass(slots=True)
class Known:
    """What is known while one batch is judged."""

    device: Device
    by: Actor
    ahead: timedelta
    now: datetime
    events: list[DeviceEvent]
    # The device has nothing else that it has not had an answer to.
    is_all: bool = False
    is_trusted: bool = True
    packs: dict[int, RosterPack] = field(default_factory=dict)
    sessions: dict[int, CourseSession] = field(default_factory=dict)
    # The rules of each one's day, and when its door opens by them.
    rules: dict[int, AttendanceRules] = field(default_factory=dict)
    opens: dict[int, datetime] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    # The live place of a student in a session.
    places: dict[tuple[int, int], int] = field(default_factory=dict)
    # Those of a student whose badge was read, and whose the codes are.
    badges: dict[int, list[Badge]] = field(default_factory=dict)
    bearers: dict[str, Badge] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    students: set[int] = field(default_factory=set)
    busy: dict[int, list[Place]] = field(default_factory=dict)
    # Events on record among the ids sent or taken back; what is doubtful in these sessions.
    known: dict[UUID, CheckIn] = field(default_factory=dict)
    doubtful: dict[UUID, Conflict] = field(default_factory=dict)
    decided: dict[UUID, str] = field(default_factory=dict)
    voided: set[UUID] = field(default_factory=set)
    # Who is in, or out, by an event that stands.
    standing: set[tuple[int, int, str]] = field(default_factory=set)
    # All that is on record of a student in a session where nothing counts by itself any more.
    events_of: dict[tuple[int, int], list[CheckIn]] = field(default_factory=dict)

    def read(self) -> None:
        self.is_trusted = devices.is_trusted(self.device)
        self.packs = RosterPack.objects.filter(device=self.device).in_bulk(
            {event.pack_id for event in self.events}
        )
        self.sessions = CourseSession.objects.in_bulk(
            {pack.session_id for pack in self.packs.values()}
        )
        self.rules = rules_of_each(self.sessions.values())
        self.opens = {
            pk: session.starts_at - self.rules[pk].opens_before
            for pk, session in self.sessions.items()
        }
        self._hold_desks()
        self.places = {
            (session, student): place
            for session, student, place in Place.objects.live()
            .filter(session__in=self.sessions, student__isnull=False)
            .values_list("session_id", "student_id", "pk")
        }
        self._read_badges()
        self._read_strangers()
        self._read_events()

    def _hold_desks(self) -> None:
        """Nobody closes one of these doors meanwhile; taken in the order of the sessions."""
        made = set(Desk.objects.filter(session__in=self.sessions).values_list("session", flat=True))
        for pk, session in sorted(self.sessions.items()):
            # A lost device opens no door.
            if self.is_trusted and pk not in made and session.state != SessionState.CANCELLED:
                desks.ensure_desk(by=self.by, session=session, now=self.now)
        self.closed = {
            desk.session_id
            for desk in Desk.objects.select_for_update(no_key=True)
            .filter(session__in=self.sessions)
            .order_by("session_id")
            if desk.closed_at is not None
        }

    def _read_badges(self) -> None:
        read = {event.student_id for event in self.events if event.badge}
        codes = {tidy_code(event.code) for event in self.events if event.code}
        if read:
            for badge in Badge.objects.filter(student__in=read):
                self.badges.setdefault(badge.student_id, []).append(badge)
        if codes:
            self.bearers = {badge.code: badge for badge in Badge.objects.filter(code__in=codes)}

    def _read_strangers(self) -> None:
        """Of students who are on no list here: whether there are such, whom they were merged
        into, and where they are booked."""
        listed = {student for _session, student in self.places}
        asked = {event.student_id for event in self.events if event.student_id is not None}
        asked |= {badge.student_id for badge in self.bearers.values()}
        self.students = asked & listed
        if strangers := asked - listed:
            for pk, into in Student.objects.filter(pk__in=strangers).values_list(
                "pk", "merged_into_id"
            ):
                self.merged[pk] = into or pk
            for place in Place.objects.live().filter(student__in=self.merged.values()):
                assert place.student_id is not None
                self.busy.setdefault(place.student_id, []).append(place)

    def _read_events(self) -> None:
        asked = {event.id for event in self.events}
        asked |= {event.voids for event in self.events if event.voids is not None}
        self.known = CheckIn.objects.in_bulk(asked)
        for conflict in Conflict.objects.filter(session__in=self.sessions).select_related(
            "decision"
        ):
            self.doubtful[conflict.pk] = conflict
            if hasattr(conflict, "decision"):
                self.decided[conflict.pk] = conflict.decision.decision
        self.voided = set(
            CheckIn.objects.filter(voids__in=self.known).values_list("voids_id", flat=True)
        )
        self.standing = set(
            CheckIn.objects.filter(
                session__in=self.sessions,
                kind__in=(EventKind.IN, EventKind.OUT),
                voided_by=None,
            )
            .values_list("session_id", "student_id", "kind")
            .distinct()
        )
        if settled := self.closed if self.is_trusted else set(self.sessions):
            self._read_events_of(settled)

    def _read_events_of(self, sessions: set[int]) -> None:
        for event in CheckIn.objects.filter(session__in=sessions).select_related("student"):
            student_id = event.student.merged_into_id or event.student_id
            own = self.events_of.setdefault((event.session_id, student_id), [])
            own.append(event)
            # What takes one back is about whom that was about.
            self.events_of[event.session_id, event.student_id] = own
