"""What happened at the doors: arrivals, closed desks, class hours, one door opened again."""

import random
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto

from accounts.actors import Actor
from accounts.models import Membership
from accounts.selectors import actor_of
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from attendance.services import check_in
from attendance.services import desk as desks
from bookings.models import Place
from courses.models import CourseSession


class Fate(Enum):
    """What becomes of a student at a door. Of the first two the editions of the attendance rules
    say something different."""

    LATE = auto()
    LEFT_EARLY = auto()
    EXCUSED = auto()
    IN_TIME = auto()
    # Marked absent when the desk is closed.
    UNSEEN = auto()


# Which of the students that a finished session expected are how likely what.
LIKELY = (
    (0.92, Fate.IN_TIME), (0.94, Fate.LATE), (0.95, Fate.LEFT_EARLY), (0.975, Fate.EXCUSED),
    (1.0, Fate.UNSEEN),
)  # fmt: skip
# So many of a session that is under way have come; the others are still on their way.
COME_ALREADY = 0.8


class Doors:
    """Keeps every desk of the demonstration, as its instructor or the host's manager."""

    def __init__(
        self,
        *,
        managers: Mapping[int, Actor],
        diligent: Collection[int],
        fates: Mapping[tuple[int, int], Fate],
        running: CourseSession,
        rng: random.Random,
        now: datetime,
    ) -> None:
        """``managers`` by host; of the ``diligent`` classes everybody is always there in time;
        ``fates`` by session and student are certain. The ``running`` session is whoever tries the
        demonstration's to close."""
        self.managers, self.diligent, self.fates = managers, diligent, fates
        self.running, self.rng, self.now = running, rng, now
        self.instructors = {
            membership.pk: actor_of(membership)
            for membership in Membership.objects.live().select_related("user", "organisation")
        }

    def attend(self, step: Callable[[], None]) -> None:
        """Sessions that began have their arrivals; those that are over are closed and credited,
        but for the one that is left to be closed."""
        sessions = (
            CourseSession.objects.scheduled()
            .filter(starts_at__lte=self.now, seats_taken__gt=0)
            .select_related("host", "version")
            .order_by("starts_at", "pk")
        )
        for session in sessions:
            self._let_in(session)
            if session.ends_at <= self.now and session != self.running:
                desks.close_desk(
                    by=self._keeper(session),
                    session=session,
                    now=min(session.ends_at + timedelta(minutes=5), self.now),
                    everybody_left=True,
                )
            step()

    def reopen_one(self) -> None:
        """Somebody was marked absent by mistake: the desk was opened again for her, with the
        reason, and closed."""
        event = (
            CheckIn.objects.filter(
                kind=EventKind.ABSENT, session__ends_at__lt=self.now - timedelta(hours=3)
            )
            .exclude(session__in={session for session, _student in self.fates})
            .select_related("session")
            .order_by("recorded_at", "student_id")
            .first()
        )
        if event is None:
            return
        session = event.session
        later = session.ends_at + timedelta(hours=1)
        keeper = self.managers[session.host_id]
        desks.reopen_desk(
            by=keeper, session=session, reason="漏记一名学生，已与带队教师核对。", now=later
        )
        check_in.check_in(
            by=keeper,
            session=session,
            student_id=event.student_id,
            way_in=WayIn.TICK,
            event_id=self._uuid(),
            happened_at=session.starts_at - timedelta(minutes=2),
            now=later + timedelta(minutes=1),
        )
        desks.close_desk(
            by=keeper, session=session, now=later + timedelta(minutes=2), everybody_left=True
        )

    def _keeper(self, session: CourseSession) -> Actor:
        if session.instructor_id is None:
            return self.managers[session.host_id]
        return self.instructors[session.instructor_id]

    def _let_in(self, session: CourseSession) -> None:
        """The arrivals, many rows at once: one by one at the desk they would take minutes.

        It is the one thing of the demonstration that no service writes.
        """
        keeper = self._keeper(session)
        desks.open_desk(by=keeper, session=session, now=session.starts_at - timedelta(minutes=20))
        places = list(
            Place.objects.live()
            .filter(session=session, student__isnull=False)
            .select_related("booking")
            .order_by("pk")
        )
        is_over = session.ends_at <= self.now
        events: list[CheckIn] = []
        for place in places:
            fate = self._fate(place, is_over)
            early = session.starts_at - timedelta(seconds=self.rng.randrange(60, 800))
            if fate in (Fate.IN_TIME, Fate.LEFT_EARLY):
                events.append(self._event(place, EventKind.IN, early, keeper))
            if fate == Fate.LATE:
                late = session.starts_at + timedelta(minutes=self.rng.randrange(31, 45))
                events.append(self._event(place, EventKind.IN, late, keeper))
            elif fate == Fate.LEFT_EARLY:
                left = session.ends_at - timedelta(minutes=self.rng.randrange(18, 29))
                events.append(self._event(place, EventKind.OUT, left, keeper))
            elif fate == Fate.EXCUSED:
                noted = session.starts_at + timedelta(minutes=5)
                events.append(self._event(place, EventKind.EXCUSED, noted, keeper))
        CheckIn.objects.bulk_create(events)

    def _fate(self, place: Place, is_over: bool) -> Fate:
        assert place.student_id is not None
        certain = self.fates.get((place.session_id, place.student_id))
        draw = self.rng.random()
        if certain is not None:
            return certain
        if not is_over:
            return Fate.IN_TIME if draw < COME_ALREADY else Fate.UNSEEN
        if place.booking.class_group_id in self.diligent:
            return Fate.IN_TIME
        return next(fate for until, fate in LIKELY if draw < until)

    def _event(self, place: Place, kind: EventKind, at: datetime, keeper: Actor) -> CheckIn:
        assert place.student_id is not None
        return CheckIn(
            id=self._uuid(),
            session_id=place.session_id,
            student_id=place.student_id,
            place=place,
            kind=kind,
            way_in=WayIn.CAMERA if kind == EventKind.IN else WayIn.TICK,
            happened_at=at,
            recorded_at=at,
            recorded_by_id=keeper.membership_id,
        )

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)
