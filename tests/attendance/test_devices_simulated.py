"""Forty sessions of forty students, three devices at all the doors, and a network that loses,
repeats and reorders; at some doors one of the devices is heard only after the closing, and somebody
decides. Attendance and ledger come out as they truly were."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Sum

from attendance.choices import EventKind, SyncOutcome, WayIn
from attendance.models import CheckIn, Conflict
from attendance.selectors.states import attendance_of_session
from attendance.services import conflicts, desk
from attendance.services.device_events import DeviceEvent
from attendance.services.sync import MOST
from courses.models import CourseSession
from hours.models import HourCredit
from tests.attendance.conftest import Door, make_door
from tests.attendance.devices import Tablet, make_tablet
from tests.bookings.conftest import DAY, World
from tests.factories.attendance import close_desk, make_badges
from tests.factories.bookings import make_booking

SESSIONS, STUDENTS, DEVICES, EVENTS = 40, 40, 3, 10_000
SEED = 20261208
# At every eighth door the last of the devices has no network until all are closed.
BASEMENT = 8
# Among the arrivals, some of which are in time and some late.
SET_RIGHT = timedelta(minutes=20)


@dataclass
class Happened:
    """What truly happened to one student: her events by when, and what was taken back."""

    moments: list[tuple[timedelta, DeviceEvent]] = field(default_factory=list)
    taken_back: set[UUID] = field(default_factory=set)

    def state(self, starts: timedelta, ends: timedelta) -> str:
        """By the words of the rules, not by the code under test: late after fifteen minutes,
        early before the last fifteen, whoever was never seen is absent."""
        stood = sorted(
            ((moment, event.kind) for moment, event in self.moments
             if event.id not in self.taken_back and event.kind != EventKind.VOID),
            key=lambda one: one[0],
        )  # fmt: skip
        came = [moment for moment, kind in stood if kind == EventKind.IN]
        left = [moment for moment, kind in stood if kind == EventKind.OUT]
        if not came:
            return "excused" if any(kind == EventKind.EXCUSED for _, kind in stood) else "absent"
        if left and left[-1] < ends - timedelta(minutes=15):
            return "left_early"
        return "late" if came[0] > starts + timedelta(minutes=15) else "present"


class Network:
    """Between a device and us: requests and answers get lost, requests come twice."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.lost = self.unanswered = self.repeated = 0
        self.outcomes: Counter[SyncOutcome] = Counter()

    def carry(self, tablet: Tablet, batch: list[DeviceEvent], after: timedelta) -> list[UUID]:
        """The ids of the events that the device now knows to have arrived."""
        fate = self.chance.random()
        if fate < 0.2:
            self.lost += 1
            return []
        answers = tablet.send(batch, after=after)
        self.outcomes.update(answer.outcome for answer in answers)
        if fate < 0.4:
            self.unanswered += 1
            return []
        if fate < 0.5:
            self.repeated += 1
            self.chance.shuffle(batch)
            answers = tablet.send(batch, after=after + timedelta(seconds=3))
        return [one.id for one in answers if one.outcome != SyncOutcome.WAIT]


def clock_at(tablet: Tablet, when: timedelta) -> Tablet:
    """Its clock, an hour wrong, is set right in the middle of the session."""
    return tablet if when < SET_RIGHT else replace(tablet, ahead=timedelta())


def events_of(
    chance: random.Random, tablets: list[Tablet], seat_no: int, pack: int, length: timedelta
) -> Iterator[tuple[int, timedelta, DeviceEvent]]:
    """What the devices saw of one student: by which, when, and what.

    One in twenty never comes, half of them excused. The others are read by one to all devices,
    some of them twice, now and then by mistake and taken back; half are seen leaving.
    """

    def moment(first: float, last: float) -> timedelta:
        return timedelta(seconds=chance.randrange(int(first), int(last)))

    def made(device: int, when: timedelta, kind: EventKind) -> tuple[int, timedelta, DeviceEvent]:
        tablet = clock_at(tablets[device], when)
        tablet = replace(tablet, packs=[tablet.packs[pack]])
        way = WayIn.TICK if kind != EventKind.IN else chance.choice(list(WayIn))
        return device, when, replace(tablet.arrival(seat_no, after=when, way_in=way), kind=kind)

    if chance.random() < 0.05:
        if chance.random() < 0.5:
            yield made(0, moment(0, 600), EventKind.EXCUSED)
        return
    for device in range(DEVICES):
        if device > 0 and chance.random() < 0.2:
            continue
        # Ten minutes before the start to half an hour after it.
        for _reading in range(chance.choice((1, 1, 1, 2))):
            yield made(device, moment(0, 2400), EventKind.IN)
        if chance.random() < 0.35:
            device, when, mistaken = made(device, moment(0, 2400), EventKind.IN)
            yield device, when, mistaken
            later = when + moment(1, 120)
            undo = clock_at(tablets[device], later).undo(mistaken, after=later)
            yield device, later, undo
        if chance.random() < 0.6:
            yield made(device, moment(3600, 600 + length.total_seconds()), EventKind.OUT)


def forty_doors(door: Door) -> list[CourseSession]:
    """The door's own session is not among them."""
    world = door.world
    sessions = []
    for number in range(1, SESSIONS + 1):
        session = world.session(day=DAY, starts=time(9), capacity=STUDENTS)
        group = world.new_group(number + 10, STUDENTS)
        world.teach(group)
        make_booking(
            by=world.teacher,
            session=session,
            class_group=group,
            now=door.now - timedelta(days=10),
        )
        make_badges(group, now=door.now - timedelta(days=10))
        sessions.append(session)
    return sessions


def deliver(
    network: Network,
    tablets: list[Tablet],
    queues: list[list[DeviceEvent]],
    after: timedelta,
) -> timedelta:
    """Until every device knows of each of its events that it arrived; when that is."""
    chance, batches = network.chance, 0
    while any(queues):
        device = chance.choice([one for one, queue in enumerate(queues) if queue])
        queue = queues[device]
        chance.shuffle(queue)
        arrived = set(network.carry(tablets[device], queue[: chance.randrange(1, MOST + 1)], after))
        queues[device] = [event for event in queue if event.id not in arrived]
        after += timedelta(seconds=20)
        batches += 1
        if batches % 20 == 0:
            with connection.cursor() as cursor:
                # As autovacuum does in a database that lives.
                cursor.execute("ANALYZE attendance_checkin")
    return after


def decide(door: Door, session: CourseSession, now: datetime) -> None:
    """Somebody opens the door again and lets all count that waits."""
    desk.reopen_desk(by=door.manager, session=session, reason="断网补传", now=now)
    waiting = Conflict.objects.open().filter(session=session)
    decided = conflicts.accept_all(
        by=door.manager, session=session, groups=[[one] for one in waiting], now=now
    )
    assert decided.refused == {}
    close_desk(by=door.manager, session=session, now=now)


# Each batch in a transaction of its own, as the server has them: one over all of them would hold
# up whoever seals a day in another process of the run.
@pytest.mark.django_db(transaction=True)
def test_forty_doors_come_out_as_they_truly_were(world: World, now: datetime) -> None:
    chance = random.Random(SEED)  # noqa: S311 (a story told again)
    door = make_door(world, now)
    sessions = {session.pk: session for session in forty_doors(door)}
    tablets = [
        make_tablet(door, ahead=ahead, tells_ahead=True)
        for ahead in (timedelta(hours=1), timedelta(hours=-1), timedelta())
    ]
    starts = door.session.starts_at - door.now
    ends = door.session.ends_at - door.now
    truth: dict[tuple[int, int], Happened] = defaultdict(Happened)
    queues: list[list[DeviceEvent]] = [[] for _device in tablets]
    late: list[list[DeviceEvent]] = [[] for _device in tablets]
    basements = set(sorted(sessions)[::BASEMENT])
    for pack, listed in enumerate(tablets[0].packs):
        if listed["session"] not in sessions:
            continue
        seats = [seat for group in listed["groups"] for seat in group["seats"]]
        for seat in seats:
            about = truth[listed["session"], seat["student"]]
            for device, when, event in events_of(
                chance, tablets, seat["seat_no"], pack, ends - starts
            ):
                is_late = device == DEVICES - 1 and listed["session"] in basements
                (late if is_late else queues)[device].append(event)
                about.moments.append((when, event))
                if event.voids is not None:
                    about.taken_back.add(event.voids)
    total = sum(map(len, queues + late))

    tablets = [clock_at(tablet, SET_RIGHT) for tablet in tablets]
    network, basement = Network(chance), Network(chance)
    after = deliver(network, tablets, queues, ends + timedelta(minutes=20))
    for session in sessions.values():
        close_desk(by=door.manager, session=session, now=door.now + after)
    assert not Conflict.objects.exists()
    heard = CheckIn.objects.filter(device__isnull=False).count()
    after = deliver(basement, tablets, late, after + timedelta(minutes=1))
    waiting = Conflict.objects.open()
    asked = set(waiting.values_list("session_id", flat=True))
    assert asked == basements
    assert 0 < waiting.count() < CheckIn.objects.filter(device__isnull=False).count() - heard
    for pk in sorted(basements):
        decide(door, sessions[pk], door.now + after)

    assert total >= EVENTS
    assert min(network.lost, network.unanswered, network.repeated) > 0
    assert network.outcomes[SyncOutcome.WAIT] > 0
    assert network.outcomes[SyncOutcome.REFUSED] + network.outcomes[SyncOutcome.CONFLICT] == 0
    assert basement.outcomes[SyncOutcome.REFUSED] == 0
    assert not Conflict.objects.open().exists()
    sent = {event.id for about in truth.values() for _moment, event in about.moments}
    kept = CheckIn.objects.filter(device__isnull=False)
    assert {event.pk for event in kept} == sent
    assert len(sent) == total
    found = {
        (session.pk, student): state.state.value
        for session in sessions.values()
        for student, state in attendance_of_session(session).items()
    }
    expected = {key: about.state(starts, ends) for key, about in truth.items()}
    assert len(expected) == SESSIONS * STUDENTS
    assert found == expected
    assert set(Counter(expected.values())) == {
        "present", "late", "left_early", "absent", "excused"
    }  # fmt: skip
    credited = (
        HourCredit.objects.values("session_id", "student_id")
        .annotate(total=Sum("class_hours"))
        .exclude(total=0)
        .values_list("session_id", "student_id", "total")
    )
    assert sorted(credited) == sorted(
        (*key, sessions[key[0]].version.class_hours)
        for key, state in expected.items()
        if state in ("present", "late")
    )
