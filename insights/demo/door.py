"""What happened at the doors: arrivals, closed desks, class hours, one correction."""

import random
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from accounts.actors import Actor
from accounts.models import Membership
from accounts.selectors import actor_of
from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from attendance.services import check_in
from attendance.services import desk as desks
from bookings.models import Place
from courses.models import CourseSession


class Doors:
    """Keeps every desk of the demonstration, as its instructor or the host's manager."""

    def __init__(
        self,
        *,
        managers: Mapping[int, Actor],
        diligent: Collection[int],
        rng: random.Random,
        now: datetime,
    ) -> None:
        """``managers`` by host; of the ``diligent`` classes everybody is always there in time."""
        self.managers, self.diligent, self.rng, self.now = managers, diligent, rng, now
        self.instructors = {
            membership.pk: actor_of(membership)
            for membership in Membership.objects.live().select_related("user", "organisation")
        }

    def attend(self, step: Callable[[], None]) -> None:
        """Sessions that began have their arrivals; those that are over are closed and credited."""
        sessions = (
            CourseSession.objects.scheduled()
            .filter(starts_at__lte=self.now, seats_taken__gt=0)
            .select_related("host", "version")
            .order_by("starts_at", "pk")
        )
        for session in sessions:
            self._let_in(session)
            if session.ends_at <= self.now:
                desks.close_desk(
                    by=self._keeper(session),
                    session=session,
                    now=min(session.ends_at + timedelta(minutes=5), self.now),
                    everybody_left=True,
                )
            step()

    def correct_one(self) -> None:
        """Somebody was marked absent by mistake: the desk was opened again for her, with the
        reason, and closed."""
        event = (
            CheckIn.objects.filter(
                kind=EventKind.ABSENT, session__ends_at__lt=self.now - timedelta(hours=3)
            )
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
            draw = self.rng.random()
            if is_over and place.booking.class_group_id in self.diligent:
                draw = 0.0
            early = session.starts_at - timedelta(seconds=self.rng.randrange(60, 800))
            if draw < (0.92 if is_over else 0.8):
                events.append(self._event(place, EventKind.IN, early, keeper))
            elif not is_over:
                # Still on the way.
                continue
            elif draw < 0.94:
                late = session.starts_at + timedelta(minutes=self.rng.randrange(17, 25))
                events.append(self._event(place, EventKind.IN, late, keeper))
            elif draw < 0.95:
                left = session.ends_at - timedelta(minutes=40)
                events.append(self._event(place, EventKind.IN, early, keeper))
                events.append(self._event(place, EventKind.OUT, left, keeper))
            elif draw < 0.975:
                noted = session.starts_at + timedelta(minutes=5)
                events.append(self._event(place, EventKind.EXCUSED, noted, keeper))
            # Who is left is marked absent when the desk is closed.
        CheckIn.objects.bulk_create(events)

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
