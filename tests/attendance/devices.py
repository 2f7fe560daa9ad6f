"""A tablet at the door as a test plays it: it takes the list along, and sends what it kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.actors import Actor
from attendance.choices import EventKind, WayIn
from attendance.models import Device
from attendance.services import devices, sync
from attendance.services.device_events import Answer, DeviceEvent
from tests.attendance.conftest import Door


@dataclass
class Tablet:
    """Times are given as what passed since the door's own ``now``."""

    device: Device
    secret: str
    now: datetime
    packs: list[dict[str, Any]] = field(default_factory=list)
    # How far its clock is ahead of the truth.
    ahead: timedelta = timedelta()
    # Whether it says with each event how far that was.
    tells_ahead: bool = False

    @property
    def pack(self) -> dict[str, Any]:
        return self.packs[0]

    @property
    def seats(self) -> dict[int, dict[str, Any]]:
        return {seat["seat_no"]: seat for group in self.pack["groups"] for seat in group["seats"]}

    @property
    def told_ahead(self) -> timedelta | None:
        return self.ahead if self.tells_ahead else None

    def take_along(self, after: timedelta = timedelta()) -> None:
        moment = self.now + after
        taken = devices.take_along(device=self.device, device_now=moment + self.ahead, now=moment)
        self.packs = [json.loads(pack.text) for pack in taken]

    def arrival(
        self, seat_no: int, *, after: timedelta = timedelta(), way_in: WayIn = WayIn.SCANNER
    ) -> DeviceEvent:
        seat = self.seats[seat_no]
        return DeviceEvent(
            id=uuid4(),
            pack_id=self.pack["pack"],
            kind=EventKind.IN,
            way_in=way_in,
            said_at=self.now + after + self.ahead,
            student_id=seat["student"],
            badge=seat["badge"],
            ahead=self.told_ahead,
        )

    def stranger(self, code: str, *, after: timedelta = timedelta()) -> DeviceEvent:
        return DeviceEvent(
            id=uuid4(),
            pack_id=self.pack["pack"],
            kind=EventKind.IN,
            way_in=WayIn.CAMERA,
            said_at=self.now + after + self.ahead,
            code=code,
            ahead=self.told_ahead,
        )

    def undo(self, event: DeviceEvent, *, after: timedelta = timedelta()) -> DeviceEvent:
        return DeviceEvent(
            id=uuid4(),
            pack_id=event.pack_id,
            kind=EventKind.VOID,
            way_in=WayIn.TICK,
            said_at=self.now + after + self.ahead,
            voids=event.id,
            ahead=self.told_ahead,
        )

    def send(
        self,
        events: Sequence[DeviceEvent],
        *,
        after: timedelta = timedelta(minutes=30),
        is_all: bool = False,
    ) -> list[Answer]:
        moment = self.now + after
        return sync.receive(
            device=self.device,
            events=events,
            device_now=moment + self.ahead,
            now=moment,
            is_all=is_all,
        )


def make_tablet(
    door: Door,
    *,
    by: Actor | None = None,
    taken: timedelta = timedelta(),
    ahead: timedelta = timedelta(),
    tells_ahead: bool = False,
) -> Tablet:
    """Registered at the door, with today's list on it."""
    device, secret = devices.register(by=by or door.manager, name="门口平板", now=door.now)
    found = devices.bearer_of(secret)
    assert found == device
    tablet = Tablet(found, secret, door.now, ahead=ahead, tells_ahead=tells_ahead)
    tablet.take_along(taken)
    return tablet
