"""Doors with a class of their own each, and the film of its badges; for after Django's setup."""

from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path

from django.utils import timezone

from accounts.models import Membership
from attendance.choices import EventKind
from attendance.documents.badges import BadgePart, BadgeRow, badge_sheets
from attendance.models import CheckIn
from bench.pages.lookers import sign_in
from courses.models import CourseSession
from sites.calendar import local_day, school_year
from tests.bookings.conftest import World, make_world
from tests.browser import camera
from tests.factories.attendance import make_badges
from tests.factories.bookings import make_booking

# A film has so many frames a second, and first shows an empty table for so long, until the page
# looks.
FRAMES_A_SECOND, LEAD_SECONDS = 12, 4


@dataclass(frozen=True)
class Door:
    session: int
    group: int


class Doors:
    def __init__(self) -> None:
        self.world: World = make_world(timezone.now())
        manager = Membership.objects.get(pk=self.world.manager.membership_id)
        self.cookie = sign_in(manager.user, manager.pk)
        self.made = 10

    def open(self, students: int, *, shown_a_second: int, film: Path) -> Door:
        """A session that has just begun, and the film on which its badges come so fast, each
        held in the next way: sharp, blurred, tilted, under-lit."""
        now, self.made = timezone.now(), self.made + 1
        year = school_year(local_day(now)) - 1
        group = self.world.new_group(self.made, students, entry_year=year)
        self.world.teach(group)
        session = self.world.session(day=local_day(now) + timedelta(days=3), starts=time(9))
        make_booking(by=self.world.teacher, session=session, class_group=group, now=now)
        CourseSession.objects.filter(pk=session.pk).update(
            starts_at=now, ends_at=now + timedelta(hours=2)
        )
        badges = make_badges(group, now=now)
        rows = [
            BadgeRow(badges[seat].code, badges[seat].student.name, "七(3)班", str(seat), "清河中学")
            for seat in sorted(badges)
        ]
        camera.film_queue(
            camera.badge_pictures(badge_sheets([BadgePart("", rows)], hint=""), students),
            film,
            looks=list(camera.LOOKS.values()),
            frames=FRAMES_A_SECOND // shown_a_second,
            per_second=FRAMES_A_SECOND,
            empty=FRAMES_A_SECOND * LEAD_SECONDS,
        )
        return Door(session.pk, group.pk)

    def arrivals(self, door: Door) -> list[float]:
        """When each was let in, in seconds; in order."""
        events = CheckIn.objects.filter(session=door.session, kind=EventKind.IN)
        found = sorted(events.values_list("happened_at", "student"))
        assert len({student for _moment, student in found}) == len(found)
        return [moment.timestamp() for moment, _student in found]

    def end(self, door: Door) -> None:
        """The session is over, so that a device takes only the next one along."""
        past = timezone.now() - timedelta(hours=6)
        CourseSession.objects.filter(pk=door.session).update(
            starts_at=past, ends_at=past + timedelta(hours=2)
        )
