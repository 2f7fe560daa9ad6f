"""However what two devices saw is sent, in whatever pieces and order, how often and by whatever
clock: the same attendance stands in the end."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.choices import EventKind, SyncOutcome
from attendance.models import CheckIn
from attendance.selectors.states import Attendance, attendance_of_session
from attendance.services.device_events import DeviceEvent
from tests.attendance.conftest import Door
from tests.attendance.devices import Tablet, make_tablet

KINDS = (EventKind.IN, EventKind.IN, EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED)


@dataclass(frozen=True)
class Seen:
    """One thing that one of the devices saw, or its being taken back."""

    device: int
    seat_no: int
    kind: EventKind
    second: int
    is_taken_back: bool


@dataclass(frozen=True)
class Step:
    """The clocks of both devices are set by so much at this second."""

    second: int = 0
    by: timedelta = timedelta()


SEEN = st.builds(
    Seen,
    device=st.integers(0, 1),
    seat_no=st.integers(1, 3),
    kind=st.sampled_from(KINDS),
    second=st.integers(0, 7200),
    is_taken_back=st.booleans(),
)
SKEW = st.integers(-3600, 3600).map(lambda seconds: timedelta(seconds=seconds))

STEP = st.just(Step()) | st.builds(Step, second=st.integers(0, 7300), by=SKEW)


@pytest.fixture
def tablets(door: Door) -> list[Tablet]:
    return [make_tablet(door), make_tablet(door)]


def queues_of(
    story: list[Seen], tablets: list[Tablet], skews: list[timedelta], step: Step
) -> list[list[DeviceEvent]]:
    """What each device keeps, under ids that are the same each time the story is told. Its clock
    is set by the step in the middle of the story, and stands so when it sends."""
    queues: list[list[DeviceEvent]] = [[], []]
    for number, seen in enumerate(story):
        tablet = tablets[seen.device]
        tablet.ahead = skews[seen.device]
        tablet.tells_ahead = bool(step.by)
        if seen.second >= step.second:
            tablet.ahead += step.by
        when = timedelta(seconds=seen.second)
        arrival = tablet.arrival(seen.seat_no, after=when)
        event = replace(arrival, id=UUID(int=2 * number), kind=seen.kind)
        queues[seen.device].append(event)
        if seen.is_taken_back:
            undo = tablet.undo(event, after=when)
            queues[seen.device].append(replace(undo, id=UUID(int=2 * number + 1)))
    for tablet, skew in zip(tablets, skews, strict=True):
        tablet.ahead = skew + step.by
    return queues


def delivered(
    door: Door, tablets: list[Tablet], queues: list[list[DeviceEvent]], data: st.DataObject
) -> tuple[dict[int, Attendance], set[UUID]]:
    """The attendance after everything arrived in pieces and orders that ``data`` draws."""
    minutes = 130
    while any(queues):
        device = data.draw(st.sampled_from([one for one in (0, 1) if queues[one]]))
        order = data.draw(st.permutations(queues[device]))
        batch = order[: data.draw(st.integers(1, len(order)))]
        batch = [*batch, *batch[: data.draw(st.integers(0, 2))]]
        answers = tablets[device].send(batch, after=timedelta(minutes=minutes))
        minutes += 1
        if data.draw(st.booleans()):
            # The answer got lost.
            continue
        done = {one.id for one in answers if one.outcome != SyncOutcome.WAIT}
        queues[device] = [event for event in queues[device] if event.id not in done]
    states = attendance_of_session(door.session)
    return states, set(CheckIn.objects.values_list("pk", flat=True))


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    story=st.lists(SEEN, min_size=1, max_size=8),
    skews=st.lists(SKEW, min_size=2, max_size=2),
    step=STEP,
    data=st.data(),
)
def test_whatever_the_way_the_same_attendance_stands(
    door: Door,
    tablets: list[Tablet],
    story: list[Seen],
    skews: list[timedelta],
    step: Step,
    data: st.DataObject,
) -> None:
    told = []
    for clocks, setting in (([timedelta(), timedelta()], Step()), (skews, step)):
        queues = queues_of(story, tablets, clocks, setting)
        with transaction.atomic():
            told.append(delivered(door, tablets, queues, data))
            transaction.set_rollback(True)

    assert told[0] == told[1]
    sent = {event.id for queue in queues_of(story, tablets, skews, step) for event in queue}
    assert told[0][1] == sent
