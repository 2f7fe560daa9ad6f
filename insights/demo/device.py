"""A tablet at the door of the demonstration: what it took along, and what it sent too late."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.actors import Actor
from attendance.choices import EventKind, WayIn
from attendance.models import Badge, CheckIn, RosterPack
from attendance.services import badges, devices, sync
from attendance.services.device_events import DeviceEvent
from bookings.models import Place
from courses.models import CourseSession
from insights.demo.sessions import Laid
from rosters.models import Student

# The tablet's clock is so far ahead.
AHEAD = timedelta(minutes=7)
# A list is taken along so long before the session.
BEFORE = timedelta(minutes=25)


class Tablet:
    """Registered by the host whose session is under way; without a network at its doors."""

    def __init__(self, laid: Laid, by: Actor, now: datetime) -> None:
        """The lists of the last session that the demonstration's class attended, if this host
        gave it, and of the one under way are on the tablet. To be made before the doors open."""
        self.last, self.running, self.by, self.now = laid.attended[0], laid.running, by, now
        registered = self.last.starts_at - timedelta(days=7)
        self.device, _secret = devices.register(by=by, name="门口平板 1 号", now=registered)
        lost, _secret = devices.register(by=by, name="借来的手机", now=registered)
        devices.revoke(by=by, device=lost, now=registered + timedelta(days=2))
        for session in (self.last, self.running):
            moment = session.starts_at - BEFORE
            if session.host_id == by.organisation_id and moment <= now:
                devices.take_along(device=self.device, device_now=moment + AHEAD, now=moment)

    def send(self, *, missed: Student, stranger: Student, teacher: Actor) -> None:
        """The tablet is back on line: somebody has to decide on a student who ``missed`` the last
        session by the closed desk's account, a ``stranger`` at the door, one who is expected
        elsewhere, and one whose badge the ``teacher`` had replaced the day before."""
        events = [*self._of_last(missed), *self._of_running(stranger, teacher)]
        if events:
            sync.receive(
                device=self.device, events=events, device_now=self.now + AHEAD, now=self.now
            )

    def _of_last(self, missed: Student) -> Iterable[DeviceEvent]:
        pack = self._pack(self.last)
        if pack is not None:
            arrived = self.last.starts_at - timedelta(minutes=4)
            yield self._event(pack, arrived, number=1, student_id=missed.pk, way_in=WayIn.TICK)

    def _of_running(self, stranger: Student, teacher: Actor) -> Iterable[DeviceEvent]:
        pack = self._pack(self.running)
        if pack is None:
            return
        arrived = min(self.now, self.running.starts_at + timedelta(minutes=3))
        yield self._event(pack, arrived, number=2, code=self._code(stranger))
        elsewhere = (
            Place.objects.live()
            .filter(
                starts_at__lt=self.running.ends_at,
                ends_at__gt=self.running.starts_at,
                student__isnull=False,
            )
            .exclude(session=self.running)
            .select_related("student")
            .order_by("pk")
            .first()
        )
        if elsewhere is not None and elsewhere.student is not None:
            yield self._event(pack, arrived, number=3, code=self._code(elsewhere.student))
        yield self._replaced(pack, arrived, teacher)

    def _replaced(self, pack: RosterPack, arrived: datetime, teacher: Actor) -> DeviceEvent:
        """Somebody who came with the badge that she had lost and found again."""
        seen = CheckIn.objects.filter(session=self.running).values("student_id")
        places = Place.objects.live().filter(session=self.running, student__isnull=False)
        place = (
            places.exclude(student__in=seen).order_by("pk").first() or places.order_by("pk").first()
        )
        assert place is not None
        assert place.student_id is not None
        student = Student.objects.select_related("class_group").get(pk=place.student_id)
        old = self._code(student)
        badges.reissue(
            by=teacher,
            student=student,
            reason="报失，后来在家里找到",
            now=arrived - timedelta(hours=18),
        )
        return self._event(
            pack,
            arrived,
            number=4,
            student_id=student.pk,
            badge=devices.badge_digest(pack.salt, old),
        )

    def _pack(self, session: CourseSession) -> RosterPack | None:
        return RosterPack.objects.filter(device=self.device, session=session).first()

    def _code(self, student: Student) -> str:
        return Badge.objects.live().get(student=student).code

    def _event(
        self,
        pack: RosterPack,
        happened_at: datetime,
        *,
        number: int,
        way_in: WayIn = WayIn.CAMERA,
        student_id: int | None = None,
        code: str = "",
        badge: str = "",
    ) -> DeviceEvent:
        return DeviceEvent(
            id=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.device.pk} {number}"),
            pack_id=pack.pk,
            kind=EventKind.IN,
            way_in=way_in,
            said_at=happened_at + AHEAD,
            student_id=student_id,
            code=code,
            badge=badge,
        )
