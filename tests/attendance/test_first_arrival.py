"""Who comes for the first time is let in by the short way: few statements, nobody waits for
another student's arrival, and what is out of the ordinary is refused as ever."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from attendance.choices import EventKind, WayIn
from attendance.models import CheckIn
from attendance.services import check_in, first_arrival
from rosters.models import Student
from tests.attendance.conftest import Door
from tests.attendance.devices import make_tablet
from tests.factories.attendance import let_in, mark


@pytest.fixture(autouse=True)
def _clock(door: Door) -> Iterator[None]:
    with time_machine.travel(door.now, tick=False):
        yield


def arrive(door: Door, seat: int) -> check_in.Entry:
    return check_in.check_in(
        by=door.manager,
        session=door.session,
        code=door.badges[seat].code,
        way_in=WayIn.CAMERA,
        event_id=uuid4(),
        happened_at=door.now,
        now=door.now,
    )


def test_first_arrival_takes_few_statements(door: Door) -> None:
    """Whose badge it is; within a transaction, what is locked, the place, the event, the trail.
    Who is there again takes the long way."""
    arrive(door, 1)

    with CaptureQueriesContext(connection) as first:
        arrive(door, 2)
    with CaptureQueriesContext(connection) as again:
        arrive(door, 2)

    assert [one["sql"].split()[0] for one in first] == [
        "SELECT",
        "SAVEPOINT",
        "SELECT",
        "SELECT",
        "INSERT",
        "INSERT",
        "RELEASE",
    ]
    assert len(again) > len(first)
    assert CheckIn.objects.count() == 2


def test_place_is_of_a_student_of_whom_nothing_was_heard(door: Door) -> None:
    seen, unseen = door.students[0], door.students[1]
    arrive(door, 1)

    assert first_arrival.place_of(door.session, seen.pk) is None
    assert first_arrival.place_of(door.session, unseen.pk) == door.place(2)


def test_events_of_whoever_was_merged_into_her_are_hers(door: Door) -> None:
    student, duplicate = door.students[1], door.students[0]
    arrive(door, 1)
    Student.objects.filter(pk=duplicate.pk).update(merged_into=student, left_at=door.now)

    assert first_arrival.place_of(door.session, student.pk) is None


def test_who_left_or_was_absent_comes_the_long_way(door: Door) -> None:
    let_in(door.students[0], by=door.manager, session=door.session, now=door.now)
    mark(door.students[0], EventKind.OUT, by=door.manager, session=door.session, now=door.now)
    mark(door.students[1], EventKind.ABSENT, by=door.manager, session=door.session, now=door.now)

    assert (arrive(door, 1).is_new, arrive(door, 2).is_new) == (True, True)
    assert CheckIn.objects.filter(kind=EventKind.IN).count() == 3


def test_batch_is_written_as_arrays_and_stamped_by_the_database(door: Door) -> None:
    tablet = make_tablet(door)
    tablet.send([tablet.arrival(5)])
    events = [tablet.arrival(seat) for seat in (1, 2, 3)]

    with CaptureQueriesContext(connection) as run:
        tablet.send(events)

    (rows,) = [one["sql"] for one in run if 'INTO "attendance_checkin"' in one["sql"]]
    assert "UNNEST" in rows
    assert sum('INTO "accounts_auditentry"' in one["sql"] for one in run) == 1
    written = list(
        CheckIn.objects.filter(pk__in=[one.id for one in events]).values_list(
            "written_at", "recorded_at", "seal_salt"
        )
    )
    assert len(written) == len({salt for _written, _recorded, salt in written}) == 3
    assert UUID(int=0) not in {salt for _written, _recorded, salt in written}
    assert all(written_at != recorded_at for written_at, recorded_at, _salt in written)
