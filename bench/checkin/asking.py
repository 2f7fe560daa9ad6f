"""What the clients ask: single badges at a door, and the batches of devices."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from uuid import uuid4

from attendance.services import devices

from . import world

# Where to, as whom, and what.
Request = tuple[str, str, str]


class Asking:
    def __init__(self, rows: world.World) -> None:
        self.rows = rows

    def singles(self, kind: str) -> Iterator[Request]:
        """Each student's badge once, door after door; or all at one door."""
        rows = self.rows
        for number in range(world.SINGLE):
            seat, door = divmod(number, world.CLASSES)
            student = number if kind == "hot" else door * world.STUDENTS + seat
            at = rows.hot_door if kind == "hot" else rows.first_door + door
            yield (
                f"/api/v1/sessions/{at}/check-ins/",
                f"Bearer {rows.token}",
                json.dumps({"id": str(uuid4()), "code": rows.codes[student]}),
            )

    def batches(self, now: datetime) -> Iterator[Request]:
        """Each device's five hundred events once. As the door's page does, it asks how far
        everybody is at its doors."""
        for secret, events, sessions in self._batches:
            yield (
                "/api/v1/desk/events/",
                f"Device {secret}",
                f'{{"now": "{now.isoformat()}", "events": {events}, "sessions": {sessions}}}',
            )

    @cached_property
    def _batches(self) -> list[tuple[str, str, str]]:
        first = self.rows.first_batch_door
        return [
            (
                self.rows.secrets[batch],
                json.dumps([one for door in doors for one in self._events(door)]),
                json.dumps([first + door for door in doors]),
            )
            for batch in range(world.BATCHES)
            for doors in [range(batch * world.DOORS, (batch + 1) * world.DOORS)]
        ]

    def _events(self, door: int) -> Iterator[dict[str, object]]:
        """Who came, her badge read by a scanner, and who left, tapped."""
        rows = self.rows
        for student in rows.students_of(door):
            who = {"pack": rows.first_pack + door, "student": student}
            code = rows.codes[student - rows.first_student]
            yield who | {
                "id": str(uuid4()),
                "kind": "in",
                "way_in": "scanner",
                "happened_at": rows.came_at[door],
                "badge": devices.badge_digest(rows.salts[door], code),
            }
            yield who | {
                "id": str(uuid4()),
                "kind": "out",
                "way_in": "tick",
                "happened_at": rows.left_at[door],
            }
