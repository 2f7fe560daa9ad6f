"""What a device tells after the door was closed, or after it was stopped: what would change
attendance waits for somebody, and nothing of it is lost."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from attendance.choices import AttendanceState, Earns, EventKind, NoBadge, WayIn
from attendance.models import Badge, CheckIn, Conflict
from attendance.selectors.states import Attendance, attendance_of_session
from attendance.services import badges, conflicts, desk, devices
from attendance.services.device_events import Answer, DeviceEvent
from hours.models import HourCredit
from rosters.models import Student
from tests.attendance.conftest import MINUTE, Door
from tests.attendance.devices import Tablet, make_tablet
from tests.factories.attendance import close_desk, let_in, make_badge, mark

# After the door was opened, by ten minutes before nine.
TEN, FIVE_PAST_TEN, ELEVEN, HALF_PAST = 70 * MINUTE, 75 * MINUTE, 130 * MINUTE, 160 * MINUTE


@pytest.fixture
def tablet(door: Door) -> Tablet:
    return make_tablet(door)


def told(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(answer.outcome.value, answer.why) for answer in answers]


def of(tablet: Tablet, kind: EventKind, after: timedelta, seat_no: int = 1) -> DeviceEvent:
    """The student is tapped on the tablet."""
    event = tablet.arrival(seat_no, after=after, way_in=WayIn.TICK)
    return replace(event, kind=kind, badge="")


def state(door: Door, seat_no: int = 1) -> Attendance:
    return attendance_of_session(door.session)[door.students[seat_no - 1].pk]


def at_desk(door: Door, kind: EventKind, after: timedelta) -> None:
    """The first student, ticked by the signed-in member."""
    at = {"by": door.manager, "session": door.session, "now": door.now + after}
    if kind == EventKind.IN:
        let_in(door.students[0], **at)  # type: ignore[arg-type]
    else:
        mark(door.students[0], kind, **at)  # type: ignore[arg-type]


def close(door: Door) -> None:
    close_desk(by=door.manager, session=door.session, now=door.session.ends_at)


def revoke(tablet: Tablet, door: Door) -> None:
    devices.revoke(by=door.manager, device=tablet.device, now=door.now + ELEVEN)
    tablet.device.refresh_from_db()


def test_who_came_back_on_a_tablet_without_network_is_present_once_somebody_says_so(
    door: Door, tablet: Tablet
) -> None:
    at_desk(door, EventKind.IN, timedelta())
    at_desk(door, EventKind.OUT, TEN)
    close(door)
    assert state(door).state == AttendanceState.LEFT_EARLY

    answers = tablet.send([of(tablet, EventKind.IN, FIVE_PAST_TEN)], after=200 * MINUTE)

    assert told(answers) == [("conflict", "desk_closed")]
    over = door.now + 210 * MINUTE
    desk.reopen_desk(by=door.manager, session=door.session, reason="断网补传", now=over)
    conflicts.accept(by=door.manager, conflict=Conflict.objects.get(), now=over)
    close_desk(by=door.manager, session=door.session, now=over)
    assert (state(door).state, state(door).is_inside) == (AttendanceState.PRESENT, True)
    assert [credit.class_hours for credit in HourCredit.objects.all()] == [4]


Happening = tuple[EventKind, timedelta]

IN, OUT, ABSENT, EXCUSED = EventKind.IN, EventKind.OUT, EventKind.ABSENT, EventKind.EXCUSED
CAME = (IN, timedelta())
CHANGES: list[tuple[list[Happening], Happening, bool]] = [
    # Another look at who is in, sooner or later.
    ([CAME], (IN, 5 * MINUTE), False),
    ([(IN, 5 * MINUTE)], CAME, False),
    # In time after all, and back after leaving: to stay, or before she left for good.
    ([(IN, 40 * MINUTE)], CAME, True),
    ([CAME, (OUT, TEN)], (IN, FIVE_PAST_TEN), True),
    ([CAME, (OUT, HALF_PAST)], (IN, HALF_PAST + MINUTE), True),
    ([CAME, (OUT, FIVE_PAST_TEN)], (IN, TEN), False),
    # Back, though somebody marked her; marked, though she was in.
    ([CAME, (ABSENT, TEN)], (IN, FIVE_PAST_TEN), True),
    ([CAME, (ABSENT, TEN)], (IN, 5 * MINUTE), False),
    ([CAME], (ABSENT, TEN), True),
    ([CAME], (EXCUSED, TEN), True),
    ([(ABSENT, TEN)], (ABSENT, FIVE_PAST_TEN), False),
    ([(ABSENT, TEN)], (EXCUSED, FIVE_PAST_TEN), True),
    # Left: nobody had seen it; earlier; at last.
    ([CAME], (OUT, HALF_PAST), True),
    ([CAME, (OUT, TEN)], (OUT, 60 * MINUTE), False),
    ([CAME, (OUT, TEN)], (OUT, HALF_PAST), True),
    ([CAME, (OUT, HALF_PAST)], (OUT, HALF_PAST + MINUTE), False),
    # Nothing was known of her but that nobody had seen her.
    ([], CAME, True),
    ([], (ABSENT, TEN), False),
    ([], (OUT, TEN), False),
]


@pytest.mark.parametrize(("before", "late", "is_asked"), CHANGES)
def test_after_the_closing_somebody_is_asked_where_attendance_would_change(
    door: Door, tablet: Tablet, before: list[Happening], late: Happening, is_asked: bool
) -> None:
    for kind, after in before:
        at_desk(door, kind, after)
    close(door)
    known = state(door)
    event = of(tablet, *late)

    answers = tablet.send([event], after=200 * MINUTE)
    again = tablet.send([event], after=201 * MINUTE)

    expected = ("conflict", "desk_closed") if is_asked else ("already", "")
    assert told(answers) == told(again) == [expected]
    # Set aside or on record, never neither.
    assert Conflict.objects.filter(pk=event.id).count() == is_asked
    assert CheckIn.objects.filter(pk=event.id).count() == (not is_asked)
    now = state(door)
    assert (now.state, now.earns, now.is_inside) == (known.state, known.earns, known.is_inside)


@pytest.mark.parametrize(
    ("before", "late", "is_asked"),
    [
        ([CAME], (IN, 5 * MINUTE), False),
        ([CAME], (OUT, HALF_PAST), True),
        ([CAME, (OUT, TEN)], (IN, FIVE_PAST_TEN), True),
        ([CAME, (OUT, TEN)], (OUT, 60 * MINUTE), False),
        ([CAME, (OUT, HALF_PAST)], (OUT, HALF_PAST + MINUTE), True),
        ([CAME, (ABSENT, TEN)], (IN, FIVE_PAST_TEN), True),
        ([CAME], (ABSENT, TEN), True),
        # Of a student of whom nothing is known yet: the arrival may follow.
        ([], (OUT, TEN), True),
    ],
)
def test_of_a_stopped_device_nothing_is_dropped_that_could_count(
    door: Door, tablet: Tablet, before: list[Happening], late: Happening, is_asked: bool
) -> None:
    for kind, after in before:
        at_desk(door, kind, after)
    revoke(tablet, door)

    answers = tablet.send([of(tablet, *late)], after=HALF_PAST + 5 * MINUTE)

    expected = ("conflict", "device_revoked") if is_asked else ("already", "")
    assert told(answers) == [expected]
    assert Conflict.objects.count() == is_asked
    assert not CheckIn.objects.filter(device=tablet.device).exists()


def test_whatever_the_order_the_accepted_story_of_a_late_tablet_is_the_same(
    door: Door, tablet: Tablet
) -> None:
    """In, out, back, and out at the end; the desk had seen the first two."""
    at_desk(door, IN, timedelta())
    at_desk(door, OUT, TEN)
    close(door)
    story = [
        of(tablet, IN, FIVE_PAST_TEN),
        of(tablet, OUT, ELEVEN),
        of(tablet, IN, ELEVEN + MINUTE),
    ]
    over = door.now + 210 * MINUTE
    found = []

    for order in permutations(story):
        with transaction.atomic():
            for event in order:
                tablet.send([event], after=200 * MINUTE)
            desk.reopen_desk(by=door.manager, session=door.session, reason="补传", now=over)
            for conflict in Conflict.objects.open():
                conflicts.accept(by=door.manager, conflict=conflict, now=over)
            found.append((state(door), CheckIn.objects.filter(device=tablet.device).count()))
            transaction.set_rollback(True)

    assert found == [(Attendance(AttendanceState.PRESENT, door.now, None, Earns.FULL), 3)] * 6


def test_what_is_taken_back_after_the_closing_changes_nothing_or_is_decided(
    door: Door, tablet: Tablet
) -> None:
    first, second = tablet.arrival(1), tablet.arrival(1, after=MINUTE)
    tablet.send([first, second], after=2 * MINUTE)
    close(door)

    spare = tablet.send([tablet.undo(second)], after=200 * MINUTE)
    last = tablet.send([tablet.undo(first)], after=201 * MINUTE)

    assert told(spare) == [("accepted", "")]
    assert told(last) == [("conflict", "desk_closed")]
    assert state(door).state == AttendanceState.PRESENT


def test_events_of_whom_a_student_was_merged_into_are_weighed_together(door: Door) -> None:
    """What stands of the duplicate stands of the survivor."""
    tablet = make_tablet(door)
    duplicate, survivor = door.students[4], door.students[0]
    let_in(duplicate, by=door.manager, session=door.session, now=door.now)
    close(door)
    Student.objects.filter(pk=duplicate.pk).update(merged_into=survivor)

    answers = tablet.send([of(tablet, IN, MINUTE)], after=200 * MINUTE)

    assert told(answers) == [("already", "")]


@pytest.mark.parametrize("count", [1, 4])
def test_late_batch_costs_the_same_with_one_event_and_with_four(
    door: Door, tablet: Tablet, count: int
) -> None:
    close(door)
    tablet.send([])

    with CaptureQueriesContext(connection) as run:
        tablet.send(
            [tablet.arrival(seat_no) for seat_no in range(1, count + 1)], after=200 * MINUTE
        )

    assert Conflict.objects.count() == count
    # One more than on time: what is on record already.
    assert len(run) == 16


def test_badge_that_is_not_the_students_is_doubtful(door: Door, tablet: Tablet) -> None:
    mine, other = tablet.arrival(1), tablet.arrival(2)
    made_up = replace(tablet.arrival(3), badge="0" * 32)

    answers = tablet.send([mine, replace(other, badge=mine.badge), made_up])

    assert told(answers) == [
        ("accepted", ""),
        ("conflict", "badge_of_another"),
        ("conflict", "badge_of_another"),
    ]
    assert Conflict.objects.get(pk=other.id).get_doubt_display() == "胸牌不是这名学生的"


def test_badge_counts_from_when_it_was_issued_until_it_was_revoked(
    door: Door, tablet: Tablet
) -> None:
    """A list knows the badge of its time; a later one is under another list's salt."""
    student = door.students[1]
    old = tablet.arrival(2, after=MINUTE)
    new = make_badge(student, now=door.now + 10 * MINUTE)
    salt = tablet.pack["salt"]
    digest = devices.badge_digest(salt, new.code)
    too_early, in_time = (
        replace(tablet.arrival(2, after=after * MINUTE), badge=digest) for after in (9, 10)
    )
    badges.revoke(by=door.world.coordinator, badge=new, reason="遗失", now=door.now + 20 * MINUTE)
    too_late = replace(tablet.arrival(2, after=20 * MINUTE), badge=digest)

    answers = tablet.send([old, too_early, in_time, too_late])

    assert [answer.why for answer in answers] == ["", "badge_of_another", "", "badge_revoked"]
    assert set(CheckIn.objects.values_list("pk", flat=True)) == {old.id, in_time.id}
    assert Badge.objects.filter(student=student).count() == 2


def test_arrival_without_a_badge_says_why_when_it_is_accepted_later(
    door: Door, tablet: Tablet
) -> None:
    close(door)
    event = replace(of(tablet, IN, MINUTE, seat_no=2), no_badge=NoBadge.FORGOTTEN)
    tablet.send([event], after=200 * MINUTE)
    conflict = Conflict.objects.get()
    over = door.now + 210 * MINUTE

    desk.reopen_desk(by=door.manager, session=door.session, reason="断网补传", now=over)
    made = conflicts.accept(by=door.manager, conflict=conflict, now=over)

    assert conflict.no_badge == NoBadge.FORGOTTEN
    made.refresh_from_db()
    assert made.reason == NoBadge.FORGOTTEN
